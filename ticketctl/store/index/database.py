"""The index of all tickets in SQLite: lists, queues and sweeps query it.

It lies in the state folder (``store/state_folder.py``), and never changes an answer: every
command brings it up to date first (``app/index/refresh.py``). Where it is missing,
damaged, locked, of another version or not writable, the same index is made in memory.
Each build gets a file of its own, ``index-N.db``, which takes its name when it is whole
(``store/index/build.py``); the highest N counts.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, NamedTuple

from ticketctl.pattern import pattern
from ticketctl.record import EMPTY, Record, replace
from ticketctl.store.index.schema import has_exact_tables
from ticketctl.store.index.stamps import FileStamp
from ticketctl.store.state_folder import StateFolder

SCHEMA = 3
"""The version of the tables and of what is in them; raise it when either changes."""
FAILURES = (sqlite3.Error, UnicodeError)
"""What a damaged file raises; SQLite's own text about it may not be valid UTF-8."""
_NAME = pattern(r"index-([0-9]{1,9})\.db(-journal|-wal|-shm)?\Z")
_PATIENCE = 1.0
"""How long to wait, in seconds, for another command's lock before a copy in memory is
made."""
_NO_CELLS = (None,) * 21
_STEPS, _MAX_CALLS = 1 << 22, 2_000
"""SQLite calls us every so many steps of its machine, and is stopped after so many
calls.

That is 8 thousand million steps, a minute or two; the slowest query of a million
tickets takes some ten million. Steps are no clock, so the time that Python takes in
between does not count."""


class UnusableError(Exception):
    """The index cannot be used as it is; the caller makes a new one, or one in memory."""


class IndexEntry(NamedTuple):
    """A ticket file as the index has it.

    Args:
        blob: the id that git gives to its bytes.
        stamp: of the file when it was read (``store/index/stamps.py``).
        read: when it was read, in nanoseconds since 1970.
        cells: its summary, in the order of the table; empty if it cannot be read.
        broken: (line, column, message, hint, code) of what is wrong with it.
        message_ids: of the emails in it.
    """

    path: str
    blob: bytes
    stamp: str
    read: int
    cells: tuple[object, ...] = ()
    broken: tuple[int, int, str, str, str] | None = None
    message_ids: tuple[str, ...] = ()


class IndexContents(Record):
    """What an index is to hold.

    Args:
        entries: of the ticket files; on an update, of those that were read.
        meta: what it remembers besides the tickets.
        untrusted: the files for which git does not vouch.
        folders: the folders in which tickets lie.
    """

    entries: Iterable[IndexEntry]
    meta: Mapping[str, object] = EMPTY
    untrusted: Iterable[FileStamp] = ()
    folders: Iterable[FileStamp] = ()


