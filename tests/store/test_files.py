"""The system does not let us read a file (EIO, EACCES, EMFILE ...): status 71 (D9).

The message has the path and the system's words.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.checkout import environment
from tests.support.places import ROOT as CHECKOUT
from tests.support.shell import Ran
from tests.support.stores import make_store, make_tickets, ticketctl
from ticketctl.app.index import parallel
from ticketctl.store.profiles import built_in

TICKET = "tickets/2026/11/02/261102-bbbbb.yaml"


MAIL = "mail: {from: help@support.example, smtp: {host: localhost}, addresses: {help@support.example: biztech}}\n"


EMAIL = b"From: jane@customer.example\nTo: help@support.example\nSubject: Re: [261102-bbbbb] x\nMessage-ID: <1@x>\n\nHello\n"


LATER = "2026-11-09T09:00:00Z"


@contextmanager
def unreadable(
    path: Path, number: int, calls: tuple[str, ...] = ("open",)
) -> Iterator[list[str]]:
    """Let calls of ``os`` on a path, or below it, fail; the paths that were tried."""
    tried: list[str] = []

    def fails(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            where = _absolute(args[0] if args else ".", named.get("dir_fd"))
            if where == str(path) or where.startswith(f"{path}/"):
                tried.append(where)
                raise OSError(number, os.strerror(number), where)
            return function(*args, **named)

        return call

    with patch.multiple(os, **{name: fails(getattr(os, name)) for name in calls}):
        yield tried


def _absolute(path: Any, folder: int | None) -> str:
    if isinstance(path, int):
        try:
            return os.readlink(f"/proc/self/fd/{path}")
        except OSError:
            return ""
    if isinstance(path, os.DirEntry):
        path = path.path
    text = os.fsdecode(path)
    return (
        os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
        if folder is not None
        else os.path.abspath(text)
    )


COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "list json": ("list", "-A", "--format", "json"),
    "words": ("list", "--search", "help"),
    "show": ("show", "261102-bbbbb"),
    "log": ("log", "bbbbb"),
    "why": ("why", "bbbbb"),
    "next": ("next", "bbbbb"),
    "check": ("check",),
    "check one": ("check", "bbbbb"),
    "changed": ("check", "--changed"),
    "sweep": ("sweep",),
    "dry sweep": ("sweep", "-n"),
    "forecast": ("forecast",),
    "export": ("export",),
    "move": ("move", "bbbbb", "Open", "-a", "amy@support.example"),
    "note": ("note", "bbbbb", "-m", "x"),
    "mail in": ("mail", "in"),
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two tickets, both due for a reminder later."""
    root = make_store(tmp_path / "store", "commit: off\n" + MAIL)
    make_tickets(root, "aaaaa", "bbbbb")
    return root


def judge(words: tuple[str, ...], ran: Ran, said: str, path: str) -> str:
    """What is wrong with how a command told of the error; nothing, if it is right."""
    wanted = 75 if words[:2] == ("mail", "in") else 71
    text = ran.out + ran.err
    if (
        ran.status != wanted
        or "Traceback" in text
        or "bug" in text
        or said not in text
        or path not in text
    ):
        return f"{' '.join(words)}: {ran}"
    return ""


def without_index(root: Path) -> None:
    """Forget what the index knows, so that every ticket has to be read."""
    for path in (root / ".git/ticketctl").glob("index-*"):
        path.unlink()


CASES = [
    (errno.EIO, "open"),
    (errno.EIO, "read"),
    (errno.EACCES, "open"),
    (errno.EACCES, "lstat"),
    (errno.EMFILE, "open"),
    (errno.ENFILE, "open"),
    (errno.ENOMEM, "read"),
]


@pytest.mark.parametrize(
    ("number", "call"),
    CASES,
    ids=[f"{errno.errorcode[number]}-{call}" for number, call in CASES],
)
def test_a_ticket_that_cannot_be_read(number: int, call: str, store: Path) -> None:
    """Every command says so, with 71; it is not taken for a broken or missing ticket."""
    wrong = []
    some = (
        COMMANDS
        if call == "lstat"
        else ("list", "show", "changed", "sweep", "move", "mail in")
    )
    for words in (COMMANDS[name] for name in some):
        without_index(store)
        with unreadable(store / TICKET, number, (call,)) as tried:
            ran = ticketctl(store, *words, now=LATER, feed=EMAIL)
        assert tried, words
        wrong.append(judge(words, ran, os.strerror(number), TICKET))
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.EMFILE], ids=lambda number: errno.errorcode[number]
)
@pytest.mark.parametrize(
    "path",
    [
        "ticketctl.yaml",
        "profiles/biztech.yaml",
        "profiles",
        "tickets/2026/11/02",
        "tickets",
    ],
)
def test_settings_profiles_folders_that_cannot_be_read(
    path: str, number: int, store: Path
) -> None:
    """What all tickets need is named with 71, too: settings, a profile of the store, a
    folder."""
    (store / "profiles").mkdir()
    shutil.copy(f"{built_in()}/biztech.yaml", store / "profiles/biztech.yaml")
    wrong = []
    calls = ("scandir", "listdir") if "." not in path else ("open",)
    for name in (
        "list",
        "show",
        "check",
        "changed",
        "dry sweep",
        "move",
        "mail in",
        "export",
    ):
        words = COMMANDS[name]
        without_index(store)
        with unreadable(store / path, number, calls) as tried:
            ran = ticketctl(store, *words, now=LATER, feed=EMAIL)
        if tried:  # a command that is given an id need not list folders
            wrong.append(judge(words, ran, os.strerror(number), path))
        else:
            assert ran.status == 0 and "." not in path, (words, ran)
    assert not any(wrong), "\n".join(filter(None, wrong))
    assert len(wrong) > 3


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.EMFILE], ids=lambda number: errno.errorcode[number]
)
def test_an_index_that_cannot_be_read(number: int, store: Path) -> None:
    """The answer is that of the files: nothing is missing, and no damage is told."""
    answer = ticketctl(store, "list", "--format", "id")
    with unreadable(
        store / ".git/ticketctl", number, ("open", "listdir", "lstat")
    ) as tried:
        assert ticketctl(store, "list", "--format", "id") == answer
    assert tried
    assert answer.out.count("\n") == 2


