"""Searching texts: the words of every ticket are put into the index when they are first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ticketctl.app.index.parallel import read_at, spread
from ticketctl.app.progress import Watch, unwatched
from ticketctl.app.workspace import Desk
from ticketctl.core.query import Term
from ticketctl.core.summary import words_of
from ticketctl.errors import UNREAD, Finding, UnreadError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.fulltext import add, complete, find, unread
from ticketctl.store.yaml.loader import Loaded


def search(desk: Desk, index: Index, terms: Sequence[Term], watch: Watch = unwatched) -> Index:
    """Make the tickets in which words stand known to an index, for ``selection``.

    Args:
        index: as the files are now.

    Returns:
        The index to ask: where that one cannot be written, a copy in memory.
    """
    try:
        _complete(desk, index, watch)
    except UnusableError:
        index = index.in_memory()
        _complete(desk, index, watch)
    for term in terms:
        find(index, term)
    return index


def _complete(desk: Desk, index: Index, watch: Watch) -> None:
    """Read what is not in the index yet, some thousands at a time: nobody waits for the index while files are read."""
    generation = index.meta("generation")
    left = unread(index)
    texts = zip(left, spread(desk, read_at, text_of, [path for path, _ in left], "searching", watch), strict=True)
    while some := list(islice(texts, _AT_ONCE)):
        add(index, ((path, blob, text) for (path, blob), text in some if text is not None))
    if left:
        complete(index, generation)


_AT_ONCE = 5000


def text_of(_: Desk, found: Loaded | Finding | None) -> str | None:
    """What is searched in a ticket; nothing, if it cannot be understood.

    Raises:
        UnreadError: the system does not let us read it: that it has these words nobody knows.
    """
    if isinstance(found, Finding) and found.code == UNREAD:
        raise UnreadError(found.message, found.hint, found.place)
    return words_of(found.ticket) if isinstance(found, Loaded) else None
