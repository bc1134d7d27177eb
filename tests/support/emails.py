"""Emails and a store that receives them."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.shell import Ran
from tests.support.stores import (
    AMY,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from ticketctl.app.workspace import Workspace
from ticketctl.core.entry import Entry
from ticketctl.store.tickets import Store

HELP = "help@support.example"


JANE = "jane@customer.example"


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


def letter(
    *headers: str, body: str = "Hello.", sender: str = JANE, to: str = HELP
) -> bytes:
    """A letter; headers that are given stand before the usual ones."""
    lines = [*headers, f"From: {sender}", f"To: {to}"]
    return "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()


# --- reading ---


def typed(kind: str, encoding: str, body: bytes) -> bytes:
    """A letter with nothing but a body of a type."""
    head = f"From: {JANE}\nMessage-ID: <1@customer.example>\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}"
    return head.encode() + b"\n\n" + body


def parts(kind: str, *inside: bytes, mark: str = "edge") -> bytes:
    """A multipart, without the headers of a letter."""
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
    """Dead letters: the bytes -> the reason."""
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
