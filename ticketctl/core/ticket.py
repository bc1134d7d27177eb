"""A ticket is the fold of its events: the entries of its history, the head that replaying them gives, their ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Value = str | int | bool | tuple[str, ...] | Mapping[str, str]
"""What a field holds. A checklist is a mapping from item to ``open`` or ``done``; users are a tuple."""

OPTIONAL_HEAD = ("customer", "assignee", "due", "follows", "watchers")
HEAD = ("id", "profile", "title", "status", *OPTIONAL_HEAD, "fields")
SETTABLE = ("title", *OPTIONAL_HEAD)
"""Head keys that a request may set, under their own names; all other names are the profile's fields."""

EVENTS = (
    "created", "moved", "edited", "noted", "replied", "notified", "reminded", "linked", "adopted", "imported",
    "migrated",
)  # fmt: skip
LINK = "follow_up"
"""The one name in ``set`` that the head does not show: the ticket in which a ``linked`` one goes on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a history; the keys and their order are those of the file (docs/ticket-file.md).

    ``for_`` and ``from_`` stand for the keys ``for`` and ``from``, ``sets`` and ``unset`` hold flat names
    (``assignee``, ``fields.product``). ``rule``, ``anchor``, ``nth`` and ``due`` mark what automation did: a rule
    that fires by time has ``due`` (rule 6 of the sweep: (rule, anchor, nth) is done once).
    """

    at: str
    by: str
    role: str
    event: str
    id: str = ""
    for_: str | None = None
    via: str | None = None
    from_: str | None = None
    to: str | None = None
    rule: str | None = None
    anchor: str | None = None
    nth: int | None = None
    due: str | None = None
    message: str | None = None
    told: tuple[str, ...] = ()
    sets: Mapping[str, Value] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    text: str | None = None
    note: str | None = None
    files: tuple[str, ...] = ()
    mail_id: str | None = None
    quiet: bool = False
    after: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int] | None:
        """(rule, anchor, occurrence) of an entry that an automation made, else nothing."""
        if self.due is None or self.rule is None or self.anchor is None:
            return None
        return (self.rule, self.anchor, self.nth or 1)

    def content(self) -> dict[str, Any]:
        """The entry as the file holds it, keys in their order, without those that have no value."""
        found: dict[str, Any] = {}
        for key, name in _KEYS:
            value = getattr(self, name)
            if value is None or value is False or value == () or value == {}:
                continue
            if isinstance(value, Mapping):
                value = {k: list(v) if isinstance(v, tuple) else v for k, v in value.items() if v not in ((), {})}
            found[key] = list(value) if isinstance(value, tuple) else value
        return found | dict(self.extra)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Entry:
        """The reverse of :meth:`content`; keys that are not known are kept in ``extra``."""
        named: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in content.items():
            name = _NAMES.get(key)
            if name is None:
                extra[key] = value
            elif name == "sets":
                named[name] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
            else:
                named[name] = tuple(value) if isinstance(value, list) else value
        return cls(**named, extra=extra)


