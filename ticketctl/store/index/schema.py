"""The tables of the index, and whether a file has exactly these.

An index is derived, and lies where no clone can bring one. Still, a file that we have
not made must not be able to run anything (a trigger, a view without end) or to answer
for another table. SQLite keeps each statement as it was given, from ``CREATE`` on
(sqlite.org/schematab.html).
"""

from __future__ import annotations

import re
import sqlite3

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE tickets (
    path TEXT PRIMARY KEY, blob BLOB, stamp TEXT, read INTEGER,
    id TEXT, profile TEXT, title TEXT, status TEXT, state TEXT, customer TEXT, assignee TEXT, created TEXT,
    updated TEXT, due TEXT, next_due TEXT, next_rule TEXT, unanswered INTEGER, follows TEXT, packed TEXT,
    closed INTEGER, queued INTEGER, rank BLOB, wake TEXT, fired TEXT, owes INTEGER
) WITHOUT ROWID""",
    "CREATE TABLE broken (path TEXT PRIMARY KEY, line INTEGER, col INTEGER, message TEXT, hint TEXT,"
    " code TEXT) WITHOUT ROWID",
    "CREATE TABLE suspects (path TEXT PRIMARY KEY, stamp TEXT, read INTEGER) WITHOUT ROWID",
    "CREATE TABLE folders (path TEXT PRIMARY KEY, stamp TEXT, read INTEGER) WITHOUT ROWID",
    "CREATE TABLE letters (name TEXT, path TEXT, PRIMARY KEY (name, path)) WITHOUT ROWID",
    "CREATE TABLE sums (state TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID",
)
_FILL_SUMS = "INSERT INTO sums SELECT state, count(*) FROM tickets WHERE state IS NOT NULL GROUP BY state"
INDEXES = (
    """CREATE INDEX by_change ON tickets (closed, updated DESC, id DESC, state, status, profile, assignee, customer, due,
                                   next_due, queued) WHERE id IS NOT NULL""",
    "CREATE INDEX by_rank ON tickets (profile, rank, id) WHERE queued",
    "CREATE INDEX by_wake ON tickets (wake) WHERE wake > ''",
    "CREATE INDEX by_fired ON tickets (fired) WHERE fired > ''",
    "CREATE INDEX by_updated ON tickets (updated) WHERE id IS NOT NULL",
    "CREATE INDEX by_id ON tickets (id) WHERE id IS NOT NULL",
    "CREATE INDEX by_half ON tickets (substr(id, 8)) WHERE id IS NOT NULL",
    "CREATE INDEX owing ON tickets (path) WHERE owes",
    "CREATE INDEX letters_of ON letters (path)",
    _FILL_SUMS,
    """CREATE TRIGGER more AFTER INSERT ON tickets WHEN new.state IS NOT NULL BEGIN
    INSERT INTO sums VALUES (new.state, 1) ON CONFLICT DO UPDATE SET number = number + 1;
END""",
    """CREATE TRIGGER less AFTER DELETE ON tickets WHEN old.state IS NOT NULL BEGIN
    UPDATE sums SET number = number - 1 WHERE state = old.state;
END""",
)
"""What is made after the tables are filled."""
SOUND = (
    "CREATE TABLE sound (path TEXT PRIMARY KEY, blob BLOB, files TEXT) WITHOUT ROWID"
)
TEXTS = (
    "CREATE TABLE held (path TEXT PRIMARY KEY, blob BLOB, number INTEGER) WITHOUT ROWID",
    "CREATE INDEX by_number ON held (number)",
    "CREATE VIRTUAL TABLE texts USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 2')",
)
_REQUIRED = frozenset((*TABLES, *INDEXES)) - {_FILL_SUMS}
_LATER = frozenset((SOUND, *TEXTS))
"""What is made when it is first needed."""
_OF_TEXTS = frozenset(
    f"texts_{name}" for name in ("data", "idx", "content", "docsize", "config")
)
"""The tables that SQLite makes for ``texts``, in a form that depends on its version."""


def if_not_exists(statement: str) -> str:
    """Return a statement that does nothing if another command has run it.

    SQLite keeps the same text for it.
    """
    head, what, rest = re.split(r"((?:TABLE|INDEX) )", statement, maxsplit=1)
    return f"{head}{what}IF NOT EXISTS {rest}"


def has_exact_tables(connection: sqlite3.Connection) -> bool:
    """Return whether a file has exactly our tables, indexes and triggers.

    Raises:
        sqlite3.Error: it is damaged.
    """
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    )
    statements = {
        sql for kind, name, sql in rows if kind != "table" or name not in _OF_TEXTS
    }
    return statements >= _REQUIRED and statements - _REQUIRED <= _LATER
