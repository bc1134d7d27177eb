"""The errors, as one tree: each has a message, a hint, a place and an exit status.

The numbers are a contract (docs/exit-status.md); those above 64 are from BSD's
``sysexits.h``.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from enum import IntEnum

from ticketctl.record import Record


class Exit(IntEnum):
    """The exit statuses of ``ticketctl``."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    BROKEN = 65
    MISSING = 66
    BUG = 70
    IO = 71
    BUSY = 75
    SETTINGS = 78
    INTERRUPTED = 130
    TERMINATED = 143


class Place(Record):
    """A place in a file; ``line`` and ``col`` count from 1, 0 means the whole file."""

    path: str
    line: int = 0
    col: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.col}" if self.line else self.path


class Finding(Record):
    """A mistake that a check found in a file, with a hint what to do."""

    place: Place
    code: str
    message: str
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        return f"{self.place}: {warning}{self.message}" + (
            f" ({self.hint})" if self.hint else ""
        )


class TicketctlError(Exception):
    """An error that ends a command, with a message for the user.

    Args:
        message: what is wrong, with the value; without a final stop.
        hint: what to do next; may be empty.
        place: where, if it is in a file.
    """

    exit: Exit = Exit.BUG

    def __init__(
        self, message: str, hint: str = "", place: Place | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.place = message, hint, place

    @property
    def finding(self) -> Finding:
        """The same as one line of ``check``."""
        return Finding(self.place or Place("?"), "broken", self.message, self.hint)


class UsageError(TicketctlError):
    """The command line names something that does not exist, or is contradictory."""

    exit = Exit.USAGE


class RefusedError(TicketctlError):
    """The rules do not allow the request; nothing was written."""

    exit = Exit.REFUSED


class BrokenError(TicketctlError):
    """A ticket file is not valid."""

    exit = Exit.BROKEN


class MissingError(TicketctlError):
    """The ticket, profile or store does not exist."""

    exit = Exit.MISSING


class DiskError(TicketctlError):
    """Git failed, or the disk."""

    exit = Exit.IO


class UnreadError(DiskError):
    """The system does not let us read an existing file; the message says why."""

    @property
    def finding(self) -> Finding:
        """The same as one line of ``check``, with a code of its own."""
        return Finding(self.place or Place("?"), UNREAD, self.message, self.hint)


class ShortageError(DiskError):
    """The process cannot read any file: it lacks descriptors, or memory."""


UNREAD = "unread"
"""The code of a finding about a file that could not be read."""


def exit_of(findings: Iterable[Finding]) -> Exit:
    """Return the exit status for findings in files: 71 if the system did not let us
    read one, else 65; 0 if there are none."""
    codes = {finding.code for finding in findings}
    return Exit.IO if UNREAD in codes else Exit.BROKEN if codes else Exit.DONE


_LACKING = {
    errno.EMFILE: "close other files or programs, or raise the limit (ulimit -n)",
    errno.ENFILE: "close other programs: the system has too many files open",
    errno.ENOMEM: "close other programs: there is not enough memory",
}
"""The errors that lie in the process, not in a file, each with what to do: any other
file would fail likewise."""


def unread(path: str, error: OSError) -> DiskError:
    """Return the error for a file or folder that the system does not let us read.

    Returns:
        An :class:`UnreadError` if only that file is concerned, a
        :class:`ShortageError` if no other file could be read either.
    """
    message = f"cannot read {path}: {error.strerror}"
    if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
        return DiskError(message)
    if error.errno in _LACKING:
        return ShortageError(message, _LACKING[error.errno])
    return UnreadError(message, _HINTS.get(error.errno or 0, ""))


_HINTS = {
    errno.EACCES: "its owner can allow it: chmod, chown",
    errno.EPERM: "its owner can allow it: chmod, chown",
    errno.EIO: "the disk may be failing: look at its log, "
    "restore the file from git or a backup",
}


class UncommittedError(DiskError):
    """The tickets are written, but git did not commit them."""


class BusyError(TicketctlError):
    """Another process is writing; try again."""

    exit = Exit.BUSY


class ChangedError(BusyError):
    """Another program changed a file after it was read, so nothing was written; read it
    again."""


class InputError(TicketctlError):
    """The content of a file or of stdin is too large, or not a text."""

    exit = Exit.BROKEN


class SettingsError(TicketctlError):
    """The settings or a profile have mistakes.

    Args:
        findings: every mistake with its place, so that one run shows all.
    """

    exit = Exit.SETTINGS

    def __init__(
        self,
        message: str,
        hint: str = "",
        place: Place | None = None,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(message, hint, place)
        self.findings = tuple(findings)


def closest(word: str, known: Sequence[str]) -> str:
    """Return a hint, ``did you mean "X"?``; empty if no name is similar.

    Args:
        word: what the user wrote.
        known: the names that there are.
    """
    import difflib

    if len(word) > _LONG:
        return ""
    folded = {name.casefold(): name for name in known if len(name) <= _LONG}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[near[0]]}"?' if near else ""


_LONG = 60
"""Longer words are not names, and take long to compare."""
