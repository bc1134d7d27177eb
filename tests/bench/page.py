"""Writes ``docs/performance.md`` and its plot from all results that are kept."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.plot import Point, plot
from tests.bench.rows import ROOT
from tests.bench.run import Result, results, value

_INTRO = """# Performance

`make bench` measures ticketctl beside other tools and writes this page. Compare the ratios, not the
milliseconds: those differ from machine to machine.

## How it is measured

- Each measurement is a whole process, started as you would start it, with its output read through a
  pipe. ticketctl is installed from a wheel.
- The measurements take turns: ticketctl, each of the other tools, ticketctl again.
- The stores are made by `tests/bench/build.py`. Their tickets belong to the five built-in profiles.
  They are made by the real rules, spread over a year, and have {size:.1f} KB on average. 10 % are new
  or open, 5 % pending, 5 % or more solved, the others closed.
- "ticketctl takes" is the median of ticketctl divided by the median of the other tool. It should be
  at most the "target".

Some comparisons are not other tools but the least that such a command needs:

| compared with | is |
|---|---|
| `python -c pass` | the start of Python |
| `python -c "import click, sqlite3"` | the start of Python with the two libraries that every command needs |
| reading all bytes | reading all ticket files without understanding them |
| temp, fsync, rename, git commit | writing the same tickets safely and committing them, without any rules |
| ruamel.yaml, C scanner | parsing all ticket files with a common YAML library |
| 60 MB, 48 KiB | a fixed limit |
"""
_WHY = """
The reasons:

- **`check`** reads each ticket and checks its form, its ids, its head and, for every change of
  status, the rules that it was made by. This takes about 155 us of Python for each ticket: among
  them 60 to understand the file, 30 for its ids, 35 for its changes of status. Reading the bytes
  alone takes 8 to 13 us. Two processes share the work. You need not check everything after each
  pull: `check --changed` checks only what has changed.
- **`index rebuild`** takes about 100 us for each ticket.
- **`show` and `move`** take 7 to 12 ms more than importing click and sqlite3. Most of it is for
  loading about fifty modules of ticketctl. Compared with the import itself, this is a
  tenth where the import takes 70 ms, and a third where it takes 33 ms.
- **In a small store**, every command takes little more than its start.
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
        parts = ", ".join(f"{name} {version}" for name, version in machine.items())
        yield textwrap.fill(f"Measured on: {parts}.", 100)
        yield ""
    yield "![Cost of the commands against the number of tickets](performance.svg)\n"
    yield "## Where ticketctl is slower\n"
    yield from slower(found)
    yield _WHY
    for result in found:
        yield f"\n## {result['tickets']:,} tickets\n"
        yield "| row | what | median | min..max | ticketctl takes | target | |"
        yield "|---|---|---:|---:|---:|---:|---|"
        for row in result["rows"].values():
            yield from _lines(row)
        if notes := dict.fromkeys(
            row["note"] for row in result["rows"].values() if row["note"]
        ):
            yield "\n" + " ".join(notes)


def slower(measured: Sequence[Result]) -> Iterator[str]:
    """Yield the lines that say what missed its target, and where another tool is faster
    than ticketctl."""
    missed, beaten, failed = [], [], []
    for result in measured:
        for row in result["rows"].values():
            cells = f"| {row['name']} | {result['tickets']:,} |"
            if "failed" in row["ours"]:
                failed.append(
                    f"{row['name']} at {result['tickets']:,} ({row['ours']['failed']})"
                )
            for other in row["others"]:
                line = f"{cells} {_what(other)} | {_times(other.get('ratio', 0))} |"
                if other.get("verdict") == "missed":
                    missed.append(f"{line} {_times(other['target'])} |")
                elif (
                    other["target"] is None
                    and other.get("ratio", 0) > 1
                    and other["name"] != "python -c pass"
                ):
                    beaten.append(line)
    heading = "| row | tickets | compared with | ticketctl takes |"
    yield f"Targets missed: {len(missed) or 'none'}.\n"
    if missed:
        yield f"{heading} target |\n|---|---:|---|---:|---:|"
        yield "\n".join(missed) + "\n"
    yield f"Without a target, and faster than ticketctl: {len(beaten) or 'none'}."
    if beaten:
        yield f"\n{heading}\n|---|---:|---|---:|"
        yield "\n".join(beaten)
    if failed:
        yield f"\nNot measured: {'; '.join(failed)}."


def _lines(row: Result) -> Iterator[str]:
    yield _line(row["name"], row["ours"], row["unit"])
    for other in row["others"]:
        yield _line("", other, row["unit"])


def _line(name: str, side: dict[str, Any], unit: str) -> str:
    what = _what(side)
    if "failed" in side:
        return f"| {name} | {what} | {side['failed'].replace('|', '/')} | | | | |"
    ratio = _times(side["ratio"]) if "ratio" in side else ""
    target = _times(side["target"]) if side.get("target") is not None else ""
    spread = f"{value(side['min'])}..{value(side['max'])}"
    median = f"{value(side['median'])} {unit}"
    return f"| {name} | {what} | {median} | {spread} | {ratio} | {target} | {side.get('verdict', '')} |"


def _what(side: dict[str, Any]) -> str:
    """Return the name of what was measured, set as code if it is a command."""
    name: str = side["name"]
    is_command = name.startswith(("ticketctl", "git ", "python"))
    return f"`{name}`" if is_command else name


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
