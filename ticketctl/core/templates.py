"""Texts of a profile in which ``$names`` are filled in: ``$title``, ``${title}``;
``$$`` is a dollar, and so is ``$5``."""

from __future__ import annotations

from collections.abc import Mapping

from ticketctl.pattern import pattern

MOST = 1 << 20
"""How many characters a text may have once it is filled in, and all texts that one act
sets: as many as the largest ticket file has bytes."""
INTERNAL = "note"
"""The name that stands for an internal note, which customers must never read."""
_CUT = " [...]"
_NAME = pattern(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


class TooLongError(ValueError):
    """A text would be too long once it is filled in.

    Args:
        length: how many characters it would have.
        what: which text it is.
    """

    def __init__(self, length: int, what: str = "the text") -> None:
        super().__init__(f"{what} would have {length:,} characters, more than {MOST:,}")
        self.length, self.what = length, what


def names_in(text: str) -> list[str]:
    """Return the ``$names`` of a text, in order."""
    return [match[2] or match[3] for match in _NAME.finditer(text) if not match[1]]


def only_name(text: str) -> str:
    """Return the name of a text that is a single ``$name``; empty for any other text."""
    match = _NAME.fullmatch(text)
    return match[2] or match[3] or "" if match else ""


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return the text with the values of its names; a name without a value stays.

    Raises:
        TooLongError: it would be longer than MOST; it is not built then.
    """
    replacements, length = _measured(text, values)
    if length > MOST:
        raise TooLongError(length)
    return _NAME.sub(lambda match: replacements[match[0]], text)


def shortened(text: str, values: Mapping[str, object]) -> str:
    """Return the text with the values of its names, for people to read.

    Where it would be too long, long values are cut.
    """
    replacements, length = _measured(text, values)
    if length > MOST:
        fair = max(
            (MOST - len(text)) // max(len(_NAME.findall(text)), 1) - len(_CUT), 0
        )
        replacements = {
            name: value if len(value) <= fair else value[:fair] + _CUT
            for name, value in replacements.items()
        }
        if _measured(text, values, replacements)[1] > MOST:
            return text[:MOST]
    return _NAME.sub(lambda match: replacements[match[0]], text)


def _measured(
    text: str, values: Mapping[str, object], replacements: dict[str, str] | None = None
) -> tuple[dict[str, str], int]:
    """Return the value of each name as it is written, and the length of the text."""
    replacements = {} if replacements is None else replacements
    length = len(text)
    for match in _NAME.finditer(text):
        written = match[0]
        if written not in replacements:
            replacements[written] = (
                "$" if match[1] else str(values.get(match[2] or match[3], written))
            )
        length += len(replacements[written]) - len(written)
    return replacements, length
