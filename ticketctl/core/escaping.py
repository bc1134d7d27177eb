"""Characters that hide in a text or change its order, and their escapes."""

from __future__ import annotations

import re
from functools import cache

_HIDING = (
    r"\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Besides the controls (Cc): surrogates, line separators, bidi controls, and characters
without a glyph (Cf, and the code points that Unicode reserves for more of them).
Variation selectors, and the characters of Cf that have a glyph, are not among them."""

_JOINERS = r"\u200c\u200d"
"""Persian, Indic scripts and emoji need them; elsewhere they only hide."""

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))


def safe(text: str, keep: str = "") -> str:
    """Return a text in which nothing moves the cursor, hides, or changes the order.

    Such characters are escaped, as ``\\x1b`` and ``\\u202e``; a tab becomes four
    spaces. A safe text stays as it is.

    Args:
        keep: control characters that stay, such as the line feed.
    """
    if text.isprintable():
        return text
    return _unsafe(keep).sub(lambda match: _escaped_character(match[0]), text)


def safe_lines(text: str) -> str:
    """Return a text of several lines, each one safe."""
    return text if text.replace("\n", "").isprintable() else safe(text, "\n")


def escaped(json: str) -> str:
    """Return JSON of the same meaning, with these characters as escapes of JSON.

    Args:
        json: one or more lines as ``json.dumps`` returns them: C0 controls in strings
            are escaped already.
    """
    if json.isascii() and "\x7f" not in json:
        return json
    return _unsafe("\n").sub(lambda match: _json_escape(match[0]), json)


@cache
def _unsafe(keep: str) -> re.Pattern[str]:
    """Return what is escaped: joiners too, unless they follow a visible character that
    is not ASCII."""
    controls = "".join(f"\\x{code:02x}" for code in _CONTROLS if chr(code) not in keep)
    visible = rf"[^\x00-\x9f{_HIDING}{_JOINERS}]"
    return re.compile(rf"[{controls}{_HIDING}]|(?<!{visible})[{_JOINERS}]")


def _escaped_character(char: str) -> str:
    """Return a character as an escape of Python."""
    code = ord(char)
    if char == "\t":
        return "    "
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(char: str) -> str:
    """Return a character as an escape of JSON."""
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
