"""Finding tickets for lists."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl.app.desk import Desk
from ticketctl.core.query import OPEN, Query, Row, arrange, matches, row_of
from ticketctl.errors import Finding


@dataclass(frozen=True, slots=True)
class Found:
    """What a list shows: rows in order, the broken files, and the sums over the whole store."""

    rows: list[Row]
    broken: list[Finding]
    open: int
    waiting: int


def find(desk: Desk, query: Query) -> Found:
    """All tickets that a query wants; a broken one is reported, never silently missing."""
    rows: list[Row] = []
    broken: list[Finding] = []
    open_ = waiting = 0
    for loaded, profile in desk.look(broken):
        row = row_of(profile, loaded.ticket, desk.people_of(profile))
        open_ += row.state in OPEN
        waiting += row.state == "pending"
        if matches(query, row):
            rows.append(row)
    return Found(arrange(query, rows), broken, open_, waiting)
