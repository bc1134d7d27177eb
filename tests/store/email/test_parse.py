"""Letters that come in: what is read of them, what becomes of them, and that a hostile
one can do nothing else (X4).

Whatever arrives is on a ticket afterwards, or in ``dead-letters/`` with its reason, or
still with the mail server.
"""

from __future__ import annotations

import base64
import email.policy
import fcntl
import os
import random
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.campaign import rounds
from tests.support.emails import (
    BODIES,
    EN,
    HELP,
    JANE,
    LATER,
    PLAIN,
    SETTINGS,
    A,
    attached,
    attachments,
    dead,
    desk_of,
    history,
    letter,
    mail_in,
    parts,
    rows,
    store,
    typed,
)
from tests.support.lists import every
from tests.support.stores import done, files_of, make_tickets, ticketctl
from ticketctl.app.email.content import MAX_TEXT
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.email.outbound import message_id, thread_of
from ticketctl.app.email.pending_notifications import pending_notifications
from ticketctl.app.workspace import Workspace
from ticketctl.cli.main import run
from ticketctl.core.engine.notifications import compose
from ticketctl.errors import BrokenError, BusyError, Finding
from ticketctl.record import replace
from ticketctl.store.email.body import Attachment
from ticketctl.store.email.compose import OutgoingEmail, compose_email
from ticketctl.store.email.mime import MAX_PARTS, UnreadableError
from ticketctl.store.email.parse import Email, parse_email, without_quotes
from ticketctl.store.email.settings import ADDRESS, MailServer, MailSettings
from ticketctl.store.email.smtp import DeliveryError, transport
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.writing import locks

HTML = b"Content-Type: text/html\n\n<p>html <b>words</b></p>"


LONG_ID = "<" + "A" * 60 + "@AM0PR04MB1234.eurprd04.prod.outlook.com>"


BAD_BASE64 = "=?utf-8?b?AAAAA?="
"""An encoded word that says it is base64 and is not."""


