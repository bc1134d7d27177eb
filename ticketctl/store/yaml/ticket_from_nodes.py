"""Make a ticket of the located YAML of its file.

Every mistake is a :class:`BrokenError` with its place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ticketctl.core.dates import moment_of, parse_instant, zone
from ticketctl.core.entry import ENTRY_KEYS, EVENTS, Entry
from ticketctl.core.ticket import HEAD, Ticket, fold, thaw
from ticketctl.core.vocabulary import EVENT_ID
from ticketctl.core.yaml_node import Node, plain
from ticketctl.errors import BrokenError, Place, closest
from ticketctl.pattern import pattern
from ticketctl.record import Record
from ticketctl.store.yaml.located_reader import read_strict

_EVENT_ID = pattern(rf"{EVENT_ID}\Z")


class Difference(Record):
    """A head key that is not what the history gives: set by hand, or by a merge.

    Args:
        key: of the head.
        place: of the key in the file.
        says: its value in the file.
        gives: its value after the history.
    """

    key: str
    place: Place
    says: Any
    gives: Any


class LoadedTicket(Record):
    """A ticket file as read.

    Args:
        ticket: the fold of its history.
        data: the bytes it was read from.
        path: relative to the store.
        located: its content with places; ``None`` if it is canonical: byte for byte
            what we would write.
        differences: where the head and the fold disagree.
    """

    ticket: Ticket
    data: bytes
    path: str
    located: Node | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def canonical(self) -> bool:
        """Return whether the file is, byte for byte, what we would write."""
        return self.located is None

    @cached_property
    def node(self) -> Node:
        """Return the content with places, for findings.

        For a canonical file it is made only when it is needed.
        """
        if self.located is not None:
            return self.located
        node = read_strict(self.data)
        assert node is not None, f"{self.path} was canonical"
        return node


def load_ticket(data: bytes, path: str, node: Node, id_: str) -> LoadedTicket:
    """Return the ticket of a file.

    Args:
        node: the located content of the file.
        id_: the id that its name gives.

    Raises:
        BrokenError: with the place of what is wrong.
    """
    for part in node.walk():
        if any(_is_halved(text) for text in (part.value, *part.map)):
            raise BrokenError("lone surrogate in text", place=_at(path, part))
    if not node.map:
        raise BrokenError(
            "the ticket file is empty" if node.value is None else "not a ticket file",
            place=_at(path, node),
        )
    history = node.map.get("history")
    if history is None or not isinstance(history.value, list) or not history.value:
        raise BrokenError('missing "history"', place=_at(path, node))
    if (id_node := node.map.get("id", history)).value != id_:
        raise BrokenError(
            f'the file is named {id_}, but its id is "{id_node.text}"',
            place=_at(path, id_node),
        )
    entries = tuple(_entry(item, path) for item in history.value)
    try:
        ticket = fold(entries)
    except ValueError as error:
        raise BrokenError(str(error), place=_at(path, history.value[0])) from None
    if ticket.id != id_:
        raise BrokenError(
            f"the history belongs to ticket {ticket.id}",
            place=_at(path, history.value[0]),
        )
    return LoadedTicket(
        ticket, data, path, node, tuple(_differences(ticket, node, path))
    )


def _is_halved(value: object) -> bool:
    """Return whether a value is a text with a lone surrogate, which cannot be encoded."""
    try:
        return isinstance(value, str) and not value.isascii() and not value.encode()
    except UnicodeEncodeError:
        return True


def _at(path: str, node: Node) -> Place:
    return Place(path, node.line, node.col)


def _differences(ticket: Ticket, node: Node, path: str) -> list[Difference]:
    head = ticket.head()
    differences = []
    for key in HEAD:
        says = plain(node.map[key]) if key in node.map else None
        gives = thaw(head.get(key))
        if says != gives and not (key == "fields" and not says and not gives):
            place = _at(path, node.map[key]) if key in node.map else _at(path, node)
            differences.append(Difference(key, place, says, gives))
    return differences


def _entry(node: Node, path: str) -> Entry:
    """Return one entry; each key is checked against the file format.

    Raises:
        BrokenError: with the place of what is wrong.
    """
    if not isinstance(node.value, dict):
        raise BrokenError("a history entry must be a mapping", place=_at(path, node))
    for key in ("id", "at", "by", "role", "event"):
        if key not in node.value:
            raise BrokenError(
                f'missing "{key}" in a history entry', place=_at(path, node)
            )
    for key, item in node.value.items():
        if key in _CHECKS:
            if problem := _CHECKS[key](item):
                raise BrokenError(f"{key} {problem}", place=_at(path, item))
        elif key in ENTRY_KEYS and (not isinstance(item.value, str) or not item.value):
            raise BrokenError(f"{key} must be a text", place=_at(path, item))
    return Entry.from_content(plain(node))


def _instant(node: Node) -> str:
    """Return what is wrong with an instant; empty if nothing is. Likewise below."""
    try:
        parse_instant(node.text)
    except ValueError as error:
        return f"is wrong: {error}"
    return ""


def _moment(node: Node) -> str:
    try:
        moment_of(node.text, zone("UTC"))
    except ValueError:
        return f'has a due that is neither a date nor an instant: "{node.text}"'
    return ""


def _event(node: Node) -> str:
    return (
        ""
        if node.value in EVENTS
        else f'is unknown: "{node.text}" {closest(node.text, EVENTS)}'.strip()
    )


def _event_id(node: Node) -> str:
    return (
        ""
        if isinstance(node.value, str) and _EVENT_ID.match(node.value)
        else f'"{node.text}" is not an event id'
    )


def _list(node: Node) -> str:
    good = isinstance(node.value, list) and all(
        isinstance(item.value, str) for item in node.value
    )
    return "" if good else "must be a list of texts"


def _sets(node: Node) -> str:
    if not isinstance(node.value, dict) or not node.value:
        return "must be a mapping"
    for key, item in node.value.items():
        value = plain(item)
        if isinstance(value, dict):
            good = all(isinstance(part, str) for part in value.values())
        elif isinstance(value, list):
            good = all(isinstance(part, str) for part in value)
        else:
            good = value is not None
        if not good:
            return f'has an invalid value for "{key}"'
        if key == "version" and not isinstance(value, int):
            return "has a version that is not a whole number"
        if key in _TEXTS and not isinstance(value, str):
            return f"has a {key} that is not a text"
        if key == "due" and (problem := _moment(item)):
            return problem
    return ""


_TEXTS = ("ticket", "profile", "title", "customer", "assignee", "due", "follows")
_CHECKS: dict[str, Callable[[Node], str]] = {
    "at": _instant,
    "due": _instant,
    "event": _event,
    "id": _event_id,
    "anchor": _event_id,
    "nth": lambda node: (
        ""
        if isinstance(node.value, int) and 1 < node.value <= 10**6
        else "must be a number above 1"
    ),
    "quiet": lambda node: "" if node.value is True else "can only be true",
    "told": _list,
    "unset": _list,
    "files": _list,
    "after": _list,
    "set": _sets,
}
