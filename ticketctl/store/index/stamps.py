"""Stamps of files, and what has changed since the index was written.

A stamp is what the stat of a file says. A file is unchanged if its size, times and inode
are the same, and it was at least two seconds old when it was read: else it could have
changed again within the same tick (git's racy rule).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import NamedTuple

from ticketctl.record import Record

_RACY = 2_000_000_000
"""How old a file must be when it is read, in nanoseconds, for its stamp to count."""


class FileStamp(NamedTuple):
    """A file or folder, and its stamp when it was read.

    Args:
        path: relative to the store.
        stamp: its stat in one word; empty if it is missing.
        read: when it was read, in nanoseconds since 1970; 0 if it never was.
    """

    path: str
    stamp: str
    read: int


def stamp_of(path: str) -> tuple[str, int]:
    """Return the stamp of a file, and the latest of its times in nanoseconds.

    The stamp is empty if the file is missing.
    """
    try:
        stat = os.lstat(path)
    except OSError:
        return "", 0
    modified, changed = stat.st_mtime_ns, stat.st_ctime_ns
    stamp = f"{stat.st_size} {modified} {changed} {stat.st_ino} {stat.st_mode}"
    return stamp, max(modified, changed)


def take_stamp(root: str, path: str) -> FileStamp:
    """Return the stamp of a file or folder, as read now.

    Args:
        path: relative to the store.
    """
    read = time.time_ns()
    return FileStamp(path, stamp_of(f"{root}/{path}")[0], read)


def is_young(stamp: str, read: int) -> bool:
    """Return whether a file was read so soon after a change that git may miss the next.

    Git compares whole seconds.
    """
    return bool(stamp) and max(map(int, stamp.split(" ")[1:3])) > read - _RACY


def is_settled(latest: int) -> bool:
    """Return whether the latest time of a file, in nanoseconds, is long enough ago."""
    return latest < time.time_ns() - _RACY


def is_unchanged(root: str, path: str, stamp: str, read: int) -> bool:
    """Return whether a file is still as it was when it was read.

    Args:
        path: relative to the store.
    """
    now, latest = stamp_of(f"{root}/{path}")
    return bool(stamp) and now == stamp and latest < read - _RACY


WITHOUT_GIT: Mapping[str, object] = {"head": "", "git_index": "", "hidden": ""}
"""What the index remembers of git where git was not asked."""


class FileToRead(NamedTuple):
    """A file that has to be read.

    Args:
        path: relative to the store.
        vouched: the blob that HEAD has there, in hex, if git says that the file is the
            same; else empty.
    """

    path: str
    vouched: str = ""


class ChangeSet(Record):
    """What has to be changed in an index.

    Args:
        to_read: the files to be read.
        gone: the paths of files that are no longer there.
        untrusted: the files for which git does not vouch, among those that are not to
            be read.
        meta: what the index is to remember of git.
        is_changed: whether anything has to be written at all.
    """

    to_read: list[FileToRead]
    gone: list[str]
    untrusted: list[FileStamp]
    meta: Mapping[str, object]
    is_changed: bool
