"""Files that their maker holds locked (``flock``), so that others see whether it lives.

The kernel releases the lock when a process ends for any reason. A process number would
not do: another process, another container or a restart may have the same.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ticketctl.store import files
from ticketctl.store.writing.locks import open_locks
from ticketctl.store.writing.permissions import PLAIN, Access


class HeldFile:
    """A new file that its maker holds locked from the moment it has its name.

    Args:
        path: where it is made.
        data: its first bytes.

    Raises:
        FileExistsError: there is something of that name.
        OSError: it cannot be made.
    """

    __slots__ = ("descriptor", "path")

    def __init__(self, path: str, data: bytes, access: Access) -> None:
        self.path = path
        aside = f"{path}-{files.random_name()}"
        self.descriptor = _locked(aside, data, access)
        try:
            os.link(aside, path)
        except OSError as error:
            os.close(self.descriptor)
            if error.errno not in _NO_LINKS:
                raise
            self.descriptor = _locked(path, data, access)
        finally:
            with suppress(OSError):
                os.unlink(aside)
        open_locks.add(self.descriptor)

    def append(self, data: bytes) -> None:
        """Write more bytes at the end.

        Raises:
            OSError: it cannot be written.
        """
        files.write_fully(self.descriptor, data)

    def let_go(self) -> None:
        """Release the file, and leave it for others to find."""
        open_locks.discard(self.descriptor)
        os.close(self.descriptor)

    def remove(self) -> None:
        """Remove the file, and release it.

        Raises:
            OSError: it cannot be removed.
        """
        try:
            # Another program may have put another file in its place.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self.descriptor), os.lstat(self.path)):
                    os.unlink(self.path)
        finally:
            self.let_go()


def _locked(path: str, data: bytes, access: Access) -> int:
    """Make a file and lock it; return its descriptor."""
    descriptor = make_open(path, data, access)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)
        raise
    return descriptor


@contextmanager
def check_abandoned(path: str, mark: bytes = b"") -> Iterator[bool]:
    """Yield whether a :class:`HeldFile` has outlived its maker.

    If so, it is locked meanwhile, so that no other command finds it abandoned.

    Args:
        mark: how its bytes must begin.
    """
    try:
        descriptor = open_regular(path)
    except OSError:
        yield False  # it is gone, or another user's, or not ours
        return
    try:
        yield os.read(descriptor, len(mark)) == mark and _is_free(descriptor, path)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int, path: str) -> bool:
    """Lock an open file, if it is not locked and still has its name; return whether."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def make_open(path: str, data: bytes, access: Access = PLAIN) -> int:
    """Make a file; return its descriptor, open for appending.

    Raises:
        FileExistsError: there is something of that name.
        OSError: it cannot be made.
    """
    flags = (
        os.O_WRONLY
        | os.O_APPEND
        | os.O_CREAT
        | os.O_EXCL
        | os.O_NOFOLLOW
        | os.O_CLOEXEC
    )
    descriptor = os.open(path, flags, 0o666)
    try:
        files.write_new(descriptor, data, access)
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)
        raise
    return descriptor


def link_or_copy(path: str, new: str, access: Access = PLAIN) -> None:
    """Give one of our files a further name; copy it where there are no hard links.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be linked or copied.
    """
    try:
        os.link(path, new, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            os.close(make_open(new, file.read(), access))


_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


def open_regular(path: str, folder: int | None = None) -> int:
    """Open a regular file for reading, but no link; return its descriptor.

    Args:
        path: absolute, or the name in ``folder``, the descriptor of an open folder.

    Raises:
        OSError: there is none, or it cannot be read.
    """
    if not stat.S_ISREG(
        os.lstat(path, dir_fd=folder).st_mode
    ):  # opening a device can do something
        raise OSError(errno.EINVAL, f"{path} is not a regular file")
    return os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
    )
