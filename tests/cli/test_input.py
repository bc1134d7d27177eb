"""Limits of what is read: devices, pipes and huge files, as files or on stdin (D9)."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from tests.support.checkout import environment
from tests.support.places import ROOT as CHECKOUT
from tests.support.shell import Ran
from tests.support.stores import files_of, make_store, make_tickets, ticketctl
from ticketctl.app.email import quarantine
from ticketctl.app.email.inbound import receive_from
from ticketctl.app.workspace import Workspace
from ticketctl.errors import BusyError, SettingsError
from ticketctl.store.email import smtp
from ticketctl.store.email.settings import MailServer
from ticketctl.store.profiles import ProfileRegistry

MEMORY = 700 << 20
"""How large a process may grow: an interpreter with SQLite and an email of 40 MiB, but
nothing without end."""


SECONDS = 60


def run_limited(
    root: Path,
    words: Sequence[str],
    feed: str | int = subprocess.DEVNULL,
    before: str = "",
) -> Ran:
    """Run a command in a real process with limits.

    Args:
        feed: the path of what it reads on stdin, or a descriptor.
        before: what Python does before.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))

    python = (
        ["-c", f"{before}\nfrom ticketctl.__main__ import main; main()"]
        if before
        else ["-m", "ticketctl"]
    )
    command = [sys.executable, *python, "-C", str(root), *words]
    source: IO[bytes] | int = open(feed, "rb") if isinstance(feed, str) else feed  # noqa: SIM115 - closed below
    try:
        ran = subprocess.run(
            command,
            stdin=source,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=environment(),
            cwd=CHECKOUT,
            preexec_fn=limit,
        )
    finally:
        if not isinstance(source, int):
            source.close()
    return Ran(ran.stdout, ran.returncode, ran.stderr)