_KEYS = tuple(
    (key, {"for": "for_", "from": "from_", "set": "sets"}.get(key, key))
    for key in (
        "id", "at", "by", "role", "for", "via", "event", "from", "to", "rule", "anchor", "nth", "due", "message",
        "told", "set", "unset", "text", "note", "files", "mail_id", "quiet", "after",
    )
)  # fmt: skip
_NAMES = dict(_KEYS)
ENTRY_KEYS = tuple(_NAMES)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What replaying a history gives; ``due`` is a date or an instant in the form of the file."""

    id: str
    profile: str
    title: str
    status: str
    version: int = 1
    customer: str | None = None
    assignee: str | None = None
    due: str | None = None
    follows: str | None = None
    watchers: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    history: tuple[Entry, ...] = ()

    def get(self, name: str) -> Value | None:
        """The value of a head key, a field, or one item of a checklist (``checklist.verify-restore``)."""
        if name in HEAD and name != "fields":
            found: Value | None = getattr(self, name)
            return None if found == () else found
        name, _, item = name.removeprefix("fields.").partition(".")
        value = self.fields.get(name)
        if not item:
            return value
        return value.get(item) if isinstance(value, Mapping) else None

    @property
    def created(self) -> str:
        """The instant of the first entry."""
        return self.history[0].at

    @property
    def updated(self) -> str:
        """The latest instant in the history."""
        return max(entry.at for entry in self.history)

    def head(self) -> dict[str, Any]:
        """What stands above ``history`` in the file, keys in their order."""
        found: dict[str, Any] = {}
        for key in HEAD:
            value = getattr(self, key)
            if key == "fields":
                value = {k: thaw(v) for k, v in sorted(value.items())}
            if value is not None and value != () and value != {}:
                found[key] = thaw(value)
        return found


def thaw(value: Any) -> Any:
    """A value as plain lists and dicts (checklist items sorted), for files and JSON."""
    if isinstance(value, tuple):
        return list(value)
    return dict(sorted(value.items())) if isinstance(value, Mapping) else value


def flat(name: str) -> str:
    """The name of a head key or field as ``set`` in an entry has it."""
    return name if name in SETTABLE or name.startswith("fields.") else f"fields.{name}"


def apply(ticket: Ticket | None, entry: Entry) -> Ticket:
    """One step of the fold: the ticket after one more entry.

    Raises:
        ValueError: the first entry does not say which ticket of which profile it begins.
    """
    if ticket is None:
        missing = [name for name in ("ticket", "profile", "title") if name not in entry.sets]
        if missing or entry.to is None:
            raise ValueError(f"the first entry does not set {', '.join(missing or ['to'])}")
        ticket = Ticket(str(entry.sets["ticket"]), str(entry.sets["profile"]), str(entry.sets["title"]), entry.to)
    head: dict[str, Any] = {}
    fields = dict(ticket.fields)
    for name in entry.unset:
        _clear(name, head, fields)
    for name, value in entry.sets.items():
        _put(name, value, head, fields)
    if entry.to is not None:
        head["status"] = entry.to
    return replace(ticket, fields=fields, history=(*ticket.history, entry), **head)


def _put(name: str, value: Value, head: dict[str, Any], fields: dict[str, Value]) -> None:
    if name.startswith("fields."):
        name, _, item = name.removeprefix("fields.").partition(".")
        old = fields.get(name)
        fields[name] = {**(old if isinstance(old, Mapping) else {}), item: str(value)} if item else value
        if value in ((), {}):
            del fields[name]
    elif name in SETTABLE or name in ("version", "profile"):
        head[name] = value


def _clear(name: str, head: dict[str, Any], fields: dict[str, Value]) -> None:
    if name.startswith("fields."):
        name, _, item = name.removeprefix("fields.").partition(".")
        old = fields.pop(name, None)
        if item and isinstance(old, Mapping) and (rest := {k: v for k, v in old.items() if k != item}):
            fields[name] = rest
    elif name in OPTIONAL_HEAD:
        head[name] = () if name == "watchers" else None


def fold(history: Iterable[Entry]) -> Ticket:
    """The ticket that a history tells. Of entries with one key (twins, rule 9) only the first has an effect.

    Raises:
        ValueError: the history is empty or does not begin with a ticket's creation.
    """
    ticket: Ticket | None = None
    done: set[tuple[str, str, int]] = set()
    for entry in history:
        if (key := entry.key) is not None:
            if key in done and ticket is not None:
                ticket = replace(ticket, history=(*ticket.history, entry))
                continue
            done.add(key)
        ticket = apply(ticket, entry)
    if ticket is None:
        raise ValueError("the history is empty")
    return ticket


def event_id(content: Mapping[str, Any], predecessors: Iterable[str]) -> str:
    """The id of an entry: ``e`` and 12 hex digits over its content and the ids of all heads its author saw."""
    kept = {key: value for key, value in content.items() if key not in ("id", "after")}
    text = json.dumps([kept, sorted(predecessors)], sort_keys=True, separators=(",", ":"))
    return "e" + hashlib.sha256(text.encode()).hexdigest()[:12]


def predecessors(history: Sequence[Entry], position: int) -> tuple[str, ...]:
    """The entries on which the one at ``position`` was built: those of ``after``, else the one above it."""
    if history[position].after:
        return history[position].after
    return (history[position - 1].id,) if position else ()


def heads(history: Sequence[Entry]) -> tuple[str, ...]:
    """The ids that no entry names as a predecessor: one, unless concurrent changes were merged."""
    named = {name for position in range(len(history)) for name in predecessors(history, position)}
    return tuple(sorted(entry.id for entry in history if entry.id not in named))


def seal(history: Sequence[Entry], entry: Entry) -> Entry:
    """The entry with its id, as the next one of ``history`` (``after`` only where the heads are not just the last)."""
    seen = heads(history)
    linear = seen == ((history[-1].id,) if history else ())
    return replace(entry, id=event_id(entry.content(), seen), after=() if linear else seen)


def order(entries: Sequence[Entry], before: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The one order in which a set of entries is written (docs/ticket-file.md), ``before`` giving predecessors.

    The root comes first; then always the earliest (``at``, ``id``) among those whose predecessors are all written,
    taken from the successors of the entry just written, else of the one before it, and so back.
    """
    waiting = {entry.id: entry for entry in entries}
    written: list[Entry] = []
    done: set[str] = set()
    while waiting:
        ready = [e for e in waiting.values() if all(name in done for name in before[e.id])]
        if not ready:
            return written + sorted(waiting.values(), key=lambda e: (e.at, e.id))
        groups = ([e for e in ready if last.id in before[e.id]] for last in reversed(written))
        chosen = min(next((group for group in groups if group), ready), key=lambda e: (e.at, e.id))
        written.append(waiting.pop(chosen.id))
        done.add(chosen.id)
    return written
