"""The files of a commit: as a command wrote them, and with all events of HEAD."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from ticketctl.core.hashing import sha256
from ticketctl.core.vocabulary import EVENT_ID
from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.git.queries import read_blobs

_AT_ONCE = 200
"""How many tickets are compared at a time with what HEAD has of them."""


class WrittenFile(NamedTuple):
    """A file to be committed.

    Args:
        path: relative to the store.
        digest: the SHA-256 of its bytes, in hex; empty, to commit whatever is there.
        blob_before: the id that git gives to what it replaced, in hex; empty if that
            is not known.
    """

    path: str
    digest: str = ""
    blob_before: str = ""


class CommitResult(NamedTuple):
    """The result of a commit.

    Args:
        id: of the new commit, in hex; empty if HEAD had the files already.
        left_out: the paths of files that somebody has changed since they were written.
    """

    id: str
    left_out: list[str]


class MissingEventsError(DiskError):
    """Some files lack events of their tickets that HEAD has.

    Git, or a person, has put an older state of a file in its place; a commit of it
    would take the events away.

    Args:
        head: the bytes that HEAD has, by the path of the file in the store.
    """

    def __init__(self, head: Mapping[str, bytes]) -> None:
        self.head = head
        path = next(iter(head))
        super().__init__(
            f"{path} lacks events that the last commit has; somebody has put an older "
            "state in its place",
            f"git diff {path} shows it; git checkout {path} takes the state of the "
            "last commit",
        )


class FileReader:
    """A reader of the files of a store for a commit.

    It checks each folder only once for symbolic links on the way to it.

    Args:
        root: the folder of the store.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._safe_folders = set[str]()

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Args:
            path: relative to the store.

        Raises:
            FileNotFoundError: there is no such file.
            DiskError: it cannot be read.
        """
        folder = os.path.dirname(path)
        if folder in self._safe_folders:
            return files.read_bytes(f"{self._root}/{path}", files.LARGEST)
        data = files.read_in(self._root, path, files.LARGEST)
        self._safe_folders.add(folder)
        return data

    def read_as_written(self, file: WrittenFile) -> bytes | None:
        """Return the bytes of a file; ``None`` if they are not as they were written."""
        try:
            data = self.read(file.path)
        except (FileNotFoundError, DiskError):
            return None
        if file.digest and sha256(data).hex() != file.digest:
            return None
        return data


def require_all_events(
    root: str, written: Iterable[WrittenFile], head: Mapping[str, str]
) -> None:
    """Check that files have all events that HEAD has of their tickets.

    A file has them all if HEAD has what the file replaced.

    Args:
        head: the ids of what HEAD has in their places, in hex, by path.

    Raises:
        MissingEventsError: some files lack events.
    """
    tickets = (
        (file, head.get(file.path, file.blob_before))
        for file in written
        if file.path.startswith("tickets/")
    )
    doubtful = ((file.path, blob) for file, blob in tickets if blob != file.blob_before)
    lacking: dict[str, bytes] = {}
    while some := list(islice(doubtful, _AT_ONCE)):
        blobs = read_blobs(root, [blob for _, blob in some])
        for (path, _), old in zip(some, blobs, strict=True):
            if not old:
                continue
            now = files.read_in(root, path, files.LARGEST)
            if not event_ids(old) <= event_ids(now):
                lacking[path] = old
    if lacking:
        raise MissingEventsError(lacking)


def event_ids(data: bytes) -> set[bytes]:
    """Return the ids of the events in the file of a ticket."""
    import re

    pattern = rf"\bid: [\"']?({EVENT_ID})\b".encode()
    return set(re.findall(pattern, data))
