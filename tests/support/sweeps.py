"""Stores with solved tickets that a sweep closes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.stores import done, make_store, make_tickets

SOLVED_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


SWEPT_AT = "2026-11-06T10:00:00Z"


def halves(number: int) -> list[str]:
    return [f"aa{index:03}" for index in range(number)]


def solved_store(root: Path, number: int, settings: str = "") -> Path:
    """A store with tickets that close by themselves four days after SOLVED_AT, a minute
    apart."""
    make_store(root, f"commit: off\n{settings}")
    make_tickets(root, *halves(number))
    for index, half in enumerate(halves(number)):
        now = (SOLVED_AT + timedelta(minutes=index)).strftime("%Y-%m-%dT%H:%M:%SZ")
        done(root, "move", half, "Open", "-a", "amy@support.example", now=now)
        done(root, "move", half, "Solved", "-m", "done", now=now)
    return root


def statuses(root: Path) -> dict[str, str]:
    rows = json.loads(done(root, "list", "-A", "-L", "0", "--format", "json"))[
        "tickets"
    ]
    return {row["id"][7:]: row["status"] for row in rows}
