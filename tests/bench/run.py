"""Measures row after row, prints the table, and keeps the results as JSON, so that a
page can be made of many runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.measure import Bench, Row, machine, play
from tests.bench.rows import ROOT, Place, rows, small_rows, small_store

Result = dict[str, Any]


def measure_all(
    numbers: Sequence[int], folder: Path, only: str = "", rounds: int | None = None
) -> None:
    """Build what is not there, measure the rows whose names hold ``only``, print and
    keep what came of it."""
    bench = Bench(folder)
    bench.install(ROOT)
    place = small_store(bench)
    measure(place, small_rows(place), only, rounds)
    for number in numbers:
        store = folder / str(number)
        # In a process of its own: a child is charged with the memory of the process
        # that it was forked from.
        print(f"store of {number:,} tickets ...", file=sys.stderr)
        subprocess.run(
            [sys.executable, "-m", "tests.bench.build", str(number), str(store)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        place = Place(bench, store, json.loads((store / ".git/bench.json").read_text()))
        place.reset()
        measure(place, rows(place), only, rounds)


def measure(place: Place, wanted: Iterable[Row], only: str, rounds: int | None) -> None:
    """Measure the rows of one store; what was measured before of other rows is kept."""
    number = place.facts["tickets"]
    chosen = (row for row in wanted if only in row.name)
    for position, row in enumerate(chosen):
        if position == 0:
            print(f"\n{number:,} tickets", *heading(), sep="\n")
        result = play(row, rounds)
        print(*lines_of(result), sep="\n", flush=True)
        keep(place, result)


def keep(place: Place, result: Result) -> None:
    """Write a result down, in the place of an earlier one of the same row."""
    path = place.bench.folder / "results" / f"{place.facts['tickets']}.json"
    path.parent.mkdir(exist_ok=True)
    found: dict[str, Any] = (
        json.loads(path.read_text()) if path.exists() else {"rows": {}}
    )
    number = place.facts["tickets"]
    facts = {"tickets": number, "bytes": place.facts.get("bytes", 0)}
    found |= {
        **facts,
        "machine": machine(place.bench),
        "day": time.strftime("%Y-%m-%d"),
    }
    found["rows"][result["name"]] = result
    path.write_text(json.dumps(found, indent=1))


def results(folder: Path) -> list[Result]:
    """All results that are kept, the smallest store first."""
    found = [
        json.loads(path.read_text()) for path in (folder / "results").glob("*.json")
    ]
    return sorted(found, key=lambda result: int(result["tickets"]))


def heading() -> list[str]:
    """The head of the table."""
    return ["", _line("row", "what", "median", "min..max", "ratio", "target", "")]


def lines_of(result: Result) -> list[str]:
    """A row of the table: a line for ours, a line for each of the others."""
    unit = result["unit"]
    found = [_side(result["name"], result["ours"], unit)]
    found += [_side("", other, unit) for other in result["others"]]
    return [*found, *([f"{'':20} ({result['note']})"] if result["note"] else [])]


def _side(name: str, side: Result, unit: str) -> str:
    if "failed" in side:
        return _line(name, side["name"], side["failed"])
    spread = f"{value(side['min'])}..{value(side['max'])}"
    ratio = f"{side['ratio']:.2f}" if "ratio" in side else ""
    target = f"{side['target']:.2f}" if side.get("target") is not None else ""
    return _line(
        name,
        side["name"],
        f"{value(side['median'])} {unit}",
        spread,
        ratio,
        target,
        side.get("verdict", ""),
    )


def _line(name: str, what: str, *cells: str) -> str:
    if len(cells) == 1:
        return f"{name:20} {what:34} {cells[0]}"
    median, spread, ratio, target, verdict = cells
    return f"{name:20} {what:34} {median:>12} {spread:>16} {ratio:>7} {target:>7} {verdict}".rstrip()


def value(number: float) -> str:
    """A number with three digits or so."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"
