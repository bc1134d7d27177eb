"""Finish what a crash interrupted (``store/writing/journal.py``), and remove the rest.

A journal in the state folder is ours. One in the store (outside git) may come from
anybody: it can only make a ticket longer, and nothing else that it lists is kept,
copied or named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from ticketctl.core.hashing import sha256
from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.writing.journal import (
    WRITABLE,
    JournalRow,
    area_folder,
    finish_renames,
    in_rename_order,
    read_journal,
    waiting_name,
)
from ticketctl.store.writing.open_folders import OpenFolders
from ticketctl.store.writing.temporary import (
    OUTBOX,
    STORE,
    is_waiting_path,
    leftovers,
    place_folder,
    remove_waiting,
)

Extends = Callable[[str, bytes, bytes | None], bool]
"""Whether bytes are a ticket at a path that has all events of other bytes, and more."""


def is_interrupted(state: StateFolder) -> bool:
    """Return whether there is something to recover, or another command is writing."""
    return files.may_exist(state.journal) or any(True for _ in leftovers(state))


def recover(state: StateFolder, extends: Extends) -> list[str]:
    """Finish what a crash interrupted, and remove the rest; the store's lock is held.

    A file that has been changed since stays as it is; what would have replaced it is
    kept in ``rescued`` in the state folder.

    Returns:
        The files of the store that are in their places now: those that this put there,
            and those that were there before the crash.

    Raises:
        DiskError: the journal, or what it lists, cannot be read or finished.
    """
    finished: list[str] = []
    if not is_interrupted(state):
        return finished
    folders = set[str]()
    can_be_finished = not state.beside or not any(
        _waits(state, row) for row in _rows(state) if row.is_besides
    )
    for row in _rows(state):
        folders.add(row.waits_in(state))
        if can_be_finished and _recovered(state, row, extends) and row.area == STORE:
            finished.append(row.target)
    with suppress(OSError):
        os.unlink(state.journal)
    for path in (*leftovers(state), *folders):
        remove_waiting(path)
    return finished


def _rows(state: StateFolder) -> Iterator[JournalRow]:
    """Yield what the journal lists, in the order of the renames.

    A journal that is damaged anywhere lists nothing: ours takes its name when it is
    whole.

    Raises:
        DiskError: it cannot be read.
    """
    if state.beside and not files.is_regular(
        state.root, os.path.basename(state.journal)
    ):
        return
    try:
        for _ in read_journal(state.journal):
            pass  # if it is damaged anywhere, none of it counts
        yield from filter(
            _could_be_ours, in_rename_order(lambda: read_journal(state.journal))
        )
    except (FileNotFoundError, ValueError):
        return
    except OSError as error:
        raise DiskError(f"cannot read {state.journal}: {error.strerror}") from None


def _recovered(state: StateFolder, row: JournalRow, extends: Extends) -> bool:
    """Finish one row; return whether its file is in its place now."""
    base = area_folder(state, row.area)
    if not _waits(state, row):
        return files.is_regular(base, row.target)
    limit = files.MAX_BYTES if state.beside else files.LARGEST
    now = _bytes(base, row.target, limit)
    data = (
        _bytes(place_folder(state, row.place), f"{row.folder}/{row.name}", limit) or b""
    )
    is_as_read = (None if now is None else sha256(now).hex()) == row.replaces
    is_ours = sha256(data).hex() == row.digest
    if state.beside and is_ours:
        in_store = row.area == STORE
        is_ours = extends(row.target, data, now) if in_store else row.place != STORE
    if is_ours and is_as_read:
        if row.area == OUTBOX:
            state.make_outbox()
        opened = OpenFolders(state.access)
        try:
            finish_renames(
                state,
                [row],
                [(row.area, os.path.dirname(row.target))],
                opened,
                more=True,
            )
        finally:
            opened.close()
        return True
    if not state.beside:
        _rescue(state, row, data)
    return False


def _rescue(state: StateFolder, row: JournalRow, data: bytes) -> None:
    """Keep a file that can no longer be put into its place.

    Raises:
        DiskError: it cannot be kept.
    """
    try:
        with (
            files.folder_of(state.make("rescued"), "") as folder,
            suppress(FileExistsError),
        ):
            files.make_file(
                folder, os.path.basename(row.target), data, access=state.access
            )
    except OSError as error:
        message = (
            f"cannot keep what a crash left in {row.waits_in(state)}: {error.strerror}"
        )
        raise DiskError(
            message, "mend that, then try again; the journal stays"
        ) from None


def _waits(state: StateFolder, row: JournalRow) -> bool:
    """Return whether the file of a row is still waiting.

    Raises:
        DiskError: that cannot be seen; it may be another user's.
    """
    path = f"{row.waits_in(state)}/{row.name}"
    try:
        return files.stat_if_present(path) is not None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise DiskError(
            message, "mend that, then try again; the journal stays"
        ) from None


def _could_be_ours(row: JournalRow) -> bool:
    """Return whether we could have written a row: our names, and a path where we write."""
    parts = row.target.split("/")
    try:
        fits = all(0 < len(os.fsencode(part)) < 256 for part in parts)
        named = row.name == waiting_name(row.area, row.target)
    except UnicodeEncodeError:
        return False
    is_place = row.target.startswith(WRITABLE) if row.area == STORE else len(parts) == 1
    is_plain = not {".", ".."}.intersection(parts) and "\0" not in row.target
    return fits and named and is_place and is_plain and is_waiting_path(row.folder)


def _bytes(base: str, path: str, limit: int) -> bytes | None:
    """Return the bytes of a file; ``None`` without a file.

    Anything else in its place gives bytes that no file of ours has.
    """
    try:
        return files.read_in(base, path, limit)
    except FileNotFoundError:
        return None
    except DiskError:
        return b"\0"
