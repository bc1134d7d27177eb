"""``check --changed`` finds what ``check`` finds, and skips what was found right.

``tests/store/index/test_changes.py`` shows that it does so whatever happens to the
files. These tests show what else it must not trust.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.index_stores import GITCONFIG, git
from tests.support.state import found
from tests.support.stores import done, make_store, make_tickets, ticketctl
from ticketctl.app import check_changed
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import fold
from ticketctl.store.index import changes, stamps, verified
from ticketctl.store.index.database import Index
from ticketctl.store.profiles import built_in
from ticketctl.store.tickets import Store, path_of
from ticketctl.store.yaml.writer import emit

AT = "2026-11-02T12:00"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of three tickets, all found right."""
    made = make_store(tmp_path / "store")
    make_tickets(made, "aaaaa", "bbbbb", "ccccc")
    assert said(made) == "0 problems in 3 tickets"
    assert said(made) == "0 problems in 0 tickets; 3 checked before"
    return made


def said(root: Path, *words: str, now: str = AT) -> str:
    """What ``check --changed`` says in the end, on stderr."""
    return ticketctl(root, "check", "--changed", *words, now=now).err.strip()


def file_of(root: Path, half: str) -> Path:
    """Where a ticket lies."""
    return root / path_of(f"261102-{half}")


def test_only_what_changed(root: Path) -> None:
    """A ticket that changes is looked at again, a new one too; one that goes is no
    matter."""
    done(root, "note", "aaaaa", "-m", "Seen.")
    make_tickets(root, "ddddd")
    file_of(root, "bbbbb").unlink()
    assert said(root) == "0 problems in 2 tickets; 1 checked before"
    assert said(root) == "0 problems in 0 tickets; 3 checked before"


def test_what_is_wrong_is_reported_each_time(root: Path) -> None:
    """Until it is mended; with the status of a check."""
    whole = file_of(root, "aaaaa").read_bytes()
    for wrong, status in (
        (whole.replace(b"status: New", b"status: Open"), 1),
        (b"nothing\n", 65),
    ):
        file_of(root, "aaaaa").write_bytes(wrong)
        for _ in range(2):
            ran, full = (
                ticketctl(root, "check", "--changed", now=AT),
                ticketctl(root, "check", now=AT),
            )
            assert (ran.out, ran.status) == (
                full.out,
                full.status,
            )
            assert full.status == status
            assert ran.err.strip() == "1 problem in 1 ticket; 2 checked before"
    file_of(root, "aaaaa").write_bytes(whole)
    assert said(root).startswith("0 problems in 0 tickets; 3"), (
        "these bytes were found right once"
    )
    (file_of(root, "aaaaa").parent / "copy.yaml").write_bytes(whole)
    assert said(root).startswith("1 problem in 1 ticket; 3"), (
        "what is no ticket is found without the index"
    )


def test_other_rules(root: Path) -> None:
    """Whatever a check goes by makes all of them doubtful: the profile, an old version
    of it, the people."""
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
            (root / "ticketctl.yaml").read_text()
            + "people: {amy@support.example: {roles: [agent]}}\n"
        ),
    ):
        said(root)
        assert said(root) == "0 problems in 0 tickets; 3 checked before"
        change()
        assert said(root) == "0 problems in 3 tickets"


def test_what_passing_time_can_break(root: Path) -> None:
    """A status that is kept only while a date is to come: right today is not right for
    ever."""
    own = root / "profiles/biztech.yaml"
    own.parent.mkdir()
    text = Path(f"{built_in()}/biztech.yaml").read_text()
    keeps = 'keeps: [{field: assignee, present: true, say: "an Open'
    assert keeps in text
    own.write_text(
        text.replace(
            keeps, "keeps: [{field: due, in_future: true, say: late}, " + keeps[8:]
        )
    )
    done(
        root,
        "move",
        "aaaaa",
        "Open",
        "--due",
        "2026-11-05",
        "-a",
        "amy@support.example",
        now=AT,
    )
    for _ in range(2):
        assert said(root).startswith("0 problems in")
        assert "; 2 checked" in said(root)
    ran = ticketctl(root, "check", "--changed", now="2026-11-06T12:00")
    assert ran.status == 1
    assert "a ticket can be Open only if: late" in ran.out
    assert ran.out == ticketctl(root, "check", now="2026-11-06T12:00").out


