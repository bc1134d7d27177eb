"""The workflow checker: whether a move or an edit may be made, and every reason why
not.

The same functions, :func:`judge`, :func:`refusals` and :func:`failures`, serve people,
triggers, the sweep and the lists of what is open to somebody (X2, X3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ticketctl.core import dates
from ticketctl.core.conditions import (
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    Condition,
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
from ticketctl.core.engine.condition_words import (
    category_reason,
    default_words,
    either,
    in_all_words,
    no_transition_reason,
    only_rules_reason,
    role_reason,
)
from ticketctl.core.engine.context import EvalContext, as_text, fill, fill_sets
from ticketctl.core.engine.events import events_of, latest
from ticketctl.core.entry import Value
from ticketctl.core.people import People
from ticketctl.core.profile import Transition
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import changed
from ticketctl.record import Record, replace_unchecked


class Verdict(Record):
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
        return None, [f"the ticket is already {to}"]
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
        # That only rules set the status is the reason why there is no transition.
        if not (target.set_by_system and refused):
            refused.insert(0, no_transition_reason(context, to))
        return None, refused
    edge = next((edge for edge in edges if may(context, edge)), None)
    if edge is None:
        edge = edges[0]
        if not refused or not target.set_by_system:
            refused.insert(0, role_reason(context, edges))
    refused += failures((*edge.preconditions, *target.preconditions), context)
    if target.invariants:
        refused += failures(target.invariants, _after(context, edge))
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


def failures(conditions: Iterable[Condition], context: EvalContext) -> list[str]:
    """Return the words of every condition that does not hold, in order."""
    return [reason for condition in conditions for reason in _fails(condition, context)]


def holds(conditions: Iterable[Condition], context: EvalContext) -> bool:
    """Return whether all conditions hold."""
    return not failures(conditions, context)


def _fails(condition: Condition, context: EvalContext) -> list[str]:
    """Return why one condition does not hold; nothing if it does."""
    match condition:
        case FieldCondition():
            reasons = [
                _field_words(condition.name, check, context)
                for check in condition.checks
                if not _field_passes(condition.name, check, context)
            ]
        case WhenCondition():
            if failures(condition.conditions, context):
                return []
            reasons = failures(condition.consequences, context)
        case NotCondition():
            inner = condition.conditions
            if failures(inner, context):
                return []
            reasons = ["this must not hold: " + in_all_words(inner)]
        case AnyOfCondition():
            branches = [_fails(inner, context) for inner in condition.conditions]
            if not all(branches):
                return []
            reasons = ["either " + ", or ".join("; ".join(each) for each in branches)]
        case _:
            if _passes(condition, context):
                return []
            reasons = [default_words(condition)]
    return [fill(condition.say, context)] if reasons and condition.say else reasons


def _passes(condition: SimpleCondition, context: EvalContext) -> bool:
    """Return whether a condition that looks at one thing holds."""
    match condition:
        case StatusCondition():
            return context.ticket.status in condition.values
        case SeenCondition():
            return _seen(condition, context)
        case WithinCondition():
            return _within(condition, context)
        case MessageCondition():
            return any(_has_message(kind, context) for kind in condition.values)
        case RoleCondition():
            return context.role in condition.values
        case StateCondition():
            return context.profile.state(context.ticket.status) in condition.values
        case CategoryCondition():
            return context.ticket.get("category") in condition.values
        case ChannelCondition():
            return context.channel in condition.values
        case TextCondition():
            return _matches(context.text, condition)
        case SubjectCondition():
            return _matches(context.subject, condition)
        case AllowedCondition():
            return any(not refusals(context, status)[1] for status in condition.values)
        case _:
            assert_never(condition)


def _has_message(kind: MessageKind, context: EvalContext) -> bool:
    """Return whether the request has such a message."""
    match kind:
        case "public":
            return bool(context.text)
        case "note":
            return bool(context.note)
        case "any":
            return bool(context.text or context.note)
        case _:
            assert_never(kind)


def _seen(condition: SeenCondition, context: EvalContext) -> bool:
    """Return whether an event has happened since another."""
    profile, history = context.profile, context.history
    start = latest(profile, history, condition.since) if condition.since else -1
    return any(
        condition.event in events_of(profile, entry)
        for entry in history[max(start, 0) :]
    )


def _within(condition: WithinCondition, context: EvalContext) -> bool:
    """Return whether an event is not longer ago than a period."""
    position = latest(context.profile, context.history, condition.event)
    if position < 0:
        return False
    since = dates.parse_instant(context.history[position].at)
    return context.now <= dates.add(
        since, condition.period, dates.zone(context.profile.timezone)
    )


def _matches(text: str | None, condition: TextCondition | SubjectCondition) -> bool:
    """Return whether a text has one of the lines, or contains one of the parts."""
    if condition.whole_line:
        return _has_line(text, condition.values)
    return _contains(text, condition.values)


def _has_line(text: str | None, values: Iterable[str]) -> bool:
    """Return whether one of the values is a whole line of the text.

    Quoted lines (``>``) do not count, nor do case and spaces.
    """
    lines = {" ".join(line.casefold().split()) for line in (text or "").split("\n")}
    return any(" ".join(line.casefold().split()) in lines for line in values)


def _contains(text: str | None, parts: Iterable[str]) -> bool:
    """Return whether a text contains one of several parts; case does not count."""
    folded = (text or "").casefold()
    return any(part.casefold() in folded for part in parts)


def _field_passes(name: str, check: FieldCheck, context: EvalContext) -> bool:
    """Return whether a field passes a check."""
    value, word = context.ticket.get(name), check.word
    match word:
        case "present":
            return value not in (None, "")
        case "absent":
            return value in (None, "")
        case "is":
            return value is not None and as_text(value) in check.values
        case "contains":
            return _contains(as_text(value), check.values)
        case "in_future":
            return isinstance(value, str) and _later(value, context)
        case "changed":
            return name.partition(".")[0] in context.changed
        case "complete":
            return not isinstance(value, Mapping) or "open" not in value.values()
        case "has_role":
            return _have_role(value, check.values, context.people)
        case _:
            assert_never(word)


def _have_role(value: Value | None, roles: Iterable[str], people: People) -> bool:
    """Return whether everybody whom a value names has one of the roles."""
    if isinstance(value, tuple):
        names = value
    else:
        names = (value,) if isinstance(value, str) else ()
    return bool(names) and all(
        any(people.has(name, role) for role in roles) for name in names
    )


def _later(value: str, context: EvalContext) -> bool:
    """Return whether a date or instant is in the future; a value that is neither (in a
    file changed by hand) is not."""
    try:
        return (
            dates.moment_of(value, dates.zone(context.profile.timezone)) > context.now
        )
    except ValueError:
        return False


_OPTIONS = {"assignee": "-a WHO", "due": "--due WHEN", "customer": "-c CUSTOMER"}


def _field_words(name: str, check: FieldCheck, context: EvalContext) -> str:
    """Return why a check of a field does not pass, with the option that sets it."""
    word, values = check.word, either(check.values)
    option = _OPTIONS.get(name, f"--set {name}=...")
    match word:
        case "present":
            return f"{name} is not set ({option})"
        case "absent":
            return f"{name} is set"
        case "is":
            return f"{name} is not {values}"
        case "contains":
            return f"{name} does not contain {values}"
        case "in_future":
            return f"{name} is not in the future ({option})"
        case "changed":
            return f"{name} must be given in the same move ({option})"
        case "complete":
            return _open_items(name, context.ticket.get(name))
        case "has_role":
            return f"{name} does not have the role {values}"
        case _:
            assert_never(word)


def _open_items(name: str, value: Value | None) -> str:
    """Return which items of a checklist are open, with the options that close them."""
    items = value if isinstance(value, Mapping) else {}
    pending = [item for item, state in items.items() if state == "open"]
    names = ", ".join(f'"{item}"' for item in pending)
    verb = "item is" if len(pending) == 1 else "items are"
    options = " ".join(f"--set {name}.{item}=done" for item in pending)
    return f"{len(pending)} of {len(items)} {name} {verb} open: {names} ({options})"
