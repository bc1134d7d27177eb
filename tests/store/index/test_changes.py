"""The index never changes an answer (hazard 20): whatever happens to the files, a list
is what a full read of them says.

Each scenario is a story in a store of its own: it does something and yields, and at
every yield what the index says is held against an index made of all files, in memory.
Every story is told by stat, by git, and by both in turn; with a clock by which files
are young (nothing may be trusted), and by which they are old (what is unchanged is not
read).
"""

from __future__ import annotations

import gc
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.campaign import FULL, rounds
from tests.support.index_stores import GITCONFIG, git
from tests.support.kills import Child
from tests.support.shell import Ran
from tests.support.state import found, state_of
from tests.support.stores import files_of, ticketctl
from tests.support.world import CUSTOMER, World
from ticketctl.app.check import check_tickets
from ticketctl.app.check_changed import check_changed_tickets
from ticketctl.app.index import refresh
from ticketctl.app.index.refresh import fresh, keep, see
from ticketctl.app.index.search import search
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor, Create
from ticketctl.core.query import Query, Term
from ticketctl.render import json_documents
from ticketctl.store.index import changes, git_changes, stamps
from ticketctl.store.index.build import build_index
from ticketctl.store.index.change_set import FileToRead
from ticketctl.store.index.database import Index, IndexContents
from ticketctl.store.index.sql import select
from ticketctl.store.profiles import built_in
from ticketctl.store.tickets import Store, path_of
from ticketctl.store.writing import sync
from ticketctl.store.yaml.writer import emit

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
        keep(workspace, see(workspace, FileToRead(path)))
        for path in Store(str(root)).paths()
    ]
    entries = [one for one in kept if one is not None]
    return build_index(IndexContents(entries), None)