def test_a_store_that_cannot_be_looked_into(store: Path) -> None:
    """It is not said that there is no store, where nobody can know."""
    with unreadable(store, errno.EACCES, ("stat",)) as tried:
        ran = ticketctl(store, "list")
    assert tried
    assert ran.status == 71
    assert "Permission denied" in ran.err
    assert str(store) in ran.err


def test_other_tickets_are_shown_all_the_same(store: Path) -> None:
    """One bad sector hides one ticket, not the list; the next time it may be readable,
    and is read again."""
    for half in ("aaaaa", "bbbbb"):  # so that something is due
        ticketctl(store, "move", half, "Open", "-a", "amy@support.example")
    without_index(store)
    with unreadable(store / TICKET, errno.EIO):
        ran = ticketctl(store, "list", "--format", "id")
        assert ran.out == "261102-aaaaa\n"
        assert ran.status == 71
        assert "Input/output error" in ran.err
        again = ticketctl(store, "list", "--format", "id")  # from the index
        assert (again.out, again.status) == (
            ran.out,
            71,
        )
        assert "Input/output error" in again.err
        swept = ticketctl(store, "sweep", now=LATER)
        assert swept.status == 71
        assert "aaaaa" in swept.out
    ran = ticketctl(store, "list", "--format", "id")
    assert ran.status == 0
    assert ran.out.split() == ["261102-aaaaa", "261102-bbbbb"]


def test_no_words_are_missed(store: Path) -> None:
    """A search that cannot read a ticket does not say that the words are nowhere, nor
    remembers that."""
    ticketctl(store, "list")
    with unreadable(store / TICKET, errno.EIO) as tried:
        ran = ticketctl(store, "list", "--search", "help")
        assert tried
        assert ran.status == 71
        assert "Input/output error" in ran.err
    assert (
        ticketctl(store, "list", "--search", "help", "--format", "id").out.count("\n")
        == 2
    )


def test_a_customer_sees_that_a_ticket_cannot_be_read(store: Path) -> None:
    """Who sees only their own tickets hears of one that cannot be read."""
    ticketctl(store, "list")
    with unreadable(store / TICKET, errno.EIO) as tried:
        ran = ticketctl(store, "list", as_="customer:jane@customer.example")
    assert tried
    assert ran.status == 71
    assert "may be one of your tickets" in ran.err
    assert "261102-aaaaa" in ran.out
    assert "bbbbb" not in ran.out + ran.err


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.EMFILE], ids=lambda number: errno.errorcode[number]
)
def test_processes_that_read_along(
    number: int, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process of ours cannot read is told as what we cannot read."""
    monkeypatch.setattr(parallel, "WORTH", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    for name in ("list", "check", "changed", "export"):
        without_index(store)
        with unreadable(store / TICKET, number):
            ran = ticketctl(store, *COMMANDS[name])
        assert not judge(COMMANDS[name], ran, os.strerror(number), TICKET)


_SCARCE = """
import resource, sys
files = int(sys.argv.pop(1))
from ticketctl.__main__ import main
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
main()
"""


def scarce(root: Path, files: int, *words: str) -> Ran:
    """Run a command whose process may have so many files open from its first line on."""
    command = [sys.executable, "-c", _SCARCE, str(files), "-C", str(root), *words]
    ran = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
        cwd=CHECKOUT,
    )
    return Ran(ran.stdout, ran.returncode, ran.stderr)


def test_too_few_descriptors(store: Path) -> None:
    """Whenever the descriptors run out, while the program is loaded too: the answer, or
    71 with the system's words."""
    seen = set()
    for words in (COMMANDS["list json"], COMMANDS["show"]):
        without_index(store)
        answer = scarce(store, 200, *words)
        assert answer.status == 0
        for files in (3, 4, 5, 7):
            without_index(store)
            ran = scarce(store, files, *words)
            right = (
                ran.out == answer.out
                if ran.status == 0
                else "Too many open files" in ran.err and ran.status == 71
            )
            assert right and "Traceback" not in ran.err and "bug" not in ran.err, (
                files,
                words,
                ran,
            )
            seen.add(ran.status)
    assert seen == {0, 71}


@pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="strace is not installed; the faults are tested without",
)
@pytest.mark.parametrize("fault", ["openat:error=EMFILE", "read:error=EIO"])
def test_errors_of_the_kernel(fault: str, store: Path) -> None:
    """The same by the kernel's own errors, whichever way Python reads."""
    traced = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        str(store / TICKET),
        "-e",
        f"inject={fault}",
    ]
    for words in (COMMANDS["list"], COMMANDS["note"]):
        without_index(store)
        ran = subprocess.run(
            [*traced, sys.executable, "-m", "ticketctl", "-C", str(store), *words],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=CHECKOUT,
        )
        if "ptrace" in ran.stderr:
            pytest.skip("processes may not be traced here")
        assert not judge(
            words, Ran(ran.stdout, ran.returncode, ran.stderr), "", TICKET
        ), ran
