"""What has changed since the index was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ticketctl.store.index.stamps import FileStamp

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


class ChangeSet(NamedTuple):
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
