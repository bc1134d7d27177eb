"""Writes that belong together, all or none, whatever happens on the way.

Each file is put down under a temporary name in ``.ticketctl/tmp`` (the same file system, so that a rename is atomic; one
place to clean up after a crash) and synced; then a synced journal lists them; then they are renamed over their targets,
and the folders are synced: whoever writes next after a crash finishes the renames. One file alone needs no journal.

However many they are, none is kept in memory: what is still to be done stands in the journal.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from ticketctl.core.digest import sha256
from ticketctl.errors import BusyError, DiskError, RefusedError
from ticketctl.record import Record
from ticketctl.store import files
from ticketctl.store.files import STATE, TMP, read_bytes
from ticketctl.store.paths import behind_link

_JOURNAL = "journal.jsonl"
_WRITABLE = ("tickets/", "attachments/", "dead-letters/", f"{STATE}/outbox/")
"""Only below these does a journal rename anything: one that came with a hostile store cannot reach elsewhere."""
_MANY = 8
"""From how many files on the whole file system is synced at once: as safe, at a quarter of the cost."""
_LONGEST = 1 << 16
"""The longest line of a journal, in characters."""
_LARGEST = 1 << 24
"""The largest file, in bytes, that is compared with what it shall be."""


class Write(Record):
    """One file to be written.

    Args:
        path: relative to the store, with forward slashes.
        data: its new bytes.
        expected: the bytes that must still be there; ``None`` if there must be no such file.
    """

    path: str
    data: bytes
    expected: bytes | None = None


class PartlyError(DiskError):
    """Some of the files are in their places; the rest follows with the next command. Not to be tried again at once."""


def write_all(root: str, writes: Iterable[Write]) -> int:
    """Write files, all of them or none, surviving crash and power cut. The store's lock is held.

    Args:
        writes: taken one at a time and not kept, so that there may be very many; what goes wrong in making them takes
            back all before.

    Returns:
        How many there were.

    Raises:
        BusyError: a file is not what it was when it was read.
        RefusedError: a file would be written twice.
        DiskError: the disk is full, read-only or broken; nothing was changed.
        PartlyError: the disk failed when some were in their places, or when what was prepared was to be taken back.
    """
    plan = _Plan(root)
    try:
        for write in writes:
            plan.add(write)
        plan.complete()
        rest = plan.rows()
        if first := next(rest, None):
            os.replace(first.temporary(root), f"{root}/{first.target}")
    except OSError as error:
        words = f"cannot write to {root}: {error.strerror}"
        if plan.take_back():
            raise DiskError(words, "nothing was changed") from None
        raise PartlyError(words, "the next command finishes it") from None
    except BaseException:
        plan.take_back()
        raise
    if plan.count:
        _finish(root, rest, plan.folders, more=plan.count > 1)
        _drop_journal(root)
    return plan.count


class _Row(NamedTuple):
    """A file put down under a temporary name: where it belongs, and the hash of what is there now, if anything is."""

    name: str
    target: str
    replaces: str | None

    def temporary(self, root: str) -> str:
        """Where it lies until it is renamed."""
        return f"{root}/{STATE}/{TMP}/{self.name}"


class _Plan:
    """Files put down, so that only renames are left to do, and the journal of them."""

    def __init__(self, root: str) -> None:
        self.root, self.count, self.folders = root, 0, set[str]()
        self._first: _Row | None = None
        self._lines: IO[str] | None = None

    def add(self, write: Write) -> None:
        """Put one more down."""
        _compare(self.root, write)
        if not self.count:
            os.makedirs(f"{self.root}/{STATE}/{TMP}", exist_ok=True)
        replaces = None if write.expected is None else sha256(write.expected).hex()
        # Named after its target, so that one that comes twice is found.
        row = _Row(sha256(write.path.encode()).hex()[:32], write.path, replaces)
        if (folder := os.path.dirname(write.path)) not in self.folders:
            files.make_folders(self.root, write.path)
            self.folders.add(folder)
        try:
            files.put(row.temporary(self.root), write.data, near=f"{self.root}/{folder}")
        except FileExistsError:
            raise RefusedError(f"{write.path} would be written twice", "each ticket has an id of its own") from None
        self.count += 1
        self._note(row)

    def _note(self, row: _Row) -> None:
        if self._first is None:
            self._first = row
            return
        if self._lines is None:
            self._lines = open(f"{self.root}/{STATE}/{TMP}/{_JOURNAL}", "x", encoding="utf-8")  # noqa: SIM115 - open as long as the plan
            self._lines.write(json.dumps(self._first) + "\n")
        self._lines.write(json.dumps(row) + "\n")

    def complete(self) -> None:
        """Put everything on the disk and, where there are several files, the journal that lists them in its place."""
        state, temporary = f"{self.root}/{STATE}", f"{self.root}/{STATE}/{TMP}"
        if self._lines is None:
            if self._first is not None:
                files.sync(self._first.temporary(self.root))
            return
        with self._lines as lines:
            lines.flush()
            if self.count > _MANY and files.can_sync_all():
                files.sync_all(temporary)
            else:
                for row in _rows(f"{temporary}/{_JOURNAL}"):
                    files.sync(row.temporary(self.root))
            os.fsync(lines.fileno())
        files.sync(temporary)  # the names of the temporaries must be on the disk before a journal that lists them
        os.replace(f"{temporary}/{_JOURNAL}", f"{state}/{_JOURNAL}")
        files.sync(state)

    def rows(self) -> Iterator[_Row]:
        """All of them, once the plan is complete."""
        if self._lines is not None:
            yield from _rows(f"{self.root}/{STATE}/{_JOURNAL}")
        elif self._first is not None:
            yield self._first

    def take_back(self) -> bool:
        """Remove what was prepared; whether the disk let us. The journal goes first: what it lists must be there."""
        state, journal = f"{self.root}/{STATE}", f"{self.root}/{STATE}/{_JOURNAL}"
        if self._lines is not None:
            with suppress(OSError):
                self._lines.close()
        with suppress(OSError):
            os.unlink(journal)
        if _remains(journal):
            return False
        with suppress(OSError):
            files.sync(state)  # else a power cut could bring the journal back, and what it lists
        _clear(state)
        return True


def _finish(root: str, left: Iterable[_Row], folders: Iterable[str], more: bool) -> None:
    """Rename what is left, and sync the folders of all.

    Raises:
        PartlyError: the disk failed on the way; the tickets are written, or will be by the next command.
    """
    try:
        for row in left:
            os.replace(row.temporary(root), f"{root}/{row.target}")
        folders = list(folders)
        if len(folders) > _MANY and files.can_sync_all():
            files.sync_all(f"{root}/{STATE}/{TMP}")
            return
        for folder in folders:
            files.sync(f"{root}/{folder}")
    except OSError as error:
        hint = (
            "it is written in part; the next command finishes it" if more else "it is written, but perhaps not safely"
        )
        raise PartlyError(f"the disk failed in {root}: {error.strerror}", hint) from None


def _drop_journal(root: str) -> None:
    try:
        with suppress(FileNotFoundError):
            os.unlink(f"{root}/{STATE}/{_JOURNAL}")
    except OSError as error:
        raise DiskError(f"the disk failed in {root}: {error.strerror}", "it is written; look at the disk") from None


def _compare(root: str, write: Write) -> None:
    try:
        now: bytes | None = read_bytes(f"{root}/{write.path}", _LARGEST)
    except FileNotFoundError:
        now = None
    if now != write.expected:
        raise BusyError(f"{write.path} was changed by another program meanwhile", "look at it, then try again")


# --- after a crash --------------------------------------------------------------------------------------------------


def interrupted(root: str) -> bool:
    """Whether a crash left something to :func:`recover` (or somebody is just writing)."""
    temporary = f"{root}/{STATE}/{TMP}"
    return _remains(f"{root}/{STATE}/{_JOURNAL}") or (os.path.isdir(temporary) and bool(os.listdir(temporary)))


def recover(root: str) -> list[str]:
    """Finish what a crash interrupted and clear what it left. The store's lock is held.

    A file that somebody has changed since is left as they made it; what would have been written over it is kept in
    ``.ticketctl/rescued``.

    Returns:
        The files that are in their places now: those that it put there, and those that had been before the crash.
    """
    finished: list[str] = []
    state, journal = f"{root}/{STATE}", f"{root}/{STATE}/{_JOURNAL}"
    no_links(root)
    try:
        pending = list(_rows(journal))
    except FileNotFoundError:
        pending = []
    except ValueError:  # none of ours, which is renamed into its place whole
        pending = []
    except OSError as error:
        raise DiskError(f"cannot read {journal}: {error.strerror}") from None
    for row in pending:
        if not _could_be_ours(row):
            continue
        path = f"{state}/{TMP}/{row.name}"
        try:
            prepared = files.about(path) is not None
        except OSError as error:  # another user's, say: it is for whoever may read it to finish this
            raise DiskError(f"cannot read {path}: {error.strerror}", "the journal is kept") from None
        if not prepared:
            finished += [row.target] if os.path.isfile(f"{root}/{row.target}") else []
        elif _digest(f"{root}/{row.target}") == row.replaces and not behind_link(root, row.target):
            files.make_folders(root, row.target)
            _finish(root, [row], [os.path.dirname(row.target)], more=True)
            finished.append(row.target)
        else:
            os.makedirs(f"{state}/rescued", exist_ok=True)
            os.replace(path, f"{state}/rescued/{os.path.basename(row.target)}")
    with suppress(OSError):
        os.unlink(journal)
    _clear(state)
    return finished


def _remains(path: str) -> bool:
    """Whether something is there, or could be."""
    try:
        return files.about(path) is not None
    except OSError:
        return True


def _could_be_ours(row: _Row) -> bool:
    """Whether a row of a journal is such as we write: a name in our folder, a path where we write; a journal may have come
    with a store."""
    parts = row.target.split("/")
    try:
        fits = all(0 < len(os.fsencode(part)) < 256 for part in (row.name, *parts))
    except UnicodeEncodeError:
        return False
    return (
        fits and row.target.startswith(_WRITABLE) and not {".", ".."}.intersection(parts)
        and "/" not in row.name and row.name not in (".", "..") and "\0" not in row.name + row.target
    )  # fmt: skip


def _clear(state: str) -> None:
    """Remove everything that bears a temporary name; what cannot be is in nobody's way."""
    with suppress(OSError):
        for leftover in os.scandir(f"{state}/{TMP}"):
            with suppress(OSError):
                os.unlink(leftover)


def _rows(path: str) -> Iterator[_Row]:
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
                name, target, replaces = json.loads(line)
            except (TypeError, RecursionError) as error:
                raise ValueError(str(error)) from None
            if not (isinstance(name, str) and isinstance(target, str)):
                raise ValueError("not a journal")
            yield _Row(name, target, replaces)


def no_links(root: str) -> None:
    """Refuse to work where our own folder leads elsewhere: what it holds is deleted at will."""
    for folder in (f"{root}/{STATE}", f"{root}/{STATE}/{TMP}", f"{root}/{STATE}/outbox"):
        if os.path.islink(folder):
            raise DiskError(f"{folder} is a symbolic link", "remove it; it is made anew")


def _digest(path: str) -> str | None:
    """The hash of a file's bytes; nothing if there is no file, and none that we know if something else is in its place."""
    try:
        return sha256(read_bytes(path, _LARGEST)).hex()
    except FileNotFoundError:
        return None
    except DiskError:
        return ""
