"""Power cuts: a store on an ext4 in a file, whose caches are thrown away some time
after a command (D1).

The file system is shut down as by a power cut (``EXT4_IOC_SHUTDOWN`` without flushing
the log): what was not on the disk is gone, the journal is replayed at the next mount.
Program, HOME and the repository that is pulled from lie elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.faults import (
    JANE,
    LATER,
    NOW,
    Finding,
    Place,
    copy,
    email,
    environment,
    make_home,
    named_lock,
    rows,
    run,
)
from tests.support.shell import Ran

SHUTDOWN = 0x8004587D
"""``EXT4_IOC_SHUTDOWN``, which is ``FS_IOC_SHUTDOWN`` since Linux 6.9."""
NO_LOG_FLUSH = 2
OPTIONS = ("", "noauto_da_alloc")
"""Mount options: the default flushes a file that is renamed over another one."""
_SIZE = 128 << 20


def _tool(*words: str) -> None:
    """Run a program of the system.

    Raises:
        OSError: it failed; with its words.
    """
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(
            f"{' '.join(words)}: {done.stderr.strip() or f'exit {done.returncode}'}"
        )


def make_image(image: Path) -> None:
    """An empty ext4 with default options in a file."""
    with open(image, "wb") as file:
        file.truncate(_SIZE)
    _tool("mkfs.ext4", "-q", "-F", str(image))


def mount(image: Path, folder: Path, options: str = "") -> None:
    """Mount a file system that lies in a file."""
    folder.mkdir(exist_ok=True)
    _tool(
        "mount",
        "-t",
        "ext4",
        "-o",
        ",".join(filter(None, ("loop", options))),
        str(image),
        str(folder),
    )


def unmount(folder: Path) -> None:
    """Unmount it; a process that has just ended may hold it for a moment."""
    for pause in (0.05, 0.2, 1.0, 3.0):
        try:
            return _tool("umount", str(folder))
        except OSError:
            time.sleep(pause)
    return _tool("umount", str(folder))


def cut_power(folder: Path) -> None:
    """Throw away what a mounted file system has not yet written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


@cache
def why_not(folder: Path) -> str:
    """Why power cannot be cut here; empty if it can."""
    if sys.platform != "linux" or os.geteuid():
        return "power cuts need Linux and root: a file system is mounted and shut down"
    missing = [
        name
        for name in ("mkfs.ext4", "mount", "umount", "cp")
        if not shutil.which(name)
    ]
    if missing:
        return f"power cuts need {', '.join(missing)}"
    image, place = folder / "try.img", folder / "try"
    try:
        make_image(image)
        mount(image, place)
        try:
            cut_power(place)
        finally:
            unmount(place)
    except OSError as error:
        return (
            f"power cuts need loop devices, and an ext4 that can be shut down: {error}"
        )
    finally:
        image.unlink(missing_ok=True)
    return ""


@dataclass
class Disk(Place):
    """A store on a file system of its own, whose power can be cut.

    Args:
        options: of its mount.
    """

    options: str = ""

    @property
    def root(self) -> Path:
        """The store."""
        return self.top / "disk" / "store"

    @property
    def image(self) -> Path:
        """The file in which the file system lies."""
        return self.top / "image"

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """The file system in its place."""
        mount(self.image, self.top / "disk", self.options)
        try:
            yield
        finally:
            unmount(self.top / "disk")

    def head(self) -> str:
        """The commit of HEAD."""
        return self.git("rev-parse", "HEAD").out.strip()


def make_template(top: Path, store: Path) -> Disk:
    """A store on a disk; outside of it a repository to pull from, which is ahead.

    Args:
        store: what the store is a copy of.
    """
    make_home(top / "home")
    make_image(top / "image")
    disk = Disk(top)
    with disk.mounted():
        copy(store, disk.root)
        _push_from_elsewhere(disk)
    return disk


def _git(disk: Disk, where: Path, *words: str) -> None:
    ran = run(["git", *words], where, environment(disk.home))
    assert ran.status == 0, f"git {words}: {ran}"


def _push_from_elsewhere(disk: Disk) -> None:
    """Somebody else adds to several tickets, one of them one that this store changes
    too."""
    remote, other = disk.top / "remote.git", disk.top / "other"
    _git(disk, disk.top, "init", "-q", "--bare", "-b", "main", str(remote))
    _git(disk, disk.root, "remote", "add", "origin", str(remote))
    _git(disk, disk.root, "push", "-q", "-u", "origin", "main")
    _git(disk, disk.top, "clone", "-q", str(remote), str(other))
    for half in ("ppppp", "aaaaa"):
        words = ["-C", str(other), "note", half, "-m", f"Pulled {half}"]
        ran = run(
            [sys.executable, "-m", "ticketctl", *words], other, environment(disk.home)
        )
        assert ran.status == 0, ran
    _git(disk, other, "push", "-q")


