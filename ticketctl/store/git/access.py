"""Check whether git works in a folder for this user, and say what to do if not."""

from __future__ import annotations

import os

from ticketctl.errors import DiskError
from ticketctl.store.git.process import run_git
from ticketctl.store.writing.permissions import user_name


def require_access(root: str) -> None:
    """Check that git works in a repository that is not all the user's own.

    Raises:
        DiskError: git refuses; with its own remedy.
    """
    answer = run_git(root, "rev-parse", "--git-dir", check=False, as_owner=False)
    if answer.returncode:
        raise _refusal(root, answer.stderr)


def _refusal(root: str, text: str) -> DiskError:
    """Return the error of a git that refuses to work in a repository.

    Args:
        text: what git wrote to standard error.
    """
    lines = [line.strip() for line in text.splitlines()]
    first = next(iter(lines), "").removeprefix("fatal: ")
    remedy = next(
        (line for line in lines if line.startswith("git config --global")), ""
    )
    if "dubious ownership" not in first:
        return DiskError(f"git refuses to work in {root}: {first}")
    owner = _owner(root)
    message = f"git refuses to work in {root}: it belongs to {owner}, not to you (dubious ownership)"
    user = f"'{owner}'" if owner.startswith("#") else owner
    return DiskError(
        message, f"sudo -u {user} ticketctl ...; or, if you trust it: {remedy}"
    )


def _owner(root: str) -> str:
    """Return the user, other than ours, to whom the nearest repository belongs."""
    uid = os.stat(root).st_uid
    while root != os.path.dirname(root):
        for path in (f"{root}/.git", root) if os.path.lexists(f"{root}/.git") else ():
            if (owner := os.stat(path).st_uid) != os.geteuid():
                uid = owner
        root = os.path.dirname(root)
    return user_name(uid)


def inside_repository(root: str) -> bool:
    """Return whether the folder lies in the work tree of a repository.

    Raises:
        DiskError: there is a repository, but git refuses it.
    """
    answer = run_git(
        root, "rev-parse", "--is-inside-work-tree", check=False, as_owner=False
    )
    if answer.returncode and "not a git repository" not in answer.stderr:
        raise _refusal(root, answer.stderr)
    return answer.stdout.strip() == "true"
