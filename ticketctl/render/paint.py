"""Colour, where it is wanted; it carries nothing that the words do not."""

from __future__ import annotations

from ticketctl.record import Record

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_STATES = {"new": "cyan", "open": "green", "pending": "yellow", "on_hold": "blue", "solved": "dim", "closed": "dim"}


class Paint(Record):
    """Wraps text in colours, or leaves it."""

    on: bool = False

    def __call__(self, text: str, style: str) -> str:
        """The text in a style: bold, dim, red, green, yellow, blue or cyan."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.on and text else text

    def state(self, text: str, state: str) -> str:
        """A status in the colour of its state."""
        return self(text, _STATES.get(state, "bold"))
