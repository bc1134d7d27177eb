"""Whether conditions follow from conditions: the small logic behind ``profile check``.

It is sound and incomplete: a condition follows only where that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from ticketctl.core.conditions import (
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    CompoundCondition,
    Condition,
    FieldCondition,
    MessageCondition,
    MessageKind,
    NotCondition,
    RoleCondition,
    SeenCondition,
    SimpleCondition,
    StateCondition,
    StatusCondition,
    SubjectCondition,
    TextCondition,
    WhenCondition,
    WithinCondition,
)
from ticketctl.core.language.assumptions import (
    Assumptions,
    count_steps,
    denied_conditions,
    mentions,
    opposite,
    split,
)
from ticketctl.core.language.field_entailment import field_refuted, field_settled
from ticketctl.core.profile import Profile, Transition


def follows(facts: Assumptions, needs: Iterable[Condition]) -> list[Condition]:
    """Return those of ``needs`` that do not follow from the facts."""
    return [
        need
        for need in needs
        if not all(_follows(facts, part, 3) for part in split([need]))
    ]


def exclusive(
    facts: Assumptions, first: Sequence[Condition], second: Sequence[Condition]
) -> bool:
    """Return whether two lists of conditions can never hold together in a status."""
    return _refutes(facts.knowing(first), second) or _refutes(
        facts.knowing(second), first
    )


def _refutes(facts: Assumptions, conditions: Iterable[Condition]) -> bool:
    return any(_follows(facts, opposite(part), 3) for part in split(conditions))


def impossible(facts: Assumptions, conditions: Sequence[Condition]) -> bool:
    """Return whether a list of conditions can never hold in a status."""
    parts = split(conditions)
    return any(
        _follows(
            facts.knowing(parts[:position] + parts[position + 1 :]), opposite(part), 2
        )
        for position, part in enumerate(parts)
    )


def _follows(facts: Assumptions, need: Condition, depth: int) -> bool:
    count_steps(facts.profile, 1 + len(facts.conditions))
    if need in facts.conditions or _settled(facts, need):
        return True
    if depth == 0:
        return False
    if _by_cases(facts, need, depth) or _by_allowed(facts, need, depth):
        return True
    if isinstance(need, FieldCondition | SimpleCondition):
        return False
    match need:
        case WhenCondition():
            refuted = any(
                _follows(facts, opposite(part), depth - 1)
                for part in split(need.conditions)
            )
            extended = facts.knowing(need.conditions)
            return refuted or all(
                _follows(extended, part, depth - 1) for part in split(need.consequences)
            )
        case AnyOfCondition():
            return any(
                _follows(facts, part, depth - 1) for part in split(need.conditions)
            )
        case NotCondition():
            return any(
                _refuted(facts, part, depth - 1) for part in split(need.conditions)
            )
        case _:
            assert_never(need)


def _by_cases(facts: Assumptions, need: Condition, depth: int) -> bool:
    """Return whether a condition follows from alternatives, each of which suffices, or
    from implications whose premise holds."""
    for fact in facts.conditions:
        if not isinstance(fact, CompoundCondition):
            continue
        count_steps(facts.profile, len(facts.conditions))
        rest = facts.without(fact)
        match fact:
            case AnyOfCondition():
                proved = all(
                    _follows(rest.knowing([case]), need, depth - 1)
                    for case in fact.conditions
                )
            case WhenCondition():
                proved = all(
                    _follows(rest, part, depth - 1) for part in split(fact.conditions)
                ) and _follows(rest.knowing(fact.consequences), need, depth - 1)
            case NotCondition(conditions=(AnyOfCondition() as inner,)):
                denied = rest.knowing(map(opposite, inner.conditions))
                proved = _follows(denied, need, depth - 1)
            case NotCondition():
                proved = False
            case _:
                assert_never(fact)
        if proved:
            return True
    return False


def _by_allowed(facts: Assumptions, need: Condition, depth: int) -> bool:
    """Return whether a condition follows since a move is known to be allowed: then all
    needs of the move are met."""
    for fact in facts.conditions:
        if isinstance(fact, AllowedCondition) and len(fact.values) == 1:
            edges = facts.profile.between(facts.status, fact.values[0])
            rest = facts.without(fact)
            # The move was judged with the request's own text and role; the rule's move
            # has its own.
            if edges and all(
                _follows(
                    rest.knowing(lasting(_needs(facts.profile, edge))), need, depth - 1
                )
                for edge in edges
            ):
                return True
    return False


def lasting(conditions: Iterable[Condition]) -> list[Condition]:
    """Return those conditions that mean the same for a rule's move as for the request
    that set the rule off."""
    of_request = (MessageCondition, TextCondition, RoleCondition)
    return [
        condition
        for condition in conditions
        if not mentions(condition, of_request, words=("changed",))
    ]


def _needs(profile: Profile, edge: Transition) -> tuple[Condition, ...]:
    return (*edge.preconditions, *profile.statuses[edge.target].preconditions)


def _settled(facts: Assumptions, need: Condition) -> bool:
    """Return whether the status, the role, or what the act supplies makes a condition
    hold."""
    match need:
        case StatusCondition():
            return facts.status in need.values
        case StateCondition():
            return facts.profile.state(facts.status) in need.values
        case RoleCondition():
            return bool(facts.role) and facts.role in need.values
        case MessageCondition():
            return any(_supplied(facts, kind) for kind in need.values)
        case FieldCondition():
            return field_settled(facts, need)
        case (
            TextCondition()
            | SubjectCondition()
            | SeenCondition()
            | WithinCondition()
            | CategoryCondition()
            | ChannelCondition()
            | AllowedCondition()
            | NotCondition()
            | AnyOfCondition()
            | WhenCondition()
        ):
            return False
        case _:
            assert_never(need)


def _supplied(facts: Assumptions, kind: MessageKind) -> bool:
    match kind:
        case "public":
            return facts.text
        case "note":
            return facts.note
        case "any":
            return facts.text or facts.note
        case _:
            assert_never(kind)


def _refuted(facts: Assumptions, condition: Condition, depth: int) -> bool:
    """Return whether the facts say that a condition cannot hold."""
    match condition:
        case NotCondition():
            return all(
                _follows(facts, part, depth) for part in split(condition.conditions)
            )
        case AnyOfCondition():
            return all(
                _refuted(facts, part, depth) for part in split(condition.conditions)
            )
        case StatusCondition():
            return facts.status not in condition.values
        case StateCondition():
            return facts.profile.state(facts.status) not in condition.values
        case AllowedCondition():
            return all(status == facts.status for status in condition.values)
        case RoleCondition() if facts.role:
            return facts.role not in condition.values
        case RoleCondition() | ChannelCondition() | CategoryCondition():
            return any(
                isinstance(fact, type(condition))
                and set(fact.values).isdisjoint(condition.values)
                for fact in facts.conditions
            )
        case FieldCondition():
            return field_refuted(facts, condition)
        case TextCondition() | SubjectCondition():
            return _text_refuted(facts, condition)
        case MessageCondition() | SeenCondition() | WithinCondition() | WhenCondition():
            return False
        case _:
            assert_never(condition)


def _text_refuted(
    facts: Assumptions, condition: TextCondition | SubjectCondition
) -> bool:
    """Return whether a text is known to hold none of the values, or none of more."""
    return any(
        isinstance(denied, type(condition))
        and denied.whole_line == condition.whole_line
        and set(condition.values) <= set(denied.values)
        for denied in denied_conditions(facts)
    )
