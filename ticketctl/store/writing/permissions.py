"""Who may use what commands make: permissions and owner of new files and folders.

Several users may work in one clone (``core.sharedRepository``), and root may in another
user's (cron): the next command of anybody must be able to go on with what one has made.
"""

from __future__ import annotations

import os
import stat


class Access:
    """What new files and folders get.

    Args:
        shared: permissions of a file besides the umask's (or a default ACL's).
        owner: the user and group ids to which it goes; ``None`` leaves it ours.
    """

    __slots__ = ("owner", "shared")

    def __init__(self, shared: int = 0, owner: tuple[int, int] | None = None) -> None:
        self.shared, self.owner = shared, owner

    def give(self, descriptor: int, mode: int | None = None) -> None:
        """Apply it to an open file or folder.

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
    """The permissions of a folder for those of a file: who may read may enter, and what
    is made in it belongs to its group (as git does it)."""
    return stat.S_ISGID | shared | (shared & 0o444) >> 2 if shared else 0


PLAIN = Access()
"""What the umask says, and ours."""


def access_of(owned: str, shared: int) -> Access:
    """What new files of a store get: root leaves nothing of its own to another user.

    Args:
        owned: the folder whose owner counts: the git directory, outside git the store.
        shared: what ``core.sharedRepository`` asks for.
    """
    if os.geteuid():
        return Access(shared)
    found = os.stat(owned)
    return Access(shared, (found.st_uid, found.st_gid) if found.st_uid else None)


def user_name(uid: int) -> str:
    """A user by name; ``#`` and the number of one without."""
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
