"""Whether a check of a field follows from assumptions, or is refuted by them."""

from __future__ import annotations

from typing import assert_never

from ticketctl.core.conditions import (
    FieldCheck,
    FieldCondition,
    FieldWord,
    NotCondition,
)
from ticketctl.core.entry import Value
from ticketctl.core.language.assumptions import (
    Assumptions,
    denied_conditions,
)
from ticketctl.core.templates import only_name

_NEVER_EMPTY = ("actor", "now", "id", "title")


_HAS_VALUE: tuple[FieldWord, ...] = (
    "present",
    "is",
    "contains",
    "has_role",
    "in_future",
)
"""The words of a field condition that hold only where the field is set."""


def field_settled(facts: Assumptions, need: FieldCondition) -> bool:
    """Return whether a check of a field passes by what is known and what the act sets."""
    check = need.checks[0]
    sets = facts.sets or {}
    if need.name in sets:
        return _set_settles(sets[need.name], check)
    facts_of_field = _checks_of(facts, need.name)
    word = check.word
    match word:
        case "present":
            return any(fact.word in _HAS_VALUE for fact in facts_of_field)
        case "is" | "has_role" | "contains":
            return any(
                fact.word == word and set(fact.values) <= set(check.values)
                for fact in facts_of_field
            )
        case "complete":
            return any(fact.word == "absent" for fact in facts_of_field)
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


def field_refuted(facts: Assumptions, condition: FieldCondition) -> bool:
    """Return whether a check of a field can never pass, by what is known and set."""
    check = condition.checks[0]
    facts_of_field = _checks_of(facts, condition.name)
    sets = facts.sets or {}
    if condition.name in sets:
        value = sets[condition.name]
        facts_of_field = (
            [FieldCheck("absent")]
            if value is None
            else [FieldCheck("present"), FieldCheck("is", (str(value),))]
        )
    return (
        any(_contradict(fact, check) for fact in facts_of_field)
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
        for denied in denied_conditions(facts)
    )
