"""What this very clone's configuration says, not the user's and not the store's."""

from __future__ import annotations

import os

from ticketctl.store.git.process import run_git


def is_sender(root: str) -> bool:
    """Whether this very clone may send mail: its own configuration says so, not the
    user's and not the store's."""
    return (
        run_git(
            root,
            "config",
            "--local",
            "--type=bool",
            "--get",
            "ticketctl.sender",
            check=False,
        ).stdout.strip()
        == "true"
    )


def clone_setting(root: str, key: str) -> str:
    """What this very clone's configuration says, not the user's and not the store's."""
    return run_git(root, "config", "--local", "--get", key, check=False).stdout.strip()


def clone_place(root: str) -> str:
    """Where this clone lies, so that a copy of its folder can be told from it: a path,
    and a number that no copy has."""
    folder = run_git(root, "rev-parse", "--absolute-git-dir").stdout.strip()
    return f"{folder} {os.stat(folder).st_ino}"


def set_clone_setting(root: str, key: str, value: str) -> None:
    """Write something into this clone's configuration."""
    run_git(root, "config", "--local", key, value)


def merges_tickets(root: str) -> bool:
    """Whether this clone has been taught to merge tickets."""
    return bool(
        run_git(root, "config", "merge.ticketctl.driver", check=False).stdout.strip()
    )
