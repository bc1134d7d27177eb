"""Read and write the configuration of this clone, not the user's and not the store's."""

from __future__ import annotations

import os

from ticketctl.store.git.process import run_git


def is_sender(root: str) -> bool:
    """Return whether this clone sends email."""
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
    """Return a value of this clone's configuration; empty if it is not set."""
    return run_git(root, "config", "--local", "--get", key, check=False).stdout.strip()


def clone_place(root: str) -> str:
    """Return what tells this clone from a copy of its folder: its path and an inode."""
    folder = run_git(root, "rev-parse", "--absolute-git-dir").stdout.strip()
    return f"{folder} {os.stat(folder).st_ino}"


def set_clone_setting(root: str, key: str, value: str) -> None:
    """Write a value into this clone's configuration."""
    run_git(root, "config", "--local", key, value)


def merges_tickets(root: str) -> bool:
    """Return whether git merges tickets with our driver in this clone."""
    return bool(
        run_git(root, "config", "merge.ticketctl.driver", check=False).stdout.strip()
    )
