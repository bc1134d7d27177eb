"""The fastest reader: a file in our canonical form becomes entries by one pattern for each entry (docs/ticket-file.md).

It takes a file only if writing its ticket back gives the same bytes: the pattern holds the keys and their order, every
scalar is held against the style in which we would write it, and the head against the one that the history gives.
Nothing else is said about the file; whatever is not in this form is read by others, which know how to complain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import lru_cache

from ticketctl.core.dates import moment_of, parse_instant
from ticketctl.core.entry import EVENTS, Entry, Value
from ticketctl.core.located import Node, plain
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import EMPTY, made
from ticketctl.store.codec import BY_SCHEMA, MACHINE, head_lines, is_literal, is_plain, key_lines, quoted
from ticketctl.store.strict import StrangeError, read_strict, unquoted

_START, _NEXT = "\nhistory:\n- ", "\n- "
_ID = "e[0-9a-f]{12}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_BELOW = r"(?:\n(?:    [^\n]++|(?=\n)))"
_TEXT = rf"[^\n]++{_BELOW}*+"
_ITEMS = r"(?:\n  - [^\n]++)++"
_FORMS = {
    "id": _ID, "at": _TIME, "event": "[a-z]+", "anchor": _ID, "nth": "[0-9]{1,7}", "due": _TIME, "quiet": "true",
}  # fmt: skip
_LISTS = ("told", "unset", "files", "after")
_NEEDED = ("id", "at", "by", "role", "event")
_ORDER = (
    "id", "at", "by", "role", "for", "via", "event", "from", "to", "rule", "anchor", "nth", "due", "message", "told",
    "set", "unset", "text", "note", "files", "mail_id", "quiet", "after",
)  # fmt: skip


def _piece(key: str) -> str:
    """The pattern of one key with its value: text after ``key: ``, or what stands below ``key:``."""
    lead = "" if key == "id" else r"\n  "
    if key in _LISTS or key == "set":
        found = f"{lead}{key}:({_ITEMS if key in _LISTS else _BELOW + '++'})"
    else:
        found = f"{lead}{key}: ({_FORMS.get(key, _TEXT)})"
    return found if key in _NEEDED else f"(?:{found})?"


_ENTRY = re.compile("".join(map(_piece, _ORDER)))
_PAIR = re.compile(r"\n    ([a-z_][^\n:\" ]*): ([^|\n][^\n]*)")
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")
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
    found = _ENTRY.fullmatch(chunk)
    if found is None:
        raise StrangeError
    (id_, at, by, role, for_, via, event, from_, to, rule, anchor, nth, due, message, told, sets, unset, text, note,
     files, mail_id, quiet, after) = found.groups()  # fmt: skip
    if event not in EVENTS:
        raise StrangeError
    by, role, for_, via, from_, to, rule, message = _names(by, role, for_, via, from_, to, rule, message)
    return made(Entry, (
        _instant(at), by, role, event, id_, for_, via, from_, to, rule, anchor, _count(nth) if nth else None,
        due and _instant(due), message, _items(told) if told else (), _sets(sets) if sets else {},
        _items(unset) if unset else (), text and _text(text), note and _text(note), _items(files) if files else (),
        mail_id and _text(mail_id), quiet is not None, _items(after, "after") if after else (), EMPTY,
    ))  # fmt: skip


@lru_cache(maxsize=1 << 14)
def _names(*raw: str | None) -> tuple[str, ...]:
    """Who, in which role, from where to where, by which rule: the same come together again and again."""
    return tuple([one and _text(one) for one in raw])  # type: ignore[misc]


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


def _instant(raw: str) -> str:
    """An instant in the form of the pattern, whose day there is."""
    _day(raw[:10])
    return raw


@lru_cache(maxsize=4096)
def _day(raw: str) -> None:
    parse_instant(f"{raw}T00:00:00Z")


def _count(raw: str) -> int:
    value = int(raw)
    if not 1 < value <= 10**6 or str(value) != raw:
        raise StrangeError
    return value


def _items(raw: str, key: str = "") -> tuple[str, ...]:
    return tuple([_by_schema(key, item, _item) for item in raw.split("\n  - ")[1:]])


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
