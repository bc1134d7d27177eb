"""Limit what a YAML file may hold, before it is parsed.

A parser takes time for each line, each value and each character of a line. Lines and
their length are limited here, by counting alone. Values are counted while the file is
parsed (``store/yaml/ruamel.py``): that is exact, and stops the parser at the first
value too many. Nothing is estimated from the text, so no honest file is refused for the
way in which it is written.
"""

from __future__ import annotations

from ticketctl.errors import BrokenError, Place
from ticketctl.pattern import pattern

MAX_NODES = 20_000
"""How many values and keys a file may hold.

A ticket in our form, with or without comments, may hold any number."""
MAX_LINES = 150_000
MAX_LINE = 600_000
"""How many characters a line may have; the largest text that is accepted has half as many.
"""
HINT = "split the file; in a ticket, undo the changes by hand, except comments"

_BREAK = pattern(r"\r\n|[\n\r\x85\u2028\u2029]")


def check_bounds(text: str, path: str) -> None:
    """Check that a text has not too many lines, and none that is too long.

    Raises:
        BrokenError: with the place of the first line or character too many.
    """
    lines = sum(map(text.count, "\n\r\x85\u2028\u2029")) - text.count("\r\n")
    if lines > MAX_LINES:
        raise _too_much(path, MAX_LINES + 1, 1, f"{MAX_LINES:,} lines")
    if len(text) > MAX_LINE:
        for number, line in enumerate(_BREAK.split(text), 1):
            if len(line) > MAX_LINE:
                raise _too_much(
                    path, number, MAX_LINE + 1, f"{MAX_LINE:,} characters in a line"
                )


def _too_much(path: str, line: int, col: int, what: str) -> BrokenError:
    return BrokenError(f"more than {what}", HINT, Place(path, line, col))
