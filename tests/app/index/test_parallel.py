"""Reading many files by several processes: results come in the order of the files."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from ticketctl.app.index import parallel
from ticketctl.app.workspace import Workspace

DESK = Workspace("/nowhere", datetime(2026, 11, 21, 9, tzinfo=UTC))
done: list[str] = []


def read(_: Workspace, number: int) -> int:
    """The first step."""
    done.append(f"read {number}")
    return number * 10


def make(_: Workspace, tens: int) -> tuple[int, int]:
    """The second, and the process that did it."""
    done.append(f"make {tens // 10}")
    return tens, os.getpid()


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 25])
@pytest.mark.parametrize("spread", [False, True], ids=["alone", "spread"])
def test_order(number: int, spread: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every item comes once, in its place, and the last progress that is told is all of
    them."""
    monkeypatch.setattr(parallel, "WORTH", 1 if spread else 1000)
    monkeypatch.setattr(parallel, "_CHUNK", 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    told: list[tuple[str, int, int]] = []
    found = list(
        parallel.map_parallel(
            DESK, read, make, range(number), "trying", lambda *words: told.append(words)
        )
    )
    assert [tens for tens, _ in found] == [10 * n for n in range(number)]
    assert {pid == os.getpid() for _, pid in found} == (
        {not spread} if number else set()
    )
    assert told[-1:] == ([("trying", number, number)] if number else [])


def test_some_files_are_read_before_any_result() -> None:
    """Ten at a time, and what is left."""
    done.clear()
    assert len(list(parallel.map_parallel(DESK, read, make, range(12), "trying"))) == 12
    steps = [
        ("read", range(10)),
        ("make", range(10)),
        ("read", range(10, 12)),
        ("make", range(10, 12)),
    ]
    assert done == [f"{step} {number}" for step, numbers in steps for number in numbers]
