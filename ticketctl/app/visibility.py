"""Who reads, and what they may see: where ``--as`` or TICKETCTL_AS names a customer, only that customer's own tickets,
without internal notes (X7).

There is one view to a command (``Desk.view``). Tickets are found, read and listed through the desk, which applies it; no
command need think of it. It keeps people from mistakes and portals from telling too much. It keeps nothing from somebody
who has the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ticketctl.core.people import spelled, split
from ticketctl.errors import DiskError, RefusedError, UsageError, closest
from ticketctl.record import Record
from ticketctl.store import files

if TYPE_CHECKING:
    from ticketctl.app.workspace import Desk
    from ticketctl.core.ticket import Ticket
    from ticketctl.store.yaml.loader import Loaded


class View(Record):
    """What somebody sees who reads as a customer.

    Args:
        who: their address.
        role: the role that they named; empty for somebody who has no other by the settings.
        staffed: the profiles in which that role is one of staff, so that they see all of their tickets.
    """

    who: str
    role: str
    staffed: frozenset[str]

    def is_limited(self, profile: str) -> bool:
        """Whether only one's own tickets of a profile are seen."""
        return profile not in self.staffed

    def admits(self, ticket: Ticket) -> bool:
        """Whether a ticket is seen at all."""
        return not self.is_limited(ticket.profile) or spelled(self.who, ticket.customers) is not None

    def seen(self, loaded: Loaded) -> Loaded:
        """A ticket that is seen, as it is seen."""
        if not self.is_limited(loaded.ticket.profile):
            return loaded
        from ticketctl.core.customer_view import without_notes
        from ticketctl.record import replace

        return replace(loaded, ticket=without_notes(loaded.ticket), differences=())


def view_of(desk: Desk) -> View | None:
    """The view of a command; nothing for who sees everything.

    Raises:
        UsageError: no profile has the role that is named, or nobody says who has it.
    """
    role, who = split(desk.as_) if desk.as_ else ("", "")
    who = desk.email if who == "@me" else who
    if not role:
        return View(who, "", frozenset()) if who and _is_customer(desk, who) else None
    kinds, all_known = desk.shelf.roles()
    own = {name: found for name, roles in kinds.items() if (found := _folded(roles).get(role.casefold()))}
    if not own and all_known:
        known = sorted({name for roles in kinds.values() for name in roles})
        raise UsageError(f'no profile has a role "{role}"', closest(role, known) or f"there are: {', '.join(known)}")
    if "customer" not in own.values():
        return None
    who = who or desk.email
    if not who:
        raise UsageError("I do not know who you are", "--as ROLE:WHO, TICKETCTL_AS, or git config user.email")
    return View(who, role, frozenset(name for name, kind in own.items() if kind != "customer"))


def _folded(roles: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): kind for name, kind in roles.items()}


def _is_customer(desk: Desk, who: str) -> bool:
    """Whether the settings list somebody, and in no role but those of customers."""
    people = desk.settings.people or {}
    listed = people.get(spelled(who, people) or "", ())
    if not listed:
        return False
    kinds, _ = desk.shelf.roles()
    found = set()
    for text in listed:
        profile, slash, role = text.rpartition("/")
        found |= {roles[role] for name, roles in kinds.items() if role in roles and (not slash or name == profile)}
    return found == {"customer"}


def for_staff(desk: Desk, what: str) -> None:
    """Refuse to a customer what looks after the whole store.

    Raises:
        RefusedError: it is a customer who asks.
    """
    if desk.view is not None:
        whom = f"as {desk.view.role}" if desk.view.role else f"as {desk.view.who}, a customer by ticketctl.yaml,"
        raise RefusedError(f"{what} is for staff; {whom} you see your own tickets", "ticketctl list -A shows them")


_TOLD = "readers"
"""The file of the state folder that holds to whom it was said, one on a line; an empty line
for whoever git says is sitting here."""


def unlisted_once(desk: Desk) -> str:
    """Who reads everything though the settings do not list them; empty if they do, or list
    nobody, or if this was asked before in this clone.

    Git is asked at most once for who is sitting here: that takes a process.
    """
    role, who = split(desk.as_) if desk.as_ else ("", "")
    who = "" if who == "@me" else who
    people, told = desk.settings.people, desk.state.file(_TOLD)
    if people is None or role or not told:
        return ""
    try:
        known = files.read_bytes(told, 1 << 16).decode(errors="replace").split("\n")[:-1]
    except (FileNotFoundError, DiskError):
        known = []
    if who in known:
        return ""
    with suppress(OSError):
        lines = "".join(f"{one}\n" for one in [*known, who])
        desk.state.made()
        files.replace_file(told, lines.encode(), desk.state.access, durable=False)
    who = who or desk.email
    return who if spelled(who, people) is None else ""
