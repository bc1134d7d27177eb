"""Read emails from mailboxes: a maildir, or a folder of an IMAP server.

IMAP needs the package imap-tools (extra ``mail``).
"""

from __future__ import annotations

import errno
import imaplib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ticketctl.errors import BusyError, DiskError, SettingsError
from ticketctl.store.email.quarantine import Source
from ticketctl.store.email.settings import MailServer
from ticketctl.store.email.smtp import read_password

PASSWORD_FILE = "TICKETCTL_IMAP_PASSWORD_FILE"
_TIMEOUT = 60.0
_LARGEST = 64 << 20
"""The largest piece, in bytes, that a server may send at once."""
Fetched = tuple[str, Source, Callable[[], None]]
"""An email: its name for people, where its bytes come from, and what to call when it has
been handled."""


def from_maildir(folder: str) -> Iterator[Fetched]:
    """Yield the new emails of a maildir, oldest name first.

    One that has been handled is moved to ``cur`` and marked as seen.

    Raises:
        DiskError: it is not a maildir, or cannot be read.
    """
    new, seen = Path(folder, "new"), Path(folder, "cur")
    try:
        names = sorted(
            entry.name
            for entry in os.scandir(new)
            if entry.is_file(follow_symlinks=False)
        )
    except OSError as error:
        raise DiskError(
            f"cannot read {new}: {error.strerror}",
            "name a maildir: a folder with the folders new, cur and tmp",
        ) from None
    for name in names:
        descriptor = _opened(new / name)
        if descriptor is None:
            continue

        def done(name: str = name) -> None:
            seen.mkdir(exist_ok=True)
            os.replace(new / name, seen / f"{name.partition(':')[0]}:2,S")

        with open(descriptor, "rb") as file:
            yield name, file, done


def _opened(path: Path) -> int | None:
    """Return the descriptor of a file; ``None`` if it is gone, or not a regular file.

    Another program may have moved it first.

    Raises:
        DiskError: it cannot be read.
    """
    try:
        descriptor = os.open(
            path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
            return None
        raise DiskError(f"cannot read {path}: {error.strerror}") from None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def from_imap(
    server: MailServer, environment: Mapping[str, str] = os.environ
) -> Iterator[Fetched]:
    """Yield the emails of a folder that nobody has seen.

    One that has been handled is marked as seen.

    Raises:
        SettingsError: there is no password, or imap-tools is not installed.
        BusyError: the server cannot be reached, or refuses.
    """
    with _mailbox(server, read_password(server, PASSWORD_FILE, environment)) as box:
        box.client.read = _bounded(box.client.read)
        for uid in _call(server, partial(box.uids, "UNSEEN")):
            yield (
                f"{server.folder} {uid}",
                _Message(server, box, uid),
                partial(_mark, server, box, uid),
            )


class _Message:
    """An email on a server, fetched piece by piece."""

    def __init__(self, server: MailServer, box: Any, uid: str) -> None:
        self._server, self._box, self._uid, self._at = server, box, uid, 0

    def read(self, size: int, /) -> bytes:
        """Return so many bytes; fewer only at the end.

        Raises:
            BusyError: the server cannot be reached, or no longer has the email.
        """
        item = f"(BODY.PEEK[]<{self._at}.{size}>)"
        answer = _call(
            self._server, partial(self._box.client.uid, "fetch", self._uid, item)
        )
        parts = [part[1] for part in answer[1] if isinstance(part, tuple)]
        if not parts and not self._at:
            raise BusyError(
                f"{self._server.host} no longer has email {self._uid}",
                "try again later",
            )
        data = bytes(parts[0])[:size] if parts else b""
        self._at += len(data)
        return data


def _bounded(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Return a ``read`` that refuses more bytes than we take at once.

    A server must not fill the memory.
    """

    def bounded(size: int) -> bytes:
        if size > _LARGEST:
            raise imaplib.IMAP4.abort(f"the server wants to send {size} bytes at once")
        return read(size)

    return bounded


def _mark(server: MailServer, box: Any, uid: str) -> None:
    _call(server, partial(box.flag, uid, "\\Seen", True))


@contextmanager
def _mailbox(server: MailServer, password: str) -> Iterator[Any]:
    try:
        import imap_tools
    except ImportError:
        raise SettingsError(
            "the package imap-tools is not installed", "pip install 'ticketctl[mail]'"
        ) from None
    kinds = {
        "implicit": imap_tools.MailBox,
        "starttls": imap_tools.MailBoxStartTls,
        "none": imap_tools.MailBoxUnencrypted,
    }
    box: Any = _call(
        server, partial(kinds[server.tls], server.host, server.port, timeout=_TIMEOUT)
    )
    try:
        _call(server, partial(box.login, server.user, password, server.folder))
        yield box
    finally:
        with suppress(
            OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError
        ):  # the emails have been handled
            box.logout()


def _call(server: MailServer, function: Callable[[], Any]) -> Any:
    """Return the server's answer.

    Raises:
        BusyError: it cannot be reached, or refuses.
    """
    import imap_tools

    try:
        return function()
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BusyError(
            f"{server.host}:{server.port}: {reason}", "try again later"
        ) from None