def test_what_lies_elsewhere(root: Path) -> None:
    """The file of an attachment may go, and come back; the ticket knows nothing of it."""
    ticket = Store(str(root)).read("261102-aaaaa").ticket
    entry = Entry(
        at="2026-11-02T11:00:00Z",
        by="amy@support.example",
        role="agent",
        event="noted",
        note="x",
        files=("a.txt",),
    )
    whole = fold([*ticket.history, seal(ticket.history, entry)])
    file_of(root, "aaaaa").write_bytes(emit(whole))
    lies = root / f"attachments/{whole.id}/{whole.history[-1].id}-a.txt"
    lies.parent.mkdir(parents=True)
    lies.write_text("here")
    assert said(root) == "0 problems in 1 ticket; 2 checked before"
    assert said(root) == "0 problems in 0 tickets; 3 checked before"
    lies.rename(root / "away")
    for _ in range(2):
        assert said(root) == "0 problems, 1 warning in 1 ticket; 2 checked before"
    (root / "away").rename(lies)
    assert said(root) == "0 problems in 0 tickets; 3 checked before"
    file_of(root, "aaaaa").write_bytes(emit(ticket))
    lies.unlink()
    assert said(root) == "0 problems in 1 ticket; 2 checked before", (
        "an attachment of what was there once"
    )


