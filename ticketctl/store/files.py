"""Bytes on disk: reading them, putting them down so that they stay, and the lock of a store."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from ticketctl.errors import BusyError, DiskError

STATE = ".ticketctl"
MAX_BYTES = 1 << 20
"""The largest ticket file that is read."""
TMP = "tmp"


def read_bytes(path: str, limit: int) -> bytes:
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


def about(path: str) -> os.stat_result | None:
    """What is at a path, links followed; nothing, where nothing is.

    Raises:
        OSError: it may not be looked at, say; ``os.path.exists`` would take it to be missing.
    """
    try:
        return os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def is_file(path: str) -> bool:
    """Whether a file is at a path; errors as of :func:`about`."""
    found = about(path)
    return found is not None and stat.S_ISREG(found.st_mode)


@contextmanager
def lock(folder: str, wait: float = 30.0) -> Iterator[None]:
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


def _acquire(descriptor: int, folder: str, until: float) -> None:
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


@cache
def can_sync_all() -> bool:
    """Whether the kernel has syncfs(2), for which Python has no word."""
    from ctypes import CDLL

    return hasattr(CDLL(None), "syncfs")


def sync_all(folder: str) -> None:
    """Sync everything on the file system of a folder."""
    from ctypes import CDLL, get_errno

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if CDLL(None, use_errno=True).syncfs(descriptor):
            number = get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def put(path: str, data: bytes, near: str = "") -> None:
    """Make a file of some bytes, which are not yet sure to be on the disk.

    Args:
        near: the folder that the file will be moved to, where the file system shall look for its place, too. In a folder
            where files come and go, ext4 passes over whatever was freed within the last minutes: of 4,000 files, 0.8 ms
            for each new one, against 0.04.

    Raises:
        FileExistsError: there is one of that name.
    """
    if near and _put_near(path, data, near):
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        _write(descriptor, data)
    finally:
        os.close(descriptor)


_OPEN = "/proc/self/fd"


def _put_near(path: str, data: bytes, folder: str) -> bool:
    """Make a file that has no name in a folder, then give it one elsewhere; whether that can be done here (Linux can, on
    most of its file systems). Until it has a name it is gone with the process."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        descriptor = os.open(folder, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o666)
    except OSError:
        return False
    try:
        _write(descriptor, data)
        try:
            # Told a folder's number, which counts for nothing here, Python calls linkat(2), which follows the link.
            os.link(f"{_OPEN}/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
        except FileExistsError:
            raise
        except OSError:
            return False  # there is no /proc, say
    finally:
        os.close(descriptor)
    return True


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def make_folders(root: str, target: str) -> None:
    """Make the folders on the way to a file of a store; none of them may be a link."""
    folder = root
    for part in target.split("/")[:-1]:
        parent, folder = folder, f"{folder}/{part}"
        if os.path.islink(folder):
            raise OSError(errno.ELOOP, f"{folder} is a symbolic link")
        if not os.path.isdir(folder):
            with suppress(FileExistsError):  # made by somebody else meanwhile
                os.mkdir(folder)
            sync(parent)


def sync(path: str) -> None:
    """Put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
