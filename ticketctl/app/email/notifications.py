"""The notices of a ticket, with their texts, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ticketctl.app.workspace import Desk
from ticketctl.core.engine.notifications import compose, owed, unsent
from ticketctl.core.engine.requests import Notice
from ticketctl.core.people import is_address, spelled
from ticketctl.core.ticket import Ticket


def of_ticket(desk: Desk, ticket: Ticket) -> Iterator[tuple[Notice, str]]:
    """Every notice of a ticket, oldest first, and what became of it, in words."""
    profile = desk.profile_of(ticket)
    people = desk.people_of(profile)
    states = {one.entry.id: f"owed to {', '.join(one.told)}" for one in owed(ticket)}
    states |= {one.entry.id: f"owed to {', '.join(one.told)} when it was imported; not sent" for one in unsent(ticket)}
    owing = {entry.id for entry in ticket.history if entry.message and entry.event != "notified"}
    for entry in ticket.acts:
        # One that was owed first shows there; one that was given in the same breath shows by itself.
        if entry.message and entry.told and not (entry.event == "notified" and entry.anchor in owing):
            if is_told(desk, entry.told):
                nobody = entry.event != "notified" and not any(map(is_address, entry.told))
                state = "not sent: no email address" if nobody else "given"
                yield compose(profile, ticket, entry, people), states.get(entry.id, state)


def is_told(desk: Desk, told: Collection[str]) -> bool:
    """Whether who reads may see a notice to some people: as a customer, only what is told to oneself."""
    return desk.view is None or spelled(desk.view.who, told) is not None
