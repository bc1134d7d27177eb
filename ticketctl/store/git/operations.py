"""Check that a command may write into a repository: no operation of git is unfinished.

What is written during a merge or rebase, ``git merge --abort`` removes again, tickets,
emails and replies alike. So every command that writes checks first, and again once it
holds the lock on git's index (``store/git/index_lock.py``), without which git begins
none of these operations. No lock of git's may be left either.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import NamedTuple

from ticketctl.errors import BusyError, DiskError
from ticketctl.pattern import pattern
from ticketctl.store import files
from ticketctl.store.git.repository import Repository, branch_of, repository_of

WAIT = 5.0
"""How long to wait for a lock of git's, in seconds; git holds one for milliseconds."""


class Operation(NamedTuple):
    """An operation of git that can be unfinished.

    Args:
        sign: the file or folder in the git directory that shows it.
        name: with its article.
        finish: the command that finishes it.
        abort: the command that gives it up; empty, if ``finish`` is all there is.
        quit: the command that forgets it, where only its sign is left.
        begins: how the file begins, where its presence alone does not show the
            operation.
    """

    sign: str
    name: str
    finish: str
    abort: str = ""
    quit: str = ""
    begins: bytes = b""

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        or_else = f", or give it up: {self.abort}" if self.abort else ""
        forget = f" (if git says that there is none: {self.quit})" if self.quit else ""
        return f"finish it: {self.finish}{or_else}{forget}"


def _of(
    sign: str, name: str, verb: str, begins: bytes = b"", quits: bool = True
) -> Operation:
    """Return an operation whose commands are options of one command."""
    forget = f"git {verb} --quit" if quits else ""
    return Operation(
        sign, name, f"git {verb} --continue", f"git {verb} --abort", forget, begins
    )


OPERATIONS = (
    _of("rebase-apply/applying", "git am", "am"),
    _of("rebase-apply", "a rebase", "rebase"),
    _of("rebase-merge", "a rebase", "rebase"),
    _of("MERGE_HEAD", "a merge", "merge", quits=False),
    _of("CHERRY_PICK_HEAD", "a cherry-pick", "cherry-pick"),
    _of("REVERT_HEAD", "a revert", "revert"),
    # between two of several commits there is only the list of the remaining ones
    _of("sequencer/todo", "a cherry-pick", "cherry-pick", b"pick "),
    _of("sequencer/todo", "a revert", "revert", b"revert "),
    Operation("BISECT_LOG", "a bisect", "git bisect reset"),
)
"""The operations that git's own status names (wt-status.c), the outermost first.

A rebase that stops at a conflict leaves a ``CHERRY_PICK_HEAD``, too."""


def unfinished_operation(repository: Repository) -> Operation | None:
    """Return the unfinished operation in a work tree; ``None`` if there is none.

    Other work trees of the repository do not count.
    """
    return next(
        (operation for operation in OPERATIONS if _is_going_on(repository, operation)),
        None,
    )


def _is_going_on(repository: Repository, operation: Operation) -> bool:
    path = f"{repository.folder}/{operation.sign}"
    if not operation.begins or not os.path.lexists(path):
        return os.path.lexists(path)
    with suppress(FileNotFoundError, DiskError):
        return files.read_bytes(path, 1 << 20).startswith(operation.begins)
    return False


def require_free(repository: Repository) -> None:
    """Check that a command may write into a work tree now; wait for git's locks.

    Raises:
        BusyError: an operation of git is unfinished, or a lock stays.
    """
    require_finished(repository)
    until = time.monotonic() + WAIT
    for path in _locks_of(repository):
        wait_for_lock(path, until, repository)


def require_finished(repository: Repository) -> None:
    """Check that no operation of git is unfinished.

    Raises:
        BusyError: there is one; with what to do.
    """
    if operation := unfinished_operation(repository):
        message = (
            f"{operation.name} is in progress in {repository.top}; nothing was written"
        )
        raise BusyError(message, f"{operation.remedy}; then try again")


def present_locks(repository: Repository) -> list[str]:
    """Return the locks of git's that are there now, on its index and on its references."""
    index = f"{repository.folder}/index.lock"
    return [path for path in (index, *_locks_of(repository)) if os.path.lexists(path)]