BREAKS = "=?utf-8?q?a=0D=0ABcc:_evil=40other.example?="
"""An encoded word that holds the end of a line, then a header."""


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
        letter("Subject: =?utf-8?q?caf=C3=A9?= =?iso-8859-1?b?6Q==?="),
        {"subject": "caféé"},
    ),
    "subject in raw utf-8": (letter("Subject: café"), {"sender": JANE}),
    "subject in an unknown charset": (
        letter("Subject: =?klingon?q?a?="),
        {"subject": "=?klingon?q?a?="},
    ),
    "subject with the end of a line in it": (
        letter(f"Subject: {BREAKS}"),
        {"subject": "a Bcc: evil@other.example"},
    ),
    "folded subject": (
        letter("Subject: one\r\n two\r\n\tthree"),
        {"subject": "one two three"},
    ),
    "long subject": (letter("Subject: " + "x" * 3000), {"subject": "x" * 500}),
    "no subject": (letter(), {"subject": ""}),
    "two subjects": (letter("Subject: one", "Subject: two"), {"subject": "one"}),
    "folded references": (
        letter("References: <a@x>\r\n <b@x>\r\n\t<c@x>"),
        {"references": ("<c@x>", "<b@x>", "<a@x>")},
    ),
    "no From": (b"Subject: x\n\nhello", {"sender": "", "text": "hello"}),
    "From that is no address": (letter(sender="nobody in particular"), {"sender": ""}),
    "From with a name": (
        letter(sender='"Doe, Jane" <Jane@Customer.Example>'),
        {"sender": JANE},
    ),
    "From with an encoded name": (
        letter(sender=f"=?utf-8?q?J=C3=A4ne?= <{JANE}>"),
        {"sender": JANE},
    ),
    "two From": (letter(f"From: {JANE}", sender="other@else.example"), {"sender": ""}),
    "From with two addresses": (
        letter(sender=f"{JANE}, other@else.example"),
        {"sender": ""},
    ),
    "From with another's address before it": (
        letter(sender=f"{JANE} <mallory@evil.example>"),
        {"sender": ""},
    ),
    "From with another's address in brackets": (
        letter(sender=f"<{JANE}>mallory@evil.example"),
        {"sender": ""},
    ),
    "From of a group": (letter(sender=f"undisclosed: {JANE};"), {"sender": ""}),
    "From with a quoted name": (
        letter(sender=f'"Doe, Jane (a@b)" <{JANE}> (at home)'),
        {"sender": JANE},
    ),
    "From with a sloppy name": (letter(sender=f"Doe, Jane <{JANE}>"), {"sender": JANE}),
    "From with a path": (letter(sender="<../../etc/passwd>"), {"sender": ""}),
    "recipients": (
        letter(
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
        letter("Message-ID: <a.b+c@customer.example> (of mine)"),
        {"message_id": "<a.b+c@customer.example>"},
    ),
    "folded Message-ID": (
        letter("Message-ID:\r\n <a@customer.example>"),
        {"message_id": "<a@customer.example>"},
    ),
    "references": (
        letter("In-Reply-To: <c@x>", "References: <a@x> <b@x> <c@x>"),
        {"references": ("<c@x>", "<b@x>", "<a@x>")},
    ),
    "references without In-Reply-To": (
        letter("References: <a@x> <b@x>"),
        {"references": ("<b@x>", "<a@x>")},
    ),
    "In-Reply-To alone": (
        letter("In-Reply-To: your letter <a@x> of today"),
        {"references": ("<a@x>",)},
    ),
    "200 references": (
        letter("References: " + " ".join(f"<{n}@x>" for n in range(200))),
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
"""Letters: name -> (the bytes, the fields that must come of them)."""


@pytest.mark.parametrize("name", list(READ))
def test_read(name: str) -> None:
    """A letter is read as people who get it would read it."""
    data, expected = READ[name]
    read = parse_email(data)
    assert {key: getattr(read, key) for key in expected} == expected
    assert read.message_id.startswith("<") and read.message_id.endswith(">")


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
    assert parse_email(letter(*headers)).machine == expected


def test_machine_with_a_comment() -> None:
    """``Auto-Submitted: no (a comment)`` is a person's, as RFC 3834 has it."""
    assert parse_email(letter("Auto-Submitted: no (I wrote this)")).machine == ""


def test_an_id_is_made_of_the_bytes() -> None:
    """A letter without a Message-ID has always the same one, and another has another."""
    one, two = (parse_email(letter(body=body)).message_id for body in ("one", "two"))
    assert one == parse_email(letter(body="one")).message_id != two
    for bad in ("", "none", "<>", "<a b@x>", f"<{'a' * 300}@x>", "<a@x"):
        assert parse_email(letter(f"Message-ID: {bad}")).message_id.endswith(
            "@without-id.invalid>"
        )


@pytest.mark.parametrize(
    "data", [parts("mixed", *[PLAIN] * (MAX_PARTS + 1)), letter("To: " + "(" * 5000)]
)
def test_unreadable(data: bytes) -> None:
    """What the parser cannot stand is one error, with words."""
    with pytest.raises(UnreadableError, match=r"."):
        parse_email(data)


@pytest.mark.parametrize("name", ["Subject", "Auto-Submitted", "Precedence"])
def test_a_header_that_cannot_be_decoded(name: str) -> None:
    """A header whose encoding is broken is shown as it came; the letter is read all the
    same."""
    assert parse_email(letter(f"{name}: {BAD_BASE64}")).sender == JANE


def test_html_that_is_wrong() -> None:
    """What can be read of a bad page is read: a customer's answer is not lost for a
    program's mistake."""
    text = parse_email(typed("text/html", "7bit", b"<p>one <![foo bar]> two</p>")).text
    assert text.startswith("one")


def test_a_sender_that_was_not_text() -> None:
    """Bytes that are no characters make no address that anybody could be written to."""
    assert parse_email(b"From: j\xe4ne@customer.example\n\nhello").sender == ""


def test_a_file_name_in_an_encoded_word() -> None:
    """Outlook and others encode names of files as they do subjects."""
    data = parts("mixed", PLAIN, attached("=?utf-8?b?aGkudHh0?="))
    assert [item.name for item in parse_email(data).attachments] == ["hi.txt"]


OUTLOOK = "From: Support <help@support.example>\nSent: Monday, November 2, 2026 9:00 AM\nTo: Jane <jane@customer.example>\n"


OUTLOOK += "Subject: RE: Help\n\nWhat invoice?\n"


QUOTES: dict[str, tuple[str, str | None]] = {
    "English": (
        f"Yes please.\n\nJane\n\n{EN}> What invoice?\n> Bye\n",
        "Yes please.\n\nJane",
    ),
    "English, a second time": (f"Yes.\n\n{EN}> No.\n>\n> {EN}>> What?\n", "Yes."),
    "English, in two lines": (
        "Yes.\n\nOn Mon, Nov 2, 2026 at 9:00 AM The Support Desk\n<help@support.example> wrote:\n\n> W\n",
        "Yes.",
    ),
    "German": (
        "Ja, bitte.\n\nAm 02.11.2026 um 09:00 schrieb Support <help@support.example>:\n> Welche?\n",
        "Ja, bitte.",
    ),
    "German of Gmail": (
        "Ja.\n\nAm Mo., 2. Nov. 2026 um 09:00 Uhr schrieb Support <help@support.example>:\n\n> Was?\n",
        "Ja.",
    ),
    "French": (
        "Oui.\n\nLe lun. 2 nov. 2026 à 09:00, Support <help@support.example> a écrit :\n> Quelle ?\n",
        "Oui.",
    ),
    "Outlook": (
        f"Yes please.\n\nJane\n\n-----Original Message-----\n{OUTLOOK}",
        "Yes please.\n\nJane",
    ),
    "Outlook with a line": (
        f"Yes please.\n\n________________________________\n{OUTLOOK}",
        "Yes please.",
    ),
    "Outlook, German": (
        "Ja.\n\nVon: Support <help@support.example>\nGesendet: Montag, 2. November 2026 09:00\n"
        "An: Jane <jane@customer.example>\nBetreff: AW: Hilfe\n\nWelche?\n",
        "Ja.",
    ),
    "signature": (f"Yes.\n-- \nJane\n+49 123\n\n{EN}> What?\n", None),
    "telephone": (
        f"Yes.\n\nSent from my iPhone\n\n{EN}> What?\n",
        "Yes.\n\nSent from my iPhone",
    ),
    "below": (f"{EN}> What invoice?\n\nThe one of May.\n", None),
    "below, without a head": ("> What invoice?\n\nThe one of May.\n", None),
    "between": (
        "> What invoice?\nThe one of May.\n> Which number?\nFortytwo.\n> Bye\n",
        None,
    ),
    "between, with a head": (
        f"{EN}> What invoice?\nThe one of May.\n> Which number?\nFortytwo.\n",
        None,
    ),
    "between, after words": (
        "Answers below.\n> What invoice?\nThe one of May.\n> Bye\n",
        None,
    ),
    "nothing quoted": ("First.\n\nSecond.\n", "First.\n\nSecond."),
    "a prompt": ("Steps:\n>>> import os\n>>> os.x\nIt says: AttributeError\n", None),
    "lines of dashes": (
        "Log:\n-----\nerror one\n-----\nerror two\n_______\nlast words\n",
        None,
    ),
    "thanks in between": (
        "Thanks, but it still fails.\nCheers\n\nJane\n\nPS: the number is 42\n",
        None,
    ),
    "somebody wrote": (
        "Mein Kollege schrieb am Montag:\nDrucker kaputt.\nBitte helfen\n",
        None,
    ),
    "only a quote": ("> a\n> b\n", "> a\n> b\n"),
    "only a quote with a head": (f"{EN}> What?\n", f"{EN}> What?\n"),
    "nothing": ("", ""),
    "a long line": (
        f"Before.\n{'word ' * 5000}end\nAfter.\n\n{EN}> What?\n",
        f"Before.\n{'word ' * 5000}end\nAfter.",
    ),
    "a long line that is quoted": (f"Before.\n\n{EN}> {'q ' * 5000}\n> bye\n", None),
}
"""Bodies: name -> (the text, what must be left of it; ``None``: at least all that is
not quoted)."""


def own(text: str) -> list[str]:
    """The words of a body that stand in no quoted line and in no head of a quotation."""
    lines = [
        line for line in text.replace(EN, "").split("\n") if not line.startswith("> ")
    ]
    return " ".join(lines).split()


def has_in_order(text: str, words: list[str]) -> bool:
    """Whether a text has all the words, in their order."""
    found = iter(text.split())
    return all(word in found for word in words)


@pytest.mark.parametrize("name", list(QUOTES))
def test_without_quotes(name: str) -> None:
    """What is quoted below is taken off, and no word that the writer wrote."""
    text, expected = QUOTES[name]
    left = without_quotes(text)
    if expected is not None:
        assert left == expected
    else:
        assert has_in_order(left, own(text)), left


@pytest.mark.parametrize(
    "text",
    [
        f"Hi,\n\n{EN}> What invoice?\n\nThe one of May.\n\n> Which number?\n\nFortytwo.\n",
        f"Yes.\n\n{EN}> What invoice?\n\nPS: the one of May.\n",
        "On Monday I wrote:\nthe printer burns.\nIt still does.\n",
        "Hello,\nFrom: the printer\nTo: the wall\nSent: never\nIt burns.\n",
    ],
    ids=[
        "between, after a greeting",
        "after the quotation",
        "a line that looks like a head",
        "lines like headers",
    ],
)
def test_without_quotes_loses_no_answer(text: str) -> None:
    """What the writer wrote between and after the quoted lines is the answer, so it
    stays."""
    assert has_in_order(without_quotes(text), own(text))


LARGE = {
    "one line": "x" * 60_000,
    "long lines": ("y " * 5_000 + "\n") * 6,
    "blank lines": "a\n" + "\n" * 50_000 + "b",
    "blank lines of blanks": "a\n" + "\t \n" * 15_000 + "b",
    "quoted blank lines": "a\n" + ">\n" * 20_000 + "b",
    "On": "On " * 20_000,
    "On in lines": "On \n" * 15_000,
    "From": "From: a\n" * 8_000,
    "wrote": "On Mon, wrote\n" * 4_500,
    "lines just not too long": ("On " + "x" * 290 + "\n") * 220,
    "lines of dashes": ("-" * 299 + "\n") * 200,
    "quotes of quotes": (">" * 299 + "\n") * 200,
    "more than it looks at": "On Mon, wrote:\n> a\n" * 20_000,
}


@pytest.mark.parametrize("name", list(LARGE))
def test_without_quotes_finishes(name: str) -> None:
    """A text that is made to keep the patterns busy is done with, and does not grow."""
    text = LARGE[name]
    left = without_quotes(text)
    assert left and len(left) <= len(text)
    if name.startswith("blank"):
        assert left.split() == ["a", "b"]


def test_without_quotes_does_not_grow() -> None:
    """What a writer puts into a text never multiplies it: here 1 KB would be 3 MB, with
    two lines more 30 GB."""
    lines = ["\ue0001\ue000" * 101, "\ue0002\ue000" * 101, "x" * 303]
    assert len(without_quotes("\n".join(lines))) <= 1000


def taken(root: Path, data: bytes, *words: str, now: str = LATER) -> str:
    """Hand over a letter that must be taken; what is said of it."""
    ran = mail_in(root, data, *words, now=now)
    assert ran.status == 0 and not ran.err, ran
    return ran.out


def test_a_new_letter_opens_a_ticket(tmp_path: Path) -> None:
    """The sender is its customer, the subject its title, the text its description."""
    root = store(tmp_path)
    said = taken(
        root,
        letter(
            "Subject: No  light",
            "Message-ID: <1@customer.example>",
            body="It is\ndark.",
        ),
    )
    (id_,) = rows(root).keys() - {A}
    assert said == f"{id_}: new, from {JANE}\n"
    (entry,) = history(root, id_)
    assert (entry.by, entry.role, entry.via, entry.text) == (
        JANE,
        "customer",
        "mail",
        "It is\ndark.\n",
    )
    assert entry.sets["title"] == "No light" and entry.mail_id == "<1@customer.example>"
    assert taken(
        root, letter("Message-ID: <2@customer.example>", body="No title\nat all")
    )
    assert "No title" in {row["title"] for row in rows(root).values()}


def test_a_letter_is_taken_once(tmp_path: Path) -> None:
    """The same letter again adds nothing; another under its Message-ID (devices, web
    forms) is not lost."""
    root = store(tmp_path)
    data = letter("Message-ID: <1@customer.example>", "Subject: New")
    taken(root, data)
    before = files_of(root)
    assert "had this letter already" in taken(root, data)
    assert files_of(root) == before
    for other in (
        letter("Message-ID: <1@customer.example>", f"Subject: [{A}]", body="Other"),
        letter(
            "Message-ID: <1@customer.example>",
            "Subject: Else",
            sender="bob@customer.example",
        ),
    ):
        assert "already" not in taken(root, other)
        assert "had this letter already" in taken(root, other)
    before = files_of(root)
    without = letter("Subject: Without")
    taken(root, without)
    more = files_of(root)
    assert len(more) == len(before) + 1
    assert "had this letter already" in taken(root, without)
    assert files_of(root) == more


@pytest.mark.parametrize(
    "case",
    [
        "In-Reply-To",
        "References",
        "of a notice",
        "of one of several",
        "of a letter",
        "tag",
    ],
)
def test_an_answer_finds_its_ticket(case: str, tmp_path: Path) -> None:
    """By our Message-IDs, by those of letters that we have, by the tag in the subject;
    the customer's answer counts."""
    root = store(tmp_path)
    taken(
        root,
        letter(
            f"Subject: [{A}]", 'Message-ID: <"odd\\id"@customer.example>', body="First."
        ),
    )
    header = {
        "In-Reply-To": f"In-Reply-To: <{A}@support.example>",
        "References": f"References: <x@y.example> <{A}@support.example> <z@y.example>",
        "of a notice": f"In-Reply-To: <{A}.e0123456789ab@Support.Example>",
        "of one of several": f"In-Reply-To: <{A}.e0123456789ab.2@support.example>",
        "of a letter": 'In-Reply-To: <"odd\\id"@customer.example>',
        "tag": f"Subject: AW: Re: [{A.upper()}] No light",
    }[case]
    done(root, "move", "aaaaa", "Pending", "--reply", "Which?", now=LATER)
    said = taken(
        root,
        letter(
            "Message-ID: <2@customer.example>", header, body=f"This.\n\n{EN}> Which?\n"
        ),
    )
    assert said == f"aaaaa: message of {JANE}, Pending -> Open\n"
    entry = next(
        entry for entry in history(root) if entry.mail_id == "<2@customer.example>"
    )
    assert (entry.event, entry.by, entry.role, entry.text) == (
        "replied",
        JANE,
        "customer",
        "This.",
    )


def test_sender_and_subject_are_not_enough(tmp_path: Path) -> None:
    """Who writes again under the same subject opens a new ticket: nobody is put where
    he does not belong."""
    root = store(tmp_path)
    for number, subject in enumerate(
        ("Ticket aaaaa", "Re: Ticket aaaaa", "aaaaa", A, f"({A})", f"[{A}x]")
    ):
        assert ": new, from" in taken(
            root,
            letter(f"Message-ID: <{number}@customer.example>", f"Subject: {subject}"),
        )
    assert len(history(root)) == 2


@pytest.mark.parametrize(
    "header",
    [
        "In-Reply-To: <261102-zzzzz@support.example>",
        "In-Reply-To: <261102-uuuuu@support.example>",
        "In-Reply-To: <991399-zzzzz.e0123456789ab@support.example>",
        f"In-Reply-To: <{A}@other.example>",
        f"In-Reply-To: <{A}.e0123456789ab@support.example.other.example>",
        f"In-Reply-To: <x{A}@support.example>",
        f"In-Reply-To: <../{A}@support.example>",
        "References: <aaaaa@support.example>",
        "Subject: [261102-zzzzz] Hello",
        "Subject: [../../etc/passwd]",
        f"X-Ticket: [{A}]",
    ],
)
def test_forged_references(header: str, tmp_path: Path) -> None:
    """A reference to what does not exist, or is not ours, leads nowhere: it is a new
    letter."""
    root = store(tmp_path)
    assert ": new, from" in taken(
        root, letter(header, "Message-ID: <1@customer.example>")
    )
    assert len(history(root)) == 2 and len(rows(root)) == 2


KEPT = {
    "a stranger": (
        letter(f"Subject: [{A}]", sender="x@stranger.example"),
        "not a person of this ticket",
    ),
    "a stranger who says a thread": (
        letter(f"In-Reply-To: <{A}@support.example>", sender="x@stranger.example"),
        "not a person of this ticket",
    ),
    "nobody": (
        letter(f"Subject: [{A}]", sender="nobody"),
        "not a person of this ticket",
    ),
    "the customer's machine": (
        letter(f"Subject: [{A}]", "Auto-Submitted: auto-replied"),
        "written by a machine",
    ),
    "the agent's machine": (
        letter(f"Subject: [{A}]", "Precedence: bulk", sender="amy@support.example"),
        "written by a machine",
    ),
    "a delivery report": (
        letter(
            f"Subject: [{A}]", "Return-Path: <>", sender="mailer-daemon@support.example"
        ),
        "an empty return path",
    ),
    "we ourselves": (
        letter(f"Subject: [{A}]", sender=f"Us <{HELP.title()}>"),
        "our own address",
    ),
}


@pytest.mark.demand("X4")
@pytest.mark.parametrize("status", ["Open", "Pending", "Solved"])
@pytest.mark.parametrize("name", list(KEPT))
def test_kept_as_a_note(name: str, status: str, tmp_path: Path) -> None:
    """A stranger, a machine and we ourselves add an internal note and nothing else: no
    move, no clock, no notice (X4)."""
    root = store(tmp_path)
    if status != "Open":
        done(root, "move", "aaaaa", status, "--reply", "Please look.")
    before, was = rows(root), history(root)
    owing = list(owed(root))
    data, why = KEPT[name]
    assert why in taken(root, data)
    assert rows(root) == before
    *old, entry = history(root)
    assert tuple(old) == was
    assert (entry.event, entry.role, entry.via, entry.text, entry.to, entry.told) == (
        "noted",
        "system",
        "mail",
        None,
        None,
        (),
    )
    assert entry.note and "Hello." in entry.note and why in entry.note
    assert [data for _, data in owed(root)] == [data for _, data in owing]
    assert ticketctl(root, "check", now=LATER).status == 0
    assert "had this letter already" in taken(root, data)


@pytest.mark.demand("X4")
def test_a_machine_opens_no_ticket(tmp_path: Path) -> None:
    """What a machine wrote and answers no ticket is a dead letter, so no two machines
    open tickets for each other."""
    root = store(tmp_path)
    for data in (
        letter("Auto-Submitted: auto-generated"),
        letter(sender=HELP),
        letter("Return-Path: <>"),
    ):
        assert "dead letter: written by a machine" in taken(root, data)
        assert "machine" in dead(root)[data]
    assert list(rows(root)) == [A]


def test_staff_write_by_mail(tmp_path: Path) -> None:
    """A letter of the agent's is a public message, as if by hand."""
    root = store(tmp_path)
    taken(
        root,
        letter(
            f"Subject: [{A}]",
            "Message-ID: <1@support.example>",
            sender="amy@support.example",
            body="Done.",
        ),
    )
    entry = next(
        entry for entry in history(root) if entry.mail_id == "<1@support.example>"
    )
    assert (entry.event, entry.by, entry.role, entry.text) == (
        "replied",
        "amy@support.example",
        "agent",
        "Done.",
    )


NAMES = {
    "a.txt": "a.txt",
    "../../etc/passwd": "passwd",
    "..\\\\..\\\\boot.ini": "boot.ini",
    "/etc/shadow": "shadow",
    ".bashrc": "bashrc",
    "-rf": "rf",
    "...": "attachment",
    "": "part-1",
    "a b;c|d.txt": "a_b_c_d.txt",
    "a\tb.txt": "a_b.txt",
    "n\u00f6tig\u202etxt.exe": "n_tig_txt.exe",
    "x" * 300 + ".txt": "x" * 76 + ".txt",
}


@pytest.mark.parametrize("name", list(NAMES))
def test_names_of_attachments(name: str, tmp_path: Path) -> None:
    """Whatever a file is called, it lies in the ticket's folder under a name that is
    nothing but a name (10)."""
    root = store(tmp_path)
    before = files_of(root)
    encoded = name if name.isascii() else ""
    how = (
        'attachment; filename="%s"'
        if encoded or not name
        else "attachment; filename*=utf-8''%s"
    )
    value = encoded or "".join(f"%{byte:02X}" for byte in name.encode())
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode()
        + parts("mixed", PLAIN, attached(value, how=how)),
    )
    (path,) = files_of(root).keys() - before.keys()
    entry = next(entry for entry in history(root) if entry.files)
    assert entry.files == (NAMES[name],)
    assert (
        path == f"attachments/{A}/{entry.id}-{NAMES[name]}"
        and (root / path).read_bytes() == b"data"
    )


def test_attachments_of_one_name(tmp_path: Path) -> None:
    """Two files of one name, in whatever case, are two files."""
    root = store(tmp_path)
    files_in = [
        attached(name, name.encode())
        for name in ("a.txt", "A.txt", "x/a.txt", "a-2.txt", "README", "readme")
    ]
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", PLAIN, *files_in),
    )
    found = attachments(root)
    assert sorted(found.values()) == sorted(
        [b"a.txt", b"A.txt", b"x/a.txt", b"a-2.txt", b"README", b"readme"]
    )
    assert len({name.casefold() for name in found}) == 6


