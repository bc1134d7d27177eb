"""Whom a notification reaches, and why it reaches nobody: a role that nobody has, a
person without an email address.

A notification is for those who can be reached when its rule acts. Whoever gets the role
later is notified of what happens from then on (docs/mail.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.actions import NotifyAction, notifications_among
from ticketctl.core.engine.requests import Actor
from ticketctl.core.people import People, is_address
from ticketctl.core.profile import Profile, Rule
from ticketctl.core.ticket import Ticket
from ticketctl.record import Record

_ROLE = "role:"


def named(target: str, ticket: Ticket, people: People) -> tuple[str, ...]:
    """Return everybody whom a target of a notification means, whether or not they can
    be reached.

    Args:
        target: ``role:NAME``, ``customer``, ``assignee``, ``watchers``, or a field of
            the profile; not ``actor``.
    """
    if target.startswith(_ROLE):
        return people.with_role(target.removeprefix(_ROLE))
    value = ticket.get(target)
    if isinstance(value, tuple):
        return tuple(who for who in value if isinstance(who, str))
    return (value,) if isinstance(value, str) else ()


def recipients_of(
    action: NotifyAction, ticket: Ticket, people: People, actor: Actor
) -> tuple[str, ...]:
    """Return whom an action notifies: nobody who cannot be reached, and whoever acts
    only as ``actor`` or ``customer``.

    Where its targets reach nobody, whoever acts included, those of ``otherwise`` are
    meant.

    Args:
        actor: who makes the request, or the system.
    """
    targets = action.recipients
    if not any(_reached(target, ticket, people, actor) for target in targets):
        targets = action.otherwise
    recipients: dict[str, None] = {}
    for target in targets:
        for who in _reached(target, ticket, people, actor):
            if target in ("actor", "customer") or who != actor.who:
                recipients[who] = None
    return tuple(recipients)


def _reached(
    target: str, ticket: Ticket, people: People, actor: Actor
) -> tuple[str, ...]:
    """Return everybody whom a target means and who can be notified."""
    if target == "actor":
        addresses: tuple[str, ...] = (actor.for_ or actor.who,)
    else:
        addresses = named(target, ticket, people)
    return tuple(who for who in addresses if can_be_notified(who, people))


def can_be_notified(who: str, people: People) -> bool:
    """Return whether somebody can be notified: by email only at an address, by a script
    under any name but that of a role."""
    return is_address(who) if people.by_email else not who.startswith(_ROLE)


def unreachable_reason(action: NotifyAction, ticket: Ticket, people: People) -> str:
    """Return why a notification reaches nobody.

    It is empty if somebody is reached, or nobody is meant: no target but the assignee
    of a ticket without one, for example.
    """
    targets = [
        target
        for target in dict.fromkeys((*action.recipients, *action.otherwise))
        if target != "actor"
    ]
    if "actor" in (*action.recipients, *action.otherwise):
        return ""
    if any(
        can_be_notified(who, people)
        for target in targets
        for who in named(target, ticket, people)
    ):
        return ""
    reasons = [
        words for target in targets for words in _why_not(target, ticket, people)
    ]
    return f"{' and '.join(reasons)}: no one is notified" if reasons else ""


def unreachable_reasons(rule: Rule, ticket: Ticket, people: People) -> tuple[str, ...]:
    """Return why the notifications of a rule reach nobody: a text for each that does
    not."""
    reasons = (
        unreachable_reason(action, ticket, people)
        for action in notifications_among(rule.do)
    )
    return tuple(reason for reason in reasons if reason)


def _why_not(target: str, ticket: Ticket, people: People) -> Iterator[str]:
    """Yield why one target reaches nobody."""
    addressees = named(target, ticket, people)
    role = target.removeprefix(_ROLE)
    if role != target:
        yield (
            f"nobody with the role {role} has an email address"
            if addressees
            else f"nobody has the role {role}"
        )
    elif addressees:
        yield f"{', '.join(addressees)} ({target}) has no email address"


class UnreachableRole(Record):
    """A role that a profile's rules notify and in which nobody can be reached.

    Args:
        rules: the names of those rules.
        has_people: whether somebody has the role, but no email address.
    """

    role: str
    rules: tuple[str, ...]
    has_people: bool


def unreachable_roles(profile: Profile, people: People) -> Iterator[UnreachableRole]:
    """Yield the roles that rules of a profile notify, and in which nobody can be
    reached."""
    rules: dict[str, list[str]] = {}
    for rule in profile.rules:
        for action in notifications_among(rule.do):
            for target in (*action.recipients, *action.otherwise):
                role = target.removeprefix(_ROLE)
                if role != target and rule.name not in rules.setdefault(role, []):
                    rules[role].append(rule.name)
    for role, names in rules.items():
        members = people.with_role(role)
        if not any(can_be_notified(who, people) for who in members):
            yield UnreachableRole(role, tuple(names), bool(members))
