"""Write the canonical text of a ticket file, without a YAML library.

The form is described in docs/ticket-file.md. There are three styles by one rule: plain,
literal, double-quoted. ruamel.yaml's round trip gives the same bytes, and every reader
of YAML 1.1 and 1.2 reads the same values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ticketctl.core.entry import Entry
from ticketctl.core.ticket import Ticket
from ticketctl.core.vocabulary import DATE, EVENT_ID, INSTANT, TICKET_ID
from ticketctl.pattern import pattern

_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_LONGEST = max(map(len, _WORDS))
_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}
_UNPRINTED = "\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029\ufeff"
_SPECIAL = pattern(f"[{_UNPRINTED}]")
_ESCAPED = pattern(f'["\\\\{_UNPRINTED}]')
BY_SCHEMA = frozenset(
    ("id", "at", "ticket", "anchor", "due", "after", "follows", "follow_up")
)
"""Keys under which ids and instants stand without quotes, in the form of MACHINE."""
MACHINE = pattern(
    "|".join(rf"{form}\Z" for form in (TICKET_ID, DATE, INSTANT, EVENT_ID))
)


def emit(ticket: Ticket) -> bytes:
    """Return the file of a ticket: the head, then the history, entry by entry."""
    lines = [*head_lines(ticket), "history:"]
    for entry in ticket.history:
        lines += entry_lines(entry)
    return ("\n".join(lines) + "\n").encode()


def extend(data: bytes, ticket: Ticket, added: int) -> bytes:
    """Return the file of a ticket to whose history some entries were added.

    The head is new, the old history stays, and the new entries follow. The result is
    that of ``emit(ticket)``, without writing the whole.

    Args:
        data: the file as it was, in canonical form.
        ticket: the new state.
        added: how many entries at the end of its history are new.
    """
    history = data[data.index(b"\nhistory:\n") :]
    new = [
        line
        for entry in ticket.history[len(ticket.history) - added :]
        for line in entry_lines(entry)
    ]
    return (
        "\n".join(head_lines(ticket)).encode()
        + history
        + "".join(f"{line}\n" for line in new).encode()
    )


def head_lines(ticket: Ticket) -> list[str]:
    """Return the lines above ``history``."""
    return list(_mapping(ticket.head(), ""))


def is_plain(text: str) -> bool:
    """Return whether a text stands without quotes."""
    return _short_is_plain(text) if len(text) <= 40 else _is_plain(text)


def _is_printed(text: str) -> bool:
    """Return whether every character stands for itself, outside quotes.

    Two quick checks decide for nearly all texts.
    """
    return text.isprintable() if text.isascii() else not _SPECIAL.search(text)


def _is_plain(text: str) -> bool:
    first = text[:1]
    return (
        (first.isalpha() or first == "_" or (first > "\x7f" and first.isprintable()))
        and _is_printed(text)
        and ": " not in text
        and " #" not in text
        and not text.endswith((":", " "))
        and (len(text) > _LONGEST or text.casefold() not in _WORDS)
    )


_short_is_plain = lru_cache(maxsize=4096)(_is_plain)
"""Keys, names, roles and addresses occur many times."""


def is_literal(text: str) -> bool:
    """Return whether a text stands as a block under ``|`` or ``|-``."""
    body = text.removesuffix("\n")
    return (
        "\n" in body
        and text[0] not in " \n"
        and not body.endswith(("\n", " ", "\t"))
        and _is_printed(text.replace("\n", "").replace("\t", ""))
    )


def quoted(text: str) -> str:
    """Return a text in double quotes, on one line."""
    if text.isascii() and text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '"' + _ESCAPED.sub(lambda match: _escape(match.group()), text) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    code = ord(char)
    return (
        f"\\x{code:02X}"
        if code < 0x100
        else f"\\u{code:04X}"
        if code < 0x10000
        else f"\\U{code:08X}"
    )


def entry_lines(entry: Entry) -> list[str]:
    """Return the lines of one entry of a history."""
    return [
        line if number else "- " + line[2:]
        for number, line in enumerate(_mapping(entry.content(), "  "))
    ]


def key_lines(key: str, value: Any, indent: str) -> list[str]:
    """Return the lines of one key with its value."""
    return list(_mapping({key: value}, indent))


def _mapping(content: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in content.items():
        name = (_short_name if len(key) <= 40 else _name)(indent, key)
        if isinstance(value, str):  # first, since nearly all values are texts
            if "\n" in value and is_literal(value):
                yield name + (" |" if value.endswith("\n") else " |-")
                yield from (
                    f"{indent}  {line}" if line else ""
                    for line in value.removesuffix("\n").split("\n")
                )
            else:
                yield f"{name} {value if is_plain(value) else _inline(key, value)}"
        elif isinstance(value, Mapping):
            yield name
            yield from _mapping(value, indent + "  ")
        elif isinstance(value, Sequence):
            yield name
            yield from (f"{indent}- {_inline(key, item)}" for item in value)
        else:
            yield f"{name} {_inline(key, value)}"


def _name(indent: str, key: str) -> str:
    return f"{indent}{key if is_plain(key) else quoted(key)}:"


_short_name = lru_cache(maxsize=1 << 10)(_name)


def _inline(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    # Ids and instants begin with a digit; they are plain only under their keys, and in
    # their form.
    if is_plain(text) or (key in BY_SCHEMA and MACHINE.match(text)):
        return text
    return quoted(text)
