"""The width of safe texts on a terminal; cutting and padding them to columns."""

from __future__ import annotations

from collections.abc import Iterator

_PICTURE = "\ufe0f"
"""Asks for the character before it as an emoji, which is two columns wide."""


def width(text: str) -> int:
    """Return how many columns a safe text takes.

    East Asian wide characters take two, and so does an emoji of any number of
    characters; marks on other characters and joiners take none.
    """
    if text.isascii():
        return len(text)
    return sum(columns for _, columns in _cells(text))


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """Yield each character, and how many columns it adds to those before it."""
    import unicodedata  # not needed for most texts

    before, joined = 0, False
    for char in text:
        if char == "\u200d":
            columns, joined = 0, before == 2
        elif joined or "\U0001f3fb" <= char <= "\U0001f3ff":
            # the next part of an emoji, or its skin tone
            columns, joined = (0 if before == 2 else 2), False
        elif char == _PICTURE:
            columns = 1 if before == 1 else 0
            before += columns
        elif _stacked(char, unicodedata.category(char)):
            columns = 0
        else:
            columns = before = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        yield char, columns


def _stacked(char: str, category: str) -> bool:
    """Return whether a character takes no column: a mark, or a later part of a
    syllable."""
    if category in ("Mn", "Me") or char == "\u200c":
        return True
    return "\u1160" <= char <= "\u11ff"


def fit(text: str, columns: int) -> str:
    """Return a safe text cut to a number of columns; ``...`` marks the cut."""
    if columns <= 0 or width(text) <= columns:
        return text
    left, kept = columns - 3, 0
    for char, more in _cells(text):
        left -= more
        if left < 0:
            break
        kept += len(char)
    return text[:kept].rstrip(" \u200c\u200d") + "..."


def pad(text: str, columns: int) -> str:
    """Return a safe text padded with spaces to a number of columns."""
    return text + " " * (columns - width(text))
