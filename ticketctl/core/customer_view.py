"""A ticket as its customer may read it: without internal notes (X7)."""

from __future__ import annotations

from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.ticket import Ticket
from ticketctl.record import EMPTY, replace, replace_unchecked


def without_notes(ticket: Ticket) -> Ticket:
    """Return the ticket without what only staff may read.

    An entry that is only a note keeps its place in the history, so that the clocks that
    it started stay right. But it is empty (``HIDDEN``), and never shown
    (:attr:`Ticket.shown`).
    """
    return replace_unchecked(ticket, {"history": tuple(map(_public, ticket.history))})


def _public(entry: Entry) -> Entry:
    """Return an entry without its note."""
    if entry.event != "noted":
        return replace(entry, note=None, extra=EMPTY)
    if entry.sets or entry.unset or entry.to or entry.text:
        return replace(entry, event="edited", note=None, files=(), extra=EMPTY)
    return Entry(
        entry.at,
        entry.by,
        entry.role,
        HIDDEN,
        entry.id,
        rule=entry.rule,
        anchor=entry.anchor,
        occurrence=entry.occurrence,
        due=entry.due,
        after=entry.after,
    )
