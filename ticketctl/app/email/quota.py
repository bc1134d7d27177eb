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
"""How many bytes of it all who are not staff may fill together."""
FOR_ONE = files.MAX_BYTES // 4
"""How many bytes of it one of them may fill."""


def share_owner(profile: Profile, entry: Entry) -> str:
    """Return for whose share an entry counts; empty for staff and rules.

    It counts for a customer, or for the sender of an email that is kept as a note; the
    address is in small letters.
    """
    is_customer = profile.kind(entry.role) == "customer"
    is_email_note = (
        entry.via == "mail"
        and entry.event == "noted"
        and profile.kind(entry.role) == "system"
    )
    return entry.by.lower() if is_customer or is_email_note else ""


def excess(
    profile: Profile, ticket: Ticket, added: Iterable[Entry], part: float = 1.0
) -> str:
    """Return why new entries are more than their writer may add; empty if they are not.

    Args:
        ticket: with the new entries.
        added: the new entries.
        part: the part of the writer's share that may be used.
    """
    owners = {owner for entry in added if (owner := share_owner(profile, entry))}
    if not owners:
        return ""
    sizes = _sizes(profile, ticket)
    for owner in sorted(owners):
        if sizes[owner] > FOR_ONE * part:
            return f"{owner} has used the share of one person ({FOR_ONE >> 10} KiB)"
    if sum(sizes.values()) > FOR_ALL * part:
        return f"those who are not staff have used their share ({FOR_ALL >> 10} KiB)"
    return ""


def bytes_used(profile: Profile, ticket: Ticket, owner: str) -> int:
    """Return how many bytes of a ticket count for the share of an address."""
    return _sizes(profile, ticket).get(owner.lower(), 0)


def require_room(profile: Profile, ticket: Ticket, added: Iterable[Entry]) -> None:
    """Check that new entries are not more than their writer may add to a ticket.

    Args:
        ticket: with the new entries.
        added: the new entries.

    Raises:
        RefusedError: they are more.
    """
    if reason := excess(profile, ticket, added):
        hint = "write less, or open a new ticket: ticketctl new"
        raise RefusedError(f"this does not fit on the ticket: {reason}", hint)


def _sizes(profile: Profile, ticket: Ticket) -> dict[str, int]:
    """Return how many bytes count for each share.

    What rules write in answer to somebody counts for them: each short email also has
    its notifications recorded.
    """
    sizes: dict[str, int] = {}
    owners: dict[str, str] = {}
    for entry in ticket.history:
        if entry.id in ticket.twins:
            continue  # the same email, received by two clones, counts once
        owner = share_owner(profile, entry)
        if not owner and entry.anchor and profile.kind(entry.role) == "system":
            owner = owners.get(entry.anchor, "")
        if owner:
            owners[entry.id] = owner
            sizes[owner] = sizes.get(owner, 0) + _size(entry)
    return sizes


def _size(entry: Entry) -> int:
    """Return how many bytes of the ticket's file an entry takes."""
    return len("\n".join(entry_lines(entry)).encode()) + 1
