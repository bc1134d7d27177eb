"""Check the repository: its setup, its state, and files that are not committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from ticketctl.app.doctor.findings import problem, warning
from ticketctl.app.workspace import Workspace
from ticketctl.core.plural import counted
from ticketctl.errors import (
    DiskError,
    Finding,
)
from ticketctl.store.git import config, operations, setup
from ticketctl.store.git.access import inside_repository
from ticketctl.store.git.objects import unwritable_objects
from ticketctl.store.git.queries import uncommitted_files
from ticketctl.store.git.repository import is_detached
from ticketctl.store.settings import NAME
from ticketctl.store.writing.uncommitted import pending_lists, read_list

UNCOMMITTED = "uncommitted"
"""The code of a file that a command wrote and could not commit."""


def check_repository(workspace: Workspace) -> Iterator[Finding]:
    """Check that git merges tickets, and has committed what was written."""
    try:
        if not inside_repository(workspace.root):
            if workspace.settings.commit:
                yield problem(
                    NAME,
                    "commit: auto, but this is not a git repository",
                    "git init, or commit: off",
                )
            return
        if not config.merges_tickets(workspace.root):
            yield problem(
                ".git/config",
                "this clone has no merge driver for tickets",
                "ticketctl init",
            )
        elif not setup.is_set_up(workspace.root):
            yield warning(
                ".git/config",
                "merge driver or hook of an older version",
                "ticketctl init",
            )
        yield from _not_committed(workspace)
    except DiskError as error:
        yield problem(".git", error.message, error.hint)


def _not_committed(workspace: Workspace) -> Iterator[Finding]:
    """Report what commands could not commit, and what was changed by hand."""
    if not workspace.settings.commit:
        return
    ours: set[str] = set()
    for path in pending_lists(workspace.state):
        with suppress(ValueError):
            ours |= {row.path for row in read_list(path)}
    dirty = uncommitted_files(workspace.root)
    for path in sorted(ours & dirty)[:_NAMED]:
        hint = "the next command that writes commits it, unless it was changed by hand since: git diff, git commit"
        yield problem(
            path, "written by ticketctl, but not committed", hint, code=UNCOMMITTED
        )
    if len(ours & dirty) > _NAMED:
        yield problem(
            "tickets",
            f"and {len(ours & dirty) - _NAMED:,} more files are not committed",
            code=UNCOMMITTED,
        )
    git_repository = workspace.state.repository
    is_unfinished = git_repository is not None and operations.unfinished_operation(
        git_repository
    )
    if (by_hand := sorted(dirty - ours)) and not is_unfinished:
        words = f"{counted(len(by_hand), 'file')} changed by hand and not committed, the first {by_hand[0]}"
        yield warning("tickets", words, "git diff shows it; git commit keeps it")


_NAMED = 20
"""How many files are reported one by one."""


def check_git_state(workspace: Workspace) -> Iterator[Finding]:
    """Check that git is not busy or locked, that HEAD is on a branch, and who owns it."""
    if (git_repository := workspace.state.repository) is None:
        return
    if operation := operations.unfinished_operation(git_repository):
        yield problem(
            ".git",
            f"{operation.name} is in progress; commands that write are refused until it ends",
            operation.remedy,
        )
    for path in operations.present_locks(git_repository):
        about, hint = operations.describe_lock(path, git_repository)
        yield problem(path, f"git is locked ({about})", hint)
    if is_detached(git_repository):
        yield warning(
            ".git/HEAD",
            "HEAD is detached: commits are on no branch",
            "git switch -c NAME",
        )
    if not_ours := list(unwritable_objects(git_repository)):
        folder, owner = not_ours[0]
        more = f" (and {len(not_ours) - 1} more)" if len(not_ours) > 1 else ""
        words = f"it belongs to {owner}, and you cannot write to it{more}: commits fail"
        yield problem(folder, words, f"sudo chown -R $(id -un) {git_repository.common}")
    elif not os.access(git_repository.folder, os.W_OK | os.X_OK):
        yield problem(
            git_repository.folder,
            "you cannot write to the git directory: commits fail",
            "chmod u+w",
        )
