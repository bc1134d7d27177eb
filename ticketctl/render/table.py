"""Rows in columns: aligned (our own, so that a list loads no library), as tables
(tabulate), and as CSV and TSV for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ticketctl.core.escaping import escaped, safe
from ticketctl.core.query import Row
from ticketctl.render.color import Colors
from ticketctl.render.columns import fit, pad, width
from ticketctl.render.format import Formatter

DEFAULT = ("id", "status", "who", "age", "next", "title")
UNANSWERED = "  !"
"""Marks a status whose ticket has a customer's message without an answer."""
_HEADS = {"next": "DUE", "due": "DATE"}


def heading(name: str) -> str:
    """Return the heading of a column: ``DUE`` is when a rule will act, ``DATE`` the due
    date of the ticket."""
    return _HEADS.get(name, name.upper())


def cells(formatter: Formatter, row: Row, columns: Sequence[str]) -> list[str]:
    """Return one row for people: ``next`` is when a rule will act, ``!`` marks a message
    that has no answer yet."""
    return [_cell(formatter, row, name) for name in columns]


def _cell(formatter: Formatter, row: Row, name: str) -> str:
    if name == "status":
        return safe(row.status) + (UNANSWERED if row.unanswered else "")
    if name == "who":
        return formatter.who(row.assignee) if row.assignee else "-"
    if name == "age":
        return formatter.ago(row.updated)
    if name == "next":
        return formatter.ahead(row.next_due) if row.next_due else "-"
    value = row.column(name)
    if isinstance(value, bool):
        return "yes" if value else "-"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = "" if value is None else str(value)
    return safe(formatter.shown(text)) or "-"


def plain(
    formatter: Formatter, rows: Sequence[Row], columns: Sequence[str], across: int
) -> Iterator[str]:
    """Yield rows of tickets as aligned columns under a heading.

    Args:
        across: how many columns the terminal has; cells are cut to it. 0: any number.
    """
    heads = [heading(name) for name in columns]
    lines = [cells(formatter, row, columns) for row in rows]
    colored = columns.index("status") if "status" in columns else -1

    def painted(number: int, column: int, cell: str) -> str:
        if column != colored:
            return cell
        return formatter.paint.state(cell, rows[number].state)

    return aligned(formatter.paint, heads, lines, across, painted)


def aligned(
    paint: Colors,
    heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    across: int = 0,
    painted: Callable[[int, int, str], str] = lambda number, column, cell: cell,
) -> Iterator[str]:
    """Yield lines of safe cells in aligned columns, below a heading in bold.

    Args:
        across: how many columns a line may have; the widest cells are cut. 0: any
            number.
        painted: colors a cell, given the numbers of its line and column.
    """
    widths = [
        max([width(head), *(width(line[i]) for line in lines)])
        for i, head in enumerate(heads)
    ]
    if across:
        _shrink(widths, across)
    shown = list(map(fit, heads, widths))
    yield paint("  ".join(map(pad, shown, widths)).rstrip(), "bold")
    for number, line in enumerate(lines):
        parts = [
            painted(number, column, pad(_cut(cell, size), size))
            for column, (cell, size) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(parts).rstrip()


def _cut(cell: str, columns: int) -> str:
    """Return a cell cut to its column; the mark of an unanswered message stays."""
    mark = UNANSWERED if cell.endswith(UNANSWERED) else ""
    return fit(cell[: len(cell) - len(mark)], columns - len(mark)) + mark


_ENOUGH = 24
"""How many columns of the last cell (the title) are shown before others are cut."""


def _shrink(widths: list[int], across: int) -> None:
    """Make columns narrower until a line fits: the last one first, then the widest, but
    never the first (the id)."""
    excess = sum(widths) + 2 * (len(widths) - 1) - across
    if excess > 0 and len(widths) > 1:
        cut = min(excess, max(widths[-1] - _ENOUGH, 0))
        widths[-1] -= cut
        excess -= cut
    while excess > 0 and len(widths) > 1:
        widest = max(range(1, len(widths)), key=widths.__getitem__)
        if widths[widest] <= 6:
            return
        widths[widest] -= 1
        excess -= 1


def boxed(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table drawn by tabulate, for few rows only. Cells are texts: tabulate must
    not take ``1e5`` for a number."""
    from tabulate import tabulate

    rows = [list(map(safe, line)) for line in lines]
    return tabulate(rows, headers=list(heads), tablefmt="simple", disable_numparse=True)


def machine(row: Row, columns: Sequence[str]) -> list[str]:
    """Return one row for programs: exact, with RFC 3339 instants."""
    return [_exact(row.column(name)) for name in columns]


def _exact(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        import json

        return escaped(json.dumps(value, ensure_ascii=False))
    return str(value)


def tsv(cells_: Sequence[str]) -> str:
    """Return a tab-separated line. In a cell, tabs, line breaks, backslashes and all that
    is not safe on a terminal are escaped."""
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "\t".join(
        safe("".join(escapes.get(char, char) for char in cell)) for cell in cells_
    )


def csv_line(cells_: Sequence[str]) -> str:
    """Return a line of CSV (RFC 4180).

    A cell that a spreadsheet would take for a formula gets an apostrophe before it; what
    is not safe on a terminal is escaped, except tabs and line breaks.
    """
    return ",".join(_csv_cell(cell) for cell in cells_)


def _csv_cell(cell: str) -> str:
    cell = safe(cell, "\t\n")
    if cell[:1] in ("=", "+", "-", "@", "\t"):
        cell = "'" + cell
    if any(char in cell for char in ',"\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
