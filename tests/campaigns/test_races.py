"""Many processes at once: no event is lost, doubled or invented (hazards 6 and 13)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.support.kills import Child
from tests.support.shell import Ran
from tests.support.stores import (
    JANE,
    done,
    files_of,
    histories,
    leftovers,
    make_store,
    make_tickets,
    ticketctl,
)
from ticketctl.core.entry import Entry
from ticketctl.store.paths import ALPHABET
from ticketctl.store.writing import locks

LATER = "2026-11-07T09:00:00Z"


def halves(number: int) -> list[str]:
    """The random halves of so many ids."""
    return [f"tkt{ALPHABET[n // 32]}{ALPHABET[n % 32]}" for n in range(number)]


def together(acts: Sequence[Callable[[], Ran]]) -> list[Ran]:
    """Do all at once, each in a process of its own: they start when the last is ready."""
    ready, gate = os.pipe(), os.pipe()

    def waiting(act: Callable[[], Ran]) -> Callable[[], Ran]:
        def inside() -> Ran:
            os.close(gate[1])
            os.write(ready[1], b".")
            os.read(gate[0], 1)
            return act()

        return inside

    children = [Child(waiting(act)) for act in acts]
    for _ in children:
        os.read(ready[0], 1)
    for end in (*gate, *ready):
        os.close(end)
    return [child.wait() for child in children]


def worker(
    root: Path, number: int, acts: int, tickets: Sequence[str]
) -> Callable[[], Ran]:
    """Somebody who moves, replies and notes at random; the answer is a list of [mark,
    id, command, status]."""

    def inside() -> Ran:
        dice = random.Random(number)
        log: list[tuple[str, str, str, int]] = []
        for turn in range(acts):
            mark, id_ = f"act {number}-{turn}.", dice.choice(tickets)
            me = f"agent:agent{number}@support.example"
            words, as_ = dice.choice(
                [
                    (("move", id_, "Pending", "--reply", mark), me),
                    (("move", id_, "Open", "-m", mark), me),
                    (("move", id_, "Solved", "--reply", mark), me),
                    (("reply", id_, "-m", mark), me),
                    (("reply", id_, "-m", mark), JANE),
                    (("note", id_, "-m", mark), me),
                    (("note", id_, "-m", mark), me),
                ]
            )
            ran = ticketctl(root, *words, now="", as_=as_)
            if ran.status not in (0, 1):
                return Ran(json.dumps(log), ran.status, f"{words}: {ran}")
            log.append((mark, id_, words[0], ran.status))
        return Ran(json.dumps(log), 0)

    return inside


def audited(
    root: Path, before: dict[str, tuple[Entry, ...]], results: Sequence[Ran]
) -> int:
    """Hold what was reported against what is on the disk; the number of successes."""
    for ran in results:
        assert ran.status == 0, ran.err
    log = [tuple(line) for ran in results for line in json.loads(ran.out)]
    after = histories(root)
    assert after.keys() == before.keys()
    for id_, history in before.items():
        assert after[id_][: len(history)] == history, (
            f"{id_}: what was there is not the beginning of what is there"
        )
    ids = Counter(
        (id_, entry.id) for id_, history in after.items() for entry in history
    )
    assert set(ids.values()) == {1}, "an event twice"
    people = [
        (text.strip(), id_)
        for id_, history in after.items()
        for entry in history[len(before[id_]) :]
        if entry.role != "system"
        for text in (entry.text or entry.note or "",)
    ]
    reported = [(mark, f"261102-{id_}") for mark, id_, _, status in log if status == 0]
    assert sorted(people) == sorted(reported), (
        "reported successes are not the events of the histories"
    )
    assert not [line for line in log if line[2] in ("note", "reply") and line[3]], (
        "a race refused a note or a reply"
    )
    told = [
        f"{id_}-{entry.id}"
        for id_, history in after.items()
        for entry in history
        if entry.event == "notified"
    ]
    outbox = [Path(path).stem for path in files_of(root, ".git/ticketctl/outbox")]
    assert sorted(outbox) == sorted(told), "a notice lost or doubled"
    assert leftovers(root) == []
    assert done(root, "check", now="") == ""
    return len(reported)


def opened(root: Path, number: int) -> list[str]:
    """So many Open tickets."""
    tickets = halves(number)
    make_tickets(root, *tickets)
    done(root, "move", *tickets, "Open", "-a", "amy@support.example")
    return tickets


def test_eight_people_and_twenty_tickets(tmp_path: Path) -> None:
    """What was reported is in exactly one history, once, and nothing else is (6)."""
    root = make_store(tmp_path / "store")
    tickets = opened(root, 20)
    before = histories(root)
    results = together([worker(root, number, 30, tickets) for number in range(8)])
    assert audited(root, before, results) > 8 * 30 // 2


def test_people_and_git(tmp_path: Path) -> None:
    """The same where every act is a commit: one for each, the tree clean, the
    repository sound (6)."""
    root = make_store(tmp_path / "store", "commit: auto\n")
    git = [
        "git",
        "-C",
        str(root),
        "-c",
        "user.name=Amy",
        "-c",
        "user.email=amy@support.example",
    ]
    subprocess.run([*git, "init", "-q"], check=True)
    (root / ".gitignore").write_text(".ticketctl/\n")
    tickets = opened(root, 4)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "A store"], check=True)
    before = histories(root)
    count = [*git, "rev-list", "--count", "HEAD"]
    commits = int(subprocess.check_output(count))
    successes = audited(
        root,
        before,
        together([worker(root, number, 4, tickets) for number in range(4)]),
    )
    assert int(subprocess.check_output(count)) == commits + successes
    assert subprocess.check_output([*git, "status", "--porcelain"], text=True) == ""
    subprocess.run(
        [*git, "fsck", "--strict", "--no-progress"], check=True, capture_output=True
    )


def test_one_move_is_made_once(tmp_path: Path) -> None:
    """Of many who expect a ticket to be Open and solve it, one does; the others are
    told who was first (6)."""
    root = make_store(tmp_path / "store")
    (ticket,) = opened(root, 1)

    def solve(number: int) -> Callable[[], Ran]:
        words = ("move", ticket, "Solved", "--expect", "Open", "-m", "done")
        return lambda: ticketctl(
            root, *words, now="", as_=f"agent:agent{number}@support.example"
        )

    results = together([solve(number) for number in range(6)])
    assert sorted(ran.status for ran in results) == [0, 1, 1, 1, 1, 1]
    winner = next(number for number, ran in enumerate(results) if ran.status == 0)
    for ran in results:
        assert ran.status == 0 or (
            f"agent{winner}@support.example" in ran.err
            and "is Solved, not Open" in ran.err
        )
    assert [entry.to for entry in histories(root)[f"261102-{ticket}"]].count(
        "Solved"
    ) == 1


def test_expect_is_refused_after_another_change(tmp_path: Path) -> None:
    """``--expect`` is judged against the ticket as it then is; refused, nothing is
    written, status 1 (6)."""
    root = make_store(tmp_path / "store")
    (ticket,) = opened(root, 1)
    done(
        root,
        "move",
        ticket,
        "Pending",
        "--reply",
        "Which invoice?",
        as_="agent:bob@support.example",
    )
    before = files_of(root)
    ran = ticketctl(root, "move", ticket, "Solved", "--expect", "Open")
    assert (ran.status, ran.out) == (1, "")
    assert "is Pending, not Open" in ran.err
    assert "bob@support.example" in ran.err
    assert files_of(root) == before
    done(root, "move", ticket, "Solved", "--expect", "pending")


def due(root: Path, number: int) -> list[str]:
    """So many Solved tickets, whose four days have passed at LATER, and as many Open
    ones that want a reminder."""
    tickets = opened(root, 2 * number)
    done(root, "move", *tickets[:number], "Solved", "-m", "done")
    return tickets


def closings(root: Path) -> Counter[tuple[str, str]]:
    """(id, rule) of everything that a sweep did by time."""
    return Counter(
        (id_, str(entry.rule))
        for id_, history in histories(root).items()
        for entry in history
        if entry.key
    )


def test_a_second_sweep_at_the_same_time_stops(tmp_path: Path) -> None:
    """While one runs, another does nothing, says why, and is no failure for cron (13)."""
    root = make_store(tmp_path / "store")
    due(root, 3)
    inside, go = os.pipe(), os.pipe()
    rename = os.rename

    def slow() -> Ran:
        def wait(*paths: str, **folders: int) -> None:
            os.rename = rename
            os.close(go[1])
            os.write(inside[1], b".")
            os.read(go[0], 1)
            rename(*paths, **folders)

        os.rename = wait  # type: ignore[assignment]
        return ticketctl(root, "sweep", now=LATER)

    first = Child(slow)
    assert os.read(inside[0], 1) == b"."
    before = files_of(root, "tickets")
    start = time.monotonic()
    second = ticketctl(root, "sweep", now=LATER)
    assert time.monotonic() - start < 10, "it waited for the first"
    assert (second.status, second.out) == (
        0,
        "",
    )
    assert "another sweep is running" in second.err
    assert files_of(root, "tickets") == before
    for end in (*go, *inside):
        os.close(end)
    assert first.wait().status == 0
    assert set(closings(root).values()) == {1}
    assert len(closings(root)) == 6
    assert ticketctl(root, "sweep", now=LATER) == Ran("", 0)
    assert done(root, "check", now=LATER) == ""
    assert leftovers(root) == []


def test_a_sweep_that_cannot_get_at_the_tickets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's command is no other sweep: it says that the store is busy, status
    75, so cron tries again (13)."""
    root = make_store(tmp_path / "store")
    due(root, 1)
    lock = locks.lock_folder
    monkeypatch.setattr(
        locks, "lock_folder", lambda folder, wait=30.0: lock(folder, min(wait, 0.05))
    )
    for leftover in (False, True):
        if leftover:  # of a crash, which the sweep would clear first
            waiting = root / ".git/ticketctl/waiting-0123456789abcdef"
            waiting.mkdir()
            (waiting / "x").write_text("half")
        with lock(root / "tickets"):
            ran = ticketctl(root, "sweep", now=LATER)
        assert ran.status == 75 and "another sweep" not in ran.err and not ran.out, ran
    assert not closings(root)


