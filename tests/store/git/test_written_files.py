"""Tests of ``ticketctl.store.git.written_files``."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.support.commit_failures import HALF, PATH, add_hook, git_of
from tests.support.stores import done, ticketctl


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize(
    "act",
    [
        ("note", HALF, "-m", "three"),
        ("move", HALF, "Open", "-a", "amy@support.example"),
    ],
)
def test_events_that_git_has_taken_out_of_a_file_are_not_taken_out_of_head(
    store_root: Path, act: tuple[str, ...], hooked: bool
) -> None:
    """A pull that lost a race has put an older state in its place: what comes next
    holds the events of both."""
    if hooked:
        add_hook(store_root, "commit-msg", "exit 0")
    done(store_root, "note", HALF, "-m", "one")
    done(store_root, "note", HALF, "-m", "two")
    (store_root / PATH).write_text(git_of(store_root, "show", f"HEAD~1:{PATH}"))
    ran = ticketctl(store_root, *act)
    assert ran.status == 0
    assert "older state" in ran.err
    assert HALF in ran.err
    text = git_of(store_root, "show", f"HEAD:{PATH}")
    assert "note: one" in text
    assert "note: two" in text
    assert act[0] == "move" or "note: three" in text
    assert text == (store_root / PATH).read_text()
    assert git_of(store_root, "status", "--porcelain") == ""
    assert done(store_root, "check") == ""


def test_what_cannot_be_joined_is_not_committed(store_root: Path) -> None:
    """The older state has a comment by hand: it is for a person to say what is meant."""
    done(store_root, "note", HALF, "-m", "one")
    done(store_root, "note", HALF, "-m", "two")
    (store_root / PATH).write_text(
        git_of(store_root, "show", f"HEAD~1:{PATH}") + "# by hand\n"
    )
    ran = ticketctl(store_root, "note", HALF, "-m", "three")
    assert ran.status == 71
    assert "lacks events that the last commit has" in ran.err
    assert f"git diff {PATH}" in ran.err
    assert "note: two" in git_of(store_root, "show", f"HEAD:{PATH}")


@pytest.mark.parametrize("act", [("note", HALF, "-m", "x"), ("show", HALF), ("sweep",)])
def test_a_file_that_git_is_just_writing_is_waited_for(
    store_root: Path, act: tuple[str, ...]
) -> None:
    """Git makes a file before it writes it; a command that comes in between does not
    take the ticket for broken."""
    path = store_root / PATH
    data = path.read_bytes()
    path.write_bytes(b"")
    writer = threading.Timer(0.03, path.write_bytes, [data])
    writer.start()
    assert ticketctl(store_root, *act, now="2026-11-09T09:00:00Z").status == 0
    writer.join()
    path.write_bytes(b"")
    os.utime(path, (1, 1))
    assert ticketctl(store_root, "show", HALF).status == 65, (
        "one that stays so is broken"
    )


def test_a_file_that_was_removed_by_hand_is_not_committed(store_root: Path) -> None:
    """What could not be committed, and is gone: the next sweep is not held up by it."""
    stop = add_hook(store_root, "reference-transaction", "exit 1")
    new = ticketctl(
        store_root, "new", "n", "-c", "jane@customer.example", "--id", "261102-ccccc"
    )
    assert new.status == 71
    stop.unlink()
    (store_root / "tickets/2026/11/02/261102-ccccc.yaml").unlink()
    done(store_root, "note", HALF, "-m", "Next.")
    assert ticketctl(store_root, "sweep").status == 0
