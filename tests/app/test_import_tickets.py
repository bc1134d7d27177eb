"""``export``, ``import`` and ``new --from``: all rows or none, in one commit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.due_stores import before_file, git
from tests.support.kills import killed
from tests.support.rows import lines
from tests.support.shell import Ran
from tests.support.stores import (
    AMY,
    NOW,
    done,
    files_of,
    leftovers,
    make_store,
    make_tickets,
    ticketctl,
)
from ticketctl.app import change
from ticketctl.store.paths import path_of

ROW = {
    "title": "Old printer",
    "created": "2024-03-01T10:00",
    "status": "Closed",
    "customer": "ann@customer.example",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with three tickets."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb", "ccccc")
    done(root, "move", "aaaaa", "bbbbb", "Open", "-a", "amy@support.example")
    done(root, "reply", "bbbbb", "-m", "Two lines:\n- one\n- two")
    return root


def piped(root: Path, text: str, *words: str) -> Ran:
    """A real process that is given something on stdin."""
    command = [
        sys.executable,
        "-m",
        "ticketctl",
        "-C",
        str(root),
        "--as",
        AMY,
        "--now",
        NOW,
        *words,
    ]
    ran = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=60
    )
    return Ran(ran.stdout, ran.returncode, ran.stderr)


def test_what_is_exported_comes_back_byte_for_byte(root: Path, tmp_path: Path) -> None:
    """A store taken over is the same files; taken over again, nothing happens; a query
    takes a part of it."""
    other = make_store(tmp_path / "other")
    text = done(root, "export")
    assert len(text.splitlines()) == 3
    assert piped(other, text, "import", "-") == Ran("", 0, "3 tickets imported\n")
    assert files_of(other, "tickets") == files_of(root, "tickets")
    assert (
        "0 tickets imported; 3 tickets there already"
        in piped(other, text, "import", "-").err
    )
    assert len(done(root, "export", "status:Open").splitlines()) == 2
    assert done(other, "check") == ""


def test_a_row_becomes_a_ticket_of_its_own_day(root: Path) -> None:
    """It lies under the day on which it was opened, has the status that it had, and the
    checker has nothing against it."""
    assert piped(root, lines(ROW), "import", "-").status == 0
    (found,) = json.loads(
        done(root, "list", "-A", "created:..2025-01-01", "--format", "json")
    )["tickets"]
    assert (found["status"], found["created"], found["id"][:6]) == (
        "Closed",
        "2024-03-01T10:00:00Z",
        "240301",
    )
    assert done(root, "check") == ""


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "an entry changed": lambda row: row["history"][0].update(by="eve@customer.example"),
    "an entry taken away": lambda row: row["history"].pop(0),
    "an entry of a later time": lambda row: row["history"][1].update(
        at="2026-11-02T09:00"
    ),
    "an id that is none": lambda row: row.update(id="../../x"),
    "the id of another": lambda row: row.update(id="261102-zzzzz"),
    "no history": lambda row: row.update(history=[]),
    "a status that is none": lambda row: row["history"][-1].update(to="Nowhere"),
    "not an object": lambda row: row.update(history=[3, None, ["x"]]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_not_imported(name: str, root: Path, tmp_path: Path) -> None:
    """One bad row, and nothing of the whole file is written; its place and what is
    wrong are said."""
    other = make_store(tmp_path / "other")
    rows = [json.loads(line) for line in done(root, "export").splitlines()]
    WRONG[name](rows[1])
    ran = piped(other, lines(*rows), "import", "-")
    assert ran.status in (1, 2) and ran.err.startswith("error: stdin, row 2: "), ran
    assert files_of(other, "tickets") == {}
    assert leftovers(other) == []


def test_another_ticket_of_that_id_stays(root: Path) -> None:
    """What is there is never written over: neither by what came before it, which is
    there already, nor by what went another way."""
    text = done(root, "export")
    done(root, "note", "aaaaa", "-m", "Later.")
    before = files_of(root, "tickets")
    assert (
        "0 tickets imported; 3 tickets there already"
        in piped(root, text, "import", "-").err
    )
    assert files_of(root, "tickets") == before
    later = done(root, "export")
    for path in root.glob("tickets/*/*/*/*-aaaaa.yaml"):
        path.write_bytes(
            path.read_bytes().partition(b"- id: ")[0]
            + b"- id: "
            + path.read_bytes().split(b"- id: ")[1]
        )
    done(root, "edit", "--adopt", "aaaaa")
    before = files_of(root, "tickets")
    ran = piped(root, later, "import", "-")
    assert ran.status == 1
    assert "already, and it is another" in ran.err
    assert files_of(root, "tickets") == before


def test_only_staff_import(root: Path) -> None:
    """A customer who may open their own tickets may not bring in closed ones of others."""
    words = [
        sys.executable,
        "-m",
        "ticketctl",
        "-C",
        str(root),
        "--as",
        "customer:eve@customer.example",
        "import",
        "-",
    ]
    ran = subprocess.run(
        words, input=lines(ROW), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "only staff" in ran.stderr


PEOPLE = "people:\n  amy@support.example: {roles: [agent]}\n"


@pytest.mark.parametrize(
    "as_", ["agent:eve@customer.example", "system:x", "customer:eve@customer.example"]
)
def test_an_import_needs_a_role_of_the_importer(
    as_: str, root: Path, tmp_path: Path
) -> None:
    """Neither rows nor whole histories, which anybody could have made up: where people
    are listed, they are held to it."""
    other = make_store(tmp_path / "other", PEOPLE)
    for name, text in (("rows", lines(ROW)), ("histories", done(root, "export"))):
        (tmp_path / name).write_text(text)
        assert ticketctl(other, "import", str(tmp_path / name), as_=as_).status == 1
        assert files_of(other, "tickets") == {}
        assert ticketctl(other, "import", str(tmp_path / name)).status == 0
        (other / "tickets").rename(tmp_path / f"gone-{name}")


@pytest.mark.parametrize(
    "words", [("import", "-"), ("new", "--from", "-")], ids=" ".join
)
def test_two_rows_of_one_id(words: tuple[str, ...], root: Path) -> None:
    """Neither writes over the other: the second is refused, and nothing is written."""
    before = files_of(root, "tickets")
    row = {"id": "261102-zzzzz", "title": "One", "customer": "a@customer.example"}
    ran = piped(root, lines(row, {**row, "title": "Two"}), *words)
    assert ran.status in (1, 2)
    assert "another row has the id 261102-zzzzz" in ran.err
    assert files_of(root, "tickets") == before
    assert leftovers(root) == []


def test_ids_that_are_drawn_are_never_alike(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of some thousand tickets a day two would be, by chance: then another is drawn."""
    drawn = iter(
        "aaaaa" + "fffff" + "fffff" + "bbbbb" + "ggggg"
    )  # two of these are on the disk, one is another row's
    monkeypatch.setattr("ticketctl.store.paths.random_char", lambda: next(drawn))
    (tmp_path / "rows.jsonl").write_text(
        lines(*[{"title": "x", "customer": "a@customer.example"}] * 2)
    )
    assert [
        id_[7:]
        for id_ in done(root, "new", "--from", str(tmp_path / "rows.jsonl")).split()
    ] == ["fffff", "ggggg"]