def test_many_sweeps_at_once(tmp_path: Path) -> None:
    """Each reminder and closing exactly once, however many sweeps start in one instant
    (13)."""
    root = make_store(tmp_path / "store")
    due(root, 6)
    results = together([lambda: ticketctl(root, "sweep", now=LATER)] * 5)
    assert [ran.status for ran in results] == [0] * 5, results
    said = [line for ran in results for line in ran.out.splitlines() if line[0] != " "]
    assert len(said) == 12
    assert len(closings(root)) == 12
    assert set(closings(root).values()) == {1}
    told = [
        entry
        for history in histories(root).values()
        for entry in history
        if entry.event == "notified"
    ]
    assert (
        len(told) == len(files_of(root, ".git/ticketctl/outbox")) == 6 + 6
    )  # solved, before; reviews, by the sweep
    assert done(root, "check", now=LATER) == ""
    assert leftovers(root) == []


def test_a_sweep_and_the_customers(tmp_path: Path) -> None:
    """A customer's reply in the middle of a sweep wins, or finds the ticket closed; it
    is never lost (8, sweep 12)."""
    root = make_store(tmp_path / "store")
    solved = due(root, 8)[:8]

    def replies() -> Ran:
        lost = [
            half
            for half in reversed(solved)
            if ticketctl(root, "reply", half, "-m", "No!", now=LATER, as_=JANE).status
        ]
        return Ran(" ".join(lost), 0)

    swept, customer = together([lambda: ticketctl(root, "sweep", now=LATER), replies])
    assert swept.status == 0, swept
    assert customer == Ran("", 0)
    after = histories(root)
    for half in solved:
        history = after[f"261102-{half}"]
        last = [entry.to for entry in history if entry.to][-1]
        assert last in ("Open", "Closed")
        if last == "Closed":
            (link,) = [entry for entry in history if entry.event == "linked"]
            follow_up = str(link.sets["follow_up"])
            assert any(entry.text == "No!" for entry in (*history, *after[follow_up]))
        else:
            assert [entry.text for entry in history].count("No!") == 1
            assert not any(entry.key for entry in history)
    assert done(root, "check", now=LATER) == ""
    assert leftovers(root) == []


def test_a_busy_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot get the lock in time is told to try again, status 75; reading needs no
    lock (6)."""
    root = make_store(tmp_path / "store")
    (ticket,) = opened(root, 1)
    before, lock = files_of(root), locks.lock_folder
    monkeypatch.setattr(locks, "lock_folder", partial(lock, wait=0.05))
    with lock(root / "tickets"):
        ran = ticketctl(root, "note", ticket, "-m", "Hello")
        assert ran.status == 75
        assert "try again" in ran.err
        assert not ran.out
        assert ticket in done(root, "list", "--format", "id")
    assert files_of(root) == before
    done(root, "note", ticket, "-m", "Hello")
