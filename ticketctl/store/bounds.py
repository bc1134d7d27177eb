"""What a YAML file may hold at most, looked at before it is parsed: one cheap pass, whatever the file holds.

A parser takes about 20 us for a value, 3 us for a line and 2 us for a word, so a file of 1 MiB that is made of nothing
else would take ten seconds. ``store/roundtrip.py`` counts the values once more while it parses.
"""

from __future__ import annotations

from ticketctl.errors import BrokenError, Place
from ticketctl.pattern import pattern

MAX_NODES = 20_000
"""How many values and keys a file may hold. A ticket in our own form, or so but for comments, may hold any number."""
MAX_LINES = 150_000
MAX_WORDS = 250_000
"""How many words may stand outside blocks of text (``|``)."""
MAX_LINE = 600_000
"""How many characters a line may have; a text of the largest size that is taken has half as many."""
MAX_MARK = 1_000
"""How long a tag, an anchor or an alias may be; none is allowed, but each is read before that is known."""

_BREAK = pattern(r"\r\n|[\n\r\x85\u2028\u2029]")
_BLOCK = pattern(r"(?:^|[-?:] )[ ]*[|>][-+0-9]{0,3}[ ]*(?:#.*)?$")
_LEAD = pattern(r"(?:[-?:](?:[ \t]+|$))*")
_QUOTED = pattern(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_MARK = pattern(rf"(?:^|[\s\[{{,:-])[!&*]\S{{{MAX_MARK}}}")
_FLOW = (",", "[", "{", ":")


def check_bounds(text: str, path: str) -> None:
    """Refuse a text that would take a YAML parser long.

    Raises:
        BrokenError: with the place at which it becomes too much.
    """
    lines = sum(map(text.count, "\n\r\x85\u2028\u2029")) - text.count("\r\n")
    if lines > MAX_LINES:
        found = _BREAK.finditer(text)
        for _ in range(MAX_LINES - 1):
            next(found)
        raise _too_much(path, MAX_LINES + 1, 1, f"{MAX_LINES:,} lines")
    if len(text) > MAX_LINE:
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > MAX_LINE:
                raise _too_much(path, number, MAX_LINE + 1, f"{MAX_LINE:,} characters in a line")
    # Each of these may stand before a value; nearly all files are passed by this alone.
    nodes = lines + sum(map(text.count, (*_FLOW, "- ", "?"))) + 2
    if nodes > MAX_NODES or text.count(" ") > MAX_WORDS or _MARK.search(text):
        _look_closely(text, path)


def _too_much(path: str, line: int, col: int, what: str) -> BrokenError:
    hint = "split it; in a ticket, take away what was changed by hand but comments"
    return BrokenError(f"more than {what}", hint, Place(path, line, col))


def _look_closely(text: str, path: str) -> None:
    """The same, where the sum of all that might stand before a value is too large: blocks of text count for nothing."""
    nodes, words, depth = 2, 0, 0
    block = -1
    for number, line in enumerate(text.split("\n"), 1):
        indent = len(line) - len(line.lstrip(" "))
        if block >= 0 and (indent > block or not line.strip()):
            continue
        block = indent if _BLOCK.search(line) else -1
        mark = _MARK.search(line)
        if mark:
            raise _too_much(path, number, mark.end() - MAX_MARK, f"{MAX_MARK:,} characters in a tag, anchor or alias")
        words += line.count(" ", indent)
        if words > MAX_WORDS:
            raise _too_much(path, number, 1, f"{MAX_WORDS:,} words outside blocks of text")
        found, depth = _values(line, indent, depth)
        if nodes + found > MAX_NODES:
            raise _too_much(path, number, _column(line, MAX_NODES - nodes), f"{MAX_NODES:,} values")
        nodes += found


def _values(line: str, indent: int, depth: int) -> tuple[int, int]:
    """About how many values a line holds, given how many brackets are open before it; and how many are after it."""
    if not depth and not ("[" in line or "{" in line):
        lead = _LEAD.match(line, indent)
        start = lead.end() if lead else indent
        found = sum(map(line.count, "-?:", [indent] * 3, [start] * 3))
        rest = line[start:]
        return found + (bool(rest) and not rest.startswith("#")) + (": " in rest or rest.endswith(":")), 0
    bare = _QUOTED.sub('""', line)
    opened = bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
    return 2 + sum(map(bare.count, _FLOW)) + bare.count("- ") + bare.count("?"), max(depth + opened, 0)


def _column(line: str, left: int) -> int:
    """About where in a line the values that are left are used up."""
    for col, char in enumerate(line, 1):
        left -= char in ",[{:-?"
        if left < 0:
            return col
    return 1
