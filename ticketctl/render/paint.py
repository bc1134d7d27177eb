"""Colour, where it is wanted; it carries nothing that the words do not."""

from __future__ import annotations

import os
from functools import cache

from ticketctl.record import Record
from ticketctl.render.safe import safe

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_STATES = {"new": "cyan", "open": "green", "pending": "yellow", "on_hold": "blue", "solved": "dim", "closed": "dim"}


class Paint(Record):
    """Wraps text in marks of colour, or leaves it. :func:`finished` makes sequences of the marks."""

    on: bool = False

    def __call__(self, text: str, style: str) -> str:
        """The text, made safe, in a style: bold, dim, red, green, yellow, blue or cyan."""
        text = safe(text)
        return f"{_mark()}{_CODES[style]}m{text}{_mark()}0m" if self.on and text else text

    def state(self, text: str, state: str) -> str:
        """A status in the colour of its state."""
        return self(text, _STATES.get(state, "bold"))


@cache
def _mark() -> str:
    """What begins a colour until the text is printed: it is drawn anew in every process, so no ticket can hold it."""
    return f"\x1b{os.urandom(8).hex()}["


def finished(text: str, on: bool, keep: str = "") -> str:
    """A text as a terminal gets it: safe, and with no other sequences than those of the colours of :class:`Paint`.

    Args:
        on: whether colours are wanted there; else they are left out.
        keep: the control characters that stay.
    """
    if text.isprintable():
        return text
    first, *rest = text.split(_mark())
    pieces = [safe(first, keep)]
    for piece in rest:
        code, _, words = piece.partition("m")
        pieces += [f"\x1b[{code}m" if on else "", safe(words, keep)]
    return "".join(pieces)
