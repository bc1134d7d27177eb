"""What became of one ticket: the files to write, and the words of its commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ticketctl.app.email.quota import FOR_PEOPLE
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Decision, Notification, Refusal
from ticketctl.core.escaping import safe
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import DiskError, TicketctlError, UncommittedError
from ticketctl.record import Record
from ticketctl.store import files
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket

if TYPE_CHECKING:  # loaded where something is written
    from ticketctl.store.writing import journal


class Outcome(Record):
    """What became of one ticket.

    Args:
        id: the ticket's, or what the user wrote where there is none.
        was: the ticket as it was read; ``None`` if it is new, or could not be read.
        result: the decision, the refusal, or the error that stopped it.
        also: follow-up tickets that were made.
    """

    id: str
    was: LoadedTicket | None
    result: Decision | Refusal | TicketctlError
    profile: Profile | None = None
    also: tuple[Ticket, ...] = ()

    @property
    def before(self) -> Ticket | None:
        """The ticket as it was."""
        return self.was.ticket if self.was else None

    @property
    def refused(self) -> bool:
        """Whether nothing was written for it, by the rules or for an error."""
        return not isinstance(self.result, Decision | UncommittedError)

    @property
    def changed(self) -> bool:
        """Whether something is to be written."""
        return isinstance(self.result, Decision) and bool(self.result.entries)


def commit_line(outcome: Outcome) -> str:
    """One line for a commit message: ``k3qx9: Pending -> Solved
    (amy@support.example)``."""
    assert isinstance(outcome.result, Decision)
    entry = outcome.result.entries[0]
    who = f"{entry.by} for {entry.for_}" if entry.for_ else entry.by
    return safe(f"{short(outcome.id)}: {summarize_change(outcome)} ({who})")


def summarize_change(outcome: Outcome) -> str:
    """What happened to a ticket, in few words: ``Open -> Solved``, ``reply``,
    ``assignee, due``."""
    assert isinstance(outcome.result, Decision)
    entry, after = outcome.result.entries[0], outcome.result.ticket
    if outcome.before is None:
        return f"new, {after.status}"
    if outcome.before.status != after.status:
        return f"{outcome.before.status} -> {after.status}"
    said = [
        word for word, text in (("reply", entry.text), ("note", entry.note)) if text
    ]
    names = [name.removeprefix("fields.") for name in (*entry.sets, *entry.unset)]
    return ", ".join([*names, *said]) or entry.event


def writes_of(
    workspace: Workspace, outcome: Outcome, limit: int = FOR_PEOPLE
) -> list[journal.Write]:
    """The files of one decision: the ticket, its follow-ups, the notices in the outbox."""
    if not isinstance(outcome.result, Decision) or not outcome.result.entries:
        return []
    writes = [workspace.store.writes(outcome.result.ticket, outcome.was, limit)]
    writes += [workspace.store.writes(ticket, None, limit) for ticket in outcome.also]
    return writes + outbox(workspace, outcome.result.notices)


def outbox(
    workspace: Workspace, notices: Iterable[Notification]
) -> list[journal.Write]:
    """Notices as small JSON files for scripts; none where mail is sent, which is owed
    by the history alone."""
    if workspace.by_mail or not (notices := list(notices)):
        return []
    from ticketctl.store.writing.journal import Write
    from ticketctl.store.writing.temporary import OUTBOX

    found = []
    for notice in notices:
        content = {
            "schema": "ticketctl/1",
            "ticket": notice.ticket,
            "event": notice.event,
            "at": notice.at,
            "message": notice.message,
            "told": list(notice.told),
            "subject": notice.subject,
            "body": notice.body,
        }
        data = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        name = f"{notice.ticket}-{notice.event}.json"
        try:  # of an event that was undone (git reset), and comes about again
            left: bytes | None = files.read_in(
                workspace.state.outbox, name, files.MAX_BYTES
            )
        except (FileNotFoundError, DiskError):
            left = None
        found.append(Write(name, data.encode(), left, OUTBOX))
    return found
