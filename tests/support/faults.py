"""Commands whose whole process tree is killed, or whose calls fail, at the Nth call
that changes the disk.

``stopper.c``, built here where a C compiler is installed, runs a command and counts
those calls of all its processes, git's among them: it can kill them all before the Nth,
or let the Nth fail. Nothing here looks into the program; a command is ``python -m
ticketctl``, the repository is git's.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from tests.support.addresses import JANE
from tests.support.places import ROOT as CHECKOUT
from tests.support.shell import Ran, clean_environment
from tests.support.state import BATCH_PROFILE

AMY = "agent:amy@support.example"
NOW = "2026-11-02T09:00:00Z"
LATER = "2026-11-07T10:00:00Z"
KILLED = 137
HANGS = 124

_PATHS = (
    "open",
    "rename",
    "link",
    "symlink",
    "mkdir",
    "unlink",
    "chmod",
    "chown",
    "utime",
    "truncate",
)
_FILLS = ("open", "write", "link", "symlink", "mkdir", "rename", "truncate", "fsync")
FAULTS: Mapping[str, Sequence[str]] = {
    "ENOSPC": _FILLS,
    "EDQUOT": _FILLS,
    "EIO": (*_PATHS, "write", "fsync", "syncfs", "sync_file_range"),
    "EACCES": _PATHS,
    "EROFS": (*_PATHS, "write"),
    "EMFILE": ("open",),
}
"""Each error, and the calls that can fail with it."""


@cache
def why_not() -> str:
    """Why processes cannot be stopped here; empty if they can."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return f"the helper that stops processes knows Linux on x86_64 and aarch64, not {platform.machine()}"
    if not compiler():
        return (
            "no C compiler (cc) is installed to build the helper that stops processes"
        )
    try:
        done = subprocess.run(
            [stopper(), "/dev/null", "/nowhere", "see", "0", "0", ",", "true"],
            capture_output=True,
        )
    except subprocess.CalledProcessError as error:
        return f"the helper that stops processes cannot be built: {error.stderr[-600:]}"
    said = done.stderr.decode(errors="replace").strip()
    return f"processes cannot be traced here: {said}" if done.returncode else ""


def compiler() -> str:
    """The path of a C compiler; empty if there is none."""
    return shutil.which("cc") or shutil.which("gcc") or ""


@cache
def stopper() -> str:
    """The path of the helper, built once for each of its versions."""
    source = Path(__file__).with_name("stopper.c")
    name = f"ticketctl-stopper-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}-{os.getuid()}"
    built = Path(tempfile.gettempdir(), name)
    if not (built.is_file() and built.stat().st_uid == os.getuid()):
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "stopper")
            subprocess.run(
                [compiler(), "-O1", "-o", made, source],
                check=True,
                capture_output=True,
                text=True,
            )
            shutil.copy(made, f"{built}.{os.getpid()}")
            os.replace(f"{built}.{os.getpid()}", built)
    return str(built)


def environment(home: Path, now: str = NOW, as_: str = AMY) -> dict[str, str]:
    """What a command sees: nothing of this machine, and a clock that is git's too, so
    that commits are always the same."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        **clean_environment(home),
        "PYTHONPATH": str(CHECKOUT),
        "TMPDIR": str(temporary),
        "TICKETCTL_NOW": now,
        "TICKETCTL_AS": as_,
        "GIT_AUTHOR_DATE": now,
        "GIT_COMMITTER_DATE": now,
        "PYTHONHASHSEED": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def make_home(home: Path) -> Path:
    """A home folder of somebody whom git knows."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Amy\n\temail = amy@support.example\n[gc]\n\tauto = 0\n"
    )
    return home


def run(
    words: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    feed: str = "",
    seconds: int = 120,
) -> Ran:
    """Run a program; a status below 0 is the signal that ended it."""
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=dict(env),
            input=feed.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran("", HANGS, f"it has not ended after {seconds} s")
    out, err = (
        stream.decode(errors="replace") for stream in (done.stdout, done.stderr)
    )
    return Ran(out, done.returncode, err)


