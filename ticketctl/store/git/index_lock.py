"""Hold git's own lock on its index, until HEAD has moved.

Git writes into a work tree only while it holds ``index.lock``: a pull that starts
meanwhile is refused, and cannot change a file that is about to be replaced. While we
hold the lock, git works for us on a copy of the index (``GIT_INDEX_FILE``), which then
replaces it.

Our lock is a file that its maker holds (``store/writing/held_files.py``), so that one
of a killed command can be told from git's own. The next command removes it; it never
removes one of git's.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.git import operations
from ticketctl.store.git.repository import Repository
from ticketctl.store.writing.held_files import HeldFile, check_abandoned, link_or_copy
from ticketctl.store.writing.permissions import Access

_MARK = b"ticketctl\n"
_ASIDE = "index.ticketctl-"
_OLD = 3600
"""After how many seconds a copy counts as left by a killed command."""


class IndexLock:
    """The lock on the index of a work tree; not held at first."""

    def __init__(self, repository: Repository, access: Access) -> None:
        self.repository, self._access = repository, access
        self._path = f"{repository.folder}/index.lock"
        self._held: HeldFile | None = None
        self._copy = ""
        self._copied: object = None

    def acquire(self) -> None:
        """Take the lock, unless it is held; wait for the program that has it.

        Raises:
            BusyError: it stays locked, or an operation of git is unfinished.
            DiskError: the git directory cannot be written.
        """
        if self._held is not None:
            return
        try:
            self._held = self._acquire_until(time.monotonic() + operations.WAIT)
        except OSError as error:
            raise DiskError(
                f"cannot write to {self.repository.folder}: {error.strerror}"
            ) from None
        try:
            operations.require_finished(self.repository)
        except BaseException:
            self.release()
            raise

    def _acquire_until(self, until: float) -> HeldFile:
        """Return the lock file, once it could be made."""
        pause = 0.001
        while True:
            with suppress(FileExistsError):
                data = _MARK + b"process %d\n" % os.getpid()
                return HeldFile(self._path, data, self._access)
            with check_abandoned(self._path, _MARK) as is_abandoned:
                if is_abandoned:
                    self._clear()
                    os.unlink(self._path)
                    continue
            if time.monotonic() >= until:
                raise operations.locked_error(self._path, self.repository)
            time.sleep(operations.jitter(pause))
            pause = min(pause * 2, 0.05)

    def _clear(self) -> None:
        """Remove the copies of the index that killed commands left.

        These are those of the command whose lock is there, and those of long ago; a
        command in another store of this work tree may still use a younger one.
        """
        process = b""
        with suppress(FileNotFoundError, DiskError):
            process = files.read_bytes(self._path, 100).rpartition(b" ")[2].strip()
        for name in os.listdir(self.repository.folder):
            path = f"{self.repository.folder}/{name}"
            with suppress(OSError):
                is_of_process = (
                    name.startswith(f"{_ASIDE}{process.decode('ascii', 'replace')}-")
                    and process
                )
                is_old = (
                    name.startswith((_ASIDE, "index.lock-"))
                    and time.time() - os.lstat(path).st_ctime > _OLD
                )
                if is_of_process or is_old:
                    os.unlink(path)

    def copy(self) -> str:
        """Return the path of a copy of the index, for git to work on.

        Raises:
            DiskError: it cannot be made.
        """
        self.drop_copy()
        self._copy = (
            f"{self.repository.folder}/{_ASIDE}{os.getpid()}-{files.random_name()}"
        )
        index = f"{self.repository.folder}/index"
        self._copied = _stamp(index)
        try:
            with suppress(FileNotFoundError):  # nothing was ever staged
                link_or_copy(
                    index, self._copy, self._access
                )  # git writes a new file, and renames it
        except OSError as error:
            raise DiskError(
                f"cannot write to {self.repository.folder}: {error.strerror}"
            ) from None
        return self._copy

    def is_outdated(self) -> bool:
        """Return whether git has written its index since it was copied."""
        return _stamp(f"{self.repository.folder}/index") != self._copied

    def publish(self) -> None:
        """Put the copy in the index's place.

        Raises:
            DiskError: it cannot be renamed.
        """
        try:
            os.rename(self._copy, f"{self.repository.folder}/index")
        except OSError as error:
            raise DiskError(
                f"cannot write to {self.repository.folder}: {error.strerror}"
            ) from None
        # If git changed nothing, both names are of one file, and rename does nothing.
        self.drop_copy()

    def drop_copy(self) -> None:
        """Remove the copy, if there is one."""
        for path in (self._copy, f"{self._copy}.lock") if self._copy else ():
            with suppress(OSError):
                os.unlink(path)
        self._copy = ""

    def release(self) -> None:
        """Release the lock, if it is held."""
        self.drop_copy()
        held, self._held = self._held, None
        if held is not None:
            with suppress(OSError):
                held.remove()


def _stamp(index: str) -> object:
    """Return what tells an index from later ones; git writes each under a new name."""
    try:
        stat = os.stat(index)
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
