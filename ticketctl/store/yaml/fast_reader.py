"""Read a ticket file in our canonical form, key by key, without any node.

This is the fastest reader (docs/ticket-file.md). It accepts a file only if writing its
ticket gives the same bytes: the keys stand in their order, every scalar has the style
in which we would write it, and the head is what the history gives. About any other file
it says nothing; other readers read that, and name what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import lru_cache
from typing import Any

from ticketctl.core.dates import moment_of, parse_instant
from ticketctl.core.entry import ENTRY_KEYS, ENTRY_NAMES, EVENTS, Entry, Value
from ticketctl.core.ticket import Ticket, fold
from ticketctl.core.vocabulary import EVENT_ID
from ticketctl.core.yaml_node import Node, plain
from ticketctl.pattern import pattern
from ticketctl.record import from_dict_unchecked
from ticketctl.store.yaml.located_reader import NotCanonicalError, read_strict, unquoted
from ticketctl.store.yaml.writer import (
    BY_SCHEMA,
    MACHINE,
    head_lines,
    is_literal,
    is_plain,
    key_lines,
    quoted,
)

_START, _NEXT = "\nhistory:\n- ", "\n- "
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_BELOW = r"(?:\n(?:    [^\n]+|  - [^\n]+|(?=\n)))"
_WHAT = ("role", "for", "via", "event", "from", "to", "rule")
_BEGIN = re.compile(
    rf"id: ({EVENT_ID})\n  at: ({_TIME})\n  by: ([^\n]+{_BELOW}*)((?:\n  (?:{'|'.join(_WHAT)}): [^\n]+{_BELOW}*)+)"
)
_KEY = re.compile(r"\n  ([a-z_]+):(?: (?!\n)|(?=\n))")
_ANCHOR, _INSTANT = pattern(rf"{EVENT_ID}\Z"), pattern(rf"{_TIME}\Z")
_SET_KEY = pattern(r'[a-z_][^\n:" ]*\Z')
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")
_NAMES = frozenset(("profile", "title", "customer", "assignee"))
_IDS = frozenset(("ticket", "follows"))
_TEXTS = _NAMES | _IDS | {"due"}


def read_canonical(data: bytes) -> Ticket | None:
    """Return the ticket of a file that is, byte for byte, what we would write.

    ``None`` for any other file.
    """
    try:
        text = data.decode("utf-8")
        head, start, below = text.partition(_START)
        if not start or not below.endswith("\n"):
            return None
        ticket = fold([_entry(chunk) for chunk in below[:-1].split(_NEXT)])
        return ticket if "\n".join(head_lines(ticket)) == head else None
    except (ValueError, LookupError):
        return None


def _entry(chunk: str) -> Entry:
    """Return an entry from its text.

    Raises:
        NotCanonicalError: it is not in our form; likewise below.
    """
    begin = _BEGIN.match(chunk)
    if begin is None:
        raise NotCanonicalError
    id_, at, by, action_text = begin.groups()
    action = _short_what(action_text) if len(action_text) <= 200 else _what(action_text)
    values = {**action.__dict__, "id": id_, "at": _moment(at), "by": _text(by)}
    if len(chunk) > (end := begin.end()):
        keys, raws = _keys(chunk[end:])
        for (name, read), raw in zip(_readers(keys), raws, strict=True):
            values[name] = read(raw)
    return from_dict_unchecked(Entry, values)


def _what(raw: str) -> Entry:
    """Return what was done in which role, from and to which status, and by which rule."""
    keys, raws = _keys(raw)
    values: dict[str, Any] = {
        name: read(value)
        for (name, read), value in zip(_readers(keys), raws, strict=True)
    }
    if not values.keys() >= {"role", "event"} or values["event"] not in EVENTS:
        raise NotCanonicalError
    return Entry(at="", by="", **values)


_short_what = lru_cache(maxsize=1 << 14)(_what)
"""The same actions occur many times; long ones are not worth the memory, here and below.
"""


def _keys(raw: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the keys of a part of an entry, and the text after each."""
    parts = _KEY.split(raw)
    if parts[0]:
        raise NotCanonicalError
    return tuple(parts[1::2]), parts[2::2]


@lru_cache(maxsize=1 << 10)
def _readers(keys: tuple[str, ...]) -> list[tuple[str, Callable[[str], Any]]]:
    """Return, for keys in their order, the name of each in an entry and its reader."""
    if list(keys) != [key for key in ENTRY_KEYS if key in keys]:
        raise NotCanonicalError
    return [(ENTRY_NAMES[key], _READERS[key]) for key in keys]


def _text(raw: str) -> str:
    """Return a text: plain where it can be, else a block of lines, or in our quotes."""
    if is_plain(raw):
        return raw
    if raw[0] == "|":
        return _lines(raw)
    if raw[0] != '"':
        raise NotCanonicalError
    value = unquoted(raw)
    if value == "" or is_plain(value) or is_literal(value) or quoted(value) != raw:
        raise NotCanonicalError
    return value


def _lines(raw: str) -> str:
    """Return a text that is written as a block of lines."""
    mark, _, body = raw.partition("\n")
    value = body.replace("\n    ", "\n").removeprefix("    ") + (
        "\n" if mark == "|" else ""
    )
    if mark not in ("|", "|-") or not is_literal(value) or _block(value) != body:
        raise NotCanonicalError
    return value


