"""A ticket, as replaying the entries of its history gives it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ticketctl.core.entry import HIDDEN, Entry, Value
from ticketctl.core.history_graph import without_effect
from ticketctl.record import EMPTY, Record, replace, replace_unchecked

OPTIONAL_HEAD = ("customer", "assignee", "due", "follows", "watchers")
HEAD = ("id", "profile", "title", "status", *OPTIONAL_HEAD, "fields")
SETTABLE = ("title", *OPTIONAL_HEAD)
"""The head keys that a request may set, under their own names; all other names are
fields of the profile."""

FIELDS = "fields."
"""What the name of a field begins with in ``set`` of an entry."""
LINK = "follow_up"
"""The one name in ``set`` that the head does not show: the ticket that follows up a
``linked`` one."""


class Ticket(Record):
    """A ticket: its head, and the history that the head follows from.

    Args:
        due: a date or an instant, in the form of the file.
        fields: the fields of the profile, without the prefix ``fields.``.
        idle: the ids of the entries without effect, each with the reason.
        twins: the ids of the entries that another clone made of the same email as
            another, each with the id of that one
            (:func:`ticketctl.core.history_graph.without_effect`).
    """

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
    fields: Mapping[str, Value] = EMPTY
    history: tuple[Entry, ...] = ()
    idle: Mapping[str, str] = EMPTY
    twins: Mapping[str, str] = EMPTY

    @property
    def acts(self) -> tuple[Entry, ...]:
        """The entries that have effect: the history without twins and void moves."""
        return (
            tuple(entry for entry in self.history if entry.id not in self.idle)
            if self.idle
            else self.history
        )

    @property
    def customers(self) -> tuple[str, ...]:
        """Everybody who may act and read as its customer: customer and watchers."""
        return (*((self.customer,) if self.customer else ()), *self.watchers)

    def get(self, name: str) -> Value | None:
        """Return the value of a head key, a field, or one item of a checklist
        (``checklist.verify-restore``); ``None`` if it is not set."""
        if name in HEAD and name != "fields":
            head: Value | None = getattr(self, name)
            return None if head == () else head
        name, _, item = unflat(name).partition(".")
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
        return max([entry.at for entry in self.history if entry.event != HIDDEN])

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The entries that the reader may see, without the ids of those that they may
        not."""
        hidden = {entry.id for entry in self.history if entry.event == HIDDEN}
        if not hidden:
            return self.history
        return tuple(
            _unnamed(entry, hidden) for entry in self.history if entry.id not in hidden
        )

    def head(self) -> dict[str, Any]:
        """Return what is above ``history`` in the file, keys in their order."""
        head: dict[str, Any] = {}
        values = self.__dict__
        for key in HEAD:
            value = values.get(key)
            if value or value in ("", 0):
                head[key] = value if isinstance(value, str) else thaw(value)
        return head


def _unnamed(entry: Entry, hidden: Container[str]) -> Entry:
    """Return an entry without the ids of some others, in ``anchor`` and ``after``."""
    anchor = None if entry.anchor in hidden else entry.anchor
    after = tuple(name for name in entry.after if name not in hidden)
    if (anchor, after) == (entry.anchor, entry.after):
        return entry
    return replace(entry, anchor=anchor, after=after)


