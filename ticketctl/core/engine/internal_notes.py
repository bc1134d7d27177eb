"""Which messages contain an internal note, and who may read them: only staff."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.people import People, listed_spelling
from ticketctl.core.profile import Message, Profile
from ticketctl.core.templates import INTERNAL, names_in
from ticketctl.core.ticket import Ticket


def is_internal(message: Message) -> bool:
    """Return whether a message contains an internal note."""
    return INTERNAL in (*names_in(message.subject), *names_in(message.body))


def internal_messages(profile: Profile) -> set[str]:
    """Return the names of the messages that contain an internal note in any
    language."""
    return {
        name.partition(".")[0]
        for name, message in profile.messages.items()
        if is_internal(message)
    }


def readable(
    profile: Profile, message: str, ticket: Ticket, people: People, who: str
) -> bool:
    """Return whether somebody may read a message about a ticket.

    Where the store lists no people, everybody is staff but those who are, or ever were,
    customers of the ticket, or have acted as such.

    Args:
        message: its name in the profile.
        who: an address, a name, or ``role:NAME``.
    """
    translations = [
        each
        for name, each in profile.messages.items()
        if name.partition(".")[0] == message
    ]
    if not any(map(is_internal, translations)):
        return True
    role = who.removeprefix("role:")
    if role != who:
        return profile.kind(role) == "agent"
    if people.roles is None:
        return listed_spelling(who, _ever_customers(profile, ticket)) is None
    listed = listed_spelling(who, people.roles) or who
    return any(
        people.has(listed, name)
        for name, each in profile.roles.items()
        if each.kind == "agent"
    )


def _ever_customers(profile: Profile, ticket: Ticket) -> Iterator[str]:
    """Yield those who are or were customer or watcher of a ticket, or acted on it as
    its customer."""
    yield from ticket.customers
    for entry in ticket.history:
        for name in ("customer", "watchers"):
            value = entry.sets.get(name)
            if isinstance(value, tuple):
                yield from value
            elif value:
                yield str(value)
        if profile.kind(entry.role) == "customer":
            yield entry.by
        if entry.for_:
            yield entry.for_
