"""Which characters hide in a text or change its order, and how they are spelled out."""

from __future__ import annotations

import re
from functools import cache

_HIDING = (
    r"\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Besides the controls (Cc): surrogates, separators of lines, bidi controls, and what
has no picture of its own (Cf, and the places that Unicode keeps for more of them).
Not here: variation selectors, and the signs of the category Cf that are seen."""

_JOINERS = r"\u200c\u200d"
"""Persian, Indic scripts and emoji are written with them; elsewhere they only hide."""

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))


def safe(text: str, keep: str = "") -> str:
    """A text in which nothing moves the cursor, hides, or changes the order.

    Such characters are spelled out, as ``\\x1b`` and ``\\u202e``; a tab becomes four
    spaces. A safe text stays as it is.

    Args:
        keep: control characters that stay: of a text of several lines, the new line.
    """
    if text.isprintable():
        return text
    return _unsafe(keep).sub(lambda found: _spelled(found[0]), text)


def safe_lines(text: str) -> str:
    """The same for a text of several lines."""
    return text if text.replace("\n", "").isprintable() else safe(text, "\n")


def escaped(json: str) -> str:
    """JSON of the same meaning, with the same characters as escapes of JSON.

    Args:
        json: one or more lines, with C0 controls in texts as escapes, as ``json.dumps``
            gives it.
    """
    if json.isascii() and "\x7f" not in json:
        return json
    return _unsafe("\n").sub(lambda found: _escape(found[0]), json)


@cache
def _unsafe(keep: str) -> re.Pattern[str]:
    """What is spelled out: a joiner too, unless it stands behind a character that is
    seen and is not ASCII."""
    controls = "".join(f"\\x{code:02x}" for code in _CONTROLS if chr(code) not in keep)
    visible = rf"[^\x00-\x9f{_HIDING}{_JOINERS}]"
    return re.compile(rf"[{controls}{_HIDING}]|(?<!{visible})[{_JOINERS}]")


def _spelled(char: str) -> str:
    code = ord(char)
    if char == "\t":
        return "    "
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
