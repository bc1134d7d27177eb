"""Writes that belong together, all or none, whatever happens on the way.

Each file is first put into a waiting folder that is made anew for this command, on the file
system of its target (a rename cannot cross one), and synced; then a synced journal lists
the files; then they are renamed over their targets, and the folders are synced: whoever
writes next after a crash finishes the renames. One file alone needs no journal.

The journal lies where no clone or archive from a stranger can bring one (``store/state.py``),
and names each waiting file with its SHA-256. Outside git it has to lie in the store, where
several users may find it; there it is believed only about tickets, and only where what
waits extends the ticket that is there (docs/security.md).

None of the files is kept in memory: what is still to be done stands in the journal.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from ticketctl.core.digest import be_fast, sha256
from ticketctl.errors import ChangedError, DiskError, RefusedError
from ticketctl.record import Record
from ticketctl.store import files, syncing
from ticketctl.store.open_folders import OpenFolders
from ticketctl.store.originals import Originals
from ticketctl.store.state import BESIDE, StateFolder
from ticketctl.store.waiting import IN_STATE_PREFIX, OUTBOX, STORE, WaitingFolders, place_of

WRITABLE = ("tickets/", "attachments/", "dead-letters/")
"""Only below these a journal renames anything in a store."""
_MANY = 8
"""From how many files on the whole file system is synced: as safe, at a quarter of the cost."""
_LONGEST = 1 << 16
"""The longest line of a journal, in characters."""
_HASHES_MANY = 100
"""From how many files on it is faster to load OpenSSL, which hashes faster."""


class Write(Record):
    """One file to be written.

    Args:
        path: relative to the area, with forward slashes.
        data: its new bytes.
        expected: the bytes that must still be there; ``None`` if there must be no such file.
        area: ``store``, or ``outbox``.
        by: who changes it, for its commit, where that is known.
    """

    path: str
    data: bytes
    expected: bytes | None = None
    area: str = STORE
    by: str = ""


class PartlyError(DiskError):
    """Some of the files are in their places, the rest follows with the next command."""


Rows = Callable[[], "Iterator[Row]"]


def write_all(state: StateFolder, writes: Iterable[Write], ready: Callable[[Rows], None] = lambda rows: None) -> int:
    """Write files, all of them or none, surviving crash and power cut. The store's lock is
    held.

    Args:
        writes: taken one at a time and not kept, so that there may be very many; what goes
            wrong in making them takes back all before.
        ready: called when all is prepared and nothing is in its place yet, to take further
            locks; what it raises takes back all.

    Returns:
        How many there were.

    Raises:
        ChangedError: a file is not what it was when it was read.
        RefusedError: a file would be written twice.
        DiskError: the disk is full, read-only or broken; nothing was changed.
        PartlyError: the disk failed when some were in their places, or when what was
            prepared was to be taken back.
    """
    plan = _Plan(state)
    try:
        return _carried_out(plan, writes, ready)
    finally:
        plan.originals.close()
        plan.open.close()


def _carried_out(plan: _Plan, writes: Iterable[Write], ready: Callable[[Rows], None]) -> int:
    state = plan.state
    try:
        for write in writes:
            plan.add(write)
        plan.complete()
        if plan.count:
            ready(plan.rows)
            plan.look_again()
        rest = plan.rows()
        if first := next(rest, None):
            first.rename(state, plan.open)
    except OSError as error:
        words = f"cannot write to {state.root}: {error.strerror}"
        if plan.take_back():
            raise DiskError(words, "nothing was changed") from None
        raise PartlyError(words, "the next command finishes it") from None
    except BaseException:
        plan.take_back()
        raise
    if plan.count:
        try:
            finish(state, rest, plan.folders, plan.open, more=plan.count > 1)
        except PartlyError:
            if plan.count == 1:
                plan.waiting.remove()
            raise
        if plan.count > 1:
            _drop_journal(state)
        plan.waiting.remove()
    return plan.count


class Row(NamedTuple):
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
    """

    area: str
    target: str
    place: str
    folder: str
    name: str
    digest: str
    replaces: str | None
    by: str = ""

    def waits_in(self, state: StateFolder) -> str:
        """The path of its waiting folder."""
        return f"{place_of(state, self.place)}/{self.folder}"

    @property
    def is_besides(self) -> bool:
        """Whether it is a file of the store, but no ticket: an attachment, say."""
        return self.area == STORE and not self.target.startswith("tickets/")

    def rename(self, state: StateFolder, folders: OpenFolders) -> None:
        """Put it into its place. No folder on either way may be a link.

        Raises:
            OSError: the disk failed.
        """
        waiting = folders.of(place_of(state, self.place), f"{self.folder}/x")
        target = folders.of(area_of(state, self.area), self.target)
        name = os.path.basename(self.target)
        os.rename(self.name, name, src_dir_fd=waiting, dst_dir_fd=target)


