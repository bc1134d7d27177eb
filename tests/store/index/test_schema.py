"""Tests of ``ticketctl.store.index.schema``."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.state import found
from tests.support.stores import done, make_store, make_tickets
from ticketctl.store.index import schema
from ticketctl.store.index.database import Index

# --- T4: planted caches and indexes ---


def indexed(root: Path) -> Path:
    """The index file of a store."""
    path = Index.newest(found(root))
    assert path is not None
    return Path(path)


PLANTED = {
    "a trigger": "CREATE TRIGGER own AFTER UPDATE ON meta BEGIN DELETE FROM tickets; END",
    "a view without end": (
        "DROP TABLE sums; CREATE VIEW sums AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
        "SELECT 'open' AS state, n AS number FROM c"
    ),
    "another table": "CREATE TABLE mine (x)",
    "another column": "ALTER TABLE tickets ADD COLUMN mine",
    "no index": "DROP INDEX by_wake",
    "a virtual table": "CREATE VIRTUAL TABLE words USING fts5 (x)",
    "an index with an expression": "CREATE INDEX own ON tickets (fold(title)) WHERE fold(title) > ''",
}


@pytest.mark.parametrize("what", PLANTED)
def test_an_index_with_other_tables_is_made_anew(what: str, tmp_path: Path) -> None:
    """T4: triggers and views of a planted index answered, and hung."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    answer = done(root, "list", "-A")
    path = indexed(root)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE tickets SET title = 'Forged', customer = 'mallory@evil.example'"
        )
        connection.create_function("fold", 1, str.casefold, deterministic=True)
        connection.executescript(PLANTED[what])
    assert done(root, "list", "-A") == answer
    assert done(root, "sweep", "-n") == ""
    assert indexed(root) != path
    with closing(sqlite3.connect(indexed(root))) as connection:
        assert schema.has_exact_tables(connection)
