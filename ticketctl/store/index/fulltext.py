"""The words of tickets, by SQLite's full-text search (FTS5), beside the rest of the
index.

Only the words are kept, not the texts. A text that has changed gets a number of its
own, and nobody points to the old one any more; when these have become many, all is
forgotten and read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from ticketctl.core.query import Term
from ticketctl.errors import SettingsError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.schema import TEXTS, if_not_exists
from ticketctl.store.index.sql import hits_of

_FORGOTTEN = 1000


def has_texts(index: Index) -> bool:
    """Whether words have ever been put into the index."""
    return index.one("SELECT 1 FROM sqlite_master WHERE name = 'texts'") is not None


def unindexed_texts(index: Index) -> list[tuple[str, bytes]]:
    """(path, blob) of the tickets whose present text is not in the index.

    Raises:
        UnusableError: the index cannot be written.
        SettingsError: this Python's SQLite cannot search.
    """
    try:
        if not has_texts(index):
            _make(index)
        elif index.meta("searched") == index.meta("generation"):
            return []
        if _last(index) > 2 * index.number("SELECT count(*) FROM held") + _FORGOTTEN:
            index.connection.executescript("DROP TABLE held; DROP TABLE texts;")
            _make(index)
    except sqlite3.Error as error:
        if "fts5" in str(error):
            raise SettingsError(
                "the SQLite of this Python has no full-text search (FTS5)"
            ) from None
        raise UnusableError(str(error)) from None
    sql = """SELECT path, tickets.blob FROM tickets LEFT JOIN held USING (path)
             WHERE id IS NOT NULL AND held.blob IS NOT tickets.blob"""
    return list(index.all(sql))


def _make(index: Index) -> None:
    for statement in TEXTS:
        index.connection.execute(if_not_exists(statement))


def _last(index: Index) -> int:
    """The highest number that a text has; 0 if there is none."""
    return index.number("SELECT max(number) FROM held")


def add_texts(index: Index, texts: Iterable[tuple[str, bytes, str]]) -> None:
    """Put texts into the index, in one short transaction.

    Args:
        texts: (path, blob, text) of tickets, already read.

    Raises:
        UnusableError: it cannot be written.
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
    """Note that every text of a state of the index is in it; nothing, if it has been
    written since."""
    sql = "REPLACE INTO meta SELECT 'searched', value FROM meta WHERE key = 'generation' AND value = ?"
    with suppress(sqlite3.Error):
        index.connection.execute(sql, (generation,))


def find_hits(index: Index, term: Term) -> None:
    """Make the tickets in whose text something stands known to ``selection``.

    Raises:
        UnusableError: the index is damaged.
    """
    text = str(term.values[0]).replace("\0", " ").replace('"', '""')
    asked = f'"{text}"' + ("*" if term.test == "word" else "")
    try:
        index.connection.execute(_HITS)
        if any(char.isalnum() for char in text):  # a text without a word stands nowhere
            index.connection.execute(_FIND, (hits_of(term), asked))
    except sqlite3.Error as error:
        raise UnusableError(str(error)) from None


_HITS = "CREATE TEMP TABLE IF NOT EXISTS hits (term TEXT, path TEXT, PRIMARY KEY (term, path)) WITHOUT ROWID"
_FIND = """
INSERT OR IGNORE INTO temp.hits SELECT ?, path FROM texts JOIN held ON held.number = texts.rowid WHERE texts MATCH ?
"""