@dataclass(frozen=True)
class Call:
    """A call that changes a disk.

    Args:
        number: from 1 in the run of a command.
        name: ``write``, ``open``, ``fsync`` and so on, whichever form of it was called.
        path: what it changes, or the old name.
        new: the new name, for ``rename`` and ``link``.
        failed: whether it was made to fail.
    """

    number: int
    pid: int
    name: str
    path: str
    new: str
    failed: bool = False

    def told(self, root: Path) -> str:
        """It in a few words."""
        paths = [
            path.removeprefix(f"{root}/") for path in (self.path, self.new) if path
        ]
        return f"call {self.number}, {self.name} {' -> '.join(paths)}"


MANNERS = {
    "once": "once, at",
    "on": "from there on, at",
    "there": "in this folder from there on, at",
}
"""How a call fails: it alone, each later one too, or each later one in its folder: such
as one that another user made."""


@dataclass(frozen=True)
class Stop:
    """What shall happen at a call.

    Args:
        at: which; 0 for none.
        error: the name of the error with which it fails; empty: everything is killed
            before it.
        manner: one of ``MANNERS``.
        half: where everything is killed, whether a write has written its first half.
    """

    at: int = 0
    error: str = ""
    manner: str = "once"
    half: bool = False

    def words(self) -> list[str]:
        """The arguments of the helper."""
        kill = "half" if self.half else "kill"
        mode = "see" if not self.at else self.manner if self.error else kill
        number = getattr(errno, self.error) if self.error else 0
        return [
            mode,
            str(self.at),
            str(number),
            f",{','.join(FAULTS.get(self.error, ()))},",
        ]

    def __str__(self) -> str:
        if not self.error:
            return "killed half way through" if self.half else "killed before"
        return f"{self.error} {MANNERS[self.manner]}"


def stopped(
    words: Sequence[str],
    top: Path,
    cwd: Path,
    env: Mapping[str, str],
    stop: Stop,
    feed: str = "",
    log: Path | None = None,
) -> tuple[Ran, list[Call]]:
    """Run a program that is stopped somewhere.

    Args:
        top: calls count that change something below it.
        log: where the helper may write; not below ``top``.

    Returns:
        What it printed, its status (``KILLED``), and its calls so far.
    """
    log = log or top.with_name(f"{top.name}.calls")
    ran = run([stopper(), str(log), str(top), *stop.words(), *words], cwd, env, feed)
    calls: list[Call] = []
    for line in log.read_text(errors="surrogateescape").splitlines():
        if line == "failed":
            calls[-1] = replace(calls[-1], failed=True)
            continue
        number, pid, name, path, new = line.split("\t")
        calls.append(Call(int(number), int(pid), name, path, new))
    return ran, calls


# --- stores and commands ---

MAIL = "mail: {from: help@support.example, addresses: {help@support.example: biztech}, smtp: {host: 127.0.0.1, port: 1}}\n"
EMAIL = """\
From: Jane <jane@customer.example>
To: help@support.example
Message-ID: <{id}@customer.example>
Subject: {subject}

{text}
"""


def email(id_: str, subject: str, text: str) -> str:
    """An email of the customer."""
    return EMAIL.format(id=id_, subject=subject, text=text)