def same(root: Path, word: str = "", printed: bool = True) -> None:
    """What the index says is what all files say; and so do a list and a search, to the
    byte, if they are looked at."""
    with (
        closing(fresh(Workspace(str(root), NOW)).connection) as connection,
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
            for row in select(real, Query())
        )
        term = Term("words", "word", (word,))
        found = (
            list(
                select(search(Workspace(str(root), NOW), real, (term,)), Query((term,)))
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


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two branches; ``other`` changes a ticket, takes one away and
    adds one."""
    root = tmp_path_factory.mktemp("template")
    (root / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    (root / ".gitignore").write_text(".ticketctl\n")
    git(root, "-c", "init.defaultBranch=main", "init", "-q")
    (
        git(root, "config", "user.name", "Amy"),
        git(root, "config", "user.email", "amy@support.example"),
    )
    box = Box(root, "stat", pytest.MonkeyPatch())
    fill(root, range(9))
    git(root, "add", "-A"), git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "other")
    box.edit(0), box.path(1).unlink(), box.add(90), box.commit()
    git(root, "checkout", "-q", "main")
    fill(root, range(9, 12))
    box.commit()
    ticketctl(root, "list")
    for path in root.glob(".git/ticketctl/index*"):
        path.unlink()
    return root


@pytest.fixture(params=MODES)
def box(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Box:
    """A store that is asked in one of the ways, with a warm index."""
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text(GITCONFIG)
    made = Box(tmp_path / "store", request.param, monkeypatch)
    shutil.copytree(template, made.root, symlinks=True)
    ahead = 10_000_000_000 if "old" in made.mode else 0

    def spied(ask: Callable[..., object]) -> Callable[..., object]:
        def spy(*words: object) -> object:
            found = ask(*words)
            made.asked.append(found is not None)
            return found

        return spy

    for name in ("changes_by_git", "state_in_head"):
        monkeypatch.setattr(changes, name, spied(getattr(changes, name)))
    monkeypatch.setattr(
        stamps, "time", SimpleNamespace(time_ns=lambda: time.time_ns() + ahead)
    )
    made.check()
    made.check()
    return made


Story = Callable[[Box], Iterator[object]]


STORIES: dict[str, Story] = {}


ELSEWHERE = {
    "nested",
    "nested_in_a_day",
    "submodule",
    "git_taken_away",
    "core_worktree",
    "tickets_behind_a_link",
    "filtered",
    "line_ends",
    "keywords",
}
"""The stories in which git may not be able to answer, so that every file is looked at.
"""


def story(tell: Story) -> Story:
    STORIES[tell.__name__] = tell
    return tell


# --- hands ---


@story
def edited(b: Box) -> Iterator[object]:
    for kept in (False, True):
        for replaced in (False, True):
            yield b.edit(0, kept, replaced), b.edit(5, kept, replaced)
            yield b.edit(0, kept, replaced)


@story
def edited_and_back(b: Box) -> Iterator[object]:
    path, held = b.path(3), b.path(3).read_bytes()
    for kept in (False, True, True):
        yield b.edit(path, kept)
        yield path.write_bytes(held)


@story
def came_and_went(b: Box) -> Iterator[object]:
    path, held = b.path(2), b.path(2).read_bytes()
    yield path.unlink(), b.add(50)
    yield path.write_bytes(held), b.path(-1).unlink()
    yield shutil.rmtree(path.parent)
    yield shutil.rmtree(b.root / "tickets"), (b.root / "tickets").mkdir()
    yield b.git("checkout", "--", "tickets")


@story
def moved_to_another_day(b: Box) -> Iterator[object]:
    path, away = b.path(0), b.root / "tickets/2026/11/03/261102-moved.yaml"
    yield path.rename(away)
    yield away.rename(path)
    yield shutil.move(path.parent, b.root / "tickets/2026/11/22")
    yield (
        b.git("reset", "-q", "--hard"),
        shutil.move(b.root / "tickets/2026/11/22", b.root / "aside"),
    )


@story
def other_things_in_place(b: Box) -> Iterator[object]:
    path, aside = b.path(0), b.root / "aside"
    for put in (
        lambda: path.symlink_to(b.path(2)),
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to("x"),
    ):
        path.rename(aside), put()
        yield
        yield
        shutil.rmtree(
            path
        ) if path.is_dir() and not path.is_symlink() else path.unlink()
        yield aside.rename(path)
    path.unlink(), path.mkdir(), (path / "x").write_text("x")
    yield


@story
def folders_behind_links(b: Box) -> Iterator[object]:
    for name in ("tickets/2026/11/03", "tickets/2026/11", "tickets/2026"):
        folder, aside = b.root / name, b.root.parent / "elsewhere"
        folder.rename(aside), folder.symlink_to(aside)
        yield
        yield [b.edit(path) for path in list(aside.rglob("*.yaml"))[:1]]
        folder.unlink(), folder.write_text("a file")
        yield
        folder.unlink(), aside.rename(folder)
        yield


@story
def tickets_behind_a_link(b: Box) -> Iterator[object]:
    folder, aside = b.root / "tickets", b.root.parent / "elsewhere"
    folder.rename(aside), folder.symlink_to(aside)
    yield
    yield b.edit(next(aside.rglob("*.yaml")))
    folder.unlink(), aside.rename(folder)
    yield


# --- git ---


@story
def branches(b: Box) -> Iterator[object]:
    for dirty in (False, True):
        for branch in ("other", "main", "--detach"):
            yield dirty and b.edit(-2)
            yield b.git("checkout", "-q", branch)
    yield b.git("symbolic-ref", "HEAD", "refs/heads/other")
    yield b.edit(0), b.git("update-ref", "HEAD", "main")


@story
def merged_and_rebased(b: Box) -> Iterator[object]:
    yield b.git("merge", "-q", "--no-edit", "other")
    yield b.git("reset", "-q", "--hard", "HEAD~1")
    yield b.edit(5), b.commit()
    yield b.git("rebase", "-q", "other")
    yield b.git("reset", "-q", "--hard", "ORIG_HEAD")


@story
def conflicted(b: Box) -> Iterator[object]:
    path = b.edit(0)
    b.commit(), b.edit(path), b.commit()
    for end in (
        ("checkout", "--ours", "."),
        ("checkout", "--theirs", "."),
        ("merge", "--abort"),
    ):
        b.git("merge", "-q", "other", ok=False)
        assert b.git("ls-files", "-u")
        yield
        yield b.git(*end, ok=False)
        yield b.edit(path)
        yield b.git("reset", "-q", "--hard")


@story
def stashed(b: Box) -> Iterator[object]:
    yield b.edit(0), b.add(60)
    yield b.git("stash", "-q", "-u")
    yield b.git("stash", "pop", "-q")
    yield b.git("stash", "-q", "--keep-index")


@story
def reset_and_reverted(b: Box) -> Iterator[object]:
    for kind in ("--soft", "--mixed", "--hard"):
        yield b.edit(0), b.commit()
        yield b.git("reset", "-q", kind, "HEAD~1")
    yield b.edit(1), b.commit()
    yield b.git("revert", "--no-edit", "HEAD")
    yield b.edit(1)
    yield b.git("checkout", "--", "tickets")


@story
def staged(b: Box) -> Iterator[object]:
    path = b.edit(0)
    yield b.git("add", "-A")
    yield b.edit(path)
    yield b.git("restore", "--staged", ".")
    yield b.git("commit", "-qam", "dirty")
    yield b.edit(path, kept=True)
    yield b.git("commit", "-qa", "--amend", "--no-edit")
    yield b.git("rm", "-q", str(b.path(2)))
    yield b.git("rm", "-q", "--cached", str(b.path(2)))
    yield b.edit(2)
    yield b.git("mv", str(b.path(4)), "tickets/2026/11/02/261102-moved.yaml")
    yield b.git("add", "-N", str(b.add(70)))
    yield b.git("reset", "-q", "--hard")


@story
def old_head_gone(b: Box) -> Iterator[object]:
    yield b.edit(0), b.commit()
    for _ in range(2):
        b.edit(3), b.commit("--amend")
        (
            b.git("reflog", "expire", "--expire=now", "--all"),
            b.git("gc", "-q", "--prune=now"),
        )
        yield
        yield b.edit(0)


@story
def cloned(b: Box) -> Iterator[object]:
    b.commit()
    first = b.root
    for depth in ((), ("--depth", "1")):
        b.root = first.parent / f"clone{len(depth)}"
        git(first, "clone", "-q", *depth, f"file://{first}", str(b.root))
        shutil.copytree(state_of(first), state_of(b.root))
        yield
        yield b.edit(0, kept=True)
        yield b.commit()
    yield b.git("fetch", "-q", "--unshallow"), b.git("reset", "-q", "--hard", "HEAD~2")


@story
def copied(b: Box) -> Iterator[object]:
    first, b.root = b.root, b.root.parent / "copy"
    shutil.copytree(first, b.root, symlinks=True)
    yield b.edit(0, kept=True)
    shutil.rmtree(first), b.root.rename(first)
    b.root = first
    yield b.edit(1, kept=True)


@story
def below_a_repository(b: Box) -> Iterator[object]:
    first, top = b.root, b.root.parent / "top"
    for name in ("a ä", "b"):
        shutil.copytree(
            first, top / name, ignore=shutil.ignore_patterns(".git", "index*")
        )
    git(top, "init", "-q"), git(top, "add", "-A"), git(top, "commit", "-qm", "x")
    b.root = top / "a ä"
    yield
    yield b.edit(0)
    yield b.commit()
    (
        shutil.rmtree(state_of(top / "b"), ignore_errors=True),
        shutil.copytree(state_of(top / "a ä"), state_of(top / "b")),
    )
    b.root = top / "b"
    yield
    yield b.edit(3, kept=True)
    git(top, "reset", "-q", "--hard"), git(top, "mv", "b", "c")
    b.root = top / "c"
    shutil.copytree(top / ".git/ticketctl", aside := top.parent / "aside")
    for kept in aside.glob("stores/b-*"):
        shutil.move(kept, state_of(b.root))
    yield
    yield git(top, "commit", "-qam", "moved")


def hidden(b: Box, flag: str) -> Iterator[object]:
    path = b.path(0)
    for before in (False, True):
        yield before and b.edit(path)
        yield b.git("update-index", f"--{flag}", str(path))
        yield b.edit(path)
        yield b.edit(path, kept=True)
        yield b.git("update-index", f"--no-{flag}", str(path))
        yield b.git("checkout", "-q", "--", ".")
    b.git("update-index", f"--{flag}", str(path)), path.unlink()
    yield
    b.git("update-index", f"--no-{flag}", str(path)), b.git("checkout", "-q", "--", ".")
    yield


@story
def assumed_unchanged(b: Box) -> Iterator[object]:
    yield from hidden(b, "assume-unchanged")


@story
def skipped(b: Box) -> Iterator[object]:
    yield from hidden(b, "skip-worktree")


@story
def sparse(b: Box) -> Iterator[object]:
    path = b.path(-1)
    held = path.read_bytes()
    yield b.git("sparse-checkout", "set", "--no-cone", "/tickets/2026/11/02")
    path.parent.mkdir(parents=True, exist_ok=True), path.write_bytes(held)
    yield b.edit(path)
    yield b.edit(path, kept=True)
    yield b.git("checkout", "-q", "other", ok=False)
    yield b.git("sparse-checkout", "disable"), b.git("reset", "-q", "--hard")


@story
def ignored(b: Box) -> Iterator[object]:
    yield (b.root / ".gitignore").write_text("tickets/\n.ticketctl\n"), b.add(80)
    yield b.edit(-1)
    yield b.git("rm", "-q", "-r", "--cached", "tickets")
    yield b.edit(0, kept=True)
    yield b.git("commit", "-qm", "none")
    yield b.edit(0, kept=True)
    yield b.path(0).unlink()
    yield (
        (b.root / ".gitignore").write_text(".ticketctl\n"),
        b.git("config", "status.showUntrackedFiles", "no"),
    )
    yield b.edit(0, kept=True)


@story
def nested(b: Box) -> Iterator[object]:
    inner = b.add(81).parent
    yield git(inner, "init", "-q")
    yield b.edit(-1, kept=True)
    yield git(inner, "add", "-A"), git(inner, "commit", "-qm", "x")
    yield b.edit(-1, kept=True), b.edit(0)
    yield shutil.rmtree(inner / ".git"), b.edit(-1, kept=True)


@story
def nested_in_a_day(b: Box) -> Iterator[object]:
    day = b.path(0).parent
    yield git(day, "init", "-q")
    yield b.edit(0, kept=True), b.add(82, "261102")
    yield git(day, "add", "-A"), git(day, "commit", "-qm", "x")
    yield b.edit(0, kept=True)


@story
def submodule(b: Box) -> Iterator[object]:
    inner = b.root.parent / "inner"
    path, data = ticket(1, "261201")
    (inner / path.removeprefix("tickets/2026/12/")).parent.mkdir(parents=True)
    (inner / path.removeprefix("tickets/2026/12/")).write_bytes(data)
    git(inner, "init", "-q"), git(inner, "add", "-A"), git(inner, "commit", "-qm", "x")
    yield b.git("submodule", "add", "-q", str(inner), "tickets/2026/12")
    yield b.git("commit", "-qm", "submodule")
    yield b.edit(-1, kept=True)
    yield b.git("submodule", "deinit", "-f", "tickets/2026/12")


@story
def git_taken_away(b: Box) -> Iterator[object]:
    yield shutil.rmtree(b.root / ".git"), b.edit(0)
    yield b.edit(1)
    yield b.git("init", "-q"), b.edit(2)
    yield b.edit(3, kept=True), b.path(0).unlink()
    yield b.git("add", "-A"), b.edit(3, kept=True)
    yield b.commit()
    yield b.edit(3, kept=True)


@story
def git_index_lost(b: Box) -> Iterator[object]:
    place = b.root / ".git/index"
    held = place.read_bytes()
    yield b.edit(0), b.git("add", "-A")
    yield place.unlink(), b.edit(1)
    yield place.write_bytes(held), b.edit(1, kept=True)
    yield (b.root / ".git/index.lock").touch(), b.edit(2)


@story
def odd_settings(b: Box) -> Iterator[object]:
    for number, (key, value) in enumerate(
        (
            ("core.trustctime", "false"),
            ("core.checkStat", "minimal"),
            ("core.fileMode", "false"),
            ("core.ignoreStat", "true"),
            ("core.untrackedCache", "true"),
            ("core.fsmonitor", "true"),
            ("core.splitIndex", "true"),
            ("index.version", "4"),
            ("status.relativePaths", "false"),
            ("diff.ignoreSubmodules", "all"),
            ("diff.relative", "true"),
            ("diff.external", "true"),
            ("diff.noprefix", "true"),
            ("core.ignoreCase", "true"),
            ("core.quotePath", "false"),
            ("diff.orderFile", "/dev/null"),
        )
    ):
        b.git("config", key, value), b.git("status")
        yield b.edit(number)
    b.commit()
    yield b.git("fsmonitor--daemon", "stop", ok=False)


@story
def core_worktree(b: Box) -> Iterator[object]:
    for key, value in (("core.worktree", str(b.root.parent)), ("core.bare", "true")):
        b.git("config", key, value)
        yield
        yield b.edit(0, kept=True)
        b.git("config", "--unset", key) if key == "core.bare" else (
            b.root / ".git/config"
        ).write_text("")
        yield b.edit(0, kept=True)


def converted(b: Box, attributes: str) -> Iterator[object]:
    """Git compares what a filter makes of a file, a list reads the file itself."""
    (b.root / ".gitattributes").write_text(attributes), b.edit(0), b.edit(4)
    b.git("config", "filter.same.clean", "sed s/zz[0-9]*/zz0000/"), b.git("add", "-A")
    yield b.git("commit", "-qm", "x")
    b.git("rm", "-q", "--cached", "-r", "."), b.git("reset", "-q", "--hard")
    yield
    path = b.path(0)
    yield b.edit(7, kept=True)
    yield b.edit(7, kept=True)
    yield path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    yield b.edit(0), b.edit(4, kept=True)
    yield b.commit()
    yield b.edit(4, target=r"zz\d{4}|\$Id[^$]*\$")


@story
def filtered(b: Box) -> Iterator[object]:
    yield from converted(b, "*.yaml filter=same\n")


@story
def line_ends(b: Box) -> Iterator[object]:
    b.git("config", "core.autocrlf", "true")
    yield from converted(b, "*.yaml text eol=crlf\n")


@story
def keywords(b: Box) -> Iterator[object]:
    for text in (b"$Id$", b"$Id: mine $", b"$Id$", b"$Id: some $"):
        (b.root / ".gitattributes").write_text("*.yaml ident\n")
        path = b.path(0)
        path.write_bytes(
            re.sub(rb"(?m)title: .*$", b'title: "' + text + b'"', path.read_bytes())
        )
        yield
        text == b"$Id$" and b.commit()
        yield


@story
def worktree(b: Box) -> Iterator[object]:
    first, b.root = b.root, b.root.parent / "wt"
    git(first, "worktree", "add", "-q", str(b.root), "other")
    shutil.copytree(state_of(first), state_of(b.root))
    yield
    yield b.edit(0)
    yield b.commit()
    b.root = first
    yield b.git("merge", "-q", "--no-edit", "other")


@story
def sha256(b: Box) -> Iterator[object]:
    shutil.rmtree(b.root / ".git"), b.git("init", "-q", "--object-format=sha256")
    yield
    yield b.commit()
    yield b.edit(0)
    yield b.commit()
    yield b.edit(1), b.path(0).unlink()
    yield b.git("stash", "-q")


@story
def replaced_commit(b: Box) -> Iterator[object]:
    old = b.git("rev-parse", "HEAD")
    b.edit(0), b.commit()
    b.git("replace", old, "HEAD"), b.git("update-ref", "HEAD", old)
    yield
    yield b.git("replace", "-d", old)


@story
def odd_environment(b: Box) -> Iterator[object]:
    for name in (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_OBJECT_DIRECTORY",
        "GIT_NAMESPACE",
    ):
        b.edit(0)
        b.patch.setenv(name, "/nowhere")
        yield
        b.patch.delenv(name)
    b.patch.setenv("GIT_LITERAL_PATHSPECS", "1")
    yield b.edit(0)


# --- rules ---


@story
def rules_changed(b: Box) -> Iterator[object]:
    settings, own, built = (
        b.root / "ticketctl.yaml",
        b.root / "profiles/biztech.yaml",
        Path(built_in(), "biztech.yaml"),
    )
    text = built.read_text()
    people = "people:\n  amy@support.example: {name: Amy, roles: [agent]}\n"
    yield settings.write_text(f"profile: biztech\ntimezone: Asia/Kolkata\n{people}")
    yield settings.write_text("profile: biztech\nholidays: [2026-11-05, 2026-11-06]\n")
    own.parent.mkdir()
    yield own.write_text(text.replace("P4D", "P9D"))
    yield own.write_text(text.replace("P4D", "P8D"))
    yield own.write_text("profile: [\n")
    yield own.unlink()
    b.patch.setenv("TZ", "Asia/Kolkata"), time.tzset()
    yield b.edit(0)
    b.patch.setenv("TZ", "UTC"), time.tzset()
    yield settings.unlink()


def test_only_what_rows_are_made_by_makes_them_anew(box: Box) -> None:
    """People and holidays of the settings do; how commands commit, and what a sweep may
    do at once, does not."""
    settings = box.root / "ticketctl.yaml"

    def made_anew(text: str) -> bool:
        before = Index.newest(found(box.root))
        settings.write_text(f"profile: biztech\n{text}")
        fresh(Workspace(str(box.root), NOW)).connection.close()
        return Index.newest(found(box.root)) != before

    made_anew("")
    for text in (
        "commit: off\n",
        "sweep: {max_moves: 7}\n",
        "timezone: Asia/Kolkata\n",
        "# a note\n",
        "",
    ):
        assert not made_anew(text), text
    for text in (
        "holidays: [2026-11-05]\n",
        "people:\n  amy@support.example: {roles: [agent]}\n",
        "people:\n",
    ):
        assert made_anew(text), text


@pytest.mark.parametrize(
    "box", tuple(MODES) if FULL else ("stat-old", "git"), indirect=True
)
@pytest.mark.parametrize("name", STORIES)
def test_a_list_is_what_all_files_say(name: str, box: Box) -> None:
    """Whatever happens to the files, and however it is found out (20)."""
    for _ in STORIES[name](box):
        box.check()
        box.check()
    assert name in ELSEWHERE or all(box.asked)
    state = state_of(box.root)
    shutil.rmtree(state)
    box.check()


def test_git_is_really_asked(box: Box) -> None:
    """What has not changed is not read again, by git as by stat, once the files are old
    enough (20)."""
    read: list[str] = []
    inner = refresh.see
    box.patch.setattr(
        refresh,
        "see",
        lambda workspace, look: (read.append(look.path), inner(workspace, look))[1],
    )
    one = box.edit(0)
    box.turn()
    with closing(fresh(Workspace(str(box.root), NOW)).connection):
        assert "old" not in box.mode or read == [str(one.relative_to(box.root))]
    assert bool(box.asked) == ("g" in MODES[box.mode]) and all(box.asked)


def test_changes_within_one_tick(box: Box) -> None:
    """Same size, same second, same mtime, right after a list: by the real clock (20,
    the racy rule)."""
    box.patch.setattr(stamps, "time", time)
    box.git("status")  # git now knows the times of the files, to the second
    for number in range(rounds(20, 500)):
        box.turn()
        path = box.edit(number % 3, kept=number % 2 == 0)
        with closing(fresh(Workspace(str(box.root), NOW)).connection):
            box.edit(path, kept=True)
        with (
            closing(fresh(Workspace(str(box.root), NOW)).connection) as connection,
            closing(truth(box.root).connection) as whole,
        ):
            assert content(Index(connection, None)) == content(Index(whole, None))


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_may_not_be_read(box: Box) -> None:
    """A file or a folder without the right to read it is named, until it can be read
    again (7, 20)."""
    for path in (box.path(0), box.path(0).parent):
        for mode in (0, 0o700):
            path.chmod(mode)
            box.check()


# --- at the same time ---

POINTS = (
    (git_changes, "_parse_status"),
    (git_changes, "_hidden_files"),
    (refresh, "find_changes"),
    (refresh, "_read"),
    (Index, "save"),
    (changes, "state_in_head"),
    (refresh, "build_index"),
)


ACTS: dict[str, Callable[[Box], object]] = {
    "edit": lambda b: b.edit(0, kept=True),
    "edit another": lambda b: b.edit(4, kept=True),
    "remove": lambda b: b.path(0).unlink(),
    "add": lambda b: b.add(95),
    "commit": lambda b: b.commit(),
    "checkout": lambda b: b.git("checkout", "-qf", "other"),
    "drop": lambda b: shutil.rmtree(state_of(b.root)),
    "list": lambda b: ticketctl(b.root, "list"),
}


@pytest.mark.parametrize("point", POINTS, ids=[name for _, name in POINTS])
def test_a_change_in_the_middle_of_an_update(
    point: tuple[object, str], box: Box
) -> None:
    """A list is of before or after it; the next one is of after it (20)."""
    where, name = point
    if point[0] in (changes, git_changes) and "g" not in MODES[box.mode]:
        pytest.skip("git is not asked")
    for number, act in enumerate(ACTS.values()):
        when = ("before", "after")[(number + list(MODES).index(box.mode)) % 2]
        box.edit(0), box.edit(5)
        if name in ("state_in_head", "build_index"):  # on the way to a new index
            shutil.rmtree(state_of(box.root))
        inner, todo = getattr(where, name), [act]

        def racing(
            *words: Any, when: str = when, inner: Any = inner, todo: list[Any] = todo
        ) -> Any:
            if when == "before" and todo:
                todo.pop()(box)
            found = inner(*words)
            if when == "after" and todo:
                found = list(found) if name == "_read" else found
                todo.pop()(box)
            return found

        with box.patch.context() as patch:
            patch.setattr(where, name, racing)
            box.turn()
            ran = ticketctl(box.root, *ALL)
            assert ran.status == 0, f"{list(ACTS)[number]} {when} {name}: {ran.err}"
        box.check()
        box.git("checkout", "-qf", "main"), box.git("checkout", "-q", "--", ".")
    box.check()


@pytest.mark.parametrize("drop", [False, True], ids=["kept", "dropped"])
def test_processes_update_at_once(box: Box, drop: bool) -> None:
    """Four processes list while files change and the index comes and goes: no
    traceback, and then the truth (6, 20)."""
    box.turn()

    def lists() -> Ran:
        for _ in range(rounds(8, 50)):
            ran = ticketctl(box.root, *ALL)
            if ran.status or "Traceback" in ran.err:
                return ran
        return Ran("", 0)

    children = [Child(lists) for _ in range(4)]
    for number in range(rounds(15, 100)):
        box.edit(number, replaced=True)
        if number % 4 == 3:
            box.commit()
            if drop:
                for path in state_of(box.root).glob("index*"):
                    path.unlink(missing_ok=True)
    wrong = [ran for ran in [child.wait() for child in children] if ran != Ran("", 0)]
    assert not wrong, [(ran.status, ran.err[-800:]) for ran in wrong]
    time.sleep(0.02)
    for _ in range(4):
        box.check()


def stop(box: Box) -> None:
    """A process that updates the index and is killed: what SQLite has not put away yet
    stays beside it."""

    def act() -> Ran:
        held = [fresh(Workspace(str(box.root), NOW))]
        for number in range(3):
            box.edit(number)
            held.append(fresh(Workspace(str(box.root), NOW)))
        os.kill(os.getpid(), signal.SIGKILL)
        return Ran("", 0)

    Child(act).wait()


def test_two_make_the_index_at_once(box: Box) -> None:
    """Of two that take the same number one wins, and nothing of the other is mixed into
    it (6, 20)."""
    for died in (False, True):
        shutil.rmtree(state_of(box.root))
        inner, todo = sync.sync, [1]

        def racing(
            path: Path,
            died: bool = died,
            inner: Callable[[Path], None] = inner,
            todo: list[int] = todo,
        ) -> None:
            inner(path)
            if todo and todo.pop():
                stop(box) if died else Child(lambda: ticketctl(box.root, *ALL)).wait()

        with box.patch.context() as patch:
            patch.setattr(sync, "sync", racing)
            box.turn()
            fresh(Workspace(str(box.root), NOW)).connection.close()
        for _ in range(3):
            box.last = ""
            box.check()


@pytest.mark.parametrize(
    "what", ["index-*.db", "index-*.db-wal", "index-*.db-shm", "index-*.db-*"]
)
def test_what_a_killed_process_left_is_deleted_in_part(what: str, box: Box) -> None:
    """The index may be deleted at any time, and any of its files (20)."""
    for _ in range(2):
        stop(box)
        for path in state_of(box.root).glob(what):
            path.unlink()
        for number in (6, 7):
            box.edit(number)
            box.check()


ANY: tuple[Callable[[Box, random.Random], object], ...] = (
    lambda b, r: b.edit(r.randrange(20), r.random() < 0.5, r.random() < 0.3),
    lambda b, r: b.edit(r.randrange(20), kept=True),
    lambda b, r: b.path(r.randrange(20)).unlink(),
    lambda b, r: b.add(r.randrange(200, 299), r.choice(DAYS)),
    lambda b, r: b.rename(
        r.randrange(20), f"tickets/2026/11/02/261102-{r.randrange(10**5):05}.yaml"
    ),
    lambda b, r: b.commit(*r.choice(((), (), ("--amend",))), ok=False),
    lambda b, r: b.git("commit", "-qm", "x", ok=False),
    lambda b, r: b.git("add", "-A"),
    lambda b, r: b.git(
        "checkout",
        "-q",
        *r.choice((("other",), ("main",), ("-f", "other"), ("-f", "main"))),
        ok=False,
    ),
    lambda b, r: b.git("checkout", "-q", "--", str(b.path(r.randrange(20))), ok=False),
    lambda b, r: b.git(
        "stash",
        *r.choice((("-q",), ("-q", "-u"), ("pop", "-q"), ("drop", "-q"))),
        ok=False,
    ),
    lambda b, r: b.git(
        "reset",
        "-q",
        f"--{r.choice(('hard', 'soft', 'mixed'))}",
        r.choice(("HEAD", "HEAD~1")),
        ok=False,
    ),
    lambda b, r: b.git(
        r.choice(("merge", "rebase")),
        r.choice(("other", "main", "--abort", "--continue")),
        ok=False,
    ),
    lambda b, r: b.git("revert", "--no-edit", "HEAD", ok=False),
    lambda b, r: b.git(
        "rm",
        "-q",
        *r.choice((("--cached",), ())),
        str(b.path(r.randrange(20))),
        ok=False,
    ),
    lambda b, r: b.git(
        "update-index", r.choice(FLAGS), str(b.path(r.randrange(20))), ok=False
    ),
    lambda b, r: b.git(
        "update-index", r.choice(FLAGS), str(b.path(r.randrange(20))), ok=False
    ),
    lambda b, r: b.git(
        *r.choice(
            (
                ("gc", "-q", "--prune=now"),
                ("reflog", "expire", "--expire=now", "--all"),
                ("status",),
            )
        )
    ),
    lambda b, r: (b.root / ".gitignore").write_text(
        r.choice(("tickets/\n.ticketctl\n", ".ticketctl\n", "*02*\n"))
    ),
    lambda b, r: b.git("update-ref", "HEAD", r.choice(("main", "other"))),
)


FLAGS = tuple(
    f"--{no}{flag}"
    for no in ("", "no-")
    for flag in ("assume-unchanged", "skip-worktree")
)


@pytest.mark.parametrize("seed", range(rounds(3, 100)))
def test_any_life_of_a_store(seed: int, box: Box) -> None:
    """Random things happen, one to three at a time; after each of them a list is the
    truth (20)."""
    chance, told = random.Random(f"{seed} {box.mode}"), []
    for _ in range(rounds(12, 60)):
        for number in chance.choices(range(len(ANY)), k=chance.randint(1, 3)):
            told.append(number)
            box.fill_up(1, chance)
            ANY[number](box, chance)
        box.fill_up(6, chance)
        try:
            box.check()
        except AssertionError as error:
            raise AssertionError(f"after {told}: {error}") from None


# --- damage ---


def made_of(root: Path) -> Path:
    """The index file there is."""
    return max(
        root.glob(".git/ticketctl/index-*.db"), key=lambda path: int(path.stem[6:])
    )


def cut(root: Path) -> Iterator[None]:
    data = made_of(root).read_bytes()
    for length in (
        0,
        1,
        15,
        16,
        99,
        100,
        4095,
        4096,
        *random.Random(1).sample(range(len(data)), 12),
    ):
        made_of(root).write_bytes(data[:length])
        yield


def flipped(root: Path) -> Iterator[None]:
    chance = random.Random(2)
    for _ in range(rounds(60, 3000)):
        data = bytearray(made_of(root).read_bytes())
        for _ in range(chance.choice((1, 1, 3))):
            data[
                chance.randrange(min(len(data), chance.choice((100, 4096, 8192))))
            ] ^= 1 << chance.randrange(8)
        made_of(root).write_bytes(data)
        yield


def put(root: Path) -> Iterator[None]:
    chance = random.Random(3)
    for data in (
        b"SQLite format 3\0",
        b"garbage" * 999,
        chance.randbytes(9000),
        b"\0" * 8192,
    ):
        made_of(root).write_bytes(data)
        yield
        made_of(root).with_name("index-999.db").write_bytes(data)
        yield
    for wal in ("-wal", "-shm", "-journal"):
        Path(f"{made_of(root)}{wal}").write_bytes(chance.randbytes(5000))
        yield


def other_schema(root: Path) -> Iterator[None]:
    for sql in (
        "UPDATE meta SET value = 99 WHERE key = 'schema'",
        "DELETE FROM meta",
        "DROP TABLE meta",
        "DROP TABLE broken",
        "DROP TABLE suspects",
        "DROP TABLE letters",
        "DROP TABLE sums",
        "DROP TABLE tickets",
        "UPDATE meta SET value = 'x'",
        "ALTER TABLE tickets ADD COLUMN more",
        "ALTER TABLE tickets RENAME COLUMN due TO pue",
        "UPDATE meta SET value = NULL",
        "DELETE FROM meta WHERE key = 'generation'",
        "UPDATE suspects SET read = 'x'",
        "UPDATE meta SET value = x'ff'",
    ):
        with closing(sqlite3.connect(made_of(root))) as connection:
            connection.execute(sql), connection.commit()
        yield


def not_a_file(root: Path) -> Iterator[None]:
    for lay in (
        Path.mkdir,
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to("nowhere"),
        os.mkfifo,
    ):
        path = made_of(root)
        path.unlink()
        lay(path)
        yield
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        yield


def of_another_store(root: Path) -> Iterator[None]:
    other = root.parent / "other"
    (other / "tickets").mkdir(parents=True)
    shutil.copy(root / "ticketctl.yaml", other), fill(other, range(20, 26))
    git(other, "init", "-q")
    ticketctl(other, "list")
    for path in (root / ".git/ticketctl").glob("index*"):
        path.unlink()
    shutil.copy(made_of(other), root / ".git/ticketctl")
    yield
    made_of(root).unlink()
    os.link(made_of(other), root / ".git/ticketctl/index-5.db")
    yield


def locked(root: Path) -> Iterator[None]:
    for how in ("BEGIN EXCLUSIVE", "PRAGMA locking_mode=EXCLUSIVE"):
        gc.collect()  # what earlier lists had open
        with closing(
            sqlite3.connect(made_of(root), isolation_level=None)
        ) as connection:
            (
                connection.execute(how),
                connection.execute("BEGIN EXCLUSIVE") if how[0] == "P" else None,
            )
            connection.execute("UPDATE meta SET value = value")
            for path in sorted(root.glob("tickets/*/*/*/*"))[:2]:
                path.write_bytes(path.read_bytes().replace(b"zz", b"yy"))
            yield
            connection.execute("ROLLBACK")
    yield


def no_folder(root: Path) -> Iterator[None]:
    state, aside = root / ".git/ticketctl", root.parent / "state"
    gc.collect()  # no index is open any more
    state.rename(aside), state.symlink_to(aside)
    held = files_of(aside, "."), sorted(aside.rglob("*"))
    yield
    assert held == (files_of(aside, "."), sorted(aside.rglob("*"))), (
        "what a link leads to is left alone"
    )
    state.unlink(), state.write_text("a file")
    yield
    state.unlink(), state.symlink_to("nowhere")
    yield


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    """The store on a read-only file system."""
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "--bind", str(root), str(root)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root can mount a file system")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(root)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)


def read_only(root: Path) -> Iterator[None]:
    with mounted(root):
        yield
    path = sorted(root.glob("tickets/*/*/*/*"))[0]
    path.write_bytes(path.read_bytes().replace(b"zz", b"yy"))
    with mounted(root):
        yield
    for path in (root / ".git/ticketctl").glob("index*"):
        path.unlink()
    with mounted(root):
        yield


def full(root: Path) -> Iterator[None]:
    """Every call of ``os`` by which an index is laid down fails, then SQLite itself."""

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    def worse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for where, name, fail in (
        (os, "rename", fails),
        (sync, "sync", fails),
        (Path, "touch", fails),
        (Path, "mkdir", fails),
        (Index, "put", worse),
    ):
        for drop in (False, True):
            for path in (root / ".git/ticketctl").glob("index*" if drop else "nothing"):
                path.unlink()
            path = sorted(root.glob("tickets/*/*/*/*"))[0]
            path.write_bytes(
                re.sub(
                    rb"\b[a-z]{2}(?=\d{4}\b)",
                    b"yy" if drop else b"xx",
                    path.read_bytes(),
                )
            )
            inner = getattr(where, name)

            def once(
                *words: Any,
                inner: Any = inner,
                fail: Any = fail,
                where: object = where,
                **more: Any,
            ) -> object:
                if (
                    where is Index
                    and not words[0]
                    .connection.execute("PRAGMA database_list")
                    .fetchone()[2]
                ):
                    return inner(*words, **more)  # what is in memory can be written
                return fail()

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(where, name, once)
                yield


DAMAGES = (
    cut,
    flipped,
    put,
    other_schema,
    not_a_file,
    of_another_store,
    locked,
    no_folder,
    read_only,
    full,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
def test_a_damaged_index_changes_no_answer(
    damage: Callable[[Path], Iterator[None]], box: Box
) -> None:
    """The answer, the status and everything else are the same; no traceback; it heals
    by itself (19, 20)."""
    connect = sqlite3.connect
    box.patch.setattr(
        sqlite3,
        "connect",
        lambda *words, **named: connect(*words, **{**named, "timeout": 0.05}),
    )
    if box.mode in ("git-old", "both-old") or (damage is flipped and box.mode == "git"):
        pytest.skip("damage is the same, whatever the clock")
    wrong = []
    for number, _ in enumerate(damage(box.root)):
        box.turn()
        before = files_of(box.root)
        with closing(truth(box.root).connection) as whole:
            want = "".join(
                json_documents.dump_line(json_documents.row(row)) + "\n"
                for row in select(Index(whole, None), Query())
            )
        try:
            for _ in range(2):
                ran = ticketctl(box.root, *ALL)
                assert (ran.status, ran.out, "Traceback" in ran.err) == (
                    0,
                    want,
                    False,
                ), f"{ran.status} {ran.err[-300:]} {ran.out[:200]}"
                assert files_of(box.root) == before
        except Exception as error:
            wrong.append(f"{number}: {type(error).__name__} {str(error)[:300]}")
            shutil.rmtree(state_of(box.root), ignore_errors=True)
            ticketctl(box.root, *ALL)
    assert not wrong, f"{len(wrong)} of {number + 1}:\n" + "\n".join(wrong)


# --- broken tickets ---

Spoil = Callable[[Path, bytes], object]


SPOILT: tuple[Spoil, ...] = (
    lambda p, d: p.write_bytes(b"\xff\xfe" + d),
    lambda p, d: p.write_bytes(b""),
    lambda p, d: p.write_bytes(d[: len(d) // 3]),
    lambda p, d: p.write_bytes(d.replace(b"  at:", b"\tat:")),
    lambda p, d: p.write_bytes(d.replace(b"id: 26", b"id: 27", 1)),
    lambda p, d: p.write_bytes(d.replace(b"status:", b"status: New\nstatus:", 1)),
    lambda p, d: p.write_bytes(d.replace(b"title: ", b"title: &a ", 1)),
    lambda p, d: p.write_bytes(d[: d.index(b"history:")]),
    lambda p, d: p.write_bytes(d.replace(b"biztech", b"nowhere")),
    lambda p, d: p.write_bytes(re.sub(rb"(?m)(status|to|from): \w+$", rb"\1: Nope", d)),
    lambda p, d: p.write_bytes(d.replace(b"at: 2026-", b"at: 2026-99", 1)),
    lambda p, d: (p.unlink(), p.symlink_to(p.with_name("x"))),
    lambda p, d: (p.unlink(), p.mkdir()),
    lambda p, d: p.write_bytes(d + b"# x\n" * (1 << 18)),
    lambda p, d: p.write_bytes(b"<<<<<<< a\n" + d + b"=======\n>>>>>>> b\n"),
    lambda p, d: p.write_bytes(d.replace(b"event: created", b"event: borne", 1)),
    lambda p, d: p.write_bytes(b"- a list\n"),
    lambda p, d: p.write_bytes(d.replace(b"Ticket", b"!!python/name:os ", 1)),
    lambda p, d: p.write_bytes(b"[" * 5000),
    lambda p, d: (p.unlink(), os.mkfifo(p)),
)


def test_a_hundred_broken_tickets_hide_no_other(tmp_path: Path) -> None:
    """Files on disk = shown + reported, by list, check and sweep; status 65 (7). In a
    campaign of 100,000."""
    total = rounds(1000, 100_000)
    (tmp_path / "ticketctl.yaml").write_text(
        "profile: biztech\ncommit: off\nsweep: {max_moves: 999999, max_share: 100}\n"
    )
    fill(tmp_path, range(total))
    spoilt = sorted(tmp_path.glob("tickets/*/*/*/*"))[:: total // 100]
    for number, path in enumerate(spoilt):
        SPOILT[number % len(SPOILT)](path, path.read_bytes())
    bad = {path.stem for path in spoilt}
    all_ = {path.stem for path in tmp_path.glob("tickets/*/*/*/*")}
    assert len(all_) == total and len(bad) == 100
    for _ in range(2):
        ran = ticketctl(
            tmp_path,
            "list",
            "-A",
            "-L",
            "0",
            "--format",
            "json",
            now="2026-11-02T12:00",
        )
        found = json.loads(ran.out)
        shown, named = (
            {row["id"] for row in found["tickets"]},
            {json.dumps(one) for one in found["broken"]},
        )
        assert (
            ran.status == 65
            and "100 tickets cannot be read" in ran.err
            and found["total"] == total - 100
        )
        assert shown == all_ - bad
        assert {re.search(r"/(\d{6}-\w{5})\.yaml", one)[1] for one in named} == bad  # type: ignore[index]
    ran = ticketctl(tmp_path, "check", now="2026-11-02T12:00")
    assert (
        ran.status == 65
        and bad <= set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.out + ran.err)) <= all_
    ), ran.err[-500:]
    assert not set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.out + ran.err)) - bad, (
        "no other has a problem"
    )
    ran = ticketctl(tmp_path, "sweep", now="2026-11-07T12:00")
    assert ran.status == 65 and "Traceback" not in ran.err, ran.err[-500:]
    closed = {
        path.stem
        for path in tmp_path.glob("tickets/*/*/*/*")
        if path.stem not in bad and b"to: Closed" in path.read_bytes()
    }
    assert closed == {id_ for id_ in all_ - bad if int(id_[7:]) % 3 == 0}
    assert bad <= set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.err + ran.out)), (
        "each is named by the sweep"
    )
