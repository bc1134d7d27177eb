"""The merge driver: two versions of a ticket become one that holds every event of both
(docs/ticket-file.md, merging)."""

from __future__ import annotations

import os

from ticketctl.core.dag import union
from ticketctl.core.ticket import fold
from ticketctl.errors import BrokenError
from ticketctl.store import files
from ticketctl.store.git.queries import merge_file
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.loader import LoadedTicket
from ticketctl.store.yaml.writer import emit


def merge_ticket(base: str, ours: str, theirs: str, id_: str) -> int:
    """Merge a ticket into the file ``ours``, as git asks of a merge driver.

    Tickets that hold more than their events (comments, unknown keys, a head changed by
    hand) are merged line by line, as git would without us.

    Args:
        base, ours, theirs: three files with the versions.
        id_: the ticket's.

    Returns:
        The number of conflicts, which are then marked in ``ours``; 0 if there are none.
    """
    try:
        one, other = (_read(file, id_) for file in (ours, theirs))
        data = emit(fold(union(one.ticket.history, other.ticket.history)))
        if len(data) > files.MAX_BYTES:
            raise ValueError("too large")
        files.replace_file(ours, data, durable=False)
        return 0
    except (BrokenError, ValueError):
        return merge_file(os.getcwd(), ours, base, theirs)


def join_versions(store: Store, path: str, one: bytes, other: bytes) -> bytes:
    """The ticket that holds every event of two versions of it.

    Raises:
        ValueError: one of them holds more than its events (comments, a head changed by
            hand), or they are not of one ticket.
        BrokenError: one of them cannot be understood.
    """
    versions = [store.parse(path, data) for data in (one, other)]
    if not all(loaded.canonical for loaded in versions):
        raise ValueError("changed by hand")
    return emit(fold(union(versions[0].ticket.history, versions[1].ticket.history)))


def _read(file: str, id_: str) -> LoadedTicket:
    loaded = Store(os.getcwd()).parse(
        path_of(id_), files.read_bytes(file, files.MAX_BYTES)
    )
    if not loaded.canonical:
        raise ValueError("changed by hand")
    return loaded
