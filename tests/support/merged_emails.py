"""Clones that each receive the same email."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.addresses import AMY, HELP, JANE
from tests.support.emails import A
from tests.support.stores import ticketctl
from ticketctl.core.ticket import Ticket
from ticketctl.store.tickets import Store

NINE, TEN, ELEVEN, NOON = (f"2026-11-03T{hour:02}:00:00Z" for hour in (9, 10, 11, 12))


SETTINGS = f"""\
people:
  {AMY}: {{roles: [agent]}}
mail:
  from: {HELP}
  addresses: {{{HELP}: biztech}}
  sendmail: true
"""


TRACES = {
    "as it came": lambda data: data,
    "received": lambda data: (
        b"Received: by mx2.support.example; Tue, 3 Nov 2026 08:59:00 +0000\r\n" + data
    ),
    "delivered": lambda data: (
        b"Delivered-To: two@support.example\r\nX-Spam-Score: 0\r\n" + data
    ),
    "LF": lambda data: data.replace(b"\r\n", b"\n"),
    "folded": lambda data: data.replace(b"Subject: ", b"Subject:\r\n ").replace(
        b", ", b",\r\n\t"
    ),
}


def email(
    *headers: str, body: str = "It is broken again.", id_: str = "<1@customer.example>"
) -> bytes:
    """An email of Jane's, as her program sent it."""
    lines = [
        f"From: Jane Doe <{JANE}>",
        f"To: {HELP}, sales@support.example",
        f"Message-ID: {id_}",
    ]
    lines += ["Date: Tue, 3 Nov 2026 09:58:00 +0100", *headers]
    return "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()


# --- two clones ---


@dataclass
class EmailClone:
    """A clone of a store, set up to merge."""

    root: Path

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def do(
        self, *words: str, at: str = NOON, feed: bytes = b"", as_: str = f"agent:{AMY}"
    ) -> str:
        """A command that must succeed; what it said."""
        ran = ticketctl(self.root, *words, now=at, as_=as_, feed=feed)
        assert ran.status == 0, f"{words}: {ran}"
        return ran.out + ran.err

    def take(self, data: bytes, at: str) -> str:
        """Take an email in; what became of it."""
        return self.do("mail", "in", at=at, feed=data, as_=AMY)

    def ticket(self, id_: str = A) -> Ticket:
        return Store(str(self.root)).read(id_).ticket

    def rows(self) -> list[dict[str, object]]:
        found = json.loads(self.do("list", "-A", "--format", "json"))["tickets"]
        assert isinstance(found, list)
        return found

    def files(self) -> dict[str, str]:
        """Path -> blob of what is committed."""
        lines = self.git("ls-tree", "-r", "HEAD").splitlines()
        return {line.partition("\t")[2]: line.split()[2] for line in lines}


Clones = tuple[EmailClone, EmailClone]


def _name(clone: EmailClone) -> None:
    for key, value in (("user.name", "Amy"), ("user.email", AMY)):
        clone.git("config", key, value)
