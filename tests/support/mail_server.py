"""A post office for tests: a real SMTP server on loopback that keeps what it is given,
and emails as people write them."""

from __future__ import annotations

import email
import email.policy
import itertools
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.addresses import HELP
from tests.support.stores import make_store, ticketctl


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Office:
    """What the SMTP server does with emails: keeps them; ``refused`` addresses it does
    not know."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Whether there is such a mailbox."""
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take an email."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert [parseaddr(str(mail["To"]))[1]] == envelope.rcpt_tos, (
            "one letter for each reader"
        )
        self.taken.append(mail)
        return "250 OK"


@contextmanager
def smtp_server() -> Iterator[tuple[int, Office]]:
    """A running server: its port, and what it has taken."""
    office, port = Office(), free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, office
    finally:
        controller.stop()


PEOPLE = """\
people:
  amy@support.example: {{name: Amy, roles: [{roles}]}}
  jane@customer.example: {{name: Jane, language: {language}}}
"""


@dataclass
class Shop:
    """One organisation that lives from mail: a store in a git repository, one customer,
    one agent."""

    root: Path
    port: int
    office: Office
    seen: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(
        self,
        *words: str,
        now: str,
        as_: str = "amy@support.example",
        feed: bytes = b"",
        status: int = 0,
    ) -> str:
        """A command; what it printed."""
        ran = ticketctl(self.root, *words, now=now, as_=as_, feed=feed)
        assert ran.status == status, f"{words}: {ran}"
        return ran.out

    def write(
        self,
        sender: str,
        text: str,
        now: str,
        answers: EmailMessage | None = None,
        **headers: str,
    ) -> str:
        """Somebody writes to us, or answers one of our emails as mail programs do;
        what became of it."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"Somebody <{sender}>", HELP
        mail["Message-ID"] = f"<{next(self.numbers)}@{sender.partition('@')[2]}>"
        subject = headers.pop("Subject", None)
        if answers is not None:
            subject = subject or f"Re: {answers['Subject']}"
            mail["In-Reply-To"] = answers["Message-ID"]
            mail["References"] = f"{answers['References']} {answers['Message-ID']}"
            quoted = "\n".join(
                f"> {line}" for line in answers.get_content().splitlines()
            )
            text = f"{text}\n\nOn Mon, 2 Nov 2026 at 09:00, {HELP} wrote:\n{quoted}\n"
        mail["Subject"] = subject or "A question"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return self.run("mail", "in", now=now, feed=mail.as_bytes())

    def deliver(self, now: str, status: int = 0) -> list[EmailMessage]:
        """Send what is owed; the emails that came out of the server since the last
        time."""
        self.run("mail", "send", now=now, status=status)
        new, self.seen = self.office.taken[self.seen :], len(self.office.taken)
        return new

    def status(self, half: str, now: str) -> str:
        """The status of a ticket."""
        import json

        return str(
            json.loads(self.run("show", half, "--format", "json", now=now))["tickets"][
                0
            ]["status"]
        )


def open_shop(
    root: Path,
    profile: str,
    roles: str,
    port: int,
    office: Office,
    language: str = "en",
) -> Shop:
    """A store of one profile that sends by our server."""
    settings = PEOPLE.format(roles=roles, language=language)
    settings += f"mail:\n  from: {HELP}\n  addresses: {{{HELP}: {profile}}}\n  smtp: {{host: 127.0.0.1, port: {port}}}\n"
    make_store(root, f"commit: auto\n{settings}", profile)
    git = [
        "git",
        "-C",
        str(root),
        "-c",
        "user.name=Amy",
        "-c",
        "user.email=amy@support.example",
    ]
    (root / ".gitignore").write_text(".ticketctl/\n")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "A store"],
        ["config", "ticketctl.sender", "true"],
    ):
        subprocess.run([*git, *words], check=True)
    return Shop(root, port, office)