def here(root: Path, words: Sequence[str]) -> Ran:
    """Run a command in this process."""
    return ticketctl(root, *words)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two tickets, which no test here changes."""
    root = make_store(
        tmp_path_factory.mktemp("input") / "store",
        "commit: off\nmail: {from: help@support.example}\n",
    )
    make_tickets(root, "aaaaa", "bbbbb")
    return root


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What people may name as a file."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "folder").mkdir()
    for name, data in {
        "empty": b"",
        "latin": b"Gr\xfc\xdfe\n",
        "nul": b"a\0b\n",
        "huge": b"x" * (2 << 20),
    }.items():
        (folder / name).write_bytes(data)
    (folder / "loop").symlink_to("loop")
    paths = {path.name: str(path) for path in folder.iterdir()}
    return paths | {
        "zero": "/dev/zero",
        "null": "/dev/null",
        "random": "/dev/urandom",
        "missing": f"{folder}/missing",
    }


FILES = {
    "zero": 65,
    "random": 65,
    "huge": 65,
    "null": 65,
    "empty": 65,
    "latin": 65,
    "nul": 65,
    "folder": 66,
    "missing": 66,
    "loop": 66,
}
"""What is given -> the exit status of a command that wants a text."""


TEXTS = (("note", "aaaaa", "-F"), ("reply", "aaaaa", "-F"), ("new", "x", "-F"))


ROWS = (("import",), ("new", "--from"))


def plain(ran: Ran, status: int) -> bool:
    """Whether there is one clear message, and the status."""
    lines = ran.err.splitlines()
    return (
        ran.status == status
        and not ran.out
        and 1 <= len(lines) <= 2
        and lines[0].startswith("error: ")
        and not {"Traceback", "bug"} & set(ran.err.replace("(", " ").split())
    )


def tickets(root: Path) -> list[bytes]:
    """All ticket files."""
    return [path.read_bytes() for path in sorted(root.glob("tickets/**/*.yaml"))]


@pytest.mark.parametrize("name", FILES)
def test_any_file_as_a_text(name: str, store: Path, given: dict[str, str]) -> None:
    """One clear message with what is wrong, in bounded memory; the ticket is as it was."""
    before = tickets(store)
    for words in TEXTS:
        # A real process, with limits, where there is no end: the others cost less in
        # this one.
        run_it = run_limited if (name, words[0]) == ("zero", "note") else here
        ran = run_it(store, (*words, given[name]))
        assert plain(ran, FILES[name]) and given[name] in ran.err, (words, ran)
    assert tickets(store) == before


@pytest.mark.parametrize(
    "name", ["zero", "random", "null", "latin", "folder", "missing"]
)
def test_any_file_as_rows(name: str, store: Path, given: dict[str, str]) -> None:
    """The same of many tickets."""
    for words in ROWS:
        ran = (run_limited if (name, words[0]) == ("zero", "import") else here)(
            store, (*words, given[name])
        )
        assert plain(ran, FILES[name]) and given[name] in ran.err, (words, ran)


@pytest.mark.parametrize(
    "words",
    [
        ("note", "aaaaa", "-F", "-"),
        ("import", "-"),
        ("new", "--from", "-"),
        ("move", "-", "Open"),
        ("batch",),
    ],
    ids=lambda words: words[0],
)
def test_endless_stdin(
    words: tuple[str, ...], store: Path, given: dict[str, str]
) -> None:
    """Whatever reads stdin ends within seconds, and says that it is stdin."""
    if words[0] == "batch":
        words = ("batch", *batch_of(), "x", "-")
    ran = run_limited(store, words, given["random" if words[0] == "new" else "zero"])
    assert plain(ran, 65) and "stdin" in ran.err, ran


def batch_of() -> tuple[str, ...]:
    """A batch of a profile that comes with ticketctl."""
    registry = ProfileRegistry(None)
    return next(
        (batch, "-p", profile.name)
        for profile in registry.all()
        for batch in profile.batches
    )


class Endless:
    """A pipe into which something is written over and over until nobody reads it any
    more."""

    def __init__(self, line: bytes) -> None:
        self.reads, self._writes = os.pipe()
        self._thread = threading.Thread(
            target=self._write, args=(line * (65536 // len(line)),), daemon=True
        )
        self._thread.start()

    def _write(self, piece: bytes) -> None:
        try:
            while True:
                os.write(self._writes, piece)
        except OSError:
            os.close(self._writes)

    def close(self) -> None:
        """Nobody reads it any more."""
        os.close(self.reads)
        self._thread.join(30)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("move", "-", "Open"), b"y\n"),
        (("import", "-"), b'{"title": "y", "customer": "j@x.example"}\n'),
    ],
    ids=["move", "import"],
)
def test_endless_lines(words: tuple[str, ...], line: bytes, store: Path) -> None:
    """``yes | ticketctl ...`` ends by itself, and nothing is written."""
    before = tickets(store)
    source = Endless(line)
    try:
        ran = run_limited(
            store,
            words,
            source.reads,
            before="from ticketctl.app.input import rows; rows.MAX_SPOOLED = 20 << 20",
        )
    finally:
        source.close()
    assert ran.status == 65 and "stdin" in ran.err and "Traceback" not in ran.err, ran
    assert tickets(store) == before


@pytest.mark.parametrize(
    "name", ["zero", "random", "null", "huge", "folder", "missing", "loop", "latin"]
)
def test_any_file_as_a_profile(name: str, store: Path, given: dict[str, str]) -> None:
    """``profile check FILE``: a message at once."""
    ran = here(store, ("profile", "check", given[name]))
    wanted = {"folder": 66, "missing": 66, "huge": 78, "latin": 78}.get(name, 65)
    assert (
        ran.status == wanted and "Traceback" not in ran.err and "bug" not in ran.err
    ), ran
    assert given[name] in ran.out + ran.err


def test_a_huge_ticket(tmp_path: Path) -> None:
    """A file of a store that has grown without end is read to the limit, and named."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    path = root / "tickets/2026/11/02/261102-aaaaa.yaml"
    with open(path, "ab") as file:
        file.truncate(3 << 30)  # a hole: it takes no room
    for words in (
        ("edit", "--adopt", "aaaaa"),
        ("list",),
        ("note", "aaaaa", "-m", "x"),
    ):
        ran = (run_limited if words[0] == "edit" else here)(root, words)
        assert (
            ran.status == 65
            and "Traceback" not in ran.err
            and "261102-aaaaa" in ran.out + ran.err
        ), (words, ran)
    for name in ("ticketctl.yaml", "profiles/biztech.yaml"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
        os.truncate(root / name, 3 << 30)
        ran = here(root, ("new", "x", "-c", "jane@customer.example"))
        assert (
            ran.status in (71, 78) and name in ran.err and "Traceback" not in ran.err
        ), ran
        (root / name).write_text("profile: biztech\n")


def test_a_pipe_without_a_writer(store: Path, tmp_path: Path) -> None:
    """It waits, as cat does, until Ctrl-C ends it without a word; a profile is never
    read from one."""
    os.mkfifo(tmp_path / "pipe")
    for words in (
        ("note", "aaaaa", "-F", str(tmp_path / "pipe")),
        ("import", str(tmp_path / "pipe")),
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "ticketctl", "-C", str(store), *words],
            env=environment(),
            cwd=CHECKOUT,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()
        assert (process.returncode, said) == (130, "")
    ran = here(store, ("profile", "check", str(tmp_path / "pipe")))
    assert plain(ran, 65), ran


def test_an_email_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``mail in`` of more than is kept: 75, nothing left behind, in bounded memory."""
    root = make_store(
        tmp_path / "store", "commit: off\nmail: {from: help@support.example}\n"
    )
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 60 << 20)
    with (
        open("/dev/zero", "rb") as zero,
        pytest.raises(BusyError, match="not received"),
    ):
        receive_from(Workspace(str(root), datetime(2026, 11, 2, tzinfo=UTC)), zero)
    assert list((root / "dead-letters").iterdir()) == []


def test_a_password_without_end() -> None:
    """The file of a password that is none is not read to its end."""
    server = MailServer("smtp.example", 587, "starttls", "help", "")
    with pytest.raises(SettingsError, match="too large for a password"):
        smtp.read_password(server, "X", {"X": "/dev/zero"})


def test_ids_from_stdin(tmp_path: Path) -> None:
    """The ids on stdin are no options and no paths either, and need not even be text
    (10, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    script = [
        str(Path(sys.executable).parent / "ticketctl"),
        "-C",
        str(root),
        "--as",
        "amy@support.example",
        "move",
        "-",
        "Open",
    ]
    before = files_of(root)
    for fed in (
        b"--help\n",
        b"../../etc/passwd x\n",
        b"\xff\xfe\n",
        b"\0\n",
        b"-Chacked\n",
    ):
        ran = subprocess.run(
            script,
            input=fed,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            timeout=60,
        )
        err = ran.stderr.decode()
        assert (
            ran.returncode in (2, 65, 66)
            and "Traceback" not in err
            and "bug" not in err
        ), (fed[:20], ran)
        assert files_of(root) == before
