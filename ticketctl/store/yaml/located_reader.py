"""Read places in our canonical form, without a YAML library (docs/ticket-file.md).

The result has the same nodes that ruamel.yaml would give, or is ``None``. The caller
has checked by other means that the text is in that form; all other texts are read by
``store/yaml/ruamel.py``.
"""

from __future__ import annotations

import re

from ticketctl.core.yaml_node import Node, Scalar, resolve
from ticketctl.pattern import pattern

_KEY = pattern(r'([^\s"\'#:-][^:"]*|"(?:[^"\\]|\\.)*"):(?: (?=\S)|\Z)')
_QUOTED = pattern(r'"((?:[^"\\]|\\.)*)"\Z')
_ESCAPE = pattern(r"\\(?:x([0-9A-F]{2})|u([0-9A-F]{4})|U([0-9A-F]{8})|(.))")
_SHORT = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    '"': '"',
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


_DEEPEST = 20
"""The column beyond which no key of our form begins."""


class NotCanonicalError(ValueError):
    """The text is not in our form."""


def read_strict(data: bytes) -> Node | None:
    """Return the located content of a ticket file in our form; ``None`` for any other."""
    try:
        text = data.decode("utf-8")
        if not text.endswith("\n") or "\r" in text:
            return None
        reader = _LineReader(text[:-1].split("\n"))
        node = reader.mapping(0)
        return node if reader.at == len(reader.lines) else None
    except (ValueError, LookupError):
        return None


class _LineReader:
    """A reader that goes down the lines once.

    Args:
        lines: of the file.
    """

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.at = lines, 0

    def mapping(self, indent: int) -> Node:
        """Return the mapping whose keys begin at a column.

        Its first line may begin with the dash of a sequence.

        Args:
            indent: the column, from 0.

        Raises:
            NotCanonicalError: the text is not in our form.
        """
        if indent > _DEEPEST:
            raise NotCanonicalError
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        start, lead, dashed = self.at + 1, " " * indent, self._dashed(indent)
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if dashed:
                dashed = False
            elif not line.startswith(lead):
                break
            match = _KEY.match(line, indent)
            if match is None:
                break
            key = unquoted(match[1])
            if key in values:
                raise NotCanonicalError
            keys[key] = (self.at + 1, indent + 1)
            values[key] = self._value(line, match.end(), indent)
        if not values:
            raise NotCanonicalError
        return Node(values, start, indent + 1, keys)

    def _dashed(self, indent: int) -> bool:
        return indent >= 2 and self.lines[self.at].startswith("- ", indent - 2)

    def _value(self, line: str, start: int, indent: int) -> Node:
        """Return the value after a key: on its line, or on those below it."""
        number = self.at + 1
        self.at += 1
        rest = line[start:]
        if rest in ("|", "|-"):
            return Node(
                self._literal(indent + 2) + ("\n" if rest == "|" else ""),
                number,
                start + 1,
            )
        if rest:
            return Node(_scalar(rest), number, start + 1, end=len(line) + 1)
        below = self.lines[self.at]
        if below.startswith("- ", indent) and below[:indent].isspace() is bool(indent):
            return self._sequence(indent)
        return self.mapping(indent + 2)

    def _literal(self, indent: int) -> str:
        lines: list[str] = []
        lead = " " * indent
        while self.at < len(self.lines) and (
            not self.lines[self.at] or self.lines[self.at].startswith(lead)
        ):
            lines.append(self.lines[self.at][indent:])
            self.at += 1
        return "\n".join(lines)

    def _sequence(self, indent: int) -> Node:
        items: list[Node] = []
        start, lead = self.at + 1, " " * indent + "- "
        while self.at < len(self.lines) and self.lines[self.at].startswith(lead):
            line = self.lines[self.at]
            if _KEY.match(line, indent + 2):
                items.append(self.mapping(indent + 2))
            else:
                self.at += 1
                items.append(
                    Node(
                        _scalar(line[indent + 2 :]),
                        self.at,
                        indent + 3,
                        end=len(line) + 1,
                    )
                )
        return Node(items, start, indent + 1)


def _scalar(text: str) -> Scalar:
    return unquoted(text) if text.startswith('"') else resolve(text)


def unquoted(text: str) -> str:
    """Return the text in double quotes; a text without them as it is.

    Raises:
        NotCanonicalError: the quotes are not closed.
        UnicodeEncodeError: there is a lone surrogate.
    """
    if not text.startswith('"'):
        return text
    match = _QUOTED.match(text)
    if match is None:
        raise NotCanonicalError
    value = _ESCAPE.sub(_unescaped, match[1])
    value.encode()  # fails for a lone surrogate
    return value


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _SHORT[match[4]]
