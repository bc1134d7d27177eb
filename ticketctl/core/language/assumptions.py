"""What the proofs of ``profile check`` assume of a ticket, and how conditions are compared:
by what they test, never by their words (``say``) or places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import assert_never

from ticketctl.core.conditions import (
    NOWHERE,
    AnyOfCondition,
    Condition,
    FieldCheck,
    FieldCondition,
    FieldWord,
    NotCondition,
    SimpleCondition,
    WhenCondition,
    walk,
)
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile
from ticketctl.record import Record, replace

MAX_STEPS = 1_500_000
"""How many comparisons the proofs of a profile may take; those of the largest built-in
profile take 350,000."""


class TooLargeError(Exception):
    """The proofs of a profile take too many steps."""


def count_steps(profile: Profile, steps: int) -> None:
    """Count steps of the proofs of a profile.

    Raises:
        TooLargeError: there are too many.
    """
    done = profile.remembered["toil"] = profile.remembered.get("toil", 0) + steps
    if done > MAX_STEPS:
        raise TooLargeError


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
        count_steps(self.profile, len(conditions))
        return replace(self, conditions=conditions)

    def without(self, fact: Condition) -> Assumptions:
        """Return the same without one of the conditions."""
        others = tuple(each for each in self.conditions if each != fact)
        return replace(self, conditions=others)


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


def denied_conditions(facts: Assumptions) -> Iterator[Condition]:
    """Yield the conditions that are known not to hold."""
    for fact in facts.conditions:
        if isinstance(fact, NotCondition) and len(fact.conditions) == 1:
            yield fact.conditions[0]