def area_of(state: StateFolder, area: str) -> str:
    """The folder of an area: the store, or the outbox."""
    return state.outbox if area == OUTBOX else state.root


def name_of(area: str, target: str) -> str:
    """Under which name a file waits: after its target, so that one that comes twice is found."""
    return sha256(f"{area} {target}".encode()).hex()[:32]


class _Plan:
    """Files put into waiting folders, so that only renames are left, and their journal."""

    def __init__(self, state: StateFolder) -> None:
        self.state, self.count = state, 0
        self.folders = set[tuple[str, str]]()
        self.waiting, self.open = WaitingFolders(state), OpenFolders(state.access)
        self.originals = Originals()
        self._first: Row | None = None
        self._lines: IO[str] | None = None
        self._draft = ""

    def add(self, write: Write) -> None:
        """Put one more down.

        Raises:
            OSError: the disk failed.
            ChangedError: a file is not what it was.
            RefusedError: it comes twice.
        """
        if write.area == OUTBOX:
            self.state.made_outbox()
        target = self.open.of(area_of(self.state, write.area), write.path)
        mode = _compare(target, write)
        name = name_of(write.area, write.path)
        waiting = self.waiting.reaching(write.area, write.path, target)
        try:
            files.put(waiting.descriptor, name, write.data, target, self.state.access, mode)
        except FileExistsError:
            raise RefusedError(f"{write.path} would be written twice", "each ticket has an id of its own") from None
        self.count += 1
        if self.count == _HASHES_MANY:
            be_fast()
        self.folders.add((write.area, os.path.dirname(write.path)))
        replaces = None if write.expected is None else sha256(write.expected).hex()
        digest = sha256(write.data).hex()
        self._note(Row(write.area, write.path, waiting.place, waiting.folder, name, digest, replaces, write.by))

    def _note(self, row: Row) -> None:
        if self._first is None:
            self._first = row
            return
        if self._lines is None:
            self._lines = self._new_draft()
            self._lines.write(json.dumps(self._first) + "\n")
        self._lines.write(json.dumps(row) + "\n")

    def _new_draft(self) -> IO[str]:
        """A journal that is not complete yet, open as long as the plan."""
        start = BESIDE if self.state.beside else IN_STATE_PREFIX
        folder = os.path.dirname(self.state.journal)
        self._draft = f"{folder}/{start}{files.random_name()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        draft = open(os.open(self._draft, flags, 0o666), "w", encoding="utf-8")  # noqa: SIM115
        self.state.access.give(draft.fileno())
        return draft

    def complete(self) -> None:
        """Put everything on the disk and, where there are several files, the journal that
        lists them in its place.

        Raises:
            OSError: the disk failed.
        """
        if self._lines is None:
            for waiting in self.waiting.all():
                assert self._first is not None
                syncing.sync(self._first.name, waiting.descriptor)
            return
        with self._lines as lines:
            lines.flush()
            self._sync_waiting()
            os.fsync(lines.fileno())
        os.rename(self._draft, self.state.journal)
        syncing.sync(os.path.dirname(self.state.journal))

    def _sync_waiting(self) -> None:
        """Put the waiting files on the disk, and their names: a journal must list nothing
        that a power cut could take."""
        all_ = self.waiting.all()
        if self.count > _MANY and syncing.can_sync_all():
            for waiting in all_:
                syncing.sync_all(f"{place_of(self.state, waiting.place)}/{waiting.folder}")
            return
        open_folders = {(waiting.place, waiting.folder): waiting.descriptor for waiting in all_}
        for row in rows_in(self._draft):
            syncing.sync(row.name, open_folders[row.place, row.folder])
        for waiting in all_:
            os.fsync(waiting.descriptor)
            syncing.sync(os.path.dirname(f"{place_of(self.state, waiting.place)}/{waiting.folder}"))

    def look_again(self) -> None:
        """See that every file still is what it was when it was read, and hold it so.

        Raises:
            BusyError: one is not.
            OSError: a folder cannot be opened.
        """
        for row in self.rows():
            folder = self.open.of(area_of(self.state, row.area), row.target)
            self.originals.look(folder, os.path.basename(row.target), row.target, row.replaces)

    def rows(self) -> Iterator[Row]:
        """All of them, once the plan is complete."""
        if self._lines is not None:
            yield from in_order(lambda: rows_in(self.state.journal))
        elif self._first is not None:
            yield self._first

    def take_back(self) -> bool:
        """Remove what was prepared; whether the disk let us. The journal goes first: what
        it lists must be there."""
        if self._lines is not None:
            with suppress(OSError):
                self._lines.close()
            for path in (self._draft, self.state.journal):
                with suppress(OSError):
                    os.unlink(path)
            if files.remains(self.state.journal):
                self.waiting.close()
                return False
            with suppress(OSError):
                # else a power cut could bring the journal back, and what it lists
                syncing.sync(os.path.dirname(self.state.journal))
        self.waiting.remove()
        return True


