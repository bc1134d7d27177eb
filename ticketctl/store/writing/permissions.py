"""Permissions and owner of new files and folders.

Several users may work in one clone (``core.sharedRepository``), and root in another
user's (cron): the next command of each user must be able to use what one has made.
"""

from __future__ import annotations

import os
import stat


class Access:
    """What new files and folders get.

    Args:
        shared: permissions of a file besides those of the umask (or of a default ACL).
        owner: the user and group ids to which it is given; ``None`` for ours.
    """

    __slots__ = ("owner", "shared")

    def __init__(self, shared: int = 0, owner: tuple[int, int] | None = None) -> None:
        self.shared, self.owner = shared, owner

    def give(self, descriptor: int, mode: int | None = None) -> None:
        """Apply the access to an open file or folder.

        Args:
            mode: the permissions of the file that a new one replaces, instead of its
                own.

        Raises:
            OSError: it cannot be applied.
        """
        if mode is None and not self.shared and self.owner is None:
            return
        own = os.fstat(descriptor).st_mode
        if self.owner is not None:
            os.fchown(descriptor, *self.owner)
        more = _for_folders(self.shared) if stat.S_ISDIR(own) else self.shared
        os.fchmod(descriptor, stat.S_IMODE(own if mode is None else mode) | more)


def _for_folders(shared: int) -> int:
    """Return the permissions of a folder for those of a file.

    Who may read may enter, and new files in it belong to its group, as git does it.
    """
    return stat.S_ISGID | shared | (shared & 0o444) >> 2 if shared else 0


PLAIN = Access()
"""The permissions of the umask, and our own user."""


def access_of(owned: str, shared: int) -> Access:
    """Return the access of new files of a store; root leaves its files to the owner.

    Args:
        owned: the folder whose owner counts: the git directory, or the store outside
            git.
        shared: the permissions of ``core.sharedRepository``.
    """
    if os.geteuid():
        return Access(shared)
    stat = os.stat(owned)
    return Access(shared, (stat.st_uid, stat.st_gid) if stat.st_uid else None)


def user_name(uid: int) -> str:
    """Return the name of a user; ``#`` and the number of a user without name."""
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
