"""The files that are about to be replaced: looked at once more, and held so meanwhile.

Between reading a ticket and replacing its file an editor or a pull may change it, and what it
wrote would be gone. So each is compared again right before the first rename, and held by a
lease (fcntl(2), ``F_SETLEASE``) until the last: the kernel refuses one of a file that some
program has open for writing, and lets nobody open one for writing while it is held. Where
there are no leases (not Linux, network file systems, another user's file), the comparison
alone has to do.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from ticketctl.core.digest import sha256
from ticketctl.errors import ChangedError
from ticketctl.store import files
from ticketctl.store.held_files import open_regular

_HELD = 400
"""How many are held at a time: a process may have 1,024 files open."""


class Originals:
    """Files that are about to be replaced."""

    def __init__(self) -> None:
        self._held: list[int] = []

    def look(self, folder: int, name: str, path: str, replaces: str | None) -> None:
        """See that a file still is what it was when it was read, and hold it.

        Args:
            folder: the descriptor of its folder.
            path: what it is called in a message.
            replaces: the SHA-256 of what it was, in hex; ``None``, if there was none.

        Raises:
            ChangedError: it is not, or some program is writing into it.
            DiskError: it cannot be read.
        """
        data: bytes | None = None
        with suppress(FileNotFoundError):
            data = self._read(folder, name, path)
        if (None if data is None else sha256(data).hex()) != replaces:
            raise ChangedError(f"{path} was changed by another program meanwhile", "look at it, then try again")

    def _read(self, folder: int, name: str, path: str) -> bytes:
        if len(self._held) < _HELD:
            descriptor = open_regular(name, folder)
            self._held.append(descriptor)
            _lease(descriptor, path)
        return files.read_at(folder, name, files.LARGEST)[0]

    def close(self) -> None:
        """Let go of them."""
        for descriptor in self._held:
            os.close(descriptor)
        self._held = []


def _lease(descriptor: int, path: str) -> None:
    """Keep other programs from opening a file for writing, as long as the descriptor is open.

    Raises:
        ChangedError: one has it open.
    """
    try:
        from signal import SIGURG

        # Who wants to write waits, and the kernel sends us a signal, by default one that kills.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except AttributeError:
        pass  # not Linux
    except BlockingIOError:
        raise ChangedError(f"another program is writing into {path}", "try again in a moment") from None
    except OSError:
        pass  # not this file system, or another user's file