class Index:
    """An open index.

    Args:
        path: of its file; ``None`` in memory.
    """

    def __init__(self, connection: sqlite3.Connection, path: str | None) -> None:
        self.connection, self.path = connection, path

    @staticmethod
    def newest(state: StateFolder) -> str | None:
        """Return the path of the index that counts; ``None`` if there is none."""
        numbers = index_numbers(state.folder)
        paths = (f"{state.folder}/index-{number}.db" for number in reversed(numbers))
        return next((path for path in paths if os.path.isfile(path)), None)

    @classmethod
    def open(cls, state: StateFolder) -> Index:
        """Open the index of a store, as the last command left it.

        Raises:
            UnusableError: there is none, or it cannot be used.
        """
        path = cls.newest(state)
        if path is None:
            raise UnusableError("there is none")
        if any(os.path.lexists(f"{path}{tail}") for tail in ("-wal", "-shm")):
            raise UnusableError(
                "there are files beside it that are not ours, and SQLite would use them"
            )
        try:
            connection = connect(path)
            try:
                index = cls(connection, path)
                index._require_our_tables()
            except BaseException:
                connection.close()
                raise
        except (*FAILURES, UnusableError) as error:
            raise UnusableError(str(error)) from None
        return index

    def _require_our_tables(self) -> None:
        """Check that the tables are exactly ours, and of this version.

        Raises:
            UnusableError: they are not.
        """
        if not has_exact_tables(self.connection):
            raise UnusableError("it has other tables than ours")
        generation = self.meta("generation")
        if self.meta("schema") != SCHEMA or not isinstance(generation, int):
            raise UnusableError("it was made by another version")

    def in_memory(self) -> Index:
        """Return a copy in memory, for this command alone.

        Raises:
            UnusableError: the index is damaged, or locked.
        """
        memory = prepare_connection(sqlite3.connect(":memory:", isolation_level=None))
        until = time.monotonic() + _PATIENCE

        def stop_if_locked(status: int, *_: int) -> None:
            is_locked = status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if is_locked and time.monotonic() > until:
                raise UnusableError("locked")  # else SQLite tries again without end

        try:
            self.connection.backup(memory, progress=stop_if_locked)
        except FAILURES as error:
            raise UnusableError(str(error)) from None
        return Index(memory, None)

    # --- reading ---

    def meta(self, key: str) -> object:
        """Return something that the index remembers besides the tickets."""
        return self.one("SELECT value FROM meta WHERE key = ?", key)

    def count(self) -> int:
        """Return how many ticket files the index has."""
        return self.number("SELECT count(*) FROM tickets")

    def paths(self) -> Iterator[str]:
        """Yield the paths of the ticket files that the index has."""
        return (path for (path,) in self.all("SELECT path FROM tickets"))

    def has(self, path: str) -> bool:
        """Return whether the index has a file."""
        return self.one("SELECT 1 FROM tickets WHERE path = ?", path) is not None

    def stamps(self) -> dict[str, tuple[str, int]]:
        """Return the stamp of every file and when it was read, by path."""
        return {
            path: (stamp, read)
            for path, stamp, read in self.all("SELECT path, stamp, read FROM tickets")
        }

    def blobs(self) -> dict[str, str]:
        """Return the git blob of every file, in hex, by path."""
        return {
            path: blob.hex()
            for path, blob in self.all("SELECT path, blob FROM tickets")
        }

    def untrusted_files(self) -> dict[str, tuple[str, int]]:
        """Return stamp and time of reading of the files that git does not vouch for.

        They are given by path; some may be gone.
        """
        return {
            path: (stamp, read)
            for path, stamp, read in self.all("SELECT path, stamp, read FROM suspects")
        }

    def summaries(self) -> dict[str, tuple[object, ...]]:
        """Return the cells of every file, by path."""
        return {row[0]: row[4:] for row in self.all("SELECT * FROM tickets")}

    def number(self, sql: str, *values: object) -> int:
        """Return the number that a query gives; 0 for none.

        Raises:
            UnusableError: the file is damaged.
        """
        return int(str(self.one(sql, *values) or 0))

    def one(self, sql: str, *values: object) -> object:
        """Return the first value that a query gives; ``None`` if it gives none.

        Raises:
            UnusableError: the file is damaged.
        """
        return next((row[0] for row in self.all(sql, *values)), None)

    def all(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that a query gives.

        Raises:
            UnusableError: the file is damaged.
        """
        try:
            yield from self.connection.execute(sql, values)
        except FAILURES as error:
            raise UnusableError(str(error)) from None

    # --- writing ---

    def save(
        self, contents: IndexContents, gone: Sequence[str], generation: object
    ) -> bool:
        """Bring the index up to date, in one transaction.

        Args:
            contents: the entries that were read; all untrusted files and folders.
            gone: the paths of files that are no longer there.
            generation: that of the state to which this update applies.

        Returns:
            Whether it was saved: not if another command has written the index since.

        Raises:
            UnusableError: it cannot be written.
        """
        entries = list(contents.entries)
        meta = {**contents.meta, "generation": int(str(generation)) + 1}
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                if self.meta("generation") != generation:
                    self.connection.execute("ROLLBACK")
                    return False
                for path in {*gone, *(entry.path for entry in entries)}:
                    for table in ("tickets", "broken", "letters"):
                        self.connection.execute(
                            f"DELETE FROM {table} WHERE path = ?", (path,)
                        )
                self.put(replace(contents, entries=entries, meta=meta))
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise
        except FAILURES as error:
            raise UnusableError(str(error)) from None
        return True

    def put(self, contents: IndexContents) -> None:
        """Add entries, and replace all else that the index remembers.

        Raises:
            sqlite3.Error: it cannot be written.
        """
        marks = ", ".join("?" * 25)
        entries = iter(contents.entries)
        while some := list(islice(entries, 500)):
            rows = ((*entry[:4], *(entry.cells or _NO_CELLS)) for entry in some)
            self.connection.executemany(f"INSERT INTO tickets VALUES ({marks})", rows)
            for entry in some:
                if entry.broken is not None or entry.message_ids:
                    self._put_details(entry)
        rows_of_meta = contents.meta.items()
        self.connection.executemany("REPLACE INTO meta VALUES (?, ?)", rows_of_meta)
        tables = (("suspects", contents.untrusted), ("folders", contents.folders))
        for table, files in tables:
            self.connection.execute(f"DELETE FROM {table}")
            self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", files)

    def _put_details(self, entry: IndexEntry) -> None:
        """Add what is wrong with a ticket, and the Message-IDs of its emails."""
        if entry.broken is not None:
            self.connection.execute(
                "INSERT INTO broken VALUES (?, ?, ?, ?, ?, ?)",
                (entry.path, *entry.broken),
            )
        self.connection.executemany(
            "INSERT INTO letters VALUES (?, ?)",
            [(message_id, entry.path) for message_id in entry.message_ids],
        )


def prepare_connection(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a connection our function and limits; return it.

    SQLite's own ``lower`` knows ASCII only. The connection runs nothing that a table
    names, and gives up on statements without end.
    """
    connection.create_function(
        "fold", 1, lambda text: str(text).casefold(), deterministic=True
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    calls = count(1)
    connection.set_progress_handler(lambda: next(calls) > _MAX_CALLS, _STEPS)
    return connection


def connect(path: str) -> sqlite3.Connection:
    """Open an existing file for writing.

    It has a rollback journal: the write-ahead log would save a writer some
    milliseconds, but it maps memory that another command may truncate, and leaves files
    of one index beside the next.
    """
    address = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(
        f"file://{address}?mode=rw",  # https://www.sqlite.org/uri.html
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
    )
    try:
        prepare_connection(connection).execute("PRAGMA synchronous=NORMAL")
    except FAILURES:
        connection.close()
        raise
    return connection


def index_numbers(folder: str) -> list[int]:
    """Return the numbers of the index files in a folder, in order.

    Args:
        folder: empty, if there is none.
    """
    try:
        names = os.listdir(folder) if folder else []
    except OSError:
        return []
    matches = (_NAME.match(name) for name in names)
    return sorted({int(match[1]) for match in matches if match})
