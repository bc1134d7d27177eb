"""Which notifications of a ticket are due, from its history alone (docs/mail.md).

An entry with a ``message`` makes a notification due to its ``recipients``. A
``notified`` entry anchored on it records that the notification was sent. So none is
lost unless the ticket is. An ``imported`` entry settles, unsent, what was due by the
entries above it: a ticket of another store sends no old email to strangers.
"""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.engine.events import is_import
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import is_linear, knowledge
from ticketctl.core.people import is_address
from ticketctl.core.ticket import Ticket
from ticketctl.record import Record


class DueNotification(Record):
    """A notification that is due by an entry.

    Args:
        entry: the entry.
        recipients: those of the entry to whom it was not sent yet.
    """

    entry: Entry
    recipients: tuple[str, ...]


def due_notifications(ticket: Ticket) -> Iterator[DueNotification]:
    """Return what is due to be sent for a ticket, oldest first.

    Nothing is due by an entry without effect; by twins, one notification.
    """
    return (due for due, is_settled in _undelivered(ticket) if not is_settled)


def unsent(ticket: Ticket) -> Iterator[DueNotification]:
    """Return what was due when a ticket was imported, and is never sent; oldest
    first."""
    return (due for due, is_settled in _undelivered(ticket) if is_settled)


def _undelivered(ticket: Ticket) -> Iterator[tuple[DueNotification, bool]]:
    """Yield every notification that was not sent to all, and whether an import has
    settled it."""
    if not [entry for entry in ticket.history if entry.message is not None]:
        return  # as in most tickets
    delivered: dict[str, set[str]] = {}
    for entry in ticket.history:
        if entry.event == "notified" and entry.anchor is not None:
            delivered.setdefault(entry.anchor, set()).update(entry.recipients)
    settled = _settled(ticket)
    recipients = {entry.id: set(entry.recipients) for entry in ticket.history}
    for entry in ticket.acts:
        if entry.message is None or entry.event == "notified":
            continue
        alike = [each.id for each in _alike(ticket, entry)]
        done = set().union(*(delivered.get(name, set()) for name in alike))
        if entry.id in ticket.twins:
            # It stands for those whom the entry that it repeats does not name.
            done |= recipients[ticket.twins[entry.id]]
        # Earlier versions wrote roles, and names without an address: nobody can be sent
        # an email there.
        pending = tuple(
            who for who in entry.recipients if who not in done and is_address(who)
        )
        if pending:
            yield DueNotification(entry, pending), not settled.isdisjoint(alike)


def _settled(ticket: Ticket) -> frozenset[str]:
    """Return the ids of the entries above an import: those that its author saw. What
    another clone did at the same time is not among them."""
    history = ticket.history
    imports = [position for position, entry in enumerate(history) if is_import(entry)]
    if not imports:
        return frozenset()
    if is_linear(history):
        return frozenset(entry.id for entry in history[: imports[-1]])
    seen_by = knowledge(history)
    seen = 0
    for position in imports:
        seen |= seen_by[history[position].id]
    return frozenset(
        entry.id for position, entry in enumerate(history) if seen >> position & 1
    )


def _alike(ticket: Ticket, entry: Entry) -> Iterator[Entry]:
    """Yield an entry and its twins: another clone may have sent the notification for
    one of those."""
    yield entry
    yield from (
        other for other in ticket.history if ticket.twins.get(other.id) == entry.id
    )
    keys = {other.id: _key(ticket, other) for other in ticket.history if other.key}
    key = keys.get(entry.id) or keys.get(entry.anchor or "")
    for other in ticket.history:
        if (
            key
            and other.id in ticket.idle
            and key == (keys.get(other.id) or keys.get(other.anchor or ""))
            and (other.rule, other.message) == (entry.rule, entry.message)
        ):
            yield other


def _key(ticket: Ticket, entry: Entry) -> tuple[str, str, int] | None:
    """Return the key of what an automation did; where its anchor is a twin, with the
    entry that the anchor repeats."""
    if entry.key is None:
        return None
    rule, anchor, occurrence = entry.key
    return rule, ticket.twins.get(anchor, anchor), occurrence
