"""Stores for tests of the index."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from tests.support.stores import ticketctl
from tests.support.world import CUSTOMER, World
from ticketctl.app.check import check_tickets
from ticketctl.app.check_changed import check_changed_tickets
from ticketctl.app.index.refresh import index_entry_of, parse_for_index, refreshed_index
from ticketctl.app.index.search import search
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor, Create
from ticketctl.core.query import Query, WordTerm
from ticketctl.render import json_documents
from ticketctl.store.index import changes
from ticketctl.store.index.build import build_index
from ticketctl.store.index.database import Index, IndexContents
from ticketctl.store.index.sql import select_rows
from ticketctl.store.index.stamps import FileToRead
from ticketctl.store.tickets import Store, path_of
from ticketctl.store.yaml.writer import emit

GITCONFIG = """\
[user]\n name = Amy\n email = amy@support.example\n[init]\n defaultBranch = main\n[protocol "file"]\n allow = always
[advice]\n detachedHead = false\n[gc]\n auto = 0\n[rerere]\n enabled = false\n
"""


def git(root: Path, *words: str, ok: bool = True, feed: str | None = None) -> str:
    """Run git; what it printed."""
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        text=True,
        input=feed,
        check=False,
    )
    assert not ok or done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


DAYS = ("261102", "261103", "261104")


MODES = {"stat-old": "s", "git": "g", "git-old": "g", "both-old": "sggs"}
"""How it is asked at each yield, over and over; with ``-old``, files are taken to have
lain there for long."""


ALL = ("list", "-A", "-L", "0", "--format", "jsonl")


def ticket(number: int, day: str = "261102", mark: int = 0) -> tuple[str, bytes]:
    """Path and bytes of a ticket; every third is Solved, so that time will close it."""
    world, id_ = World("biztech"), f"{day}-{number:05}"
    title = f"Ticket {number} zz{mark:04}"
    world._take(
        Create(
            id_,
            Actor(CUSTOMER, "customer"),
            title,
            "Please help.",
            sets={"customer": CUSTOMER},
        ),
        None,
    )
    if number % 3 == 0:
        world.ask("agent", "Open", assignee="amy@support.example")
        world.ask("agent", "Solved", text="Done.")
    return path_of(id_), emit(world.ticket)


def fill(root: Path, numbers: range) -> None:
    """Write tickets, over three days."""
    for number in numbers:
        path, data = ticket(number, DAYS[number % 3])
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def content(made: Index) -> dict[str, list[tuple[object, ...]]]:
    """Everything that answers are made of."""
    columns = [
        row[1]
        for row in made.all("PRAGMA table_info(tickets)")
        if row[1] not in ("blob", "stamp", "read")
    ]
    tables = {"tickets": ", ".join(columns), "broken": "*", "letters": "*"}
    found = {
        name: list(made.all(f"SELECT {what} FROM {name} ORDER BY path"))
        for name, what in tables.items()
    }
    return found | {
        "sums": list(made.all("SELECT * FROM sums WHERE number > 0 ORDER BY state"))
    }


def truth(root: Path) -> Index:
    """The oracle: an index of all files, made in memory from nothing."""
    workspace = Workspace(str(root), NOW)
    kept = [
        index_entry_of(workspace, parse_for_index(workspace, FileToRead(path)))
        for path in Store(str(root)).paths()
    ]
    entries = [one for one in kept if one is not None]
    return build_index(IndexContents(entries), None)


def same(root: Path, word: str = "", printed: bool = True) -> None:
    """What the index says is what all files say; and so do a list and a search, to the
    byte, if they are looked at."""
    with (
        closing(refreshed_index(Workspace(str(root), NOW)).connection) as connection,
        closing(truth(root).connection) as whole,
    ):
        real = Index(whole, None)
        said, want = content(Index(connection, None)), content(real)
        for name in want:
            more, less = (
                [str(row)[:90] for row in a if row not in b]
                for a, b in ((said[name], want[name]), (want[name], said[name]))
            )
            assert not more and not less, (
                f"{name}: the index alone has {more}, the files alone have {less}"
            )
            assert said[name] == want[name], name
        rows = "".join(
            json_documents.dump_line(json_documents.row(row)) + "\n"
            for row in select_rows(real, Query())
        )
        term = WordTerm(word)
        found = (
            list(
                select_rows(
                    search(Workspace(str(root), NOW), real, (term,)), Query((term,))
                )
            )
            if word
            else []
        )
        broken = len(want["broken"])
    if not printed:
        return
    ran = ticketctl(root, *ALL, now="2026-11-02T12:00")
    assert (ran.out, ran.status) == (
        rows,
        65 if broken else 0,
    ) and "Traceback" not in ran.err, ran.err
    assert not broken or f"{broken} ticket" in ran.err
    if word:
        ran = ticketctl(
            root,
            "list",
            "-A",
            "-L",
            "0",
            "--format",
            "id",
            "-S",
            word,
            now="2026-11-02T12:00",
        )
        assert ran.out.split() == [row.id for row in found]


def checked_again(root: Path) -> None:
    """What ``check --changed`` finds is what a check of all finds; what was found right
    is not looked at twice."""
    whole = check_tickets(Workspace(str(root), NOW))
    for again in (False, True):
        found = check_changed_tickets(Workspace(str(root), NOW))
        assert found.findings == whole.findings
        assert found.checked + found.passed == whole.checked
        assert not again or found.checked == len(
            {finding.place.path for finding in whole.findings}
        )


@dataclass
class Box:
    """A store under test, and the way in which it is asked."""

    root: Path
    mode: str
    patch: pytest.MonkeyPatch
    asked: list[bool] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)
    marks: Iterator[int] = field(default_factory=lambda: count(1))
    looks: Iterator[int] = field(default_factory=count)
    last: str = ""

    def turn(self) -> str:
        """Set the way for the next question."""
        way = MODES[self.mode][next(self.turns) % len(MODES[self.mode])]
        for name, large in (("LARGE", 2000), ("_LARGE_BYTES", 1200000)):
            self.patch.setattr(changes, name, 0 if way == "g" else large)
        return way

    def check(self, root: Path | None = None) -> None:
        """The promise."""
        way, before = self.turn(), len(self.asked)
        look = next(self.looks)
        same(root or self.root, self.last, look % 5 == 0)
        if look % 5 == 2:
            checked_again(root or self.root)
        assert (len(self.asked) > before) == (
            way == "g" and not (self.root / "tickets").is_symlink()
        )
        if "old" in self.mode:
            time.sleep(
                0.012
            )  # files are taken to be old: then no two changes may share a tick of the kernel's clock

    def git(self, *words: str, ok: bool = True, feed: str | None = None) -> str:
        return git(self.root, *words, ok=ok, feed=feed)

    def path(self, number: int) -> Path:
        """One of the ticket files that there are."""
        paths = sorted(self.root.glob("tickets/20*/*/*/*.yaml"))
        return paths[number % len(paths)]

    def edit(
        self,
        path: int | Path,
        kept: bool = False,
        replaced: bool = False,
        target: str = r"zz\d{4}",
    ) -> Path:
        """Change a ticket (head and history: of these rows are made) and not its size;
        with its time kept, or as editors do."""
        if "old" in self.mode:
            time.sleep(
                0.012
            )  # no two changes may share a tick of the kernel's clock, since all files are taken to be old
        path = self.path(path) if isinstance(path, int) else path
        self.last = f"zz{next(self.marks):04}"
        was, data = (
            path.stat(),
            re.sub(target.encode(), self.last.encode(), path.read_bytes()),
        )
        into = path.with_name("new~") if replaced else path
        into.write_bytes(data)
        if kept and (self.mode == "git" or "g" not in MODES[self.mode]):
            # Git itself compares whole seconds: with its time put back, a second edit
            # within one it does not see. It is seen where the file was read as young,
            # for which our clock must be right.
            os.utime(into, ns=(was.st_atime_ns, was.st_mtime_ns))
        os.replace(into, path)
        return path

    def add(self, number: int, day: str = "261105") -> Path:
        """A new ticket."""
        name, data = ticket(number, day, next(self.marks))
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(data)
        return self.root / name

    def rename(self, number: int, name: str) -> None:
        """Give a ticket another place."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        self.path(number).rename(self.root / name)

    def commit(self, *words: str, ok: bool = True) -> None:
        self.git("add", "-A", "tickets", ok=False)
        self.git("commit", "-qm", "x", "--allow-empty", *words, ok=ok)

    def fill_up(self, least: int, chance: random.Random) -> None:
        """See to it that there are some tickets."""
        while len(list(self.root.glob("tickets/20*/*/*/*.yaml"))) < least:
            self.add(chance.randrange(300, 999))
