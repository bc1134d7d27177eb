"""The index: what lists, queues and sweeps ask of all tickets, in SQLite. The one door
to it.

It lies in the state folder (``store/state.py``) and never changes an answer: whoever
asks it brings it up to date first (``app/index/refresh.py``), and where it is missing,
damaged, locked, of another version or cannot be written, the same is made in memory.
Each build gets a file of its own, ``index-N.db``, laid down whole; the highest N
counts.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, NamedTuple

from ticketctl.pattern import pattern
from ticketctl.store import files
from ticketctl.store.index.schema import INDEXES, TABLES, is_exact
from ticketctl.store.state import StateFolder

SCHEMA = 3
"""To be raised when a table, or what is put into it, changes."""
_NAME = pattern(r"index-([0-9]{1,9})\.db(-journal|-wal|-shm)?\Z")
_PATIENCE = 1.0
"""For how long, in seconds, to wait for somebody else's lock before working on a copy
in memory."""
_ABANDONED = 3600
"""After how many seconds a file that is being laid down is one that nobody will finish.
"""


_FAILURES = (sqlite3.Error, UnicodeError)
"""What a damaged file brings about; SQLite's own words about it may be no text."""


_NO_CELLS = (None,) * 21


class UnusableError(Exception):
    """The index cannot be used as it is; it is made anew, or in memory."""


class IndexEntry(NamedTuple):
    """A ticket file as the index has it.

    Args:
        blob: the id that git gives to its bytes.
        stamp: size, times and place of the file when it was read, ``read`` being when,
            in nanoseconds.
        cells: its summary, in the order of the table; empty if it cannot be read.
        broken: (line, column, message, hint, code) of what is wrong with it.
        letters: the Message-IDs of the letters that it holds.
    """

    path: str
    blob: bytes
    stamp: str
    read: int
    cells: tuple[object, ...] = ()
    broken: tuple[int, int, str, str, str] | None = None
    letters: tuple[str, ...] = ()


