"""Commands looked at from outside: processes of the real program, real git, clones that
can be copied.

``make test`` forks each command off a process that has imported the program (a fifth of
the cost); ``make campaign`` starts ``python -m ticketctl``. Either is a process in a
process group of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from tests.support.addresses import HELP, JANE
from tests.support.campaign import FULL
from tests.support.shell import Ran, clean_environment
from tests.support.state import BATCH_PROFILE

NOW = "2026-11-07T09:00:00Z"
"""When the commands run; the Solved tickets of the stores have been due for closing
since the day before."""
BEFORE = "2026-11-02T09:00:00Z"
AMY, BOB, CAROL = (f"agent:{name}@support.example" for name in ("amy", "bob", "carol"))
SECONDS = 60
"""After which a command hangs."""

_SERVER = """\
import gc, importlib, json, os, pkgutil, random, signal, socket, sys, time
gc.set_threshold(100_000)
import ticketctl, ticketctl.__main__
for module in pkgutil.walk_packages(ticketctl.__path__, "ticketctl."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
gc.freeze()
requests = socket.socket(fileno=int(sys.argv[1]))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    data, fds, _, _ = socket.recv_fds(requests, 1 << 18, 4)
    if not data:
        os._exit(0)
    if os.fork():
        [os.close(fd) for fd in fds]
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    requests.close()
    child = os.fork()
    if child:
        os.write(fds[3], b"%d\\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(fds[3], b"%d\\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.setsid()
    asked = json.loads(data)
    os.chdir(asked["cwd"])
    [os.dup2(fds[number], number) for number in range(3)]
    [os.close(fd) for fd in fds]
    os.environ.clear(), os.environ.update(asked["env"]), time.tzset(), random.seed()
    sys.argv = ["ticketctl", *asked["words"]]
    ticketctl.__main__.main()
"""


class _Server:
    """A process that has imported the program, and forks itself for every command."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [sys.executable, "-I", "-c", _SERVER, str(theirs.fileno())]
        home = Path(tempfile.mkdtemp(prefix="outside-"))
        environment = {**clean_environment(home), "PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(
            words, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._requests = ours
        atexit.register(self._end, home)

    def start(
        self, request: Mapping[str, object], files: Sequence[IO[bytes]], answer: int
    ) -> None:
        """Send a request; the answer is the process id and, when it has ended, the exit
        status."""
        data = json.dumps(request).encode()
        socket.send_fds(
            self._requests, [data], [*(file.fileno() for file in files), answer]
        )

    def _end(self, home: Path) -> None:
        self._requests.close()
        self._process.wait()
        shutil.rmtree(home, ignore_errors=True)


@cache
def _server() -> _Server:
    return _Server()


class Command:
    """A command that is running, in a process group of its own."""

    def __init__(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], feed: bytes = b""
    ) -> None:
        self.words = words
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115 - until it ends
        self._files[0].write(feed)
        self._files[0].seek(0)
        self._process: subprocess.Popen[bytes] | None = None
        if FULL:
            program = [sys.executable, "-m", "ticketctl", *words]
            streams = dict(zip(("stdin", "stdout", "stderr"), self._files, strict=True))
            self._process = subprocess.Popen(
                program, cwd=cwd, env=env, start_new_session=True, **streams
            )  # type: ignore[call-overload]
            self.pid = self._process.pid
            return
        answer, theirs = os.pipe()
        _server().start(
            {"words": list(words), "cwd": str(cwd), "env": dict(env)},
            self._files,
            theirs,
        )
        os.close(theirs)
        self._answer = open(answer)  # noqa: SIM115 - until it ends
        self.pid = int(self._answer.readline())

    def signal(self, number: int) -> None:
        """Send a signal to the command and to whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> Ran:
        """Kill the command and whatever it has started."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self) -> Ran:
        """Wait for the end; a signal that ended it is a negative status."""
        timer = threading.Timer(SECONDS, self.signal, [signal.SIGKILL])
        timer.start()
        try:
            if self._process is not None:
                status = self._process.wait()
            else:
                with self._answer:
                    status = int(self._answer.readline())
        finally:
            timer.cancel()
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        assert "Traceback" not in texts[2], f"{self.words}: {texts[2]}"
        return Ran(texts[1], status, texts[2])


@dataclass
class Clone:
    """A clone with a store in it, and who works there.

    Args:
        top: the folder of the repository.
        inner: where the store lies in it.
        who: what TICKETCTL_AS says.
        knows: whether git knows a user (Amy); if not, commits are by whoever acts.
        slow: how many seconds git waits before each of its commands when the program
            calls it.
    """

    top: Path
    inner: str = "."
    who: str = AMY
    knows: bool = True
    slow: float = 0.0
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The folder of the store."""
        return self.top / self.inner

    @property
    def home(self) -> Path:
        """The home of whoever works here, beside the repository."""
        return self.top.parent / "home"

    @property
    def dot(self) -> Path:
        """The repository itself."""
        found = self.top / ".git"
        if found.is_file():
            return Path(found.read_text().removeprefix("gitdir: ").strip())
        return found

    def environment(self, as_: str = "", now: str = NOW) -> dict[str, str]:
        """What a command sees."""
        bin_ = self.home / "bin"
        if not bin_.exists():
            _furnish(self.home)
        path = f"{bin_}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        if self.slow:
            path = f"{_slow_git(self.home, self.slow)}:{path}"
        known = {} if self.knows else {"GIT_CONFIG_GLOBAL": "/dev/null"}
        own = {"PATH": path, "TICKETCTL_NOW": now, "TICKETCTL_AS": as_ or self.who}
        return {
            **clean_environment(self.home),
            "EDITOR": "true",
            "GIT_EDITOR": "true",
            **known,
            **own,
            **self.extra,
        }

    def start(
        self, *words: str, feed: bytes = b"", as_: str = "", now: str = NOW
    ) -> Command:
        """Start one of our commands."""
        return Command(words, self.root, self.environment(as_, now), feed)

    def run(self, *words: str, feed: bytes = b"", as_: str = "", now: str = NOW) -> Ran:
        """Run one of our commands."""
        return self.start(*words, feed=feed, as_=as_, now=now).wait()

    def ok(self, *words: str, feed: bytes = b"", as_: str = "", now: str = NOW) -> Ran:
        """Run one of our commands that must succeed."""
        ran = self.run(*words, feed=feed, as_=as_, now=now)
        assert ran.status == 0, f"{words}: {ran}"
        return ran

    def git(self, *words: str, ok: bool = True, **env: str) -> Ran:
        """Run git as the person who works here."""
        environment = {**Clone.environment(Clone(self.top)), **env}
        done = subprocess.run(
            ["git", "-C", str(self.top), *words],
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        ran = Ran(
            done.stdout.decode(errors="replace"),
            done.returncode,
            done.stderr.decode(errors="replace"),
        )
        assert not ok or ran.status == 0, f"git {words}: {ran}"
        return ran

    def sh(self, line: str) -> Ran:
        """Run a line that was printed, as a person would who types it in the store."""
        environment = self.environment()
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        return Ran(done.stdout, done.returncode, done.stderr)

    def head(self) -> str:
        """HEAD's commit."""
        return self.git("rev-parse", "--verify", "-q", "HEAD", ok=False).out.strip()

    def path(self, half: str) -> str:
        """The path of a ticket within the store."""
        return f"tickets/2026/11/02/261102-{half}.yaml"

    def ticket(self, half: str) -> Path:
        """The file of a ticket."""
        return self.root / self.path(half)

    def committed(self, half: str) -> str:
        """A ticket as it is in HEAD; empty, if it is not."""
        inner = "" if self.inner == "." else f"{self.inner}/"
        return self.git("show", f"HEAD:{inner}{self.path(half)}", ok=False).out

    def authors(self, number: int) -> list[str]:
        """The addresses of the authors of the newest commits, newest first."""
        return self.git("log", f"-{number}", "--format=%ae").out.split()

    def changed_by(self, commit: str) -> list[str]:
        """The files that a commit changed."""
        return self.git(
            "diff-tree", "-r", "--no-commit-id", "--name-only", commit
        ).out.split()

    def status(self) -> str:
        """``git status --porcelain``, which writes nothing."""
        return self.git("--no-optional-locks", "status", "--porcelain", "-uall").out

    def copy(self, folder: Path) -> Clone:
        """The same clone with its home in another folder."""
        shutil.copytree(self.top.parent, folder, symlinks=True, dirs_exist_ok=True)
        return Clone(
            folder / self.top.name,
            self.inner,
            self.who,
            self.knows,
            self.slow,
            dict(self.extra),
        )

    def tickets(self) -> str:
        """The bytes of all tickets, one after the other."""
        return "".join(
            path.read_text() for path in sorted((self.root / "tickets").rglob("*.yaml"))
        )

    def tickets_in_head(self) -> str:
        """The same as HEAD has them."""
        return self.git("grep", "-h", "", "HEAD", "--", "*.yaml", ok=False).out

    def locks(self) -> list[str]:
        """The locks of git that lie around."""
        return sorted(
            str(path.relative_to(self.dot))
            for path in self.dot.rglob("*.lock")
            if path.is_file()
        )


def _furnish(home: Path) -> None:
    (home / "bin").mkdir(parents=True, exist_ok=True)
    sendmail = home / "bin/sendmail"
    sendmail.write_text('#!/bin/sh\ncat >> "$HOME/sent"\n')
    sendmail.chmod(0o755)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Amy\n\temail = amy@support.example\n[advice]\n\tdetachedHead = false\n[init]\n"
        "\tdefaultBranch = main\n\ttemplateDir =\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
    )


def _slow_git(home: Path, seconds: float) -> Path:
    folder = home / f"slow-{seconds}"
    if not folder.exists():
        folder.mkdir()
        (folder / "git").write_text(
            f'#!/bin/sh\nsleep {seconds}\nexec {shutil.which("git")} "$@"\n'
        )
        (folder / "git").chmod(0o755)
    return folder


SETTINGS = f"""\
schema: 1
profile: biztech
commit: auto
mail:
  from: {HELP}
  addresses: {{{HELP}: biztech}}
  sendmail: true
"""
OPEN = ("aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee")
READY = ("fffff", "ggggg")
SOLVED = ("hhhhh", "jjjjj", "kkkkk")


def write(clone: Clone, path: str, text: str) -> None:
    """Write a file of the repository, as a person does."""
    (clone.top / path).parent.mkdir(parents=True, exist_ok=True)
    (clone.top / path).write_text(text)


def make_clone(top: Path, inner: str = ".") -> Clone:
    """A store of ten tickets with everything that a command may want, in a repository
    with another file."""
    clone = Clone(top, inner)
    top.mkdir(parents=True)
    clone.git("init", "-q", "-b", "main")
    write(clone, "other.txt", "first\n")
    clone.root.mkdir(parents=True, exist_ok=True)
    ticketctl = ("-C", str(clone.root))
    Clone(top).ok("init", str(clone.root), now=BEFORE)
    (clone.root / "ticketctl.yaml").write_text(SETTINGS)
    (clone.root / "profiles").mkdir()
    (clone.root / "profiles/desk.yaml").write_text(BATCH_PROFILE)
    clone.git("add", "-A")
    clone.git("commit", "-qm", "A store")
    rows = [
        {
            "id": f"261102-{half}",
            "title": f"Ticket {half}",
            "customer": JANE,
            "created": "2026-11-02T08:00:00Z",
            "profile": "desk" if half in READY else "biztech",
            "status": "Open"
            if half in OPEN
            else "Ready"
            if half in READY
            else "Solved",
        }
        | ({} if half in READY else {"assignee": "amy@support.example"})
        for half in (*OPEN, *READY, *SOLVED)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    clone.ok(*ticketctl, "import", "-", feed=lines.encode(), now=BEFORE)
    clone.git("config", "ticketctl.sender", "true")
    assert clone.status() == ""
    return clone


def files_below(folder: Path, *without: str) -> dict[str, bytes]:
    """Path -> bytes of every file below a folder, but for some folders and files at its
    top."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if name.partition("/")[0] in without or not path.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):
            found[name] = path.read_bytes()
    return found


def snapshot(clone: Clone) -> dict[str, object]:
    """Everything that a refused command must leave as it was: work tree, index,
    references, what git remembers of its operation, notifications. Git's objects and
    what is derived from the tickets are not in it."""
    dot = clone.dot
    return {
        "work tree": files_below(clone.top, ".git"),
        "git": files_below(
            dot, "objects", "ticketctl", "index", "config", "worktrees", "hooks"
        ),
        "status": clone.status(),
        "index": clone.git("ls-files", "-s", "-v").out,
        "outbox": files_below(dot / "ticketctl/outbox"),
        "sent": (clone.home / "sent").exists(),
    }


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """What differs, in words."""
    told = []
    for name, old in before.items():
        new = after[name]
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            told += [
                f"{name}: {key}"
                for key in sorted(old.keys() | new.keys())
                if old.get(key) != new.get(key)
            ]
        else:
            told.append(name)
    return ", ".join(told)


def email(mark: str, subject: str = "Help") -> bytes:
    """An email from the customer; its mark is in its text and in its Message-ID."""
    number = mark.replace(" ", ".")
    lines = [
        f"From: {JANE}",
        f"To: {HELP}",
        f"Subject: {subject}",
        f"Message-ID: <{number}@customer.example>",
        "Date: Sat, 07 Nov 2026 08:00:00 +0000",
        "",
        mark,
        "",
    ]
    return "\r\n".join(lines).encode()


@dataclass(frozen=True)
class Act:
    """A writing command.

    Args:
        words: what is typed. MARK stands for a text that is then in a ticket (where
            ``marked``), ROWS, MAILDIR for files that hold it.
        feed: what it reads on stdin.
        editor: the editor that it starts.
        half: the ticket that is edited by hand before.
        inside: whether a ticket holds the mark afterwards.
    """

    words: tuple[str, ...]
    feed: str = ""
    editor: str = ""
    half: str = ""
    inside: bool = True

    def prepare(self, clone: Clone, mark: str) -> None:
        """Do what a person must have done before: write the files that it reads, edit
        its ticket. Done twice, it is done once."""
        aside = clone.home / "aside"
        if "ROWS" in self.words:
            aside.mkdir(exist_ok=True)
            (aside / "rows.jsonl").write_text(
                json.dumps({"title": mark, "customer": JANE}) + "\n"
            )
        if "MAILDIR" in self.words and not (aside / "maildir/new").exists():
            for name in ("new", "cur", "tmp"):
                (aside / "maildir" / name).mkdir(parents=True)
            (aside / "maildir/new/1").write_bytes(email(mark))
        if self.half:
            path = clone.ticket(self.half)
            old, new = f"\ntitle: Ticket {self.half}\n", f"\ntitle: {mark}\n"
            path.write_text(path.read_text().replace(old, new, 1))

    def start(self, clone: Clone, mark: str, as_: str = "") -> Command:
        """Start it. What a person must have done before is done."""
        self.prepare(clone, mark)
        aside = clone.home / "aside"
        places = {
            "MARK": mark,
            "ROWS": str(aside / "rows.jsonl"),
            "MAILDIR": str(aside / "maildir"),
        }
        words = [places.get(word, word.replace("MARK", mark)) for word in self.words]
        feed = (
            email(mark)
            if self.feed == "EMAIL"
            else self.feed.replace("MARK", mark).encode()
        )
        if self.editor:
            clone = Clone(
                clone.top,
                clone.inner,
                clone.who,
                clone.knows,
                clone.slow,
                dict(clone.extra),
            )
            clone.extra["EDITOR"] = self.editor.replace("MARK", mark)
        return clone.start(*words, feed=feed, as_=as_)

    def run(self, clone: Clone, mark: str, as_: str = "") -> Ran:
        """Run it."""
        return self.start(clone, mark, as_).wait()


ACTS = {
    "note": Act(("note", "aaaaa", "-m", "MARK")),
    "new": Act(("new", "MARK", "-c", JANE)),
    "move": Act(("move", "bbbbb", "Pending", "--reply", "MARK")),
    "reply": Act(("reply", "ccccc", "-m", "MARK")),
    "set": Act(("set", "ddddd", "title=MARK")),
    "assign": Act(("assign", "eeeee", "carol@support.example", "-m", "MARK")),
    "new --from": Act(("new", "--from", "ROWS")),
    "import": Act(("import", "ROWS")),
    "batch": Act(("batch", "-p", "desk", "release", "2026.3", "-m", "MARK")),
    "edit": Act(("edit", "ddddd"), editor="sed -i 's/^title:.*/title: MARK/'"),
    "edit --adopt": Act(("edit", "--adopt", "eeeee"), half="eeeee"),
    "mail in": Act(("mail", "in"), feed="EMAIL"),
    "mail fetch": Act(("mail", "fetch", "--maildir", "MAILDIR")),
    "sweep": Act(("sweep",), inside=False),
    "profile holidays": Act(
        ("profile", "holidays", "--country", "GB", "--year", "2027"), inside=False
    ),
    "init": Act(("init", "another"), inside=False),
}
"""Every command that writes what git keeps. ``mail send`` needs something to send: it
is tried apart."""
READING = (
    ("list", "-A"),
    ("show", "aaaaa"),
    ("log", "aaaaa"),
    ("next", "aaaaa"),
    ("why", "hhhhh"),
    ("forecast",),
    ("check",),
    ("sweep", "-n"),
    ("move", "-n", "aaaaa", "Solved"),
    ("mail", "show"),
    ("profile", "list"),
    ("export",),
)


def none(wrong: Sequence[str]) -> None:
    """See that nothing is wrong; all that is, is told."""
    assert not wrong, f"{len(wrong)} are wrong:\n" + "\n".join(wrong)


def until(
    ready: Callable[[], bool], command: Command, seconds: float = SECONDS
) -> bool:
    """Watch closely until something is so, or the command has ended; whether it came to
    be so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        try:
            os.kill(command.pid, 0)
        except ProcessLookupError:
            return ready()
        time.sleep(0.0005)
    return False


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for a moment."""
    found = Path(tempfile.mkdtemp(prefix="outside-"))
    try:
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)