def _locks_of(repository: Repository) -> list[str]:
    """Return the files by which git locks what a commit moves: HEAD, and its branch."""
    branch = branch_of(repository)
    locks = [
        f"{repository.folder}/HEAD.lock",
        f"{repository.folder}/reftable/tables.list.lock",
    ]
    return locks + ([f"{repository.common}/{branch}.lock"] if branch else [])


def wait_for_lock(path: str, until: float, repository: Repository) -> None:
    """Wait until a lock of git's is gone.

    Args:
        until: as of :func:`time.monotonic`.

    Raises:
        BusyError: it is still there.
    """
    pause = 0.001
    while os.path.lexists(path):
        if time.monotonic() >= until:
            raise locked_error(path, repository)
        time.sleep(jitter(pause))
        pause = min(pause * 2, 0.1)


def jitter(seconds: float) -> float:
    """Return a random pause of about so many seconds.

    Programs that wait for the same thing must not come back at the same time.
    """
    return seconds * (0.5 + os.urandom(1)[0] / 256)


def locked_error(path: str, repository: Repository) -> BusyError:
    """Return the error for a lock that stays."""
    description, hint = describe_lock(path, repository)
    return BusyError(
        f"git is locked by {path} ({description}); nothing was written", hint
    )


def describe_lock(path: str, repository: Repository) -> tuple[str, str]:
    """Return the age and holder of a lock, and what to do about it."""
    from ticketctl.core.dates import span

    age = 0.0
    with suppress(OSError):
        age = max(0.0, time.time() - os.lstat(path).st_mtime)
    if holder := holder_of(path, repository):
        return (
            f"{span(age)} old; {holder} is running there",
            "wait for it to end, then try again",
        )
    from shlex import quote

    rm = "rmdir" if os.path.isdir(path) else "rm"
    hint = f"if no git is running there, one that was killed left it; remove it: {rm} {quote(path)}"
    return f"{span(age)} old; no running git is seen there", hint


_LOCKED = pattern(
    r"(?:Unable to create '(.+\.lock)'|could not lock config file (.+)): File exists"
)


def lock_in_the_way(root: str, text: str) -> DiskError | None:
    """Return the error of a git that failed because of a lock; ``None`` otherwise.

    Args:
        text: git's message, in English (LC_ALL).
    """
    match = _LOCKED.search(text)
    if match is None or (repository := repository_of(root)) is None:
        return None
    path = os.path.join(root, match[1] or f"{match[2]}.lock")
    description, hint = describe_lock(path, repository)
    return DiskError(f"git is locked by {path} ({description})", hint)


def holder_of(path: str, repository: Repository) -> str:
    """Return the process that probably holds a lock, as ``git (process 123)``.

    That is one that has it open, else a git process in that work tree or git directory.
    It is empty if none is seen: another user's processes are not seen, nor any where
    there is no ``/proc``.
    """
    with suppress(OSError):
        target = os.path.realpath(path)
        inside = (
            f"{repository.top}/",
            f"{repository.folder}/",
            f"{repository.common}/",
        )
        holder = ""
        for number in filter(str.isdigit, os.listdir("/proc")):
            if _has_open(number, target):
                return _named(number)
            if not holder and _is_git_in(number, inside):
                holder = _named(number)
        return holder
    return ""


def _has_open(number: str, target: str) -> bool:
    with suppress(OSError):
        return any(
            _points_at(f"/proc/{number}/fd/{name}", target)
            for name in os.listdir(f"/proc/{number}/fd")
        )
    return False


def _points_at(link: str, target: str) -> bool:
    with suppress(OSError):
        return os.readlink(link) == target
    return False


def _is_git_in(number: str, folders: tuple[str, ...]) -> bool:
    with suppress(OSError):
        program = os.path.basename(os.readlink(f"/proc/{number}/exe"))
        return program.startswith(
            "git"
        ) and f"{os.readlink(f'/proc/{number}/cwd')}/".startswith(folders)
    return False


def _named(number: str) -> str:
    program = "a process"
    with suppress(OSError):
        program = os.path.basename(os.readlink(f"/proc/{number}/exe"))
    return f"{program} (process {number})"
