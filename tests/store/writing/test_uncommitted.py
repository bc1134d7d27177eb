"""Tests of ``ticketctl.store.writing.uncommitted``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commit_failures import HALF, git_of
from tests.support.state import state_of
from tests.support.stores import done
from ticketctl.store.state_folder import locate_state
from ticketctl.store.writing import uncommitted
from ticketctl.store.writing.uncommitted import UncommittedFile, UncommittedList


def test_a_damaged_list_commits_nothing_of_a_person(store_root: Path) -> None:
    """After a power cut git is asked what is not committed; a file that no ticket names
    is not ours."""
    (state_of(store_root) / "uncommitted-0123456789abcdef.jsonl").touch()
    (store_root / "attachments/x").mkdir(parents=True)
    (store_root / "attachments/x/mine.txt").write_text("by hand")
    done(store_root, "note", HALF, "-m", "x")
    assert (
        git_of(store_root, "status", "--porcelain", "-uall")
        == "?? attachments/x/mine.txt\n"
    )
    assert not list(state_of(store_root).glob("uncommitted-*"))


def test_a_list_is_left_by_a_command_that_is_killed_alone(git_root: Path) -> None:
    """Whoever looks sees the lists of the dead, and not those of the living; a list
    with all committed goes."""
    state = locate_state(str(git_root))
    rows = [
        UncommittedFile("tickets/ä\n.yaml", "0" * 64, "jörg@support.example"),
        UncommittedFile("tickets/b.yaml", "", ""),
    ]
    living, done, failed = (
        UncommittedList(state),
        UncommittedList(state),
        UncommittedList(state),
    )
    for one in (living, done, failed):
        one.add(rows[:1])
        one.add(rows[1:])
    done.remove()
    assert uncommitted.pending_lists(state) == []
    failed.leave()
    (left,) = uncommitted.pending_lists(state)
    assert list(uncommitted.read_list(left)) == rows
    uncommitted.remove_list(left)
    living.leave()
    assert len(uncommitted.pending_lists(state)) == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 80, b'["a", "b"]\n', b'["a", "b", 3]\n', b'["a"', b"{}\n", b"\xff\n"],
)
def test_a_list_that_a_power_cut_has_damaged(git_root: Path, data: bytes) -> None:
    path = git_root / "list"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        list(uncommitted.read_list(str(path)))
