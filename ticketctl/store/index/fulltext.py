"""Search the words of tickets, by SQLite's full-text search (FTS5), in the index.

Only the words are kept, not the texts. A changed text gets a new number, and its old
number is no longer used; when there are many unused numbers, all words are dropped and
read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from ticketctl.core.query import TextTerm, WordTerm
from ticketctl.errors import SettingsError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.schema import TEXTS, if_not_exists
from ticketctl.store.index.sql import hits_of

_FORGOTTEN = 1000


def has_texts(index: Index) -> bool:
    """Return whether any words have been put into the index."""
    return index.one("SELECT 1 FROM sqlite_master WHERE name = 'texts'") is not None


def unindexed_texts(index: Index) -> list[tuple[str, bytes]]:
    """Return (path, blob) of the tickets whose present text is not in the index.

    Raises:
        UnusableError: the index cannot be written.
        SettingsError: this Python's SQLite has no full-text search.
    """
    try:
        if not has_texts(index):
            _make_tables(index)
        elif index.meta("searched") == index.meta("generation"):
            return []
        if _last(index) > 2 * index.number("SELECT count(*) FROM held") + _FORGOTTEN:
            index.connection.executescript("DROP TABLE held; DROP TABLE texts;")
            _make_tables(index)
    except sqlite3.Error as error:
        if "fts5" in str(error):
            raise SettingsError(
                "the SQLite of this Python has no full-text search (FTS5)"
            ) from None
        raise UnusableError(str(error)) from None
    sql = """SELECT path, tickets.blob FROM tickets LEFT JOIN held USING (path)
             WHERE id IS NOT NULL AND held.blob IS NOT tickets.blob"""
    return list(index.all(sql))


def _make_tables(index: Index) -> None:
    for statement in TEXTS:
        index.connection.execute(if_not_exists(statement))


def _last(index: Index) -> int:
    """Return the highest number of a text; 0 if there is none."""
    return index.number("SELECT max(number) FROM held")


def add_texts(index: Index, texts: Iterable[tuple[str, bytes, str]]) -> None:
    """Put texts into the index, in one short transaction.

    Args:
        texts: (path, blob, text) of tickets.

    Raises:
        UnusableError: the index cannot be written.
    """
    try:
        index.connection.execute("BEGIN IMMEDIATE")
        try:
            number = _last(index)
            for path, blob, text in texts:
                number += 1
                index.connection.execute(
                    "INSERT INTO texts (rowid, words) VALUES (?, ?)", (number, text)
                )
                index.connection.execute(
                    "REPLACE INTO held VALUES (?, ?, ?)", (path, blob, number)
                )
            index.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                index.connection.execute("ROLLBACK")
            raise
    except (sqlite3.Error, UnicodeError) as error:
        raise UnusableError(str(error)) from None


def mark_complete(index: Index, generation: object) -> None:
    """Note that every text of a state of the index is in it.

    Nothing is noted if the index has been written since.

    Args:
        generation: of that state.
    """
    sql = "REPLACE INTO meta SELECT 'searched', value FROM meta WHERE key = 'generation' AND value = ?"
    with suppress(sqlite3.Error):
        index.connection.execute(sql, (generation,))


def find_hits(index: Index, term: TextTerm) -> None:
    """Find the tickets with some words in their text, for ``store/index/sql.py``.

    Raises:
        UnusableError: the index is damaged.
    """
    text = term.text.replace("\0", " ").replace('"', '""')
    pattern = f'"{text}"' + ("*" if isinstance(term, WordTerm) else "")
    try:
        index.connection.execute(_HITS)
        if any(char.isalnum() for char in text):  # else there is no word to find
            index.connection.execute(_FIND, (hits_of(term), pattern))
    except sqlite3.Error as error:
        raise UnusableError(str(error)) from None


_HITS = "CREATE TEMP TABLE IF NOT EXISTS hits (term TEXT, path TEXT, PRIMARY KEY (term, path)) WITHOUT ROWID"
_FIND = """
INSERT OR IGNORE INTO temp.hits SELECT ?, path FROM texts JOIN held ON held.number = texts.rowid WHERE texts MATCH ?
"""
