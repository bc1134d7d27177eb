"""The fastest reader: a file in our canonical form becomes entries key by key, without any node (docs/ticket-file.md).

It takes a file only if writing its ticket back gives the same bytes: the keys stand in their order, every scalar is held
against the style in which we would write it, and the head against the one that the history gives.
Nothing else is said about the file; whatever is not in this form is read by others, which know how to complain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import lru_cache
from typing import Any

from ticketctl.core.dates import moment_of, parse_instant
from ticketctl.core.entry import ENTRY_KEYS, ENTRY_NAMES, EVENTS, Entry, Value
from ticketctl.core.located import Node, plain
from ticketctl.core.ticket import Ticket, fold
from ticketctl.pattern import pattern
from ticketctl.record import derived
from ticketctl.store.codec import BY_SCHEMA, MACHINE, head_lines, is_literal, is_plain, key_lines, quoted
from ticketctl.store.strict import StrangeError, read_strict, unquoted

_START, _NEXT = "\nhistory:\n- ", "\n- "
_ID = "e[0-9a-f]{12}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_BELOW = r"(?:\n(?:    [^\n]+|  - [^\n]+|(?=\n)))"
_WHAT = ("role", "for", "via", "event", "from", "to", "rule")
_BEGIN = re.compile(
    rf"id: ({_ID})\n  at: ({_TIME})\n  by: ([^\n]+{_BELOW}*)((?:\n  (?:{'|'.join(_WHAT)}): [^\n]+{_BELOW}*)+)"
)
_KEY = re.compile(rf"\n  ([a-z_]+):((?: [^\n]+)?{_BELOW}*)")
_ANCHOR, _INSTANT = pattern(rf" {_ID}\Z"), pattern(rf" {_TIME}\Z")
_PAIR = re.compile(r"\n    ([a-z_][^\n:\" ]*): ([^|\n][^\n]*)")
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")
_NAMES = frozenset(("profile", "title", "customer", "assignee"))
_TEXTS = frozenset(("ticket", "profile", "title", "customer", "assignee", "due", "follows"))


def read_canonical(data: bytes) -> Ticket | None:
    """The ticket of a file that is, byte for byte, what we would write; nothing, if it is not."""
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
    begin = _BEGIN.match(chunk)
    if begin is None:
        raise StrangeError
    id_, at, by, what = begin.groups()
    _day(at[:10])
    held: dict[str, Any] = {"id": id_, "at": at, "by": _text(by)}
    if begin.end() < len(chunk):
        for key, raw in _keys(chunk[begin.end() :]):
            held[ENTRY_NAMES[key]] = _READERS[key](raw)
    return derived(_what(what), held)


@lru_cache(maxsize=1 << 14)
def _what(raw: str) -> Entry:
    """What was done in which role, from where to where, by which rule: the same come together again and again."""
    held: dict[str, Any] = {ENTRY_NAMES[key]: _one(value) for key, value in _keys(raw)}
    if not held.keys() >= {"role", "event"} or held["event"] not in EVENTS:
        raise StrangeError
    return Entry(at="", by="", **held)


def _keys(raw: str) -> list[tuple[str, str]]:
    """The keys of a part of an entry in the one order, each with all that follows its colon."""
    found = _KEY.findall(raw)
    keys, values = zip(*found, strict=True)
    if _known_length(keys) + len("".join(values)) != len(raw):
        raise StrangeError  # something between them is no key
    return found


@lru_cache(maxsize=1 << 10)
def _known_length(keys: tuple[str, ...]) -> int:
    """How many characters keys in the one order take, with what stands around them."""
    if list(keys) != [key for key in ENTRY_KEYS if key in keys]:
        raise StrangeError
    return sum(len(f"\n  {key}:") for key in keys)


def _one(raw: str) -> str:
    """A text after its key."""
    if raw[:1] != " ":
        raise StrangeError
    return _text(raw[1:])


def _word(raw: str) -> str:
    """A text on one line: plain where it can be, else in the quotes that we would write."""
    return _short_word(raw) if len(raw) <= 40 else _long_word(raw)


def _long_word(raw: str) -> str:
    if is_plain(raw):
        return raw
    if raw[0] != '"':
        raise StrangeError
    value = unquoted(raw)
    if value == "" or is_plain(value) or is_literal(value) or quoted(value) != raw:
        raise StrangeError
    return value


_short_word = lru_cache(maxsize=4096)(_long_word)
"""Names, roles, statuses and addresses come again and again."""


def _text(raw: str) -> str:
    """A text on one line, or as a block of lines."""
    if raw[0] != "|":
        return _word(raw)
    mark, _, body = raw.partition("\n")
    value = body.replace("\n    ", "\n").removeprefix("    ") + ("\n" if mark == "|" else "")
    if mark not in ("|", "|-") or not is_literal(value) or "\n".join(_block(value)) != body:
        raise StrangeError
    return value


def _block(value: str) -> list[str]:
    return [f"    {line}" if line else "" for line in value.removesuffix("\n").split("\n")]


def _id(raw: str) -> str:
    if not _ANCHOR.match(raw):
        raise StrangeError
    return raw[1:]


def _due(raw: str) -> str:
    """An instant, of a day that there is."""
    if not _INSTANT.match(raw):
        raise StrangeError
    _day(raw[1:11])
    return raw[1:]


@lru_cache(maxsize=4096)
def _day(raw: str) -> None:
    parse_instant(f"{raw}T00:00:00Z")


def _count(raw: str) -> int:
    value = int(raw)
    if not 1 < value <= 10**6 or f" {value}" != raw:
        raise StrangeError
    return value


def _true(raw: str) -> bool:
    if raw != " true":
        raise StrangeError
    return True


def _items(raw: str, key: str = "") -> tuple[str, ...]:
    before, *items = raw.split("\n  - ")
    if before or not items:
        raise StrangeError
    return tuple([_by_schema(key, item, _item) for item in items])


def _ids(raw: str) -> tuple[str, ...]:
    return _items(raw, "after")


def _item(raw: str) -> str:
    """A text in a list, which is always on one line, and may be empty."""
    if is_plain(raw):
        return raw
    value = unquoted(raw)
    if is_plain(value) or quoted(value) != raw:
        raise StrangeError
    return value


def _by_schema(key: str, raw: str, read: Callable[[str], str] = _word) -> str:
    """A text under a key; ids and instants stand there without quotes."""
    if key not in BY_SCHEMA:
        return read(raw)
    if MACHINE.match(raw):
        return raw
    value = read(raw)
    if MACHINE.match(value):
        raise StrangeError
    return value


def _sets(raw: str) -> Mapping[str, Value]:
    """The mapping of ``set``: one line each, but for checklists, lists and texts of several lines."""
    found: dict[str, Value] = {}
    if raw[:1] != "\n":
        raise StrangeError
    end = 0
    for pair in _PAIR.finditer(raw):
        if pair.start() != end:
            return _odd_sets(raw)
        key, value = pair[1], pair[2]
        if key in found or not is_plain(key):
            raise StrangeError
        found[key] = _value(key, value)
        end = pair.end()
    return found if end == len(raw) else _odd_sets(raw)


def _value(key: str, raw: str) -> Value:
    if key in _NAMES:
        return _word(raw)
    if raw in ("true", "false"):
        return _fitting(key, raw == "true")
    return _fitting(key, int(raw) if _INTEGER.match(raw) else _by_schema(key, raw))


def _fitting(key: str, value: Value) -> Value:
    """The value, if it is of the type that its key has."""
    if key in _TEXTS and not isinstance(value, str):
        raise StrangeError
    if key == "version" and (isinstance(value, bool) or not isinstance(value, int)):
        raise StrangeError
    if key == "due":
        moment_of(str(value), UTC)
    return value


def _odd_sets(raw: str) -> Mapping[str, Value]:
    """The same where a value stands below its key, by the reader that knows nodes."""
    lines = raw.split("\n")[1:]
    node = read_strict(("\n".join(line.removeprefix("    ") for line in lines) + "\n").encode())
    if node is None:
        raise StrangeError
    found = {key: _odd_value(key, item) for key, item in node.map.items()}
    written = [line for key, value in found.items() for line in key_lines(key, value, "    ")]
    if written != lines:
        raise StrangeError
    return found


def _odd_value(key: str, node: Node) -> Value:
    value = plain(node)
    if isinstance(value, str | int):
        return _fitting(key, value)
    if not value or any(not isinstance(item, str) for item in (value.values() if isinstance(value, dict) else value)):
        raise StrangeError
    return _fitting(key, value if isinstance(value, dict) else tuple(value))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "anchor": _id, "nth": _count, "due": _due, "message": _one, "told": _items, "set": _sets, "unset": _items,
    "text": _one, "note": _one, "files": _items, "mail_id": _one, "quiet": _true, "after": _ids,
}  # fmt: skip
"""How each key below those of :data:`_WHAT` is read: by what follows its colon."""
