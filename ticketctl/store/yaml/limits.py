"""What a YAML file may hold at most, looked at before it is parsed.

A parser takes time for each line, each value and each character of a line. Lines and
the length of a line are bounded here, by counting alone. Values are counted while the
file is parsed (``store/yaml/ruamel.py``): that is exact, and stops the parser at the
first that is too many. Nothing is estimated from the text, so no honest file is refused
for the way in which it is written.
"""

from __future__ import annotations

from ticketctl.errors import BrokenError, Place
from ticketctl.pattern import pattern

MAX_NODES = 20_000
"""How many values and keys a file may hold. A ticket in our own form, or so but for
comments, may hold any number."""
MAX_LINES = 150_000
MAX_LINE = 600_000
"""How many characters a line may have; a text of the largest size that is taken has
half as many."""
HINT = "split it; in a ticket, take away what was changed by hand but comments"

_BREAK = pattern(r"\r\n|[\n\r\x85\u2028\u2029]")


def check_bounds(text: str, path: str) -> None:
    """Refuse a text that would take a YAML parser long for its lines.

    Raises:
        BrokenError: with the place at which it becomes too much.
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
