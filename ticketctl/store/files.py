"""Bytes on disk: the lock, atomic durable writes, the journal of writes that belong together.

A write goes to a temporary file in ``.ticketctl/tmp`` (the same file system, so that the rename is atomic; one
place to clean up after a crash), is synced, and is renamed over its target, whose folder is then synced. Several
files that belong together are all put down first, then a synced journal that lists them, then renamed: whoever
writes next after a crash finishes the renames.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ticketctl.core.digest import sha256
from ticketctl.errors import BusyError, DiskError, RefusedError
from ticketctl.record import Record
from ticketctl.store.paths import behind_link

STATE = ".ticketctl"
MAX_BYTES = 1 << 20
"""The largest ticket file that is read."""
TMP = "tmp"
_JOURNAL = "journal.json"
_WRITABLE = ("tickets/", "attachments/", "dead-letters/", f"{STATE}/outbox/")
"""Only below these does a journal rename anything: one that came with a hostile store cannot reach elsewhere."""


class Write(Record):
    """One file to be written.

    Args:
        path: relative to the store, with forward slashes.
        data: its new bytes.
        expected: the bytes that must still be there; ``None`` if there must be no such file.
    """

    path: str
    data: bytes
    expected: bytes | None = None


def read_bytes(path: Path | str, limit: int) -> bytes:
    """The bytes of a regular file, at most ``limit`` and one; symbolic links are not followed.

    Raises:
        FileNotFoundError: there is none.
        DiskError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DiskError(f"{path} is a symbolic link; those are not followed") from None
        raise DiskError(f"cannot read {path}: {error.strerror}") from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise DiskError(f"{path} is not a regular file")
        wanted = min(about.st_size, limit) + 1
        data = os.read(descriptor, wanted)
        if len(data) < wanted:  # to its end, as nearly always
            return data
        with open(descriptor, "rb", closefd=False) as file:
            return data + file.read(limit + 1 - len(data))
    except OSError as error:
        raise DiskError(f"cannot read {path}: {error.strerror}") from None
    finally:
        os.close(descriptor)


