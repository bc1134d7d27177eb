"""The notices of a ticket, with their texts, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.notifications import compose, due_notifications, unsent
from ticketctl.core.engine.requests import Notification
from ticketctl.core.people import is_address, listed_spelling
from ticketctl.core.ticket import Ticket


def of_ticket(
    workspace: Workspace, ticket: Ticket
) -> Iterator[tuple[Notification, str]]:
    """Every notice of a ticket, oldest first, and what became of it, in words."""
    profile = workspace.profile_of(ticket)
    people = workspace.people_of(profile)
    states = {
        one.entry.id: f"owed to {', '.join(one.told)}"
        for one in due_notifications(ticket)
    }
    states |= {
        one.entry.id: f"owed to {', '.join(one.told)} when it was imported; not sent"
        for one in unsent(ticket)
    }
    owing = {
        entry.id
        for entry in ticket.history
        if entry.message and entry.event != "notified"
    }
    for entry in ticket.acts:
        # One that was owed first shows there; one that was given in the same breath
        # shows by itself.
        if (
            entry.message
            and entry.told
            and not (entry.event == "notified" and entry.anchor in owing)
        ):
            if is_recipient(workspace, entry.told):
                nobody = entry.event != "notified" and not any(
                    map(is_address, entry.told)
                )
                state = "not sent: no email address" if nobody else "given"
                yield (
                    compose(profile, ticket, entry, people),
                    states.get(entry.id, state),
                )


def is_recipient(workspace: Workspace, told: Collection[str]) -> bool:
    """Whether who reads may see a notice to some people: as a customer, only what is
    told to oneself."""
    return (
        workspace.view is None or listed_spelling(workspace.view.who, told) is not None
    )
