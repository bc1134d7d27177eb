"""Replace a file only if it still is what it was when it was read.

Between reading and replacing a ticket, an editor or a pull may change it, and that
change would be lost. So the file is compared once more just before, and held by a lease
(fcntl(2), ``F_SETLEASE``) until it is replaced: the kernel refuses a lease on a file
that some program has open for writing, and lets no program open it for writing
meanwhile. Where there are no leases (not Linux, network file systems, another user's
file), only the comparison protects it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from ticketctl.core.hashing import sha256
from ticketctl.errors import ChangedError
from ticketctl.store.writing.held_files import open_regular

_PIECE = 1 << 20


def replace_unchanged(
    waiting: tuple[int, str], target: tuple[int, str], path: str, replaces: str | None
) -> bytes | None:
    """Rename a waiting file over its target, if that still is what it was.

    Args:
        waiting: the descriptor of its folder, and its name there.
        target: likewise.
        path: of the target, for messages.
        replaces: the SHA-256 of what it was, in hex; ``None``, if there was no file.

    Returns:
        The bytes that were there; ``None``, if there was no file.

    Raises:
        ChangedError: it has changed, or a program is writing into it; nothing was done.
        OSError: the disk failed.
    """
    if replaces is None:
        with suppress(FileNotFoundError):
            os.lstat(target[1], dir_fd=target[0])
            raise changed_by_other(path)
        _rename(waiting, target)
        return None
    try:
        descriptor = open_regular(target[1], target[0])
    except FileNotFoundError:
        raise changed_by_other(path) from None
    try:
        _lease(descriptor, path)
        data = _all_of(descriptor)
        still = os.lstat(target[1], dir_fd=target[0])
        if sha256(data).hex() != replaces or not os.path.samestat(
            os.fstat(descriptor), still
        ):
            raise changed_by_other(path)
        _rename(waiting, target)
        return data
    finally:
        os.close(descriptor)


def remove_unchanged(folder: int, name: str, path: str, digest: str) -> None:
    """Remove a file that still is what it was.

    Args:
        folder: the descriptor of its folder.
        path: of the file, for messages.
        digest: the SHA-256 of what it was, in hex.

    Raises:
        ChangedError: it has changed.
        OSError: it cannot be removed.
    """
    descriptor = open_regular(name, folder)
    try:
        _lease(descriptor, path)
        if sha256(_all_of(descriptor)).hex() != digest:
            raise changed_by_other(path)
        os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)


def _all_of(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, _PIECE), b""))


def _rename(waiting: tuple[int, str], target: tuple[int, str]) -> None:
    os.rename(waiting[1], target[1], src_dir_fd=waiting[0], dst_dir_fd=target[0])


def changed_by_other(path: str) -> ChangedError:
    """Return the error for a file that has changed since it was read."""
    return ChangedError(
        f"{path} was changed by another program meanwhile",
        "look at the file, then try again",
    )


def _lease(descriptor: int, path: str) -> None:
    """Keep other programs from opening a file for writing while the descriptor is open.

    Raises:
        ChangedError: a program has it open.
    """
    try:
        from signal import SIGURG

        # The other program waits, and the kernel sends us a signal; the default signal
        # would kill us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except AttributeError:
        pass  # not Linux
    except BlockingIOError:
        raise ChangedError(
            f"another program is writing into {path}", "try again in a moment"
        ) from None
    except OSError:
        pass  # not this file system, or another user's file
