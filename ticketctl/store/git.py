"""The one door to git, always as a process with a clean environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ticketctl.errors import DiskError

_DURABLE = ("-c", "core.fsync=all")
"""With git's defaults a power cut left a repository whose newest commit was a 0-byte object."""


def run(root: Path, *words: str, check: bool = True, feed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run git in a store.

    Raises:
        DiskError: git is missing, or (with ``check``) failed; with git's own words.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT}
    environment["LC_ALL"] = "C.UTF-8"
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *_DURABLE, *words], input=feed, stdin=None if feed else subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", env=environment, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise DiskError("git is not installed", "install git, or set commit: off in ticketctl.yaml") from None
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        verb = next(word for word in words if not word.startswith("-"))
        raise DiskError(f"git {verb} failed: {said[-1] if said else f'exit {done.returncode}'}")
    return done


_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")


def email(root: Path) -> str:
    """``user.email`` as git's configuration has it for this folder, or nothing."""
    try:
        return run(root, "config", "user.email", check=False).stdout.strip()
    except DiskError:
        return ""


def inside_repository(root: Path) -> bool:
    """Whether the folder lies in the work tree of a repository."""
    return run(root, "rev-parse", "--is-inside-work-tree", check=False).stdout.strip() == "true"


def init(root: Path) -> None:
    """Make a repository."""
    run(root, "init", "--quiet", "--initial-branch=main")


def commit(root: Path, paths: Sequence[str], message: str, who: str) -> None:
    """Commit just these files, never what the user has staged besides.

    Args:
        paths: relative to the store.
        message: the whole message.
        who: the address to commit as, where git knows nobody.

    Raises:
        DiskError: git would not.
    """
    identity: list[str] = []
    if run(root, "var", "GIT_COMMITTER_IDENT", check=False).returncode or not email(root):
        identity = ["-c", f"user.name={who.partition('@')[0]}", "-c", f"user.email={who}"]
    listed = "\0".join(paths) + "\0"
    feed = ("--pathspec-from-file=-", "--pathspec-file-nul")
    run(root, "--literal-pathspecs", "add", *feed, feed=listed)
    run(root, "--literal-pathspecs", *identity, "commit", "--quiet", "--only", "-m", message, *feed, feed=listed)
