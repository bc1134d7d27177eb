"""Tests of ``ticketctl.render.columns``."""

from __future__ import annotations

import sys
import unicodedata

from tests.support.hostile_texts import _BAD, BAD, JOINERS, raw
from ticketctl.core.escaping import safe


def test_every_character_alone() -> None:
    """Safe spells out just what is not safe; it leaves a safe text as it is, and lets
    nothing be joined to ASCII."""
    for char in BAD:
        for text in (char, f"a{char}", f"é{char}b", f"{char}{char}", f"\u202e{char}"):
            found = safe(text)
            assert (
                not raw(found)
                and safe(found) == found
                and (found != text or char in JOINERS)
            ), hex(ord(char))
    for start in range(0, sys.maxunicode, 0x1000):
        chars = [chr(code) for code in range(start, start + 0x1000)]
        text = "".join(
            char
            for char in chars
            if char not in _BAD and unicodedata.category(char) != "Cn"
        )
        assert safe(text) == text
    assert safe("a\tb") == "a    b"
    assert safe("a\n\t", "\n\t") == "a\n\t"
    assert safe("aé\u200d\u200db \u200c") == "aé\u200d\\u200db \\u200c"
    assert safe("é\u202e\u200d") == safe(safe("é\u202e\u200d"))
