"""Put on the disk what has been written, so that it survives a power cut."""

from __future__ import annotations

import os
from functools import cache


@cache
def can_sync_all() -> bool:
    """Return whether the kernel has syncfs(2), which Python does not offer."""
    from ctypes import CDLL

    return hasattr(CDLL(None), "syncfs")


def sync_all(folder: str) -> None:
    """Sync everything on the file system of a folder.

    Raises:
        OSError: the disk failed.
    """
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
        path: absolute, or relative to ``folder``, the descriptor of an open folder.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
    )
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
