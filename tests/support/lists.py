"""What a list shows of some tickets: the real index, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ticketctl.app.index.refresh import cells_of
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.query import OneOfTerm, Query, Row
from ticketctl.core.summary import summary_of
from ticketctl.core.ticket import Ticket
from ticketctl.errors import BrokenError
from ticketctl.store.index.build import build_index
from ticketctl.store.index.database import Index, IndexContents, IndexEntry
from ticketctl.store.index.sql import select_rows
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

DEFAULT = (OneOfTerm("closed", (0,)),)
"""What a list asks for where it is asked for nothing."""
QUEUE = Query((OneOfTerm("queued", (1,)),), queue=True)


def index_of(profile: Profile, tickets: Iterable[Ticket], people: People) -> Index:
    """An index of these tickets and no others."""
    kept = [
        IndexEntry(path_of(t.id), b"", "-", 0, cells_of(summary_of(profile, t, people)))
        for t in tickets
    ]
    return build_index(IndexContents(kept), None)


def rows(
    query: Query, profile: Profile, tickets: Iterable[Ticket], people: People
) -> list[Row]:
    """The rows of a list."""
    return list(select_rows(index_of(profile, tickets, people), query))


def every(store: Store) -> Iterator[LoadedTicket | BrokenError]:
    """All tickets of a store, read without the index."""
    for path in store.paths():
        try:
            yield store.read_path(path)
        except BrokenError as error:
            yield error
