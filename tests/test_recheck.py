"""``check --changed`` finds what a check of all finds, and looks at nothing twice that was found right.

That it does so whatever happens to the files, is told by the stories of ``test_freshness.py``; here is what else it
must not believe.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.test_kill import done, make_store, make_tickets, ticketctl
from ticketctl.app import recheck
from ticketctl.core.chain import seal
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import fold
from ticketctl.store.codec import emit
from ticketctl.store.index import Index
from ticketctl.store.profiles import built_in
from ticketctl.store.tickets import Store, path_of

AT = "2026-11-02T12:00"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of three tickets, all found right."""
    made = make_store(tmp_path / "store")
    make_tickets(made, "aaaaa", "bbbbb", "ccccc")
    assert said(made) == "0 problems in 3 tickets"
    assert said(made) == "0 problems in 0 tickets; 3 found right before"
    return made


def said(root: Path, *words: str, now: str = AT) -> str:
    """What ``check --changed`` says in the end, on stderr."""
    return ticketctl(root, "check", "--changed", *words, now=now).err.strip()


def file_of(root: Path, half: str) -> Path:
    return root / path_of(f"261102-{half}")


def test_only_what_changed(root: Path) -> None:
    """A ticket that changes is looked at again, a new one too; one that goes is no matter."""
    done(root, "note", "aaaaa", "-m", "Seen.")
    make_tickets(root, "ddddd")
    file_of(root, "bbbbb").unlink()
    assert said(root) == "0 problems in 2 tickets; 1 found right before"
    assert said(root) == "0 problems in 0 tickets; 3 found right before"


def test_what_is_wrong_is_said_each_time(root: Path) -> None:
    """Until it is mended; with the status of a check."""
    whole = file_of(root, "aaaaa").read_bytes()
    for wrong, status in (
        (whole.replace(b"status: New", b"status: Open"), 1), (b"nothing\n", 65),
    ):  # fmt: skip
        file_of(root, "aaaaa").write_bytes(wrong)
        for _ in range(2):
            ran, full = ticketctl(root, "check", "--changed", now=AT), ticketctl(root, "check", now=AT)
            assert (ran.out, ran.status) == (full.out, full.status) and full.status == status
            assert ran.err.strip() == "1 problem in 1 ticket; 2 found right before"
    file_of(root, "aaaaa").write_bytes(whole)
    assert said(root).startswith("0 problems in 0 tickets; 3"), "these bytes were found right once"
    (file_of(root, "aaaaa").parent / "copy.yaml").write_bytes(whole)
    assert said(root).startswith("1 problem in 1 ticket; 3"), "what is no ticket is found without the index"


def test_other_rules(root: Path) -> None:
    """Whatever a check goes by makes all of them doubtful: the profile, an old version of it, the people."""
    own = root / "profiles/biztech.yaml"
    own.parent.mkdir()
    text = Path(f"{built_in()}/biztech.yaml").read_text()
    own.write_text(text.replace("  New:\n", "  Newest:\n", 1))
    assert ticketctl(root, "check", "--changed", now=AT).status != 0
    own.write_text(text)
    for change in (
        lambda: own.write_text(text + "# looked at\n"),
        lambda: (root / "profiles/biztech@0.yaml").write_text(text),
        lambda: (root / "ticketctl.yaml").write_text(
            (root / "ticketctl.yaml").read_text() + "people: {amy@support.example: {roles: [agent]}}\n"
        ),
    ):
        said(root)
        assert said(root) == "0 problems in 0 tickets; 3 found right before"
        change()
        assert said(root) == "0 problems in 3 tickets"


