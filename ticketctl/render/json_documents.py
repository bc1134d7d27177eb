"""Answers as JSON documents: versioned (``schema``), stable, exact (docs/guide.md,
programs)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, assert_never

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
from ticketctl.core.conditions import (
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    Condition,
    FieldCondition,
    MessageCondition,
    NotCondition,
    RoleCondition,
    SeenCondition,
    StateCondition,
    StatusCondition,
    SubjectCondition,
    TextCondition,
    WhenCondition,
    WithinCondition,
)
from ticketctl.core.engine.moves import OpenMove, Step, automatic
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.escaping import escaped
from ticketctl.core.profile import Profile
from ticketctl.core.query import COLUMNS, Row
from ticketctl.core.ticket import Ticket, thaw
from ticketctl.errors import Finding

SCHEMA = "ticketctl/1"


def dump(**content: Any) -> str:
    """Return one document. Characters that hide text or change its order are escaped."""
    return escaped(
        json.dumps({"schema": SCHEMA, **content}, ensure_ascii=False, indent=2)
    )


def dump_line(content: Any) -> str:
    """Return one line of JSON Lines, escaped in the same way."""
    return escaped(json.dumps({"schema": SCHEMA, **content}, ensure_ascii=False))


def row(ticket_row: Row) -> dict[str, Any]:
    """Return a row of a list; what is not set is null."""
    names = [name for name in COLUMNS if name not in ("unanswered", "fields")]
    return {name: getattr(ticket_row, name) or None for name in names} | {
        "unanswered": ticket_row.unanswered,
        "fields": dict(ticket_row.fields),
    }


def ticket(shown_ticket: Ticket, state: str, next_due: str | None) -> dict[str, Any]:
    """A whole ticket with its history; ``without_effect`` names the events that have
    none, where there are any."""
    head = {
        name: thaw(getattr(shown_ticket, name))
        for name in (
            "id",
            "profile",
            "version",
            "title",
            "status",
            "customer",
            "assignee",
            "due",
            "follows",
            "watchers",
        )
    }
    head |= {
        "state": state,
        "created": shown_ticket.created,
        "updated": shown_ticket.updated,
        "next_due": next_due,
    }
    head["fields"] = {
        key: thaw(value) for key, value in sorted(shown_ticket.fields.items())
    }
    shown = shown_ticket.shown
    if idle := {
        entry.id: shown_ticket.idle[entry.id]
        for entry in shown
        if entry.id in shown_ticket.idle
    }:
        head["without_effect"] = idle
    return head | {"history": [entry.content() for entry in shown]}


def findings(items: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the findings of a check."""
    return [
        {
            "path": f.place.path,
            "line": f.place.line,
            "col": f.place.col,
            "code": f.code,
            "severity": f.severity,
            "message": f.message,
            "hint": f.hint,
        }
        for f in items
    ]


