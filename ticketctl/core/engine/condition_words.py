"""Say in words what conditions ask, and why a move is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from ticketctl.core.actions import moves_among
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
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.profile import CREATED, Status, Transition


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


def only_rules_reason(context: EvalContext, target: Status) -> str:
    """Return why this actor may not set a status that only rules and integrations set,
    and who does (G2); empty if they may."""
    profile, to = context.profile, target.name
    if not target.set_by_system or profile.kind(context.by) in (
        "system",
        "integration",
    ):
        return ""
    roles = [
        role
        for edge in profile.edges
        if edge.target == to and edge.source != CREATED
        for role in edge.roles
    ]
    machines = [
        role
        for role in dict.fromkeys(roles)
        if profile.kind(role) in ("system", "integration")
    ]
    rules = [
        rule.name
        for rule in profile.rules
        if any(action.status == to for action in moves_among(rule.do))
    ]
    setters = [role for role in machines if role != profile.system] + [
        f"the rule {name}" for name in rules
    ]
    setter = either(setters) or "the creation of a ticket"
    return f"{to} is never set by hand: {setter} sets it"


def category_reason(context: EvalContext, target: Status) -> str:
    """Return why the ticket's category does not let a person choose a status (G15);
    empty if it does."""
    profile, to = context.profile, target.name
    if not profile.categories:
        return ""
    category = profile.categories.get(str(context.ticket.get("category")))
    by_rule = target.set_by_system or profile.kind(context.by) in (
        "system",
        "integration",
    )
    if category is None or to in category.statuses or by_rule:
        return ""
    names = [name for name, each in profile.categories.items() if to in each.statuses]
    advice = f"; {either(names)} does (--set category={names[0]})" if names else ""
    ask = f"; ask {category.ask}" if category.ask else ""
    return f'the category "{category.name}" does not allow {to}{advice}{ask}'


def no_transition_reason(context: EvalContext, to: str) -> str:
    """Return why no transition leads to a status, and where others lead."""
    profile, source = context.profile, context.ticket.status
    if reason := profile.excepts.get((source, to)):
        return reason
    targets = list(dict.fromkeys(edge.target for edge in profile.leaving(source)))
    if not targets:
        return f"{source} is final: a ticket never leaves it"
    return f"from {source} you can go to {either(targets)}, not to {to}"


def role_reason(context: EvalContext, edges: Iterable[Transition]) -> str:
    """Return why none of some transitions is open to this actor, and to whom they
    are."""
    edges = list(edges)
    source, target = edges[0].source, edges[0].target
    roles = list(dict.fromkeys(role for edge in edges for role in edge.roles))
    move = (
        f"create a ticket as {target}"
        if source == CREATED
        else f"move {source} -> {target}"
    )
    # No person is the system.
    persons = [role for role in roles if role != context.profile.system]
    only = f"only {either(persons or roles)} may {move}"
    if context.by != context.role:
        return f"{only}, and nobody may do so for the {context.role}"
    if any(context.by in edge.on_behalf for edge in edges):
        return f"{only}; you can record what the customer decided (--for CUSTOMER)"
    return f"{only}, not {context.by}"
