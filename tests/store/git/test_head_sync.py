"""Tests of ``ticketctl.store.git.head_sync``."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.commits import WHO, commit, git_out, write
from ticketctl.errors import BusyError, DiskError
from ticketctl.store.git import objects


def test_head_that_moves_meanwhile_is_not_lost(
    committed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody commits between our reading HEAD and moving it: both commits are there
    (compare-and-swap)."""
    brought_in = objects.store_objects
    moved: list[str] = []

    def late(*words: Any) -> None:
        if not moved:
            moved.append(
                git_out(
                    committed,
                    "commit-tree",
                    "HEAD^{tree}",
                    "-p",
                    "HEAD",
                    "-m",
                    "theirs",
                ).strip()
            )
            git_out(committed, "update-ref", "HEAD", moved[0])
        brought_in(*words)

    monkeypatch.setattr(objects, "store_objects", late)
    commit(committed, [write(committed, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO)
    assert git_out(committed, "log", "--format=%s").split("\n")[:3] == [
        "Ours",
        "theirs",
        "A store",
    ]
    assert git_out(committed, "status", "--porcelain") == ""


def test_many_who_commit_at_once(committed: Path) -> None:
    """Whoever commits besides us, by git or by us: no commit is lost, each is told if
    it could not be."""
    done: list[str] = []

    def work(name: str) -> None:
        for number in range(5):
            try:
                path = write(committed, f"tickets/2026/12/0{name}/{number}.yaml", name)
                commit(committed, [path], f"{name}{number}", WHO)
                done.append(f"{name}{number}")
            except (BusyError, DiskError):
                pass  # git's index was locked: that is said, and tried again

    threads = [threading.Thread(target=work, args=(name,)) for name in "123"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = git_out(committed, "log", "--format=%s").splitlines()
    assert set(done) <= set(told)
    assert len(told) == len(set(told))
    assert git_out(committed, "fsck", "--strict", "--no-dangling") == ""
    assert os.path.exists(committed / ".git/index")
    assert not os.path.exists(committed / ".git/index.lock")
