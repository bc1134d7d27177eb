"""The notices of a ticket, with their texts, whether they were given or are still owed."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.app.desk import Desk
from ticketctl.core.notices import compose, owed
from ticketctl.core.requests import Notice
from ticketctl.core.ticket import Ticket


def of_ticket(desk: Desk, ticket: Ticket) -> Iterator[tuple[Notice, tuple[str, ...]]]:
    """Every notice of a ticket, oldest first, and who has not had it yet (none of them: it was given)."""
    profile = desk.profile_of(ticket)
    people = desk.people_of(profile)
    left = {one.entry.id: one.told for one in owed(ticket)}
    owing = {entry.id for entry in ticket.history if entry.message and entry.event != "notified"}
    for entry in ticket.acts:
        # One that was owed first shows there; one that was given in the same breath shows by itself.
        if entry.message and entry.told and not (entry.event == "notified" and entry.anchor in owing):
            yield compose(profile, ticket, entry, people), left.get(entry.id, ())