def in_order(rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """Rows in the order of their renames: what cannot be finished from a journal outside git
    comes first, so that all can still be taken back."""
    yield from (row for row in rows() if row.is_besides)
    yield from (row for row in rows() if not row.is_besides)


def finish(
    state: StateFolder, left: Iterable[Row], folders: Iterable[tuple[str, str]], opened: OpenFolders, more: bool
) -> None:
    """Rename what is left, and sync the folders of all.

    Args:
        folders: (area, path) of each.

    Raises:
        PartlyError: the disk failed on the way; the tickets are written, or will be by the
            next command.
    """
    try:
        for row in left:
            row.rename(state, opened)
        folders = list(folders)
        if len(folders) > _MANY and syncing.can_sync_all():
            for area in dict.fromkeys(area for area, _ in folders):
                syncing.sync_all(area_of(state, area))
            return
        for area, path in folders:
            os.fsync(opened.of(area_of(state, area), f"{path}/x".lstrip("/")))
    except OSError as error:
        hint = (
            "it is written in part; the next command finishes it" if more else "it is written, but perhaps not safely"
        )
        raise PartlyError(f"the disk failed in {state.root}: {error.strerror}", hint) from None


def _drop_journal(state: StateFolder) -> None:
    try:
        with suppress(FileNotFoundError):
            os.unlink(state.journal)
    except OSError as error:
        words = f"the disk failed in {state.root}: {error.strerror}"
        raise DiskError(words, "it is written; look at the disk") from None


def _compare(folder: int, write: Write) -> int | None:
    """See that a file is what it was when it was read; its permissions, if there is one.

    Args:
        folder: the descriptor of its folder.
    """
    now: bytes | None = None
    mode: int | None = None
    with suppress(FileNotFoundError):
        now, mode = files.read_at(folder, os.path.basename(write.path), files.LARGEST)
    if now != write.expected:
        words = f"{write.path} was changed by another program meanwhile"
        raise ChangedError(words, "look at it, then try again")
    return mode


def rows_in(path: str) -> Iterator[Row]:
    """What a journal lists, one after the other.

    Raises:
        ValueError: it is damaged, or none of ours.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, encoding="utf-8") as lines:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a file")
        while line := lines.readline(_LONGEST):
            try:
                row = Row(*json.loads(line))  # of older versions, one may lack who it is by
            except (TypeError, RecursionError) as error:
                raise ValueError(str(error)) from None
            if not all(isinstance(text, str) for text in row._replace(replaces=row.replaces or "")):
                raise ValueError("not a journal")
            yield row
