"""Ctrl-C and kill at any time: quiet, status 130 or 143, and nothing half-written (D9)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.campaign import rounds
from tests.support.checkout import environment
from tests.support.places import ROOT as CHECKOUT
from tests.support.stores import leftovers, make_store, make_tickets, ticketctl
from ticketctl.store.writing import locks

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}


BOTH = pytest.mark.parametrize("number", STATUS, ids=lambda number: number.name)


_REACHED = """
import os, sys
def hook(event, args):
    if event == "exec" and args[0].co_filename.endswith("__main__.py"):
        hook.there = True
    elif event == "import" and hook.there and hook.fd:
        fd, hook.fd = hook.fd, 0
        os.write(fd, b"x")
        os.close(fd)
hook.there, hook.fd = False, int(sys.argv.pop(1))
sys.addaudithook(hook)
from ticketctl.__main__ import main
main()
"""
"""Tells, by a byte on a pipe, when Python has come to our first lines, and begins to
load what they need (a byte written before the very first would have the kernel run us,
and not them)."""


@dataclass
class Ended:
    """How a command ended: its status, what it printed, and whether the signal found it
    alive."""

    status: int
    out: str
    err: str
    hit: bool


def interrupt(
    root: Path,
    words: tuple[str, ...],
    number: int,
    wait: float | Callable[[], object],
    before: str = "",
    feed: int = subprocess.DEVNULL,
) -> Ended:
    """Run a command, and send it a signal.

    Args:
        wait: how long after our first line was reached, in seconds; or what returns
            when it is time.
        before: what Python does first.
    """
    reads, writes = os.pipe()
    command = [
        sys.executable,
        "-c",
        before + _REACHED,
        str(writes),
        "-C",
        str(root),
        *words,
    ]
    process = subprocess.Popen(
        command,
        env=environment(),
        cwd=CHECKOUT,
        pass_fds=(writes,),
        stdin=feed,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(writes)
    try:
        os.read(reads, 1)
        if isinstance(wait, float):
            time.sleep(wait)
        else:
            wait()
        hit = process.poll() is None
        if hit:
            os.killpg(process.pid, number)  # as a terminal does: git gets it, too
        out, err = process.communicate(timeout=60)
    finally:
        os.close(reads)
        process.kill()
        process.wait()
    return Ended(process.returncode, out, err, hit)


def quiet(ended: Ended, number: int) -> bool:
    """Whether a command ended without a word, or had done all before the signal came."""
    if not ended.hit or ended.status == 0:
        return ended.status == 0 and "Traceback" not in ended.err
    return ended.status == STATUS[signal.Signals(number)] and not ended.err


def stores(folder: Path, number: int) -> list[Path]:
    """Copies of a store with git, in which commands commit."""
    root = make_store(folder / "store0", "commit: auto\n")
    shutil.rmtree(root / ".git")
    for words in (
        ("init", "-q"),
        ("config", "user.email", "amy@support.example"),
        ("config", "user.name", "Amy"),
    ):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    make_tickets(root, "aaaaa", "bbbbb")
    return [
        root,
        *(shutil.copytree(root, folder / f"store{at}") for at in range(1, number)),
    ]


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("note", "aaaaa", "-m", "x"),
    ("list",),
    ("reply", "bbbbb", "-m", "y"),
    ("check",),
    ("--help",),
    ("new", "x", "-c", "jane@customer.example"),
)


def test_at_any_time(tmp_path: Path) -> None:
    """Random moments of several commands, while modules are loaded and while git runs,
    too."""
    points, at_once, rng = rounds(24, 600), 3, random.Random(9)
    signals = list(STATUS)
    plan = [
        (COMMANDS[at % 6], rng.choice(signals), rng.uniform(0, 0.4) ** 1.5)
        for at in range(points)
    ]
    roots = stores(tmp_path, at_once)

    def some(start: int) -> list[str]:
        found = []
        for words, number, wait in plan[start::at_once]:
            ended = interrupt(roots[start], words, number, wait)
            if not quiet(ended, number):
                found.append(f"{words} {number} after {wait:.4f}: {ended}")
            for left in roots[start].glob(".git/**/*.lock"):
                left.unlink()  # of git, which was killed in the middle
        return found

    with ThreadPoolExecutor(at_once) as pool:
        wrong = [line for found in pool.map(some, range(at_once)) for line in found]
    assert not wrong, "\n".join(wrong)
    for root in roots:
        assert ticketctl(root, "check").status == 0
        ticketctl(root, "note", "bbbbb", "-m", "The next command clears what is left.")
        assert not leftovers(root), leftovers(root)


@BOTH
def test_at_once(number: int, tmp_path: Path) -> None:
    """While the first modules are loaded, before there is any command."""
    ran = [interrupt(tmp_path, ("--help",), number, 0.0) for _ in range(4)]
    hit = [ended for ended in ran if ended.hit]
    assert hit, "the command was done each time before the signal came"
    for ended in hit:
        assert (ended.status, ended.out, ended.err) == (
            STATUS[signal.Signals(number)],
            "",
            "",
        )


def test_waiting_for_the_lock(tmp_path: Path, number: int = signal.SIGTERM) -> None:
    """Somebody else writes: who does not want to wait any more need not."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    with locks.lock_folder(f"{root}/tickets"):
        ended = interrupt(root, ("note", "aaaaa", "-m", "x"), number, 0.6)
    assert ended.hit and quiet(ended, number) and ended.status, ended


