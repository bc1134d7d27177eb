"""The parts that keep what is written: held files, the lock on git's index, the list of
what is not committed, the last look before a rename, git's objects."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.core.hashing import object_id, sha256
from ticketctl.errors import BusyError, ChangedError
from ticketctl.store.git import objects, operations
from ticketctl.store.git.identity import identity_of
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.objects import NewFile
from ticketctl.store.git.repository import Repository, repository_of
from ticketctl.store.state import locate
from ticketctl.store.writing import uncommitted
from ticketctl.store.writing.held_files import HeldFile, abandoned
from ticketctl.store.writing.journal import Rows, Write
from ticketctl.store.writing.originals import take_place
from ticketctl.store.writing.permissions import PLAIN
from ticketctl.store.writing.transaction import write_all
from ticketctl.store.writing.uncommitted import UncommittedFile, UncommittedList

AMY = ("-c", "user.name=Amy", "-c", "user.email=amy@support.example")


def git(root: Path, *words: str, feed: bytes = b"") -> str:
    """Real git."""
    done = subprocess.run(
        ["git", "-C", str(root), *AMY, *words],
        input=feed,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "store"
    (root / "tickets").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "file").write_text("x")
    git(root, "add", "-A"), git(root, "commit", "-qm", "A store")
    return root


def repository(root: Path) -> Repository:
    """The repository of a store."""
    found = repository_of(str(root))
    assert found is not None
    return found


@pytest.fixture
def lock(root: Path) -> Iterator[IndexLock]:
    """The lock on the index, not held."""
    found = IndexLock(repository(root), PLAIN)
    yield found
    found.release()


def in_another_process(code: str, *words: str) -> subprocess.Popen[str]:
    """A process that does something, says so, and waits to be killed."""
    code = (
        textwrap.dedent(code)
        + "\nprint('ready', flush=True)\nimport time\ntime.sleep(60)\n"
    )
    there = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True
    )
    assert there.stdout is not None and there.stdout.readline() == "ready\n"
    return there


HOLD = """
import sys
from ticketctl.store.writing.permissions import PLAIN
from ticketctl.store.writing.held_files import HeldFile
one = HeldFile(sys.argv[1], b"mark and more", PLAIN)
"""
LOCK = """
import sys
from ticketctl.store.writing.permissions import PLAIN
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.repository import repository_of
one = IndexLock(repository_of(sys.argv[1]), PLAIN)
one.acquire()
one.copy()
"""


def test_a_held_file_is_abandoned_when_its_maker_is_killed(tmp_path: Path) -> None:
    """Nobody takes it for abandoned while its maker lives, whoever that is."""
    path = str(tmp_path / "held")
    there = in_another_process(HOLD, path)
    try:
        with abandoned(path, b"mark") as is_abandoned:
            assert not is_abandoned
        with pytest.raises(FileExistsError):
            HeldFile(path, b"", PLAIN)
    finally:
        there.kill(), there.wait()
    with abandoned(path, b"mark") as is_abandoned:
        assert is_abandoned
        with abandoned(path, b"mark") as again:
            assert not again, (
                "two processes would both remove it, and one of them its successor"
            )
    with abandoned(path, b"another") as is_abandoned:
        assert not is_abandoned, "a file of somebody else's"
    assert [name.name for name in tmp_path.iterdir()] == ["held"], (
        "something is left beside it"
    )


def test_what_is_not_there_or_is_no_file_is_not_abandoned(tmp_path: Path) -> None:
    """Nor is what is behind a link; a FIFO is not opened, which would wait."""
    (
        (tmp_path / "file").write_bytes(b"mark"),
        (tmp_path / "link").symlink_to("file"),
        os.mkfifo(tmp_path / "fifo"),
    )
    for name in ("missing", "link", "fifo", "."):
        with abandoned(str(tmp_path / name)) as is_abandoned:
            assert not is_abandoned, name


def test_git_is_locked_out_and_let_in_again(root: Path, lock: IndexLock) -> None:
    """While the lock is held, git writes no index; what git does for us on the copy is
    the index then."""
    (root / "new").write_text("new")
    lock.acquire()
    refused = subprocess.run(
        ["git", "-C", str(root), "add", "new"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 128 and "index.lock" in refused.stderr
    copy = lock.copy()
    subprocess.run(
        ["git", "-C", str(root), "add", "new"],
        env=os.environ | {"GIT_INDEX_FILE": copy},
        check=True,
    )
    lock.publish()
    lock.release()
    assert git(root, "status", "--porcelain") == "A  new\n"
    assert sorted(path.name for path in (root / ".git").glob("index*")) == ["index"]


def test_a_lock_of_a_killed_command_is_removed_and_its_copy_with_it(
    root: Path, lock: IndexLock
) -> None:
    there = in_another_process(LOCK, str(root))
    there.kill(), there.wait()
    assert len(list((root / ".git").glob("index*"))) == 3
    lock.acquire()
    lock.release()
    assert sorted(path.name for path in (root / ".git").glob("index*")) == ["index"]


def test_gits_own_lock_is_waited_for_and_never_removed(
    root: Path, lock: IndexLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it empty, as git begins it, or an index already."""
    monkeypatch.setattr(operations, "WAIT", 0.2)
    theirs = root / ".git/index.lock"
    for data in (b"", b"DIRC\0\0\0\2", b"ticket"):
        theirs.write_bytes(data)
        with pytest.raises(BusyError, match=str(theirs)) as told:
            lock.acquire()
        assert (
            "no running git is seen there" in told.value.message
            and f"rm {theirs}" in told.value.hint
        )
        assert theirs.read_bytes() == data
    with theirs.open("rb"), pytest.raises(BusyError, match=rf"process {os.getpid()}\)"):
        lock.acquire()
    monkeypatch.setattr(operations, "WAIT", 20.0)
    threading.Timer(0.1, theirs.unlink).start()
    lock.acquire()
    assert theirs.read_bytes().startswith(b"ticketctl")


