"""Stores that come from a stranger, with what is planted in them."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.shell import Shell

ROOT_ONLY = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give files away"
)


def git_in(folder: Path, *words: str, status: int = 0) -> str:
    """Run git in a folder; what it printed."""
    ran = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True
    )
    assert ran.returncode == status, (words, ran)
    return ran.stdout.strip()


def clone(shell: Shell, store_in_git: Path) -> Shell:
    """What somebody gets who clones a store."""
    other = Shell(shell.folder.parent / "clone")
    shell.ok(f"git clone -q . {other.folder}")
    return other


TICKET = "tickets/2026/11/02/261102-aaaaa.yaml"


def special(path: Path, kind: str, target: Path) -> None:
    """Something that is no regular file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as made:
            here = os.getcwd()
            os.chdir(path.parent)  # the address of a socket is short
            try:
                made.bind(path.name)
            finally:
                os.chdir(here)
    elif kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            pytest.skip("only root can make a device")
