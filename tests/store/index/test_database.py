"""Tests of ``ticketctl.store.index.database``."""

from __future__ import annotations

import gc
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
from pathlib import Path
from typing import Any

import pytest

from tests.support.campaign import rounds
from tests.support.index_stores import ALL, NOW, Box, fill, git, truth
from tests.support.kills import Child
from tests.support.shell import Ran
from tests.support.state import found, state_of
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from ticketctl.app.index.refresh import refreshed_index
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import Query
from ticketctl.render import json_documents
from ticketctl.store.index.database import Index
from ticketctl.store.index.sql import select_rows
from ticketctl.store.writing import sync


def test_a_planted_index_runs_nothing_and_queries_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketctl.store.index import database

    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "list")
    monkeypatch.setattr(database, "_MAX_CALLS", 3)
    opened = Index.open(found(root))
    assert opened.one("PRAGMA trusted_schema") == 0
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
    with pytest.raises(database.UnusableError):
        opened.one(endless)
    opened.connection.close()


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
        held = [refreshed_index(Workspace(str(box.root), NOW))]
        for number in range(3):
            box.edit(number)
            held.append(refreshed_index(Workspace(str(box.root), NOW)))
        os.kill(os.getpid(), signal.SIGKILL)
        return Ran("", 0)

    Child(act).wait()


def test_two_make_the_index_at_once(box: Box) -> None:
    """Of two that take the same number one wins, and nothing of the other is mixed into
    it (6, 20)."""
    for died in (False, True):
        shutil.rmtree(state_of(box.root))
        inner, todo = sync.sync_path, [1]

        def racing(
            path: Path,
            died: bool = died,
            inner: Callable[[Path], None] = inner,
            todo: list[int] = todo,
        ) -> None:
            inner(path)
            if todo and todo.pop():
                if died:
                    stop(box)
                else:
                    Child(lambda: ticketctl(box.root, *ALL)).wait()

        with box.patch.context() as patch:
            patch.setattr(sync, "sync_path", racing)
            box.turn()
            refreshed_index(Workspace(str(box.root), NOW)).connection.close()
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
            connection.execute(sql)
            connection.commit()
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
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        yield


def of_another_store(root: Path) -> Iterator[None]:
    other = root.parent / "other"
    (other / "tickets").mkdir(parents=True)
    shutil.copy(root / "ticketctl.yaml", other)
    fill(other, range(20, 26))
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
            connection.execute(how)
            if how[0] == "P":
                connection.execute("BEGIN EXCLUSIVE")
            connection.execute("UPDATE meta SET value = value")
            for path in sorted(root.glob("tickets/*/*/*/*"))[:2]:
                path.write_bytes(path.read_bytes().replace(b"zz", b"yy"))
            yield
            connection.execute("ROLLBACK")
    yield


def no_folder(root: Path) -> Iterator[None]:
    state, aside = root / ".git/ticketctl", root.parent / "state"
    gc.collect()  # no index is open any more
    state.rename(aside)
    state.symlink_to(aside)
    held = files_of(aside, "."), sorted(aside.rglob("*"))
    yield
    assert held == (files_of(aside, "."), sorted(aside.rglob("*"))), (
        "what a link leads to is left alone"
    )
    state.unlink()
    state.write_text("a file")
    yield
    state.unlink()
    state.symlink_to("nowhere")
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
        (sync, "sync_path", fails),
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
                for row in select_rows(Index(whole, None), Query())
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
