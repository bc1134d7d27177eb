"""The one decision: for people, triggers and the sweep alike (X3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.draft import DecisionDraft
from ticketctl.core.engine.guards import may
from ticketctl.core.engine.moves import open_moves, way
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
from ticketctl.core.engine.transition import TransitionBuilder
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import Ticket


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
    builder = TransitionBuilder(draft)
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


def _run(builder: TransitionBuilder, ticket: Ticket | None, request: Request) -> None:
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
            draft.reasons += _edit_reasons(profile, ticket, request)
            if isinstance(request, Create):
                builder.create(request)
            else:
                builder.change(request)
        case _:
            assert_never(request)


def actor_reasons(
    profile: Profile, ticket: Ticket | None, actor: Actor, people: People
) -> list[str]:
    """Why somebody may not act in a role: it is not theirs, or not on this ticket."""
    role = profile.roles.get(actor.role)
    if role is None:
        return [f"{profile.title} has no role {actor.role}"]
    if role.kind == "system":
        return [f"{actor.role} is the role of rules; nobody takes it by hand"]
    reasons = []
    if role.kind == "customer":
        if ticket and actor.who not in ticket.customers:
            reasons.append(
                f"{actor.who} is not the customer of this ticket ({', '.join(ticket.customers) or 'none'})"
            )
    elif not people.has(actor.who, actor.role):
        reasons.append(
            f"{actor.who} does not have the role {actor.role} (people in ticketctl.yaml)"
        )
    if ticket and role.field and actor.who not in _in_field(ticket, role.field):
        reasons.append(
            f"{actor.who} is not in {role.field}, which the role {actor.role} is bound to"
        )
    if actor.for_ is not None:
        if role.kind != "agent":
            reasons.append(f"only staff may act for the customer, not {actor.role}")
        elif ticket and actor.for_ not in ticket.customers:
            whose = ", ".join(ticket.customers) or "nobody"
            reasons.append(f"{actor.for_} is not the customer of this ticket ({whose})")
    return reasons


def _in_field(ticket: Ticket, name: str) -> tuple[object, ...]:
    value = ticket.get(name)
    return value if isinstance(value, tuple) else (value,)


def _edit_reasons(
    profile: Profile, ticket: Ticket | None, request: Create | Change
) -> list[str]:
    """Which of the fields that are set the role may not set by hand."""
    role, kind = request.actor.role, profile.kind(request.actor.role)
    names: Iterable[str] = (
        request.sets if isinstance(request, Create) else (*request.sets, *request.unset)
    )
    opening = ("customer", "follows") if ticket is None else ()
    reasons = []
    for name in names:
        declared = profile.fields.get(name.partition(".")[0])
        allowed = declared.edit if declared and declared.edit else ()
        if role in allowed or (not allowed and kind != "customer") or name in opening:
            if (
                ticket
                and "." in name
                and isinstance(request, Change)
                and request.sets.get(name) == "done"
                and ticket.get(name) is None
            ):
                reasons.append(_no_item(ticket, name))
            continue
        reasons.append(
            f"{name} is set by {' or '.join(allowed) or 'staff'}, not by {role}"
        )
    if kind == "customer" and request.note and request.via != "mail":
        reasons.append(f"a {role}'s text is always public (ticketctl reply)")
    if (
        ticket is None
        and kind == "customer"
        and request.sets.get("customer") not in (None, request.actor.who)
    ):
        reasons.append(
            f"as {role} you open your own tickets, not those of {request.sets['customer']}"
        )
    return reasons


def _no_item(ticket: Ticket, name: str) -> str:
    base, _, item = name.partition(".")
    items = ticket.get(base)
    has = ", ".join(items) if isinstance(items, Mapping) else "none"
    return f'{base} has no item "{item}"; it has: {has} ({name}=open adds it)'


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
