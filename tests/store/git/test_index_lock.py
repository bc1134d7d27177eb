"""Tests of ``ticketctl.store.git.index_lock``."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.busy_git import leave, named, removal
from tests.support.campaign import FULL
from tests.support.commit_failures import HALF, add_hook, git_of
from tests.support.processes import ACTS, Clone, none
from tests.support.repositories import git_as_amy, in_another_process, repository
from tests.support.stores import done, ticketctl
from ticketctl.errors import BusyError
from ticketctl.store.git import operations
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.writing.permissions import PLAIN


def test_no_copy_of_the_index_is_left(store_root: Path) -> None:
    """Also where git has nothing to change in it, since it had the file before its
    reference failed."""
    stop = add_hook(store_root, "reference-transaction", "exit 1")
    assert ticketctl(store_root, "note", HALF, "-m", "a").status == 71
    stop.unlink()
    done(store_root, "note", HALF, "-m", "b")
    assert [path.name for path in (store_root / ".git").glob("index*")] == ["index"]
    assert git_of(store_root, "status", "--porcelain") == ""


LOCK = """
import sys
from ticketctl.store.writing.permissions import PLAIN
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.repository import repository_of
one = IndexLock(repository_of(sys.argv[1]), PLAIN)
one.acquire()
one.copy()
"""


def test_git_is_locked_out_and_let_in_again(git_root: Path, lock: IndexLock) -> None:
    """While the lock is held, git writes no index; what git does for us on the copy is
    the index then."""
    (git_root / "new").write_text("new")
    lock.acquire()
    refused = subprocess.run(
        ["git", "-C", str(git_root), "add", "new"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 128
    assert "index.lock" in refused.stderr
    copy = lock.copy()
    subprocess.run(
        ["git", "-C", str(git_root), "add", "new"],
        env=os.environ | {"GIT_INDEX_FILE": copy},
        check=True,
    )
    lock.publish()
    lock.release()
    assert git_as_amy(git_root, "status", "--porcelain") == "A  new\n"
    assert sorted(path.name for path in (git_root / ".git").glob("index*")) == ["index"]


def test_a_lock_of_a_killed_command_is_removed_and_its_copy_with_it(
    git_root: Path, lock: IndexLock
) -> None:
    there = in_another_process(LOCK, str(git_root))
    there.kill()
    there.wait()
    assert len(list((git_root / ".git").glob("index*"))) == 3
    lock.acquire()
    lock.release()
    assert sorted(path.name for path in (git_root / ".git").glob("index*")) == ["index"]


def test_gits_own_lock_is_waited_for_and_never_removed(
    git_root: Path, lock: IndexLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it empty, as git begins it, or an index already."""
    monkeypatch.setattr(operations, "WAIT", 0.2)
    theirs = git_root / ".git/index.lock"
    for data in (b"", b"DIRC\0\0\0\2", b"ticket"):
        theirs.write_bytes(data)
        with pytest.raises(BusyError, match=str(theirs)) as told:
            lock.acquire()
        assert "no running git is seen there" in told.value.message
        assert f"rm {theirs}" in told.value.hint
        assert theirs.read_bytes() == data
    with theirs.open("rb"), pytest.raises(BusyError, match=rf"process {os.getpid()}\)"):
        lock.acquire()
    monkeypatch.setattr(operations, "WAIT", 20.0)
    threading.Timer(0.1, theirs.unlink).start()
    lock.acquire()
    assert theirs.read_bytes().startswith(b"ticketctl")


def test_two_commands_never_hold_it_both(git_root: Path) -> None:
    """Whoever has to wait gets it in the end, and whoever finds it abandoned is alone
    in removing it."""
    inside: list[str] = []
    most = []

    def work() -> None:
        one = IndexLock(repository(git_root), PLAIN)
        for _ in range(15):
            one.acquire()
            inside.append("x")
            most.append(len(inside))
            time.sleep(0.0005)
            inside.pop()
            one.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 60
    assert max(most) == 1
    assert not (git_root / ".git/index.lock").exists()


# --- D5: locks ---

LOCKS = ("index.lock", "HEAD.lock", "refs/heads/main.lock")


def locked(clone: Clone, name: str, lock: str) -> list[str]:
    """Run a command where a dead lock lies, then again as the message says; what is
    wrong."""
    act, mark = ACTS[name], f"mark {name}."
    act.prepare(clone, mark)
    wrong, tickets, head, start = [], clone.tickets(), clone.head(), time.monotonic()
    path = leave(clone, lock)
    ran = act.run(clone, mark)
    if time.monotonic() - start > 30:
        wrong.append("waited for more than 30 s")
    if ran.status not in (71, 75):
        return [*wrong, f"status {ran.status}: {ran.err!r}"]
    if missing := named(ran.err, lock):
        wrong.append(f"does not say {', '.join(missing)}: {ran.err!r}")
    if not path.exists():
        return [*wrong, "the lock of somebody else is gone"]
    if clone.head() != head:
        wrong.append("HEAD has moved")
    written = clone.tickets() != tickets
    if written and "not committed" not in ran.err:
        wrong.append(
            f"written, and the message does not say that it is not committed: {ran.err!r}"
        )
    clone.sh(removal(ran.err, lock))
    if path.exists():
        path.unlink()
        wrong.append(
            f"the printed command did not remove the lock: {removal(ran.err, lock)!r}"
        )
    if written:
        clone.ok("note", "ccccc", "-m", "next.")
    elif (ran := act.run(clone, mark)).status:
        wrong.append(f"does not work once the lock is gone: {ran}")
    if clone.status() or (act.inside and clone.tickets_in_head().count(mark) < 1):
        wrong.append(f"not committed once the lock is gone: {clone.status()!r}")
    return wrong


