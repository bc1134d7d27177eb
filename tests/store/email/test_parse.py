"""Reading of an email that arrives: what is read, in little time and memory (T8, X4)."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.support.addresses import JANE
from tests.support.emails import BREAKS, HTML, PLAIN, attached, parts, raw_email, typed
from tests.support.hostile_emails import LARGE, MIB
from tests.support.places import ROOT
from ticketctl.store.email.body import Attachment
from ticketctl.store.email.mime import MAX_PARTS, UnreadableError
from ticketctl.store.email.parse import parse_email

READ: dict[str, tuple[bytes, dict[str, Any]]] = {
    # encodings of a body
    "ascii": (
        typed("text/plain", "7bit", b"Hello"),
        {"text": "Hello", "sender": JANE, "attachments": ()},
    ),
    "latin-1": (
        typed("text/plain; charset=iso-8859-1", "8bit", b"caf\xe9"),
        {"text": "café"},
    ),
    "utf-8": (
        typed("text/plain; charset=utf-8", "8bit", "café ✓".encode()),
        {"text": "café ✓"},
    ),
    "utf-8 that does not say so": (
        typed("text/plain", "8bit", "café".encode()),
        {"text": "café"},
    ),
    "ascii that is none": (
        typed("text/plain; charset=us-ascii", "8bit", b"caf\xe9!"),
        {"text": "caf\ufffd!"},
    ),
    "windows-1252": (
        typed("text/plain; charset=windows-1252", "8bit", b"\x93a\x94"),
        {"text": "“a”"},
    ),
    "unknown charset": (
        typed("text/plain; charset=klingon", "8bit", "café".encode()),
        {"text": "café"},
    ),
    "charset that is a codec but none of text": (
        typed("text/plain; charset=rot13", "8bit", b"abc"),
        {"text": "abc"},
    ),
    "charset with a NUL": (
        typed("text/plain; charset=a\0b", "8bit", b"abc"),
        {"text": "abc"},
    ),
    "empty charset": (typed('text/plain; charset=""', "8bit", b"abc"), {"text": "abc"}),
    "base64": (
        typed("text/plain; charset=utf-8", "base64", base64.b64encode("café".encode())),
        {"text": "café"},
    ),
    "broken base64": (typed("text/plain", "base64", b"SGVsbG8!!!"), {"sender": JANE}),
    "quoted-printable": (
        typed("text/plain; charset=utf-8", "quoted-printable", b"caf=C3=A9 =\nau lait"),
        {"text": "café au lait"},
    ),
    "quoted-printable that is wrong": (
        typed("text/plain", "quoted-printable", b"100=% =ZZ"),
        {"text": "100=% =ZZ"},
    ),
    "unknown transfer encoding": (
        typed("text/plain", "x-own", b"abc"),
        {"text": "abc"},
    ),
    "CRLF and CR": (typed("text/plain", "7bit", b"a\r\nb\rc"), {"text": "a\nb\nc"}),
    "control characters": (
        typed("text/plain", "8bit", b"a\0b\x1b[2J\x07c"),
        {"text": "ab[2Jc"},
    ),
    "half of a character": (
        typed("text/plain; charset=utf-8", "8bit", b"a\xed\xa0\x80b"),
        {"sender": JANE},
    ),
    # headers
    "encoded subject": (
        raw_email("Subject: =?utf-8?q?caf=C3=A9?= =?iso-8859-1?b?6Q==?="),
        {"subject": "caféé"},
    ),
    "subject in raw utf-8": (raw_email("Subject: café"), {"sender": JANE}),
    "subject in an unknown charset": (
        raw_email("Subject: =?klingon?q?a?="),
        {"subject": "=?klingon?q?a?="},
    ),
    "subject with the end of a line in it": (
        raw_email(f"Subject: {BREAKS}"),
        {"subject": "a Bcc: evil@other.example"},
    ),
    "folded subject": (
        raw_email("Subject: one\r\n two\r\n\tthree"),
        {"subject": "one two three"},
    ),
    "long subject": (raw_email("Subject: " + "x" * 3000), {"subject": "x" * 500}),
    "no subject": (raw_email(), {"subject": ""}),
    "two subjects": (raw_email("Subject: one", "Subject: two"), {"subject": "one"}),
    "folded references": (
        raw_email("References: <a@x>\r\n <b@x>\r\n\t<c@x>"),
        {"references": ("<c@x>", "<b@x>", "<a@x>")},
    ),
    "no From": (b"Subject: x\n\nhello", {"sender": "", "text": "hello"}),
    "From that is no address": (
        raw_email(sender="nobody in particular"),
        {"sender": ""},
    ),
    "From with a name": (
        raw_email(sender='"Doe, Jane" <Jane@Customer.Example>'),
        {"sender": JANE},
    ),
    "From with an encoded name": (
        raw_email(sender=f"=?utf-8?q?J=C3=A4ne?= <{JANE}>"),
        {"sender": JANE},
    ),
    "two From": (
        raw_email(f"From: {JANE}", sender="other@else.example"),
        {"sender": ""},
    ),
    "From with two addresses": (
        raw_email(sender=f"{JANE}, other@else.example"),
        {"sender": ""},
    ),
    "From with another's address before it": (
        raw_email(sender=f"{JANE} <mallory@evil.example>"),
        {"sender": ""},
    ),
    "From with another's address in brackets": (
        raw_email(sender=f"<{JANE}>mallory@evil.example"),
        {"sender": ""},
    ),
    "From of a group": (raw_email(sender=f"undisclosed: {JANE};"), {"sender": ""}),
    "From with a quoted name": (
        raw_email(sender=f'"Doe, Jane (a@b)" <{JANE}> (at home)'),
        {"sender": JANE},
    ),
    "From with a sloppy name": (
        raw_email(sender=f"Doe, Jane <{JANE}>"),
        {"sender": JANE},
    ),
    "From with a path": (raw_email(sender="<../../etc/passwd>"), {"sender": ""}),
    "recipients": (
        raw_email(
            "Cc: c@x.example",
            "Delivered-To: D@x.example",
            "X-Original-To: o@x.example",
            to="a@x.example, B <b@x.example>, a@x.example",
        ),
        {
            "recipients": (
                "d@x.example",
                "o@x.example",
                "a@x.example",
                "b@x.example",
                "c@x.example",
            )
        },
    ),
    "no recipients": (b"From: a@x.example\n\nhello", {"recipients": ()}),
    "Message-ID": (
        raw_email("Message-ID: <a.b+c@customer.example> (of mine)"),
        {"message_id": "<a.b+c@customer.example>"},
    ),
    "folded Message-ID": (
        raw_email("Message-ID:\r\n <a@customer.example>"),
        {"message_id": "<a@customer.example>"},
    ),
    "references": (
        raw_email("In-Reply-To: <c@x>", "References: <a@x> <b@x> <c@x>"),
        {"references": ("<c@x>", "<b@x>", "<a@x>")},
    ),
    "references without In-Reply-To": (
        raw_email("References: <a@x> <b@x>"),
        {"references": ("<b@x>", "<a@x>")},
    ),
    "In-Reply-To alone": (
        raw_email("In-Reply-To: your letter <a@x> of today"),
        {"references": ("<a@x>",)},
    ),
    "200 references": (
        raw_email("References: " + " ".join(f"<{n}@x>" for n in range(200))),
        {"references": tuple(f"<{n}@x>" for n in range(199, 99, -1))},
    ),
    "a header without a colon": (
        b"From: a@x.example\nthis is none\n\nhello",
        {"sender": "a@x.example"},
    ),
    "nothing but a body": (
        b"\n\nhello",
        {"text": "hello", "sender": "", "subject": ""},
    ),
    "nothing": (
        b"",
        {"text": "", "sender": "", "recipients": (), "attachments": (), "machine": ""},
    ),
    # parts
    "html alone": (
        typed(
            "text/html",
            "7bit",
            b"<head><title>T</title><style>p{}</style></head><p>one<br>two &amp; "
            b"<i>three</i><script>evil()</script></p><div>four</div>",
        ),
        {"text": "one\ntwo & three\n\nfour"},
    ),
    "plain and html": (
        parts("alternative", PLAIN, HTML),
        {"text": "plain words", "attachments": ()},
    ),
    "html and plain": (
        parts("alternative", HTML, PLAIN),
        {"text": "plain words", "attachments": ()},
    ),
    "nested": (
        parts(
            "mixed",
            parts("related", parts("alternative", PLAIN, HTML, mark="c"), mark="b"),
            attached("a.txt"),
            mark="a",
        ),
        {"text": "plain words", "attachments": (Attachment("a.txt", b"data"),)},
    ),
    "two texts": (
        parts("mixed", PLAIN, b"Content-Type: text/plain\n\nmore"),
        {"text": "plain words\nmore"},
    ),
    "a letter in a letter": (
        parts(
            "mixed",
            PLAIN,
            b"Content-Type: message/rfc822\n\nFrom: x@y.example\n\ninner",
        ),
        {
            "text": "plain words",
            "attachments": (Attachment("letter.eml", b"From: x@y.example\n\ninner"),),
        },
    ),
    "multipart without a boundary": (
        typed("multipart/mixed", "7bit", b"hello"),
        {"sender": JANE},
    ),
    "boundary that never comes": (
        typed("multipart/mixed; boundary=x", "7bit", b"hello"),
        {"sender": JANE},
    ),
    "multipart that never ends": (
        b'Content-Type: multipart/mixed; boundary="e"\n\n--e\n' + PLAIN,
        {"text": "plain words"},
    ),
    "as many parts as may be": (
        parts("mixed", *[PLAIN] * MAX_PARTS),
        {"attachments": ()},
    ),
    # attachments, under the names that they came with
    "attached text": (
        parts("mixed", PLAIN, attached("a.txt", how='attachment; filename="%s"')),
        {"attachments": (Attachment("a.txt", b"data"),)},
    ),
    "inline with a name": (
        parts("mixed", PLAIN, attached("a.png", how='inline; filename="%s"')),
        {"attachments": (Attachment("a.png", b"data"),)},
    ),
    "without a name": (
        parts("mixed", PLAIN, b"Content-Type: image/png\n\ndata"),
        {"attachments": (Attachment("part-1", b"data"),)},
    ),
    "a path": (
        parts("mixed", PLAIN, attached("../../etc/passwd")),
        {"attachments": (Attachment("../../etc/passwd", b"data"),)},
    ),
    "RFC 2231": (
        parts(
            "mixed",
            PLAIN,
            attached("caf%C3%A9.txt", how="attachment; filename*=utf-8''%s"),
        ),
        {"attachments": (Attachment("café.txt", b"data"),)},
    ),
    "RFC 2231 in an unknown charset": (
        parts(
            "mixed",
            PLAIN,
            attached("a%FF.txt", how="attachment; filename*=klingon''%s"),
        ),
        {"text": "plain words"},
    ),
    "RFC 2231 in pieces that do not fit": (
        parts("mixed", PLAIN, attached("x", how="attachment; filename*9*=a; x*0=%s")),
        {"text": "plain words"},
    ),
    "empty file": (parts("mixed", PLAIN, attached("a.txt", b"")), {"attachments": ()}),
}
"""Emails: name -> (the bytes, the fields that must come of them)."""


@pytest.mark.parametrize("name", list(READ))
def test_read(name: str) -> None:
    """An email is read as people who get it would read it."""
    data, expected = READ[name]
    read = parse_email(data)
    assert {key: getattr(read, key) for key in expected} == expected
    assert read.message_id.startswith("<")
    assert read.message_id.endswith(">")


MACHINES = {
    "nothing": ((), ""),
    "no": (("Auto-Submitted: no",), ""),
    "NO": (("Auto-Submitted:  NO ",), ""),
    "no with more": (("Auto-Submitted: no; owner=x",), ""),
    "auto-replied": (("Auto-Submitted: auto-replied",), "Auto-Submitted: auto-replied"),
    "auto-generated with more": (
        ("Auto-Submitted: auto-generated; x=y",),
        "Auto-Submitted: auto-generated; x=y",
    ),
    "Auto-Replied": (("AUTO-SUBMITTED: Auto-Replied",), "Auto-Submitted: auto-replied"),
    "not a word that is known": (("Auto-Submitted: not",), "Auto-Submitted: not"),
    "empty": (("Auto-Submitted:",), ""),
    "bulk": (("Precedence: bulk",), "Precedence: bulk"),
    "junk": (("Precedence: Junk",), "Precedence: junk"),
    "list": (("Precedence: list",), "Precedence: list"),
    "auto_reply": (("Precedence: auto_reply",), "Precedence: auto_reply"),
    "first-class": (("Precedence: first-class",), ""),
    "empty return path": (("Return-Path: <>",), "an empty return path"),
    "return path": ((f"Return-Path: <{JANE}>",), ""),
    "report": (("Content-Type: multipart/report; boundary=e",), "a delivery report"),
}


@pytest.mark.demand("X4")
@pytest.mark.parametrize("name", list(MACHINES))
def test_machine(name: str) -> None:
    """What a machine wrote is known by what it says of itself (X4, RFC 3834); what a
    person wrote is not."""
    headers, expected = MACHINES[name]
    assert parse_email(raw_email(*headers)).machine == expected


def test_machine_with_a_comment() -> None:
    """``Auto-Submitted: no (a comment)`` is a person's, as RFC 3834 has it."""
    assert parse_email(raw_email("Auto-Submitted: no (I wrote this)")).machine == ""


