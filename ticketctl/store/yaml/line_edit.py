"""Changing a hand-written ticket file line by line: what is not changed stays as it is,
comments and all.

It understands block style with places known (``core/yaml_node.py``); the caller reads
the result back and takes another way if it is not what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketctl.core.ticket import HEAD, Ticket
from ticketctl.core.yaml_node import Node, plain
from ticketctl.store.yaml.writer import entry_lines, key_lines

Edit = tuple[int, int, list[str]]
"""Lines ``first`` to ``end`` (from 0, ``end`` not among them) of the old text, and what
stands there instead."""


def splice(text: str, node: Node, ticket: Ticket, added: int) -> str:
    """The text of a ticket file brought to a new state.

    Args:
        text: the file.
        node: its located content.
        ticket: the new state.
        added: how many entries at the end of its history are new.
    """
    lines = text.split("\n")
    edits = list(_mapping(lines, node, ticket.head(), HEAD, ""))
    indent = " " * max(node.map["history"].items[0].col - 3, 0)
    end = _region(lines, node, "history")[1]
    new = [line for entry in ticket.history[-added:] for line in entry_lines(entry)]
    edits.append((end, end, [indent + line if line else "" for line in new]))
    # From the end to the beginning, so that the places above stay right; insertions at
    # one place keep their order.
    for _, (first, last, fresh) in sorted(
        enumerate(edits), key=lambda item: (item[1][0], item[0]), reverse=True
    ):
        lines[first:last] = fresh
    return "\n".join(lines)


def _mapping(
    lines: Sequence[str],
    node: Node,
    new: Mapping[str, Any],
    known: Sequence[str],
    indent: str,
) -> Iterator[Edit]:
    """The edits that bring a block mapping to new values.

    Args:
        known: the keys that are ours, in their order; others are left alone.
    """
    places = node.keys or {}
    for key in known:
        if key in places:
            yield from _key(lines, node, key, new, indent)
        elif key in new:
            before = [other for other in known[: known.index(key)] if other in places]
            at = (
                _region(lines, node, before[-1])[1]
                if before
                else min(line for line, _ in places.values()) - 1
            )
            yield at, at, key_lines(key, new[key], indent)


def _key(
    lines: Sequence[str], node: Node, key: str, new: Mapping[str, Any], indent: str
) -> Iterator[Edit]:
    old = node.map[key]
    first, end = _region(lines, node, key)
    if key not in new:
        yield first, end, []
    elif plain(old) != new[key]:
        if isinstance(new[key], dict) and old.map:
            yield from _mapping(
                lines, old, new[key], sorted({*old.map, *new[key]}), " " * (old.col - 1)
            )
        else:
            fresh = key_lines(key, new[key], indent)
            # What stands beside the old value is kept beside the new one.
            beside = lines[first][old.end - 1 :] if old.end and end == first + 1 else ""
            between = (
                [
                    line
                    for line in lines[first + 1 : end]
                    if line.lstrip().startswith("#")
                ]
                if old.items
                else []
            )
            yield first, end, [fresh[0] + beside, *between, *fresh[1:]]


def _region(lines: Sequence[str], node: Node, key: str) -> tuple[int, int]:
    """The lines of a key and its value, from 0, the second one past the last; comments
    after it are not its own."""
    line, col = (node.keys or {})[key]
    value, first = node.map[key], line - 1
    end = first + 1
    while end < len(lines) and _belongs(lines[end], col - 1, value):
        end += 1
    while end > first + 1 and _trailing(lines[end - 1], value):
        end -= 1
    return first, end


def _belongs(line: str, indent: int, value: Node) -> bool:
    own = len(line) - len(line.lstrip(" "))
    stripped = line.strip()
    if not stripped or own > indent:
        return True
    if isinstance(value.value, list) and own == indent:
        return stripped.startswith(("- ", "#")) or stripped == "-"
    return False


def _trailing(line: str, value: Node) -> bool:
    """Whether a last line is none of the value's own: blank, or a comment (which text
    in a block never is)."""
    stripped = line.strip()
    text = isinstance(value.value, str) or (value.items and _ends_in_block(value))
    return not stripped or (stripped.startswith("#") and not text)


def _ends_in_block(value: Node) -> bool:
    """Whether a collection ends in a text of several lines, whose last line may begin
    with #."""
    while value.value and not isinstance(value.value, str | int):
        value = list(value.map.values())[-1] if value.map else value.items[-1]
    return isinstance(value.value, str) and "\n" in value.value.rstrip("\n")