ROWS = {
    "title,customer\nOne,a@customer.example\nTwo\n": "row 2: more or fewer cells than the heading",
    "title,customer,quiet\nOne,a@customer.example,yes\n": 'row 1: there is no column "quiet"',
    "title,customer,via\nOne,a@customer.example,pigeon\n": 'row 1: there is no column "via"',
    "title,customer,pairs\nOne,a@customer.example,x=y\n": 'row 1: there is no column "pairs"',
}


@pytest.mark.parametrize("text", ROWS)
def test_rows_that_are_none(text: str, root: Path, tmp_path: Path) -> None:
    """What is wrong is said with its row; a column is never taken for an option of
    ours."""
    (tmp_path / "rows.csv").write_text(text)
    ran = ticketctl(root, "new", "--from", str(tmp_path / "rows.csv"))
    assert ran.status == 2 and ROWS[text] in ran.err, ran


def test_a_long_cell_is_a_text(root: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        f"title,customer,text\nOne,a@customer.example,{'x' * 200_000}\n"
    )
    assert ticketctl(root, "new", "--from", str(tmp_path / "rows.csv")).status == 0


@pytest.mark.parametrize(
    "created", [0, "1969-01-01", "2030-01-01", "soon", "1899-01-01"]
)
def test_when_a_row_cannot_have_been_opened(created: object, root: Path) -> None:
    """Before ids reach, ahead of the clock, or at no moment at all."""
    ran = piped(root, lines({**ROW, "created": created}), "import", "-")
    assert ran.status == 2 and ran.err.startswith("error: stdin, row 1: "), ran


def test_half_a_character_is_no_text(root: Path) -> None:
    """A lone surrogate, by import or in a file, is refused with its place; it hides no
    other ticket (7)."""
    rows = [json.loads(line) for line in done(root, "export").splitlines()]
    rows[0]["history"][0]["set"]["title"] = "bad \ud800"
    assert piped(root, lines(rows[0]), "import", "-").status in (1, 2)
    path = next(root.glob("tickets/*/*/*/*-aaaaa.yaml"))
    text = path.read_text()
    path.write_text(text.replace("title: Ticket aaaaa", 'title: "bad \\uD800"'))
    assert path.read_text() != text
    ran = ticketctl(root, "list", "--format", "id")
    assert ran.status == 65
    assert len(ran.out.split()) == 2
    assert "Traceback" not in ran.err


