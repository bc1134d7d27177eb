"""The merge driver: merge two versions of a ticket (docs/ticket-file.md, merging)."""

from __future__ import annotations

import os

from ticketctl.core.history_graph import union
from ticketctl.core.ticket import fold
from ticketctl.errors import BrokenError
from ticketctl.store import files
from ticketctl.store.git.queries import merge_file
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket
from ticketctl.store.yaml.writer import emit


def merge_ticket(base: str, ours: str, theirs: str, id_: str) -> int:
    """Merge two versions of a ticket into the file ``ours``, for git.

    The result has every event of both. Tickets that have more than their events
    (comments, unknown keys, a head changed by hand) are merged line by line, as git
    does without a merge driver.

    Args:
        base: the file with the common version.
        ours: the file with our version, which is replaced.
        theirs: the file with their version.
        id_: the id of the ticket.

    Returns:
        The number of conflicts, which are marked in ``ours``; 0 if there are none.
    """
    try:
        our, their = (_read(file, id_) for file in (ours, theirs))
        data = emit(fold(union(our.ticket.history, their.ticket.history)))
        if len(data) > files.MAX_BYTES:
            raise ValueError("too large")
        files.replace_file(ours, data, durable=False)
        return 0
    except (BrokenError, ValueError):
        return merge_file(os.getcwd(), ours, base, theirs)


def join_versions(store: Store, path: str, first: bytes, second: bytes) -> bytes:
    """Return the file of a ticket with every event of two versions of it.

    Args:
        first, second: the bytes of the versions.

    Raises:
        ValueError: a version has more than its events (comments, a head changed by
            hand), or they are not of one ticket.
        BrokenError: a version cannot be parsed.
    """
    versions = [store.parse(path, data) for data in (first, second)]
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
