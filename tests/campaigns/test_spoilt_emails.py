"""Thousands of spoilt emails: each is on a ticket or in quarantine, with its reason."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.campaign import rounds
from tests.support.emails import (
    BAD_BASE64,
    BODIES,
    BREAKS,
    EN,
    HTML,
    PLAIN,
    A,
    attached,
    dead,
    desk_of,
    owed,
    parsed,
    parts,
    raw_email,
    store,
)
from tests.support.lists import every
from tests.support.stores import done, ticketctl
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.workspace import Workspace
from ticketctl.errors import BrokenError, BusyError
from ticketctl.record import replace
from ticketctl.store.email.parse import Email, parse_email
from ticketctl.store.email.settings import ADDRESS
from ticketctl.store.tickets import Store

GOOD = (
    raw_email("Subject: No light", body="It is dark\nin here."),
    raw_email(
        "Subject: Re: [@TICKET@] No light",
        "In-Reply-To: <@TICKET@@support.example>",
        body=f"Yes.\n\n{EN}> Sure?\n",
    ),
    raw_email(
        "References: <a@x> <@TICKET@.e0123456789ab@support.example>",
        sender="amy@support.example",
        body="Look again.",
    ),
    raw_email("Subject: [@TICKET@] hello", sender="x@stranger.example"),
    raw_email(
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
    raw_email(
        "Subject: html [@TICKET@]",
        "Content-Type: text/html; charset=utf-8",
        body="<p>one<br>two <b>three</b></p>",
    ),
    raw_email(
        "Subject: [@TICKET@]",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        body="caf=E9 =\nau lait",
    ),
)
"""Emails that are well; ``@TICKET@`` stands for the id of some ticket."""


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
    """Emails made by spoiling good ones, all put into one store.

    Args:
        root: the store.
        headers: what may be put among the headers.
        held: emails that were said to be on a ticket: Message-ID -> the ticket.
        buried: the bytes of those that were said to be dead.
    """

    root: Path
    headers: tuple[bytes, ...]
    dice: random.Random
    ids: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    buried: set[bytes] = field(default_factory=set)

    def spoil(self, data: bytes) -> bytes:
        """One thing more that is wrong with an email."""
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
        """An email, spoilt at up to four places."""
        data = (
            f"Message-ID: <r{number}@customer.example>\r\n".encode()
            + self.dice.choice(GOOD)
        )
        data = data.replace(b"@TICKET@", self.dice.choice(self.ids).encode())
        for _ in range(self.dice.randrange(5)):
            data = self.spoil(data)
        return data

    def put(self, workspace: Workspace, data: bytes) -> None:
        """Hand an email over and note what was said; a ticket whose id is taken already
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
        """So many emails, some of them twice."""
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
        """Every email is where it was said to be; the store is sound, and holds
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
            data for data, why in kept.items() if "does not have all of it" in why
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

    def notifications(self) -> int:
        """Every notice that these emails made is an email of ours; how many there are."""
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
def test_no_email_is_lost_and_none_does_harm(
    more: tuple[bytes, ...], tmp_path: Path
) -> None:
    """Spoilt emails, thousands: each is on a ticket or dead with its reason; nothing
    breaks, nothing leaves the store."""
    root = store(tmp_path / "all")
    campaign = Campaign(root, HEADERS + more, random.Random(2026), [A])
    campaign.go(rounds(300, 10_000))
    campaign.settle()
    assert campaign.held
    assert campaign.buried
    assert campaign.notifications() > 10
