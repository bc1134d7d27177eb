"""Keep a journal of writes that belong together: all of them are made, or none.

Each file is first put into a waiting folder that is made anew for this command, on the
file system of its target (a rename cannot cross file systems), and synced. Then a
synced journal lists the files. Then they are renamed over their targets, and the
folders are synced. After a crash, the next command that writes finishes the renames. A
single file needs no journal.

The journal lies where no clone or archive from a stranger can bring one
(``store/state_folder.py``), and names each waiting file with its SHA-256. Outside git it has
to lie in the store, where several users may find it; there it counts only for tickets,
and only where the waiting file extends the ticket that is there (docs/security.md).

None of the files is kept in memory: the journal has what is still to be done.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ticketctl.core.hashing import sha256
from ticketctl.errors import DiskError
from ticketctl.record import Record
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.writing import sync
from ticketctl.store.writing.open_folders import OpenFolders
from ticketctl.store.writing.temporary import OUTBOX, STORE, place_folder

WRITABLE = ("tickets/", "attachments/", "dead-letters/")
"""A journal renames files of a store only below these folders."""
MANY = 8
"""From this number of files on, the whole file system is synced: as safe, at a quarter of
the cost."""
_LONGEST = 1 << 16
"""The longest line of a journal, in characters."""


class Write(Record):
    """A file to be written.

    Args:
        path: relative to the area, with forward slashes.
        data: its new bytes.
        expected: the bytes that must still be there; ``None`` if there must be no file.
        area: ``store``, or ``outbox``.
        by: who changes it, for its commit, where that is known.
    """

    path: str
    data: bytes
    expected: bytes | None = None
    area: str = STORE
    by: str = ""


class PartialWriteError(DiskError):
    """Some of the files are in their places; the next command writes the others."""


Rows = Callable[[], "Iterator[JournalRow]"]


class JournalRow(NamedTuple):
    """A waiting file.

    Args:
        area: where it belongs, ``store`` or ``outbox``.
        target: the path there.
        place: where it waits: ``state``, ``store`` or ``outbox``.
        folder: the waiting folder in that place.
        name: its name in that folder.
        digest: the SHA-256 of its bytes, in hex.
        replaces: that of the bytes at its target; ``None`` if there are none.
        by: who changes it, for its commit.
        was: the id that git gives to the bytes at its target; empty if there are none.
    """

    area: str
    target: str
    place: str
    folder: str
    name: str
    digest: str
    replaces: str | None
    by: str = ""
    was: str = ""

    def waits_in(self, state: StateFolder) -> str:
        """Return the path of its waiting folder."""
        return f"{place_folder(state, self.place)}/{self.folder}"

    @property
    def is_besides(self) -> bool:
        """Return whether it is a file of the store, but not a ticket."""
        return self.area == STORE and not self.target.startswith("tickets/")

    def rename(self, state: StateFolder, folders: OpenFolders) -> None:
        """Put the file into its place; no folder on either path may be a link.

        Raises:
            OSError: the disk failed.
        """
        waiting = folders.of(place_folder(state, self.place), f"{self.folder}/x")
        target = folders.of(area_folder(state, self.area), self.target)
        name = os.path.basename(self.target)
        os.rename(self.name, name, src_dir_fd=waiting, dst_dir_fd=target)


def area_folder(state: StateFolder, area: str) -> str:
    """Return the folder of an area: the store, or the outbox."""
    return state.outbox if area == OUTBOX else state.root


def waiting_name(area: str, target: str) -> str:
    """Return the name under which a file waits.

    It depends on the target only, so that a file that is written twice is noticed.
    """
    return sha256(f"{area} {target}".encode()).hex()[:32]


def in_rename_order(rows: Callable[[], Iterator[JournalRow]]) -> Iterator[JournalRow]:
    """Yield rows in the order of their renames.

    What cannot be finished from a journal outside git comes first, so that all can
    still be taken back.
    """
    yield from (row for row in rows() if row.is_besides)
    yield from (row for row in rows() if not row.is_besides)


def finish_renames(
    state: StateFolder,
    remaining: Iterable[JournalRow],
    folders: Iterable[tuple[str, str]],
    opened: OpenFolders,
    more: bool,
) -> None:
    """Rename the remaining files, and sync the folders of all.

    Args:
        remaining: the rows of files that are still waiting.
        folders: (area, path) of each.
        more: whether the next command finishes the rest after an error.

    Raises:
        PartialWriteError: the disk failed; the tickets are written, or the next command
            writes them.
    """
    try:
        for row in remaining:
            row.rename(state, opened)
        folders = list(folders)
        if len(folders) > MANY and sync.can_sync_all():
            for area in dict.fromkeys(area for area, _ in folders):
                sync.sync_all(area_folder(state, area))
            return
        for area, path in folders:
            os.fsync(opened.of(area_folder(state, area), f"{path}/x".lstrip("/")))
    except OSError as error:
        hint = (
            "some files are written; the next command writes the others"
            if more
            else "the file is written, but a power cut could take it; check the disk"
        )
        raise PartialWriteError(
            f"the disk failed in {state.root}: {error.strerror}", hint
        ) from None


def partial_write(state: StateFolder, error: OSError) -> PartialWriteError:
    """Return the error of a disk that failed among the renames."""
    message = f"the disk failed in {state.root}: {error.strerror}"
    return PartialWriteError(
        message, "some files are written; the next command writes the others"
    )


def read_journal(path: str) -> Iterator[JournalRow]:
    """Yield what a journal lists, row by row.

    Raises:
        ValueError: it is damaged, or not one of ours.
    """
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    )
    with open(descriptor, encoding="utf-8") as lines:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a file")
        while line := lines.readline(_LONGEST):
            try:
                row = JournalRow(*json.loads(line))
            except (TypeError, RecursionError) as error:
                raise ValueError(str(error)) from None
            if not all(
                isinstance(text, str)
                for text in row._replace(replaces=row.replaces or "")
            ):
                raise ValueError("not a journal")
            yield row