def test_while_git_hangs(tmp_path: Path, number: int = signal.SIGINT) -> None:
    """A hook that takes for ever is left with the ticket whole."""
    (root,) = stores(tmp_path, 1)
    hook, begun = root / ".git/hooks/pre-commit", tmp_path / "begun"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n: > {begun}\nexec sleep 60\n")
    hook.chmod(0o755)
    ended = interrupt(
        root, ("note", "aaaaa", "-m", "x"), number, lambda: until(begun.exists)
    )
    hook.unlink()
    assert ended.hit and quiet(ended, number) and ended.status, ended
    assert ticketctl(root, "check").status == 0


def until(holds: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


@BOTH
def test_reading_stdin(number: int, tmp_path: Path) -> None:
    """Nobody types anything: ``note -F -``, and an email that does not come, which the
    mail server is to send again."""
    root = make_store(
        tmp_path / "store", "commit: off\nmail: {from: help@support.example}\n"
    )
    make_tickets(root, "aaaaa")
    reads, writes = os.pipe()
    ended = interrupt(root, ("note", "aaaaa", "-F", "-"), number, 0.5, feed=reads)
    assert ended.hit and quiet(ended, number) and ended.status, ended
    for wait in (0.0, 0.5):
        ended = interrupt(root, ("mail", "in"), number, wait, feed=reads)
        assert ended.hit and (ended.status, ended.out, ended.err) == (75, "", ""), ended
    os.close(writes)
    os.close(reads)


def test_while_printing(tmp_path: Path, number: int = signal.SIGINT) -> None:
    """Who reads us does not go on reading: the pipe is full, and Ctrl-C ends us all the
    same."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    before = (
        "import ticketctl.core.ticket\nfrom ticketctl.render import ticket\n"
        "ticket.log_lines = lambda v, t: ['x' * 99] * 9999\n"
    )
    read, write = os.pipe()
    command = [
        sys.executable,
        "-c",
        f"{before}from ticketctl.__main__ import main; main()",
        "-C",
        str(root),
        "show",
        "aaaaa",
    ]
    process = subprocess.Popen(
        command,
        env=environment(),
        cwd=CHECKOUT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.8)  # it writes into the full pipe
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    os.close(read)
    assert (process.returncode, said) == (STATUS[signal.Signals(number)], "")


def test_processes_that_help(tmp_path: Path) -> None:
    """Those that read along end without a word, too."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb", "ccccc", "ddddd")
    before = """
import os, time
os.sched_getaffinity = lambda _: {0, 1}
from ticketctl.app import check
from ticketctl.app.index import parallel
parallel.WORTH = parallel._CHUNK = 1
from ticketctl.store import tickets
read = tickets.Store.data_of
def slow(self, path):
    time.sleep(20)
    return read(self, path)
tickets.Store.data_of = slow
"""
    ended = interrupt(root, ("check",), signal.SIGINT, 1.2, before)
    assert ended.hit and quiet(ended, signal.SIGINT) and ended.status == 130, ended


def test_an_interrupt_that_is_swallowed(tmp_path: Path) -> None:
    """Python cannot raise in a destructor, nor SQLite's callbacks: the command ends all
    the same."""
    root = make_store(tmp_path / "store")
    for what in (
        "class Late:\n    def __del__(self): os.kill(os.getpid(), 2); sum(range(9))\n"
        "def find_root(*_):\n    Late()\n    time.sleep(60)\n",
        "def find_root(*_):\n    import sqlite3\n    c = sqlite3.connect(':memory:')\n"
        "    c.create_function('f', 0, lambda: (os.kill(os.getpid(), 2), sum(range(9)))[1])\n"
        "    c.execute('SELECT f()')\n",
    ):
        code = (
            f"import os, time\n{what}from ticketctl.__main__ import main\nfrom ticketctl.app import workspace\n"
            "workspace.find_root = find_root\nmain()"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code, "-C", str(root), "list"],
            env=environment(),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    """``nohup``, and a shell that runs us in the background, have us ignore Ctrl-C: so
    we do."""
    root = make_store(tmp_path / "store")
    code = "import os\nfrom ticketctl.__main__ import main\nos.kill(os.getpid(), 2)\nmain()"
    ran = subprocess.run(
        [
            "sh",
            "-c",
            'trap "" INT; exec "$0" -c "$1" -C "$2" list',
            sys.executable,
            code,
            str(root),
        ],
        env=environment(),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ran.returncode == 0, ran


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """``ticketctl list | head -1`` is no error, as before."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    line = (
        '"$0" -m ticketctl -C "$1" list -q --format id | head -1; exit ${PIPESTATUS[0]}'
    )
    ran = subprocess.run(
        ["bash", "-c", line.replace(" -q", ""), sys.executable, str(root)],
        env=environment(),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ran.returncode == 0
    assert ran.stdout.count("\n") == 1
    assert "Traceback" not in ran.stderr


def test_the_console_script_begins_with_it() -> None:
    """Both commands start in ``ticketctl/__main__.py``, and what handles signals needs
    nothing that takes long."""
    entry = (CHECKOUT / "setup.cfg").read_text()
    assert entry.count(" = ticketctl.__main__:main") == 2
    code = "import sys; had = set(sys.modules); import ticketctl.interrupts; print(*sorted(set(sys.modules) - had))"
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["ticketctl", "ticketctl.interrupts"]
