"""Putting on the disk what has been written, so that a power cut does not take it."""

from __future__ import annotations

import os
from functools import cache


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


def sync_path(path: str, folder: int | None = None) -> None:
    """Put a file, or the names in a folder, on the disk.

    Args:
        path: absolute, or relative to ``folder``, the descriptor of an open one.
    """
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
    )
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
