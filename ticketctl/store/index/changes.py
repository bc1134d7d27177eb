"""Find the ticket files that differ from what the index has.

In a large repository git tells (``store/index/git_changes.py``); elsewhere the stat of
every file does (``store/index/stamps.py``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ticketctl.errors import DiskError
from ticketctl.store.index.database import Index
from ticketctl.store.index.stamps import (
    WITHOUT_GIT,
    ChangeSet,
    FileStamp,
    FileToRead,
    is_unchanged,
)
from ticketctl.store.paths import walk_tickets
from ticketctl.store.state_folder import StateFolder

if TYPE_CHECKING:
    from ticketctl.store.index.git_changes import GitQuery

LARGE = 2000
"""From this number of tickets on, git answers faster than a stat of every file."""
_LARGE_BYTES = LARGE * 600


def start_git_query(state: StateFolder) -> GitQuery | None:
    """Start to ask git, where it will have to be asked; ``None`` elsewhere.

    Git takes longest, so it is started before anything else is looked at.
    """
    try:
        newest = Index.newest(state)
        if newest is None or os.stat(newest).st_size <= _LARGE_BYTES:
            return None
        from ticketctl.store.index.git_changes import GitQuery

        return GitQuery(state.root)
    except (OSError, DiskError):
        return None


def find_changes(
    root: str, index: Index | None, query: GitQuery | None = None
) -> ChangeSet:
    """Return what has changed since the index was written.

    Args:
        index: every file has changed, if ``None``.
        query: what git has been asked already.
    """
    if os.path.islink(f"{root}/tickets"):
        return _all_behind_link(root, index)
    if index is None:
        return _all_files(root)
    if query or _is_large(index):
        from ticketctl.store.index.git_changes import changes_by_git

        changes = changes_by_git(root, index, query)
        if changes is not None:
            return changes
    return _changes_by_stat(root, index)


def _all_behind_link(root: str, index: Index | None) -> ChangeSet:
    """Return all files: none is a ticket of the store, as reading each will say."""
    to_read = [FileToRead(path) for path in walk_tickets(root)]
    gone: set[str] = set()
    if index is not None:
        gone = index.stamps().keys() - {file.path for file in to_read}
    return ChangeSet(to_read, list(gone), [], WITHOUT_GIT, True)


def _all_files(root: str) -> ChangeSet:
    """Return all files, with the blobs of HEAD: their bytes show which are the same."""
    from ticketctl.store.index.git_changes import state_in_head, ticket_path

    paths = list(walk_tickets(root))
    head = state_in_head(root) if len(paths) > LARGE else None
    meta, blobs = head or (WITHOUT_GIT, {})
    to_read = [FileToRead(path, blobs.get(path, "")) for path in paths]
    in_head = {ticket_path(name) for name in blobs.keys() - paths}
    missing = in_head.difference(paths, ("",))
    untrusted = [FileStamp(path, "", 0) for path in missing]
    return ChangeSet(to_read, [], untrusted, meta, True)


def _is_large(index: Index) -> bool:
    try:
        return index.path is not None and os.stat(index.path).st_size > _LARGE_BYTES
    except OSError:
        return index.count() > LARGE  # another command has replaced it


def _changes_by_stat(root: str, index: Index) -> ChangeSet:
    stamps = index.stamps()
    paths = list(walk_tickets(root))
    to_read = [
        FileToRead(path)
        for path in paths
        if path not in stamps or not is_unchanged(root, path, *stamps[path])
    ]
    gone = list(stamps.keys() - paths)
    untrusted: list[FileStamp] = []
    if index.meta("head"):
        # If git is asked again one day, it knows nothing of the changes seen here.
        before = {
            path: FileStamp(path, *stamp)
            for path, stamp in index.untrusted_files().items()
        }
        read = {file.path for file in to_read}
        all_untrusted = before | {path: FileStamp(path, "", 0) for path in gone}
        untrusted = [file for file in all_untrusted.values() if file.path not in read]
    return ChangeSet(to_read, gone, untrusted, {}, bool(to_read or gone))
