"""Stores for tests of the index."""

from __future__ import annotations

import subprocess
from pathlib import Path

GITCONFIG = """\
[user]\n name = Amy\n email = amy@support.example\n[init]\n defaultBranch = main\n[protocol "file"]\n allow = always
[advice]\n detachedHead = false\n[gc]\n auto = 0\n[rerere]\n enabled = false\n
"""


def git(root: Path, *words: str, ok: bool = True, feed: str | None = None) -> str:
    """Run git; what it printed."""
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        text=True,
        input=feed,
        check=False,
    )
    assert not ok or done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()
