"""Commits are those that git would make, with no file of anybody else's (hazard 1, 13)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.campaign import rounds
from tests.support.commits import WHO, commit, git_out, write
from ticketctl.errors import BusyError


def test_it_is_the_commit_that_git_would_have_made(committed: Path) -> None:
    """Any files, new and changed, in folders new and old: the tree of ``git commit
    --only``, a clean index, sound objects."""
    dice = random.Random(7)
    for turn in range(rounds(12, 200)):
        paths = [
            f"tickets/20{dice.choice('12')}6/0{dice.randrange(1, 4)}/{dice.choice(['02', '10', '2'])}/{dice.choice('abc')}"
            for _ in range(dice.randrange(1, 6))
        ]
        paths = [
            write(committed, f"{path}.yaml", f"{turn} {dice.random()}")
            for path in dict.fromkeys(paths)
        ]
        before = git_out(committed, "rev-parse", "HEAD").strip()
        commit(committed, paths, f"Turn {turn}\n\nwith lines", WHO)
        ours = git_out(committed, "rev-parse", "HEAD^{tree}")
        assert git_out(committed, "rev-parse", "HEAD^").strip() == before
        assert git_out(committed, "status", "--porcelain") == ""
        assert git_out(committed, "log", "-1", "--format=%B%ae").split("\n")[:4] == [
            f"Turn {turn}",
            "",
            "with lines",
            WHO,
        ]
        git_out(committed, "reset", "-q", "--soft", before)
        git_out(committed, "commit", "-qm", "by git")
        assert git_out(committed, "rev-parse", "HEAD^{tree}") == ours
    assert git_out(committed, "fsck", "--strict", "--no-dangling") == ""
    assert "commit: Turn" in git_out(committed, "reflog")


def test_a_store_below_the_top(committed: Path) -> None:
    """The prefix counts, for the trees and for the index."""
    store = committed / "desk/one"
    commit(
        store,
        [
            write(store, "tickets/2026/11/02/a.yaml", "x")
            for _ in [store.mkdir(parents=True)]
        ],
        "Ours",
        WHO,
    )
    assert git_out(committed, "show", "--format=", "--name-only", "HEAD").split() == [
        "desk/one/tickets/2026/11/02/a.yaml"
    ]
    assert git_out(committed, "status", "--porcelain") == ""


def test_nothing_new_is_no_commit(committed: Path) -> None:
    before = git_out(committed, "rev-parse", "HEAD")
    commit(committed, ["tickets/2026/11/02/a.yaml"], "Nothing", WHO)
    assert git_out(committed, "rev-parse", "HEAD") == before


def test_ignored_files_are_ours_all_the_same(committed: Path) -> None:
    """A ``tickets/`` that git is told to ignore is committed by who says ``commit:
    auto``."""
    (committed / ".gitignore").write_text("tickets/2027/\n")
    commit(committed, [write(committed, "tickets/2027/01/01/a.yaml", "x")], "Ours", WHO)
    assert git_out(committed, "show", "--format=", "--name-only", "HEAD").split() == [
        "tickets/2027/01/01/a.yaml"
    ]


def test_a_repository_without_a_user(
    committed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of who acted is the author then."""
    git_out(committed, "config", "--unset", "user.name")
    git_out(committed, "config", "--unset", "user.email")
    commit(
        committed,
        [write(committed, "tickets/2026/11/02/a.yaml", "x")],
        "Ours",
        "tom@support.example",
    )
    assert (
        git_out(committed, "log", "-1", "--format=%an %ae %cn").strip()
        == "tom tom@support.example tom"
    )


def test_a_merge_that_is_going_on_is_left_alone(committed: Path) -> None:
    """Git says no, and says why; the merge can be ended as it was begun."""
    git_out(committed, "checkout", "-qb", "other")
    write(committed, "tickets.txt", "theirs")
    git_out(committed, "commit", "-qam", "theirs")
    git_out(committed, "checkout", "-q", "main")
    write(committed, "tickets.txt", "ours")
    git_out(committed, "commit", "-qam", "ours")
    git_out(committed, "merge", "-q", "other", ok=False)
    with pytest.raises(BusyError, match="a merge is in progress"):
        commit(
            committed, [write(committed, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO
        )
    assert (committed / ".git/MERGE_HEAD").exists()


def test_the_first_commit_and_a_detached_head(committed: Path, tmp_path: Path) -> None:
    """Where there is no commit yet, and where no branch is checked out."""
    new = tmp_path / "new"
    new.mkdir()
    git_out(new, "init", "-q")
    commit(new, [write(new, "tickets/2026/11/02/a.yaml", "x")], "First", WHO)
    assert git_out(new, "log", "--format=%s").strip() == "First"
    git_out(committed, "checkout", "-q", "--detach")
    commit(
        committed, [write(committed, "tickets/2026/11/02/a.yaml", "x")], "Alone", WHO
    )
    assert git_out(committed, "log", "-1", "--format=%s", "HEAD").strip() == "Alone"
    assert git_out(committed, "log", "-1", "--format=%s", "main").strip() == "A store"
