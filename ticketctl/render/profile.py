"""A profile as people read it: statuses with their moves, rules, messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

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
from ticketctl.core.profile import Automation, Profile, Transition, Trigger
from ticketctl.render.color import Colors
from ticketctl.render.json_documents import words


def describe(profile: Profile, paint: Colors) -> Iterator[str]:
    """The whole profile."""
    source = f", from {profile.source}" if profile.source else ""
    rules = f"version {profile.version}{source}; days are those of {profile.timezone}"
    yield f"{paint(profile.name, 'bold')}  {profile.title}, {rules}"
    yield "roles: " + ", ".join(
        f"{role.name} ({role.kind})" for role in profile.roles.values()
    )
    if profile.fields:
        yield "fields: " + ", ".join(
            f"{f.name} ({'|'.join(f.values) or f.type})"
            for f in profile.fields.values()
        )
    for status in profile.statuses.values():
        yield ""
        only = ", set by rules alone" if status.set_by_system else ""
        yield f"{paint.state(status.name, status.state)} ({status.state}{only}){_cites(status.origin.cites)}"
        if status.description:
            yield f"    {_flat(status.description)}"
        for mark, tests in (
            ("needs", status.preconditions),
            ("keeps", status.invariants),
            ("warns", status.warns),
        ):
            yield from (f"    {mark}: {test.say or words(test)}" for test in tests)
        for edge in profile.leaving(status.name):
            yield from _edge(edge)
    yield from _rules(profile, paint)
    for message in profile.messages.values():
        yield ""
        yield f"{paint('message', 'bold')} {message.name}{_cites(message.origin.cites)}: {message.subject}"
        yield from (f"    {line}".rstrip() for line in message.body.split("\n"))


def _flat(text: str) -> str:
    """A text of several lines as one."""
    return text.strip("\n").replace("\n", " ")


def _cites(cites: tuple[str, ...]) -> str:
    return f" [{', '.join(cites)}]" if cites else ""


def _edge(edge: Transition) -> Iterator[str]:
    behalf = f"; {', '.join(edge.on_behalf)} for them" if edge.on_behalf else ""
    assumed = " (assumed)" if edge.origin.assumed else ""
    yield f"  -> {edge.target}  by {', '.join(edge.roles)}{behalf}{assumed}{_cites(edge.origin.cites)}"
    if edge.criterion:
        yield f'       "{_flat(edge.criterion)}"'
    yield from (
        f"       needs: {test.say or words(test)}" for test in edge.preconditions
    )
    if edge.sets:
        yield "       sets: " + ", ".join(
            f"{k} {'cleared' if v is None else v}" for k, v in edge.sets.items()
        )


def _rules(profile: Profile, paint: Colors) -> Iterator[str]:
    for trigger in profile.triggers:
        yield ""
        yield f"{paint('trigger', 'bold')} {trigger.name}{_cites(trigger.origin.cites)}: on {', '.join(map(str, trigger.on))}"
        yield from _body(trigger)
    for rule in profile.automations:
        yield ""
        clock = (
            f"{rule.lead} before {rule.at}"
            if rule.at
            else f"{rule.after} after {rule.start}"
        )
        again = f", every {rule.repeat} again" if rule.repeat else ""
        head = f"{paint('automation', 'bold')} {rule.name}{_cites(rule.origin.cites)}"
        working = f", in working time ({rule.calendar})" if rule.calendar else ""
        yield f"{head}: in {', '.join(rule.within)}, {clock}{again}{working}"
        if rule.criterion:
            yield f"    {_flat(rule.criterion)}"
        for mark, events in (
            ("stopped", rule.cancel_on),
            ("resumed", rule.resume_on),
            ("reset", rule.reset_on),
        ):
            if events:
                yield f"    {mark} by {', '.join(map(str, events))}"
        yield from _body(rule)


def _body(rule: Trigger | Automation) -> Iterator[str]:
    if rule.when:
        yield "    when " + " and ".join(map(words, rule.when))
    yield from (f"    {_action(action)}" for action in rule.do)


def _action(action: Action) -> str:
    match action:
        case NotifyAction():
            otherwise = (
                f", else {', '.join(action.otherwise)}" if action.otherwise else ""
            )
            return f"tell {', '.join(action.recipients)}{otherwise}: {action.message}"
        case MoveAction():
            return f"move to {action.status}"
        case SetAction():
            return "set " + ", ".join(
                f"{k} {'cleared' if v is None else v}" for k, v in action.sets.items()
            )
        case NoteAction() | RefuseAction() | WarnAction():
            return f"{action.kind}: {action.text}"
        case FollowUpAction():
            return f"follow up: {action.title}"
        case _:
            assert_never(action)
