"""Tests of ``ticketctl.store.email.compose``."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.support.addresses import JANE
from tests.support.email_shops import to
from tests.support.emails import (
    BREAKS,
    LATER,
    A,
    owed,
    parsed,
    raw_email,
    rows,
    store,
    taken,
    write,
)
from tests.support.mail_server import Shop
from tests.support.stores import done
from ticketctl.store.email.parse import parse_email
from ticketctl.store.email.settings import ADDRESS

LONG_ID = "<" + "A" * 60 + "@AM0PR04MB1234.eurprd04.prod.outlook.com>"


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
def test_a_notification_has_our_headers_alone(changed: dict[str, Any]) -> None:
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
def test_a_notification_stays_in_its_thread(id_: str) -> None:
    """The Message-ID that is answered comes out as it came in: mail programs thread by
    it (Outlook's are long)."""
    read = parse_email(write(thread=(f"<{A}@support.example>", id_)))
    assert read.references == (id_, f"<{A}@support.example>")


HOSTILE = {
    "sender": raw_email(
        "Subject: x", sender="=?utf-8?q?x=0D=0ABcc=3A_z=40z.example?=y@x.example"
    ),
    "sender that is two": raw_email(
        "Subject: x", sender="=?utf-8?q?evil=40other.example=2C?=y@x.example"
    ),
    "Message-ID": raw_email("Subject: x", f"Message-ID: <{BREAKS}@x.example>"),
    "title from the text": raw_email(body=BREAKS),
    "subject encoded twice": raw_email(
        "Subject: =?utf-8?b?" + base64.b64encode(BREAKS.encode()).decode() + "?="
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_answers_to_hostile_emails(name: str, tmp_path: Path) -> None:
    """Whoever writes in, the answer goes to that address alone and has no header of
    theirs; nor does it fail."""
    root = store(tmp_path)
    taken(root, HOSTILE[name])
    for id_ in rows(root):
        done(root, "reply", id_, "-m", "We look at it.", now=LATER)
    for recipient, data in owed(root):
        parsed(data, recipient)


def test_a_long_line_arrives(mail_workspace: Shop) -> None:
    """RFC 5321 ends a line at 998 bytes; people do not."""
    long = "word " * 300
    mail_workspace.run("reply", "aaaaa", "-m", long, now="2026-11-02T09:01")
    assert (
        long.strip()
        in to(mail_workspace.deliver("2026-11-02T09:02"), JANE).get_content()
    )
