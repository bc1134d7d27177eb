"""Many tickets, many kills, many letters: nothing is lost, nothing is done twice, and
no storm of mail comes of it.

What must come of a sweep is worked out purely, ticket by ticket, so that a run killed
and run again at random can be held to the bytes of one that nobody killed. The mail
server is a file, which outlives whoever is killed.
"""

from __future__ import annotations

import ctypes
import email
import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.campaign import rounds
from tests.support.due_stores import AMY, HELP, JANE, before_file, git
from tests.support.kills import Hook, killed, killer
from tests.support.shell import Ran
from tests.support.stores import (
    done,
    files_of,
    histories,
    leftovers,
    make_store,
    ticketctl,
)
from ticketctl.app import sweep
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Actor, Change, Create, Decision
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.email.smtp import DeliveryError, Send
from ticketctl.store.git.config import place
from ticketctl.store.paths import path_of
from ticketctl.store.profiles import built_in
from ticketctl.store.yaml.writer import emit

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


SWEPT = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)


MAIL = "mail: {from: help@support.example, smtp: {host: 127.0.0.1, port: 1}}\n"


SUBREAPER = 36
"""``PR_SET_CHILD_SUBREAPER`` of ``prctl``."""


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


def biztech_closing(number: int) -> list[Step]:
    """Solved, and closed by itself after four days."""
    return [
        opening(number, AMY, "agent", True),
        Change(Actor(AMY, "agent"), "Solved", "Done.", quiet=True),
    ]


def hosting_closing(number: int) -> list[Step]:
    """Answered, and closed by itself after thirty days, of which the customer is told."""
    technician = Actor(AMY, "technician")
    return [
        opening(number, AMY, "technician", True),
        Change(technician, "Answered", "Look.", quiet=True),
    ]


def biztech_reminder(number: int) -> list[Step]:
    """Open, and every two days somebody is reminded."""
    return [opening(number, AMY, "agent", True)]


DUE: tuple[tuple[str, Callable[[int], list[Step]]], ...] = (
    ("biztech", biztech_closing),
    ("hosting", hosting_closing),
    ("biztech", biztech_reminder),
)


@dataclass
class Plan:
    """A store full of due tickets, and what one sweep makes of each: path -> bytes, and
    path -> its notices."""

    root: Path
    by_mail: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    notices: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    outbox: set[str] = field(default_factory=set)
    fires: dict[str, tuple[str, str, int]] = field(default_factory=dict)


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
        git(root, "config", "ticketctl.senderPlace", place(root))


def due_store(
    root: Path, number: int, settings: str = "commit: off\n", in_git: bool = False
) -> Plan:
    """So many tickets of three kinds in turn, all due at SWEPT, and what must become of
    them."""
    plan = Plan(make_store(root, settings), by_mail="mail:" in settings)
    workspace = Workspace(str(root), SWEPT)
    for index in range(number):
        name, steps = DUE[index % len(DUE)]
        profile = workspace.registry.get(name)
        ticket = play(profile, steps(index), People(), plan.by_mail)
        put(root, ticket)
        (fired,) = sweep_ticket(
            Situation(profile, People(), SWEPT, plan.by_mail), ticket
        )
        assert isinstance(fired.outcome, Decision)
        path, after = path_of(ticket.id), fired.outcome.ticket
        plan.files[path] = emit(after)
        plan.fires[ticket.id] = (fired.fire.rule, fired.fire.anchor, fired.fire.nth)
        plan.notices[path] = [
            (notice.event, notice.told) for notice in fired.outcome.notices
        ]
        plan.outbox |= {
            f"{ticket.id}-{notice.event}"
            for notice in fired.outcome.notices
            if not plan.by_mail
        }
        assert len(plan.notices[path]) == (steps is not biztech_closing)
    if in_git:
        repository(root)
    return plan