def test_an_id_is_made_of_the_bytes() -> None:
    """An email without a Message-ID has always the same one, and another has another."""
    one, two = (parse_email(raw_email(body=body)).message_id for body in ("one", "two"))
    assert one == parse_email(raw_email(body="one")).message_id != two
    for bad in ("", "none", "<>", "<a b@x>", f"<{'a' * 300}@x>", "<a@x"):
        assert parse_email(raw_email(f"Message-ID: {bad}")).message_id.endswith(
            "@without-id.invalid>"
        )


@pytest.mark.parametrize(
    "data", [parts("mixed", *[PLAIN] * (MAX_PARTS + 1)), raw_email("To: " + "(" * 5000)]
)
def test_unreadable(data: bytes) -> None:
    """What the parser cannot stand is one error, with words."""
    with pytest.raises(UnreadableError, match=r"."):
        parse_email(data)


SLOW = 10.0
"""More seconds than reading any email takes, on any machine."""


def quickly(data: bytes) -> str:
    """Read an email, or be told why it cannot be; either must be quick."""
    start = time.monotonic()
    try:
        found = parse_email(data).text
    except UnreadableError as error:
        found = str(error)
    assert time.monotonic() - start < SLOW
    return found


@pytest.mark.parametrize("name", list(LARGE))
def test_reading_is_quick(name: str) -> None:
    """Every shape, at half a MiB: what takes more than linear time would take minutes."""
    quickly(LARGE[name](MIB // 2))


READ_PROGRAM = """
import resource, sys
from tests.support.hostile_emails import LARGE, MIB
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import parse_email
for name in sys.argv[1:]:
    try:
        parse_email(LARGE[name](40 * MIB))
    except UnreadableError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_forty_mebibytes_of_anything() -> None:
    """At the size limit as well, in a process of its own: in time, and below 500 MB."""
    some = [
        "lines of one letter",
        "levels of lines",
        "base64",
        "html of opening brackets",
        "carriage returns",
        "colons",
        "uuencode",
        "uuencode of one byte a line",
    ]
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", READ_PROGRAM, *some],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=SLOW * len(some),
    )
    assert time.monotonic() - start < SLOW * len(some)
    assert int(done.stdout) < 500
