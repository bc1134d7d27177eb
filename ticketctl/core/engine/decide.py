"""The one decision: for people, triggers and the sweep alike (X3)."""

from __future__ import annotations

from typing import assert_never

from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.draft import DecisionDraft
from ticketctl.core.engine.guards import may
from ticketctl.core.engine.moves import open_moves, way
from ticketctl.core.engine.permissions import actor_reasons, edit_reasons
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
