"""The conditions of a profile in words: what they ask, and why they do not hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from ticketctl.core.conditions import (
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    Condition,
    Event,
    FieldCheck,
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


def either(names: Iterable[str]) -> str:
    """Return names as a list in words: ``a, b or c``."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} or {last}" if first else last


def default_words(condition: SimpleCondition) -> str:
    """Return why a condition that looks at one thing does not hold, where the profile
    has no words for it."""
    match condition:
        case MessageCondition():
            return _missing_message(condition.values)
        case TextCondition() | SubjectCondition():
            return f"the {condition.kind} does not contain {either(condition.values)}"
        case SeenCondition():
            event, since = condition.event, condition.since
            after = f" since the {_event_words(since)}" if since else ""
            return f"there was no {_event_words(event)}{after}"
        case WithinCondition():
            event, period = condition.event, condition.period
            return f"the {_event_words(event)} is more than {period} ago"
        case RoleCondition():
            return f"only {either(condition.values)} may do this"
        case AllowedCondition():
            return f"a move to {either(condition.values)} would be refused"
        case (
            StatusCondition()
            | StateCondition()
            | CategoryCondition()
            | ChannelCondition()
        ):
            return f"the {condition.kind} is not {either(condition.values)}"
        case _:
            assert_never(condition)


def _missing_message(kinds: tuple[MessageKind, ...]) -> str:
    """Return that a message is missing, with the option that adds it."""
    if kinds == ("public",):
        return "it needs a public message (--reply TEXT)"
    if kinds == ("note",):
        return "it needs an internal note (-m NOTE)"
    return "it needs a message (--reply TEXT) or a note (-m NOTE)"


def _event_words(event: Event) -> str:
    """Return an event as a noun, to follow ``the`` or ``no``."""
    kind, about = event
    match kind:
        case "created":
            return "creation"
        case "customer_message":
            return "message from the customer"
        case "staff_message":
            return "public message from staff"
        case "staff_event":
            return "action by staff"
        case "mail_in":
            return "email"
        case "entered":
            return f"change to {about}"
        case "left":
            return f"change from {about}"
        case "field_set":
            return f"change of the field {about}"
        case "notified":
            return f"notification {about}"
        case "fired":
            return f"action of the rule {about}"
        case _:
            assert_never(kind)


def in_all_words(conditions: Iterable[Condition]) -> str:
    """Return what several conditions ask, in words."""
    return " and ".join(in_words(condition) for condition in conditions)


def in_words(condition: Condition) -> str:
    """Return what a condition asks, in words: ``waiting_for is reply``."""
    match condition:
        case NotCondition():
            return f"not: {in_all_words(condition.conditions)}"
        case AnyOfCondition():
            return " or ".join(in_words(inner) for inner in condition.conditions)
        case WhenCondition():
            premise = in_all_words(condition.conditions)
            return f"if {premise}, then {in_all_words(condition.consequences)}"
        case FieldCondition():
            checks = " and ".join(map(_check_words, condition.checks))
            return f"{condition.name} {checks}"
        case SeenCondition() | WithinCondition():
            return _event_words(condition.event)
        case (
            MessageCondition()
            | TextCondition()
            | SubjectCondition()
            | StatusCondition()
            | StateCondition()
            | CategoryCondition()
            | RoleCondition()
            | ChannelCondition()
            | AllowedCondition()
        ):
            return f"{condition.kind} {either(condition.values)}"
        case _:
            assert_never(condition)


def _check_words(check: FieldCheck) -> str:
    """Return what a check of a field asks, in words."""
    if check.word == "is":
        return f"is {either(check.values)}"
    return check.word.replace("_", " ")
