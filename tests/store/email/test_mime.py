"""Tests of ``ticketctl.store.email.mime``."""

from __future__ import annotations

import binascii
from typing import Any

import pytest

from tests.support.emails import PLAIN, attached, parts, raw_email, typed
from ticketctl.store.email.mime import (
    MAX_DEPTH,
    MAX_FIELD,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_PARTS,
    UnreadableError,
)
from ticketctl.store.email.parse import parse_email


def test_a_file_name_in_an_encoded_word() -> None:
    """Outlook and others encode names of files as they do subjects."""
    data = parts("mixed", PLAIN, attached("=?utf-8?b?aGkudHh0?="))
    assert [item.name for item in parse_email(data).attachments] == ["hi.txt"]


def uu(*lines: bytes) -> bytes:
    """An email with a uuencoded body."""
    return typed(
        "text/plain", "x-uuencode", b"begin 644 a.txt\n" + b"".join(lines) + b"`\nend\n"
    )


def test_uuencode_is_decoded_within_bounds() -> None:
    """What a program wrote is decoded, however long; a part of very short lines stays
    as it came, attached."""
    text = b"The quick brown fox jumps over the lazy dog. "
    read = parse_email(uu(*[binascii.b2a_uu(text)] * 30_000))
    assert read.text.startswith("The quick")
    assert read.attachments[0].data == text * 30_000
    assert parse_email(uu(*[binascii.b2a_uu(b"a")] * 900)).text == "a" * 900, (
        "few short lines cost nothing"
    )
    for line in (b"!\n", b"#AAAA\n", b"!\n\n"):
        body = uu(*[line] * 600_000)
        read = parse_email(body)
        assert read.text.startswith("begin 644")
        assert body.endswith(read.attachments[0].data)
        assert len(read.attachments[0].data) > 1_200_000