@contextmanager
def lock(folder: Path, wait: float = 30.0) -> Iterator[None]:
    """Hold the kernel's lock on a folder (``flock``, so nothing is left behind by a process that dies).

    Args:
        folder: what to lock.
        wait: for how long to try, in seconds; 0 tries once.

    Raises:
        BusyError: somebody else holds it.
        DiskError: the folder cannot be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DiskError(f"cannot lock {folder}: {error.strerror}") from None
    try:
        _acquire(descriptor, folder, time.monotonic() + wait)
        _held.add(descriptor)
        yield
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


_held: set[int] = set()


def let_go() -> None:
    """Close the locks that a forked process has inherited: they are its parent's, and must not outlive it. (The parent
    keeps them.)"""
    while _held:
        os.close(_held.pop())


def die_with_parent() -> None:
    """Let the kernel end this process when its parent ends, however that ends (Linux)."""
    from ctypes import CDLL

    with suppress(AttributeError, OSError):
        CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def _acquire(descriptor: int, folder: Path, until: float) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise BusyError(f"{folder} is locked by another ticketctl", "try again in a moment") from None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def write_all(root: Path, writes: Iterable[Write]) -> int:
    """Write files, all of them or none, surviving crash and power cut. The store's lock is held.

    Args:
        writes: taken one at a time and not kept, so that there may be very many; what goes wrong in making them takes
            back all before.

    Returns:
        How many there were.

    Raises:
        BusyError: a file is not what it was when it was read.
        DiskError: the disk is full, read-only or broken; nothing was changed.
    """
    made: list[_Made] = []
    try:
        _prepare(root, writes, made)
        if made:
            os.replace(made[0].temporary, root / made[0].target)
    except OSError as error:
        hint = "nothing was changed" if _forget(root, made) else "the next command finishes it"
        raise DiskError(f"cannot write to {root}: {error.strerror}", hint) from None
    except BaseException:
        _forget(root, made)
        raise
    if made:
        _finish(root, made[:1], made[1:])
        _drop_journal(root)
    return len(made)


class _Made(NamedTuple):
    """A file put down under a temporary name: where it belongs, and the hash of what is there now, if anything is."""

    temporary: str
    target: str
    replaces: str | None


def _prepare(root: Path, writes: Iterable[Write], made: list[_Made]) -> None:
    """Put everything down, so that only renames are left to do."""
    temporary, folders = root / STATE / TMP, set[str]()
    targets = set[str]()
    for write in writes:
        if write.path in targets:
            raise RefusedError(f"{write.path} would be written twice", "each ticket has an id of its own")
        targets.add(write.path)
        _compare(root, write)
        if not made:
            temporary.mkdir(parents=True, exist_ok=True)
        path = f"{temporary}/{os.getpid()}-{len(made)}"
        made.append(_Made(path, write.path, None if write.expected is None else sha256(write.expected).hex()))
        _put(path, write.data, sync=len(made) <= _MANY or not _can_sync_all())
        if (folder := os.path.dirname(write.path)) not in folders:
            _make_folders(root, write.path)
            folders.add(folder)
    if len(made) > _MANY and _can_sync_all():
        _sync_all(temporary)
    if len(made) > 1:
        # The names of the temporaries must be on disk before a journal that lists them.
        sync(temporary)
        _write_journal(root, made)


def _forget(root: Path, made: Sequence[_Made]) -> bool:
    """Take back what was prepared; whether the disk let us. The journal goes first: what it lists must be there."""
    state = root / STATE
    with suppress(OSError):
        (state / _JOURNAL).unlink()
    if (state / _JOURNAL).exists():
        return False
    with suppress(OSError):
        sync(state)  # else a power cut could bring the journal back, and what it lists
    for path in (f"{state / TMP / _JOURNAL}", *(one.temporary for one in made)):
        with suppress(OSError):
            os.unlink(path)
    return True


def _finish(root: Path, renamed: Sequence[_Made], left: Sequence[_Made]) -> None:
    """Rename what is left, and sync the folders of all.

    Raises:
        DiskError: the disk failed on the way; the tickets are written, or will be by the next command.
    """
    try:
        for one in left:
            os.replace(one.temporary, root / one.target)
        folders = {os.path.dirname(one.target) for one in (*renamed, *left)}
        if len(folders) > _MANY and _can_sync_all():
            _sync_all(root / STATE / TMP)
            return
        for folder in folders:
            sync(root / folder)
    except OSError as error:
        hint = (
            "it is written in part; the next command finishes it" if left else "it is written, but perhaps not safely"
        )
        raise PartlyError(f"the disk failed in {root}: {error.strerror}", hint) from None


class PartlyError(DiskError):
    """Some of the files are in their places; the rest follows with the next command. Not to be tried again at once."""


def _drop_journal(root: Path) -> None:
    try:
        (root / STATE / _JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(f"the disk failed in {root}: {error.strerror}", "it is written; look at the disk") from None


def interrupted(root: Path) -> bool:
    """Whether a crash left something to :func:`recover` (or somebody is just writing)."""
    temporary = root / STATE / TMP
    return (root / STATE / _JOURNAL).exists() or (temporary.is_dir() and any(temporary.iterdir()))


def recover(root: Path) -> list[str]:
    """Finish what a crash interrupted and clear what it left. The store's lock is held.

    A file that somebody has changed since is left as they made it; what would have been written over it is kept in
    ``.ticketctl/rescued``.

    Returns:
        The files that are in their places now: those that it put there, and those that had been before the crash.
    """
    finished: list[str] = []
    state = root / STATE
    no_links(root)
    try:
        pending = _pending((state / _JOURNAL).read_bytes())
    except FileNotFoundError:
        pending = []
    except OSError as error:
        raise DiskError(f"cannot read {state / _JOURNAL}: {error.strerror}") from None
    for name, target, expected in pending:
        path = state / TMP / Path(name).name
        if not _safe(target):
            continue
        if not path.exists():
            finished += [target] if (root / target).is_file() else []
        elif _digest(root / target) == expected and not behind_link(root, target):
            _make_folders(root, target)
            _finish(root, (), [_Made(str(path), target, expected)])
            finished.append(target)
        else:
            (state / "rescued").mkdir(exist_ok=True)
            os.replace(path, state / "rescued" / Path(target).name)
    with suppress(OSError):
        (state / _JOURNAL).unlink()
    if (state / TMP).is_dir():
        for leftover in (state / TMP).iterdir():
            with suppress(OSError):
                leftover.unlink()
    return finished


def _pending(data: bytes) -> list[tuple[str, str, str | None]]:
    """What a journal lists; nothing, if it is none of ours (ours is renamed into place whole)."""
    with suppress(ValueError, TypeError, RecursionError):
        rows = [(name, target, expected) for name, target, expected in json.loads(data)]
        if all(isinstance(name, str) and isinstance(target, str) for name, target, _ in rows):
            return rows
    return []


def no_links(root: Path) -> None:
    """Refuse to work where our own folder leads elsewhere: what it holds is deleted at will."""
    for folder in (root / STATE, root / STATE / TMP, root / STATE / "outbox"):
        if folder.is_symlink():
            raise DiskError(f"{folder} is a symbolic link", "remove it; it is made anew")


def _digest(path: Path) -> str | None:
    """The hash of a file's bytes; nothing if there is no file."""
    try:
        return sha256(read_bytes(path, 1 << 24)).hex()
    except FileNotFoundError:
        return None


def _safe(target: object) -> bool:
    return isinstance(target, str) and target.startswith(_WRITABLE) and ".." not in target.split("/")


def _compare(root: Path, write: Write) -> None:
    try:
        now: bytes | None = read_bytes(root / write.path, 1 << 24)
    except FileNotFoundError:
        now = None
    if now != write.expected:
        raise BusyError(f"{write.path} was changed by another program meanwhile", "look at it, then try again")


_MANY = 8
"""From how many files on the whole file system is synced at once: as safe, at a quarter of the cost."""


@cache
def _can_sync_all() -> bool:
    """Whether the kernel has syncfs(2), for which Python has no word."""
    from ctypes import CDLL

    return hasattr(CDLL(None), "syncfs")


def _sync_all(folder: Path) -> None:
    """Sync everything on the file system of a folder."""
    from ctypes import CDLL, get_errno

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if CDLL(None, use_errno=True).syncfs(descriptor):
            number = get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def _put(path: Path | str, data: bytes, sync: bool = True) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folders(root: Path, target: str) -> None:
    folder = root
    for part in Path(target).parent.parts:
        parent, folder = folder, folder / part
        if folder.is_symlink():
            raise OSError(errno.ELOOP, f"{folder} is a symbolic link")
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync(parent)


def _write_journal(root: Path, made: Sequence[_Made]) -> None:
    """List what is to be renamed where, and the hash of what is there now."""
    state = root / STATE
    content = [(os.path.basename(one.temporary), one.target, one.replaces) for one in made]
    _put(state / TMP / _JOURNAL, json.dumps(content).encode())
    os.replace(state / TMP / _JOURNAL, state / _JOURNAL)
    sync(state)


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
