"""A sweep while an editor, git and 16 other processes write the same files (D4, D5).

The sweep is observed from outside. Another process writes while the sweep is stopped
(SIGSTOP to all its processes, at a random moment), so no test depends on who was
faster.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.addresses import JANE
from tests.support.campaign import rounds
from tests.support.processes import Clone, Command, folder, make_clone, none, until
from tests.support.shell import Ran
from ticketctl.store.paths import ALPHABET

pytestmark = pytest.mark.part("races-with-git")

ROUNDS = rounds(2, 200)
TICKETS = rounds(48, 500)
"""How many are due."""
REPLIES = rounds(8, 25)
"""To how many of them the customer has replied in the other clone."""


def halves(number: int) -> list[str]:
    """The random halves of so many ids."""
    return [f"dve{ALPHABET[n // 32]}{ALPHABET[n % 32]}" for n in range(number)]


DUE = halves(TICKETS)
SWEEP = ("sweep", "--confirm", str(TICKETS + 10))


@dataclass
class Pair:
    """A clone that sweeps, and another in which the customer's replies are.

    Args:
        replied: the tickets that have a reply there.
        seconds: how long an undisturbed sweep takes.
    """

    ours: Clone
    theirs: Clone
    replied: tuple[str, ...]
    seconds: float

    def copy(self, place: Path) -> Pair:
        """Both, elsewhere."""
        ours = self.ours.copy(place / "ours")
        theirs = self.theirs.copy(place / "theirs")
        for clone, other in ((ours, theirs), (theirs, ours)):
            clone.git("config", "remote.other.url", str(other.top))
        return Pair(ours, theirs, self.replied, self.seconds)


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """What each round gets a copy of. The replies are there one commit each, and
    fetched already."""
    place = tmp_path_factory.mktemp("races")
    ours = make_clone(place / "ours/store")
    rows = [
        {
            "id": f"261102-{half}",
            "title": f"Ticket {half}",
            "customer": JANE,
            "created": "2026-11-02T08:00:00Z",
            "status": "Solved",
            "assignee": "amy@support.example",
        }
        for half in DUE
    ]
    ours.ok(
        "import",
        "-",
        feed="".join(json.dumps(row) + "\n" for row in rows).encode(),
        now="2026-11-02T09:00:00Z",
    )
    theirs = ours.copy(place / "theirs")
    replied = tuple(random.Random(7).sample(DUE[TICKETS // 2 :], REPLIES))
    for half in replied:
        said = ("reply", half, "--for", JANE, "-m", f"Reply to {half}.")
        theirs.ok(*said, now="2026-11-06T08:00:00Z")
    for clone, other in ((ours, theirs), (theirs, ours)):
        clone.git("remote", "add", "other", str(other.top))
    ours.git("fetch", "-q", "other")
    with folder() as trial:
        alone = ours.copy(trial)
        start = time.monotonic()
        alone.ok(*SWEEP)
        yield Pair(ours, theirs, replied, time.monotonic() - start)


def stopped(command: Command) -> bool:
    """Stop a command and all that it has started, and wait until it is; whether it was
    still running.

    While it starts a process it cannot stop (it waits for the other to begin, which
    stands): then it is tried again.
    """
    for _ in range(200):
        command.signal(signal.SIGSTOP)
        for _ in range(20):
            state = state_of(command.pid)
            if state in "TtZX":
                return state in "Tt"
            time.sleep(0.001)
        command.signal(signal.SIGCONT)
        time.sleep(0.002)
    return False


def at_first_write(clone: Clone, command: Command) -> None:
    """Wait until the sweep puts its first ticket into its place, or has ended: now the
    others are ready, and stale."""
    watched = [clone.ticket(half) for half in ("aaaaa", *DUE[:3])]
    before = [path.stat().st_ino for path in watched]
    until(lambda: [path.stat().st_ino for path in watched] != before, command)


def state_of(process: int) -> str:
    """The state of a process as of proc(5)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def status_of(text: str) -> str:
    """A ticket's status."""
    found = re.search(r"(?m)^status: (.*)$", text)
    assert found, text[:300]
    return found[1]


def settled(clone: Clone) -> None:
    """After everything: another sweep ends well, all is committed, tickets and
    repository are sound."""
    for _ in range(3):
        if clone.run(*SWEEP).status == 0:
            break
    else:
        raise AssertionError(f"the next sweeps still fail: {clone.run(*SWEEP)}")
    clone.ok("check")
    said = clone.git("fsck", "--strict", "--no-dangling")
    assert said.out == ""
    assert clone.locks() == []


