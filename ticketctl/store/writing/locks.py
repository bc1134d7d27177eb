"""Lock folders by the kernel, so that commands on one store exclude each other.

The locks lie on folders of the store (``flock``), not on files of our own: several
users of one store share them, and a process that ends leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ticketctl.errors import BusyError, DiskError
from ticketctl.store.files import open_folder


@contextmanager
def lock_folder(folder: str, wait: float = 30.0) -> Iterator[None]:
    """Hold the kernel's lock on a folder.

    Args:
        folder: the folder to lock.
        wait: how long to try, in seconds; 0 tries once.

    Raises:
        BusyError: another command holds the lock.
        DiskError: the folder cannot be opened.
    """
    try:
        descriptor = open_folder(folder)
    except OSError as error:
        raise DiskError(f"cannot lock {folder}: {error.strerror}") from None
    try:
        _acquire(descriptor, folder, time.monotonic() + wait)
        open_locks.add(descriptor)
        yield
    finally:
        open_locks.discard(descriptor)
        os.close(descriptor)


open_locks: set[int] = set()


def close_inherited_locks() -> None:
    """Close the locks that a forked process has inherited from its parent.

    They must not outlive the parent, which keeps its own.
    """
    while open_locks:
        os.close(open_locks.pop())


def die_with_parent() -> None:
    """Let the kernel end this process when its parent ends for any reason (Linux)."""
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
                raise BusyError(
                    f"{folder} is locked by another ticketctl", "try again in a moment"
                ) from None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