def _block(value: str) -> str:
    """Return a text as it stands below its key; empty lines are not indented."""
    body = value.removesuffix("\n")
    if "\n\n" not in body:
        return "    " + body.replace("\n", "\n    ")
    return "\n".join([f"    {line}" if line else "" for line in body.split("\n")])


def _id(raw: str) -> str:
    if not _ANCHOR.match(raw):
        raise NotCanonicalError
    return raw


def _due(raw: str) -> str:
    if not _INSTANT.match(raw):
        raise NotCanonicalError
    return _moment(raw)


def _moment(raw: str) -> str:
    """Return an instant, checked to be a real day."""
    if not (
        "01" <= raw[8:10] <= "28"
        and "01" <= raw[5:7] <= "12"
        and "1900" <= raw[:4] <= "2999"
    ):
        parse_instant(raw)
    return raw


def _count(raw: str) -> int:
    value = int(raw)
    if not 1 < value <= 10**6 or str(value) != raw:
        raise NotCanonicalError
    return value


def _true(raw: str) -> bool:
    if raw != "true":
        raise NotCanonicalError
    return True


def _items(raw: str, key: str = "") -> tuple[str, ...]:
    before, *items = raw.split("\n  - ")
    if before or not items:
        raise NotCanonicalError
    return tuple([_by_schema(key, item, _item) for item in items])


def _ids(raw: str) -> tuple[str, ...]:
    return _items(raw, "after")


def _item(raw: str) -> str:
    """Return a text in a list: always on one line, and perhaps empty."""
    if is_plain(raw):
        return raw
    value = unquoted(raw)
    if is_plain(value) or quoted(value) != raw:
        raise NotCanonicalError
    return value


def _by_schema(key: str, raw: str, read: Callable[[str], str] = _text) -> str:
    """Return a text under a key; ids and instants stand there without quotes."""
    if key not in BY_SCHEMA:
        return read(raw)
    if MACHINE.match(raw):
        return raw
    value = read(raw)
    if MACHINE.match(value):
        raise NotCanonicalError
    return value


def _sets(raw: str) -> Mapping[str, Value]:
    """Return the mapping of ``set``: one line each, but for values of several lines."""
    before, *lines = raw.split("\n    ")
    if before or not lines:
        raise NotCanonicalError
    values: dict[str, Value] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        if value[:1] in ("", "|") or not (
            _short_is_set_key if len(key) <= 40 else _is_set_key
        )(key):
            return _odd_sets(raw)
        if key in values:
            raise NotCanonicalError
        if key in _NAMES:
            values[key] = _text(value)
        elif key in _IDS:
            values[key] = _by_schema(key, value)
        else:
            values[key] = (
                _short_value(key, value) if len(line) <= 80 else _value(key, value)
            )
    return values


def _is_set_key(key: str) -> bool:
    """Return whether a name in ``set`` has the common form, without quotes."""
    return bool(_SET_KEY.match(key)) and is_plain(key)


_short_is_set_key = lru_cache(maxsize=1 << 10)(_is_set_key)


def _value(key: str, raw: str) -> Value:
    if raw in ("true", "false"):
        return _fitting(key, raw == "true")
    return _fitting(key, int(raw) if _INTEGER.match(raw) else _by_schema(key, raw))


_short_value = lru_cache(maxsize=4096)(_value)
"""Fields are often set to the same values."""


def _fitting(key: str, value: Value) -> Value:
    """Return the value, if it has the type of its key."""
    if key in _TEXTS and not isinstance(value, str):
        raise NotCanonicalError
    if key == "version" and (isinstance(value, bool) or not isinstance(value, int)):
        raise NotCanonicalError
    if key == "due":
        moment_of(str(value), UTC)
    return value


def _odd_sets(raw: str) -> Mapping[str, Value]:
    """Return the mapping of ``set`` where a value stands below its key, read by nodes."""
    lines = raw.split("\n")[1:]
    node = read_strict(
        ("\n".join(line.removeprefix("    ") for line in lines) + "\n").encode()
    )
    if node is None:
        raise NotCanonicalError
    values = {key: _odd_value(key, item) for key, item in node.map.items()}
    written = [
        line for key, value in values.items() for line in key_lines(key, value, "    ")
    ]
    if written != lines:
        raise NotCanonicalError
    return values


def _odd_value(key: str, node: Node) -> Value:
    value = plain(node)
    if isinstance(value, str | int):
        return _fitting(key, value)
    if not value or any(
        not isinstance(item, str)
        for item in (value.values() if isinstance(value, dict) else value)
    ):
        raise NotCanonicalError
    return _fitting(key, value if isinstance(value, dict) else tuple(value))


_READERS: Mapping[str, Callable[[str], Any]] = dict.fromkeys(_WHAT, _text) | {
    "anchor": _id,
    "nth": _count,
    "due": _due,
    "message": _text,
    "told": _items,
    "set": _sets,
    "unset": _items,
    "text": _text,
    "note": _text,
    "files": _items,
    "mail_id": _text,
    "mail_digest": _text,
    "quiet": _true,
    "after": _ids,
}
"""How each key is read: from the text after its colon and a space on the same line."""