def ended_well(ran: Ran, *more: int) -> None:
    """A sweep in a race: done, or told that something was left, by a message that says
    what."""
    assert ran.status in (0, 71, 75, *more), ran
    assert ran.status == 0 or re.search(r"(?m)^(error|warning): ", ran.err), ran


# --- (a) an editor that writes in place ---


@dataclass
class Edits:
    """What an editor wrote: ticket -> bytes that must be in its file.

    Args:
        overtaken: how often the file was another when the editor had written: what it
            wrote went into a file that was no longer there. No program can help that,
            since the editor had opened the old one.
    """

    made: dict[str, bytes] = field(default_factory=dict)
    overtaken: int = 0


def edit(clone: Clone, half: str, mark: str, edits: Edits, dice: random.Random) -> None:
    """Change a ticket in its place: a comment at its end, or its title."""
    path = clone.ticket(half)
    with open(path, "r+b") as file:
        before = os.fstat(file.fileno())
        if dice.random() < 0.5:
            written = f"# {mark}\n".encode()
            file.seek(0, os.SEEK_END)
            file.write(written)
        else:
            text = file.read()
            written = f"\ntitle: {mark}\n".encode()
            old = f"\ntitle: Ticket {half}\n".encode()
            if old not in text:
                return
            file.seek(0)
            file.write(text.replace(old, written, 1))
        file.flush()
    after = os.stat(path)
    if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        edits.overtaken += 1
    else:
        edits.made[half] = written


