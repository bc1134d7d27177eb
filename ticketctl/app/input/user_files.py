"""Files that people name on the command line, which may be anything: what is said of
one that cannot be read."""

from __future__ import annotations

import errno

from ticketctl.errors import DiskError, MissingError, TicketctlError

CALLED_STDIN = "stdin"
_NEXT = {
    errno.EISDIR: "name a file in it",
    errno.EACCES: "its owner can allow it: chmod, chown",
    errno.EPERM: "its owner can allow it: chmod, chown",
    errno.ENOENT: "name a file, or - for stdin",
}
_OF_THE_NAME = frozenset(
    (*_NEXT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL)
)
"""What is wrong with the name, not with the disk."""


def cannot_read(name: str, error: OSError | ValueError) -> TicketctlError:
    """The error for a file that somebody named and that cannot be read: there is none,
    or the disk failed."""
    number = getattr(error, "errno", None)
    if number is None:  # a name that no file can have
        return MissingError(f"no file can be named {name!r}")
    words = f"cannot read {name}: {getattr(error, 'strerror', error)}"
    if number in _OF_THE_NAME:
        return MissingError(words, _NEXT.get(number, ""))
    return DiskError(words)
