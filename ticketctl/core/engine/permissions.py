"""Why somebody may not act in a role, or may not set a field by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.core.engine.requests import Actor, Change, Create
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket


def actor_reasons(
    profile: Profile, ticket: Ticket | None, actor: Actor, people: People
) -> list[str]:
    """Return why somebody may not act in a role: it is not theirs, or not on this
    ticket."""
    role, who = profile.roles.get(actor.role), actor.who
    if role is None:
        known = ", ".join(profile.roles)
        return [f"{profile.title} has no role {actor.role}; it has: {known}"]
    if role.kind == "system":
        return [f"{actor.role} is the role of rules; a person cannot take it"]
    reasons = []
    if role.kind == "customer":
        if ticket and who not in ticket.customers:
            reasons.append(_not_its_customer(ticket, who))
    elif not people.has(who, actor.role):
        reasons.append(
            f"{who} does not have the role {actor.role} (people in ticketctl.yaml)"
        )
    if ticket and role.field and who not in _in_field(ticket, role.field):
        reasons.append(
            f"{who} is not in the field {role.field}, which names those "
            f"who have the role {actor.role}"
        )
    if actor.for_ is not None:
        if role.kind != "agent":
            reasons.append(f"only staff may act for the customer, not {actor.role}")
        elif ticket and actor.for_ not in ticket.customers:
            reasons.append(_not_its_customer(ticket, actor.for_))
    return reasons


def _not_its_customer(ticket: Ticket, who: str) -> str:
    """Return that somebody is not the customer of a ticket, and who is."""
    customers = ", ".join(ticket.customers) or "it has none"
    return f"{who} is not the customer of this ticket ({customers})"


def _in_field(ticket: Ticket, name: str) -> tuple[object, ...]:
    """Return whom a field names."""
    value = ticket.get(name)
    return value if isinstance(value, tuple) else (value,)


def edit_reasons(
    profile: Profile, ticket: Ticket | None, request: Create | Change
) -> list[str]:
    """Return why the role of a request may not set by hand what it sets."""
    role, kind = request.actor.role, profile.kind(request.actor.role)
    names: Iterable[str] = (
        request.sets if isinstance(request, Create) else (*request.sets, *request.unset)
    )
    reasons = []
    for name in names:
        if not _may_edit(profile, name, role, is_new=ticket is None):
            editors = _editors(profile, name)
            reasons.append(
                f"{name} is set by {' or '.join(editors) or 'staff'}, not by {role}"
            )
        elif ticket and _closes_no_item(ticket, request, name):
            reasons.append(_no_item(ticket, name))
    if kind == "customer" and request.note and request.via != "mail":
        reasons.append(
            f"as {role} you write public messages, not notes (ticketctl reply)"
        )
    customer = request.sets.get("customer")
    if (
        ticket is None
        and kind == "customer"
        and customer not in (None, request.actor.who)
    ):
        reasons.append(
            f"as {role} you create your own tickets, not those of {customer}"
        )
    return reasons


def _editors(profile: Profile, name: str) -> tuple[str, ...]:
    """Return the roles that alone may set a field; nothing for those of staff."""
    declared = profile.fields.get(name.partition(".")[0])
    return declared.edit if declared else ()


def _may_edit(profile: Profile, name: str, role: str, is_new: bool) -> bool:
    """Return whether a role may set a field by hand.

    Args:
        is_new: whether the ticket is created by the request.
    """
    editors = _editors(profile, name)
    return (
        role in editors
        or (not editors and profile.kind(role) != "customer")
        or (is_new and name in ("customer", "follows"))
    )


def _closes_no_item(ticket: Ticket, request: Create | Change, name: str) -> bool:
    """Return whether a request closes an item that a checklist does not have."""
    return "." in name and request.sets.get(name) == "done" and ticket.get(name) is None


def _no_item(ticket: Ticket, name: str) -> str:
    """Return that a checklist has no such item, and which it has."""
    base, _, item = name.partition(".")
    items = ticket.get(base)
    names = ", ".join(items) if isinstance(items, Mapping) else "none"
    return f'{base} has no item "{item}"; it has: {names} ({name}=open adds it)'
