"""YAML as data with places: what every reader of tickets, profiles and settings starts
from.

Scalars have just four types, whatever a YAML library thinks of dates and floats:
``null``, ``true``/``false``, whole numbers, and text. Quoted scalars are always text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ticketctl.pattern import pattern
from ticketctl.record import Record, replace_unchecked

Scalar = str | int | bool | None

_INTEGER = pattern(r"[-+]?(0|[1-9][0-9]*)\Z")
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}


class Node(Record):
    """One value and where it begins (``line`` and ``col`` from 1).

    ``value`` is a scalar, a list of nodes, or a dict from key to node; ``keys`` are the
    places of the keys; ``end`` is the column after a scalar that stands on one line,
    else 0.
    """

    value: Scalar | list[Node] | dict[str, Node]
    line: int
    col: int
    keys: dict[str, tuple[int, int]] | None = None
    end: int = 0

    @property
    def map(self) -> dict[str, Node]:
        """The mapping; empty if the value is none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The sequence; a lone value counts as a list of one, null as none."""
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None else [self]

    @property
    def text(self) -> str:
        """A scalar as the text that stood in the file (booleans and numbers in their
        plain spelling)."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value) if isinstance(self.value, str | int) else ""

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        below = (
            list(self.value.values()) if isinstance(self.value, dict) else self.value
        )
        for child in below if isinstance(below, list) else ():
            yield from child.walk()


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar; ``2026-11-21`` and ``1.5`` stay text, as in the
    file."""
    if text.casefold() in _WORDS and text in (
        text.lower(),
        text.upper(),
        text.capitalize(),
    ):
        return _WORDS[text.casefold()]
    return int(text) if len(text) < 20 and _INTEGER.match(text) else text


def plain(node: Node) -> Any:
    """Return the value without places: dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def pack(node: Node) -> list[Any]:
    """Return the node as JSON can hold it, for the cache of profiles and settings."""
    if isinstance(node.value, dict):
        keys = node.keys or {}
        packed: Any = {
            key: [*keys.get(key, (0, 0)), *pack(child)]
            for key, child in node.value.items()
        }
    elif isinstance(node.value, list):
        packed = [pack(child) for child in node.value]
    else:
        packed = node.value
    return [node.line, node.col, packed]


def unpack(data: list[Any]) -> Node:
    """Return the node that :func:`pack` packed.

    Raises:
        ValueError, TypeError: the data is not what ``pack`` makes.
    """
    line, col, packed = data
    if isinstance(packed, dict):
        below = {key: unpack(child[2:]) for key, child in packed.items()}
        keys = {key: (child[0], child[1]) for key, child in packed.items()}
        return replace_unchecked(
            _NODE, {"value": below, "line": line, "col": col, "keys": keys}
        )
    value = [unpack(child) for child in packed] if isinstance(packed, list) else packed
    return replace_unchecked(_NODE, {"value": value, "line": line, "col": col})


_NODE = Node(None, 0, 0)
"""What the others are derived from, without the keys and ends that most have not."""