def test_what_time_can_break(root: Path) -> None:
    """A status that is kept only while a date is to come: right today is not right for ever."""
    own = root / "profiles/biztech.yaml"
    own.parent.mkdir()
    text = Path(f"{built_in()}/biztech.yaml").read_text()
    keeps = 'keeps: [{field: assignee, present: true, say: "an Open'
    assert keeps in text
    own.write_text(text.replace(keeps, "keeps: [{field: due, in_future: true, say: late}, " + keeps[8:]))
    done(root, "move", "aaaaa", "Open", "--due", "2026-11-05", "-a", "amy@support.example", now=AT)
    for _ in range(2):
        assert said(root).startswith("0 problems in") and ("; 2 found" in said(root))
    ran = ticketctl(root, "check", "--changed", now="2026-11-06T12:00")
    assert ran.status == 1 and "Open is kept only while: late" in ran.out
    assert ran.out == ticketctl(root, "check", now="2026-11-06T12:00").out


def test_what_lies_elsewhere(root: Path) -> None:
    """The file of an attachment may go, and come back; the ticket knows nothing of it."""
    ticket = Store(str(root)).read("261102-aaaaa").ticket
    entry = Entry(
        at="2026-11-02T11:00:00Z", by="amy@support.example", role="agent", event="noted", note="x", files=("a.txt",)
    )
    whole = fold([*ticket.history, seal(ticket.history, entry)])
    file_of(root, "aaaaa").write_bytes(emit(whole))
    lies = root / f"attachments/{whole.id}/{whole.history[-1].id}-a.txt"
    lies.parent.mkdir(parents=True)
    lies.write_text("here")
    assert said(root) == "0 problems in 1 ticket; 2 found right before"
    assert said(root) == "0 problems in 0 tickets; 3 found right before"
    lies.rename(root / "away")
    for _ in range(2):
        assert said(root) == "0 problems, 1 warning in 1 ticket; 2 found right before"
    (root / "away").rename(lies)
    assert said(root) == "0 problems in 0 tickets; 3 found right before"
    file_of(root, "aaaaa").write_bytes(emit(ticket))
    lies.unlink()
    assert said(root) == "0 problems in 1 ticket; 2 found right before", "an attachment of what was there once"


def test_a_change_between_index_and_reading(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is noted, if it is what the index has: what came in between is looked at next time."""
    path, read_at = file_of(root, "aaaaa"), recheck.read_at
    was = path.read_bytes()
    done(root, "note", "aaaaa", "-m", "Seen.")

    def late(*words: object) -> object:
        path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
        return read_at(*words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(recheck, "read_at", late)
        assert said(root).startswith("1 problem in 1 ticket")
    path.write_bytes(was)
    assert said(root).startswith("0 problems in 0 tickets"), "as it was at first"

    def soon(*words: object) -> object:
        path.write_bytes(was)
        return read_at(*words)  # type: ignore[arg-type]

    path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
    with monkeypatch.context() as patch:
        patch.setattr(recheck, "read_at", soon)
        assert said(root).startswith("0 problems in 1 ticket"), "it was mended before it was read"
    path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
    assert said(root).startswith("1 problem in 1 ticket"), "and what is wrong was never noted as right"


def test_an_index_that_cannot_be_written(root: Path) -> None:
    """Somebody else is writing it: the answer is the same, and nothing is noted."""
    done(root, "note", "aaaaa", "-m", "Seen.")
    done(root, "list", now=AT)
    path = Index.newest(str(root))
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert said(root) == "0 problems in 1 ticket; 2 found right before"
    other.execute("ROLLBACK")
    other.close()
    assert said(root) == "0 problems in 1 ticket; 2 found right before"
    assert said(root) == "0 problems in 0 tickets; 3 found right before"
    os.truncate(path, 5000)
    assert said(root) == "0 problems in 3 tickets"


def test_one_of_them(root: Path) -> None:
    """It cannot be asked together with what else says which tickets are meant; JSON says how many were looked at."""
    for words in (("aaaaa",), ("--staged",), ("--range", "HEAD..")):
        ran = ticketctl(root, "check", "--changed", *words)
        assert ran.status == 2 and "check takes ids, --changed, --staged or --range, one of them" in ran.err
    assert json.loads(ticketctl(root, "check", "--changed", "--format", "json").out)["checked"] == 0
