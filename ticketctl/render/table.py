"""Rows in columns: plain (our own, so that a list loads no library), tables (tabulate),
and CSV and TSV for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketctl.core.escaping import escaped
from ticketctl.core.query import Row
from ticketctl.render.format import Formatter
from ticketctl.render.sanitize import fit, pad, safe, width

DEFAULT = ("id", "status", "who", "age", "next", "title")
_HEADS = {"next": "DUE", "due": "DATE"}


def heading(name: str) -> str:
    """What stands above a column: ``DUE`` is when a rule will act, ``DATE`` the
    ticket's own."""
    return _HEADS.get(name, name.upper())


def cells(formatter: Formatter, row: Row, columns: Sequence[str]) -> list[str]:
    """One row for people: ``next`` is when a rule will act, ``!`` marks a message that
    nobody answered."""
    return [_cell(formatter, row, name) for name in columns]


def _cell(formatter: Formatter, row: Row, name: str) -> str:
    if name == "status":
        return safe(row.status) + ("  !" if row.unanswered else "")
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
    """Aligned columns under a heading; the last column is cut to the terminal
    (``across`` 0: never)."""
    heads = [heading(name) for name in columns]
    table = [cells(formatter, row, columns) for row in rows]
    widths = [
        max([width(head), *(width(line[i]) for line in table)])
        for i, head in enumerate(heads)
    ]
    yield formatter.paint("  ".join(map(pad, heads, widths)).rstrip(), "bold")
    left = across - sum(widths[:-1]) - 2 * (len(widths) - 1) if across else 0
    for row, line in zip(rows, table, strict=True):
        line[-1] = fit(line[-1], max(left, 10) if across else 0)
        padded = list(map(pad, line, widths))
        if "status" in columns:
            position = columns.index("status")
            padded[position] = formatter.paint.state(padded[position], row.state)
        yield "  ".join(padded).rstrip()


def boxed(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table drawn by tabulate; for bounded tables only. Cells are texts: it must not
    take ``1e5`` for a number."""
    from tabulate import tabulate

    rows = [list(map(safe, line)) for line in lines]
    return tabulate(rows, headers=list(heads), tablefmt="simple", disable_numparse=True)


def machine(row: Row, columns: Sequence[str]) -> list[str]:
    """One row for programs: exact, with RFC 3339 instants."""
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
    """Tab-separated, with tabs, line breaks, backslashes and all that is not safe on a
    terminal escaped in a cell."""
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "\t".join(
        safe("".join(escapes.get(char, char) for char in cell)) for cell in cells_
    )


def csv_line(cells_: Sequence[str]) -> str:
    """RFC 4180, where a cell that a spreadsheet would take for a formula gets an
    apostrophe before it; what is not safe on a terminal is spelled out, except tabs and
    line breaks."""
    return ",".join(_csv_cell(cell) for cell in cells_)


def _csv_cell(cell: str) -> str:
    cell = safe(cell, "\t\n")
    if cell[:1] in ("=", "+", "-", "@", "\t"):
        cell = "'" + cell
    if any(char in cell for char in ',"\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
