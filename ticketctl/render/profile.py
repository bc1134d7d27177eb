"""A profile as people read it: statuses with their moves, rules, messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never

from ticketctl.core.actions import (
    Action,
    FollowUpAction,
    MoveAction,
    NoteAction,
    NotifyAction,
    RefuseAction,
    SetAction,
    WarnAction,
)
from ticketctl.core.entry import Value
from ticketctl.core.profile import (
    Automation,
    Origin,
    Profile,
    Status,
    Transition,
    Trigger,
)
from ticketctl.render.color import Colors
from ticketctl.render.format import listed, wrapped
from ticketctl.render.json_documents import words


def profile_lines(profile: Profile, paint: Colors, across: int) -> Iterator[str]:
    """Yield a whole profile in lines for people.

    Args:
        across: how many columns a line may have.
    """
    for part in _parts(profile, paint):
        first = " " * part.indent
        indent = first if part.is_prose else f"{first}  "
        yield from wrapped(part.text, indent, across, first) if part.text else [""]


class _Part(NamedTuple):
    """A part of a profile in words; an empty text stands between sections.

    Args:
        indent: how many columns it is indented.
        is_prose: whether the lines after the first are not indented more.
    """

    indent: int
    text: str
    is_prose: bool = False


_BLANK = _Part(0, "")


def _parts(profile: Profile, paint: Colors) -> Iterator[_Part]:
    source = f", from {profile.source}" if profile.source else ""
    rules = f"version {profile.version}{source}; days are those of {profile.timezone}"
    yield _Part(0, f"{paint(profile.name, 'bold')}  {profile.title}, {rules}")
    roles = (f"{role.name} ({role.kind})" for role in profile.roles.values())
    yield _Part(0, f"roles: {listed(roles)}")
    if profile.fields:
        fields = (
            f"{field.name} ({'|'.join(field.values) or field.type})"
            for field in profile.fields.values()
        )
        yield _Part(0, f"fields: {', '.join(fields)}")
    for status in profile.statuses.values():
        yield _BLANK
        yield from _status(profile, status, paint)
    for trigger in profile.triggers:
        yield _BLANK
        head = f"{paint('trigger', 'bold')} {trigger.name}{_cites(trigger.origin)}"
        yield _Part(0, f"{head}: on {listed(map(str, trigger.on))}")
        yield from _body(trigger)
    for rule in profile.automations:
        yield _BLANK
        yield from _automation(rule, paint)
    for message in profile.messages.values():
        yield _BLANK
        head = f"{paint('message', 'bold')} {message.name}{_cites(message.origin)}"
        yield _Part(0, f"{head}: {message.subject}")
        for line in message.body.rstrip("\n").split("\n"):
            yield _Part(4, line.rstrip(), is_prose=True)


def _flat(text: str) -> str:
    """Return a text of several lines as one."""
    return text.strip("\n").replace("\n", " ")


def _cites(origin: Origin) -> str:
    return f" [{', '.join(origin.cites)}]" if origin.cites else ""


def _status(profile: Profile, status: Status, paint: Colors) -> Iterator[_Part]:
    only = ", set by rules alone" if status.set_by_system else ""
    name = paint.state(status.name, status.state)
    yield _Part(0, f"{name} ({status.state}{only}){_cites(status.origin)}")
    if status.description:
        yield _Part(4, _flat(status.description), is_prose=True)
    for word, conditions in (
        ("needs", status.preconditions),
        ("keeps", status.invariants),
        ("warns", status.warns),
    ):
        for condition in conditions:
            yield _Part(4, f"{word}: {condition.say or words(condition)}")
    for edge in profile.leaving(status.name):
        yield from _edge(edge)


def _edge(edge: Transition) -> Iterator[_Part]:
    behalf = f"; {', '.join(edge.on_behalf)} for them" if edge.on_behalf else ""
    assumed = " (assumed)" if edge.origin.assumed else ""
    roles = ", ".join(edge.roles)
    head = f"-> {edge.target}  by {roles}{behalf}{assumed}"
    yield _Part(2, f"{head}{_cites(edge.origin)}")
    if edge.criterion:
        yield _Part(7, f'"{_flat(edge.criterion)}"', is_prose=True)
    for condition in edge.preconditions:
        yield _Part(7, f"needs: {condition.say or words(condition)}")
    if edge.sets:
        yield _Part(7, f"sets: {_sets(edge.sets)}")


def _sets(sets: Mapping[str, Value | None]) -> str:
    return ", ".join(
        f"{name} {'cleared' if value is None else value}"
        for name, value in sets.items()
    )


def _automation(rule: Automation, paint: Colors) -> Iterator[_Part]:
    when = (
        f"{rule.lead} before {rule.at}"
        if rule.at
        else f"{rule.after} after {rule.start}"
    )
    again = f", every {rule.repeat} again" if rule.repeat else ""
    working = f", in working time ({rule.calendar})" if rule.calendar else ""
    head = f"{paint('automation', 'bold')} {rule.name}{_cites(rule.origin)}"
    yield _Part(0, f"{head}: in {listed(rule.within)}, {when}{again}{working}")
    if rule.criterion:
        yield _Part(4, _flat(rule.criterion), is_prose=True)
    for word, events in (
        ("stopped", rule.cancel_on),
        ("resumed", rule.resume_on),
        ("reset", rule.reset_on),
    ):
        if events:
            yield _Part(4, f"{word} by {listed(map(str, events))}")
    yield from _body(rule)


def _body(rule: Trigger | Automation) -> Iterator[_Part]:
    if rule.when:
        yield _Part(4, f"when {' and '.join(map(words, rule.when))}")
    for action in rule.do:
        yield _Part(4, _action(action))


def _action(action: Action) -> str:
    match action:
        case NotifyAction():
            otherwise = (
                f", else {', '.join(action.otherwise)}" if action.otherwise else ""
            )
            recipients = ", ".join(action.recipients)
            return f"notify {recipients}{otherwise}: {action.message}"
        case MoveAction():
            return f"move to {action.status}"
        case SetAction():
            return f"set {_sets(action.sets)}"
        case NoteAction() | RefuseAction() | WarnAction():
            return f"{action.kind}: {action.text}"
        case FollowUpAction():
            return f"follow up: {action.title}"
        case _:
            assert_never(action)
