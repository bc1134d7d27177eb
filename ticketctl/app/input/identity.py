"""Who the user is, and in which role they act.

``--as``, TICKETCTL_AS, git's user.email and the people of the settings say so.
"""

from __future__ import annotations

from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor
from ticketctl.core.people import listed_spelling, split_role
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import UsageError, closest
from ticketctl.pattern import pattern

PERSON = pattern(r"[^\s\x00-\x1f\x7f:/]{1,254}\Z")


def actors(
    workspace: Workspace,
    profile: Profile,
    ticket: Ticket | None,
    for_: str | None = None,
) -> list[Actor]:
    """Return as whom the user can act on a ticket, the likeliest role first.

    A user with several roles acts in the first in which the rules allow the request.

    Args:
        ticket: the ticket; ``None`` for a new one.
        for_: the customer for whom the user acts.

    Raises:
        UsageError: the role does not exist, or it is unknown who the user is.
    """
    role, who = _named_actor(workspace, profile)
    if not who:
        hint = "say who you are: --as ROLE:WHO, TICKETCTL_AS, or git config user.email"
        raise UsageError("unknown user", hint)
    if for_ is not None:
        for_ = parse_person(for_, workspace)
    customers = ticket.customers if ticket else ()
    as_customer = listed_spelling(who, customers) or who
    for_ = for_ and (listed_spelling(for_, customers) or for_)
    people = workspace.people_of(profile)
    if role:
        name = (
            as_customer
            if profile.kind(role) == "customer"
            else listed_spelling(who, people.roles or ()) or who
        )
        return [Actor(name, role, for_)]
    customer = profile.role_of_kind("customer")
    if people.roles is None:
        return [Actor(who, profile.role_of_kind("agent"), for_)]
    listed = workspace.settings.people or {}
    spelling = listed_spelling(who, listed) or who
    roles = [
        name
        for name in _in_order(listed.get(spelling, ()), profile)
        if people.has(spelling, name)
    ]
    if not roles or (
        ticket is not None and listed_spelling(who, [ticket.customer or ""])
    ):
        roles.append(customer)
    return [
        Actor(as_customer if profile.kind(name) == "customer" else spelling, name, for_)
        for name in roles
    ]


def own_address(workspace: Workspace) -> str:
    """Return the address of the user, for ``@me``.

    Raises:
        UsageError: it is unknown who the user is.
    """
    who = split_role(workspace.as_)[1] if workspace.as_ else ""
    who = "" if who == "@me" else who
    if not (who or workspace.email):
        raise UsageError(
            "unknown user: @me",
            "say who you are: --as ROLE:WHO, TICKETCTL_AS, or git config user.email",
        )
    return who or workspace.email


def parse_person(text: str, workspace: Workspace) -> str:
    """Return an address or name as typed, ``@me`` resolved.

    Raises:
        UsageError: it is neither an address nor a name.
    """
    if text == "@me":
        return own_address(workspace)
    if not PERSON.match(text) or text.startswith("-"):
        raise UsageError(
            f'"{text}" is neither an address nor a name',
            "use an address such as amy@support.example",
        )
    return text


def _in_order(roles: tuple[str, ...], profile: Profile) -> list[str]:
    """Return the names of those roles that a profile has, in their order."""
    names = (
        role.rpartition("/")[2]
        for role in roles
        if "/" not in role or role.startswith(f"{profile.name}/")
    )
    return list(dict.fromkeys(name for name in names if name in profile.roles))


def _named_actor(workspace: Workspace, profile: Profile) -> tuple[str, str]:
    role, who = split_role(workspace.as_) if workspace.as_ else ("", "")
    if role:
        folded = {name.casefold(): name for name in profile.roles}
        if role.casefold() not in folded:
            known = list(profile.roles)
            hint = closest(role, known) or f"its roles: {', '.join(known)}"
            raise UsageError(f'{profile.name} has no role "{role}"', hint)
        role = folded[role.casefold()]
    who = parse_person(who, workspace) if who else workspace.email
    return role, who
