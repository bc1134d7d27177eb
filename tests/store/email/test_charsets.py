"""Tests of ``ticketctl.store.email.charsets``."""

from __future__ import annotations

import base64
import sys

import pytest

from tests.support.emails import raw_email, typed
from ticketctl.store.email import charsets
from ticketctl.store.email.parse import parse_email

LARGER: dict[str, tuple[str, bytes, str]] = {
    "NEC in Shift_JIS": (
        "shift_jis",
        "①番機のプリンタ".encode("cp932"),
        "①番機のプリンタ",
    ),
    "IBM in Shift_JIS": ("Shift_JIS", "髙橋".encode("cp932"), "髙橋"),
    "NEC in EUC-JP": ("euc-jp", b"\xad\xa1\xc8\xd6", "①番"),
    "NEC in ISO-2022-JP": ("iso-2022-jp", b"a\x1b$B-!HV\x1b(Bb\n", "①番"),
    "kana in ISO-2022-JP": ("iso-2022-jp", b"\x1b(I1\x1b(B", "ｱ"),
    "GB 2312": ("gb2312", "朱镕基".encode("gbk"), "朱镕基"),
    "GBK": ("gbk", "朱镕基\u20ac㐀".encode("gb18030"), "朱镕基\u20ac㐀"),
    "EUC-KR": ("euc-kr", "똠방각하".encode("cp949"), "똠방각하"),
    "Big5": ("big5", "碁".encode("cp950"), "碁"),
    "Big5 of Hong Kong": ("big5", "㗎".encode("big5hkscs"), "㗎"),
    "Latin-1": ("iso-8859-1", b"5 \x80 \x93a\x94 caf\xe9", "5 € “a” café"),
    "Latin-5": ("iso-8859-9", b"5 \x80 \xfe", "5 € ş"),
    "Thai": ("tis-620", b"\x85 \xa1", "… ก"),
}


@pytest.mark.parametrize("name", list(LARGER))
def test_a_charset_is_that_of_windows_where_it_is_too_small(name: str) -> None:
    """In a body, in a subject, and at the beginning of a large body."""
    charset, data, text = LARGER[name]
    assert (
        text in parse_email(typed(f"text/plain; charset={charset}", "8bit", data)).text
    )
    word = f"=?{charset}?b?{base64.b64encode(data).decode()}?="
    assert text in parse_email(raw_email(f"Subject: {word}")).subject
    assert text in charsets.decode_beginning(data + b" " * 100, charset, len(data) + 50)


def test_what_is_in_no_charset_has_its_other_characters() -> None:
    """Only what cannot be read is replaced; what is right is read as it says."""
    assert (
        charsets.decode("①番".encode("cp932") + b"\x85 .", "shift_jis") == "①番\ufffd ."
    )
    assert charsets.decode(b"\xa1\xb1 \\ ~", "shift_jis") == b"\xa1\xb1 \\ ~".decode(
        "shift_jis"
    )
    assert charsets.decode(b"\xe9\x81\x80", "iso-8859-1") == "é\ufffd€"
    assert charsets.decode(b"caf\xe9 \xa4", "iso-8859-1") == "café ¤"
    assert charsets.decode(b"\x1b$B-!HV\xff\x1b(B", "iso-2022-jp").count("\ufffd")


@pytest.mark.parametrize(
    "name",
    ["punycode", "idna", "unicode_escape", "rot13", "hex", "zlib", "os", "mbcs", ""],
)
def test_no_codec_is_looked_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name from an email reaches no registry and imports no module; its text is read."""
    asked: list[str] = []
    monkeypatch.setattr("codecs.lookup", asked.append)
    before = set(sys.modules)
    data = typed(f"text/plain; charset={name}", "8bit", b"plain \\u0041")
    subject = b"Subject: =?" + name.encode() + b"?q?a-b?=\n"
    assert parse_email(subject + data).text == "plain \\u0041"
    assert not asked
    assert not {each for each in set(sys.modules) - before if "encodings" in each}


@pytest.mark.parametrize(
    "name",
    [
        "UTF-8",
        "utf8",
        "ISO-8859-1",
        "latin1",
        "Windows-1252",
        "cp1252",
        "KOI8-R",
        "gb2312",
        "Shift_JIS",
        "ISO-2022-JP",
        "EUC-KR",
        "us-ascii",
        "iso-8859-15",
        "windows-874",
        "iso-8859-8-i",
        "x-sjis",
        "csISO2022JP",
        '"utf-8"',
        "utf-8 (x)",
    ],
)
def test_charsets_of_real_email_are_known(name: str) -> None:
    """However they are written."""
    assert charsets.codec_of(name)
