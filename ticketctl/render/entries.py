"""Events of a ticket in words: what each of them changed, who did it, and how."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ticketctl.core.engine.events import is_import
from ticketctl.core.entry import Entry, Value
from ticketctl.core.escaping import safe
from ticketctl.core.ticket import unflat
from ticketctl.render.format import Formatter

_SHOWN_ELSEWHERE = ("ticket", "profile", "version", "title")
"""What the first event sets and each screen shows at its top."""
_NOTIFYING = {"notified": "notified", "reminded": "reminded"}
_WORDS = {"replied": "replied", "noted": "note", "edited": "", "linked": "linked"}


def event_summary(formatter: Formatter, entry: Entry) -> str:
    """Return an event in few words: ``changed to Solved``, ``reply added``, ``due
    2026-12-01``."""
    if entry.to is not None:
        to = safe(entry.to)
        return f"changed to {to}" if entry.from_ else f"{safe(entry.event)} as {to}"
    if entry.event in _NOTIFYING:
        recipients = _people(formatter, entry.recipients)
        return f"{_NOTIFYING[entry.event]} {recipients} ({safe(entry.message or '')})"
    texts = (("reply added", entry.text), ("note added", entry.note))
    parts = [words for words, text in texts if text]
    if changes := changes_in_words(formatter, entry):
        parts.insert(0, changes)
    return ", ".join(parts) or safe(entry.event)


def event_line(formatter: Formatter, entry: Entry) -> str:
    """Return an event as the history tells it: ``Open -> Solved   due cleared``."""
    is_first = entry.to is not None and entry.from_ is None
    if is_first:
        words = f"{safe(entry.event)} as {safe(entry.to or '')}"
    elif is_import(entry):
        words = "imported; earlier notifications are not sent"
    elif entry.to is not None:
        words = f"{safe(entry.from_ or '')} -> {safe(entry.to)}"
    elif entry.event in _NOTIFYING:
        words = f"{_NOTIFYING[entry.event]} {_people(formatter, entry.recipients)}"
    else:
        words = _WORDS.get(entry.event, safe(entry.event))
    hidden: tuple[str, ...] = _SHOWN_ELSEWHERE if is_first else ()
    if is_first and entry.sets.get("customer") == entry.by:
        hidden = (*hidden, "customer")
    if changes := changes_in_words(formatter, entry, hidden):
        words = f"{words}   {changes}".strip()
    if entry.due and entry.due != entry.at:
        words += f"   (due {formatter.time(entry.due)})"
    return words + ("   (no notifications)" if entry.quiet else "")


def answer_line(formatter: Formatter, entry: Entry) -> str:
    """Return what a rule did in answer to an event: ``Pending -> Open by rule
    customer-replied``; nothing for notifications, whose recipients come last."""
    if entry.event in _NOTIFYING:
        return ""
    words = event_line(formatter, entry)
    return f"{words} by rule {safe(entry.rule or '')}" if words else ""


def actor_in_words(formatter: Formatter, entry: Entry) -> str:
    """Return who caused an event: ``amy (agent, by phone) for jane``, ``rule close``."""
    if entry.rule:
        return f"rule {safe(entry.rule)}"
    via = f", by {safe(entry.via)}" if entry.via else ""
    customer = f" for {formatter.who(entry.for_)}" if entry.for_ else ""
    return f"{formatter.who(entry.by)} ({safe(entry.role)}{via}){customer}"


def changes_in_words(
    formatter: Formatter, entry: Entry, hidden: Collection[str] = ()
) -> str:
    """Return what an event sets and clears: ``assignee amy@support.example, due
    cleared``.

    Args:
        hidden: names of fields that are left out.
    """
    parts = [
        f"{_bare(name)} {value_in_words(formatter, value)}"
        for name, value in entry.sets.items()
        if name not in hidden
    ]
    return ", ".join(parts + [f"{_bare(name)} cleared" for name in entry.unset])


def value_in_words(formatter: Formatter, value: Value) -> str:
    """Return a value of a field: an instant in the user's zone, a checklist with its
    items."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(safe, value))
    if isinstance(value, str | int):
        return safe(formatter.shown(str(value)))
    done = sum(state == "done" for state in value.values())
    items = ", ".join(
        f"[{'x' if state == 'done' else ' '}] {safe(item)}"
        for item, state in value.items()
    )
    return f"{done} of {len(value)} done: {items}"


def _bare(name: str) -> str:
    return safe(unflat(name))


def _people(formatter: Formatter, addresses: Iterable[str]) -> str:
    return ", ".join(map(formatter.who, addresses)) or "no one"
