"""Tests of ``ticketctl.render.table``."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.hostile_texts import SCRIPTS, raw
from ticketctl.render.columns import fit, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("plain", 5),
        ("naïve", 5),
        ("e\u0301", 1),
        ("漢字", 4),
        ("한국어", 6),
        ("👨‍👩‍👧‍👦", 2),
        ("👩🏽‍🚀", 2),
        ("❤️", 2),
        ("❤️‍🔥", 2),
        ("🏳️‍🌈", 2),
        ("🇩🇪", 2),
        ("می‌خواهم", 7),
        ("क्‍ष", 2),
        ("हिन्दी", 5),
        ("؀١", 2),
        ("👍🏽", 2),
        ("🏽", 2),
    ],
)
def test_width(text: str, columns: int) -> None:
    """What joins or stands on other characters takes no column; an emoji of several
    takes two."""
    assert width(text) == columns


def test_a_cut_text_is_no_wider() -> None:
    """A sequence is cut as a whole or kept as a whole, and nothing is left that joins."""
    for text in [text * 3 for text in SCRIPTS.values()]:
        for columns in range(4, 40):
            cut = fit(text, columns)
            assert width(cut) <= columns
            assert not raw(cut)
            assert cut == text or cut.endswith("...")
            assert "\u200d..." not in cut
            assert "\u200c..." not in cut


def test_csv_and_tsv_cells() -> None:
    """What they mean to a program stays: tabs and line breaks in cells, and the
    apostrophe before a formula."""
    from ticketctl.render.table import csv_line, tsv

    line = csv_line(["=1\x1b", "a\tb", "c\nd", "e\rf", 'g"h', "\u202ei", "\u200b=j"])
    assert next(csv.reader(io.StringIO(line, newline=""))) == [
        "'=1\\x1b",
        "a\tb",
        "c\nd",
        "e\\x0df",
        'g"h',
        "\\u202ei",
        "\\u200b=j",
    ]
    assert tsv(["a\tb\\\n\r", "\x1b\u202e"]) == "a\\tb\\\\\\n\\r\t\\x1b\\u202e"
