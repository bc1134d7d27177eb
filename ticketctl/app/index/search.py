"""Search the texts of tickets.

Their words are put into the index at the first search.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ticketctl.app.index.parallel import map_parallel, read_ticket_at
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import TextTerm
from ticketctl.core.summary import words_of
from ticketctl.errors import UNREAD, Finding, UnreadError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.fulltext import (
    add_texts,
    find_hits,
    mark_complete,
    unindexed_texts,
)
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def search(
    workspace: Workspace,
    index: Index,
    terms: Sequence[TextTerm],
    progress: Progress = no_progress,
) -> Index:
    """Find the tickets that contain words, and record them in the index for a query.

    Args:
        index: up to date.
        terms: the words.

    Returns:
        The index to ask; a copy in memory if the index cannot be written.
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
    """Add the texts that are not in the index yet.

    They are added some thousands at a time: the index is not locked while files are
    read.
    """
    generation = index.meta("generation")
    missing = unindexed_texts(index)
    texts = zip(
        missing,
        map_parallel(
            workspace,
            read_ticket_at,
            search_text,
            [path for path, _ in missing],
            "searching",
            progress,
        ),
        strict=True,
    )
    while batch := list(islice(texts, _AT_ONCE)):
        add_texts(
            index,
            ((path, blob, text) for (path, blob), text in batch if text is not None),
        )
    if missing:
        mark_complete(index, generation)


_AT_ONCE = 5000


def search_text(_: Workspace, read: LoadedTicket | Finding | None) -> str | None:
    """Return the text of a ticket for the search; ``None`` if it cannot be parsed.

    Args:
        read: the ticket; why it cannot be read; ``None`` if it was removed.

    Raises:
        UnreadError: the file cannot be read, so its words are unknown.
    """
    if isinstance(read, Finding) and read.code == UNREAD:
        raise UnreadError(read.message, read.hint, read.place)
    return words_of(read.ticket) if isinstance(read, LoadedTicket) else None
