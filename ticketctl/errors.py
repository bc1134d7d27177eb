"""What can go wrong, as one tree: each error knows its words, its place, the next step
and its exit status.

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
    """A spot in a file; ``line`` and ``col`` count from 1, 0 means the file as a whole."""

    path: str
    line: int = 0
    col: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.col}" if self.line else self.path


class Finding(Record):
    """One thing that a check found in a file, with the next step."""

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
    """Anything that a user is told in words, and that ends a command.

    Args:
        message: what is wrong, without a final stop.
        hint: what to do next; may be empty.
        place: where it is wrong, if it is in a file.
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
    """The command line asks for something that does not exist or makes no sense."""

    exit = Exit.USAGE


class RefusedError(TicketctlError):
    """The rules do not allow it; nothing was written."""

    exit = Exit.REFUSED


class BrokenError(TicketctlError):
    """A ticket file cannot be understood."""

    exit = Exit.BROKEN


class MissingError(TicketctlError):
    """There is no such ticket, profile or store."""

    exit = Exit.MISSING


class DiskError(TicketctlError):
    """Git or the disk failed."""

    exit = Exit.IO


class UnreadError(DiskError):
    """The system does not let us read a file that is there; its words stand in the
    message."""

    @property
    def finding(self) -> Finding:
        """The same as one line of ``check``; its code tells it from a broken file."""
        return Finding(self.place or Place("?"), UNREAD, self.message, self.hint)


class ShortageError(DiskError):
    """The process lacks what it needs to read any file: descriptors, or memory."""


UNREAD = "unread"
"""The code of a finding about a file that could not be read."""


def exit_of(findings: Iterable[Finding]) -> Exit:
    """The exit status for what is wrong with files: 71 if the system did not let us
    read one, else 65; 0 for nothing."""
    codes = {finding.code for finding in findings}
    return Exit.IO if UNREAD in codes else Exit.BROKEN if codes else Exit.DONE


_LACKING = {
    errno.EMFILE: "close other files or programs, or raise the limit (ulimit -n)",
    errno.ENFILE: "close other programs: the system has too many files open",
    errno.ENOMEM: "close other programs: there is not enough memory",
}
"""What a process, not a file, lacks -> what to do. The next file would fail likewise.
"""


def unread(path: str, error: OSError) -> DiskError:
    """The error for a file or folder that the system does not let us read: an
    :class:`UnreadError` where only that file is concerned, a :class:`ShortageError`
    where no other file could be read either."""
    words = f"cannot read {path}: {error.strerror}"
    if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
        return DiskError(words)
    if error.errno in _LACKING:
        return ShortageError(words, _LACKING[error.errno])
    return UnreadError(words, _HINTS.get(error.errno or 0, ""))


_HINTS = {
    errno.EACCES: "its owner can allow it: chmod, chown",
    errno.EPERM: "its owner can allow it: chmod, chown",
    errno.EIO: "the disk may be failing: look at its log, restore the file from git or a backup",
}


class UncommittedError(DiskError):
    """The tickets are written, but git would not commit them."""


class BusyError(TicketctlError):
    """Somebody else is writing; try again."""

    exit = Exit.BUSY


class ChangedError(BusyError):
    """A file was changed by another program after it was read, so nothing was written;
    reading it again helps."""


class InputError(TicketctlError):
    """What a file or stdin holds cannot be used: it is too large, or no text."""

    exit = Exit.BROKEN


class SettingsError(TicketctlError):
    """The settings or a profile cannot be used.

    Args:
        findings: every located mistake, so that one run shows all of them.
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
    """The name that was probably meant, as ``did you mean "X"?``, or nothing."""
    import difflib

    if len(word) > _LONG:
        return ""
    folded = {name.casefold(): name for name in known if len(name) <= _LONG}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[near[0]]}"?' if near else ""


_LONG = 60
"""What is longer is no name, and comparing it would take long."""
