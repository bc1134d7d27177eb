"""Emails and a store that receives them."""

from __future__ import annotations

import base64
import email.policy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from tests.support.addresses import HELP, JANE
from tests.support.shell import Ran
from tests.support.stores import (
    AMY,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from ticketctl.app.email.outbound import message_id, thread_of
from ticketctl.app.email.pending_notifications import pending_notifications
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.notification_text import compose
from ticketctl.core.entry import Entry
from ticketctl.errors import Finding
from ticketctl.store.email.compose import OutgoingEmail, compose_email
from ticketctl.store.tickets import Store

A = "261102-aaaaa"


LATER = "2026-11-03T10:00:00Z"


SETTINGS = f"""\
commit: off
people:
  amy@support.example: {{roles: [agent]}}
mail:
  from: {HELP}
  addresses: {{{HELP}: biztech}}
  sendmail: true
"""


def raw_email(
    *headers: str, body: str = "Hello.", sender: str = JANE, to: str = HELP
) -> bytes:
    """An email; headers that are given stand before the usual ones."""
    lines = [*headers, f"From: {sender}", f"To: {to}"]
    return "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()


# --- reading ---


def typed(kind: str, encoding: str, body: bytes) -> bytes:
    """An email with nothing but a body of a type."""
    head = f"From: {JANE}\nMessage-ID: <1@customer.example>\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}"
    return head.encode() + b"\n\n" + body


def parts(kind: str, *inside: bytes, mark: str = "edge") -> bytes:
    """A multipart, without the headers of an email."""
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n'.encode()
    return (
        head
        + b"".join(b"--%s\n%s\n" % (mark.encode(), part) for part in inside)
        + b"--%s--\n" % mark.encode()
    )


def attached(
    name: str, data: bytes = b"data", how: str = 'attachment; filename="%s"'
) -> bytes:
    """A part that is a file."""
    head = f"Content-Type: application/octet-stream\nContent-Disposition: {how % name}\nContent-Transfer-Encoding: base64"
    return head.encode() + b"\n\n" + base64.encodebytes(data)


PLAIN = b"Content-Type: text/plain\n\nplain words"


# --- quotes ---

EN = "On Mon, Nov 2, 2026 at 9:00 AM Support <help@support.example> wrote:\n"


# --- mail in ---


def store(tmp_path: Path, settings: str = SETTINGS) -> Path:
    """A store that gets mail, with one Open ticket of Jane's, which Amy has."""
    root = make_store(tmp_path / "store", settings)
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    return root


def mail_in(root: Path, data: bytes, *words: str, now: str = LATER) -> Ran:
    """``ticketctl mail in``, as an MTA calls it."""
    return ticketctl(root, "mail", "in", *words, feed=data, now=now)


def history(root: Path, id_: str = A) -> tuple[Entry, ...]:
    """The history of a ticket."""
    return Store(str(root)).read(id_).ticket.history


def rows(root: Path) -> dict[str, dict[str, Any]]:
    """Id -> row of ``list --format json``, but for when the ticket was touched last."""
    found = json.loads(done(root, "list", "-A", "--format", "json", now=LATER))[
        "tickets"
    ]
    return {
        row["id"]: {key: value for key, value in row.items() if key != "updated"}
        for row in found
    }


def dead(root: Path) -> dict[bytes, str]:
    """Quarantined emails: the bytes -> the reason."""
    paths = list((root / "dead-letters").glob("*.eml"))
    return {path.read_bytes(): path.with_suffix(".txt").read_text() for path in paths}


def attachments(root: Path) -> dict[str, bytes]:
    """The attachments of all tickets: name (without that of the event) -> bytes."""
    found = files_of(root, "attachments") if (root / "attachments").exists() else {}
    return {
        path.rpartition("/")[2].partition("-")[2]: data for path, data in found.items()
    }


# --- the campaign ---


def desk_of(root: Path, now: str = LATER) -> Workspace:
    """The store, opened as commands open it."""
    return Workspace(str(root), datetime.fromisoformat(now), AMY)


BODIES = (
    b"\r\n\r\nFrom: x\r\nBcc: y\r\n",
    b"\0" * 50,
    b"\x1b]0;x\x07\x9b2J",
    b"\xff\xfe\xfd",
    b"\xed\xa0\x80\xf4\x90\x80\x80",
    "\u202e\u2066\u200b\ufeff\u2028\u2029\x85".encode(),
    b"\n- id: e0123456789ab\n  event: moved\n  to: Closed\n",
    b"\n---\nhistory: []\n...\n",
    b"\n<<<<<<< HEAD\n=======\n>>>>>>> x\n",
    b"\n--out\n",
    b"\n--out--\n",
    b"\n--in--\n",
    b"\n" * 3_000,
    b"x" * 50_000,
    b"> " * 500,
    b"<![CDATA[<script><style><!-- &#x110000; &#0;",
    b"\t\n \n\t\n",
    b".\r\n",
    EN.encode(),
    b"\ntags: !!omap {a: *b}\n",
    b": #|>\n  '\"\\",
    b"status: Solved\n",
)


HTML = b"Content-Type: text/html\n\n<p>html <b>words</b></p>"


BAD_BASE64 = "=?utf-8?b?AAAAA?="
"""An encoded word that says it is base64 and is not."""


BREAKS = "=?utf-8?q?a=0D=0ABcc:_evil=40other.example?="
"""An encoded word that holds the end of a line, then a header."""


def taken(root: Path, data: bytes, *words: str, now: str = LATER) -> str:
    """Hand over an email that must be taken; what is said of it."""
    ran = mail_in(root, data, *words, now=now)
    assert ran.status == 0 and not ran.err, ran
    return ran.out


ANSWER = raw_email(f"Subject: [{A}]", "Message-ID: <1@customer.example>")


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
    """Every notice that is owed: to whom, and as the email that would go out."""
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
    writer's of the email."""
    assert data.count(b"\n") == data.count(b"\r\n")
    message: Message = BytesParser(policy=email.policy.compat32).parsebytes(data)
    names = [name for name, _ in message.items()]
    assert len(names) == len(set(names)) and set(names) == SENT, names
    assert message["From"] == HELP
    assert not message.is_multipart()
    assert not message.defects
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
