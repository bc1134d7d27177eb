"""How much of a ticket one person may fill, so that staff and rules always have room.

A ticket is at most 1 MiB. One person who is not staff may fill a quarter of it, all of
them together half, staff up to seven eighths; the rest is left to rules, which must
still be able to close it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketctl.core.entry import Entry
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import RefusedError
from ticketctl.store import files
from ticketctl.store.yaml.writer import entry_lines

FOR_PEOPLE = files.MAX_BYTES * 7 // 8
"""How large people may make a ticket, in bytes."""
FOR_ALL = files.MAX_BYTES // 2
"""How much of it those may fill together who are not staff."""
FOR_ONE = files.MAX_BYTES // 4
"""How much of it one of them may fill."""


def outsider(profile: Profile, entry: Entry) -> str:
    """Whose share an entry counts for: the address of a customer, or of whoever sent an
    email that is kept as a note, in small letters; empty for staff and rules."""
    customer = profile.kind(entry.role) == "customer"
    kept = (
        entry.via == "mail"
        and entry.event == "noted"
        and profile.kind(entry.role) == "system"
    )
    return entry.by.lower() if customer or kept else ""


def excess(
    profile: Profile, ticket: Ticket, added: Iterable[Entry], part: float = 1.0
) -> str:
    """Why entries that a ticket would get are more than their writer may add; empty if
    they are not.

    Args:
        ticket: with the entries.
        added: the entries.
        part: of their share that may be used.
    """
    writers = {who for entry in added if (who := outsider(profile, entry))}
    if not writers:
        return ""
    sizes = _sizes(profile, ticket)
    for who in sorted(writers):
        if sizes[who] > FOR_ONE * part:
            return f"{who} has used the share of one person ({FOR_ONE >> 10} KiB)"
    if sum(sizes.values()) > FOR_ALL * part:
        return f"those who are not staff have used their share ({FOR_ALL >> 10} KiB)"
    return ""


def used(profile: Profile, ticket: Ticket, who: str) -> int:
    """How many bytes of a ticket somebody has filled who is not staff."""
    return _sizes(profile, ticket).get(who.lower(), 0)


def check(profile: Profile, ticket: Ticket, added: Iterable[Entry]) -> None:
    """Refuse entries that are more than their writer may add to a ticket.

    Raises:
        RefusedError: with what to do instead.
    """
    if reason := excess(profile, ticket, added):
        hint = "write less, or go on in a new ticket (ticketctl new)"
        raise RefusedError(f"this does not fit on the ticket: {reason}", hint)


def _sizes(profile: Profile, ticket: Ticket) -> dict[str, int]:
    """Whose share is filled how far. What rules write in answer to somebody counts for
    them: each short email has the notices of it written down, too."""
    found: dict[str, int] = {}
    owners: dict[str, str] = {}
    for entry in ticket.history:
        if entry.id in ticket.twins:
            continue  # the same email, taken in by two clones, is used up once
        who = outsider(profile, entry)
        if not who and entry.anchor and profile.kind(entry.role) == "system":
            who = owners.get(entry.anchor, "")
        if who:
            owners[entry.id] = who
            found[who] = found.get(who, 0) + _size(entry)
    return found


def _size(entry: Entry) -> int:
    """How many bytes of the ticket's file an entry takes."""
    return len("\n".join(entry_lines(entry)).encode()) + 1
