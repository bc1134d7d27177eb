"""Colors, where they are wanted; they tell nothing that the words do not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache

from ticketctl.core.escaping import safe
from ticketctl.record import Record

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_STATES = {
    "new": "cyan",
    "open": "green",
    "pending": "yellow",
    "on_hold": "blue",
    "solved": "dim",
    "closed": "dim",
}


class Colors(Record):
    """Colors as marks around a text, of which :func:`finished` makes sequences."""

    on: bool = False

    def __call__(self, text: str, style: str) -> str:
        """Return a text, made safe, in a style: bold, dim, red, green, yellow ..."""
        text = safe(text)
        if not self.on or not text:
            return text
        return f"{_mark()}{_CODES[style]}m{text}{_mark()}0m"

    def state(self, text: str, state: str) -> str:
        """Return a status in the color of its state."""
        return self(text, _STATES.get(state, "bold"))


@cache
def _mark() -> str:
    """Return what begins a color until the text is printed.

    Each process draws another one, so that no ticket can contain it.
    """
    return f"\x1b{os.urandom(8).hex()}["


def visible(text: str) -> str:
    """Return a text without the marks of :class:`Colors`: what takes columns."""
    if "\x1b" not in text:
        return text
    first, *rest = text.split(_mark())
    return first + "".join(piece.partition("m")[2] for piece in rest)


def unbroken(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of one text, each of which ends the color that it is in, and begins
    with that of the line before."""
    code = "0"
    for line in lines:
        if code != "0":
            words = line.lstrip(" ")
            indent = line[: len(line) - len(words)]
            line = f"{indent}{_mark()}{code}m{words}"
        if _mark() in line:
            code = line.rpartition(_mark())[2].partition("m")[0]
        yield line if code == "0" else f"{line}{_mark()}0m"


def finished(text: str, on: bool, keep: str = "") -> str:
    """Return a text as a terminal gets it: safe, with the colors of :class:`Colors`.

    Args:
        on: whether colors are wanted; else they are omitted.
        keep: the control characters that are not escaped.
    """
    if text.isprintable():
        return text
    first, *rest = text.split(_mark())
    pieces = [safe(first, keep)]
    for piece in rest:
        code, _, words = piece.partition("m")
        pieces += [f"\x1b[{code}m" if on else "", safe(words, keep)]
    return "".join(pieces)