def thaw(value: Any) -> Any:
    """Return a value as plain lists and dicts (fields and checklist items sorted), for
    files and JSON."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: thaw(member) for key, member in sorted(value.items())}
    return value


def flat(name: str) -> str:
    """Return the name of a head key or field as it is in ``set`` of an entry."""
    return name if name in SETTABLE or name.startswith(FIELDS) else FIELDS + name


def unflat(name: str) -> str:
    """Return the name of a head key, field or item from that in ``set`` of an entry."""
    return name.removeprefix(FIELDS)


def flat_field(name: str) -> str:
    """Return the head key or field that a name in ``set`` of an entry is about.

    ``fields.checklist.verify-restore`` is about ``checklist``.
    """
    return name.removeprefix(FIELDS).partition(".")[0]


def apply(ticket: Ticket | None, entry: Entry) -> Ticket:
    """Return the ticket after one more entry.

    Raises:
        ValueError: the first entry does not set the id, the profile or the title.
    """
    if ticket is None:
        return fold([entry])
    head: dict[str, Any] = {}
    fields = dict(ticket.fields)
    _step(entry, head, fields)
    return replace(ticket, fields=fields, history=(*ticket.history, entry), **head)


def changed(
    ticket: Ticket, sets: Mapping[str, Value], unset: Iterable[str] = (), **head: Any
) -> Ticket:
    """Return the ticket with something set or cleared, its history as it was.

    Args:
        sets, unset: flat names, as an entry has them.
        head: other head keys with their new values.
    """
    if sets or unset:
        head["fields"] = fields = dict(ticket.fields)
        _set(sets, unset, head, fields)
    return replace_unchecked(ticket, head)


def _begin(entry: Entry) -> tuple[dict[str, Any], dict[str, Value]]:
    """Return the head and the fields of a ticket after its first entry.

    Raises:
        ValueError: as :func:`apply`.
    """
    sets = entry.sets
    if entry.to is None or not (
        "ticket" in sets and "profile" in sets and "title" in sets
    ):
        missing = [name for name in ("ticket", "profile", "title") if name not in sets]
        raise ValueError(f"the first entry does not set {', '.join(missing or ['to'])}")
    head: dict[str, Any] = {}
    fields: dict[str, Value] = {}
    _step(entry, head, fields)
    head.update(
        id=str(sets["ticket"]), profile=str(sets["profile"]), title=str(sets["title"])
    )
    return head, fields


def stages(
    history: Sequence[Entry],
) -> Iterator[tuple[int, Ticket | None, tuple[str, int]]]:
    """Yield each move of a history in which every entry has effect.

    Yields:
        Its position in the history, the ticket before it, and (profile, version) of the
        rules after it.

    Raises:
        ValueError: as :func:`apply`.
    """
    head, fields = _begin(history[0])
    yield 0, None, (head["profile"], head.get("version", 1))
    for position, entry in enumerate(history):
        if position == 0:
            continue
        if entry.to is None:
            _step(entry, head, fields)
            continue
        before = replace_unchecked(
            _NONE, {**head, "fields": dict(fields), "history": history[:position]}
        )
        _step(entry, head, fields)
        yield position, before, (head["profile"], head.get("version", 1))


def _step(entry: Entry, head: dict[str, Any], fields: dict[str, Value]) -> None:
    """Apply an entry to a head and its fields."""
    if entry.sets or entry.unset:
        _set(entry.sets, entry.unset, head, fields)
    if entry.to is not None:
        head["status"] = entry.to


def _set(
    sets: Mapping[str, Value],
    unset: Iterable[str],
    head: dict[str, Any],
    fields: dict[str, Value],
) -> None:
    """Clear and set values by their flat names, in a head and its fields."""
    for name in unset:
        _clear(name, head, fields)
    for name, value in sets.items():
        if name in _HEAD_NAMES:
            head[name] = value
        elif name.startswith(FIELDS):
            _put(unflat(name), value, fields)


_HEAD_NAMES = frozenset((*SETTABLE, "profile", "version"))
"""The names in ``set`` that are head keys."""


def _put(name: str, value: Value, fields: dict[str, Value]) -> None:
    """Set a field, or one item of a checklist; an empty list is not set."""
    name, _, item = name.partition(".")
    old = fields.get(name)
    fields[name] = (
        {**(old if isinstance(old, Mapping) else {}), item: str(value)}
        if item
        else value
    )
    if value in ((), {}):
        del fields[name]


def _clear(name: str, head: dict[str, Any], fields: dict[str, Value]) -> None:
    """Clear a head key, a field, or one item of a checklist."""
    if name.startswith(FIELDS):
        name, _, item = unflat(name).partition(".")
        old = fields.pop(name, None)
        if (
            item
            and isinstance(old, Mapping)
            and (rest := {k: v for k, v in old.items() if k != item})
        ):
            fields[name] = rest
    elif name in OPTIONAL_HEAD:
        head[name] = () if name == "watchers" else None


def fold(history: Iterable[Entry]) -> Ticket:
    """Return the ticket of a history; entries without effect (rule 9) are in it, and
    change nothing.

    Raises:
        ValueError: the history is empty or does not begin with a ticket's creation.
    """
    entries = tuple(history)
    if not entries:
        raise ValueError("the history is empty")
    idle, same = without_effect(entries)
    head, fields = _begin(entries[0])
    for entry in entries[1:]:
        if entry.id not in idle:
            _step(entry, head, fields)
    return replace_unchecked(
        _NONE,
        {**head, "fields": fields, "history": entries, "idle": idle, "twins": same},
    )


_NONE = Ticket("", "", "", "")
"""A ticket before its first entry."""
