"""Whether git works in a folder for whoever asks, and what to do if it refuses."""

from __future__ import annotations

import os

from ticketctl.errors import DiskError
from ticketctl.store.git.process import run_git
from ticketctl.store.writing.permissions import user_name


def require_access(root: str) -> None:
    """See that git works in a repository that is not all the user's own.

    Raises:
        DiskError: it refuses; with its own remedy.
    """
    done = run_git(root, "rev-parse", "--git-dir", check=False, as_owner=False)
    if done.returncode:
        raise _refusal(root, done.stderr)


def _refusal(root: str, said: str) -> DiskError:
    """Why git would not work in a repository, in words that say what to do."""
    lines = [line.strip() for line in said.splitlines()]
    first = next(iter(lines), "").removeprefix("fatal: ")
    remedy = next(
        (line for line in lines if line.startswith("git config --global")), ""
    )
    if "dubious ownership" not in first:
        return DiskError(f"git refuses to work in {root}: {first}")
    owner = _owner(root)
    words = f"git refuses to work in {root}: it belongs to {owner}, not to you (dubious ownership)"
    shown = f"'{owner}'" if owner.startswith("#") else owner
    return DiskError(
        words, f"sudo -u {shown} ticketctl ...; or, if you trust it: {remedy}"
    )


def _owner(root: str) -> str:
    """The user, other than ours, to whom the nearest repository belongs, as a name
    where there is one."""
    uid = os.stat(root).st_uid
    while root != os.path.dirname(root):
        for path in (f"{root}/.git", root) if os.path.lexists(f"{root}/.git") else ():
            if (found := os.stat(path).st_uid) != os.geteuid():
                uid = found
        root = os.path.dirname(root)
    return user_name(uid)


def inside_repository(root: str) -> bool:
    """Whether the folder lies in the work tree of a repository.

    Raises:
        DiskError: there is a repository, but git refuses it.
    """
    done = run_git(
        root, "rev-parse", "--is-inside-work-tree", check=False, as_owner=False
    )
    if done.returncode and "not a git repository" not in done.stderr:
        raise _refusal(root, done.stderr)
    return done.stdout.strip() == "true"