@dataclass(frozen=True)
class Act:
    """A command that writes.

    Args:
        words: of ``ticketctl``; of git, where ``git`` is true.
    """

    name: str
    words: tuple[str, ...]
    feed: str = ""
    now: str = NOW
    git: bool = False


PULL = ("-c", "core.fsync=all", "pull", "--quiet", "--no-rebase", "--no-edit")
ACTS = (
    Act("new", ("new", "A new one", "--id", "261102-nnnnn", "-c", JANE, "-d", "Help.")),
    Act("move", ("move", "aaaaa", "Pending", "--reply", "Which invoice?")),
    Act("note", ("note", "zzzzz", "-m", "A note.")),
    Act("batch", ("batch", "-p", "desk", "release", "2026.3")),
    Act("sweep", ("sweep",), now="2026-11-06T10:00:00Z"),
    Act(
        "mail in",
        ("mail", "in"),
        feed=email("one", "Re: [261102-aaaaa] Ticket", "It still does not work."),
    ),
    Act("import", ("import", "-"), feed=rows(20)),
    Act("import of many", ("import", "-"), feed=rows(120)),
    Act("pull", PULL, git=True),
)


@dataclass
class Cut:
    """A power cut after some commands.

    Args:
        acts: the commands; the last one is what the cut is about.
        wait: how long after it, in seconds.
        flying: whether one more command is running then, which may have done its work
            or not.
        into: how long it has been running.
        reported: how many commands ended with exit 0.
        at_once: how many of them were in HEAD then.
        kept: whether HEAD was the same after the cut.
        locks: how many lock files of git were in the way afterwards, and were named.
    """

    number: int
    acts: Sequence[Act]
    wait: float
    options: str
    flying: bool = False
    into: float = 0.0
    found: list[Finding] = field(default_factory=list)
    reported: int = 0
    at_once: int = 0
    kept: bool = False
    locks: int = 0
    reported_in_flight: bool = False

    def __str__(self) -> str:
        names = ", ".join(act.name for act in self.acts)
        during = f", {self.into:.2f} s into a note" if self.flying else ""
        return f"cut {self.number}: {self.wait:.2f} s after {names}{during} ({self.options or 'default options'})"

    def add(self, kind: str, what: str) -> None:
        """Take note of something that is wrong."""
        self.found.append(Finding(kind, str(self), what))


FLYING = Act("note", ("note", "yyyyy", "-m", "In flight."))
_FLYING_TICKET = "tickets/2026/11/02/261102-yyyyy.yaml"


