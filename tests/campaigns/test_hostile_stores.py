"""A corpus of hostile stores, every command on each, watched by strace.

No process is started but git and what the user configured, no file outside the store is
opened that the same command does not open on an honest store, and nothing is written
elsewhere (docs/security.md).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.campaign import FULL
from tests.support.hostile_stores import PRIVATE, TRAPS
from tests.support.shell import clean_environment
from tests.support.stores import done, make_store, make_tickets

COMMANDS = [
    ["list", "-A"],
    ["list", "-S", "help"],
    ["list", "--format", "json"],
    ["show", "aaaaa"],
    ["show", "261102-aaaaa"],
    ["log", "aaaaa"],
    ["next", "aaaaa"],
    ["why", "aaaaa"],
    ["forecast"],
    ["check"],
    ["check", "--changed"],
    ["check", "--staged"],
    ["check", "--range", "HEAD..HEAD"],
    ["doctor"],
    ["doctor", "--state"],
    ["index", "status"],
    ["index", "rebuild"],
    ["index", "verify"],
    ["profile", "list"],
    ["profile", "show", "biztech"],
    ["profile", "check", "biztech"],
    ["export"],
    ["mail", "show"],
    ["mail", "send"],
    ["mail", "in"],
    ["completion", "bash"],
    ["new", "x", "-c", "jane@customer.example"],
    ["note", "aaaaa", "-m", "x"],
    ["reply", "aaaaa", "-m", "x"],
    ["assign", "aaaaa", "@me"],
    ["set", "aaaaa", "title=y"],
    ["move", "aaaaa", "Solved", "--reply", "x"],
    ["move", "aaaaa", "bbbbb", "Open"],
    ["edit", "aaaaa"],
    ["sweep", "-n"],
    ["sweep"],
    ["import", "rows.jsonl"],
    ["new", "--from", "rows.jsonl"],
    ["init"],
]
"""Every command, as somebody in the store types it."""


pytestmark = pytest.mark.part("hostile-stores")


_DRIVER = """\
import json, os, sys
from ticketctl.cli.main import run
for words in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        os.write(2, ("== " + " ".join(words) + "\\n").encode())
        status = run(words)
        sys.stdout.flush()
        os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) in (70, -9, -11):
        os.write(2, ("crash: " + " ".join(words) + "\\n").encode())
