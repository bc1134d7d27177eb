"""Repositories of git, and programs that hold their locks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from ticketctl.store.git.repository import Repository, repository_of

AMY = ("-c", "user.name=Amy", "-c", "user.email=amy@support.example")


def git_as_amy(git_root: Path, *words: str, feed: bytes = b"") -> str:
    """Real git."""
    done = subprocess.run(
        ["git", "-C", str(git_root), *AMY, *words],
        input=feed,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def repository(git_root: Path) -> Repository:
    """The repository of a store."""
    found = repository_of(str(git_root))
    assert found is not None
    return found


def in_another_process(code: str, *words: str) -> subprocess.Popen[str]:
    """A process that does something, says so, and waits to be killed."""
    code = (
        textwrap.dedent(code)
        + "\nprint('ready', flush=True)\nimport time\ntime.sleep(60)\n"
    )
    there = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True
    )
    assert there.stdout is not None
    assert there.stdout.readline() == "ready\n"
    return there