def broken(items: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the files that cannot be read."""
    return [
        {
            "path": f.place.path,
            "line": f.place.line,
            "col": f.place.col,
            "message": f.message,
        }
        for f in items
    ]


def refusal(refused: Refusal) -> dict[str, Any]:
    """Return a refusal with its reasons, and what is possible instead."""
    return {
        "id": refused.id,
        "from": refused.from_ or None,
        "to": refused.to,
        "role": refused.role,
        "reasons": list(refused.reasons),
        "criterion": refused.criterion or None,
        "cites": list(refused.cites),
        "open": open_moves(refused.open),
        "way": steps(refused.way),
    }


def open_moves(moves: Iterable[OpenMove]) -> list[dict[str, Any]]:
    """Return the moves that are open to somebody, with what each still needs."""
    return [
        {"to": move.to, "criterion": move.criterion or None, "needs": list(move.needs)}
        for move in moves
    ]


def steps(way: Iterable[Step]) -> list[dict[str, str]]:
    """Return the steps of a way to a status."""
    return [{"to": step.to, "how": step.how} for step in way]


def profile(p: Profile) -> dict[str, Any]:
    """Return a compiled profile, with every list expanded for programs."""
    return {
        "name": p.name,
        "title": p.title,
        "version": p.version,
        "source": p.source or None,
        "timezone": p.timezone,
        "roles": [
            {"name": r.name, "kind": r.kind, "field": r.field or None}
            for r in p.roles.values()
        ],
        "fields": [
            {
                "name": f.name,
                "type": f.type,
                "values": list(f.values),
                "default": thaw(f.default),
                "help": f.help,
                "edit": list(f.edit),
            }
            for f in p.fields.values()
        ],
        "statuses": [
            {
                "name": s.name,
                "state": s.state,
                "set_by": "system" if s.set_by_system else None,
                "description": s.description,
                "aliases": list(s.aliases),
                "needs": tests(s.preconditions),
                "keeps": tests(s.invariants),
                "warns": tests(s.warns),
                "cites": list(s.origin.cites),
            }
            for s in p.statuses.values()
        ],
        "transitions": [
            {
                "from": e.source,
                "to": e.target,
                "roles": list(e.roles),
                "on_behalf": list(e.on_behalf),
                "criterion": e.criterion or None,
                "needs": tests((*e.preconditions, *p.statuses[e.target].preconditions)),
                "warns": tests(e.warns),
                "sets": {k: thaw(v) for k, v in e.sets.items()},
                "source": e.origin.source or None,
                "assumed": e.origin.assumed or None,
                "cites": list(e.origin.cites),
            }
            for e in p.edges
        ],
        "triggers": [
            {
                "name": t.name,
                "on": [str(e) for e in t.on],
                "when": tests(t.when),
                "actions": actions(t.do),
                "cites": list(t.origin.cites),
            }
            for t in p.triggers
        ],
        "automations": [
            {
                "name": a.name,
                "in": list(a.within),
                "start": str(a.start) if a.start else None,
                "at": a.at or None,
                "lead": str(a.lead) if a.at else None,
                "after": str(a.after),
                "repeat": str(a.repeat) if a.repeat else None,
                "calendar": a.calendar or None,
                "criterion": a.criterion or None,
                "cancel_on": [str(e) for e in a.cancel_on],
                "resume_on": [str(e) for e in a.resume_on],
                "reset_on": [str(e) for e in a.reset_on],
                "when": tests(a.when),
                "actions": actions(a.do),
                "cites": list(a.origin.cites),
            }
            for a in p.automations
        ],
        "automatic": [
            {"from": s, "to": to, "how": how}
            for s in p.statuses
            for to, how in automatic(p, s)
        ],
        "calendars": [
            {
                "name": c.name,
                "timezone": c.timezone,
                "hours": [list(map(list, day)) for day in c.hours],
                "holidays": sorted(map(str, c.holidays)),
            }
            for c in p.calendars.values()
        ],
        "batches": [
            {
                "name": b.name,
                "from": b.source,
                "to": b.target,
                "set": {k: thaw(v) for k, v in b.sets.items()},
            }
            for b in p.batches.values()
        ],
        "categories": [
            {"name": c.name, "statuses": list(c.statuses), "ask": c.ask or None}
            for c in p.categories.values()
        ],
        "queue": {
            "when": tests(p.queue.when),
            "order": [n + (":desc" if d else "") for n, d in p.queue.order],
        },
        "messages": [
            {"name": m.name, "subject": m.subject, "body": m.body}
            for m in p.messages.values()
        ],
        "templates": [
            {"name": t.name, "help": t.help, "to": t.to or None}
            for t in p.templates.values()
        ],
    }


def tests(conditions: Iterable[Condition]) -> list[dict[str, str]]:
    """Return conditions as ``{test, text}``: the kind, and the whole in words."""
    return [
        {"test": condition.kind, "text": condition.say or words(condition)}
        for condition in conditions
    ]


def words(condition: Condition) -> str:
    """Return a condition in the notation of the language."""
    match condition:
        case FieldCondition():
            checks = (
                f"{check.word}: {_plain(check.values or True)}"
                for check in condition.checks
            )
            return f"field: {condition.name}, {', '.join(checks)}"
        case SeenCondition():
            since = f", since: {condition.since}" if condition.since else ""
            return f"seen: {condition.event}{since}"
        case WithinCondition():
            return f"within: {condition.period}, of: {condition.event}"
        case WhenCondition():
            premise = "; ".join(map(words, condition.conditions))
            consequence = "; ".join(map(words, condition.consequences))
            return f"when ({premise}) need ({consequence})"
        case NotCondition() | AnyOfCondition():
            inner = "; ".join(map(words, condition.conditions))
            return f"{condition.kind} ({inner})"
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
            return f"{condition.kind}: {_plain(condition.values)}"
        case _:
            assert_never(condition)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if len(value) == 1 else f"[{', '.join(map(str, value))}]"
    return "true" if value is True else str(value)


def actions(actions: Iterable[Action]) -> list[dict[str, Any]]:
    """Return actions with all their values."""
    return [_action(action) for action in actions]


def _action(action: Action) -> dict[str, Any]:
    match action:
        case MoveAction():
            more = {
                "text": action.text,
                "note": action.note,
                "set": {name: thaw(value) for name, value in action.sets.items()},
            }
            given = {key: value for key, value in more.items() if value}
            return {"move": action.status, **given}
        case SetAction():
            return {"set": {name: thaw(value) for name, value in action.sets.items()}}
        case NotifyAction():
            return {
                "notify": list(action.recipients),
                "message": action.message,
                "else": list(action.otherwise),
            }
        case NoteAction() | RefuseAction() | WarnAction():
            return {action.kind: action.text}
        case FollowUpAction():
            return {"follow_up": action.title}
        case _:
            assert_never(action)