def edited_in_place(
    pair: Pair, dice: random.Random, free: bool
) -> tuple[Edits, list[str], Ran]:
    """A round: edits at random moments of a sweep.

    Args:
        free: the editor runs beside the sweep; else the sweep is stopped for each of
            its visits.

    Returns:
        What was written, which tickets have lost it, and how the sweep ended.
    """
    clone, edits = pair.ours, Edits()
    command = clone.start(*SWEEP)
    start = time.monotonic()
    for turn, moment in enumerate(
        [0.0, *sorted(dice.uniform(0, pair.seconds) for _ in range(3))]
    ):
        if not turn:
            at_first_write(clone, command)
        time.sleep(max(0.0, start + moment - time.monotonic()))
        if not free:
            stopped(command)
        for half in dice.sample(
            sorted(set(DUE) - edits.made.keys()), min(12, TICKETS // 12)
        ):
            edit(clone, half, f"edit {turn}-{half}", edits, dice)
        command.signal(signal.SIGCONT)
    ran = command.wait()
    lost = [
        half
        for half, written in edits.made.items()
        if written not in clone.ticket(half).read_bytes()
    ]
    return edits, lost, ran


def test_an_editor_that_writes_in_place_during_a_sweep(
    pattern: Pair, tmp_path: Path
) -> None:
    """What it wrote is still there, whatever the sweep made of the ticket; what the
    sweep reports is true."""
    dice, total, lost, overtaken, left = random.Random(14), 0, [], 0, 0
    for turn in range(ROUNDS):
        with folder() as place:
            pair = pattern.copy(place)
            edits, gone, ran = edited_in_place(pair, dice, free=turn % 4 == 3)
            total, overtaken = total + len(edits.made), overtaken + edits.overtaken
            lost += [f"round {turn}: {half}" for half in gone]
            ended_well(
                ran, 65
            )  # a title that was changed by hand agrees with no history
            reported = re.findall(r"(?m)^closed +(\w+)", ran.out)
            for half in reported:
                text = pair.ours.ticket(half).read_text()
                assert "to: Closed" in text, f"{half} was reported as closed: {text}"
            left += TICKETS - len(set(reported) & set(DUE))
            pair.ours.ok("note", "aaaaa", "-m", "Afterwards.")
            assert pair.ours.locks() == []
            by_hand = {half for half in edits.made if half not in gone}
            for half in set(DUE) - by_hand:
                assert status_of(pair.ours.ticket(half).read_text()) in (
                    "Closed",
                    "Solved",
                )
            for half, written in edits.made.items():
                now = pair.ours.ticket(half).read_bytes()
                assert half in gone or written in now, (
                    f"{half}: lost by the next command"
                )
    print(
        f"\n{total} edits in place in {ROUNDS} sweeps of {TICKETS}: {len(lost)} lost; {left} tickets left for later,"
        f" {overtaken} edits overtaken"
    )
    assert total >= ROUNDS, "hardly an edit met a sweep"
    none(lost)


# --- (b) a merge that brings the customer's replies ---


def merged(pair: Pair, dice: random.Random, turn: int) -> tuple[Ran, Ran]:
    """A round: a merge at a random moment of a sweep, beside it or while it is stopped;
    how sweep and merge ended."""
    clone = pair.ours
    command = clone.start(*SWEEP)
    start = time.monotonic()
    if turn % 2:
        time.sleep(
            max(0.0, start + dice.uniform(0, pair.seconds * 1.1) - time.monotonic())
        )
    else:
        at_first_write(clone, command)
    held = turn % 4 < 3 and stopped(command)
    words = (
        ("merge", "-q", "--ff-only", "other/main")
        if turn % 3
        else ("pull", "-q", "--ff-only", "other", "main")
    )
    said = clone.git(*words, ok=False)
    if held:
        command.signal(signal.SIGCONT)
    return command.wait(), said


def lost_replies(clone: Clone, replied: Sequence[str]) -> list[str]:
    """What became of replies that should be in a clone, where it is not right."""
    wrong = []
    for half in replied:
        for where, text in (
            ("file", clone.ticket(half).read_text()),
            ("HEAD", clone.committed(half)),
        ):
            if f"Reply to {half}." not in text:
                wrong.append(f"{half}: the reply is not in the {where}")
            elif status_of(text) == "Closed":
                wrong.append(f"{half}: closed over the reply in the {where}")
    return wrong


def test_a_merge_with_replies_during_a_sweep(pattern: Pair, tmp_path: Path) -> None:
    """Git takes it or refuses it; a reply that was taken is in file and HEAD, and
    nothing is closed over it."""
    dice, ends, wrong = random.Random(4), Counter[str](), []
    for turn in range(ROUNDS):
        with folder() as place:
            pair = pattern.copy(place)
            ours, theirs = pair.ours, pair.theirs
            ran, said = merged(pair, dice, turn)
            ended_well(ran)
            brought = theirs.head()
            taken = not ours.git(
                "merge-base", "--is-ancestor", brought, "HEAD", ok=False
            ).status
            assert taken == (said.status == 0), (
                f"git said {said}, and the replies are {'' if taken else 'not '}in HEAD"
            )
            ends[f"sweep {ran.status}, merge {'taken' if taken else 'refused'}"] += 1
            if taken and (found := lost_replies(ours, pair.replied)):
                wrong.append(f"round {turn}: {len(found)}: {found[0]}")
                continue
            settled(ours)
            if not taken:
                assert re.search(
                    r"lock|overwritten|local changes|fast-forward|diverg",
                    said.err,
                    re.I,
                ), said
                if (
                    "cannot lock ref" in said.err
                ):  # git changed the files, then found that HEAD had moved
                    ours.git(
                        "checkout",
                        "-q",
                        "HEAD",
                        "--",
                        *(ours.path(half) for half in pair.replied),
                    )
                ours.git("pull", "-q", "--no-rebase", "--no-edit", "other", "main")
            theirs.git("pull", "-q", "--no-rebase", "--no-edit", "other", "main")
            for clone in (ours, theirs):
                if found := lost_replies(clone, pair.replied):
                    wrong.append(
                        f"round {turn}, {clone.top.parent.name}, in the end: {found[0]}"
                    )
                clone.ok("check")
            assert ours.status() == theirs.status() == ""
            assert (
                ours.git("rev-parse", "HEAD^{tree}").out
                == theirs.git("rev-parse", "HEAD^{tree}").out
            )
            closed = sum("to: Closed" in ours.ticket(half).read_text() for half in DUE)
            assert closed >= TICKETS - REPLIES, (
                "tickets that nobody touched are not closed"
            )
    print(
        f"\n{ROUNDS} sweeps of {TICKETS} with {REPLIES} replies merged: {dict(ends)}; wrong: {len(wrong)}"
    )
    none(wrong)


# --- everybody at once ---

WORKERS = 16
ACTS = rounds(1, 25)
MARK = "act {}-{}."


@dataclass
class Told:
    """How the acts of everybody ended."""

    acts: list[tuple[str, str, Ran]] = field(default_factory=list)
    person: list[Ran] = field(default_factory=list)


def worker(clone: Clone, number: int, told: Told) -> None:
    """Note, move and new, one after the other: notes go to tickets of all, each moves
    its own."""
    dice, own, to = random.Random(number), DUE[number], "Open"
    for turn in range(ACTS):
        mark = MARK.format(number, turn)
        words = dice.choice(
            [
                ("note", dice.choice(DUE[:WORKERS]), "-m", mark),
                ("move", own, to, "-m", mark),
                ("new", mark, "-c", JANE),
            ]
        )
        ran = clone.run(*words, as_=f"agent:agent{number}@support.example")
        told.acts.append((mark, words[0], ran))
        if words[0] == "move" and (ran.status == 0 or "not committed" in ran.err):
            to = "Solved" if to == "Open" else "Open"


def commits(pair: Pair, over: threading.Event, told: Told) -> None:
    """A person who commits other files, as long as the others work."""
    for turn in range(10_000):
        if over.wait(0.1):
            return
        (pair.ours.top / f"mine-{turn}.txt").write_text("mine\n")
        told.person.append(pair.ours.git("add", f"mine-{turn}.txt", ok=False))
        told.person.append(
            pair.ours.git(
                "commit", "-qm", f"Mine {turn}", ok=False, GIT_AUTHOR_EMAIL=PAT
            )
        )


def pulls(pair: Pair, over: threading.Event, told: Told) -> None:
    """A person who pulls what was done elsewhere, on a ticket that nobody touches here."""
    for turn in range(10_000):
        if over.wait(0.2):
            return
        pair.theirs.ok("note", ELSEWHERE, "-m", f"Elsewhere {turn}.")
        words = ("pull", "-q", "--no-rebase", "--no-edit", "other", "main")
        told.person.append(pair.ours.git(*words, ok=False, GIT_AUTHOR_EMAIL=PAT))
        for _ in range(
            20
        ):  # a merge that could not be finished is called off, as git says
            if not (pair.ours.dot / "MERGE_HEAD").exists():
                break
            told.person.append(pair.ours.git("merge", "--abort", ok=False))
            time.sleep(0.05)


PAT = "pat@support.example"
ELSEWHERE = DUE[-1]


def editor(clone: Clone, over: threading.Event) -> None:
    """Ask for the status, which writes the index anew, as editors do all the time."""
    while not over.wait(0.1):
        clone.git("status", "--porcelain", ok=False)


def differing(clone: Clone) -> set[str]:
    """The tickets, by path, that are not in HEAD as they are in the work tree. Git's
    index is not asked: a ``git commit`` or ``git merge`` that is overtaken by another
    commit between its reading of the index and its lock leaves an old one."""
    here = {
        f"{path.relative_to(clone.top)}"
        for path in (clone.root / "tickets").rglob("*.yaml")
    }
    said = clone.git(
        "ls-tree", "-r", "--format=%(path) %(objectname)", "HEAD", "tickets"
    ).out
    there = dict(
        line.split()
        for line in said.splitlines()
        if line.partition(" ")[0].endswith(".yaml")
    )
    ordered = sorted(here)
    ids = clone.git("hash-object", "--", *ordered).out.split()
    mine = dict(zip(ordered, ids, strict=True))
    return {path for path in here | there.keys() if mine.get(path) != there.get(path)}


@dataclass
class Matches:
    """Where the marks of acts are.

    Args:
        head, files: the tickets in HEAD and in the work tree.
        past: what any commit since the beginning has added.
        excused: the tickets of which a commit of the person's has taken an old state
            out of git's index.
    """

    head: str
    files: str
    past: str
    excused: str

    def wrong(self, mark: str, what: str, end: str, taken_back: bool) -> str:
        """What is wrong with where a mark is.

        Args:
            taken_back: whether git itself may put an old state into the work tree (a
                ``git merge`` that is overtaken by a commit resets it to the HEAD that
                it saw first); then it is enough that there was a commit.
        """
        whole = (
            2 if what == "new" else 1
        )  # a title stands in the head of a ticket and in its first event
        head, files = self.head.count(mark), self.files.count(mark)
        if end == "refused":
            return f"there {head or files} times" if head or files else ""
        if taken_back:
            return "in no commit" if end == "done" and mark not in self.past else ""
        if mark in self.excused:
            head = whole
        return (
            ""
            if (head, files) == (whole, whole)
            else f"{head} times in HEAD, {files} times in the files"
        )


def found(clone: Clone, start: str) -> Matches:
    """Look for everything."""
    added = clone.git(
        "log", "-m", "-p", "--no-color", "--format=", f"{start}..HEAD", "--", "tickets"
    ).out
    by_pat = clone.git(
        "log",
        "--no-merges",
        f"--author={PAT}",
        "--name-only",
        "--format=",
        f"{start}..HEAD",
    ).out
    loose = [
        clone.top / path for path in set(by_pat.split()) if path.startswith("tickets/")
    ]
    excused = "".join(path.read_text() for path in loose if path.exists())
    return Matches(clone.tickets_in_head(), clone.tickets(), added, excused)


def judged(
    there: Matches, told: Told, taken_back: bool
) -> tuple[Counter[str], list[str]]:
    """Hold what was reported against what is there: how the acts ended, and what is
    wrong with that."""
    ends, wrong = Counter[str](), []
    for mark, what, ran in told.acts:
        end = (
            "done"
            if ran.status == 0
            else "written, committed later"
            if "not committed" in ran.err
            else "refused"
        )
        ends[end] += 1
        if said := there.wrong(mark, what, end, taken_back):
            wrong.append(f"{end}, but {said}: {mark} {ran}")
        ends["taken back by git"] += (
            taken_back and end != "refused" and mark not in there.head
        )
        if ran.status not in ((0, 1, 71, 75) if taken_back else (0, 71, 75)):
            wrong.append(f"status {ran.status}: {ran}")
        if ran.status > 1 and not (
            ran.err.startswith("error: ") and re.search(r"try again|hint: ", ran.err)
        ):
            wrong.append(f"no message that says what to do: {ran}")
    return ends, wrong


def together(pair: Pair, act: Callable[[Pair, threading.Event, Told], None]) -> Told:
    """Let everybody work at once."""
    told, over = Told(), threading.Event()
    others = [
        threading.Thread(target=act, args=(pair, over, told)),
        threading.Thread(target=editor, args=(pair.ours, over)),
    ]
    writers = [
        threading.Thread(target=worker, args=(pair.ours, number, told))
        for number in range(WORKERS)
    ]
    for thread in (*others, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in others:
        thread.join()
    return told


@pytest.mark.parametrize(
    "act", [commits, pulls], ids=["a person commits", "a person pulls"]
)
def test_everybody_at_once(
    act: Callable[[Pair, threading.Event, Told], None], pattern: Pair
) -> None:
    """16 processes that write, a person who commits or pulls, an editor: each act is
    done, or refused in words."""
    with folder() as place:
        pair = pattern.copy(place)
        clone, start = pair.ours, pair.ours.head()
        told = together(pair, act)
        assert clone.locks() == []
        if is_merging := (
            clone.dot / "MERGE_HEAD"
        ).exists():  # which the person could not even call off
            assert clone.run("note", "aaaaa", "-m", "The last.").status == 75
        else:
            clone.ok("note", "aaaaa", "-m", "The last.")
        there = found(clone, start)
        ends, wrong = judged(there, told, act is pulls)
        tell(told, ends, wrong)
        none(wrong)
        left = differing(clone)
        if act is commits:
            left = {
                path
                for path in left
                if (clone.top / path).read_text() not in there.excused
            }
            assert left == set(), "tickets that were written are not committed"
            clone.ok("check")
        assert clone.git("fsck", "--strict", "--no-dangling").out == "" or is_merging


def tell(told: Told, ends: Counter[str], wrong: Sequence[str]) -> None:
    """Print the shares of what was refused, ours and the person's."""
    failed = [ran for ran in told.person if ran.status]
    by_lock = [
        ran for ran in failed if ".lock" in ran.err or "cannot lock ref" in ran.err
    ]
    print(
        f"\nours: {dict(ends)} of {len(told.acts)}; the person's git: {len(failed)} of {len(told.person)} failed, "
        f"{len(by_lock)} for a lock (ours or the editor's)"
    )
    others = [
        f"  git {ran.status}: {ran.err.strip()[-200:]!r}"
        for ran in failed
        if ran not in by_lock
    ]
    print("\n".join([*others[:20], *(f"  {line}" for line in wrong[:20])]))
