"""Who is acting, and in which role: ``--as``, TICKETCTL_AS, git's user.email and the
store's people."""

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
    """Who the user can be towards a ticket, the likeliest role first.

    Somebody with several roles acts in the first in which the rules allow what is
    asked.

    Raises:
        UsageError: the role does not exist, or nobody says who is acting.
    """
    role, who = _said(workspace, profile)
    if not who:
        hint = "--as ROLE:WHO, TICKETCTL_AS, or git config user.email"
        raise UsageError("I do not know who you are", hint)
    if for_ is not None:
        for_ = parse_person(for_, workspace)
    customers = ticket.customers if ticket else ()
    as_customer = listed_spelling(who, customers) or who
    for_ = for_ and (listed_spelling(for_, customers) or for_)
    people = workspace.people_of(profile)
    if role:
        known = (
            as_customer
            if profile.kind(role) == "customer"
            else listed_spelling(who, people.roles or ()) or who
        )
        return [Actor(known, role, for_)]
    customer = profile.role_of_kind("customer")
    if people.roles is None:
        return [Actor(who, profile.role_of_kind("agent"), for_)]
    listed = workspace.settings.people or {}
    known = listed_spelling(who, listed) or who
    own = [
        name
        for name in _in_order(listed.get(known, ()), profile)
        if people.has(known, name)
    ]
    if not own or (
        ticket is not None and listed_spelling(who, [ticket.customer or ""])
    ):
        own.append(customer)
    return [
        Actor(as_customer if profile.kind(name) == "customer" else known, name, for_)
        for name in own
    ]


def own_address(workspace: Workspace) -> str:
    """The address behind ``@me``.

    Raises:
        UsageError: nobody says who is acting.
    """
    who = split_role(workspace.as_)[1] if workspace.as_ else ""
    who = "" if who == "@me" else who
    if not (who or workspace.email):
        raise UsageError(
            "I do not know who @me is",
            "--as ROLE:WHO, TICKETCTL_AS, or git config user.email",
        )
    return who or workspace.email


def parse_person(text: str, workspace: Workspace) -> str:
    """An address or name as typed, ``@me`` resolved.

    Raises:
        UsageError: it could not be anybody's.
    """
    if text == "@me":
        return own_address(workspace)
    if not PERSON.match(text) or text.startswith("-"):
        raise UsageError(
            f'"{text}" is not a person', "an address such as amy@support.example"
        )
    return text


def _in_order(roles: tuple[str, ...], profile: Profile) -> list[str]:
    names = (
        role.rpartition("/")[2]
        for role in roles
        if "/" not in role or role.startswith(f"{profile.name}/")
    )
    return list(dict.fromkeys(name for name in names if name in profile.roles))


def _said(workspace: Workspace, profile: Profile) -> tuple[str, str]:
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