def test_two_commands_never_hold_it_both(root: Path) -> None:
    """Whoever has to wait gets it in the end, and whoever finds it abandoned is alone
    in removing it."""
    inside: list[str] = []
    most = []

    def work() -> None:
        one = IndexLock(repository(root), PLAIN)
        for _ in range(15):
            one.acquire()
            inside.append("x")
            most.append(len(inside))
            time.sleep(0.0005)
            inside.pop()
            one.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    assert len(most) == 60 and max(most) == 1
    assert not (root / ".git/index.lock").exists()


@pytest.mark.parametrize(
    "one",
    operations.OPERATIONS,
    ids=lambda one: f"{one.sign} {one.name}".replace("/", "-"),
)
def test_what_git_is_in_the_middle_of_is_told(
    root: Path, lock: IndexLock, one: operations.Operation
) -> None:
    """With how to finish it and how to give it up; at the beginning, and again once git
    is locked out."""
    sign = root / ".git" / one.sign
    sign.parent.mkdir(exist_ok=True), sign.touch()
    if one.begins:
        assert operations.unfinished(repository(root)) is None, (
            "an empty list, as git leaves it"
        )
        sign.write_bytes(one.begins + b"0123456 x\n")
    for ask in (lambda: operations.must_be_free(repository(root)), lock.acquire):
        with pytest.raises(
            BusyError, match=f"{one.name} is in progress in {root}"
        ) as told:
            ask()
        assert one.finish in told.value.hint and one.abort in told.value.hint
    assert not (root / ".git/index.lock").exists()


def test_a_merge_elsewhere_is_none_of_ours(root: Path, tmp_path: Path) -> None:
    """Each work tree has its own."""
    git(root, "worktree", "add", "-q", str(tmp_path / "other"))
    (root / ".git/MERGE_HEAD").touch()
    operations.must_be_free(repository(tmp_path / "other"))
    (root / ".git/MERGE_HEAD").rename(root / ".git/worktrees/other/MERGE_HEAD")
    operations.must_be_free(repository(root))
    with pytest.raises(BusyError):
        operations.must_be_free(repository(tmp_path / "other"))


