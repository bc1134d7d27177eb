"""Keep emails that are on no ticket in ``dead-letters/``, each with the reason."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import Protocol

from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.writing.journal import Write
from ticketctl.store.writing.permissions import PLAIN, Access

DEAD = "dead-letters"
_COMING = ".coming-"
_CHUNK = 1 << 20
_OLD = 86_400
"""After how many seconds an unfinished file counts as left by a killed command."""


class Source(Protocol):
    """Where the bytes of an email come from."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes; fewer only at the end."""


def quarantine_path(root: str, digest: str, now: datetime) -> str:
    """Return the path of an email without its ending: as it is there already, or new.

    Args:
        digest: the SHA-256 of its bytes, in hex.
    """
    ending = f"-{digest[:16]}.eml"
    existing = next(
        (name for name in files.list_names(root, DEAD) if name.endswith(ending)), None
    )
    return f"{DEAD}/{existing.removesuffix('.eml') if existing else f'{now:%y%m%d-%H%M%S}-{digest[:16]}'}"


def quarantine_writes(
    root: str, data: bytes, reason: str, now: datetime
) -> list[Write]:
    """Return the writes that keep an email; none, if it is there already."""
    name = quarantine_path(root, hashlib.sha256(data).hexdigest(), now)
    if os.path.lexists(f"{root}/{name}.eml"):
        return []
    return [Write(f"{name}.eml", data), _reason(name, reason)]


def quarantined_with(root: str, words: bytes, limit: int) -> Iterator[bytes]:
    """Yield the emails there that contain some bytes, as they came.

    Args:
        limit: the largest that is read, in bytes.
    """
    for name in files.list_names(root, DEAD):
        if name.endswith(".eml"):
            with suppress(OSError, DiskError):
                data = files.read_bytes(f"{root}/{DEAD}/{name}", limit)
                if words in data:
                    yield data


def _reason(name: str, reason: str) -> Write:
    return Write(f"{name}.txt", f"{reason}\n".encode(errors="replace"))


class Spool:
    """An email on the disk that has no name yet, and its digest.

    Args:
        folder: the descriptor of its folder.
        digest: the SHA-256 of its bytes, in hex.
    """

    def __init__(self, root: str, folder: int, name: str, digest: str) -> None:
        self._root, self._folder, self._name, self.digest = root, folder, name, digest

    def writes(self, reason: str, now: datetime) -> list[Write]:
        """Return the write of its reason; none, if that is there already."""
        name = quarantine_path(self._root, self.digest, now)
        there = os.path.lexists(f"{self._root}/{name}.txt")
        return [] if there else [_reason(name, reason)]

    def keep(self, now: datetime) -> str:
        """Give the email its name; the store's lock is held.

        Returns:
            Its path without its ending.

        Raises:
            DiskError: it cannot be kept.
        """
        name = quarantine_path(self._root, self.digest, now)
        target = f"{name.rpartition('/')[2]}.eml"
        try:
            with suppress(FileExistsError):
                os.link(
                    self._name,
                    target,
                    src_dir_fd=self._folder,
                    dst_dir_fd=self._folder,
                    follow_symlinks=False,
                )
            os.fsync(self._folder)
        except OSError as error:
            raise DiskError(
                f"cannot keep an email in {DEAD}: {error.strerror}"
            ) from None
        return name


@contextmanager
def spool_email(
    root: str, head: bytes, rest: Source, limit: int, access: Access = PLAIN
) -> Iterator[Spool | None]:
    """Put an email on the disk piece by piece: it may be larger than the memory.

    Args:
        head: its first bytes, which have been read already.
        rest: where the others come from.
        limit: how many bytes are accepted at most.
        access: who may use it.

    Returns:
        The email; ``None`` if it is larger than that.

    Raises:
        DiskError: it cannot be written.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(files.folder_of(root, f"{DEAD}/email", access))
            _sweep_up(folder)
            name = f"{_COMING}{files.random_name()}"
            stack.callback(_remove, folder, name)
            digest = _copied(folder, name, head, rest, limit, access)
        except OSError as error:
            raise DiskError(f"cannot write to {DEAD}: {error.strerror}") from None
        yield Spool(root, folder, name, digest) if digest else None


def _remove(folder: int, name: str) -> None:
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)


def _copied(
    folder: int, name: str, head: bytes, rest: Source, limit: int, access: Access
) -> str:
    """Write an email to a new file; return its digest, empty if it is too large."""
    digest, size, piece = hashlib.sha256(), 0, head
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o666, dir_fd=folder), "wb") as file:
        while piece:
            size += len(piece)
            if size > limit:
                return ""
            digest.update(piece)
            file.write(piece)
            piece = rest.read(_CHUNK)
        file.flush()
        access.give(file.fileno())
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sweep_up(folder: int) -> None:
    """Remove what killed commands have left."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(_COMING):
                about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if about.st_mtime < time.time() - _OLD:
                    os.unlink(name, dir_fd=folder)
