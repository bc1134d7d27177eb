"""The workflow checker: whether a move or an edit may be made, and every reason why
not.

The same functions, :func:`judge`, :func:`refusals` and :func:`failures`, serve people,
triggers, the sweep and the lists of what is open to somebody (X2, X3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ticketctl.core import dates
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import events_of, latest
from ticketctl.core.engine.explanations import default_words, either, in_all_words
from ticketctl.core.engine.placeholders import as_text, fill, fill_sets
from ticketctl.core.engine.reasons import (
    category_reason,
    no_transition_reason,
    only_rules_reason,
    role_reason,
)
from ticketctl.core.entry import Value
from ticketctl.core.profile import Test, Transition
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import changed
from ticketctl.record import replace_unchecked


class Verdict(NamedTuple):
    """What the checker says of one move: without reasons, it is allowed."""

    edge: Transition | None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(context: EvalContext, to: str) -> Verdict:
    """Return whether the ticket may move to the status ``to``: every reason against it,
    and every warning.

    ``context.ticket`` still has its old status; what the request sets is already in it.
    """
    edge, reasons = refusals(context, to)
    warnings = (
        failures((*edge.warns, *context.profile.statuses[to].warns), context)
        if edge
        else ()
    )
    return Verdict(edge, tuple(reasons), tuple(warnings))


def refusals(context: EvalContext, to: str) -> tuple[Transition | None, list[str]]:
    """Return the transition by which the ticket would move, if there is one, and every
    reason against the move."""
    profile, source = context.profile, context.ticket.status
    if to == source:
        return None, [f"it is already {to}"]
    edges, target = profile.between(source, to), profile.statuses[to]
    refused = [
        reason
        for reason in (
            only_rules_reason(context, target),
            category_reason(context, target),
        )
        if reason
    ]
    if not edges:
        # That only rules set it says why there is no edge; else the profile's own
        # reason, or what there is instead.
        return None, refused if target.set_by_system and refused else [
            no_transition_reason(context, to),
            *refused,
        ]
    edge = next((edge for edge in edges if may(context, edge)), None)
    if edge is None:
        edge = edges[0]
        if not refused or not target.set_by_system:
            refused.insert(0, role_reason(context, edges))
    refused += failures((*edge.needs, *target.needs), context)
    if target.keeps:
        refused += failures(target.keeps, _after(context, edge))
    return edge, list(dict.fromkeys(refused))


def may(context: EvalContext, edge: Transition) -> bool:
    """Return whether this actor may make the move: in their own role, or for the
    customer where that is allowed (A27)."""
    if context.role in edge.roles:
        return context.by == context.role or context.by in edge.on_behalf
    return False


def _after(context: EvalContext, edge: Transition) -> EvalContext:
    """Return the context as the move would leave it, for the invariants of the
    status."""
    try:
        put, cleared = fill_sets(edge.sets_besides(context.changed), context)
    except TooLongError:
        put, cleared = {}, ()  # the move itself is refused for it
    return replace_unchecked(
        context, {"ticket": changed(context.ticket, put, cleared, status=edge.target)}
    )


def failures(tests: Iterable[Test], context: EvalContext) -> list[str]:
    """Return the reason of every test that does not pass, in order."""
    return [words for test in tests for words in _fails(test, context)]


def holds(tests: Iterable[Test], context: EvalContext) -> bool:
    """Return whether all tests pass."""
    return not failures(tests, context)


def _fails(test: Test, context: EvalContext) -> list[str]:
    """Why one test does not pass; empty if it does."""
    if test.kind == "when":
        if failures(test.inner, context):
            return []
        found = failures(test.then, context)
    elif test.kind == "not":
        found = (
            []
            if failures(test.inner, context)
            else ["not the case: " + in_all_words(test.inner)]
        )
    elif test.kind == "any_of":
        branches = [_fails(inner, context) for inner in test.inner]
        found = (
            []
            if not all(branches)
            else ["either " + ", or ".join("; ".join(branch) for branch in branches)]
        )
    elif test.kind == "field":
        found = [
            _field_words(test.name, word, argument, context)
            for word, argument in test.checks
            if not _field_passes(test.name, word, argument, context)
        ]
    else:
        found = [] if _passes(test, context) else [default_words(test)]
    return [fill(test.say, context)] if found and test.say else found


def _passes(test: Test, context: EvalContext) -> bool:
    """The tests that look at one thing."""
    wanted = test.wanted
    match test.kind:
        case "message":
            has = {
                "public": bool(context.text),
                "note": bool(context.note),
                "any": bool(context.text or context.note),
            }
            return has[str(wanted[0])]
        case "text" | "subject":
            text = context.text if test.kind == "text" else context.subject
            return (
                _has_line(text, wanted)
                if test.name == "line"
                else _contains(text, wanted)
            )
        case "seen":
            assert test.event is not None
            start = (
                latest(context.profile, context.history, test.since)
                if test.since
                else -1
            )
            after = context.history[max(start, 0) :]
            return any(
                test.event in events_of(context.profile, entry) for entry in after
            )
        case "within":
            return _within(test, context)
        case "status":
            return context.ticket.status in wanted
        case "state":
            return context.profile.state(context.ticket.status) in wanted
        case "category":
            return context.ticket.get("category") in wanted
        case "role":
            return context.role in wanted
        case "channel":
            return context.channel in wanted
        case _:  # allowed
            return any(not refusals(context, str(to))[1] for to in wanted)


def _within(test: Test, context: EvalContext) -> bool:
    assert test.event is not None and test.period is not None
    position = latest(context.profile, context.history, test.event)
    if position < 0:
        return False
    since = dates.parse_instant(context.history[position].at)
    return context.now <= dates.add(
        since, test.period, dates.zone(context.profile.timezone)
    )


def _has_line(text: str | None, wanted: Iterable[object]) -> bool:
    """Whether one of these is a whole line of the text; quoted lines (``>``) do not
    count, nor do case and spaces."""
    lines = {" ".join(line.casefold().split()) for line in (text or "").split("\n")}
    return any(" ".join(str(line).casefold().split()) in lines for line in wanted)


def _contains(text: object, parts: Iterable[object]) -> bool:
    return any(str(part).casefold() in str(text or "").casefold() for part in parts)


def _field_passes(name: str, word: str, argument: Value, context: EvalContext) -> bool:
    value = context.ticket.get(name)
    match word:
        case "present":
            return value not in (None, "")
        case "absent":
            return value in (None, "")
        case "is":
            return (
                isinstance(argument, tuple)
                and value is not None
                and as_text(value) in argument
            )
        case "contains":
            return isinstance(argument, tuple) and _contains(as_text(value), argument)
        case "in_future":
            return isinstance(value, str) and _later(value, context)
        case "changed":
            return name.partition(".")[0] in context.changed
        case "complete":
            return not isinstance(value, Mapping) or "open" not in value.values()
        case _:  # has_role
            roles = argument if isinstance(argument, tuple) else ()
            people = (
                value
                if isinstance(value, tuple)
                else (value,)
                if isinstance(value, str)
                else ()
            )
            return bool(people) and all(
                any(context.people.has(who, role) for role in roles) for who in people
            )


def _later(value: str, context: EvalContext) -> bool:
    """Whether a date or instant is still to come; what is none (a file changed by hand)
    never comes."""
    try:
        return (
            dates.moment_of(value, dates.zone(context.profile.timezone)) > context.now
        )
    except ValueError:
        return False


_OPTIONS = {"assignee": "-a WHO", "due": "--due WHEN", "customer": "-c CUSTOMER"}


def _field_words(name: str, word: str, argument: Value, context: EvalContext) -> str:
    if word == "complete":
        return _open_items(name, context.ticket.get(name))
    shown = either(argument) if isinstance(argument, tuple) else ""
    option = _OPTIONS.get(name, f"--set {name}=...")
    return {
        "present": f"{name} is not set ({option})",
        "absent": f"{name} is set",
        "is": f"{name} is not {shown}",
        "contains": f"{name} does not hold {shown}",
        "in_future": f"{name} is not in the future ({option})",
        "changed": f"{name} must be given in the same move ({option})",
        "has_role": f"{name} does not have the role {shown}",
    }[word]


def _open_items(name: str, value: Value | None) -> str:
    items = value if isinstance(value, Mapping) else {}
    left = [item for item, state in items.items() if state == "open"]
    named = ", ".join(f'"{item}"' for item in left)
    verb = "item is" if len(left) == 1 else "items are"
    options = " ".join(f"--set {name}.{item}=done" for item in left)
    return f"{len(left)} of {len(items)} {name} {verb} open: {named} ({options})"