def rows(number: int, half: str = "r") -> str:
    """Rows for ``import`` and ``new --from``."""
    line = '{{"id": "2611{day:02}-{half}{code}", "title": "Row {row}", "customer": "jane@customer.example"}}\n'
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(
        line.format(
            day=row % 3 + 1,
            row=row,
            half=half,
            code="".join(alphabet[row // 32**place % 32] for place in (3, 2, 1, 0)),
        )
        for row in range(number)
    )


@dataclass
class Case:
    """A command that is stopped.

    Args:
        words: of ``ticketctl``.
        now: the time it shall be.
        feed: what it reads on stdin.
        before: what a person does just before, given the folder of the store.
        whole: whether all tickets are changed or none.
        texts: what stands in the tickets once it is done, each once; for tickets whose
            bytes differ from run to run.
    """

    name: str
    words: tuple[str, ...]
    now: str = NOW
    feed: str = ""
    before: Callable[[Path], None] | None = None
    whole: bool = False
    texts: tuple[str, ...] = ()


def _edit_title(root: Path) -> None:
    path = next(root.glob("tickets/*/*/*/261102-aaaaa.yaml"))
    path.write_text(path.read_text().replace("Ticket aaaaa", "Changed by hand", 1))


def _without_store(root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir()


ROWS, MANY = rows(3), 60
MAILDIR = {
    f"new/{number}": email(
        f"fetch{number}", "Re: [261102-aaaaa]", f"Text fetched {number}"
    )
    for number in (1, 2)
}
CASES = {
    case.name: case
    for case in (
        Case(
            "new",
            ("new", "A new one", "--id", "261102-nnnnn", "-c", JANE, "-d", "Help."),
        ),
        Case("new --from", ("new", "--from", "-"), feed=ROWS, whole=True),
        Case("move", ("move", "aaaaa", "Pending", "--reply", "Which invoice?")),
        Case("note", ("note", "aaaaa", "-m", "A note.")),
        Case("reply", ("reply", "aaaaa", "-m", "A reply.")),
        Case("set", ("set", "aaaaa", "title=Another title")),
        Case("assign", ("assign", "aaaaa", "bob@support.example")),
        Case("batch", ("batch", "-p", "desk", "release", "2026.3"), whole=True),
        Case("sweep", ("sweep",), now="2026-11-07T09:00:00Z"),
        Case(
            "mail in",
            ("mail", "in"),
            feed=email("one", "Re: [261102-aaaaa] Ticket", "It still does not work."),
            texts=("It still does not work.",),
        ),
        Case(
            "mail in, new",
            ("mail", "in"),
            feed=email("two", "A question", "How is it done?"),
            texts=("How is it done?",),
        ),
        Case(
            "mail fetch",
            ("mail", "fetch", "--maildir", "../maildir"),
            texts=("Text fetched 1", "Text fetched 2"),
        ),
        Case("import", ("import", "-"), feed=ROWS, whole=True),
        Case("new --from, many", ("new", "--from", "-"), feed=rows(MANY), whole=True),
        Case("import, many", ("import", "-"), feed=rows(MANY), whole=True),
        Case("edit --adopt", ("edit", "--adopt", "aaaaa"), before=_edit_title),
        Case("init", ("init", "-p", "biztech"), before=_without_store),
        Case("index rebuild", ("index", "rebuild")),
    )
}
"""The commands that write."""


@dataclass
class Place:
    """A folder with a store and a home, and what can be asked of it from outside."""

    top: Path
    log: Path | None = None
    commands: int = field(default=0, compare=False)

    @property
    def root(self) -> Path:
        """The store."""
        return self.top / "store"

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.top / "home"

    def ticketctl(
        self, *words: str, now: str = NOW, feed: str = "", as_: str = AMY
    ) -> Ran:
        """A command as anybody runs it."""
        return run(
            [sys.executable, "-m", "ticketctl", *words],
            self.root,
            environment(self.home, now, as_),
            feed,
        )

    def done(self, *words: str, now: str = NOW, feed: str = "") -> str:
        """A command that must succeed."""
        ran = self.ticketctl(*words, now=now, feed=feed)
        assert ran.status == 0, f"ticketctl {' '.join(words)}: {ran}"
        return ran.out

    def git(self, *words: str) -> Ran:
        """Git."""
        return run(["git", *words], self.root, environment(self.home))

    def stopped(self, case: Case, stop: Stop) -> tuple[Ran, list[Call]]:
        """The command of a case, stopped somewhere."""
        words = [sys.executable, "-m", "ticketctl", *case.words]
        return stopped(
            words,
            self.top,
            self.root,
            environment(self.home, case.now),
            stop,
            case.feed,
            self.log,
        )

    def tickets(self) -> dict[str, bytes]:
        """Path -> bytes of each ticket."""
        found = self.root.glob("tickets/**/*")
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in found
            if path.is_file()
        }

    def committed(self) -> dict[str, str]:
        """Path -> id of each ticket in HEAD."""
        said = self.git("ls-tree", "-r", "-z", "HEAD", "--", "tickets")
        pairs = (row.split("\t") for row in said.out.split("\0") if row)
        return {path: about.split(" ")[2] for about, path in pairs}

    def uncommitted(self) -> list[str]:
        """The tickets that HEAD has not, or not as they are."""
        head = self.committed()
        files = {path: blob_id(data) for path, data in self.tickets().items()}
        return sorted(
            path
            for path in head.keys() | files.keys()
            if head.get(path) != files.get(path)
        )

    def corrupt(self) -> str:
        """What git finds wrong with the repository; empty if it is sound."""
        if not all(
            (self.root / ".git" / name).exists() for name in ("HEAD", "objects", "refs")
        ):
            return ""  # git has not finished making it, and takes it for none
        ran = self.git("fsck", "--strict", "--no-dangling")
        unborn = (
            "notice: HEAD points to an unborn branch",
            "notice: No default references",
        )
        lines = [
            line
            for line in (ran.out + ran.err).splitlines()
            if not line.startswith(unborn)
        ]
        if not lines and not ran.status and ran.out + ran.err == "":
            return ""
        return "; ".join(lines[:3]) or (
            f"git fsck: exit {ran.status}" if ran.status else ""
        )


def blob_id(data: bytes) -> str:
    """The id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def populate(place: Place) -> None:
    """A store with six tickets of one profile, one of them solved and three of them
    new, and three of another."""
    place.root.mkdir()
    place.done("init", "-p", "biztech")
    (place.root / "profiles").mkdir()
    (place.root / "profiles/desk.yaml").write_text(BATCH_PROFILE)
    with open(place.root / "ticketctl.yaml", "a") as file:
        file.write(MAIL)
    for words in (("add", "-A"), ("commit", "-qm", "Profiles")):
        assert place.git(*words).status == 0
    row = '{{"id": "261102-{0}", "title": "Ticket {0}", "customer": "{1}"}}\n'
    for profile, messages in (("biztech", "abmpyz"), ("desk", "def")):
        feed = "".join(row.format(mail * 5, JANE) for mail in messages)
        place.done("new", "-p", profile, "--from", "-", feed=feed)
    place.done("move", "aaaaa", "bbbbb", "mmmmm", "Open", "-a", "amy@support.example")
    place.done("move", "bbbbb", "Solved", "-m", "done")


def make_template(top: Path) -> Place:
    """A store in git with a few tickets, which every case is tried on."""
    make_home(top / "home")
    for folder in ("new", "cur", "tmp"):
        (top / "maildir" / folder).mkdir(parents=True)
    for name, text in MAILDIR.items():
        (top / "maildir" / name).write_text(text)
    place = Place(top)
    populate(place)
    assert place.uncommitted() == []
    assert place.corrupt() == ""
    return place


def shared_template(factory: pytest.TempPathFactory) -> Place:
    """The store of :func:`make_template`, made once for all the processes of a test
    run. Copy it."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    top = base / "ticketctl-template"
    with open(base / "ticketctl-template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not top.exists():
            make_template(base / "ticketctl-template.new")
            (base / "ticketctl-template.new").rename(top)
    return Place(top)


def copy(source: Path, target: Path) -> None:
    """A copy of a folder with everything in it, times as well."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


@dataclass
class Trial:
    """A case with the store that it is tried on, as that is before and after.

    Args:
        old, new: the tickets.
        calls: those of a run that nobody stops.
    """

    case: Case
    template: Place
    folder: Path
    old: dict[str, bytes] = field(default_factory=dict)
    new: dict[str, bytes] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.fresh()
        self.old = first.tickets()
        ran, self.calls = first.stopped(self.case, Stop())
        self.new = first.tickets()
        assert ran.status == 0 and len(self.calls) > 5, f"{self.case.name}: {ran}"

    @property
    def exact(self) -> bool:
        """Whether the bytes are the same every time."""
        return not self.case.texts

    def fresh(self) -> Place:
        """The store as it is before, at the same place each time."""
        top = self.folder / "trial"
        shutil.rmtree(top, ignore_errors=True)
        copy(self.template.top, top)
        place = Place(top, self.folder / "calls")
        if self.case.before:
            self.case.before(place.root)
        return place

    def missing(self, tickets: Mapping[str, bytes]) -> list[str]:
        """What the command has not done, or not wholly."""
        if self.exact:
            return sorted(
                path for path, data in self.new.items() if tickets.get(path) != data
            )
        everything = b"\n".join(tickets.values()).decode(errors="replace")
        return [text for text in self.case.texts if everything.count(text) != 1]

    def half(self, place: Place) -> list[str]:
        """The tickets that are neither as before nor as after."""
        now = place.tickets()
        if not self.exact:
            everything = b"\n".join(now.values()).decode(errors="replace")
            twice = [
                f'"{text}" is there twice'
                for text in self.case.texts
                if everything.count(text) > 1
            ]
            changed = [path for path in self.old if path not in now]
            return (
                twice
                + changed
                + ([] if now == self.old else self.found_by_check(place))
            )
        paths = now.keys() | self.old.keys() | self.new.keys()
        return sorted(
            path
            for path in paths
            if now.get(path) not in (self.old.get(path), self.new.get(path))
        )

    def found_by_check(self, place: Place) -> list[str]:
        """What ``check`` says, if anything is wrong."""
        ran = place.ticketctl("check", now=LATER)
        return [f"check: {ran.out}{ran.err}"] if ran.status else []


# --- what must hold after a stop ---

LOCK = re.compile(r"(/[^\s'\"]*\.lock)\b|(?<![\w/])((?:\.git/)?[\w./-]*\.lock)\b")


@dataclass(frozen=True)
class Finding:
    """Something that must not be.

    Args:
        kind: one of a few, to count them by.
    """

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.where}: {self.what}".replace("\n", "; ")


def named_lock(place: Place, message: str) -> Path | None:
    """A lock file of git that is there and that a message names."""
    for found in LOCK.finditer(message):
        name = found[1] or found[2]
        for path in (Path(name), place.root / name, place.root / ".git" / name):
            if path.is_file() and place.root in path.resolve().parents:
                return path
    return None


def _next_commands(trial: Trial, place: Place) -> list[tuple[str, ...]]:
    """What somebody types next; the last one writes a text into a ticket that ends in
    ``zzzzz``."""
    if trial.case.name != "init":
        return [("note", "zzzzz", "-m", NEXT)]
    new = ("new", NEXT, "--id", "261107-zzzzz", "-c", JANE)
    made = (place.root / "ticketctl.yaml").exists() and place.git(
        "rev-parse", "HEAD"
    ).status == 0
    return [new] if made else [("init", "-p", "biztech"), new]


def _patiently(place: Place, words: tuple[str, ...]) -> Ran:
    """Run a command; where it names a lock file of git that is in its way, remove that,
    as a person does, and try again. So with a ``.git`` that is no repository yet, since
    making it was interrupted."""
    ran = place.ticketctl(*words, now=LATER)
    for _ in range(4):
        if not ran.status:
            break
        lock, unborn = named_lock(place, ran.err), place.root / ".git"
        if lock is not None:
            lock.unlink()
        elif (
            f"remove {unborn}" in ran.err and not (unborn / "refs/heads/main").exists()
        ):
            shutil.rmtree(unborn)
        else:
            break
        ran = place.ticketctl(*words, now=LATER)
    return ran


NEXT = "The next command."


def after(trial: Trial, place: Place, where: str) -> list[Finding]:
    """Let somebody run the next command, and look whether the store is whole then.

    It works at once, or names the lock file that git has left, and works when that file
    is gone.
    """
    found: list[Finding] = []
    for words in _next_commands(trial, place):
        if (ran := _patiently(place, words)).status:
            break
    told = f"ticketctl {' '.join(words)}"
    locks = sorted(
        str(path.relative_to(place.root))
        for path in (place.root / ".git").rglob("*.lock")
    )
    if ran.status:
        kind = "lock not named" if locks else "next command fails"
        remain = f" (left: {', '.join(locks)})" if locks else ""
        found.append(
            Finding(
                kind,
                where,
                f"{told}: exit {ran.status}: {ran.err.strip()[-600:]}{remain}",
            )
        )
        return found
    if split := [
        path for path in trial.half(place) if not path.endswith("-zzzzz.yaml")
    ]:
        found.append(Finding("half", where, f"after {told}: {split}"))
    if trial.case.whole:
        changed = [path for path in trial.new if trial.new[path] != trial.old.get(path)]
        now = place.tickets()
        states = {now.get(path) == trial.new[path] for path in changed}
        if len(states) > 1:
            found.append(
                Finding(
                    "not all or nothing",
                    where,
                    f"after {told}: some of {changed} are new, some old",
                )
            )
    if trial.case.texts:
        # Who was not told that an email was taken in gives it to us again.
        again = place.ticketctl(*trial.case.words, now=LATER, feed=trial.case.feed)
        if again.status or (missing := trial.missing(place.tickets())):
            what = (
                f"exit {again.status}: {again.err.strip()[-600:]}"
                if again.status
                else f"not there once: {missing}"
            )
            found.append(
                Finding("lost or doubled", where, f"after the same email again: {what}")
            )
    if b"\ncommit: off" in (place.root / "ticketctl.yaml").read_bytes():
        return found  # an interrupted `init` has left a repository, and the next one says that this is not its own
    left = place.uncommitted()
    zzzzz = [path for path in left if path.endswith("-zzzzz.yaml")]
    if zzzzz or not any(NEXT.encode() in data for data in place.tickets().values()):
        found.append(
            Finding(
                "exit 0 without a commit",
                where,
                f"{told}: exit 0, but HEAD has it not: {zzzzz}",
            )
        )
    by_hand = trial.case.before and trial.case.name != "init"
    others = [path for path in left if path not in zzzzz]
    if others and not by_hand and not any(path in ran.err for path in others):
        found.append(
            Finding(
                "left uncommitted", where, f"after {told}, exit 0 and silent: {others}"
            )
        )
    if corrupt := place.corrupt():
        found.append(Finding("corrupt", where, f"after {told}: {corrupt}"))
    return found


def after_kill(trial: Trial, place: Place, where: str) -> list[Finding]:
    """What is wrong after everything was killed."""
    found = []
    if half := trial.half(place):
        found.append(Finding("half", where, str(half)))
    if wrong := place.corrupt():
        found.append(Finding("corrupt", where, wrong))
    return found + after(trial, place, where)


def after_fault(
    trial: Trial, place: Place, ran: Ran, where: str, then: bool
) -> list[Finding]:
    """What is wrong after a call has failed.

    Args:
        then: whether the next command is tried as well.
    """
    found = []
    tickets = place.tickets()
    if half := trial.half(place):
        found.append(Finding("half", where, f"{half}"))
    wrong = place.corrupt()
    if wrong:
        found.append(Finding("corrupt", where, f"exit {ran.status}; {wrong}"))
    said = f"exit {ran.status}: {ran.err.strip()[-600:]}"
    if (
        "Traceback" in ran.err
        or ran.status == 70
        or ran.status < 0
        or (ran.status >= 126 and ran.status != 130)
    ):
        found.append(Finding("traceback", where, said))
    if ran.status and not ran.err.strip():
        found.append(Finding("silent", where, said))
    if ran.status == HANGS:
        found.append(Finding("hangs", where, said))
    if ran.status == 0:
        if missing := trial.missing(tickets):
            found.append(Finding("exit 0, not done", where, f"{missing}"))
        if uncommitted := place.uncommitted():
            found.append(
                Finding(
                    "exit 0 without a commit", where, f"HEAD has it not: {uncommitted}"
                )
            )
    if then and not wrong:
        found += after(trial, place, where)
    return found


def summary(found: Sequence[Finding], tried: int) -> str:
    """How many of which kind, and the first few of each."""
    kinds: dict[str, list[Finding]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    lines = [
        f"{len({one.where for one in found})} of {tried} trials found something wrong"
    ]
    for kind, some in sorted(kinds.items(), key=lambda item: -len(item[1])):
        lines.append(f"{kind}: {len(some)}")
        lines += [f"  {one}".replace(f"[{kind}] ", "") for one in some[:5]]
    return "\n".join(lines)
