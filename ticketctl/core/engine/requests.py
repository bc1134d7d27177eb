"""What can be asked of a ticket, and what the answer looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ticketctl.core.entry import Entry, Value
from ticketctl.core.ticket import Ticket
from ticketctl.record import EMPTY, Record

if TYPE_CHECKING:  # a ticket is shown without what looks for moves
    from ticketctl.core.engine.moves import OpenMove, Step


class Actor(Record):
    """Who asks, in which role; ``for_`` is the customer whose words staff record."""

    who: str
    role: str
    for_: str | None = None


class Create(Record):
    """A new ticket.

    Args:
        id: its id, made by the caller (a decision draws no random numbers).
        to: the status, where the first that the actor may use is not meant.
        sets: values by name (``assignee``, ``product``), already of the field's type.
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
        event: the kind of the entry, where the content does not tell it (``adopted``).
        files: the names of what is attached.
        follow_id: the id for a follow-up ticket, should a rule make one.
        name: the name given to a batch, ``$name`` of the profile.
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
    """An automation whose time has come: (``rule``, ``anchor``, ``occurrence``) is the
    key of rule 6.

    ``missed`` is how many earlier occurrences it stands for as well (rule 8).
    """

    rule: str
    anchor: str
    occurrence: int
    due: str
    missed: int = 0


class Deliver(Record):
    """A notice that was handed over: the entry that owed it, and to whom it went."""

    due_entry: str
    recipients: tuple[str, ...]


class Keep(Record):
    """Something that came in and is kept as an internal note: it moves nothing and is
    no event (X4, strangers)."""

    who: str
    note: str
    via: str
    mail_id: str | None = None
    files: tuple[str, ...] = ()
    mail_digest: str | None = None


Request = Create | Change | Fire | Deliver | Keep


class Notification(Record):
    """A message owed to somebody, with its text; ``event`` is the entry that records
    it."""

    ticket: str
    event: str
    message: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    at: str


class Decision(Record):
    """Yes: the ticket as it will be, the entries to append, what to tell whom;
    ``unreachable`` says why a notification reaches nobody."""

    ticket: Ticket
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    follow_ups: tuple[Create, ...] = ()
    unreachable: tuple[str, ...] = ()


class Refusal(Record):
    """No: every reason, the document's criterion, and what could be done instead (X2).

    ``gave`` tells whether the request brought more than the status wanted: a text,
    fields, a customer's name.
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
