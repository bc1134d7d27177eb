"""Text from tickets, made safe for a terminal: nothing in it moves the cursor, hides, or turns the line round."""

from __future__ import annotations


def safe(text: str) -> str:
    """One line of text with control, bidi and zero-width characters (Unicode Cc, Cf, Cs, Zl, Zp) spelt out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    import unicodedata  # not needed for most texts

    if char == "\t":
        return "    "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def width(text: str) -> int:
    """How many columns a safe text takes: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fit(text: str, columns: int) -> str:
    """A safe text cut to a number of columns, ``...`` marking the cut."""
    if columns <= 0 or width(text) <= columns:
        return text
    while text and width(text) > columns - 3:
        text = text[:-1]
    return text.rstrip() + "..."


def pad(text: str, columns: int) -> str:
    """A safe text filled up with spaces."""
    return text + " " * (columns - width(text))
