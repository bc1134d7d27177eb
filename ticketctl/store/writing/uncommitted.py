"""List the files that commands have written and not yet committed.

Every command that commits lists a file before it writes it, and removes the list once
HEAD has the files. It holds the list locked meanwhile
(``store/writing/held_files.py``): a list that no command holds is left by one that was
killed, or whose commit failed. The next command that writes commits the files in it,
but only those that are exactly as ticketctl wrote them: never a change by hand.

The lists lie in the state folder, where no clone can bring one (``store/state_folder.py``).
They are not synced: after a power cut one may be there without its lines, and git is
asked then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store import files
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.writing.held_files import HeldFile, check_abandoned

_NAME = pattern(r"uncommitted-[0-9a-f]{16}\.jsonl\Z")
_LARGEST = 1 << 28
"""The largest list that is read, in bytes: more than a million files."""


class UncommittedFile(NamedTuple):
    """A file that a command has written and not committed.

    Args:
        path: relative to the store.
        digest: the SHA-256 of what was written, in hex; empty, if that is not known.
        who: the address of the person, or rule, that wrote it.
    """

    path: str
    digest: str
    who: str


class UncommittedList:
    """The list of one command; made with its first file.

    Args:
        state: of the store.
    """

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._list: HeldFile | None = None

    def add(self, rows: Iterable[UncommittedFile]) -> None:
        """List files that are about to be written.

        Raises:
            OSError: the list cannot be written.
        """
        lines = [json.dumps(row, ensure_ascii=True) + "\n" for row in rows]
        data = "".join(lines).encode()
        if self._list is None and lines:
            path = f"{self._state.make()}/uncommitted-{files.random_name()}.jsonl"
            self._list = HeldFile(path, data, self._state.access)
        elif self._list is not None:
            self._list.append(data)

    def remove(self) -> None:
        """Remove the list: HEAD has all of its files."""
        with suppress(OSError):
            if self._list is not None:
                self._list.remove()
        self._list = None

    def leave(self) -> None:
        """Leave the list to the next command that writes."""
        if self._list is not None:
            self._list.let_go()
        self._list = None


def pending_lists(state: StateFolder) -> list[str]:
    """Return the paths of lists that no command holds any more."""
    paths = []
    for name in filter(_NAME.match, _names(state)):
        path = f"{state.folder}/{name}"
        with check_abandoned(path) as is_abandoned:
            if is_abandoned:
                paths.append(path)
    return paths


def _names(state: StateFolder) -> list[str]:
    with suppress(OSError):
        return sorted(os.listdir(state.folder)) if state.folder else []
    return []


def read_list(path: str) -> Iterator[UncommittedFile]:
    """Yield the files in a list; of several rows of a file, the last one counts.

    Raises:
        ValueError: it is damaged, or empty, as after a power cut.
    """
    try:
        lines = files.read_bytes(path, _LARGEST).splitlines()
    except (FileNotFoundError, DiskError) as error:
        raise ValueError(str(error)) from None
    if not lines:
        raise ValueError("empty")
    for line in lines:
        row = json.loads(line)
        if not (
            isinstance(row, list)
            and len(row) == len(UncommittedFile._fields)
            and all(isinstance(text, str) for text in row)
        ):
            raise ValueError("not a list of files")
        yield UncommittedFile(*row)


def remove_list(path: str) -> None:
    """Remove a list; HEAD has all of its files.

    Raises:
        DiskError: it cannot be removed.
    """
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as error:
        raise DiskError(f"cannot remove {path}: {error.strerror}") from None
