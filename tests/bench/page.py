"""Writes ``docs/performance.md`` and its plot from all results that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.plot import Point, plot
from tests.bench.rows import ROOT
from tests.bench.run import Result, results, value

_INTRO = """# Performance

Written by `make bench`: ticketctl as it is installed from a wheel, whole processes, in interleaved rounds (ours, then
each of the others, then ours again), with their output read through a pipe. Ratios of the medians are what counts;
milliseconds differ from machine to machine. The stores are made by `tests/bench/build.py`: tickets of the five built-in
profiles, each the outcome of real decisions, of {size:.1f} KB on average, spread over a year, 10 % new or open, 5 % pending,
5 % or more solved, the others closed. "Target" is how many times the other's median ours may be at most.
"""
_WHY = """
What that is: `check` reads each ticket, holds it against the form, the ids, the head and, at every move, the rules that it
was made by. That is some 155 us of Python a ticket (60 to understand the file, 30 for its ids, 35 for its moves), a row of
the index some 100; to read the bytes alone takes 8 to 13, two processes share the work. Whoever has checked all once need
not do so after each pull: `check --changed` looks at what has changed. `show` and `move` take 7 to 12 ms more than
importing click and sqlite3, most of it for fifty modules of ours: where that import takes 70 ms it is a tenth, where it
takes 33 a third. In a small store every command is its start-up.
"""
_CURVES = {
    "ticketctl list": ("list", None),
    "ticketctl sweep, nothing due": ("sweep, nothing due", None),
    "ticketctl search": ("search", None),
    "ticketctl check": ("check", None),
    "git status": ("list", "git status"),
    "rg": ("list", "rg"),
    "grep": ("list", "grep"),
    "reading all bytes": ("check", "reading all bytes"),
}
"""The curves of the plot: name -> row, and whose value of it (ours, if none)."""


def write_page(folder: Path) -> None:
    """Make the page and the plot of what is kept below a folder."""
    found = results(folder)
    docs = ROOT / "docs"
    (docs / "performance.svg").write_text(
        plot(_series(found), "Cost and number of tickets"), encoding="utf-8"
    )
    (docs / "performance.md").write_text(
        "\n".join(page(found)).rstrip("\n") + "\n", encoding="utf-8"
    )


def page(found: Sequence[Result]) -> Iterator[str]:
    """The lines of the page."""
    sizes = [
        result["bytes"] / result["tickets"] / 1000
        for result in found
        if result["bytes"]
    ]
    yield _INTRO.format(size=sum(sizes) / max(len(sizes), 1))
    if found:
        machine = found[-1]["machine"]
        yield (
            "Measured on: "
            + ", ".join(f"{name} {said}" for name, said in machine.items())
            + "."
        )
        yield ""
    yield "![Cost of the commands against the number of tickets](performance.svg)\n"
    yield "## Where we are slower\n"
    yield from slower(found)
    yield _WHY
    for result in found:
        yield f"\n## {result['tickets']:,} tickets\n"
        yield "| row | what | median | min..max | ours is | target | |"
        yield "|---|---|---:|---:|---:|---:|---|"
        for row in result["rows"].values():
            yield from _lines(row)
        if notes := dict.fromkeys(
            row["note"] for row in result["rows"].values() if row["note"]
        ):
            yield "\n" + " ".join(notes)


def slower(found: Sequence[Result]) -> Iterator[str]:
    """What missed its target, and where another tool is faster than ours, in plain
    words."""
    missed, beaten, failed = [], [], []
    for result in found:
        for row in result["rows"].values():
            where = f"{row['name']} at {result['tickets']:,}"
            if "failed" in row["ours"]:
                failed.append(f"{where} ({row['ours']['failed']})")
            for other in row["others"]:
                said = f"{where}: {_times(other.get('ratio', 0))} {other['name']}"
                if other.get("verdict") == "missed":
                    missed.append(f"{said} (target {_times(other['target'])})")
                elif (
                    other["target"] is None
                    and other.get("ratio", 0) > 1
                    and other["name"] != "python -c pass"
                ):
                    beaten.append(said)
    yield f"Targets missed: {'; '.join(missed) or 'none'}.\n"
    yield f"Others that are faster: {'; '.join(beaten) or 'none'}."
    if failed:
        yield f"\nNot measured: {'; '.join(failed)}."


def _lines(row: Result) -> Iterator[str]:
    yield _line(row["name"], row["ours"], row["unit"])
    for other in row["others"]:
        yield _line("", other, row["unit"])


def _line(name: str, side: dict[str, Any], unit: str) -> str:
    what = (
        f"`{side['name']}`"
        if side["name"].startswith(("ticketctl", "git ", "python"))
        else side["name"]
    )
    if "failed" in side:
        return f"| {name} | {what} | {side['failed'].replace('|', '/')} | | | | |"
    ratio = _times(side["ratio"]) if "ratio" in side else ""
    target = _times(side["target"]) if side.get("target") is not None else ""
    spread = f"{value(side['min'])}..{value(side['max'])}"
    median = f"{value(side['median'])} {unit}"
    return f"| {name} | {what} | {median} | {spread} | {ratio} | {target} | {side.get('verdict', '')} |"


def _times(ratio: float) -> str:
    return f"{ratio:.2f} x" if ratio >= 0.1 else f"1/{1 / ratio:.0f}" if ratio else "0"


def _series(found: Sequence[Result]) -> dict[str, list[Point]]:
    series: dict[str, list[Point]] = {name: [] for name in _CURVES}
    for result in found:
        for name, (row, whose) in _CURVES.items():
            kept = result["rows"].get(row)
            if kept is None:
                continue
            side = (
                kept["ours"]
                if whose is None
                else next((o for o in kept["others"] if o["name"] == whose), {})
            )
            if "median" in side:
                series[name].append((result["tickets"], side["median"]))
    return series
