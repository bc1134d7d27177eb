"""What became of one ticket, and how that is said in a commit."""

from __future__ import annotations

from ticketctl.core.engine.requests import Decision, Refusal
from ticketctl.core.escaping import safe
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import TicketctlError, UncommittedError
from ticketctl.record import Record
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket


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


def describe(outcome: Outcome) -> str:
    """One line for a commit message: ``k3qx9: Pending -> Solved
    (amy@support.example)``."""
    assert isinstance(outcome.result, Decision)
    entry = outcome.result.entries[0]
    who = f"{entry.by} for {entry.for_}" if entry.for_ else entry.by
    return safe(f"{short(outcome.id)}: {what(outcome)} ({who})")


def what(outcome: Outcome) -> str:
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
