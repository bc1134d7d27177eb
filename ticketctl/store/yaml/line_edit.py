"""Change a hand-written ticket file line by line; all other lines stay as they are.

Comments stay, too. This understands block style with known places
(``core/yaml_node.py``); the caller reads the result back, and writes the whole file if
it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketctl.core.ticket import HEAD, Ticket
from ticketctl.core.yaml_node import Node, plain
from ticketctl.store.yaml.writer import entry_lines, key_lines

Edit = tuple[int, int, list[str]]
"""Lines ``first`` to ``end`` (from 0, without ``end``) of the old text, and the new lines
in their place."""


def splice(text: str, node: Node, ticket: Ticket, added: int) -> str:
    """Return the text of a ticket file brought to a new state.

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
    # From the last to the first, so that the places above stay right; insertions at one
    # place keep their order.
    for _, (first, last, fresh) in sorted(
        enumerate(edits), key=lambda item: (item[1][0], item[0]), reverse=True
    ):
        lines[first:last] = fresh
    return "\n".join(lines)


def _mapping(
    lines: Sequence[str],
    node: Node,
    new: Mapping[str, Any],
    our_keys: Sequence[str],
    indent: str,
) -> Iterator[Edit]:
    """Yield the edits that bring a block mapping to new values.

    Args:
        our_keys: the keys that are ours, in their order; others stay as they are.
    """
    places = node.keys or {}
    for key in our_keys:
        if key in places:
            yield from _key(lines, node, key, new, indent)
        elif key in new:
            before = [
                other for other in our_keys[: our_keys.index(key)] if other in places
            ]
            at = (
                _region(lines, node, before[-1])[1]
                if before
                else min(line for line, _ in places.values()) - 1
            )
            yield at, at, key_lines(key, new[key], indent)


def _key(
    lines: Sequence[str], node: Node, key: str, new: Mapping[str, Any], indent: str
) -> Iterator[Edit]:
    """Yield the edit that brings one key to its new value."""
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
            # Text beside the old value, such as a comment, stays beside the new one.
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
    """Return the lines of a key and its value, from 0; the second is past the last.

    Comments after the value do not belong to it.
    """
    line, col = (node.keys or {})[key]
    value, first = node.map[key], line - 1
    end = first + 1
    while end < len(lines) and _belongs(lines[end], col - 1, value):
        end += 1
    while end > first + 1 and _trailing(lines[end - 1], value):
        end -= 1
    return first, end


def _belongs(line: str, indent: int, value: Node) -> bool:
    """Return whether a line below a key belongs to its value."""
    column = len(line) - len(line.lstrip(" "))
    stripped = line.strip()
    if not stripped or column > indent:
        return True
    if isinstance(value.value, list) and column == indent:
        return stripped.startswith(("- ", "#")) or stripped == "-"
    return False


def _trailing(line: str, value: Node) -> bool:
    """Return whether a last line does not belong to the value: blank, or a comment.

    Text in a block is never a comment.
    """
    stripped = line.strip()
    text = isinstance(value.value, str) or (value.items and _ends_in_block(value))
    return not stripped or (stripped.startswith("#") and not text)


def _ends_in_block(value: Node) -> bool:
    """Return whether a collection ends in a text of several lines.

    The last line of such a text may begin with #.
    """
    while value.value and not isinstance(value.value, str | int):
        value = list(value.map.values())[-1] if value.map else value.items[-1]
    return isinstance(value.value, str) and "\n" in value.value.rstrip("\n")
