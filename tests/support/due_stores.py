"""Stores with many tickets of which some are due."""

from __future__ import annotations

import email
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.addresses import AMY, HELP, JANE
from tests.support.kills import Hook
from tests.support.shell import Ran
from tests.support.stores import done, files_of, histories, make_store, ticketctl
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Actor, Change, Create, Decision
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.email.smtp import DeliveryError, Send
from ticketctl.store.git.config import clone_place
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.writer import emit


def git(root: Path, *words: str) -> str:
    """What git says."""
    who = ("-c", "user.name=Amy", "-c", f"user.email={AMY}")
    return subprocess.run(
        ["git", "-C", str(root), *who, *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


# --- killing ---


def before_file(folder: str, number: int) -> Hook:
    """A hook: end this process before the Nth file of a folder (``tickets``,
    ``outbox``) takes its place."""
    left = count(1)

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if (
            name in ("replace", "rename")
            and f"/{folder}/" in str(args[1])
            and next(left) == number
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


MAIL = "mail: {from: help@support.example, smtp: {host: 127.0.0.1, port: 1}}\n"


def stamp(at: datetime) -> str:
    """An instant as ``--now`` takes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- stores, made without the command line ---


Step = Create | Change


def play(
    profile: Profile, steps: Sequence[Step], people: People, by_mail: bool
) -> Ticket:
    """A ticket made by requests, a minute apart."""
    ticket: Ticket | None = None
    for minute, step in enumerate(steps):
        made = decide(
            Situation(profile, people, START + timedelta(minutes=minute), by_mail),
            ticket,
            step,
        )
        assert isinstance(made, Decision), made
        ticket = made.ticket
    assert ticket is not None
    return ticket


def opening(
    number: int, who: str, role: str, quiet: bool, customer: str = JANE
) -> Create:
    """The first request of a ticket."""
    sets = {"customer": customer, **({"assignee": AMY} if role == "agent" else {})}
    return Create(
        f"261102-{number:05}",
        Actor(who, role),
        f"Ticket {number}",
        "Please help.",
        sets=sets,
        quiet=quiet,
    )


def put(root: Path, ticket: Ticket) -> None:
    """The file of a ticket."""
    path = root / path_of(ticket.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(emit(ticket))


def repository(root: Path, sender: bool = False) -> None:
    """Make the store a repository with everything committed."""
    (root / ".gitignore").write_text(".ticketctl/\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A store")
    if sender:
        git(root, "config", "ticketctl.sender", "true")
        git(root, "config", "ticketctl.senderPlace", clone_place(root))


# --- a mail server that is a file ---


class MailServer:
    """Stands for the transport: what it takes goes into a file at once, by calls that
    no hook sees."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.refuses: set[str] = set()
        self.unreachable = False
        self.last = 1_000_000
        self.visits = 0
        self.dies_after = 0
        self._calls = (os.open, os.write, os.close)
        log.touch()

    @contextmanager
    def transport(self, mail: MailSettings) -> Iterator[Send]:
        """In the place of ``ticketctl.store.email.smtp.open_transport``."""
        assert mail.sender == HELP
        self.visits += 1
        if self.unreachable:
            raise DeliveryError("127.0.0.1:1: Connection refused", server=True)
        yield self.send

    def send(self, to: str, data: bytes) -> None:
        """Take an email, or say why not."""
        if self.last <= 0:
            raise DeliveryError("Connection unexpectedly closed", server=True)
        self.last -= 1
        if to in self.refuses:
            raise DeliveryError("550 no such user here")
        open_, write, close = self._calls
        descriptor = open_(self.log, os.O_WRONLY | os.O_APPEND)
        line = json.dumps({"to": to, "letter": data.decode()}) + "\n"
        assert write(descriptor, line.encode()) == len(line)
        close(descriptor)
        self.dies_after -= 1
        if not self.dies_after:
            os.kill(os.getpid(), signal.SIGKILL)

    def taken(self) -> list[tuple[str, Message]]:
        """(to, email) of all that it took so far, in order."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        found = []
        for row in rows:
            email_ = email.message_from_string(row["letter"])
            assert email_["To"] == row["to"]
            found.append((row["to"], email_))
        return found

    def listening(self) -> AbstractContextManager[object]:
        """Put it in the place of the real one."""
        return patch("ticketctl.app.email.outbound.open_transport", self.transport)


def send(root: Path, server: MailServer, now: datetime) -> Ran:
    """``mail send``."""
    with server.listening():
        return ticketctl(root, "mail", "send", now=stamp(now))


def debts(root: Path) -> list[tuple[str, str, str]]:
    """(ticket, entry, address) of every notice that is owed."""
    return [
        (id_, one.entry.id, to)
        for id_, history in histories(root).items()
        for one in due_notifications(fold(history))
        for to in one.recipients
    ]


def given(root: Path) -> Counter[tuple[str, str, str]]:
    """The same of every notice that is written down as given, and how often it is."""
    return Counter(
        (id_, str(entry.anchor), to)
        for id_, history in histories(root).items()
        for entry in history
        if entry.event == "notified"
        for to in entry.recipients
    )


def failures(root: Path) -> dict[str, dict[str, Any]]:
    """What is remembered of emails that were not taken: ``TICKET-ENTRY`` -> content."""
    return {
        Path(path).stem: json.loads(data)
        for path, data in files_of(root, ".git/ticketctl/outbox").items()
    }


PEOPLE = "people:\n" + "".join(
    f"  {who}@support.example: {{roles: [{roles}]}}\n"
    for who, roles in (
        ("amy", "agent, technician"),
        ("bob", "technician"),
        ("cem", "technician"),
    )
)


def owing_store(root: Path, number: int, settings: str) -> list[tuple[str, str, str]]:
    """So many tickets that owe notices to customers, to staff, and to several at once;
    what they owe."""
    make_store(root, settings)
    workspace = Workspace(str(root), START)
    agent = Actor(AMY, "agent")
    for index in range(number):
        jane = f"jane{index}@customer.example"
        start, more = (
            opening(index, AMY, "agent", False, jane),
            Change(Actor(jane, "customer"), None, "More."),
        )
        cases: list[tuple[str, list[Step]]] = [
            ("biztech", [start, Change(agent, "Solved", "Done.")]),
            ("biztech", [start, Change(agent, "Pending", "Which?"), more]),
            ("hosting", [opening(index, jane, "customer", False, jane), more]),
        ]
        name, steps = cases[index % 3]
        profile = workspace.registry.get(name)
        put(root, play(profile, steps, workspace.people_of(profile), by_mail=True))
    repository(root, sender=True)
    return debts(root)


# --- machines that answer machines ---


PER_DAY = 20


def answer_by_machine(
    to: str, email_: Message, number: int, automatic: str = "", id_: str = ""
) -> bytes:
    """The email that a mailbox writes by itself."""
    made = EmailMessage()
    made["From"], made["To"] = to, str(email_["From"])
    made["Subject"] = f"Re: {email_['Subject']}"
    made["Message-ID"] = id_ or f"<{number}.{to}>"
    made["In-Reply-To"] = str(email_["Message-ID"])
    if automatic:
        made["Auto-Submitted"] = automatic
    made.set_content(f"Thank you for your letter. I am away until number {number}.\n")
    return made.as_bytes()


@dataclass
class Loop:
    """A store, a mail server, and mailboxes that answer whatever they get."""

    root: Path
    server: MailServer
    automatic: str = ""
    now: datetime = START
    answered: int = 0
    sent: list[tuple[datetime, str]] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)

    def round(self) -> None:
        """A minute: what is owed goes out, and every email is answered at once."""
        self.now += timedelta(minutes=1)
        ran = send(self.root, self.server, self.now)
        assert ran.status == 0, ran
        messages = self.server.taken()
        fresh, self.answered = messages[self.answered :], len(messages)
        for number, (to, email_) in enumerate(fresh, len(messages)):
            self.sent.append((self.now, to))
            receipt: Receipt = receive(
                Workspace(str(self.root), self.now),
                answer_by_machine(to, email_, number, self.automatic),
            )
            self.fates[receipt.fate] += 1

    def most(self) -> Mapping[str, int]:
        """The most emails that an address got in any 24 hours."""
        return {
            who: max(
                sum(
                    to == who and at - timedelta(days=1) < one <= at
                    for one, to in self.sent
                )
                for at, _ in self.sent
            )
            for _, who in self.sent
        }


def loop_store(root: Path, automatic: str = "") -> Loop:
    """Two tickets of one customer and one agent, each of which owes the first email."""
    make_store(root, "commit: auto\n" + MAIL.replace("}}", f"}}, per_day: {PER_DAY}}}"))
    repository(root, sender=True)
    for half in ("aaaaa", "bbbbb"):
        done(
            root,
            "new",
            f"Ticket {half}",
            "--id",
            f"261102-{half}",
            "-c",
            JANE,
            "-a",
            AMY,
            now=stamp(START),
        )
        done(root, "move", half, "Solved", "--reply", "It is done.", now=stamp(START))
    return Loop(root, MailServer(root.parent / "letters.jsonl"), automatic)
