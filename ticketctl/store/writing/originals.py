"""Taking the place of a file that still is what it was when it was read.

Between reading a ticket and replacing its file an editor or a pull may change it, and
what it wrote would be gone. So the file is compared once more at the very moment, and
held by a lease (fcntl(2), ``F_SETLEASE``) from before that until it is replaced: the
kernel refuses one of a file that some program has open for writing, and lets nobody
open it for writing meanwhile. Where there are no leases (not Linux, network file
systems, another user's file), the comparison alone has to do.
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
    """Rename a waiting file to its place, over a file that still is what it was.

    Args:
        waiting: the descriptor of its folder, and its name there.
        target: likewise.
        path: what the file is called in a message.
        replaces: the SHA-256 of what it was, in hex; ``None``, if there was none.

    Returns:
        The bytes that were there.

    Raises:
        ChangedError: it is another now, or some program is writing into it; nothing was
            done.
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
        digest: the SHA-256 of what it was, in hex.

    Raises:
        ChangedError: it is another now.
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
    """What to say of a file that is not what it was when it was read."""
    return ChangedError(
        f"{path} was changed by another program meanwhile", "look at it, then try again"
    )


def _lease(descriptor: int, path: str) -> None:
    """Keep other programs from opening a file for writing, as long as the descriptor is
    open.

    Raises:
        ChangedError: one has it open.
    """
    try:
        from signal import SIGURG

        # Who wants to write waits, and the kernel sends us a signal, by default one
        # that kills.
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