def test_locks_on_references_are_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On HEAD and on its branch, be its name of several parts; not on another branch."""
    monkeypatch.setattr(operations, "WAIT", 0.05)
    git(root, "checkout", "-q", "-b", "team/main")
    (root / ".git/refs/heads/main.lock").touch()
    operations.must_be_free(repository(root))
    for name in ("HEAD.lock", "refs/heads/team/main.lock"):
        (root / ".git" / name).touch()
        with pytest.raises(BusyError, match=name):
            operations.must_be_free(repository(root))
        (root / ".git" / name).unlink()


def test_a_list_is_left_by_a_command_that_is_killed_alone(root: Path) -> None:
    """Whoever looks sees the lists of the dead, and not those of the living; a list
    with all committed goes."""
    state = locate(str(root))
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
    assert list(uncommitted.rows_in(left)) == rows
    uncommitted.remove_list(left)
    living.leave()
    assert len(uncommitted.pending_lists(state)) == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 80, b'["a", "b"]\n', b'["a", "b", 3]\n', b'["a"', b"{}\n", b"\xff\n"],
)
def test_a_list_that_a_power_cut_has_damaged(root: Path, data: bytes) -> None:
    path = root / "list"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        list(uncommitted.rows_in(str(path)))


def take(folder: Path, was: bytes | None, new: bytes = b"new") -> bytes | None:
    """Put a new file into the place of ``a``; what was there."""
    (folder / "waiting").write_bytes(new)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        digest = None if was is None else sha256(was).hex()
        return take_place(
            (descriptor, "waiting"), (descriptor, "a"), "tickets/a", digest
        )
    finally:
        os.close(descriptor)


def test_the_last_look(tmp_path: Path) -> None:
    """A file that was changed, removed or made meanwhile keeps its place; one that is
    as it was gives it up."""
    for now, was in ((b"one", b"two"), (b"one", None), (None, b"one")):
        (tmp_path / "a").unlink(missing_ok=True)
        if now is not None:
            (tmp_path / "a").write_bytes(now)
        with pytest.raises(
            ChangedError, match="tickets/a was changed by another program"
        ):
            take(tmp_path, was)
        assert (tmp_path / "a").exists() == (now is not None) and (
            tmp_path / "waiting"
        ).read_bytes() == b"new"
    assert take(tmp_path, None, b"first") is None
    assert take(tmp_path, b"first") == b"first"
    assert (tmp_path / "a").read_bytes() == b"new" and not (
        tmp_path / "waiting"
    ).exists()


def needs_leases(folder: Path) -> None:
    """Skip a test where the kernel or the file system has no leases."""
    with open(folder / "a", "rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except (AttributeError, OSError):
            pytest.skip("no leases here")


def test_a_file_that_is_being_written_to_is_left_alone(tmp_path: Path) -> None:
    """Though its bytes are still what they were: an editor has it open for writing. Who
    reads is in nobody's way."""
    (tmp_path / "a").write_bytes(b"one")
    needs_leases(tmp_path)
    with (
        (tmp_path / "a").open("r+b"),
        pytest.raises(ChangedError, match="writing into tickets/a"),
    ):
        take(tmp_path, b"one")
    with (tmp_path / "a").open("rb"):
        assert take(tmp_path, b"one") == b"one"


def test_who_wants_to_write_waits_and_nothing_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal of a lease that is broken would end a process that does not expect it."""
    (tmp_path / "a").write_bytes(b"one")
    needs_leases(tmp_path)
    rename = os.rename

    def slowly(*words: Any, **more: Any) -> None:
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "a", os.O_WRONLY | os.O_NONBLOCK)
        rename(*words, **more)

    monkeypatch.setattr(os, "rename", slowly)
    assert take(tmp_path, b"one") == b"one"
    os.close(os.open(tmp_path / "a", os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("edited", range(3))
def test_what_belongs_together_is_put_back_where_one_has_changed(
    root: Path, edited: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor comes after the first look: all are as they were, but for what it
    wrote."""
    state = locate(str(root))
    paths = [f"tickets/2026/11/02/{name}.yaml" for name in "abc"]
    old: list[bytes | None] = [b"a", None, b"c"]
    for path, data in zip(paths, old, strict=True):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if data is not None:
            (root / path).write_bytes(data)

    def ready(rows: Rows) -> None:
        assert len(list(rows())) == 3
        (root / paths[edited]).write_bytes(b"by hand")

    writes = [Write(path, b"new", data) for path, data in zip(paths, old, strict=True)]
    with pytest.raises(ChangedError, match=paths[edited]):
        write_all(state, writes, ready)
    for number, (path, data) in enumerate(zip(paths, old, strict=True)):
        there = (root / path).read_bytes() if (root / path).exists() else None
        assert there == (b"by hand" if number == edited else data)
    assert not list((root / ".git/ticketctl").glob("*"))
    assert write_all(state, [Write(paths[edited], b"new", b"by hand")]) == 1


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="/"),
    min_size=1,
    max_size=8,
).filter(
    lambda name: (
        name.lower() not in (".", "..", ".git") and not name.lower().startswith("git~")
    )
)
FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.binary(max_size=300),
    max_size=8,
)


