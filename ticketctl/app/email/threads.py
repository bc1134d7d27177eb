"""Which ticket an email belongs to, and whether a ticket has it already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from ticketctl.app.email.ticket_reader import TicketReader
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import LINK, Ticket
from ticketctl.core.vocabulary import TICKET_ID
from ticketctl.store.email.headers import same_address
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

_TAG = re.compile(rf"\[({TICKET_ID})\]")
_MAX_REFERENCES = 20
_MAX_FOLLOW_UPS = 20
"""How many tickets of a chain of follow-ups are looked at."""


def message_ids(email: Email, settings: MailSettings) -> tuple[str, ...]:
    """Return the Message-IDs under which a ticket may record an email.

    The first is the email's own. The second is made of its content: it serves an email
    whose own Message-ID another email has taken. Nobody can take the second beforehand,
    since an email that comes with such a Message-ID gets another one.
    """
    own = fingerprint(email, settings)
    if email.message_id.lower().endswith(f"@{settings.domain}.invalid>"):
        return (own,)
    return (email.message_id, own)


def fingerprint(email: Email, settings: MailSettings) -> str:
    """Return a Message-ID made of the content of an email.

    It is the same at every delivery: trace headers do not count.
    """
    parts = [
        part.encode(errors="replace")
        for part in (email.message_id, email.sender, email.subject, email.text)
    ]
    for attachment in email.attachments:
        parts += [attachment.name.encode(errors="replace"), attachment.data]
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    return f"<{digest.hexdigest()[:32]}@{settings.domain}.invalid>"


class EmailEntry(NamedTuple):
    """The entry of a ticket that records an email."""

    loaded: LoadedTicket
    entry: Entry

    @property
    def id(self) -> str:
        """The id of the ticket."""
        return self.loaded.ticket.id


def entry_of_email(tickets: TicketReader, names: Sequence[str]) -> EmailEntry | None:
    """Return the entry that records an email, if a ticket has one.

    Args:
        names: Message-IDs; an earlier one is preferred to a later one.
    """
    entries: dict[str, EmailEntry] = {}
    for loaded in tickets.with_emails(names):
        for entry in loaded.ticket.history:
            if entry.mail_id in names:
                entries.setdefault(entry.mail_id or "", EmailEntry(loaded, entry))
    return next((entries[name] for name in names if name in entries), None)


def entry_of_former_id(tickets: TicketReader, email: Email) -> EmailEntry | None:
    """Return the entry that records an email without a Message-ID, if there is one.

    Looked for is the Message-ID that the first version of ticketctl made for it.
    """
    if email.former_id in ("", email.message_id):
        return None
    return entry_of_email(tickets, [email.former_id])


def answered_ticket(
    tickets: TicketReader, settings: MailSettings, email: Email
) -> LoadedTicket | None:
    """Return the ticket that an email answers, if it answers one.

    It is found by a Message-ID of ours that the email refers to, else by the Message-ID
    of an email that a ticket has, else by the tag in the subject; never by sender and
    subject alone.
    """
    ours = re.compile(
        rf"<([0-9]{{6}}-[0-9a-z]{{5}})(?:\.e[0-9a-f]{{12}}(?:\.[0-9]+)?)?@{re.escape(settings.domain)}>\Z",
        re.I,
    )
    for reference in email.references:
        if (match := ours.match(reference)) and (
            loaded := tickets.read_if_there(match[1].lower())
        ):
            return loaded
    theirs = [reference for reference in email.references if not ours.match(reference)]
    if answered := entry_of_email(tickets, theirs[:_MAX_REFERENCES]):
        return answered.loaded
    for tag in _TAG.findall(email.subject.lower()):
        if loaded := tickets.read_if_there(tag):
            return loaded
    return None


def open_follow_up(
    tickets: TicketReader, loaded: LoadedTicket, email: Email
) -> LoadedTicket:
    """Return the ticket in which a closed one continues, else the ticket itself.

    A follow-up is returned only to the customer of the ticket: their next email belongs
    there, not in yet another follow-up.
    """
    for _ in range(_MAX_FOLLOW_UPS):
        ticket = loaded.ticket
        follow_up = (
            _follow_up(tickets, ticket)
            if same_address(ticket.customer or "", email.sender)
            else None
        )
        if follow_up is None:
            break
        profile = tickets.workspace.profile_of(ticket)
        if profile.state(ticket.status) != "closed":
            break
        loaded = follow_up
    return loaded


def leads_to(tickets: TicketReader, loaded: LoadedTicket | None, id_: str) -> bool:
    """Return whether a ticket, or one of its follow-ups, has an id.

    Args:
        loaded: the ticket that an email answers; ``None``, if it answers none, leads to
            every ticket.
    """
    for _ in range(_MAX_FOLLOW_UPS):
        if loaded is None or loaded.ticket.id == id_:
            return True
        loaded = _follow_up(tickets, loaded.ticket)
        if loaded is None:
            break
    return False


def _follow_up(tickets: TicketReader, ticket: Ticket) -> LoadedTicket | None:
    """Return the last follow-up of a ticket."""
    links = [str(entry.sets[LINK]) for entry in ticket.acts if LINK in entry.sets]
    return tickets.read_if_there(links[-1]) if links else None
