"""Tests of a profile in words: what they ask, and why they do not pass."""

from __future__ import annotations

from collections.abc import Iterable

from ticketctl.core.profile import Event, Test


def either(names: Iterable[str]) -> str:
    """``a, b or c``."""
    names = list(names)
    return (
        names[0]
        if len(names) == 1
        else ", ".join(names[:-1]) + f" or {names[-1]}"
        if names
        else ""
    )


def default_words(test: Test) -> str:
    """Why a test that looks at one thing does not pass, where the profile has no words
    for it."""
    shown = either(str(item) for item in test.wanted)
    match test.kind:
        case "message":
            return {
                "public": "it needs a public message (--reply TEXT)",
                "note": "it needs an internal note (-m NOTE)",
            }.get(shown, "it needs a message (--reply TEXT) or a note (-m NOTE)")
        case "text" | "subject":
            return f"the {test.kind} does not hold {shown}"
        case "seen":
            since = f" since {_event_words(test.since)}" if test.since else ""
            return f"there was no {_event_words(test.event)}{since}"
        case "within":
            return f"{_event_words(test.event)} is more than {test.period} ago"
        case "role":
            return f"only as {shown}"
        case "allowed":
            return f"a move to {shown} would be refused"
    return f"the {test.kind} is not {shown}"


def _event_words(event: Event | None) -> str:
    assert event is not None
    words = {
        "customer_message": "answer by the customer",
        "staff_message": "public message by staff",
        "staff_event": "act by staff",
        "mail_in": "mail",
        "created": "creation",
    }
    about = {
        "entered": "it became",
        "left": "it left",
        "field_set": "a change of",
        "notified": "the notice",
    }
    return words.get(event.kind) or f"{about.get(event.kind, event.kind)} {event.about}"


def in_all_words(tests: Iterable[Test]) -> str:
    """What several tests ask, in words."""
    return " and ".join(in_words(test) for test in tests)


def in_words(test: Test) -> str:
    """What a test asks, in words: ``waiting_for is reply``."""
    if test.kind == "not":
        return f"not: {in_all_words(test.inner)}"
    if test.kind == "any_of":
        return " or ".join(in_words(inner) for inner in test.inner)
    if test.kind == "when":
        return f"if {in_all_words(test.inner)}, then {in_all_words(test.then)}"
    if test.kind == "field":
        return f"{test.name} " + " and ".join(
            f"is {either(argument)}"
            if word == "is" and isinstance(argument, tuple)
            else word.replace("_", " ")
            for word, argument in test.checks
        )
    if test.event:
        return _event_words(test.event)
    return f"{test.kind} {either(str(item) for item in test.wanted) or in_all_words(test.inner)}".strip()