def test_a_change_between_index_and_reading(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is noted, if it is what the index has: what came in between is
    looked at next time."""
    path, read_ticket_at = file_of(root, "aaaaa"), check_changed.read_ticket_at
    was = path.read_bytes()
    done(root, "note", "aaaaa", "-m", "Seen.")

    def late(*words: object) -> object:
        path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
        return read_ticket_at(*words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(check_changed, "read_ticket_at", late)
        assert said(root).startswith("1 problem in 1 ticket")
    path.write_bytes(was)
    assert said(root).startswith("0 problems in 0 tickets"), "as it was at first"

    def soon(*words: object) -> object:
        path.write_bytes(was)
        return read_ticket_at(*words)  # type: ignore[arg-type]

    path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
    with monkeypatch.context() as patch:
        patch.setattr(check_changed, "read_ticket_at", soon)
        assert said(root).startswith("0 problems in 1 ticket"), (
            "it was mended before it was read"
        )
    path.write_bytes(was.replace(b"Please help.", b"Please hurry"))
    assert said(root).startswith("1 problem in 1 ticket"), (
        "and what is wrong was never noted as right"
    )


def test_an_index_that_cannot_be_written(root: Path) -> None:
    """Somebody else is writing it: the answer is the same, and nothing is noted."""
    done(root, "note", "aaaaa", "-m", "Seen.")
    done(root, "list", now=AT)
    path = Index.newest(found(root))
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert said(root) == "0 problems in 1 ticket; 2 checked before"
    other.execute("ROLLBACK")
    other.close()
    assert said(root) == "0 problems in 1 ticket; 2 checked before"
    assert said(root) == "0 problems in 0 tickets; 3 checked before"
    os.truncate(path, 5000)
    assert said(root) == "0 problems in 3 tickets"


def test_changed_is_refused_with_other_selections(root: Path) -> None:
    """It cannot be asked together with what else says which tickets are meant; JSON
    says how many were looked at."""
    for words in (("aaaaa",), ("--staged",), ("--range", "HEAD..")):
        ran = ticketctl(root, "check", "--changed", *words)
        assert ran.status == 2
        assert "use only one of: ids, --changed, --staged, --range" in ran.err
    assert (
        json.loads(ticketctl(root, "check", "--changed", "--format", "json").out)[
            "checked"
        ]
        == 0
    )


@pytest.mark.parametrize("large", [False, True])
def test_what_git_does_not_see(
    large: bool, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder or a FIFO named like a ticket is nothing to git, but it is to a
    check."""
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text(GITCONFIG)
    git(root, "init", "-q")
    git(root, "add", "tickets")
    git(root, "commit", "-qm", "x")
    monkeypatch.setattr(changes, "LARGE", 0 if large else 2000)
    monkeypatch.setattr(changes, "_LARGE_BYTES", 0 if large else 1 << 20)
    file_of(root, "zzzzz").mkdir()
    os.mkfifo(file_of(root, "yyyyy"))
    os.mkfifo(root / "tickets/2031")
    ran, whole = (
        ticketctl(root, "check", "--changed", now=AT),
        ticketctl(root, "check", now=AT),
    )
    assert (ran.out, ran.status) == (whole.out, 65)
    assert ran.out.count("\n") == 3


def test_rules_that_change_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was judged by a profile that came and went is not taken to be right by the
    one before it."""
    own = root / "profiles/biztech.yaml"
    own.parent.mkdir()
    good = Path(f"{built_in()}/biztech.yaml").read_text()
    bad = good.replace("  New:\n", "  Newest:\n")
    own.write_text(bad)
    assert ticketctl(root, "check", "--changed", now=AT).status != 0
    inner = check_changed._doubtful

    def meanwhile(*words: object) -> object:
        found = inner(*words)  # type: ignore[arg-type]
        own.write_text(good)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(check_changed, "_doubtful", meanwhile)
        assert ticketctl(root, "check", "--changed", now=AT).status == 0, (
            "judged by the good one"
        )
    own.write_text(bad)
    again, whole = (
        ticketctl(root, "check", "--changed", now=AT),
        ticketctl(root, "check", now=AT),
    )
    assert (again.out, again.status) == (whole.out, whole.status)
    assert whole.status != 0


def test_a_profile_that_comes_to_be_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in its place is refused, wherever it leads, and so are its tickets: no
    built-in one stands in for it."""
    later = SimpleNamespace(
        time_ns=lambda: time.time_ns() + 10**10
    )  # no file is so young that it is read for that
    monkeypatch.setattr(stamps, "time", later)
    assert said(root).startswith("0 problems")
    (root / "profiles").mkdir()
    (root / "profiles/biztech.yaml").symlink_to(tmp_path / "away.yaml")
    for leads in (False, True):
        if leads:
            shutil.copy(f"{built_in()}/biztech.yaml", tmp_path / "away.yaml")
        ran, whole = (
            ticketctl(root, "check", "--changed", now=AT),
            ticketctl(root, "check", now=AT),
        )
        assert (ran.out, ran.status) == (whole.out, whole.status)
        assert whole.out.count("symbolic link") == 3


ALIEN = {
    "more columns": "CREATE TABLE sound (path TEXT PRIMARY KEY, blob BLOB, files TEXT, x TEXT)",
    "other columns": "CREATE TABLE sound (a, b)",
    "a view": "CREATE VIEW sound AS SELECT path, blob, x'41' AS files FROM tickets",
    "numbers": "CREATE TABLE sound AS SELECT path, blob, 5 AS files FROM tickets",
}


@pytest.mark.parametrize("made", ALIEN)
def test_a_table_that_is_not_ours(made: str, root: Path) -> None:
    """What somebody else has put into the index ends nothing: tickets are looked at, or
    the index is made anew."""
    path = Index.newest(found(root))
    assert path is not None
    with closing(sqlite3.connect(path)) as index:
        index.executescript(f"DROP TABLE sound; {ALIEN[made]}")
    assert said(root) == "0 problems in 3 tickets"


@pytest.mark.parametrize("step", ["unverified_tickets", "verified_with_files"])
@pytest.mark.parametrize("harm", ["truncated", "locked"])
def test_an_index_that_is_damaged_while_it_is_read(
    step: str, harm: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is damaged, or locked and kept so, while it is asked: the answer is the
    same, and it does not wait for ever."""
    path, inner, todo = Index.newest(found(root)), getattr(verified, step), [1]
    assert path is not None
    done(root, "note", "aaaaa", "-m", "Seen.")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        def harming(index: Index) -> object:
            if todo:
                todo.pop()
                if harm == "truncated":
                    os.truncate(path, 5000)
                else:
                    other.execute("BEGIN EXCLUSIVE")
            return inner(index)

        monkeypatch.setattr(verified, step, harming)
        ran = ticketctl(root, "check", "--changed", now=AT)
    assert (ran.status, ran.out) == (0, "") and ran.err.startswith("0 problems in "), (
        ran
    )
