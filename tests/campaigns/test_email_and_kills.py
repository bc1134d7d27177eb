"""Many tickets, many kills, many emails: nothing is lost and nothing is done twice.

What a sweep must do is computed ticket by ticket, so that a run that is killed and
run again at random can be compared with the bytes of one that was not killed. The
mail server is a file, which outlives a killed process.
"""

from __future__ import annotations

import ctypes
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.addresses import AMY, JANE
from tests.support.campaign import rounds
from tests.support.due_stores import (
    MAIL,
    PEOPLE,
    PER_DAY,
    START,
    MailServer,
    Step,
    before_file,
    debts,
    failures,
    git,
    given,
    loop_store,
    opening,
    owing_store,
    play,
    put,
    repository,
    send,
    stamp,
)
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
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Actor, Change, Decision
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.people import People
from ticketctl.core.ticket import fold
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.writer import emit

SWEPT = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)


SUBREAPER = 36
"""``PR_SET_CHILD_SUBREAPER`` of ``prctl``."""


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
    notifications: dict[str, list[tuple[str, tuple[str, ...]]]] = field(
        default_factory=dict
    )
    outbox: set[str] = field(default_factory=set)
    fires: dict[str, tuple[str, str, int]] = field(default_factory=dict)


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
        plan.fires[ticket.id] = (
            fired.fire.rule,
            fired.fire.anchor,
            fired.fire.occurrence,
        )
        plan.notifications[path] = [
            (notice.event, notice.recipients) for notice in fired.outcome.notifications
        ]
        plan.outbox |= {
            f"{ticket.id}-{notice.event}"
            for notice in fired.outcome.notifications
            if not plan.by_mail
        }
        assert len(plan.notifications[path]) == (steps is not biztech_closing)
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


def children() -> set[int]:
    """Return the processes whose parent this process is: those of other tests, too."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(") ")[2].split(" ")[1])
            if parent == os.getpid():
                found.add(int(stat.parent.name))
    return found


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
    ends, before = 0, children()
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
            for child in children() - before:
                with suppress(ChildProcessError):
                    os.waitpid(child, 0)
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
        assert len(told) == (
            0 if plan.by_mail else len(plan.notifications[path_of(id_)])
        )
    found = files_of(root, "tickets")
    assert found == plan.files, "not what a sweep makes that nobody killed"
    assert {
        Path(path).stem for path in files_of(root, ".git/ticketctl/outbox")
    } == plan.outbox
    assert leftovers(root) == []
    assert not list((root / ".git/ticketctl").glob("rescued*"))
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


def test_a_sweep_with_pending_email_killed_at_random(tmp_path: Path) -> None:
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
    notices = [
        notice for of_ticket in plan.notifications.values() for notice in of_ticket
    ]
    assert sorted((one.entry.id, one.recipients) for one in debts) == sorted(notices)
    assert len(debts) > len(plan.files) // 2


def test_mail_send_killed_at_random(tmp_path: Path) -> None:
    """Each notice goes out at least once, always as the same email, and is written
    down exactly once."""
    number, kills = rounds(20, 200), rounds(8, 50)
    settings = "commit: auto\n" + MAIL.replace("}}", "}, per_day: 100000}") + PEOPLE
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    notices = owing_store(root, number, settings)
    assert len(notices) > number * 3 // 2
    assert len({entry for _, entry, _ in notices}) < len(notices)
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
    messages = server.taken()
    ours: dict[str, tuple[str, str, str]] = {}
    for to, message in messages:
        same = (to, str(message["Subject"]), str(message.get_payload()))
        assert ours.setdefault(str(message["Message-ID"]), same) == same, (
            "two letters under one Message-ID"
        )
    assert len(messages) > len(ours) == len(notices), (
        "no letter went twice, or one not at all"
    )
    of_ids = Counter(
        (re.split(r"[<.@]", name)[1], re.split(r"[<.@]", name)[2], to)
        for name, (to, *_) in ours.items()
    )
    assert of_ids == Counter(notices)
    assert failures(root) == {}
    assert leftovers(root) == []
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    before = files_of(root, "tickets")
    assert send(root, server, START + timedelta(days=1)) == Ran("", 0)
    assert files_of(root, "tickets") == before
    assert len(server.taken()) == len(messages)


def test_two_machines_that_do_not_say_so(tmp_path: Path) -> None:
    """Answering each other they get no more than per_day emails a day each; the rest
    stays owed, and no ticket comes of it or is lost (X4)."""
    loop = loop_store(tmp_path / "store")
    for _ in range(rounds(60, 1_000)):
        loop.round()
    root = loop.root
    assert loop.most() == {JANE: PER_DAY, AMY: PER_DAY}, (
        "it was no storm, or it was not stopped"
    )
    assert len(loop.sent) == 2 * PER_DAY
    assert loop.fates == {"added": 2 * PER_DAY}
    assert set(histories(root)) == {"261102-aaaaa", "261102-bbbbb"}
    assert not (root / "dead-letters").exists()
    assert done(root, "check", now=stamp(loop.now)) == ""
    left = debts(root)
    assert left
    assert set(given(root).values()) == {1}
    assert not given(root).keys() & set(left)
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
    email (X4)."""
    loop = loop_store(tmp_path / "store", "auto-replied")
    for _ in range(rounds(10, 100)):
        loop.round()
    assert loop.sent == [(START + timedelta(minutes=1), JANE)] * 2
    assert loop.fates == {"kept": 2}
    assert debts(loop.root) == []
    after = {id_: fold(history) for id_, history in histories(loop.root).items()}
    assert {id_: ticket.status for id_, ticket in after.items()} == {
        "261102-aaaaa": "Solved",
        "261102-bbbbb": "Solved",
    }
    assert git(loop.root, "status", "--porcelain") == ""
