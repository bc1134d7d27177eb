"""Searching texts: the words of every ticket are put into the index when they are first
asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ticketctl.app.index.parallel import read_ticket_at, spread
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import Term
from ticketctl.core.summary import words_of
from ticketctl.errors import UNREAD, Finding, UnreadError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.fulltext import (
    add_texts,
    find_hits,
    mark_complete,
    unindexed_texts,
)
from ticketctl.store.yaml.loader import LoadedTicket


def search(
    workspace: Workspace,
    index: Index,
    terms: Sequence[Term],
    progress: Progress = no_progress,
) -> Index:
    """Make the tickets in which words stand known to an index, for ``selection``.

    Args:
        index: as the files are now.

    Returns:
        The index to ask: where that one cannot be written, a copy in memory.
    """
    try:
        _complete(workspace, index, progress)
    except UnusableError:
        index = index.in_memory()
        _complete(workspace, index, progress)
    for term in terms:
        find_hits(index, term)
    return index


def _complete(workspace: Workspace, index: Index, progress: Progress) -> None:
    """Read what is not in the index yet, some thousands at a time: nobody waits for the
    index while files are read."""
    generation = index.meta("generation")
    left = unindexed_texts(index)
    texts = zip(
        left,
        spread(
            workspace,
            read_ticket_at,
            search_text,
            [path for path, _ in left],
            "searching",
            progress,
        ),
        strict=True,
    )
    while some := list(islice(texts, _AT_ONCE)):
        add_texts(
            index,
            ((path, blob, text) for (path, blob), text in some if text is not None),
        )
    if left:
        mark_complete(index, generation)


_AT_ONCE = 5000


def search_text(_: Workspace, found: LoadedTicket | Finding | None) -> str | None:
    """What is searched in a ticket; nothing, if it cannot be understood.

    Raises:
        UnreadError: the system does not let us read it: that it has these words nobody
            knows.
    """
    if isinstance(found, Finding) and found.code == UNREAD:
        raise UnreadError(found.message, found.hint, found.place)
    return words_of(found.ticket) if isinstance(found, LoadedTicket) else None