def plan(number: int, longest: float, seed: str = "cuts") -> list[Cut]:
    """Cuts in which each command is the last one about equally often, with up to two
    others before it."""
    dice, cuts = random.Random(seed), []
    for at in range(number):
        last = ACTS[at % len(ACTS)]
        others = [act for act in ACTS if act.name.split()[0] != last.name.split()[0]]
        acts = [*dice.sample(others, dice.choice((0, 0, 1, 2))), last]
        if sum(act.name.startswith("import") for act in acts) > 1:
            acts = [last]  # both have the same rows
        # whichever is due last has the clock of the rest: nothing is done in the past
        # of a ticket
        acts.sort(key=lambda act: act.now)
        cut = Cut(at, acts, dice.uniform(0, longest), OPTIONS[at // len(ACTS) % 2])
        cut.flying, cut.into = at % 5 == 4, dice.uniform(0.05, 0.6)
        cuts.append(cut)
    return cuts


def perform(cut: Cut, template: Disk, folder: Path) -> Cut:
    """Do what a cut is about, and look at what is left.

    Args:
        folder: empty.
    """
    top = folder / f"cut-{cut.number}"
    top.mkdir()
    disk = Disk(top, options=cut.options)
    subprocess.run(["cp", "--sparse=always", template.image, disk.image], check=True)
    make_home(disk.home)
    try:
        with disk.mounted():
            for act in cut.acts:
                _act(cut, disk, act)
            tickets, committed, head = disk.tickets(), disk.committed(), disk.head()
            time.sleep(cut.wait)
            if cut.flying:
                _cut_during(cut, disk)
            else:
                cut_power(disk.top / "disk")
        with disk.mounted():
            _look(cut, disk, tickets, committed, head)
            _go_on(cut, disk, tickets)
    except (OSError, subprocess.SubprocessError) as error:
        cut.add("harness", f"{type(error).__name__}: {error}")
    shutil.rmtree(top, ignore_errors=True)
    return cut


def _cut_during(cut: Cut, disk: Disk) -> None:
    """Cut the power while a command runs. It may have been reported done just before."""
    words = [sys.executable, "-m", "ticketctl", "-C", str(disk.root), *FLYING.words]
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(
            words, env=environment(disk.home), stdin=null, stdout=null, stderr=null
        )
        time.sleep(cut.into)
        done = process.poll() == 0
        cut_power(disk.top / "disk")
        process.wait(60)
    cut.reported_in_flight = done


def _act(cut: Cut, disk: Disk, act: Act) -> None:
    """Run a command before the cut; it must succeed."""
    before = disk.tickets()
    ran = (
        disk.git(*act.words)
        if act.git
        else disk.ticketctl(*act.words, now=act.now, feed=act.feed)
    )
    if ran.status:
        cut.add(
            "fails before the cut",
            f"{act.name}: exit {ran.status}: {ran.err.strip()[-600:]}",
        )
        return
    if act.git:
        _sync_pulled(disk, before)
    cut.reported += 1
    cut.at_once += not disk.uncommitted()


def _sync_pulled(disk: Disk, before: dict[str, bytes]) -> None:
    """What a ``sync`` has to do after a pull: ``core.fsync=all`` does not mean the
    files of the work tree, nor the folders of references. Without this the pulled
    tickets are empty files after a cut."""
    now = disk.tickets()
    changed = [disk.root / path for path in now if now[path] != before.get(path)]
    folders = [
        disk.root / ".git" / name for name in ("refs/heads", "refs/remotes/origin", "")
    ]
    for path in (*changed, *sorted({file.parent for file in changed}), *folders):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _look(
    cut: Cut,
    disk: Disk,
    tickets: dict[str, bytes],
    committed: dict[str, str],
    head: str,
) -> None:
    """What must be there after a cut: the repository whole, each act that was reported
    in its file.

    Whether HEAD has them is counted. Git does not sync the folder of a reference, so
    HEAD may be one commit behind for some seconds; what a power cut takes from it so
    must be committed by the next command that writes.
    """
    if wrong := disk.corrupt():
        cut.add("corrupt", wrong)
    ran = disk.git("log", "--raw", "--format=%H %s")
    if ran.status:
        cut.add("git log fails", ran.err.strip()[-600:])
    now = disk.tickets()
    lost = sorted(
        path
        for path in tickets.keys() | now.keys()
        if tickets.get(path) != now.get(path)
    )
    if cut.flying and b"In flight." in now.get(_FLYING_TICKET, b""):
        lost.remove(_FLYING_TICKET)  # `check` says whether it is whole
    elif cut.reported_in_flight:
        lost.append(_FLYING_TICKET)
    if lost:
        cut.add("ticket file lost", f"not as reported: {lost[:5]}")
    cut.kept = disk.head() == head
    if cut.kept and not cut.flying and disk.committed() != committed:
        cut.add("commit lost", "HEAD's tickets cannot be read, or are others")
    ran = disk.ticketctl("check", now=LATER)
    if ran.status:
        cut.add("check", f"exit {ran.status}: {(ran.out + ran.err).strip()[-600:]}")


def _go_on(cut: Cut, disk: Disk, tickets: dict[str, bytes]) -> None:
    """What must work after a cut. The first command that writes may name a lock file of
    git; once that is removed, as it says, everything works."""
    first = ("note", "mmmmm", "-m", "After the cut.")
    ran = disk.ticketctl(*first, now=LATER)
    while ran.status and (lock := named_lock(disk, ran.err)):
        cut.locks += 1
        lock.unlink()
        ran = disk.ticketctl(*first, now=LATER)
    _must(cut, "ticketctl note", ran)
    if left := disk.uncommitted():
        cut.add(
            "left uncommitted",
            f"after the next command that writes, ticketctl note: {left[:5]}; it said: {ran.err}",
        )
    later: tuple[tuple[str, ...], ...] = (
        ("list",),
        ("new", "After the cut", "--id", "261107-nnnnn", "-c", JANE),
        ("move", "mmmmm", "Pending", "--reply", "After the cut."),
        ("sweep",),
        ("check",),
    )
    for words in later:
        _must(cut, f"ticketctl {words[0]}", disk.ticketctl(*words, now=LATER))
    (disk.root / "by-hand").write_text("by hand\n")
    for by_hand in (("add", "by-hand"), ("commit", "-qm", "By hand")):
        _must(cut, f"git {by_hand[0]}", disk.git(*by_hand))
    if lost := tickets.keys() - disk.tickets().keys():
        cut.add("ticket file lost", f"after these commands: {sorted(lost)[:5]}")
    if wrong := disk.corrupt():
        cut.add("corrupt in the end", wrong)


def _must(cut: Cut, what: str, ran: Ran) -> None:
    """Take note of a command that fails after a cut."""
    if ran.status:
        cut.add(
            "later command fails",
            f"{what}: exit {ran.status}: {ran.err.strip()[-600:]}",
        )