class Index:
    """An open index."""

    def __init__(self, connection: sqlite3.Connection, path: str | None) -> None:
        self.connection, self.path = connection, path

    @staticmethod
    def newest(state: StateFolder) -> str | None:
        """The file that counts, if there is any."""
        numbers = _numbers(state.folder)
        paths = (f"{state.folder}/index-{number}.db" for number in reversed(numbers))
        return next((path for path in paths if os.path.isfile(path)), None)

    @classmethod
    def open(cls, state: StateFolder) -> Index:
        """The index of a store, as it was left.

        Raises:
            UnusableError: there is none, or it is of no use.
        """
        path = cls.newest(state)
        if path is None:
            raise UnusableError("there is none")
        if any(os.path.lexists(f"{path}{tail}") for tail in ("-wal", "-shm")):
            raise UnusableError(
                "what lies beside it is none of ours, and SQLite would take it for its own"
            )
        try:
            connection = _connect(path)
            try:
                index = cls(connection, path)
                index._is_ours()
            except BaseException:
                connection.close()
                raise
        except (*_FAILURES, UnusableError) as error:
            raise UnusableError(str(error)) from None
        return index

    def _is_ours(self) -> None:
        if not is_exact(self.connection):
            raise UnusableError("it has other tables than ours")
        if self.meta("schema") != SCHEMA or not isinstance(
            self.meta("generation"), int
        ):
            raise UnusableError("of another version")

    def in_memory(self) -> Index:
        """A copy that nobody else sees.

        Raises:
            UnusableError: it is damaged, or locked.
        """
        memory = _known(sqlite3.connect(":memory:", isolation_level=None))
        until = time.monotonic() + _PATIENCE

        def impatient(status: int, *_: int) -> None:
            if (
                status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                and time.monotonic() > until
            ):
                raise UnusableError("locked")  # else it is tried again without end

        try:
            self.connection.backup(memory, progress=impatient)
        except _FAILURES as error:
            raise UnusableError(str(error)) from None
        return Index(memory, None)

    @classmethod
    def build(
        cls,
        kept: Iterable[IndexEntry],
        meta: dict[str, object],
        suspects: Iterable[tuple[str, str, int]],
        folders: Iterable[tuple[str, str, int]],
        state: StateFolder | None,
    ) -> Index:
        """A new index.

        Args:
            kept: everything that it shall hold.
            meta: what it remembers besides.
            suspects: (path, stamp, read) of the files that git does not vouch for.
            folders: the same of the folders in which tickets lie.
            state: where to keep it; ``None`` for memory.

        Raises:
            OSError, UnusableError: the disk does not let us.
        """
        aside = None if state is None else _aside(state)
        try:
            index = cls._filled(kept, meta, suspects, folders, aside)
            return index if aside is None else cls._moved_in(aside)
        except _FAILURES as error:
            raise UnusableError(str(error)) from None
        finally:
            if aside is not None:
                with suppress(OSError):
                    os.unlink(aside)

    @classmethod
    def _filled(
        cls,
        kept: Iterable[IndexEntry],
        meta: dict[str, object],
        suspects: Iterable[tuple[str, str, int]],
        folders: Iterable[tuple[str, str, int]],
        aside: str | None,
    ) -> Index:
        connection = _known(
            sqlite3.connect(
                ":memory:" if aside is None else aside, isolation_level=None
            )
        )
        try:
            connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF")
            for statement in TABLES:
                connection.execute(statement)
            connection.execute("BEGIN")
            index = cls(connection, None)
            index._put(kept)
            index._set({**meta, "schema": SCHEMA, "generation": 1}, suspects, folders)
            connection.execute("COMMIT")
            for statement in INDEXES:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        if aside is not None:
            connection.close()
        return index

    @classmethod
    def _moved_in(cls, aside: str) -> Index:
        """The new file under a number that no file of an index has had; those before
        are put away."""
        from ticketctl.store.writing.sync import sync

        sync(aside)
        folder = os.path.dirname(aside)
        old = _numbers(folder)
        number = max(old, default=0) + 1
        while True:
            path = f"{folder}/index-{number}.db"
            try:
                os.link(
                    aside, path
                )  # unlike a rename it takes no name that somebody else has just taken
                break
            except FileExistsError:
                number += 1
            except OSError:  # a file system without such links
                os.rename(aside, path)
                break
        for left in old:
            for tail in ("", "-journal", "-wal", "-shm"):
                with suppress(OSError):
                    os.unlink(f"{folder}/index-{left}.db{tail}")
        return cls(_connect(path), path)

    # --- reading ---

    def meta(self, key: str) -> object:
        """Something that it remembers besides the tickets."""
        return self.one("SELECT value FROM meta WHERE key = ?", key)

    def count(self) -> int:
        """How many ticket files it knows."""
        return self.number("SELECT count(*) FROM tickets")

    def paths(self) -> Iterator[str]:
        """The paths of the ticket files that it knows."""
        return (path for (path,) in self.all("SELECT path FROM tickets"))

    def has(self, path: str) -> bool:
        """Whether it knows a file."""
        return self.one("SELECT 1 FROM tickets WHERE path = ?", path) is not None

    def stamps(self) -> dict[str, tuple[str, int]]:
        """(stamp, read) of every file, by path."""
        return {
            path: (stamp, read)
            for path, stamp, read in self.all("SELECT path, stamp, read FROM tickets")
        }

    def blobs(self) -> dict[str, str]:
        """The git blob of every file, by path, in hex."""
        return {
            path: blob.hex()
            for path, blob in self.all("SELECT path, blob FROM tickets")
        }

    def suspects(self) -> dict[str, tuple[str, int]]:
        """(stamp, read) of the files that git does not vouch for; some may be gone."""
        return {
            path: (stamp, read)
            for path, stamp, read in self.all("SELECT path, stamp, read FROM suspects")
        }

    def summaries(self) -> dict[str, tuple[object, ...]]:
        """The cells of every file, by path."""
        return {row[0]: row[4:] for row in self.all("SELECT * FROM tickets")}

    def number(self, sql: str, *values: object) -> int:
        """The number that a statement gives; 0 for none.

        Raises:
            UnusableError: the file is damaged.
        """
        return int(str(self.one(sql, *values) or 0))

    def one(self, sql: str, *values: object) -> object:
        """The first value that a statement gives, if it gives any.

        Raises:
            UnusableError: the file is damaged.
        """
        return next((row[0] for row in self.all(sql, *values)), None)

    def all(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """What a statement gives, row by row.

        Raises:
            UnusableError: the file is damaged.
        """
        try:
            yield from self.connection.execute(sql, values)
        except _FAILURES as error:
            raise UnusableError(str(error)) from None

    # --- writing ---

    def save(
        self,
        kept: Sequence[IndexEntry],
        gone: Sequence[str],
        meta: dict[str, object],
        suspects: Iterable[tuple[str, str, int]],
        folders: Iterable[tuple[str, str, int]],
        generation: object,
    ) -> bool:
        """Bring it up to date, in one transaction.

        Args:
            kept: the files that were read.
            gone: the paths that are none any more.
            suspects, folders: all that are now, as of :meth:`build`.
            generation: that of the state from which this was worked out.

        Returns:
            Whether nobody else has written it since; nothing is changed if somebody
            has.

        Raises:
            UnusableError: it cannot be written.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                if self.meta("generation") != generation:
                    self.connection.execute("ROLLBACK")
                    return False
                for path in {*gone, *(one.path for one in kept)}:
                    for table in ("tickets", "broken", "letters"):
                        self.connection.execute(
                            f"DELETE FROM {table} WHERE path = ?", (path,)
                        )
                self._put(kept)
                self._set(
                    {**meta, "generation": int(str(generation)) + 1}, suspects, folders
                )
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise
        except _FAILURES as error:
            raise UnusableError(str(error)) from None
        return True

    def _put(self, kept: Iterable[IndexEntry]) -> None:
        marks = ", ".join("?" * 25)
        rest = iter(kept)
        while some := list(islice(rest, 500)):
            rows = ((*one[:4], *(one.cells or _NO_CELLS)) for one in some)
            self.connection.executemany(f"INSERT INTO tickets VALUES ({marks})", rows)
            self._put_besides(
                one for one in some if one.broken is not None or one.letters
            )

    def _put_besides(self, kept: Iterable[IndexEntry]) -> None:
        """What is wrong with tickets, and their letters."""
        for one in kept:
            if one.broken is not None:
                self.connection.execute(
                    "INSERT INTO broken VALUES (?, ?, ?, ?, ?, ?)",
                    (one.path, *one.broken),
                )
            for name in one.letters:
                self.connection.execute(
                    "INSERT INTO letters VALUES (?, ?)", (name, one.path)
                )

    def _set(
        self,
        meta: dict[str, object],
        suspects: Iterable[tuple[str, str, int]],
        folders: Iterable[tuple[str, str, int]],
    ) -> None:
        self.connection.executemany("REPLACE INTO meta VALUES (?, ?)", meta.items())
        for table, rows in (("suspects", suspects), ("folders", folders)):
            self.connection.execute(f"DELETE FROM {table}")
            self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)


def _known(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A connection that knows our own function (SQLite's ``lower`` knows ASCII alone),
    runs nothing for what a file's tables say, and gives up on statements without end.
    """
    connection.create_function(
        "fold", 1, lambda text: str(text).casefold(), deterministic=True
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    calls = count(1)
    connection.set_progress_handler(lambda: next(calls) > _MOST_CALLS, _STEPS)
    return connection


_STEPS, _MOST_CALLS = 1 << 22, 2_000
"""SQLite asks every so many steps of its machine whether to go on, and is told so at
most so
often: 8 thousand million steps, a minute or two, where the slowest question of a
million tickets takes some ten million. It is no clock, so what Python does in between
does not count."""


def _connect(path: str) -> sqlite3.Connection:
    """An existing file, opened for writing.

    With a rollback journal: the write-ahead log would spare a writer some milliseconds,
    but maps memory that others may cut off under us, and leaves files that belong to
    one index beside the next.
    """
    address = (
        path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    )  # https://www.sqlite.org/uri.html
    connection = sqlite3.connect(
        f"file://{address}?mode=rw", uri=True, timeout=_PATIENCE, isolation_level=None
    )
    try:
        _known(connection).execute("PRAGMA synchronous=NORMAL")
    except _FAILURES:
        connection.close()
        raise
    return connection


def _numbers(folder: str) -> list[int]:
    try:
        names = os.listdir(folder) if folder else []
    except OSError:
        return []
    return sorted({int(found[1]) for name in names if (found := _NAME.match(name))})


def _aside(state: StateFolder) -> str:
    """Where a new index is laid down.

    Raises:
        OSError: the disk does not let us.
    """
    name = f"index-{files.random_name()}.new"
    folder = state.made()
    for left in os.scandir(folder):
        if left.name.startswith("index-") and left.name.endswith(".new"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED:
                    os.unlink(left)
    with files.folder_of(folder, name) as opened:
        files.put(opened, name, b"", access=state.access)
    return f"{folder}/{name}"
