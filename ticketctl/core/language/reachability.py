"""Which statuses a ticket can reach by a profile, and who moves it there.

The proofs of ``core/language/checks.py`` use it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from ticketctl.core.actions import MoveAction, moves_among
from ticketctl.core.engine.moves import may_fire_in
from ticketctl.core.language.assumptions import Assumptions
from ticketctl.core.language.entailment import impossible
from ticketctl.core.profile import (
    CREATED,
    Automation,
    Category,
    Profile,
    Rule,
    Transition,
)

PERSONS = ("customer", "agent")
HUMAN_EVENTS = (
    "customer_message",
    "staff_message",
    "staff_event",
    "field_set",
    "mail_in",
    "created",
)
"""The events that need a person to act."""


def person_moves(
    profile: Profile, edge: Transition, category: Category | None = None
) -> list[str]:
    """Return the roles of people who can really make a move.

    Args:
        category: in which; without one, in at least one category.
    """
    if profile.statuses[edge.target].set_by_system and edge.source != CREATED:
        return []
    offered = (category is None and not profile.categories) or edge.source == CREATED
    among = [category] if category else list(profile.categories.values())
    if not offered and not any(edge.target in each.statuses for each in among):
        return []
    return [role for role in edge.roles if profile.kind(role) in PERSONS]


def real_moves(
    profile: Profile, category: Category | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Return status -> [(status reached, by whom)]: the moves of people, integrations and
    rules."""
    moves: dict[str, list[tuple[str, str]]] = {}
    for edge in profile.edges:
        machines = [role for role in edge.roles if profile.kind(role) == "integration"]
        for role in [*person_moves(profile, edge, category), *machines]:
            moves.setdefault(edge.source, []).append((edge.target, role))
    for rule, action, status in rule_moves(profile):
        if any(
            profile.system in edge.roles
            for edge in profile.between(status, action.status)
        ):
            moves.setdefault(status, []).append((action.status, f"rule {rule.name}"))
    return moves


RuleMove = tuple[Rule, MoveAction, str]


def rule_moves(profile: Profile) -> list[RuleMove]:
    """Return every move of a rule with every status in which it may be made."""
    return [move for moves in _rule_moves(profile).values() for move in moves]


def moves_in(profile: Profile, status: str) -> list[RuleMove]:
    """Return the moves of rules that may be made in one status."""
    return _rule_moves(profile).get(status, [])


def _rule_moves(profile: Profile) -> dict[str, list[RuleMove]]:
    by_status: dict[str, list[RuleMove]] | None = profile.remembered.get("moves")
    if by_status is None:
        by_status = profile.remembered["moves"] = {}
        for rule in profile.rules:
            moves = moves_among(rule.do)
            for status in fires_in(profile, rule) if moves else ():
                by_status.setdefault(status, []).extend(
                    (rule, action, status) for action in moves
                )
    return by_status


def fires_in(profile: Profile, rule: Rule) -> list[str]:
    """Return the statuses in which a rule may act."""
    cache: dict[tuple[str, str], list[str]] = profile.remembered.setdefault("fires", {})
    key = (type(rule).__name__, rule.name)
    if key not in cache:
        if isinstance(rule, Automation):
            among: Iterable[str] = dict.fromkeys(rule.within)
        else:
            among = [status for status in profile.statuses if may_fire_in(rule, status)]
        cache[key] = [
            status
            for status in among
            if not impossible(Assumptions(profile, status), rule.when)
        ]
    return cache[key]


def paths(moves: dict[str, list[tuple[str, str]]], start: str) -> dict[str, str]:
    """Return every status that can be reached, with the way in words: ``agent -> Open;
    agent -> Escalated``."""
    ways = {start: ""}
    waiting = deque([start])
    while waiting:
        status = waiting.popleft()
        for target, actor in moves.get(status, ()):
            if target not in ways:
                ways[target] = f"{ways[status]}; {actor} -> {target}".lstrip("; ")
                waiting.append(target)
    return ways


def closing(
    profile: Profile, moves: Mapping[str, Iterable[tuple[str, str]]]
) -> set[str]:
    """Return the statuses from which a closed one can be reached, and the closed ones."""
    before: dict[str, set[str]] = {}
    for source, targets in moves.items():
        for target, _ in targets:
            before.setdefault(target, set()).add(source)
    reached = {
        status.name for status in profile.statuses.values() if status.state == "closed"
    }
    waiting = list(reached)
    while waiting:
        fresh = before.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached
