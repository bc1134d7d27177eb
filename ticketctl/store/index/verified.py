"""Note which tickets were found correct, so that ``check --changed`` skips them.

The notes hold for the bytes of a ticket. Nothing else uses them: a check of all tickets
reads each. They are part of the index, and are dropped with it whenever the profiles,
the people or the version of ticketctl change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.schema import SOUND, if_not_exists


class VerifiedTicket(NamedTuple):
    """A ticket that was found correct.

    Args:
        path: relative to the store.
        blob: the id that git gives to its bytes.
        files: the paths of its attachments, NUL between them; it is correct as long as
            they are there.
    """

    path: str
    blob: bytes
    files: str


def unverified_tickets(index: Index) -> list[tuple[str, bytes]]:
    """Return (path, git's blob) of the files that were not found correct as they are.

    Raises:
        UnusableError: the index is damaged, or cannot be written.
    """
    sql = """SELECT path, tickets.blob FROM tickets LEFT JOIN sound USING (path)
             WHERE sound.blob IS NOT tickets.blob"""
    try:
        index.connection.execute(if_not_exists(SOUND))
    except sqlite3.Error as error:
        raise UnusableError(str(error)) from None
    return list(index.all(sql))


def updated_after(index: Index, until: str) -> list[tuple[str, bytes]]:
    """Return (path, git's blob) of the tickets with an event later than an instant.

    What is correct at one instant need not be correct at an earlier one.

    Raises:
        UnusableError: the index is damaged.
    """
    return list(
        index.all(
            "SELECT path, blob FROM tickets WHERE id IS NOT NULL AND updated > ?", until
        )
    )


def verified_with_files(index: Index) -> Iterator[VerifiedTicket]:
    """Yield the tickets that were found correct, and have attachments.

    Raises:
        UnusableError: the index is damaged.
    """
    sql = "SELECT path, blob, files FROM sound JOIN tickets USING (path, blob) WHERE files != ''"
    for path, blob, files in index.all(sql):
        if not isinstance(files, str):
            raise UnusableError("it has values that ticketctl does not write")
        yield VerifiedTicket(path, blob, files)


def add_verified(index: Index, tickets: Iterable[VerifiedTicket]) -> None:
    """Note tickets that were found correct.

    Raises:
        UnusableError: the index cannot be written.
    """
    try:
        with index.connection:
            index.connection.execute("BEGIN IMMEDIATE")
            index.connection.executemany("REPLACE INTO sound VALUES (?, ?, ?)", tickets)
    except sqlite3.Error as error:
        raise UnusableError(str(error)) from None