@settings(max_examples=8)
@given(FILES, FILES, st.booleans())
def test_the_objects_are_gits_own(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, bytes],
    new: dict[str, bytes],
    many: bool,
) -> None:
    """Whatever the folder has, and whatever comes to it: the same tree as by ``git
    add``; every object is there."""
    every = old | new
    if any(other.startswith(f"{path}/") for path in every for other in every):
        return  # a file and a folder of one name
    root = tmp_path_factory.mktemp("objects")
    git(root, "init", "-q", "-b", "main")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")

    def staged(files: dict[str, bytes]) -> str:
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        names = "".join(f"{path}\0" for path in files).encode()
        git(root, "update-index", "--add", "-z", "--stdin", feed=names)
        return git(root, "write-tree").strip()

    tree = staged(old)
    head = git(root, "commit-tree", tree, "-p", "HEAD", "-m", "y").strip()
    files = [
        NewFile(path.encode(), object_id(b"blob", data)) for path, data in new.items()
    ]
    trees = objects.make_trees(str(root), head, files, 40)
    data = {
        file.path: content for file, content in zip(files, new.values(), strict=True)
    }
    commit = objects.commit_bytes(
        trees.root, head, "A <a@x> 1 +0000", "A <a@x> 1 +0000", "z"
    )
    limit, objects._UNPACKED = objects._UNPACKED, 0 if many else 100
    try:
        objects.store_objects(
            str(root), files, lambda file: data[file.path], trees.objects, [commit], 40
        )
    finally:
        objects._UNPACKED = limit
    assert trees.before == tree
    git(root, "update-ref", "HEAD", object_id(b"commit", commit).hex())
    assert git(root, "fsck", "--no-dangling") == ""
    assert trees.root == staged(every)


def test_a_file_that_changes_on_the_way_is_in_no_commit(root: Path) -> None:
    """Its id was taken before it was read again."""
    file = NewFile(b"tickets/a", object_id(b"blob", b"one"))
    with pytest.raises(ChangedError):
        objects.store_objects(str(root), [file], lambda _: b"two", [], [], 40)


def test_as_whom_a_commit_is_made(root: Path) -> None:
    """Git's user, else who acts; the author may be somebody else."""
    (
        git(root, "config", "user.email", "amy@support.example"),
        git(root, "config", "user.name", "Amy"),
    )
    one = identity_of(str(root), "tom@support.example", "amy@support.example")
    assert one.author.startswith("Amy <amy@support.example> ") and one.options == ()
    one = identity_of(str(root), "tom@support.example", "jane@customer.example")
    assert one.author.startswith("jane <jane@customer.example> ")
    assert one.committer.startswith("Amy <amy@support.example> ")
    (
        git(root, "config", "--unset", "user.email"),
        git(root, "config", "--unset", "user.name"),
    )
    one = identity_of(str(root), "tom@support.example")
    assert (
        one.author.startswith("tom <tom@support.example> ")
        and one.committer == one.author
    )
    git(root, "config", "x.y", "a\nGIT_AUTHOR_IDENT=Eve <eve@x> 1 +0000")
    assert identity_of(str(root), "tom@support.example").author.startswith("tom <")
    assert not one.signs
    git(root, "config", "commit.gpgsign", "true")
    assert identity_of(str(root), "tom@support.example").signs
