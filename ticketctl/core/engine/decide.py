"""The one decision: for people, triggers and the sweep alike (X3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.draft import DecisionDraft
from ticketctl.core.engine.entry_builder import EntryBuilder
from ticketctl.core.engine.guards import may
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Decision,
    Deliver,
    Fire,
    Keep,
    Refusal,
    Request,
)
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.templates import TooLongError
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


def decide(
    situation: Situation, ticket: Ticket | None, request: Request
) -> Decision | Refusal:
    """Decide on a request, purely: what would be written, or every reason why not.

    Args:
        situation: the workflow of the ticket, the people, the time.
        ticket: as it stands; ``None`` for a :class:`Create`.
        request: what is asked.

    Returns:
        A decision (without entries, if there is nothing to do), or a refusal.
    """
    if isinstance(request, Fire | Deliver | Keep):
        system = situation.profile.system
        draft = DecisionDraft(situation, ticket, Actor(system, system), None)
    else:
        draft = DecisionDraft(situation, ticket, request.actor, request.via, request)
    builder = EntryBuilder(draft)
    try:
        _run(builder, ticket, request)
    except TooLongError as error:
        builder.give_up(error)
    if draft.reasons:
        return _refuse(draft, ticket, request)
    return Decision(
        draft.current,
        tuple(draft.entries),
        tuple(dict.fromkeys(draft.warnings)),
        tuple(draft.notifications),
        tuple(draft.follow_ups),
        tuple(dict.fromkeys(draft.unreachable)),
    )


def _run(builder: EntryBuilder, ticket: Ticket | None, request: Request) -> None:
    """Make the entries of a request.

    Raises:
        TooLongError: it would set more than a ticket can hold.
    """
    draft, profile = builder.draft, builder.draft.profile
    match request:
        case Deliver():
            builder.deliver(request)
        case Keep():
            builder.keep(request)
        case Fire():
            automation = profile.automation(request.rule)
            assert automation is not None, f"no automation {request.rule}"
            builder.fire(automation, request)
        case Create() | Change():
            draft.reasons += actor_reasons(profile, ticket, request.actor, draft.people)
            draft.reasons += edit_reasons(profile, ticket, request)
            if isinstance(request, Create):
                builder.create(request)
            else:
                builder.change(request)
        case _:
            assert_never(request)


def _refuse(draft: DecisionDraft, ticket: Ticket | None, request: Request) -> Refusal:
    """Return the whole answer to a request that is not allowed: reasons, criterion, the
    moves that are open, the way there."""
    profile, actor = draft.profile, draft.actor
    to = request.to if isinstance(request, Create | Change) else None
    cites = draft.edge.origin.cites if draft.edge else ()
    reasons = tuple(dict.fromkeys(draft.reasons))
    if ticket is None:
        assert isinstance(request, Create)
        return Refusal(
            request.id,
            request.title,
            "",
            to,
            reasons,
            actor.role,
            cites=cites,
            profile=profile.name,
        )
    context = context_for(draft.situation, ticket, actor)
    mine = not actor_reasons(profile, ticket, actor, draft.people)
    direct = bool(
        to
        and draft.edge
        and draft.edge.source == ticket.status
        and may(context, draft.edge)
    )
    from ticketctl.core.engine.moves import open_moves, way

    return Refusal(
        ticket.id,
        ticket.title,
        ticket.status,
        to,
        reasons,
        role=actor.role,
        criterion=draft.edge.criterion if draft.edge else "",
        cites=cites,
        open=tuple(open_moves(context)) if mine else (),
        way=()
        if direct or to is None or to == ticket.status
        else way(profile, ticket.status, to, actor.role, str(ticket.get("category"))),
        profile=profile.name,
        gave=isinstance(request, Change)
        and bool(
            request.text or request.note or request.sets or request.unset or actor.for_
        ),
    )