def test_a_dry_import_writes_nothing(root: Path) -> None:
    before = files_of(root)
    assert (
        "1 ticket would be imported" in piped(root, lines(ROW), "import", "-n", "-").err
    )
    assert files_of(root, "tickets") == {
        path: data for path, data in before.items() if path.startswith("tickets/")
    }


def test_rows_are_all_or_none(root: Path) -> None:
    """``new --from``: of rows some of which are refused none is written; the first are
    told, and how many there are."""
    good, bad = (
        {"title": "Fine", "customer": "a@customer.example"},
        {"title": "No customer"},
    )
    before = files_of(root, "tickets")
    ran = piped(
        root, lines(*[good] * 30, *[bad] * 25, *[good] * 5), "new", "--from", "-"
    )
    assert ran.status == 1
    assert ran.out == ""
    assert "nothing was written: 25 of 60 rows are refused" in ran.err
    assert "and 5 more" in ran.err
    assert files_of(root, "tickets") == before
    assert leftovers(root) == []
    ran = piped(root, lines(*[good] * 30), "new", "--from", "-")
    assert ran.status == 0
    assert len(ran.out.split()) == 30
    assert all((root / path_of(id_)).exists() for id_ in ran.out.split())


def test_many_moves_are_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``move -`` writes so many at a time, tells of each, refuses each for itself, and
    commits once."""
    monkeypatch.setattr(change, "TOGETHER", 3)
    root = make_store(tmp_path / "store", "commit: auto\n")
    for words in (
        ("init", "-q"),
        ("config", "user.name", "Amy"),
        ("config", "user.email", "amy@support.example"),
    ):
        git(root, *words)
    (root / ".gitignore").write_text(".ticketctl/\n")
    names = ["aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee", "fffff", "ggggg"]
    make_tickets(root, *names)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A store")
    commits = int(git(root, "rev-list", "--count", "HEAD"))
    done(root, "move", "ddddd", "Open", "-a", "amy@support.example")
    ran = ticketctl(root, "move", *names, "aaa", "Open", "-a", "amy@support.example")
    assert ran.status == 1
    assert ran.out.count("New -> Open") == 6
    assert ran.err.count("refused") == 2, "one was Open already, one is named twice"
    assert int(git(root, "rev-list", "--count", "HEAD")) == commits + 2
    assert (
        git(root, "log", "-1", "--format=%s").strip()
        == "6 tickets: New -> Open (amy@support.example)"
    )
    assert git(root, "status", "--porcelain") == ""


def test_an_outbox_file_of_an_undone_act_is_written_over(root: Path) -> None:
    """``git reset`` takes the ticket back but not the notice; the same act again must
    not be refused for it."""
    path = root / path_of(
        next(
            id_
            for id_ in done(root, "list", "--format", "id").split()
            if id_.endswith("aaaaa")
        )
    )
    before = path.read_bytes()
    done(root, "move", "aaaaa", "Solved", "--reply", "Done.")
    path.write_bytes(before)
    assert ticketctl(root, "move", "aaaaa", "Solved", "--reply", "Done.").status == 0


def test_what_was_renamed_before_a_crash_is_committed_after_it(tmp_path: Path) -> None:
    """An import killed half way through its renames: whoever writes next finishes it,
    and commits all of it."""
    root = make_store(tmp_path / "store", "commit: auto\n")
    for words in (
        ("init", "-q"),
        ("config", "user.name", "Amy"),
        ("config", "user.email", "amy@support.example"),
    ):
        git(root, *words)
    (root / ".gitignore").write_text(".ticketctl/\n")
    make_tickets(root, "aaaaa")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A store")
    (tmp_path / "rows.jsonl").write_text(
        lines(*[{**ROW, "title": f"Ticket {number}"} for number in range(6)])
    )
    ran = killed(
        lambda: ticketctl(root, "import", str(tmp_path / "rows.jsonl")),
        before_file("tickets", 3),
    )
    assert ran.status == -signal.SIGKILL
    assert 0 < git(root, "status", "--porcelain", "-uall").count("??") < 6
    done(root, "note", "aaaaa", "-m", "Next.")
    assert git(root, "status", "--porcelain", "-uall") == ""
    assert len(done(root, "list", "-A", "--format", "id").split()) == 7
    assert "Commit what an earlier command wrote: " in git(root, "log", "--format=%s")