def test_attachments_that_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One too large, and all that come after the sum is reached, are left out, and the
    history says so."""
    monkeypatch.setattr("ticketctl.app.email.content.MAX_ATTACHMENT", 10)
    monkeypatch.setattr("ticketctl.app.email.content.MAX_ATTACHMENTS", 15)
    root = store(tmp_path)
    sizes = {"a": 10, "large": 11, "b": 5, "late": 1}
    files_in = [attached(name, b"x" * size) for name, size in sizes.items()]
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", PLAIN, *files_in),
    )
    assert {name: len(data) for name, data in attachments(root).items()} == {
        "a": 10,
        "b": 5,
    }
    entry = next(entry for entry in history(root) if entry.files)
    assert entry.text == "plain words" and entry.note
    assert "left out" in entry.note and "large" in entry.note and "late" in entry.note


def test_a_letter_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a dead letter, whole."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = store(tmp_path)
    data = letter(body="x" * 2000)
    receipt = receive(desk_of(root), data)
    assert receipt.fate == "dead" and list(dead(root)) == [data]


def test_a_letter_that_is_too_large_is_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``mail in`` answers with 0 is kept whole; else it leaves the letter with the
    mail server."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = store(tmp_path)
    data = letter(body="x" * 2000)
    ran = mail_in(root, data)
    assert ran.status == 75 or list(dead(root)) == [data]


def test_a_long_text(tmp_path: Path) -> None:
    """What is too long for a history is cut there, and whole beside it."""
    root = store(tmp_path)
    body = "word " * (MAX_TEXT // 4)
    taken(root, letter(f"Subject: [{A}]", body=body))
    entry = next(entry for entry in history(root) if entry.files)
    assert (
        entry.text and "message.txt" in entry.text and len(entry.text) < MAX_TEXT + 200
    )
    assert attachments(root)["message.txt"].decode().split() == body.split()


def test_dead_letters(tmp_path: Path) -> None:
    """A letter that is not for us, or that nothing can be made of, is kept with its
    reason, and once."""
    root = store(tmp_path)
    letters = {
        letter(to="sales@support.example"): "none of our addresses",
        letter(to=""): "none of our addresses",
        letter(sender="nobody"): "not one sender",
        b"": "not one sender",
        parts("mixed", *[PLAIN] * (MAX_PARTS + 1)): "cannot be read",
    }
    for data, why in letters.items():
        assert why in taken(root, data) and why in dead(root)[data]
    before = files_of(root)
    for data in letters:
        taken(root, data, now="2026-11-04T10:00:00Z")
    assert (
        files_of(root) == before
        and len(dead(root)) == len(letters)
        and list(rows(root)) == [A]
    )


def test_to(tmp_path: Path) -> None:
    """What the MTA says about the recipient counts before what the letter says."""
    root = store(tmp_path)
    assert ": new, from" in taken(
        root, letter(to="list@else.example"), "--to", HELP.upper()
    )


# --- not the sender's fault ---


def spoil_settings(root: Path) -> None:
    """Settings with a mistake."""
    (root / "ticketctl.yaml").write_text("profile: biztech\nmial: {}\n")


def spoil_ticket(root: Path) -> None:
    """A ticket that cannot be understood."""
    (root / path_of(A)).write_text("<<<<<<< HEAD\n")


def no_mail(root: Path) -> None:
    """Settings without mail."""
    (root / "ticketctl.yaml").write_text("profile: biztech\n")


def no_profile(root: Path) -> None:
    """Settings with a profile that does not exist."""
    (root / "ticketctl.yaml").write_text(SETTINGS.replace("biztech", "nothing"))


def spoil_profile(root: Path) -> None:
    """A profile with a mistake."""
    (root / "profiles").mkdir()
    (root / "profiles/biztech.yaml").write_text("profile: biztech\nstatuses: 7\n")


def no_folder(root: Path) -> None:
    """Something else where attachments and dead letters belong."""
    for name in ("dead-letters", "attachments"):
        (root / name).write_text("in the way")


ANSWER = letter(f"Subject: [{A}]", "Message-ID: <1@customer.example>")


FAULTS: dict[str, tuple[Callable[[Path], None], bytes]] = {
    "settings": (spoil_settings, ANSWER),
    "ticket": (spoil_ticket, ANSWER),
    "no mail": (no_mail, ANSWER),
    "no profile": (no_profile, letter()),
    "profile": (spoil_profile, letter()),
    "profile of a ticket": (spoil_profile, ANSWER),
    "no place for a dead letter": (no_folder, letter(to="sales@support.example")),
    "no place for an attachment": (
        no_folder,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", attached("a")),
    ),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_our_own_faults(name: str, tmp_path: Path) -> None:
    """The MTA shall try again: 75, nothing is written, and when the fault is gone the
    letter is taken."""
    spoil, data = FAULTS[name]
    root = store(tmp_path)
    good = files_of(root)
    spoil(root)
    before = files_of(root)
    ran = mail_in(root, data)
    assert (ran.status, ran.out) == (75, "") and ran.err.startswith("error: "), ran
    assert "bug" not in ran.err
    assert files_of(root) == before
    for path in before.keys() - good.keys():
        (root / path).unlink()
    for path, content in good.items():
        (root / path).write_bytes(content)
    if (root / "profiles").exists():
        (root / "profiles").rmdir()
    taken(root, data)


def test_a_broken_ticket_blocks_no_other(tmp_path: Path) -> None:
    """Only letters to the ticket that cannot be read have to wait."""
    root = store(tmp_path)
    make_tickets(root, "bbbbb")
    spoil_ticket(root)
    assert "message of" in taken(
        root, letter("Subject: [261102-bbbbb]", "Message-ID: <1@customer.example>")
    )
    assert ": new, from" in taken(root, letter("Message-ID: <2@customer.example>"))


def test_a_ticket_changed_by_hand(tmp_path: Path) -> None:
    """What somebody set by hand and has not adopted yet is not undone by a letter; it
    waits, as other commands do."""
    root = store(tmp_path)
    path = root / path_of(A)
    path.write_text(
        path.read_text().replace("title: Ticket aaaaa", "title: Set by hand", 1)
    )
    assert ticketctl(root, "note", "aaaaa", "-m", "So do others.").status == 65
    mail_in(root, ANSWER)
    assert path.read_text().splitlines()[2] == "title: Set by hand"


def test_no_store(tmp_path: Path) -> None:
    """Nor is it the sender's fault if the store is not there, not mounted, say."""
    for root in (tmp_path, tmp_path / "none", tmp_path / ("x" * 300)):
        ran = mail_in(root, ANSWER)
        assert ran.status == 75 and ran.err, ran
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "data",
    [ANSWER, letter(), letter(to="sales@support.example")],
    ids=["answer", "new", "dead"],
)
def test_a_held_lock(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else writes for too long the letter stays with the mail server."""
    monkeypatch.setattr(locks, "lock", partial(locks.lock, wait=0.0))
    root = store(tmp_path)
    before = files_of(root)
    holder = os.open(root / "tickets", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        ran = mail_in(root, data)
        assert (ran.status, ran.out) == (75, "") and "locked" in ran.err, ran
        assert files_of(root) == before
    finally:
        os.close(holder)
    taken(root, data)


@pytest.mark.parametrize(
    "words",
    [
        ("mail", "in", "--bogus"),
        ("mail", "in", "--to"),
        ("mail", "in", "more"),
        ("--now", "never", "mail", "in"),
        ("--bogus", "mail", "in"),
        ("--color", "mauve", "mail", "in"),
    ],
    ids=" ".join,
)
def test_bad_options(words: tuple[str, ...], tmp_path: Path) -> None:
    """A mistake in the MTA's configuration bounces no letter."""
    root = store(tmp_path)
    before = files_of(root)
    ran = ticketctl(root, *words, feed=ANSWER)
    assert ran.status == 75 and ran.err, ran
    assert files_of(root) == before


@pytest.mark.parametrize("words", [("-C", "mail"), ("--as", "mail")], ids=" ".join)
def test_a_store_that_is_called_mail(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is 75 whatever the options before the command say."""
    (tmp_path / "mail").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run([*words, "mail", "in", "--bogus"]) == 75


def test_a_letter_that_cannot_be_decoded(tmp_path: Path) -> None:
    """A broken header is the sender's fault: 75 would keep it coming until it bounces."""
    root = store(tmp_path)
    taken(root, letter(f"Subject: {BAD_BASE64}"))


# --- what goes out ---

SENT = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
}
"""The headers of a notice; it has no other."""


def owed(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every notice that is owed: to whom, and as the letter that would go out."""
    workspace = desk_of(root)
    mail = workspace.settings.mail
    assert mail is not None
    broken: list[Finding] = []
    for debt in pending_notifications(workspace, broken):
        profile = workspace.profile_of(debt.ticket)
        for to in debt.recipients:
            notice = compose(
                profile, debt.ticket, debt.entry, workspace.people_of(profile), to
            )
            yield (
                to,
                compose_email(
                    OutgoingEmail(
                        message_id(debt, to, mail),
                        mail.sender,
                        to,
                        f"[{debt.ticket.id}] {notice.subject}",
                        notice.body,
                        workspace.now,
                        thread_of(debt, mail),
                    )
                ),
            )
    assert not broken


def parsed(data: bytes, to: str) -> Message:
    """A notice as its reader's program takes it: one of each header, none of them the
    writer's of the letter."""
    assert data.count(b"\n") == data.count(b"\r\n")
    message: Message = BytesParser(policy=email.policy.compat32).parsebytes(data)
    names = [name for name, _ in message.items()]
    assert len(names) == len(set(names)) and set(names) == SENT, names
    assert message["From"] == HELP
    assert not message.is_multipart() and not message.defects
    if to.isascii():
        assert message["To"] == to
    return message


def write(**changed: Any) -> bytes:
    """A notice as bytes."""
    plain: dict[str, Any] = {
        "message_id": f"<{A}.e0123456789ab@support.example>",
        "sender": HELP,
        "to": JANE,
        "subject": f"[{A}] Hello",
        "body": "Hello.",
        "date": datetime(2026, 11, 2, tzinfo=UTC),
        "thread": (f"<{A}@support.example>", "<1@x>"),
    }
    return compose_email(OutgoingEmail(**plain | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "a\r\nBcc: evil@other.example"},
        {"subject": "a\rBcc: x\nTo: y\0\x1b\u2028z\u202e"},
        {"subject": "x" * 900},
        {"subject": "caf\u00e9 " * 60},
        {"subject": ""},
        {"body": "From: x\n.\n\r\nBcc: y\n--edge\nFrom here\n\u2028\0"},
        {"body": "z" * 5000},
        {"body": ""},
        {"thread": ()},
        {"subject": f"[{A}] {BREAKS}"},
        {"thread": ("<1@x>", f"<{BREAKS}@x>")},
        {"to": "=?utf-8?q?evil=40other.example=2C?=y@x.example"},
        {"to": "=?utf-8?q?x=0d=0abcc=3a?=y@x.example"},
        {"to": "a\u2028b@x.example"},
    ],
    ids=[
        "CRLF",
        "CR",
        "long subject",
        "no ASCII",
        "no subject",
        "body",
        "long body",
        "no body",
        "no thread",
        "encoded subject",
        "encoded thread",
        "encoded reader",
        "encoded CRLF in a reader",
        "U+2028 in a reader",
    ],
)
def test_a_notice_has_our_headers_alone(changed: dict[str, Any]) -> None:
    """Nothing in a subject, a text, an address or a thread becomes a header, or another
    reader."""
    if not ADDRESS.match(changed.get("to", JANE)):
        return  # nobody is written to there
    data = write(**changed)
    if changed.get("thread") == ():
        assert b"In-Reply-To" not in data
        return
    message = parsed(data, changed.get("to", JANE))
    assert str(message["To"]) == changed.get("to", JANE)


@pytest.mark.parametrize(
    "id_",
    [
        "<1@customer.example>",
        LONG_ID,
    ],
    ids=["short", "long"],
)
def test_a_notice_stays_in_its_thread(id_: str) -> None:
    """The Message-ID that is answered comes out as it came in: mail programs thread by
    it (Outlook's are long)."""
    read = parse_email(write(thread=(f"<{A}@support.example>", id_)))
    assert read.references == (id_, f"<{A}@support.example>")


HOSTILE = {
    "sender": letter(
        "Subject: x", sender="=?utf-8?q?x=0D=0ABcc=3A_z=40z.example?=y@x.example"
    ),
    "sender that is two": letter(
        "Subject: x", sender="=?utf-8?q?evil=40other.example=2C?=y@x.example"
    ),
    "Message-ID": letter("Subject: x", f"Message-ID: <{BREAKS}@x.example>"),
    "title from the text": letter(body=BREAKS),
    "subject encoded twice": letter(
        "Subject: =?utf-8?b?" + base64.b64encode(BREAKS.encode()).decode() + "?="
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_answers_to_hostile_letters(name: str, tmp_path: Path) -> None:
    """Whoever writes in, the answer goes to that address alone and has no header of
    theirs; nor does it fail."""
    root = store(tmp_path)
    taken(root, HOSTILE[name])
    for id_ in rows(root):
        done(root, "reply", id_, "-m", "We look at it.", now=LATER)
    for to, data in owed(root):
        parsed(data, to)


class Wire(smtplib.SMTP):
    """A connection to a server that takes everything; there is no network."""

    ehlo_resp = helo_resp = b"ready"

    def send(self, s: Any) -> None:
        """What would go out, encoded as smtplib does it."""
        if isinstance(s, str):
            s.encode(self.command_encoding)

    def getreply(self) -> tuple[int, bytes]:
        """Yes to everything."""
        return (250, b"fine")

    def quit(self) -> tuple[int, bytes]:
        """Nothing to close."""
        return (221, b"bye")


def test_an_address_that_smtp_cannot_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader whom the server cannot be told of fails alone: the others still get
    their letters."""
    reader = "j\ufffdne@customer.example"
    if not ADDRESS.match(reader):
        return  # nobody is written to there
    monkeypatch.setattr(
        "ticketctl.store.email.smtp._connect", lambda server, password: Wire()
    )
    with (
        transport(
            MailSettings(HELP, smtp=MailServer("localhost", 25, "none"))
        ) as hand_over,
        pytest.raises(DeliveryError),
    ):
        hand_over(reader, write())


GOOD = (
    letter("Subject: No light", body="It is dark\nin here."),
    letter(
        "Subject: Re: [@TICKET@] No light",
        "In-Reply-To: <@TICKET@@support.example>",
        body=f"Yes.\n\n{EN}> Sure?\n",
    ),
    letter(
        "References: <a@x> <@TICKET@.e0123456789ab@support.example>",
        sender="amy@support.example",
        body="Look again.",
    ),
    letter("Subject: [@TICKET@] hello", sender="x@stranger.example"),
    letter(
        "Subject: [@TICKET@] I am away",
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
    ),
    f"Subject: [@TICKET@] files\nFrom: {JANE}\nTo: {HELP}\n".encode()
    + parts(
        "mixed",
        parts("alternative", PLAIN, HTML, mark="in"),
        attached("a b.txt"),
        attached("../x"),
        mark="out",
    ),
    letter(
        "Subject: html [@TICKET@]",
        "Content-Type: text/html; charset=utf-8",
        body="<p>one<br>two <b>three</b></p>",
    ),
    letter(
        "Subject: [@TICKET@]",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        body="caf=E9 =\nau lait",
    ),
)
"""Letters that are well; ``@TICKET@`` stands for the id of some ticket."""


HEADERS = (
    b"From: x@stranger.example",
    b"From: ",
    b"From: a\xffb <\xfe@x.example>",
    b"From: <" + b"@" * 200 + b">",
    b"To: ",
    b"To: " + b"(" * 50,
    b"Message-ID: <>",
    b"Message-ID: <" + b"a" * 200 + b"@x>",
    b'Message-ID: <"\\\x01@x>',
    b"Subject: a\r\n Bcc: evil@other.example",
    b"Subject: a\rBcc: evil@other.example",
    b"Subject: " + b"x" * 20_000,
    b"Subject: - {a: &b [*b]}: !!python/object",
    b"Subject: ../../etc/passwd",
    "Subject: \u202egnp.exe\u2066".encode(),
    b"Subject: %s%n$(id)`id`",
    b"References: " + b"<x@y> " * 2_000,
    b"In-Reply-To: <261102-zzzzz@support.example>",
    b"In-Reply-To: <../../x@support.example>",
    b"Content-Type: multipart/mixed",
    b"Content-Type: text/plain; charset=\0",
    b'Content-Type: multipart/mixed; boundary=""',
    b"Content-Type: message/rfc822",
    b"Content-Type: " + b"a;" * 500,
    b"Content-Type: multipart/report; boundary=out",
    b"Content-Transfer-Encoding: base64",
    b"Content-Type: text/html",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Disposition: attachment; filename*0*=a''%FF; filename*=b",
    b'Content-Disposition: attachment; filename="/etc/cron.d/x"',
    b"Return-Path: <>",
    b"Bcc: evil@other.example",
    b"X-Long: " + b"y" * 50_000,
    b"Date: never",
    b"\0: \0",
    b"no header at all",
    b" folded onto nothing",
)


ENCODED = (
    f"Subject: {BAD_BASE64}".encode(),
    f"Subject: {BREAKS}".encode(),
    b"Subject: =?utf-8?b?" + base64.b64encode(BREAKS.encode()) + b"?=",
    f"Message-ID: <{BREAKS}@x>".encode(),
    b"From: =?utf-8?q?x=0d=0abcc=3a?=y@x.example",
    b"From: =?utf-8?q?evil=40other.example=2C?=y@x.example",
)
"""Headers with encoded words, which are another way for the end of a line to come in.
"""


@dataclass
class Campaign:
    """Letters made by spoiling good ones, all put into one store.

    Args:
        root: the store.
        headers: what may be put among the headers.
        held: letters that were said to be on a ticket: Message-ID -> the ticket.
        buried: the bytes of those that were said to be dead.
    """

    root: Path
    headers: tuple[bytes, ...]
    dice: random.Random
    ids: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    buried: set[bytes] = field(default_factory=set)

    def spoil(self, data: bytes) -> bytes:
        """One thing more that is wrong with a letter."""
        dice = self.dice
        head, edge, body = data.partition(
            b"\r\n\r\n" if b"\r\n\r\n" in data else b"\n\n"
        )
        at = dice.randrange(len(data) + 1)
        match dice.randrange(12):
            case 0:  # bytes turned over
                spoilt = bytearray(data)
                for _ in range(min(dice.randrange(1, 20), len(spoilt))):
                    spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
                return bytes(spoilt)
            case 1:  # a header again, elsewhere
                lines = head.split(b"\n")
                lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
                return b"\n".join(lines) + edge + body
            case 2 | 3 | 4:
                lines = head.split(b"\n")
                lines.insert(dice.randrange(len(lines) + 1), dice.choice(self.headers))
                return b"\n".join(lines) + edge + body
            case 5 | 6:
                return (
                    head
                    + edge
                    + body[: at % (len(body) + 1)]
                    + dice.choice(BODIES)
                    + body[at % (len(body) + 1) :]
                )
            case 7:
                return (
                    data[:at]
                    + dice.choice(
                        (
                            b"\r",
                            b"\n",
                            b"\r\n",
                            b"\0",
                            b"\r\nBcc: evil@other.example\r\n",
                        )
                    )
                    + data[at:]
                )
            case 8:  # cut off
                return data[:at]
            case 9:  # deep
                deep = data
                for number in range(dice.randrange(1, 60)):
                    deep = parts(
                        "mixed", deep, mark=f"d{number}" if dice.random() < 0.9 else "d"
                    )
                return head + b"\n" + deep
            case 10:
                return data.replace(
                    b"out", dice.choice((b"in", b"", b"\xff", b"x" * 100))
                )
            case _:
                return data[:at] + dice.choice(BODIES) + data[at:]

    def make(self, number: int) -> bytes:
        """A letter, spoilt at up to four places."""
        data = (
            f"Message-ID: <r{number}@customer.example>\r\n".encode()
            + self.dice.choice(GOOD)
        )
        data = data.replace(b"@TICKET@", self.dice.choice(self.ids).encode())
        for _ in range(self.dice.randrange(5)):
            data = self.spoil(data)
        return data

    def put(self, workspace: Workspace, data: bytes) -> None:
        """Hand a letter over and note what was said; a ticket whose id is taken already
        is somebody else writing (75)."""
        try:
            receipt: Receipt = receive(workspace, data)
        except BusyError:
            receipt = receive(workspace, data)
        if receipt.fate == "dead":
            self.buried.add(data)
            return
        read: Email = parse_email(data)
        if receipt.fate == "known":
            assert self.held[receipt.mail_id] == receipt.id
            return
        assert receipt.mail_id not in self.held
        assert receipt.mail_id == read.message_id or read.message_id in self.held, (
            "another letter had its Message-ID"
        )
        self.held[receipt.mail_id] = receipt.id
        if receipt.fate == "opened" and len(self.ids) < 100:
            self.ids.append(receipt.id)

    def go(self, number: int) -> None:
        """So many letters, some of them twice."""
        workspace = desk_of(self.root)
        last = b""
        for turn in range(number):
            workspace = replace(workspace, now=workspace.now + timedelta(minutes=7))
            data = last if last and self.dice.random() < 0.05 else self.make(turn)
            try:
                self.put(workspace, data)
            except Exception as error:
                error.add_note(f"letter {turn}: {data[:3000]!r}")
                raise
            last = data

    def settle(self) -> None:
        """Every letter is where it was said to be; the store is sound, and holds
        nothing else."""
        found: dict[str, str] = {}
        for loaded in every(Store(str(self.root))):
            assert not isinstance(loaded, BrokenError), loaded.finding
            assert not loaded.differences
            for entry in loaded.ticket.history:
                if entry.mail_id:
                    assert entry.mail_id not in found, "one letter on two tickets"
                    found[entry.mail_id] = loaded.ticket.id
        assert found == self.held
        kept = dead(self.root)
        attached = {
            data
            for data, why in kept.items()
            if why.startswith("what came with it is not kept")
        }
        assert kept.keys() - attached == self.buried, (
            "besides the letters of strangers with attachments"
        )
        assert all(reason.strip() for reason in kept.values())
        ran = ticketctl(self.root, "check", now="2027-11-02T09:00:00Z")
        assert ran.status == 0, ran
        allowed = {"ticketctl.yaml", "tickets", "attachments", "dead-letters", ".git"}
        assert {path.name for path in self.root.iterdir()} <= allowed
        assert [path.name for path in self.root.parent.iterdir()] == [self.root.name]
        assert not any(path.is_symlink() for path in self.root.rglob("*"))

    def notices(self) -> int:
        """Every notice that these letters made is a letter of ours; how many there are."""
        ids = [
            path.rpartition("/")[2].removesuffix(".yaml")
            for path in Store(str(self.root)).paths()
        ]
        for id_ in ids:
            done(
                self.root,
                "reply",
                id_,
                "-m",
                "We look at it.",
                now="2027-11-02T09:00:00Z",
            )
        found = list(owed(self.root))
        for to, data in found:
            assert ADDRESS.match(to)
            parsed(data, to)
        return len(found)


@pytest.mark.parametrize(
    "more",
    [
        (),
        ENCODED,
    ],
    ids=["raw", "encoded words"],
)
def test_no_letter_is_lost_and_none_does_harm(
    more: tuple[bytes, ...], tmp_path: Path
) -> None:
    """Spoilt letters, thousands: each is on a ticket or dead with its reason; nothing
    breaks, nothing leaves the store."""
    root = store(tmp_path / "all")
    campaign = Campaign(root, HEADERS + more, random.Random(2026), [A])
    campaign.go(rounds(300, 10_000))
    campaign.settle()
    assert campaign.held and campaign.buried
    assert campaign.notices() > 10
