"""Which tickets were found right, byte for byte, beside the rest of the index: ``check
--changed`` passes over them.

Nobody else believes it: a check of all tickets looks at each. It goes with the index,
and so whenever the profiles, the people or the version of ticketctl change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.schema import SOUND, if_not_exists


class VerifiedTicket(NamedTuple):
    """A ticket that was found right.

    Args:
        blob: the id that git gives to its bytes.
        files: the paths of its attachments, NUL between them; it is right as long as
            they are there.
    """

    path: str
    blob: bytes
    files: str


def unverified_tickets(index: Index) -> list[tuple[str, bytes]]:
    """(path, git's blob) of the files that were not found right as they are now.

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
    """(path, git's blob) of the tickets with an event that is later than an instant:
    what is right at one instant need not be right at an earlier one.

    Raises:
        UnusableError: the index is damaged.
    """
    return list(
        index.all(
            "SELECT path, blob FROM tickets WHERE id IS NOT NULL AND updated > ?", until
        )
    )


def verified_with_files(index: Index) -> Iterator[VerifiedTicket]:
    """Those that were found right, and have attachments.

    Raises:
        UnusableError: the index is damaged.
    """
    sql = "SELECT path, blob, files FROM sound JOIN tickets USING (path, blob) WHERE files != ''"
    for path, blob, files in index.all(sql):
        if not isinstance(files, str):
            raise UnusableError("it holds what we never wrote")
        yield VerifiedTicket(path, blob, files)


def add_verified(index: Index, found: Iterable[VerifiedTicket]) -> None:
    """Note which were found right.

    Raises:
        UnusableError: the index cannot be written.
    """
    try:
        with index.connection:
            index.connection.execute("BEGIN IMMEDIATE")
            index.connection.executemany("REPLACE INTO sound VALUES (?, ?, ?)", found)
    except sqlite3.Error as error:
        raise UnusableError(str(error)) from None
