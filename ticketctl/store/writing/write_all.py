"""Write files that belong together: all of them, or none.

They are prepared beside their places, so that only renames are left
(``store/writing/journal.py`` says how a crash among these is survived). Each target is
compared with what it was when it was read, right before its rename
(``store/writing/originals.py``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO

from ticketctl.core.hashing import be_fast, object_id, sha256
from ticketctl.errors import ChangedError, DiskError, RefusedError
from ticketctl.store import files
from ticketctl.store.state_folder import BESIDE, StateFolder
from ticketctl.store.writing import sync
from ticketctl.store.writing.journal import (
    MANY,
    JournalRow,
    PartialWriteError,
    Rows,
    Write,
    area_folder,
    finish_renames,
    in_rename_order,
    partial_write,
    read_journal,
    waiting_name,
)
from ticketctl.store.writing.open_folders import OpenFolders
from ticketctl.store.writing.originals import (
    changed_by_other,
    remove_unchanged,
    replace_unchanged,
)
from ticketctl.store.writing.temporary import (
    IN_STATE_PREFIX,
    OUTBOX,
    TemporaryFolders,
    place_folder,
)

_HASHES_MANY = 100
"""From this number of files on, loading OpenSSL pays: it hashes faster."""


def write_all(
    state: StateFolder,
    writes: Iterable[Write],
    ready: Callable[[Rows], None] = lambda rows: None,
) -> int:
    """Write files, all of them or none, even at a crash; the store's lock is held.

    Args:
        writes: taken one at a time and not kept, so that there may be many; an error in
            making one takes back all before it.
        ready: called when all is prepared and nothing is in its place yet, to take
            further locks; an error takes back all.

    Returns:
        How many there were.

    Raises:
        ChangedError: a file is not what it was when it was read.
        RefusedError: a file would be written twice.
        DiskError: the disk is full, read-only or broken; nothing was changed.
        PartialWriteError: the disk failed when some were in their places, or when what
            was prepared was to be taken back.
    """
    plan = Plan(state)
    try:
        return _carried_out(plan, writes, ready)
    finally:
        plan.open.close()


def _carried_out(
    plan: Plan, writes: Iterable[Write], ready: Callable[[Rows], None]
) -> int:
    state = plan.state
    try:
        for write in writes:
            plan.add(write)
        plan.complete()
        if plan.count:
            ready(plan.rows)
            plan.carry_out()
    except PartialWriteError:
        raise
    except OSError as error:
        words = f"cannot write to {state.root}: {error.strerror}"
        if plan.take_back():
            raise DiskError(words, "nothing was changed") from None
        raise PartialWriteError(words, "the next command finishes it") from None
    except BaseException:
        plan.take_back()
        raise
    if plan.count:
        try:
            finish_renames(state, (), plan.folders, plan.open, more=plan.count > 1)
        except PartialWriteError:
            if plan.count == 1:
                plan.waiting.remove()
            raise
        if plan.count > 1:
            _drop_journal(state)
        plan.waiting.remove()
    return plan.count


class Plan:
    """Files in waiting folders, so that only renames are left, and their journal."""

    def __init__(self, state: StateFolder) -> None:
        self.state, self.count = state, 0
        self.folders = set[tuple[str, str]]()
        self.waiting, self.open = TemporaryFolders(state), OpenFolders(state.access)
        self._first: JournalRow | None = None
        self._lines: IO[str] | None = None
        self._draft = ""

    def add(self, write: Write) -> None:
        """Prepare one more file.

        Raises:
            OSError: the disk failed.
            ChangedError: the target is not what it was.
            RefusedError: the file comes twice.
        """
        if write.area == OUTBOX:
            self.state.make_outbox()
        target = self.open.of(area_folder(self.state, write.area), write.path)
        mode = _compare(target, write)
        name = waiting_name(write.area, write.path)
        waiting = self.waiting.reaching(write.area, write.path, target)
        try:
            files.make_file(
                waiting.descriptor, name, write.data, target, self.state.access, mode
            )
        except FileExistsError:
            raise RefusedError(
                f"{write.path} would be written twice",
                "give each ticket its own id",
            ) from None
        self.count += 1
        if self.count == _HASHES_MANY:
            be_fast()
        self.folders.add((write.area, os.path.dirname(write.path)))
        replaces = None if write.expected is None else sha256(write.expected).hex()
        digest = sha256(write.data).hex()
        was = "" if write.expected is None else object_id(b"blob", write.expected).hex()
        self._note(
            JournalRow(
                write.area,
                write.path,
                waiting.place,
                waiting.folder,
                name,
                digest,
                replaces,
                write.by,
                was,
            )
        )

    def _note(self, row: JournalRow) -> None:
        if self._first is None:
            self._first = row
            return
        if self._lines is None:
            self._lines = self._new_draft()
            self._lines.write(json.dumps(self._first) + "\n")
        self._lines.write(json.dumps(row) + "\n")

    def _new_draft(self) -> IO[str]:
        """Return an incomplete journal, open as long as the plan."""
        start = BESIDE if self.state.beside else IN_STATE_PREFIX
        folder = os.path.dirname(self.state.journal)
        self._draft = f"{folder}/{start}{files.random_name()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        draft = open(os.open(self._draft, flags, 0o666), "w", encoding="utf-8")  # noqa: SIM115
        self.state.access.give(draft.fileno())
        return draft

    def complete(self) -> None:
        """Put everything on the disk; of several files, also the journal.

        Raises:
            OSError: the disk failed.
        """
        if self._lines is None:
            for waiting in self.waiting.all():
                assert self._first is not None
                sync.sync_path(self._first.name, waiting.descriptor)
            return
        with self._lines as lines:
            lines.flush()
            self._sync_waiting()
            os.fsync(lines.fileno())
        os.rename(self._draft, self.state.journal)
        sync.sync_path(os.path.dirname(self.state.journal))

    def _sync_waiting(self) -> None:
        """Put the waiting files and their names on the disk.

        A journal must list nothing that a power cut could take.
        """
        all_ = self.waiting.all()
        if self.count > MANY and sync.can_sync_all():
            for waiting in all_:
                sync.sync_all(
                    f"{place_folder(self.state, waiting.place)}/{waiting.folder}"
                )
            return
        open_folders = {
            (waiting.place, waiting.folder): waiting.descriptor for waiting in all_
        }
        for row in read_journal(self._draft):
            sync.sync_path(row.name, open_folders[row.place, row.folder])
        for waiting in all_:
            os.fsync(waiting.descriptor)
            sync.sync_path(
                os.path.dirname(
                    f"{place_folder(self.state, waiting.place)}/{waiting.folder}"
                )
            )

    def carry_out(self) -> None:
        """Put every file into its place; undo it all if a target has changed.

        Raises:
            ChangedError: a target is not what it was.
            OSError: the disk failed at the first; nothing was changed.
            PartialWriteError: it failed when some were in their places.
        """
        done: list[tuple[JournalRow, bytes | None]] = []
        try:
            for row in self.rows():
                done.append((row, self._take_place(row)))
        except ChangedError:
            self._put_back(done)
            raise
        except OSError as error:
            if done:
                raise partial_write(self.state, error) from None
            raise

    def _take_place(self, row: JournalRow) -> bytes | None:
        """Put a file into its place; return the bytes that were there."""
        return replace_unchanged(
            self._waiting(row), self._target(row), row.target, row.replaces
        )

    def _waiting(self, row: JournalRow) -> tuple[int, str]:
        """Return the folder in which a file waits, and its name there."""
        return self.open.of(
            place_folder(self.state, row.place), f"{row.folder}/x"
        ), row.name

    def _target(self, row: JournalRow) -> tuple[int, str]:
        """Return the folder to which a file belongs, and its name there."""
        return self.open.of(
            area_folder(self.state, row.area), row.target
        ), os.path.basename(row.target)

    def _put_back(self, done: list[tuple[JournalRow, bytes | None]]) -> None:
        """Undo renames, the last first; a file that has been changed since stays.

        Raises:
            PartialWriteError: the disk failed.
        """
        try:
            with suppress(FileNotFoundError):
                os.unlink(self.state.journal)  # it must not be finished later
            for row, data in reversed(done):
                with suppress(ChangedError):
                    self._put_one_back(row, data)
        except OSError as error:
            raise partial_write(self.state, error) from None

    def _put_one_back(self, row: JournalRow, data: bytes | None) -> None:
        waiting, target = self._waiting(row), self._target(row)
        if data is None:
            remove_unchanged(*target, row.target, row.digest)
            return
        files.make_file(*waiting, data, target[0], self.state.access)
        sync.sync_path(row.name, waiting[0])
        replace_unchanged(waiting, target, row.target, row.digest)

    def rows(self) -> Iterator[JournalRow]:
        """Yield all rows, once the plan is complete."""
        if self._lines is not None:
            yield from in_rename_order(lambda: read_journal(self.state.journal))
        elif self._first is not None:
            yield self._first

    def take_back(self) -> bool:
        """Remove what was prepared; return whether the disk allowed it.

        The journal goes first: what it lists must be there.
        """
        if self._lines is not None:
            with suppress(OSError):
                self._lines.close()
            for path in (self._draft, self.state.journal):
                with suppress(OSError):
                    os.unlink(path)
            if files.may_exist(self.state.journal):
                self.waiting.close()
                return False
            with suppress(OSError):
                # else a power cut could bring the journal back, and what it lists
                sync.sync_path(os.path.dirname(self.state.journal))
        self.waiting.remove()
        return True


def _drop_journal(state: StateFolder) -> None:
    try:
        with suppress(FileNotFoundError):
            os.unlink(state.journal)
    except OSError as error:
        words = f"the disk failed in {state.root}: {error.strerror}"
        raise DiskError(words, "the files are written; check the disk") from None


def _compare(folder: int, write: Write) -> int | None:
    """Check that a file is what it was when it was read; return its permissions.

    Args:
        folder: the descriptor of its folder.

    Returns:
        The permissions; ``None``, if there is no file.

    Raises:
        ChangedError: it is not what it was.
    """
    now: bytes | None = None
    mode: int | None = None
    with suppress(FileNotFoundError):
        now, mode = files.read_with_mode(
            folder, os.path.basename(write.path), files.LARGEST
        )
    if now != write.expected:
        raise changed_by_other(write.path)
    return mode