def before_git(number: int) -> Hook:
    """A hook: end this process half way through the Nth list of files that it hands to
    git, or notes."""
    left, write = count(1), os.write

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if name == "write" and b"tickets/" in bytes(args[1]) and next(left) == number:
            write(args[0], bytes(args[1])[: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


@contextmanager
def adopting() -> Iterator[None]:
    """Be told of the ends of grandchildren, so that git may finish what a killed
    command had it begin."""
    prctl = getattr(ctypes.CDLL(None), "prctl", lambda *_: None)  # Linux alone has it
    prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(SUBREAPER, 0, 0, 0, 0)


def killed_at_random(
    act: Callable[[int], Ran],
    kills: int,
    tickets: int,
    folders: Sequence[str],
    repository: Path | None = None,
) -> Ran:
    """Run it again and again, killed at random so many times, until it gets through;
    the run that did.

    Args:
        act: does it the Nth time.
        tickets: how many it has to do.
        folders: is killed before a file takes its place there (``tickets``,
            ``outbox``), too.
        repository: is killed in its commits, too.
    """
    dice = random.Random(f"{kills} {tickets} {folders}")
    share, calls = max(tickets // kills, 2), max(tickets * 15 // kills, 20)
    ends = 0
    with adopting():
        for turn in range(kills):
            hooks = [
                killer(dice.randint(1, calls)),
                killer(dice.randint(1, 12)),
                *(before_file(folder, dice.randint(1, share)) for folder in folders),
            ]
            if repository and git(repository, "status", "--porcelain"):
                hooks += [before_git(1), before_git(2)]
            elif repository and turn == kills - 1:
                hooks = [before_git(dice.randint(1, 2))]
            ran = killed(lambda: act(turn), dice.choice(hooks))  # noqa: B023
            assert ran.status in (-signal.SIGKILL, 0), ran
            ends += ran.status == -signal.SIGKILL
            with suppress(ChildProcessError):
                while True:
                    os.wait()
    assert ends > kills * 2 // 3, (
        "hardly a run was killed: does the hook still see what the store calls?"
    )
    return act(kills)


def swept_at_random(plan: Plan, repository: Path | None = None) -> None:
    """Sweep it, killed at random until through; then everything is as if nobody had
    been killed."""
    words = ("sweep", "--confirm", "1000000")
    done(
        plan.root, *words, "-n", now=stamp(SWEPT)
    )  # parses the profiles before anybody is killed, for all
    folders = ["tickets", *(["outbox"] if plan.outbox else [])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sweep, "_TOGETHER", rounds(2, 20)
        )  # else the first that is finished for another is all
        ran = killed_at_random(
            lambda _: ticketctl(plan.root, *words, now=stamp(SWEPT)),
            rounds(8, 50),
            len(plan.files),
            folders,
            repository,
        )
    assert ran.status == 0, ran
    held = held_files(plan)
    assert ticketctl(plan.root, *words, now=stamp(SWEPT)) == Ran("", 0)
    assert held_files(plan) == held, "a further sweep did something"


def held_files(plan: Plan) -> dict[str, bytes]:
    """The tickets, held to what had to become of them."""
    root, after = plan.root, histories(plan.root)
    for id_, history in after.items():
        keys = Counter(entry.key for entry in history if entry.key)
        assert keys == {plan.fires[id_]: 1}, f"{id_}: not exactly once"
        assert emit(fold(history)) == (root / path_of(id_)).read_bytes()
        told = [entry for entry in history if entry.event == "notified"]
        assert len(told) == (0 if plan.by_mail else len(plan.notices[path_of(id_)]))
    found = files_of(root, "tickets")
    assert found == plan.files, "not what a sweep makes that nobody killed"
    assert {
        Path(path).stem for path in files_of(root, ".git/ticketctl/outbox")
    } == plan.outbox
    assert leftovers(root) == [] and not list(
        (root / ".git/ticketctl").glob("rescued*")
    )
    return found


def test_a_sweep_killed_at_random(tmp_path: Path) -> None:
    """However often it is killed and run again, each ticket is done once, with exactly
    one notice if any (2, 13)."""
    swept_at_random(due_store(tmp_path / "store", rounds(60, 1_000)))


def test_a_sweep_in_a_repository_killed_at_random(tmp_path: Path) -> None:
    """The same where each run is a commit: in the end all is committed, and the
    repository is sound (2, 13)."""
    plan = due_store(tmp_path / "store", rounds(20, 200), "commit: auto\n", in_git=True)
    swept_at_random(plan, plan.root)
    assert git(plan.root, "status", "--porcelain", "--", "tickets") == ""
    assert git(plan.root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    for path, data in plan.files.items():
        assert git(plan.root, "show", f"HEAD:{path}").encode() == data


def test_a_sweep_that_owes_mail_killed_at_random(tmp_path: Path) -> None:
    """Where notices go out by mail, each is owed exactly once, and none lies in the
    outbox (2, 13)."""
    plan = due_store(
        tmp_path / "store", rounds(20, 200), "commit: auto\n" + MAIL, in_git=True
    )
    swept_at_random(plan, plan.root)
    assert git(plan.root, "status", "--porcelain", "--", "tickets") == ""
    assert git(plan.root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    debts = [
        one
        for history in histories(plan.root).values()
        for one in due_notifications(fold(history))
    ]
    notices = [notice for of_ticket in plan.notices.values() for notice in of_ticket]
    assert (
        sorted((one.entry.id, one.told) for one in debts) == sorted(notices)
        and len(debts) > len(plan.files) // 2
    )


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
        """In the place of ``ticketctl.store.email.smtp.transport``."""
        assert mail.sender == HELP
        self.visits += 1
        if self.unreachable:
            raise DeliveryError("127.0.0.1:1: Connection refused", server=True)
        yield self.send

    def send(self, to: str, data: bytes) -> None:
        """Take a letter, or say why not."""
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
        """(to, letter) of all that it took so far, in order."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        found = []
        for row in rows:
            letter = email.message_from_string(row["letter"])
            assert letter["To"] == row["to"]
            found.append((row["to"], letter))
        return found

    def listening(self) -> AbstractContextManager[object]:
        """Put it in the place of the real one."""
        return patch("ticketctl.app.email.outbound.transport", self.transport)


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
        for to in one.told
    ]


def given(root: Path) -> Counter[tuple[str, str, str]]:
    """The same of every notice that is written down as given, and how often it is."""
    return Counter(
        (id_, str(entry.anchor), to)
        for id_, history in histories(root).items()
        for entry in history
        if entry.event == "notified"
        for to in entry.told
    )


def failures(root: Path) -> dict[str, dict[str, Any]]:
    """What is remembered of letters that were not taken: ``TICKET-ENTRY`` -> content."""
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


def test_mail_send_killed_at_random(tmp_path: Path) -> None:
    """Each notice goes out at least once, always as the same letter, and is written
    down exactly once."""
    number, kills = rounds(20, 200), rounds(8, 50)
    settings = "commit: auto\n" + MAIL.replace("}}", "}, per_day: 100000}") + PEOPLE
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    notices = owing_store(root, number, settings)
    assert len(notices) > number * 3 // 2 and len(
        {entry for _, entry, _ in notices}
    ) < len(notices)
    dice = random.Random(number)

    def act(turn: int) -> Ran:
        server.dies_after = (
            dice.randint(1, max(number // 4, 4))
            if turn % 3 == 0 and turn < kills
            else 0
        )
        return send(root, server, START + timedelta(hours=1, minutes=turn))

    ran = killed_at_random(act, kills, number, ["tickets"], root)
    assert ran.status == 0, ran
    assert debts(root) == []
    assert given(root) == Counter(notices), "not each written down once"
    letters = server.taken()
    ours: dict[str, tuple[str, str, str]] = {}
    for to, letter in letters:
        same = (to, str(letter["Subject"]), str(letter.get_payload()))
        assert ours.setdefault(str(letter["Message-ID"]), same) == same, (
            "two letters under one Message-ID"
        )
    assert len(letters) > len(ours) == len(notices), (
        "no letter went twice, or one not at all"
    )
    of_ids = Counter(
        (re.split(r"[<.@]", name)[1], re.split(r"[<.@]", name)[2], to)
        for name, (to, *_) in ours.items()
    )
    assert of_ids == Counter(notices)
    assert failures(root) == {} and leftovers(root) == []
    assert (
        git(root, "status", "--porcelain") == ""
        and git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    )
    before = files_of(root, "tickets")
    assert send(root, server, START + timedelta(days=1)) == Ran("", 0)
    assert files_of(root, "tickets") == before and len(server.taken()) == len(letters)


# --- machines that answer machines ---


PER_DAY = 20


def answer(
    to: str, letter: Message, number: int, automatic: str = "", id_: str = ""
) -> bytes:
    """The letter that a mailbox writes by itself."""
    made = EmailMessage()
    made["From"], made["To"] = to, str(letter["From"])
    made["Subject"] = f"Re: {letter['Subject']}"
    made["Message-ID"] = id_ or f"<{number}.{to}>"
    made["In-Reply-To"] = str(letter["Message-ID"])
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
        """A minute: what is owed goes out, and every letter is answered at once."""
        self.now += timedelta(minutes=1)
        ran = send(self.root, self.server, self.now)
        assert ran.status == 0, ran
        letters = self.server.taken()
        fresh, self.answered = letters[self.answered :], len(letters)
        for number, (to, letter) in enumerate(fresh, len(letters)):
            self.sent.append((self.now, to))
            receipt: Receipt = receive(
                Workspace(str(self.root), self.now),
                answer(to, letter, number, self.automatic),
            )
            self.fates[receipt.fate] += 1

    def most(self) -> Mapping[str, int]:
        """The most letters that an address got in any 24 hours."""
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
    """Two tickets of one customer and one agent, each of which owes the first letter."""
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


def test_two_machines_that_do_not_say_so(tmp_path: Path) -> None:
    """Answering each other they get no more than per_day letters a day each; the rest
    stays owed, and no ticket comes of it or is lost (X4)."""
    loop = loop_store(tmp_path / "store")
    for _ in range(rounds(60, 1_000)):
        loop.round()
    root = loop.root
    assert loop.most() == {JANE: PER_DAY, AMY: PER_DAY}, (
        "it was no storm, or it was not stopped"
    )
    assert len(loop.sent) == 2 * PER_DAY and loop.fates == {"added": 2 * PER_DAY}
    assert (
        set(histories(root)) == {"261102-aaaaa", "261102-bbbbb"}
        and not (root / "dead-letters").exists()
    )
    assert done(root, "check", now=stamp(loop.now)) == ""
    left = debts(root)
    assert (
        left and set(given(root).values()) == {1} and not given(root).keys() & set(left)
    )
    texts = [
        entry.text
        for history in histories(root).values()
        for entry in history
        if entry.via == "mail"
    ]
    assert len(texts) == len(set(texts)) == 2 * PER_DAY, (
        "a letter was lost, or is there twice"
    )
    loop.now += timedelta(days=1)
    for _ in range(rounds(5, 60)):
        loop.round()
    assert set(left) <= given(root).keys(), "what was owed yesterday went out today"
    assert all(number <= PER_DAY for number in loop.most().values())
    assert len(histories(root)) == 2


def test_machines_that_say_so_are_not_answered(tmp_path: Path) -> None:
    """An answer that says that a machine wrote it is kept, moves nothing and makes no
    letter (X4)."""
    loop = loop_store(tmp_path / "store", "auto-replied")
    for _ in range(rounds(10, 100)):
        loop.round()
    assert loop.sent == [(START + timedelta(minutes=1), JANE)] * 2 and loop.fates == {
        "kept": 2
    }
    assert debts(loop.root) == []
    after = {id_: fold(history) for id_, history in histories(loop.root).items()}
    assert {id_: ticket.status for id_, ticket in after.items()} == {
        "261102-aaaaa": "Solved",
        "261102-bbbbb": "Solved",
    }
    assert git(loop.root, "status", "--porcelain") == ""


# --- a server that fails ---


def three_owed(
    root: Path, settings: str = "commit: auto\n"
) -> tuple[MailServer, list[tuple[str, str, str]]]:
    """A store with three Solved tickets, each of which owes its customer a notice, a
    minute apart."""
    make_store(root, settings + MAIL)
    for number in range(3):
        jane = f"jane{number}@customer.example"
        steps: list[Step] = [
            opening(number, AMY, "agent", True, jane),
            Change(Actor(AMY, "agent"), "Solved", "Done."),
        ]
        put(
            root,
            play(
                Workspace(str(root), START).registry.get("biztech"),
                steps,
                People(),
                by_mail=True,
            ),
        )
    repository(root, sender=True)
    return MailServer(root.parent / "letters.jsonl"), debts(root)


def file_of(debt: tuple[str, str, str]) -> str:
    """Under which name a failure of a notice is remembered."""
    return f"{debt[0]}-{debt[1]}"


HOUR = START + timedelta(hours=1)


def test_the_pause_after_a_failure_grows(tmp_path: Path) -> None:
    """A server that cannot be reached is tried after 5, 20, 80 minutes and so on, at
    most a day; nothing is lost."""
    root = tmp_path / "store"
    make_store(root, "commit: auto\n" + MAIL)
    put(
        root,
        play(
            Workspace(str(root), START).registry.get("biztech"),
            [
                opening(0, AMY, "agent", True),
                Change(Actor(AMY, "agent"), "Solved", "Done."),
            ],
            People(),
            by_mail=True,
        ),
    )
    repository(root, sender=True)
    server, (debt,) = MailServer(tmp_path / "letters.jsonl"), debts(root)
    server.unreachable = True
    before, now = files_of(root), HOUR
    for tries, minutes in enumerate((5, 20, 80, 320, 1280, 1440, 1440), 1):
        ran = send(root, server, now)
        assert (
            ran.status == 1
            and ran.out == ""
            and f"failed  {debt[0]}  {JANE}" in ran.err
        ), ran
        assert server.visits == tries
        (kept,) = failures(root).items()
        again = now + timedelta(minutes=minutes)
        assert (
            kept[0] == file_of(debt)
            and kept[1]["error"] == f"{JANE}: 127.0.0.1:1: Connection refused"
        )
        assert (kept[1]["tries"], kept[1]["again"], kept[1]["told"]) == (
            tries,
            stamp(again),
            [JANE],
        )
        said = done(root, "mail", "show", now=stamp(now))
        assert f"tried {tries} time" in said and "Connection refused" in said
        assert send(root, server, again - timedelta(seconds=1)) == Ran("", 0), (
            "tried before its time"
        )
        assert server.visits == tries
        now = again
    assert debts(root) == [debt] and files_of(root) == before
    server.unreachable = False
    ran = send(root, server, now)
    assert ran.status == 0 and ran.out == f"sent    {debt[0]}  {JANE}  solved\n", ran
    assert given(root) == {debt: 1} and debts(root) == [] and failures(root) == {}
    assert git(root, "status", "--porcelain") == ""


def test_an_unreachable_server_loses_nothing(tmp_path: Path) -> None:
    """Several notices wait for a server that nobody reaches; a day later all are
    delivered, and no failure is kept."""
    server, owing = three_owed(tmp_path / "store")
    root, server.unreachable = tmp_path / "store", True
    before = files_of(root)
    for minute in range(12):
        send(root, server, HOUR + timedelta(minutes=minute))
    assert debts(root) == owing and files_of(root) == before
    kept = failures(root)
    assert kept and all(
        "Connection refused" in failure["error"] for failure in kept.values()
    )
    server.unreachable = False
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert (
        given(root) == Counter(owing)
        and failures(root) == {}
        and len(server.taken()) == 3
    )


@pytest.mark.parametrize("what", ["folder", "link"])
def test_what_lies_in_the_place_of_a_failure_stops_no_other(
    tmp_path: Path, what: str
) -> None:
    """The failure cannot be remembered: that is said, with the place, and every other
    letter goes out."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    server.refuses = {owing[0][2]}
    place = root / ".git/ticketctl/outbox" / f"{file_of(owing[0])}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir() if what == "folder" else place.symlink_to("/nowhere")
    ran = send(root, server, HOUR)
    assert (
        ran.status == 71
        and ran.out.count("sent ") == 2
        and "550 no such user here" in ran.err
    ), ran
    assert str(place) in ran.err.splitlines()[-1]
    assert debts(root) == [owing[0]] and given(root) == {owing[1]: 1, owing[2]: 1}
    assert git(root, "status", "--porcelain") == "", "what was taken is committed"


def test_a_refused_recipient_stops_no_other(tmp_path: Path) -> None:
    """The others are told and written down; who was refused stays owed, with the
    server's words, and is tried again."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    refused = owing[1]
    server.refuses = {refused[2]}
    ran = send(root, server, HOUR)
    assert (
        ran.status == 1
        and ran.out.count("sent ") == 2
        and "550 no such user here" in ran.err
    )
    assert debts(root) == [refused] and given(root) == {owing[0]: 1, owing[2]: 1}
    assert failures(root).keys() == {file_of(refused)}
    assert (
        failures(root)[file_of(refused)]["error"]
        == f"{refused[2]}: 550 no such user here"
    )
    assert git(root, "status", "--porcelain") == "", "what was taken is committed"
    server.refuses = set()
    assert send(root, server, HOUR + timedelta(minutes=4)) == Ran("", 0)
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert given(root) == Counter(owing) and debts(root) == [] and failures(root) == {}
    assert len(server.taken()) == 3, "nobody was told twice"


def test_one_of_several_readers_is_refused(tmp_path: Path) -> None:
    """A notice to several goes to those whom the server takes; only the refused one is
    tried again."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 3, "commit: auto\n" + MAIL + PEOPLE)
    bob = next(debt for debt in owing if debt[2] == "bob@support.example")
    others = [debt for debt in owing if debt[:2] == bob[:2] and debt != bob]
    assert len(others) == 2
    server.refuses = {bob[2]}
    assert send(root, server, HOUR).status == 1
    assert debts(root) == [bob] and all(given(root)[debt] == 1 for debt in others)
    assert failures(root).keys() == {file_of(bob)}
    assert (
        failures(root)[file_of(bob)]["error"]
        == "bob@support.example: 550 no such user here"
    )
    server.refuses = set()
    assert send(root, server, HOUR + timedelta(minutes=5)).status == 0
    assert given(root) == Counter(owing) and failures(root) == {}
    names = [str(letter["Message-ID"]) for _, letter in server.taken()]
    assert len(names) == len(set(names)) == len(owing)


def test_a_server_that_goes_away_in_the_middle(tmp_path: Path) -> None:
    """What it took is written down and committed, what it did not stays owed and is
    delivered a day later."""
    server, owing = three_owed(tmp_path / "store")
    root, server.last = tmp_path / "store", 1
    ran = send(root, server, HOUR)
    assert (
        ran.status == 1
        and ran.out.count("sent ") == 1
        and "Connection unexpectedly closed" in ran.err
    )
    assert given(root) == {owing[0]: 1} and debts(root) == owing[1:]
    assert git(root, "status", "--porcelain") == ""
    server.last = 1_000_000
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert given(root) == Counter(owing) and debts(root) == []
    assert len(server.taken()) == 3, "nobody was told twice"


def test_the_notice_at_which_the_server_went_away_is_remembered(tmp_path: Path) -> None:
    """The failure is that of the notice that was not taken, and is forgotten when it is
    delivered."""
    server, owing = three_owed(tmp_path / "store")
    root, server.last = tmp_path / "store", 1
    ran = send(root, server, HOUR)
    assert f"failed  {owing[1][0]}  {owing[1][2]}" in ran.err, ran
    kept = failures(root)
    assert kept.keys() == {file_of(owing[1])}
    assert (
        kept[file_of(owing[1])]["error"]
        == f"{owing[1][2]}: Connection unexpectedly closed"
    )
    server.last = 1_000_000
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert failures(root) == {}


def test_the_reader_at_whom_the_server_went_away_is_remembered(tmp_path: Path) -> None:
    """Of several readers of one notice, the failure names the one whose letter was not
    taken."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 3, "commit: auto\n" + MAIL + PEOPLE)
    several = [debt for debt in owing if file_of(debt) == file_of(owing[-1])]
    for other in set(owing) - set(several):
        put(root, fold(histories(root)[other[0]][:1]))
    git(root, "commit", "-qam", "Those that owe nothing")
    assert debts(root) == several and len(several) == 3
    server.last = 1
    send(root, server, HOUR)
    assert debts(root) == several[1:]
    assert (
        failures(root)[file_of(several[1])]["error"]
        == f"{several[1][2]}: Connection unexpectedly closed"
    )


def test_a_notice_that_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    """Where a profile has lost a message that is still owed, that one is named, and all
    others go out."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 2, "commit: auto\n" + MAIL)
    text = Path(built_in(), "biztech.yaml").read_text()
    (root / "profiles").mkdir()
    lost = text.replace("message: solved", "message: over").replace(
        "  solved:", "  over:"
    )
    (root / "profiles/biztech.yaml").write_text(lost)
    done(root, "profile", "check", "biztech")
    ran = send(root, server, HOUR)
    assert {to for to, _ in server.taken()} == {to for _, _, to in owing[1:]}, ran
    assert debts(root) == owing[:1] and owing[0][0] in ran.err and ran.status in (1, 65)


def test_a_letter_with_a_long_id_is_answered_in_its_thread(tmp_path: Path) -> None:
    """What we send after a letter names it as it named itself, however long its
    Message-ID is (many have 80 bytes)."""
    loop = loop_store(tmp_path / "store")
    long = f"<{'A' * 50}@{'M' * 16}.prod.mailer.example>"
    assert send(loop.root, loop.server, HOUR).status == 0
    to, letter = loop.server.taken()[0]
    assert (
        receive(Workspace(str(loop.root), HOUR), answer(to, letter, 1, id_=long)).fate
        == "added"
    )
    assert send(loop.root, loop.server, HOUR + timedelta(minutes=1)).status == 0
    ours = loop.server.taken()[-1][1]
    assert "".join(str(ours["In-Reply-To"]).split()) == long


def test_only_the_sender_sends(tmp_path: Path) -> None:
    """In a clone that is not the sender nothing goes out and nothing is written,
    whatever the user's git is set to."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    git(root, "config", "--unset", "ticketctl.sender")
    git(root, "config", "--global", "ticketctl.sender", "true")
    before = files_of(root)
    ran = send(root, server, HOUR)
    assert (
        ran.status == 1
        and "git config ticketctl.sender true" in ran.err
        and ran.out == ""
    )
    assert (
        server.visits == 0
        and files_of(root) == before
        and debts(root) == owing
        and failures(root) == {}
    )
    git(root, "config", "ticketctl.sender", "true")
    assert send(root, server, HOUR).status == 0 and given(root) == Counter(owing)


def test_what_is_not_committed_does_not_go_out(tmp_path: Path) -> None:
    """A notice waits for the commit of its ticket; those of other tickets do not wait
    for it."""
    server, owing = three_owed(tmp_path / "store", "commit: off\n")
    root = tmp_path / "store"
    done(root, "note", owing[0][0], "-m", "Not committed yet.", now=stamp(HOUR))
    done(
        root,
        "new",
        "Ticket 3",
        "--id",
        "261102-aaaaa",
        "-c",
        JANE,
        "-a",
        AMY,
        now=stamp(HOUR),
    )
    done(root, "move", "aaaaa", "Solved", "--reply", "Done.", now=stamp(HOUR))
    ran = send(root, server, HOUR)
    assert (
        ran.status == 0
        and "2 notices waiting for the ticket to be committed" in ran.err
    ), ran
    assert (
        given(root) == Counter(owing[1:])
        and len(debts(root)) == 2
        and len(server.taken()) == 2
    )
    assert (
        send(root, server, HOUR + timedelta(days=1)).out == ""
        and len(server.taken()) == 2
    )
    git(root, "add", "-A")
    git(root, "commit", "-qm", "By hand")
    assert send(root, server, HOUR + timedelta(days=1)).out.count("sent ") == 2
    assert (
        debts(root) == [] and set(given(root).values()) == {1} and failures(root) == {}
    )
