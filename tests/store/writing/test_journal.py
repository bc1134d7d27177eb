"""Tests of ``ticketctl.store.writing.journal``."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.disk_faults import WAITING, leave_journal, two
from tests.support.state import state_of
from tests.support.stores import done, leftovers, make_store, make_tickets, ticketctl
from tests.support.strangers import special
from ticketctl.store.profiles import built_in


@pytest.mark.parametrize("below", ["", "cache", "outbox", "rescued"])
def test_a_link_in_the_git_directory_is_not_written_through(
    below: str, tmp_path: Path
) -> None:
    """The owner of a clone could send root anywhere."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    away = tmp_path / "away"
    away.mkdir()
    place = state_of(root) / below
    shutil.rmtree(place, ignore_errors=True)
    place.symlink_to(away)
    for words in (
        ("list",),
        ("move", "aaaaa", "Pending", "--reply", "x"),
        ("sweep",),
        ("profile", "list"),
    ):
        assert ticketctl(root, *words).status in (0, 71)
    assert not list(away.iterdir())


@pytest.mark.parametrize("kind", ["folder", "link", "fifo", "socket"])
def test_a_file_in_the_place_of_the_journal(kind: str, tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    place = root / ".ticketctl-journal.jsonl"
    if kind == "folder":
        place.mkdir()
    else:
        special(place, kind, tmp_path)
    done(root, "note", "aaaaa", "-m", "x")


def test_what_may_not_be_looked_at_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's files, say: no journal is taken to be done, and no built-in
    profile stands in for the store's own."""
    root, _ = two(tmp_path)
    shutil.copytree(Path(built_in()), root / "profiles")
    journal = leave_journal(root, "tickets/2026/11/02/x", b"later")
    waiting = journal.parent / WAITING
    hidden = [f".git/ticketctl/{WAITING}/", "", "profiles/"]

    def refusing(call: Any) -> Any:
        def refused(path: Any, *args: Any, **named: Any) -> Any:
            if hidden[0] and str(path).startswith(f"{root}/{hidden[0]}"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, *args, **named)

        return refused

    for name in ("stat", "lstat", "open"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    answers = []
    while len(answers) < 3:
        ran = ticketctl(root, "note", "aaaaa", "-m", "x")
        answers.append(
            (
                ran.status,
                "Permission denied" in ran.err,
                journal.exists(),
                waiting.exists(),
            )
        )
        hidden.append(hidden.pop(0))
    assert answers == [
        (71, True, True, True),
        (0, False, False, False),
        (71, True, False, False),
    ]
    assert (root / "tickets/2026/11/02/x").read_text() == "later"


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '["x"]',
        "[1, 2, 3]",
        '["x", "tickets/y"]',
        '{"x": "y"}',
        "\0",
        '["x", "y", null]\n{',
    ],
)
def test_a_damaged_journal(journal: str, tmp_path: Path) -> None:
    """It is never ours (ours is renamed into place whole), and stops nobody from
    working (5, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / ".git/ticketctl/journal.jsonl").write_text(journal)
    ran = ticketctl(root, "note", "aaaaa", "-m", "x")
    assert ran.status == 0, ran
    assert leftovers(root) == []


@pytest.mark.parametrize(
    "target",
    [
        "tickets/\0",
        "tickets/\ud800",
        "tickets/",
        "tickets//x",
        "tickets/./x",
        f"tickets/{'x' * 256}",
        "tickets/2026",
    ],
)
@pytest.mark.parametrize("name", ["x", "", "..", "x/y", "x" * 256, "\0"])
def test_a_journal_that_lists_what_cannot_be(
    name: str, target: str, tmp_path: Path
) -> None:
    """Whatever it lists, it stops nobody from working, and is gone after (5, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    leave_journal(root, target, name=name)
    for _ in range(2):
        ran = ticketctl(root, "note", "aaaaa", "-m", "x")
        assert ran.status == 0, ran
    assert leftovers(root) == []


@pytest.mark.parametrize("odd", ["fifo", "zero", "link"])
def test_a_journal_that_is_no_file(odd: str, tmp_path: Path) -> None:
    """It is never waited for, and never read without end."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    journal = root / ".git/ticketctl/journal.jsonl"
    if odd == "fifo":
        os.mkfifo(journal)
    else:
        journal.symlink_to("/dev/zero" if odd == "zero" else "nowhere")
    ran = ticketctl(root, "note", "aaaaa", "-m", "x")
    assert ran.status == 0 or (ran.status == 71 and "journal.jsonl" in ran.err), ran
