"""What a user may see.

If ``--as`` or TICKETCTL_AS names a customer, they see only their own tickets, without
internal notes (X7). A command has one view (``Workspace.view``). The workspace applies
it to every ticket that is found, read or listed, so commands need not. The view prevents
mistakes, and keeps portals from showing too much; it hides nothing from somebody who
has the files.
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
    from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


class CustomerView(Record):
    """What a customer sees.

    Args:
        who: the address of the customer.
        role: the role that they named; empty if the settings list them as a customer
            only.
        staffed: the profiles in which that role is a staff role: of these, they see all
            tickets.
    """

    who: str
    role: str
    staffed: frozenset[str]

    def is_limited(self, profile: str) -> bool:
        """Return whether only their own tickets of a profile are visible."""
        return profile not in self.staffed

    def admits(self, ticket: Ticket) -> bool:
        """Return whether a ticket is visible."""
        return (
            not self.is_limited(ticket.profile)
            or listed_spelling(self.who, ticket.customers) is not None
        )

    def visible_part(self, loaded: LoadedTicket) -> LoadedTicket:
        """Return a visible ticket without what the customer may not see."""
        if not self.is_limited(loaded.ticket.profile):
            return loaded
        from ticketctl.core.customer_view import without_notes
        from ticketctl.record import replace

        return replace(loaded, ticket=without_notes(loaded.ticket), differences=())


def view_of(workspace: Workspace) -> CustomerView | None:
    """Return the view of a command; ``None`` if the user sees everything.

    Raises:
        UsageError: no profile has the role that the user names, or it is unknown who
            the user is.
    """
    role, who = split_role(workspace.as_) if workspace.as_ else ("", "")
    who = workspace.email if who == "@me" else who
    if not role:
        return (
            CustomerView(who, "", frozenset())
            if who and _is_customer(workspace, who)
            else None
        )
    roles_by_profile, is_complete = workspace.registry.roles()
    kinds = {
        name: kind
        for name, roles in roles_by_profile.items()
        if (kind := _folded(roles).get(role.casefold()))
    }
    if not kinds and is_complete:
        known = sorted({name for roles in roles_by_profile.values() for name in roles})
        raise UsageError(
            f'no profile has a role "{role}"',
            closest(role, known) or f"there are: {', '.join(known)}",
        )
    if "customer" not in kinds.values():
        return None
    who = who or workspace.email
    if not who:
        raise UsageError(
            "unknown user",
            "say who you are: --as ROLE:WHO, TICKETCTL_AS, or git config user.email",
        )
    return CustomerView(
        who, role, frozenset(name for name, kind in kinds.items() if kind != "customer")
    )


def _folded(roles: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): kind for name, kind in roles.items()}


def _is_customer(workspace: Workspace, who: str) -> bool:
    """Return whether the settings list somebody, and only in roles of customers."""
    people = workspace.settings.people or {}
    listed = people.get(listed_spelling(who, people) or "", ())
    if not listed:
        return False
    roles_by_profile, _ = workspace.registry.roles()
    kinds = set()
    for text in listed:
        profile, slash, role = text.rpartition("/")
        kinds |= {
            roles[role]
            for name, roles in roles_by_profile.items()
            if role in roles and (not slash or name == profile)
        }
    return kinds == {"customer"}


def require_staff(workspace: Workspace, what: str) -> None:
    """Refuse a command about the whole store to a customer.

    Args:
        what: the command, as the message names it.

    Raises:
        RefusedError: the user is a customer.
    """
    if workspace.view is not None:
        whom = (
            f"as {workspace.view.role}"
            if workspace.view.role
            else f"as {workspace.view.who}, a customer by ticketctl.yaml,"
        )
        raise RefusedError(
            f"{what} is for staff; {whom} you see only your own tickets",
            "to see them: ticketctl list -A",
        )


_READERS = "readers"
"""The file of the state folder that lists who was told already, one on a line; an empty
line stands for the user whom git knows."""


def unlisted_user_to_tell(workspace: Workspace) -> str:
    """Return the address of a user whom the settings do not list, once in each clone.

    Such a user sees everything, and is told so the first time. Git is asked for the
    user at most once, since that takes a process.

    Returns:
        Empty if the settings list the user, or list nobody, or if the user was told
        before.
    """
    role, who = split_role(workspace.as_) if workspace.as_ else ("", "")
    who = "" if who == "@me" else who
    people, path = workspace.settings.people, workspace.state.file(_READERS)
    if people is None or role or not path:
        return ""
    try:
        text = files.read_bytes(path, 1 << 16).decode(errors="replace")
    except (FileNotFoundError, DiskError):
        text = ""
    readers = text.split("\n")[:-1]
    if who in readers:
        return ""
    with suppress(OSError):
        lines = "".join(f"{reader}\n" for reader in [*readers, who])
        workspace.state.make()
        files.replace_file(path, lines.encode(), workspace.state.access, durable=False)
    who = who or workspace.email
    return who if listed_spelling(who, people) is None else ""