def at_once(tries: dict[str, Callable[[], list[str]]]) -> list[str]:
    """Do things side by side, since they wait most of the time; what is wrong with
    each."""
    with ThreadPoolExecutor(6) as pool:
        found = {name: pool.submit(work) for name, work in tries.items()}
        return [
            f"{name}: {said}"
            for name, answer in found.items()
            for said in answer.result()
        ]


@pytest.mark.part("races-with-git")
def test_a_lock_that_a_dead_git_left(clone_pattern: Clone, tmp_path: Path) -> None:
    """The file, its age and the command that removes it; waited for a few seconds, and
    never removed by us."""
    names = [name for name in ACTS if name not in ("init", "profile holidays")]
    some = [
        ("index.lock", name)
        for name in ("note", "sweep", "mail in", "import", "edit", "edit --adopt")
    ]
    some += [
        ("HEAD.lock", "move"),
        ("HEAD.lock", "batch"),
        ("refs/heads/main.lock", "new"),
    ]
    some += [("refs/heads/main.lock", "sweep")]
    wanted = [(lock, name) for lock in LOCKS for name in names] if FULL else some

    def case(lock: str, name: str) -> Callable[[], list[str]]:
        folder = tmp_path / f"{lock[:4]} {name}".replace(
            " ", " " if name == "sweep" else "-"
        )
        return lambda: locked(clone_pattern.copy(folder), name, lock)

    none(at_once({f"{lock}, {name}": case(lock, name) for lock, name in wanted}))


@pytest.mark.part("races-with-git")
def test_a_lock_that_does_not_matter(clone: Clone) -> None:
    """``packed-refs.lock`` is in nobody's way; who thinks that it is names it."""
    leave(clone, "packed-refs.lock")
    ran = clone.run("note", "aaaaa", "-m", "A note.")
    if ran.status:
        assert ran.status in (71, 75)
        assert named(ran.err, "packed-refs.lock") == []
    else:
        assert "A note." in clone.committed("aaaaa")


@pytest.mark.part("races-with-git")
def test_doctor_names_locks(clone: Clone) -> None:
    """Each that was left, with its age and the command; what lies there for a moment is
    nothing to tell."""
    for lock in LOCKS:
        path = leave(clone, lock)
        ran = clone.run("doctor")
        path.unlink()
        assert (ran.status, named(ran.out + ran.err, lock)) == (1, []), ran
    assert ".lock" not in clone.ok("doctor").out


_HOLDERS = {
    "open, removed": 'set -C; exec 9> "$1"; sleep "$2"; rm "$1"',
    "closed, removed": 'set -C; : > "$1"; sleep "$2"; rm "$1"',
    "open, renamed": 'cp "${1%.lock}" "$1"; exec 9>> "$1"; sleep "$2"; mv "$1" "${1%.lock}"',
}


def waited(clone: Clone, name: str, lock: str, seconds: float, how: str) -> list[str]:
    """Run a command while a living process holds a lock."""
    path = clone.dot / lock
    holder = subprocess.Popen(
        ["sh", "-c", _HOLDERS[how], "sh", str(path), str(seconds)]
    )
    try:
        while not path.exists():
            time.sleep(0.002)
        ran = ACTS[name].run(clone, "mark.")
    finally:
        holder.wait(SECONDS)
    wrong = [] if ran.status == 0 else [f"status {ran.status}: {ran.err!r}"]
    if ran.status == 0 and clone.status():
        wrong.append(f"not committed: {clone.status()!r}")
    if ran.status == 0 and ACTS[name].inside and "mark." not in clone.tickets_in_head():
        wrong.append("it is not in HEAD")
    return wrong


SECONDS = 60


@pytest.mark.part("races-with-git")
def test_a_lock_that_is_held_is_waited_for(
    clone_pattern: Clone, tmp_path: Path
) -> None:
    """For half a second and for one and a half, removed or renamed into its place, its
    file open or not."""
    some = [
        ("note", "index.lock", 0.5, "open, removed"),
        ("note", "index.lock", 1.5, "open, renamed"),
        ("mail in", "index.lock", 1.5, "closed, removed"),
        ("sweep", "index.lock", 1.5, "open, removed"),
        ("move", "HEAD.lock", 0.5, "open, removed"),
        ("note", "HEAD.lock", 1.5, "open, renamed"),
        ("note", "refs/heads/main.lock", 1.5, "open, removed"),
        ("import", "refs/heads/main.lock", 0.5, "open, renamed"),
    ]
    if FULL:
        names = [name for name in ACTS if name not in ("init", "profile holidays")]
        some = [
            (name, lock, wait, how)
            for name in names
            for lock in LOCKS
            for wait in (0.5, 1.5)
            for how in _HOLDERS
        ]

    def case(number: int, *which: object) -> Callable[[], list[str]]:
        return lambda: waited(clone_pattern.copy(tmp_path / str(number)), *which)  # type: ignore[arg-type]

    none(
        at_once({str(which): case(number, *which) for number, which in enumerate(some)})
    )
