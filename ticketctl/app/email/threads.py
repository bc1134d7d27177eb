"""Which ticket an email belongs to, and whether it is there already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ticketctl.app.index.refresh import everything
from ticketctl.app.workspace import Workspace
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import LINK
from ticketctl.errors import MissingError
from ticketctl.store.email.headers import same_address
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.index.sql import holding
from ticketctl.store.paths import ID
from ticketctl.store.yaml.loader import LoadedTicket

_TAG = re.compile(r"\[([0-9]{6}-[0-9a-hjkmnp-tv-z]{5})\]")


def names(letter: Email, mail: MailSettings) -> tuple[str, ...]:
    """The Message-IDs under which an email may stand on a ticket: its own, and one made
    of what it says, for an email
    whose own is that of another. Nobody can take that beforehand: an email that came
    with one like it gets another.
    """
    made = fingerprint(letter, mail)
    ending = f"@{mail.domain}.invalid>"
    return (
        (made,)
        if letter.message_id.lower().endswith(ending)
        else (letter.message_id, made)
    )


def fingerprint(letter: Email, mail: MailSettings) -> str:
    """A Message-ID made of what is the same at every delivery, which the traces of its
    way are not."""
    parts = [
        part.encode(errors="replace")
        for part in (letter.message_id, letter.sender, letter.subject, letter.text)
    ]
    for item in letter.attachments:
        parts += [item.name.encode(errors="replace"), item.data]
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    return f"<{digest.hexdigest()[:32]}@{mail.domain}.invalid>"


def holder(
    workspace: Workspace, message_ids: Sequence[str]
) -> tuple[str, Entry] | None:
    """The ticket that holds one of some emails, and where, those named first before the
    others."""
    found: dict[str, tuple[str, Entry]] = {}
    for path in everything(workspace, lambda index: holding(index, message_ids)):
        id_ = path.rpartition("/")[2].removesuffix(".yaml")
        for entry in workspace.store.read(id_).ticket.history:
            if entry.mail_id in message_ids:
                found.setdefault(entry.mail_id or "", (id_, entry))
    return next((found[name] for name in message_ids if name in found), None)


def held_before(workspace: Workspace, letter: Email) -> str | None:
    """The ticket that holds an email without a Message-ID under the one that the first
    version made for it."""
    if letter.former_id in ("", letter.message_id):
        return None
    held = holder(workspace, [letter.former_id])
    return held[0] if held else None


def ticket_of(
    workspace: Workspace, mail: MailSettings, letter: Email
) -> LoadedTicket | None:
    """By the Message-IDs that it answers, ours or those of emails that we have; then by
    the tag in its subject; never by sender and subject alone."""
    ours = re.compile(
        rf"<([0-9]{{6}}-[0-9a-z]{{5}})(?:\.e[0-9a-f]{{12}}(?:\.[0-9]+)?)?@{re.escape(mail.domain)}>\Z",
        re.I,
    )
    for reference in letter.references:
        if (match := ours.match(reference)) and (
            found := _read(workspace, match[1].lower())
        ):
            return found
    theirs = [
        reference for reference in letter.references if not ours.match(reference)
    ][:20]
    if (held := holder(workspace, theirs)) is not None:
        return workspace.store.read(held[0])
    for tag in _TAG.findall(letter.subject.lower()):
        if found := _read(workspace, tag):
            return found
    return None


def _read(workspace: Workspace, id_: str) -> LoadedTicket | None:
    try:
        return workspace.store.read(id_) if ID.match(id_) else None
    except MissingError:
        return None


def continued(workspace: Workspace, was: LoadedTicket, letter: Email) -> LoadedTicket:
    """The ticket in which a closed one goes on, if it is still open and the email is
    its customer's: their next email belongs there, not in yet another."""
    for _ in range(20):
        ticket = was.ticket
        links = [str(entry.sets[LINK]) for entry in ticket.acts if LINK in entry.sets]
        following = (
            _read(workspace, links[-1])
            if links and same_address(ticket.customer or "", letter.sender)
            else None
        )
        if (
            following is None
            or workspace.profile_of(ticket).state(ticket.status) != "closed"
        ):
            break
        was = following
    return was


def leads_to(workspace: Workspace, was: LoadedTicket | None, id_: str) -> bool:
    """Whether an answer to a ticket would be on another one: on itself, or where a
    closed one goes on.

    Args:
        was: what an email answers; nothing known, if it is none.
    """
    for _ in range(20):
        if was is None or was.ticket.id == id_:
            return True
        links = [
            str(entry.sets[LINK]) for entry in was.ticket.acts if LINK in entry.sets
        ]
        was = _read(workspace, links[-1]) if links else None
        if was is None:
            break
    return False
