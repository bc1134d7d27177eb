"""Finding tickets: for lists, and for what is done to many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING

from ticketctl.app.index.refresh import ask_index, ask_whole_index, broken_in
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import Query, Row, Term
from ticketctl.core.states import OPEN_STATES
from ticketctl.errors import (
    BrokenError,
    DiskError,
    Finding,
    MissingError,
    SettingsError,
    UnreadError,
)
from ticketctl.record import Record
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.sql import (
    count_by_state,
    count_matching,
    select_ids,
    select_rows,
)
from ticketctl.store.paths import path_of

if TYPE_CHECKING:
    from ticketctl.core.profile import Profile
    from ticketctl.store.yaml.loader import LoadedTicket


def _wanted(index: Index, queries: Iterable[Query]) -> tuple[list[str], list[Finding]]:
    return sorted(
        {id_ for query in queries for id_ in select_ids(index, query)}
    ), broken_in(index)


def _guarded(rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except UnusableError as error:
        raise DiskError(
            f"the index is damaged: {error}", "ticketctl index rebuild, then again"
        ) from None


def read_matches(
    workspace: Workspace,
    broken: list[Finding],
    queries: Iterable[Query],
    progress: Progress = no_progress,
) -> Iterator[tuple[LoadedTicket, Profile]]:
    """The tickets that any of some queries wants, with their rules, oldest day first;
    one that cannot be read stops nothing.

    Args:
        broken: takes what is wrong with those of the whole store, and with their
            profiles.

    Raises:
        SettingsError: the settings have mistakes, which are not the tickets'.
    """
    queries = list(queries)
    wanted, unreadable = ask_index(
        workspace, lambda index: _wanted(index, queries), progress
    )
    broken += unreadable
    for number, id_ in enumerate(wanted, 1):
        progress("looking", number, len(wanted))
        try:
            loaded = workspace.read(id_)
            profile = workspace.profile_of(loaded.ticket)
        except MissingError:
            continue  # it went meanwhile
        except (BrokenError, SettingsError, UnreadError) as error:
            broken.append(error.finding)
        else:
            yield loaded, profile


def visible_ids(workspace: Workspace) -> Iterable[str]:
    """The ids of all tickets that who asks may see, oldest day first."""
    return (
        workspace.store.ids()
        if workspace.view is None
        else ask_index(workspace, lambda index: list(select_ids(index, Query())))
    )


def find_paths(
    workspace: Workspace, query: Query, progress: Progress = no_progress
) -> tuple[list[str], list[Finding]]:
    """The files of the tickets that a query wants, oldest day first, and what cannot be
    read of the whole store."""
    found, broken = ask_index(
        workspace,
        lambda index: _wanted(_searched(workspace, index, query, progress), [query]),
        progress,
    )
    return list(map(path_of, found)), broken


class Matches(Record):
    """What a list shows.

    Args:
        rows: in order, at most as many as the query wants; they come one at a time, and
            once.
        total: how many there are without that limit.
        broken: the files that cannot be read.
        open, waiting: how many tickets of the whole store are open, and how many of
            those wait on the customer.
    """

    rows: Iterator[Row]
    total: int
    broken: list[Finding]
    open: int
    waiting: int


def find_tickets(
    workspace: Workspace, query: Query, progress: Progress = no_progress
) -> Matches:
    """All tickets that a query wants; a broken one is reported, never silently missing."""
    return ask_index(
        workspace,
        lambda index: _found_in(_searched(workspace, index, query, progress), query),
        progress,
    )


def _searched(
    workspace: Workspace, index: Index, query: Query, progress: Progress
) -> Index:
    if not query.words:
        return index
    from ticketctl.app.index.search import search

    return search(workspace, index, query.words, progress)


def _found_in(index: Index, query: Query) -> Matches:
    """What an index that is up to date has for a query."""
    number = count_by_state(index)
    open_ = sum(number.get(state, 0) for state in OPEN_STATES)
    rows = select_rows(index, query)
    # What is damaged is to be seen here, where it can be mended.
    first = list(islice(rows, min(query.limit, 1 << 62) or 1))
    return Matches(
        chain(first, _guarded(rows)),
        count_matching(index, query),
        broken_in(index),
        open_,
        number.get("pending", 0),
    )


def newest_ticket_of(workspace: Workspace, customer: str) -> LoadedTicket | None:
    """The ticket that a customer opened last; nothing, if they have none that can be
    read."""
    if not customer:
        return None
    newest = (("created", True), ("id", True))
    query = Query((Term("customer", "is", (customer,)),), newest, limit=1)
    for id_ in ask_whole_index(
        workspace, lambda index: [row.id for row in select_rows(index, query)]
    ):
        with suppress(BrokenError, MissingError, UnreadError):
            return workspace.store.read(id_)
    return None