"""


_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")


@dataclass
class Watched:
    """What some commands did.

    Args:
        ran: the programs that were started.
        opened: the real paths of files that were opened, outside the store and its
            repository.
        written: those that were opened for writing, made, renamed or removed.
        said: what the commands printed on stderr.
    """

    ran: set[str]
    opened: set[str]
    written: set[str]
    said: str


def progress(root: Path, home: Path) -> Watched:
    """Run all commands in a store, each in a process of its own, under strace."""
    log = root.parent / "strace.log"
    environment = {
        **clean_environment(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "EDITOR": "true",
        "TICKETCTL_NOW": "2026-11-03T09:00",
        "TICKETCTL_AS": "agent:amy@support.example",
    }
    calls = (
        "execve,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,"
        "symlinkat,unlink,unlinkat,connect"
    )
    done = subprocess.run(
        [
            "strace",
            "-f",
            "-y",
            "-q",
            "-s",
            "4096",
            "-e",
            f"trace={calls}",
            "-e",
            "signal=none",
            "-o",
            str(log),
            sys.executable,
            "-I",
            "-c",
            _DRIVER,
            json.dumps(COMMANDS),
        ],
        cwd=root,
        env=environment,
        input="From: x\n\nHello\n",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return read_log(log.read_text(errors="surrogateescape"), root, home, done.stderr)


def read_log(text: str, root: Path, home: Path, said: str) -> Watched:
    """What strace saw."""
    ran, opened, written = set[str](), set[str](), set[str]()
    ours = (f"{root}/", f"{home}/", str(root), str(home), f"{root.parent}/strace.log")
    for line in text.splitlines():
        found = _CALL.match(line)
        if not found or " = -1 " in line:
            continue
        name, rest = found[1], found[2]
        if name == "execve":
            ran.add(rest.split('"')[1])
            continue
        if name == "connect" and "AF_INET" in rest:
            written.add(f"a connection: {rest[:80]}")
            continue
        if name in ("open", "openat", "creat"):
            real = rest.rpartition(" = ")[2].partition("<")[2].rstrip(">")
            if not real.startswith(ours):
                opened.add(real)
                if (
                    "O_WRONLY" in rest
                    or "O_RDWR" in rest
                    or "O_CREAT" in rest
                    or name == "creat"
                ):
                    written.add(real)
            continue
        for path in re.findall(r'"([^"]+)"', rest):
            whole = path if path.startswith("/") else ""
            if whole and not whole.startswith((*ours, "/proc/self/fd/")):
                written.add(f"{name} {whole}")
    return Watched(ran, opened, written, said)


_SYSTEM = re.compile(
    r"/(usr|lib|lib64|etc|proc|sys|bin|run)(/|$)|/dev/(null|urandom|tty|shm)|pipe:|/$|.*\.(py|pyc|so[.0-9]*)$"
)
"""What every program on a machine opens."""


_PYTHON = (sys.prefix, sys.base_prefix)


_HARMLESS = re.compile(
    r"/dev/(null|tty)|.*/ticketctl-pycache.*|.*\.pyc(\.\d+)?$|/tmp/(editor-|tmp).*|/tmp/[a-z0-9_]{8}$"
)
"""The bit bucket, compiled modules, and what Python's tempfile makes under names of its
own."""


def make(folder: Path, git: bool) -> tuple[Path, Path]:
    """An honest store with two tickets and a commit, and a home."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Amy\n\temail = amy@support.example\n"
    )
    (folder / PRIVATE).mkdir()
    (folder / PRIVATE / "key").write_text("The secret of somebody else.")
    root = make_store(
        folder / "store", "commit: auto\n" if git else "commit: off\n", git=git
    )
    make_tickets(root, "aaaaa", "bbbbb")
    (root / "rows.jsonl").write_text(
        '{"title": "A row", "customer": "jane@customer.example"}\n'
    )
    (root / "profiles").mkdir()
    done(root, "list")
    if git:
        shutil.rmtree(root / ".git")
        for words in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("commit", "-qm", "A store"),
        ):
            environment = {**os.environ, **clean_environment(home)}
            subprocess.run(
                ["git", *words],
                cwd=root,
                env=environment,
                check=True,
                capture_output=True,
            )
    return root, home


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Watched]:
    """What the commands do on an honest store, in git and outside."""
    return {
        git: progress(*make(tmp_path_factory.mktemp("honest"), git))
        for git in (True, False)
    }


SHORT = [("all but links of folders", True), ("all but links of folders", False)]


EACH = [(trap.__name__, git) for trap in TRAPS for git in (True, False)]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("name", "git"), [*SHORT, *(EACH if FULL else [("folders", True)])]
)
def test_a_hostile_store_runs_opens_and_writes_nothing(
    name: str, git: bool, tmp_path: Path, honest: dict[bool, Watched]
) -> None:
    """T1 to T5: each trap, or all that can be laid together."""
    root, home = make(tmp_path, git)
    canary = tmp_path / "canary"
    apart = (
        "folders",
        "journal",
        "special_files",
    )  # they plant in the places of others
    for trap in TRAPS:
        if trap.__name__ == name or (
            name not in dict(EACH) and trap.__name__ not in apart
        ):
            trap(root, canary)
    seen, before = progress(root, home), honest[git]
    assert not canary.exists()
    assert "crash" not in seen.said and "Traceback" not in seen.said, seen.said[-3000:]
    programs = {
        path
        for path in seen.ran - before.ran
        if not re.fullmatch(r".*/git(-core/git[a-z-]*)?", path)
    }
    assert not programs, programs
    private = str(tmp_path / PRIVATE)
    assert not [path for path in seen.opened if path.startswith(private)], (
        "what is private was opened"
    )
    more = {
        path
        for path in seen.opened - before.opened
        if not (
            _SYSTEM.match(path) or _HARMLESS.match(path) or path.startswith(_PYTHON)
        )
    }
    assert not more, more
    written = {
        path
        for path in seen.written - before.written
        if not _HARMLESS.match(path.rpartition(" ")[2])
    }
    assert not written, written
    assert (tmp_path / PRIVATE / "key").read_text() == "The secret of somebody else."
    assert os.listdir(tmp_path / PRIVATE) == ["key"]