LIMITS: dict[str, tuple[bytes, str]] = {
    "fields": (b"a: b\n" * (MAX_FIELDS + 1) + b"\nx", "more than 1000 header fields"),
    "fields without a name": (b":\n" * (MAX_FIELDS + 1) + b"\nx", "more than 1000"),
    "field": (b"a: " + b"b" * MAX_FIELD + b"\n\nx", "field larger than 64 KiB"),
    "folded field": (
        b"a: b\n" + b" b\n" * (MAX_FIELD // 3 + 1) + b"\nx",
        "field larger than",
    ),
    "block": (
        (b"a: " + b"b" * 1000 + b"\n") * (MAX_HEAD // 1000),
        "headers larger than 256 KiB",
    ),
    "block that never ends": (b"a:" + b"b" * MAX_HEAD, "larger than"),
    "parts": (parts("mixed", *[PLAIN] * (MAX_PARTS + 1)), "more than 500 parts"),
    "field of a part": (
        parts("mixed", b"a: " + b"b" * MAX_FIELD + b"\n\nx"),
        "field larger",
    ),
    "comments in To": (raw_email(to="(" * 5000), "nested deeper than 100"),
    "comments in From": (raw_email(sender="(" * 5000), "nested deeper than 100"),
}


@pytest.mark.parametrize("name", list(LIMITS))
def test_limits(name: str) -> None:
    """What is beyond a limit is told by that limit."""
    data, words = LIMITS[name]
    with pytest.raises(UnreadableError, match=words):
        parse_email(data)


def within(depth: int) -> bytes:
    """A text within so many multiparts."""
    data = PLAIN
    for number in range(depth):
        data = parts("mixed", data, mark=f"m{number}")
    return data


def test_what_is_just_within_the_limits_is_read() -> None:
    """The limits are beyond what people and programs write."""
    assert parse_email(within(MAX_DEPTH)).text == "plain words"
    with pytest.raises(UnreadableError, match="nested deeper than 20"):
        parse_email(within(MAX_DEPTH + 1))
    head = b"a: b\n" * (MAX_FIELDS - 2) + b"Subject: s\nFrom: a@x.example\n\nbody"
    assert parse_email(head).sender == "a@x.example"
    large = b"a: " + b"b" * (MAX_FIELD - 10) + b"\nFrom: a@x.example\n\nbody"
    assert parse_email(large).text == "body"


BOTH: dict[str, tuple[bytes, dict[str, Any]]] = {
    "no closing boundary": (parts("mixed", PLAIN)[:-9], {"text": "plain words"}),
    "before and after the parts": (
        parts("mixed", PLAIN).replace(b"\n\n--edge", b"\n\nbefore\n--edge", 1)
        + b"\nafter\n",
        {"text": "plain words"},
    ),
    "a boundary in the text": (
        parts("mixed", PLAIN + b"\n--edge and more\n -- edge\nx--edge\n--edg"),
        {"text": "plain words\n--edge and more\n -- edge\nx--edge\n--edg"},
    ),
    "blanks behind a boundary": (
        parts("mixed", PLAIN).replace(b"--edge\n", b"--edge \t\r\n"),
        {"text": "plain words"},
    ),
    "CRLF": (
        parts("mixed", PLAIN, attached("a")).replace(b"\n", b"\r\n"),
        {"text": "plain words"},
    ),
    "CR alone": (parts("mixed", PLAIN).replace(b"\n", b"\r"), {"text": "plain words"}),
    "no part": (parts("mixed"), {"text": "--edge--"}),
    "a multipart without a boundary": (
        typed("multipart/mixed", "base64", b"aGVsbG8="),
        {"text": "hello"},
    ),
    "base64 without its padding": (
        typed("text/plain", "base64", b"aGVsbG8"),
        {"text": "hello"},
    ),
    "base64 with one letter too many": (
        typed("text/plain", "base64", b"aGVsbG8gd29ybGQhA"),
        {"text": "hello world!"},
    ),
    "base64 with anything between": (
        typed("text/plain", "BASE64", b"aG\0Vs\xffbG8\n=\n"),
        {"text": "hello"},
    ),
    "words said to be base64": (
        typed("text/plain", "base64", b"these are plain word"),
        {"text": "these are plain word"},
    ),
    "uuencode": (
        typed("text/plain", "x-uuencode", b"begin 644 a\n%:&5L;&\\ \n`\nend\n"),
        {"text": "hello"},
    ),
    "uuencode that is none": (
        typed("text/plain", "uuencode", b"hello"),
        {"text": "hello"},
    ),
    "an encoding in capitals, with a comment": (
        typed("text/plain", "Quoted-Printable (really)", b"=41"),
        {"text": "A"},
    ),
    "an envelope line": (
        b"From jane Mon Nov  2\nFrom: a@x.example\n\nbody",
        {"sender": "a@x.example"},
    ),
    "a type without a semicolon": (
        typed("text/plain charset=utf-8", "8bit", b"hi"),
        {"text": "hi", "attachments": ()},
    ),
    "a word cut in two": (
        raw_email(
            "Subject: =?utf-8?b?w6Q=?= =?utf-8?b?4oI=?= =?utf-8?b?rA==?= =?utf-8?q?_a_?= b"
        ),
        {"subject": "ä€ a b"},
    ),
    "a word next to others": (
        raw_email("Subject: [=?utf-8?q?a=C3=A4?=] =?bad?= =?x?q?=?q?="),
        {"subject": "[aä] =?bad?= =?x?q?=?q?="},
    ),
    "a raw header in UTF-8": (raw_email("Subject: Störung"), {"subject": "Störung"}),
    "a raw header in Windows-1252": (
        raw_email("Subject: St?rung").replace(b"?", b"\xf6"),
        {"subject": "Störung"},
    ),
    "no charset, not UTF-8": (
        typed("text/plain", "8bit", b"M\xe4rz"),
        {"text": "März"},
    ),
    "unknown charset, not UTF-8": (
        typed("text/plain; charset=klingon", "8bit", b"M\xe4rz \x80"),
        {"text": "März €"},
    ),
    "utf-7, as old Outlook has it": (
        typed("text/plain; charset=utf-7", "7bit", b"M+AOQ-rz"),
        {"text": "März"},
    ),
    "a conditional comment": (
        typed("text/html", "7bit", b"<!--[if mso]><p>x</p><![endif]--><p>seen</p>"),
        {"text": "seen"},
    ),
    "an email in base64": (
        parts(
            "mixed",
            PLAIN,
            b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogeAoKaGk=",
        ),
        {"text": "plain words"},
    ),
}


@pytest.mark.parametrize("name", list(BOTH))
def test_read_as_mail_programs_do(name: str) -> None:
    """Lenient where mail programs are; what is wrong is read as it was meant."""
    data, expected = BOTH[name]
    read = parse_email(data)
    assert {key: getattr(read, key) for key in expected} == expected


def test_bytes_of_attached_emails_are_exact() -> None:
    """An email that is attached keeps its bytes, its line ends too."""
    inner = b"From: x@y.example\r\n\r\ninner\r\n"
    data = parts("mixed", PLAIN, b"Content-Type: message/rfc822\n\n" + inner)
    assert [item.data for item in parse_email(data).attachments] == [inner]
