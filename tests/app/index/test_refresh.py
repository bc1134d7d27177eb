"""Tests of ``ticketctl.app.index.refresh``."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import hooked
from tests.support.shell import Ran
from tests.support.stores import make_store, make_tickets, ticketctl


@pytest.mark.parametrize(
    "number",
    [errno.EROFS, errno.EACCES, errno.ENOSPC],
    ids=lambda number: errno.errorcode[number],
)
def test_an_index_that_cannot_be_written(number: int, tmp_path: Path) -> None:
    """``index rebuild`` says so with 71, and where; a list is answered all the same."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if name in ("open", "mkdir", "write", "link"):
            raise OSError(number, os.strerror(number), str(args[0]))

    with hooked(hook):
        ran = ticketctl(root, "index", "rebuild")
        assert (
            ran.status == 71
            and os.strerror(number) in ran.err
            and f"{root}/.git/ticketctl" in ran.err
        ), ran
        assert "read" not in ran.err.splitlines()[-1].split("hint")[0]
        assert ticketctl(root, "list", "--format", "id") == Ran("261102-aaaaa\n", 0, "")
    assert ticketctl(root, "index", "rebuild").status == 0


def test_no_place_for_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no home folder, nothing is said to have been rebuilt."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    ran = ticketctl(root, "index", "rebuild")
    assert ran.status == 71
    assert "no place" in ran.err
    assert "TICKETCTL_STATE" in ran.err
