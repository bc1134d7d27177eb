"""What can be done with a ticket now: by the user, by others, and by rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.decide import actor_reasons
from ticketctl.core.engine.moves import OpenMove, Step, automatic, open_moves, way
from ticketctl.core.engine.requests import Actor
from ticketctl.core.engine.timers import NextRule, next_rule
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import RefusedError


class OthersMove(NamedTuple):
    """Statuses to which others, or a rule, can take a ticket.

    Args:
        how: ``customer or agent`` (roles), or ``by itself on the customer's reply``.
        targets: the statuses.
    """

    how: str
    targets: tuple[str, ...]


class NextMoves(NamedTuple):
    """What can be done with a ticket now.

    Args:
        actor: the user, in the first role in which they may act.
        moves: what is open to the user, in whichever of their roles.
        others: what is open to others.
        upcoming: the rule that acts next by time.
        target: the status that the user asked about; empty if none.
        way: the shortest way to ``target``; empty if there is none.
    """

    ticket: Ticket
    actor: Actor
    moves: Sequence[OpenMove]
    others: Sequence[OthersMove]
    upcoming: NextRule | None
    target: str
    way: Sequence[Step]


def next_moves(workspace: Workspace, id_: str, to: str | None = None) -> NextMoves:
    """Return what can be done with a ticket now.

    Args:
        id_: the ticket, as typed.
        to: a status, as typed, to which the way is wanted.

    Raises:
        RefusedError: the user may not act on the ticket in any role.
        UsageError: there is no status ``to``.
    """
    ticket = workspace.show(id_).ticket
    profile = workspace.profile_of(ticket)
    situation = workspace.situation_of(profile)
    candidates = _candidates(workspace, situation, ticket)
    moves = _open_moves(situation, ticket, candidates)
    target = values.find_status(profile, to) if to else ""
    category = str(ticket.get("category"))
    return NextMoves(
        ticket,
        candidates[0],
        moves,
        list(_others(profile, ticket, {move.to for move in moves})),
        next_rule(situation, ticket),
        target,
        way(profile, ticket.status, target, candidates[0].role, category)
        if target
        else (),
    )


def _candidates(
    workspace: Workspace, situation: Situation, ticket: Ticket
) -> list[Actor]:
    """Return the user in each role in which they may act on a ticket.

    Raises:
        RefusedError: there is none.
    """
    profile, people, _, _ = situation
    own = actors(workspace, profile, ticket)
    reasons = [actor_reasons(profile, ticket, actor, people) for actor in own]
    candidates = [
        actor for actor, refused in zip(own, reasons, strict=True) if not refused
    ]
    if not candidates:
        raise RefusedError("; ".join(reasons[0]))
    return candidates


def _open_moves(
    situation: Situation, ticket: Ticket, candidates: Sequence[Actor]
) -> list[OpenMove]:
    """Return each open move once: of several roles, in that which needs least."""
    moves: dict[str, OpenMove] = {}
    for actor in candidates:
        for move in open_moves(context_for(situation, ticket, actor)):
            if move.to not in moves or len(move.needs) < len(moves[move.to].needs):
                moves[move.to] = move
    return list(moves.values())


def _others(
    profile: Profile, ticket: Ticket, own: Collection[str]
) -> Iterator[OthersMove]:
    """Yield what others, and rules on an event, can do that the user cannot.

    Args:
        own: the statuses that are open to the user.
    """
    roles_by_target: dict[str, list[str]] = {}
    for edge in profile.leaving(ticket.status):
        if edge.target not in own:
            roles_by_target.setdefault(edge.target, []).extend(
                role for role in edge.roles if role != profile.system
            )
    targets: dict[str, list[str]] = {}
    for target, roles in roles_by_target.items():
        if roles:
            targets.setdefault(" or ".join(dict.fromkeys(roles)), []).append(target)
    for target, how in automatic(profile, ticket.status):
        is_on_event = " on " in how
        if is_on_event and target not in own and target not in targets.get(how, ()):
            targets.setdefault(how, []).append(target)
    return (OthersMove(how, tuple(names)) for how, names in targets.items())
