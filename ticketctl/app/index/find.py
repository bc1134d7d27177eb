"""Find tickets by queries: for lists, and for commands on many tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING

from ticketctl.app.index.refresh import ask_index, ask_whole_index, broken_in
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import OneOfTerm, Query, Row
from ticketctl.core.vocabulary import OPEN_STATES
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
    from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def _matching_ids(
    index: Index, queries: Iterable[Query]
) -> tuple[list[str], list[Finding]]:
    """Return the ids that match any of some queries, and what cannot be read."""
    matches = {id_ for query in queries for id_ in select_ids(index, query)}
    return sorted(matches), broken_in(index)


def _guarded(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield rows of the index.

    Raises:
        DiskError: the index is damaged.
    """
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
    """Yield the tickets that match any of some queries, with their profiles.

    Tickets of the oldest day come first. One that cannot be read stops nothing.

    Args:
        broken: is extended by what is wrong with tickets of the whole store, and with
            profiles of the matches.

    Raises:
        SettingsError: the settings have errors.
    """
    queries = list(queries)
    matches, unreadable = ask_index(
        workspace, lambda index: _matching_ids(index, queries), progress
    )
    broken += unreadable
    for number, id_ in enumerate(matches, 1):
        progress("looking", number, len(matches))
        try:
            loaded = workspace.read(id_)
            profile = workspace.profile_of(loaded.ticket)
        except MissingError:
            continue  # it was removed meanwhile
        except (BrokenError, SettingsError, UnreadError) as error:
            broken.append(error.finding)
        else:
            yield loaded, profile


def visible_ids(workspace: Workspace) -> Iterable[str]:
    """Return the ids of all tickets that the user may see, oldest day first."""
    return (
        workspace.store.ids()
        if workspace.view is None
        else ask_index(workspace, lambda index: list(select_ids(index, Query())))
    )


def find_paths(
    workspace: Workspace, query: Query, progress: Progress = no_progress
) -> tuple[list[str], list[Finding]]:
    """Return the files of the tickets that match a query, oldest day first.

    Also returned is what cannot be read in the whole store.
    """
    matches, broken = ask_index(
        workspace,
        lambda index: _matching_ids(
            _searched(workspace, index, query, progress), [query]
        ),
        progress,
    )
    return list(map(path_of, matches)), broken


class Matches(Record):
    """The result of a query.

    Args:
        rows: in order, at most as many as the query's limit; they can be read once.
        total: how many tickets match without that limit.
        broken: the files of the whole store that cannot be read.
        open: how many tickets of the whole store are open.
        waiting: how many of those wait for the customer.
    """

    rows: Iterator[Row]
    total: int
    broken: list[Finding]
    open: int
    waiting: int


def find_tickets(
    workspace: Workspace, query: Query, progress: Progress = no_progress
) -> Matches:
    """Return the tickets that match a query; broken tickets are reported, too."""
    return ask_index(
        workspace,
        lambda index: _found_in(_searched(workspace, index, query, progress), query),
        progress,
    )


def _searched(
    workspace: Workspace, index: Index, query: Query, progress: Progress
) -> Index:
    if not query.text_terms:
        return index
    from ticketctl.app.index.search import search

    return search(workspace, index, query.text_terms, progress)


def _found_in(index: Index, query: Query) -> Matches:
    """Return what an index has for a query."""
    counts = count_by_state(index)
    open_ = sum(counts.get(state, 0) for state in OPEN_STATES)
    rows = select_rows(index, query)
    # Damage shows here, where the index can still be rebuilt.
    first = list(islice(rows, min(query.limit, 1 << 62) or 1))
    return Matches(
        chain(first, _guarded(rows)),
        count_matching(index, query),
        broken_in(index),
        open_,
        counts.get("pending", 0),
    )


def newest_ticket_of(workspace: Workspace, customer: str) -> LoadedTicket | None:
    """Return the ticket that a customer opened last.

    It is ``None`` if they have no ticket that can be read.
    """
    if not customer:
        return None
    newest = (("created", True), ("id", True))
    query = Query((OneOfTerm("customer", (customer,)),), newest, limit=1)
    for id_ in ask_whole_index(
        workspace, lambda index: [row.id for row in select_rows(index, query)]
    ):
        with suppress(BrokenError, MissingError, UnreadError):
            return workspace.store.read(id_)
    return None
