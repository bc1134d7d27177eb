"""The requests about a ticket, and the answers: a decision or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ticketctl.core.entry import Entry, Value
from ticketctl.core.ticket import Ticket
from ticketctl.record import EMPTY, Record

if TYPE_CHECKING:  # a ticket is shown without what looks for moves
    from ticketctl.core.engine.moves import OpenMove, Step


class Actor(Record):
    """Who makes a request, in which role.

    Args:
        who: their address, or name.
        role: the role in which they make it.
        for_: the customer whose words they record, if they are staff and do so.
    """

    who: str
    role: str
    for_: str | None = None


class Create(Record):
    """A new ticket.

    Args:
        id: its id; the caller draws it, since a decision is pure.
        to: the status; without it, the first in which the actor may create one.
        sets: values by name (``assignee``, ``product``), already of the field's type.
        subject: that of the email that creates it, which conditions look at.
        files: the names of the attachments.
    """

    id: str
    actor: Actor
    title: str
    text: str | None = None
    note: str | None = None
    to: str | None = None
    sets: Mapping[str, Value] = EMPTY
    via: str | None = None
    quiet: bool = False
    subject: str | None = None
    mail_id: str | None = None
    files: tuple[str, ...] = ()
    mail_digest: str | None = None


class Change(Record):
    """A move, message, note or edit, or several of them at once.

    Args:
        subject: that of the email that brings it, which conditions look at.
        event: the kind of the entry, where the content does not tell it (``adopted``).
        follow_id: the id for a follow-up ticket, in case a rule creates one.
        name: the name given to a batch, ``$name`` of the profile.
        files: the names of the attachments.
    """

    actor: Actor
    to: str | None = None
    text: str | None = None
    note: str | None = None
    sets: Mapping[str, Value] = EMPTY
    unset: tuple[str, ...] = ()
    via: str | None = None
    subject: str | None = None
    mail_id: str | None = None
    quiet: bool = False
    event: str | None = None
    follow_id: str = ""
    name: str = ""
    files: tuple[str, ...] = ()
    mail_digest: str | None = None


class Fire(Record):
    """An automation that is due.

    Args:
        rule: its name.
        anchor: the id of the entry that it counts from.
        occurrence: the number of the occurrence; the first has number 1.
        due: the instant, as in the file.
        missed: how many earlier occurrences it stands for as well (rule 8).
    """

    rule: str
    anchor: str
    occurrence: int
    due: str
    missed: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """What is done once (rule 6)."""
        return self.rule, self.anchor, self.occurrence


class Deliver(Record):
    """A notification that was sent.

    Args:
        due_entry: the id of the entry that it was due by.
        recipients: to whom it was sent.
    """

    due_entry: str
    recipients: tuple[str, ...]


class Keep(Record):
    """Something received that is kept as an internal note; it moves nothing and raises
    no event (X4, strangers)."""

    who: str
    note: str
    via: str
    mail_id: str | None = None
    files: tuple[str, ...] = ()
    mail_digest: str | None = None


Request = Create | Change | Fire | Deliver | Keep


class Notification(Record):
    """A message that is due to somebody, with its text.

    Args:
        ticket: the id of the ticket.
        event: the id of the entry that records it.
        message: its name in the profile.
        at: the instant at which it was due, as in the file.
    """

    ticket: str
    event: str
    message: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    at: str


class Decision(Record):
    """The answer to a request that is allowed.

    Args:
        ticket: as it will be.
        entries: those to append; none, if there is nothing to do.
        notifications: those that are due, or count as sent.
        follow_ups: the tickets to create.
        unreachable: why notifications reach nobody.
    """

    ticket: Ticket
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    follow_ups: tuple[Create, ...] = ()
    unreachable: tuple[str, ...] = ()


class Refusal(Record):
    """The answer to a request that is not allowed (X2).

    Args:
        from_: the status of the ticket; empty for a new one.
        to: the status that was requested.
        reasons: every reason, in words.
        criterion: the document's words about the move.
        cites: the demands that they answer.
        open: the moves that the actor may make instead.
        way: the shortest way to the status.
        gave: whether the request holds more than the status: a text, fields, the name
            of a customer.
    """

    id: str
    title: str
    from_: str
    to: str | None
    reasons: tuple[str, ...]
    role: str = ""
    criterion: str = ""
    cites: tuple[str, ...] = ()
    open: tuple[OpenMove, ...] = ()
    way: tuple[Step, ...] = ()
    profile: str = ""
    gave: bool = False
