"""Who reads, and what they may see: where ``--as`` or TICKETCTL_AS names a customer,
only that customer's own tickets, without internal notes (X7).

There is one view to a command (``Workspace.view``). Tickets are found, read and listed
through the workspace, which applies it; no command need think of it. It keeps people
from mistakes and portals from telling too much. It keeps nothing from somebody who has
the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ticketctl.core.people import listed_spelling, split_role
from ticketctl.errors import DiskError, RefusedError, UsageError, closest
from ticketctl.record import Record
from ticketctl.store import files

if TYPE_CHECKING:
    from ticketctl.app.workspace import Workspace
    from ticketctl.core.ticket import Ticket
    from ticketctl.store.yaml.loader import LoadedTicket


class CustomerView(Record):
    """What somebody sees who reads as a customer.

    Args:
        who: their address.
        role: the role that they named; empty for somebody who has no other by the
            settings.
        staffed: the profiles in which that role is one of staff, so that they see all
            of their tickets.
    """

    who: str
    role: str
    staffed: frozenset[str]

    def is_limited(self, profile: str) -> bool:
        """Whether only one's own tickets of a profile are seen."""
        return profile not in self.staffed

    def admits(self, ticket: Ticket) -> bool:
        """Whether a ticket is seen at all."""
        return (
            not self.is_limited(ticket.profile)
            or listed_spelling(self.who, ticket.customers) is not None
        )

    def seen(self, loaded: LoadedTicket) -> LoadedTicket:
        """A ticket that is seen, as it is seen."""
        if not self.is_limited(loaded.ticket.profile):
            return loaded
        from ticketctl.core.customer_view import without_notes
        from ticketctl.record import replace

        return replace(loaded, ticket=without_notes(loaded.ticket), differences=())


def view_of(workspace: Workspace) -> CustomerView | None:
    """The view of a command; nothing for who sees everything.

    Raises:
        UsageError: no profile has the role that is named, or nobody says who has it.
    """
    role, who = split_role(workspace.as_) if workspace.as_ else ("", "")
    who = workspace.email if who == "@me" else who
    if not role:
        return (
            CustomerView(who, "", frozenset())
            if who and _is_customer(workspace, who)
            else None
        )
    kinds, all_known = workspace.registry.roles()
    own = {
        name: found
        for name, roles in kinds.items()
        if (found := _folded(roles).get(role.casefold()))
    }
    if not own and all_known:
        known = sorted({name for roles in kinds.values() for name in roles})
        raise UsageError(
            f'no profile has a role "{role}"',
            closest(role, known) or f"there are: {', '.join(known)}",
        )
    if "customer" not in own.values():
        return None
    who = who or workspace.email
    if not who:
        raise UsageError(
            "I do not know who you are",
            "--as ROLE:WHO, TICKETCTL_AS, or git config user.email",
        )
    return CustomerView(
        who, role, frozenset(name for name, kind in own.items() if kind != "customer")
    )


def _folded(roles: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): kind for name, kind in roles.items()}


def _is_customer(workspace: Workspace, who: str) -> bool:
    """Whether the settings list somebody, and in no role but those of customers."""
    people = workspace.settings.people or {}
    listed = people.get(listed_spelling(who, people) or "", ())
    if not listed:
        return False
    kinds, _ = workspace.registry.roles()
    found = set()
    for text in listed:
        profile, slash, role = text.rpartition("/")
        found |= {
            roles[role]
            for name, roles in kinds.items()
            if role in roles and (not slash or name == profile)
        }
    return found == {"customer"}


def require_staff(workspace: Workspace, what: str) -> None:
    """Refuse to a customer what looks after the whole store.

    Raises:
        RefusedError: it is a customer who asks.
    """
    if workspace.view is not None:
        whom = (
            f"as {workspace.view.role}"
            if workspace.view.role
            else f"as {workspace.view.who}, a customer by ticketctl.yaml,"
        )
        raise RefusedError(
            f"{what} is for staff; {whom} you see your own tickets",
            "ticketctl list -A shows them",
        )


_TOLD = "readers"
"""The file of the state folder that holds to whom it was said, one on a line; an empty
line for whoever git says is sitting here."""


def unlisted_once(workspace: Workspace) -> str:
    """Who reads everything though the settings do not list them; empty if they do, or
    list nobody, or if this was asked before in this clone.

    Git is asked at most once for who is sitting here: that takes a process.
    """
    role, who = split_role(workspace.as_) if workspace.as_ else ("", "")
    who = "" if who == "@me" else who
    people, told = workspace.settings.people, workspace.state.file(_TOLD)
    if people is None or role or not told:
        return ""
    try:
        known = (
            files.read_bytes(told, 1 << 16).decode(errors="replace").split("\n")[:-1]
        )
    except (FileNotFoundError, DiskError):
        known = []
    if who in known:
        return ""
    with suppress(OSError):
        lines = "".join(f"{one}\n" for one in [*known, who])
        workspace.state.made()
        files.replace_file(told, lines.encode(), workspace.state.access, durable=False)
    who = who or workspace.email
    return who if listed_spelling(who, people) is None else ""
