"""Whether conditions follow from conditions: the small logic behind ``profile check``.

It is sound and incomplete: a condition follows only where that is certain. Facts and
needs are compared by what they test, never by their words (``say``) or places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from ticketctl.core.conditions import (
    NOWHERE,
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    CompoundCondition,
    Condition,
    FieldCheck,
    FieldCondition,
    FieldWord,
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
    walk,
)
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile, Transition
from ticketctl.core.templates import only_name
from ticketctl.record import Record, replace

MOST = 1_500_000
"""How many comparisons the proofs of a profile may take: the largest of those that come
with the program takes 350,000."""


class TooLargeError(Exception):
    """The proofs of a profile would take too long."""


def effort(profile: Profile, steps: int) -> None:
    """Count steps of the proofs of a profile.

    Raises:
        TooLargeError: there are too many.
    """
    done = profile.remembered["toil"] = profile.remembered.get("toil", 0) + steps
    if done > MOST:
        raise TooLargeError


_NEVER_EMPTY = ("actor", "now", "id", "title")


def bare(condition: Condition) -> Condition:
    """Return a condition without its words and places."""
    if isinstance(condition, FieldCondition | SimpleCondition):
        return replace(condition, say="", place=NOWHERE)
    match condition:
        case NotCondition() | AnyOfCondition():
            parts = tuple(map(bare, condition.conditions))
            return replace(condition, say="", place=NOWHERE, conditions=parts)
        case WhenCondition():
            return WhenCondition(
                tuple(map(bare, condition.conditions)),
                tuple(map(bare, condition.consequences)),
            )
        case _:
            assert_never(condition)


def opposite(condition: Condition) -> Condition:
    """Return the reverse of a condition."""
    match condition:
        case FieldCondition(checks=(FieldCheck("present"),)):
            return replace(condition, checks=(FieldCheck("absent"),))
        case FieldCondition(checks=(FieldCheck("absent"),)):
            return replace(condition, checks=(FieldCheck("present"),))
        case NotCondition(conditions=(inner,)):
            return inner
        case _:
            return NotCondition((condition,))


def split(conditions: Iterable[Condition]) -> list[Condition]:
    """Return field conditions of several checks as one condition a check, the others
    as they are; all without words and places."""
    parts: list[Condition] = []
    for condition in map(bare, conditions):
        if isinstance(condition, FieldCondition) and len(condition.checks) > 1:
            parts += [replace(condition, checks=(each,)) for each in condition.checks]
        elif (
            isinstance(condition, NotCondition)
            and len(condition.conditions) == 1
            and isinstance(reverse := opposite(condition.conditions[0]), FieldCondition)
        ):
            parts.append(reverse)
        else:
            parts.append(condition)
    return parts


class Assumptions(Record):
    """What is known when a rule acts.

    Args:
        profile: the profile.
        status: the status in which it acts.
        conditions: what holds: the rule's ``when``, and what the status keeps true.
        sets: what the act sets, ``None`` for cleared.
        text: whether the act supplies a public text.
        note: whether the act supplies an internal note.
        role: in which role it acts; empty if unknown.
    """

    profile: Profile
    status: str
    conditions: tuple[Condition, ...] = ()
    sets: Mapping[str, Value | None] | None = None
    text: bool = False
    note: bool = False
    role: str = ""

    def knowing(self, more: Iterable[Condition]) -> Assumptions:
        """Return the same with more conditions known to hold."""
        conditions = (*self.conditions, *split(more))
        effort(self.profile, len(conditions))
        return replace(self, conditions=conditions)

    def without(self, fact: Condition) -> Assumptions:
        """Return the same without one of the conditions."""
        others = tuple(each for each in self.conditions if each != fact)
        return replace(self, conditions=others)


def mentions(
    condition: Condition,
    kinds: tuple[type[Condition], ...] = (),
    fields: Collection[str] = (),
    words: tuple[FieldWord, ...] = (),
) -> bool:
    """Return whether a condition, or one inside it, is of one of these kinds, is about
    one of these fields, or uses one of these words of a field condition."""
    return any(
        isinstance(inner, kinds)
        or (
            isinstance(inner, FieldCondition)
            and (
                inner.name.partition(".")[0] in fields
                or any(check.word in words for check in inner.checks)
            )
        )
        for inner in walk(condition)
    )


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
    effort(facts.profile, 1 + len(facts.conditions))
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
        effort(facts.profile, len(facts.conditions))
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
            return _field_settled(facts, need)
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


_HAS_VALUE: tuple[FieldWord, ...] = (
    "present",
    "is",
    "contains",
    "has_role",
    "in_future",
)
"""The words of a field condition that hold only where the field is set."""


def _field_settled(facts: Assumptions, need: FieldCondition) -> bool:
    check = need.checks[0]
    sets = facts.sets or {}
    if need.name in sets:
        return _set_settles(sets[need.name], check)
    known = _checks_of(facts, need.name)
    word = check.word
    match word:
        case "present":
            return any(fact.word in _HAS_VALUE for fact in known)
        case "is" | "has_role" | "contains":
            return any(
                fact.word == word and set(fact.values) <= set(check.values)
                for fact in known
            )
        case "complete":
            return any(fact.word == "absent" for fact in known)
        case "absent" | "in_future" | "changed":
            return False
        case _:
            assert_never(word)


def _set_settles(value: Value | None, check: FieldCheck) -> bool:
    """Return whether a check passes once the act has set the field to a value."""
    word = check.word
    if isinstance(value, str) and "$" in value and word != "changed":
        return word == "present" and only_name(value) in ("", *_NEVER_EMPTY)
    match word:
        case "present" | "changed":
            return value is not None
        case "absent":
            return value is None
        case "is":
            return value is not None and str(value) in check.values
        case "contains" | "in_future" | "complete" | "has_role":
            return False
        case _:
            assert_never(word)


def _checks_of(facts: Assumptions, name: str) -> list[FieldCheck]:
    """Return what is known of a field."""
    return [
        fact.checks[0]
        for fact in facts.conditions
        if isinstance(fact, FieldCondition) and fact.name == name
    ]


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
            return _field_refuted(facts, condition)
        case TextCondition() | SubjectCondition():
            return _text_refuted(facts, condition)
        case MessageCondition() | SeenCondition() | WithinCondition() | WhenCondition():
            return False
        case _:
            assert_never(condition)


def _denied(facts: Assumptions) -> Iterator[Condition]:
    """Yield the conditions that are known not to hold."""
    for fact in facts.conditions:
        if isinstance(fact, NotCondition) and len(fact.conditions) == 1:
            yield fact.conditions[0]


def _text_refuted(
    facts: Assumptions, condition: TextCondition | SubjectCondition
) -> bool:
    """Return whether a text is known to hold none of the values, or none of more."""
    return any(
        isinstance(denied, type(condition))
        and denied.whole_line == condition.whole_line
        and set(condition.values) <= set(denied.values)
        for denied in _denied(facts)
    )


def _field_refuted(facts: Assumptions, condition: FieldCondition) -> bool:
    check = condition.checks[0]
    known = _checks_of(facts, condition.name)
    sets = facts.sets or {}
    if condition.name in sets:
        value = sets[condition.name]
        known = (
            [FieldCheck("absent")]
            if value is None
            else [FieldCheck("present"), FieldCheck("is", (str(value),))]
        )
    return (
        any(_contradict(fact, check) for fact in known)
        or NotCondition((condition,)) in facts.conditions
        or _not_is(facts, condition, check)
    )


def _contradict(first: FieldCheck, second: FieldCheck) -> bool:
    """Return whether two checks of a field can never pass together."""
    if first.word == second.word == "is":
        return set(first.values).isdisjoint(second.values)
    words = {first.word, second.word}
    return "absent" in words and not words.isdisjoint(_HAS_VALUE)


def _not_is(facts: Assumptions, condition: FieldCondition, check: FieldCheck) -> bool:
    """Return whether a check is known not to pass: ``not: {is: [a, b]}`` refutes
    ``is: a``; ``not: {absent}`` refutes ``absent``; and so on."""
    return any(
        isinstance(denied, FieldCondition)
        and denied.name == condition.name
        and len(denied.checks) == 1
        and denied.checks[0].word == check.word
        and set(check.values) <= set(denied.checks[0].values)
        for denied in _denied(facts)
    )
