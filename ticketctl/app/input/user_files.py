"""The errors for files that the user names and that cannot be read."""

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
"""Errors about the name; others are about the disk."""


def cannot_read(name: str, error: OSError | ValueError) -> TicketctlError:
    """Return the error for a file that the user names and that cannot be read.

    It is a :class:`MissingError` if something is wrong with the name.
    """
    number = getattr(error, "errno", None)
    if number is None:  # a name that no file can have
        return MissingError(f"no file can be named {name!r}")
    words = f"cannot read {name}: {getattr(error, 'strerror', error)}"
    if number in _OF_THE_NAME:
        return MissingError(words, _NEXT.get(number, ""))
    return DiskError(words)
