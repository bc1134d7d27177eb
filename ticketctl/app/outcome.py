"""The result of a command for one ticket: the files to write, and words for a commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ticketctl.app.email.quota import FOR_PEOPLE
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Decision, Notification, Refusal
from ticketctl.core.escaping import safe
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, unflat
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import DiskError, TicketctlError, UncommittedError
from ticketctl.record import Record
from ticketctl.store import files
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

if TYPE_CHECKING:  # loaded where something is written
    from ticketctl.store.writing import journal


class Outcome(Record):
    """The result of a command for one ticket.

    Args:
        id: of the ticket, or what the user typed where there is none.
        loaded: the ticket as it was read; ``None`` if it is new, or cannot be read.
        result: the decision, the refusal, or the error that stopped it.
        follow_ups: further tickets that the decision makes.
    """

    id: str
    loaded: LoadedTicket | None
    result: Decision | Refusal | TicketctlError
    profile: Profile | None = None
    follow_ups: tuple[Ticket, ...] = ()

    @property
    def before(self) -> Ticket | None:
        """The ticket before the change."""
        return self.loaded.ticket if self.loaded else None

    @property
    def refused(self) -> bool:
        """Whether nothing is written, by the rules or because of an error."""
        return not isinstance(self.result, Decision | UncommittedError)

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return isinstance(self.result, Decision) and bool(self.result.entries)


def commit_line(outcome: Outcome) -> str:
    """Return the line of a commit message for a ticket.

    For example ``k3qx9: Pending -> Solved (amy@support.example)``.
    """
    assert isinstance(outcome.result, Decision)
    entry = outcome.result.entries[0]
    who = f"{entry.by} for {entry.for_}" if entry.for_ else entry.by
    return safe(f"{short_id(outcome.id)}: {summarize_change(outcome)} ({who})")


def summarize_change(outcome: Outcome) -> str:
    """Return what a change does, in few words.

    For example ``Open -> Solved``, ``reply`` or ``assignee, due``.
    """
    assert isinstance(outcome.result, Decision)
    entry, after = outcome.result.entries[0], outcome.result.ticket
    if outcome.before is None:
        return f"new, {after.status}"
    if outcome.before.status != after.status:
        return f"{outcome.before.status} -> {after.status}"
    texts = [
        word for word, text in (("reply", entry.text), ("note", entry.note)) if text
    ]
    names = [unflat(name) for name in (*entry.sets, *entry.unset)]
    return ", ".join([*names, *texts]) or entry.event


def writes_of(
    workspace: Workspace, outcome: Outcome, limit: int = FOR_PEOPLE
) -> list[journal.Write]:
    """Return the files of a decision: the tickets, and notifications in the outbox.

    Args:
        limit: how large a ticket may become, in bytes.
    """
    if not isinstance(outcome.result, Decision) or not outcome.result.entries:
        return []
    writes = [workspace.store.writes(outcome.result.ticket, outcome.loaded, limit)]
    writes += [
        workspace.store.writes(ticket, None, limit) for ticket in outcome.follow_ups
    ]
    return writes + outbox(workspace, outcome.result.notifications)


def outbox(
    workspace: Workspace, notifications: Iterable[Notification]
) -> list[journal.Write]:
    """Return notifications as small JSON files in the outbox, for scripts.

    There are none where notifications are sent by email: then the tickets alone say
    what is still to be sent.
    """
    if workspace.by_mail or not (notifications := list(notifications)):
        return []
    from ticketctl.store.writing.journal import Write
    from ticketctl.store.writing.temporary import OUTBOX

    writes = []
    for notification in notifications:
        content = {
            "schema": "ticketctl/1",
            "ticket": notification.ticket,
            "event": notification.event,
            "at": notification.at,
            "message": notification.message,
            "told": list(notification.recipients),
            "subject": notification.subject,
            "body": notification.body,
        }
        data = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        name = f"{notification.ticket}-{notification.event}.json"
        try:  # of an event that was undone (git reset) and is made again
            before: bytes | None = files.read_in(
                workspace.state.outbox, name, files.MAX_BYTES
            )
        except (FileNotFoundError, DiskError):
            before = None
        writes.append(Write(name, data.encode(), before, OUTBOX))
    return writes
