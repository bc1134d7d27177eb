"""A ticket with its history, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ticketctl.core.entry import Entry
from ticketctl.core.escaping import safe
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.render.entries import (
    actor_in_words,
    answer_line,
    event_line,
    value_in_words,
)
from ticketctl.render.format import Formatter, tied
from ticketctl.render.next import rule_in_words

if TYPE_CHECKING:
    from ticketctl.core.engine.timers import NextRule

_WITHOUT_EFFECT = {
    "twin": "   (no effect: another clone did the same)",
    "same email": "   (no effect: another clone received the same email)",
    "void": "   (no effect: someone acted in the meantime)",
}


def ticket_lines(
    formatter: Formatter,
    ticket: Ticket,
    profile: Profile,
    upcoming: NextRule | None,
) -> Iterator[str]:
    """Yield the lines of one ticket with its history."""
    paint, state = formatter.paint, profile.state(ticket.status)
    head = f"{paint(ticket.id, 'bold')}  {paint(ticket.title, 'bold')}"
    yield from formatter.wrap(head, " " * (len(ticket.id) + 2), first="")
    parts = [f"{paint.state(ticket.status, state)} ({state})", ticket.profile]
    for key in ("customer", "assignee", "due", "follows", "watchers"):
        if (value := ticket.get(key)) is not None:
            words = (
                formatter.time(str(value))
                if key == "due"
                else value_in_words(formatter, value)
            )
            parts.append(f"{key} {words}")
    yield from formatter.wrap("   ".join(map(tied, parts)), "  ", first="")
    for name, value in sorted(ticket.fields.items()):
        words = value_in_words(formatter, value)
        yield from formatter.wrap(f"{safe(name)}: {words}", "  ", first="")
    if upcoming is not None:
        words = rule_in_words(formatter, upcoming)
        if not upcoming.future:
            rule = upcoming.rule
            words += f"   ({', '.join([rule.name, *rule.origin.cites])})"
        yield from formatter.wrap(words, "  ", first="")
        for reason in upcoming.unreachable:
            yield from formatter.wrap(safe(reason), "  ", first="")
    yield ""
    yield from log_lines(formatter, ticket)


def log_lines(formatter: Formatter, ticket: Ticket) -> Iterator[str]:
    """Yield the history, oldest first. What rules did in answer to an event, in the same
    instant, is told in its line."""
    for entry, answers in _acts(ticket.shown):
        time = formatter.time(entry.at)
        words = _act_in_words(formatter, ticket, entry, answers)
        yield from formatter.wrap(
            f"{actor_in_words(formatter, entry)}   {words}",
            " " * (len(time) + 2),
            first=f"{formatter.paint(time, 'dim')}  ",
        )
        for part in (entry, *answers):
            if not _is_repeated(ticket, part):
                yield from _texts(formatter, ticket, part)


def _act_in_words(
    formatter: Formatter, ticket: Ticket, entry: Entry, answers: Sequence[Entry]
) -> str:
    """Return an event, what rules did in answer to it, and who was notified."""
    parts = [
        event_line(formatter, entry),
        *(answer_line(formatter, answer) for answer in answers),
    ]
    recipients = dict.fromkeys(
        address
        for answer in answers
        if answer.event == "notified"
        for address in answer.recipients
    )
    if recipients:
        parts.append(f"notified {', '.join(map(formatter.who, recipients))}")
    why = "same email" if _is_repeated(ticket, entry) else ticket.idle.get(entry.id, "")
    return "; ".join(filter(None, parts)) + _WITHOUT_EFFECT.get(why, "")


def _texts(formatter: Formatter, ticket: Ticket, entry: Entry) -> Iterator[str]:
    """Yield the message and the note of an event, and the paths of its attachments."""
    for text, mark in ((entry.text, "    "), (entry.note, "  # ")):
        for line in (text or "").rstrip("\n").split("\n") if text else ():
            words = safe(line).lstrip(" ")
            indent = mark + " " * (len(safe(line)) - len(words))
            yield from formatter.wrap(words, indent) if words else [mark.rstrip()]
    for name in entry.files:
        path = f"attachments/{ticket.id}/{entry.id}-{safe(name)}"
        yield from formatter.wrap(f"attached: {path}", " " * 6, first=" " * 4)


def _is_repeated(ticket: Ticket, entry: Entry) -> bool:
    """Return whether an event is of an email that another clone had added, too."""
    return entry.id in ticket.twins and entry.id in ticket.idle


def _acts(history: Sequence[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """Return the events, each with those that rules made of it in the same instant."""
    acts: list[tuple[Entry, list[Entry]]] = []
    ids: set[str] = set()
    for entry in history:
        if (
            acts
            and entry.at == acts[-1][0].at
            and entry.rule
            and entry.due is None
            and entry.anchor in ids
        ):
            acts[-1][1].append(entry)
        else:
            acts.append((entry, []))
            ids = set()
        ids.add(entry.id)
    return acts
