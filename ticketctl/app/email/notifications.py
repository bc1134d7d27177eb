"""The notifications of a ticket with their texts, and whether they were sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.notification_text import compose
from ticketctl.core.engine.notifications import due_notifications, unsent
from ticketctl.core.engine.requests import Notification
from ticketctl.core.people import is_address, listed_spelling
from ticketctl.core.ticket import Ticket


def notifications_of(
    workspace: Workspace, ticket: Ticket
) -> Iterator[tuple[Notification, str]]:
    """Yield every notification of a ticket, oldest first, and its state in words."""
    profile = workspace.profile_of(ticket)
    people = workspace.people_of(profile)
    states = {
        due.entry.id: f"to be sent to {', '.join(due.recipients)}"
        for due in due_notifications(ticket)
    }
    states |= {
        due.entry.id: f"was to be sent to {', '.join(due.recipients)} when it was imported; never sent"
        for due in unsent(ticket)
    }
    makers = {
        entry.id
        for entry in ticket.history
        if entry.message and entry.event != "notified"
    }
    for entry in ticket.acts:
        # A notification is shown at the entry that made it; where there is no such
        # entry, at the one that says it was sent.
        is_delivery = entry.event == "notified" and entry.anchor in makers
        if not (entry.message and entry.recipients) or is_delivery:
            continue
        if is_recipient(workspace, entry.recipients):
            is_unsent = entry.event != "notified" and not any(
                map(is_address, entry.recipients)
            )
            state = "not sent: no email address" if is_unsent else "sent"
            yield (
                compose(profile, ticket, entry, people),
                states.get(entry.id, state),
            )


def is_recipient(workspace: Workspace, recipients: Collection[str]) -> bool:
    """Return whether the user may see a notification to some recipients.

    A customer may see only those to themselves.
    """
    view = workspace.view
    return view is None or listed_spelling(view.who, recipients) is not None
