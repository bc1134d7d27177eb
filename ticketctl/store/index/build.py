"""Build a new index, in a file or in memory."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress

from ticketctl.record import replace
from ticketctl.store import files
from ticketctl.store.index.database import (
    FAILURES,
    SCHEMA,
    Index,
    IndexContents,
    UnusableError,
    connect,
    index_numbers,
    prepare_connection,
)
from ticketctl.store.index.schema import INDEXES, TABLES
from ticketctl.store.state_folder import StateFolder

_ABANDONED = 3600
"""After how many seconds an unfinished file counts as left by a killed command."""


def build_index(contents: IndexContents, state: StateFolder | None) -> Index:
    """Build an index of all tickets.

    Args:
        contents: everything that it shall hold.
        state: where to keep it; ``None`` for memory.

    Raises:
        OSError: the disk cannot be written.
        UnusableError: SQLite cannot write it.
    """
    draft = None if state is None else _new_draft(state)
    try:
        index = _fill(contents, draft)
        return index if draft is None else _move_in(draft)
    except FAILURES as error:
        raise UnusableError(str(error)) from None
    finally:
        if draft is not None:
            with suppress(OSError):
                os.unlink(draft)


def _fill(contents: IndexContents, draft: str | None) -> Index:
    """Return an index with its contents; closed again, if it is in a file."""
    address = ":memory:" if draft is None else draft
    connection = prepare_connection(sqlite3.connect(address, isolation_level=None))
    try:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF")
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("BEGIN")
        index = Index(connection, None)
        meta = {**contents.meta, "schema": SCHEMA, "generation": 1}
        index.put(replace(contents, meta=meta))
        connection.execute("COMMIT")
        for statement in INDEXES:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    if draft is not None:
        connection.close()
    return index


def _move_in(draft: str) -> Index:
    """Open a new file under a number that no index file has had; remove the others."""
    from ticketctl.store.writing.sync import sync_path

    sync_path(draft)
    folder = os.path.dirname(draft)
    older = index_numbers(folder)
    number = max(older, default=0) + 1
    while True:
        path = f"{folder}/index-{number}.db"
        try:
            # Unlike a rename, it takes no name that another command has just taken.
            os.link(draft, path)
            break
        except FileExistsError:
            number += 1
        except OSError:  # a file system without such links
            os.rename(draft, path)
            break
    for number in older:
        for tail in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{folder}/index-{number}.db{tail}")
    return Index(connect(path), path)


def _new_draft(state: StateFolder) -> str:
    """Make an empty file for a new index; remove those of killed commands.

    Raises:
        OSError: the disk cannot be written.
    """
    name = f"index-{files.random_name()}.new"
    folder = state.make()
    for entry in os.scandir(folder):
        if entry.name.startswith("index-") and entry.name.endswith(".new"):
            with suppress(OSError):
                if time.time() - entry.stat().st_mtime > _ABANDONED:
                    os.unlink(entry)
    with files.folder_of(folder, name) as descriptor:
        files.make_file(descriptor, name, b"", access=state.access)
    return f"{folder}/{name}"
