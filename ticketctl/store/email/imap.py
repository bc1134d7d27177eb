"""The one door to mailboxes on the way in: a maildir, or a folder of an IMAP server
(imap-tools, extra ``mail``)."""

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
"""An email: its name for people, where its bytes come from, and what is to be called
when it has been taken care of."""


def from_maildir(folder: str) -> Iterator[Fetched]:
    """The new letters of a maildir, oldest name first; one that is done is moved to
    ``cur`` and marked as seen.

    Raises:
        DiskError: it is no maildir, or cannot be read.
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
            f"{new}: {error.strerror}", "a maildir has the folders new, cur and tmp"
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
    """The descriptor of a file; nothing, if it is gone (somebody else was faster), or
    is a link, a FIFO or the like.

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
        raise DiskError(f"{path}: {error.strerror}") from None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def from_imap(
    server: MailServer, environment: Mapping[str, str] = os.environ
) -> Iterator[Fetched]:
    """The letters of a folder that nobody has seen; one that is done is marked as seen.

    Raises:
        SettingsError: no password, or imap-tools is not installed.
        BusyError: the server cannot be reached, or says no.
    """
    with _mailbox(server, read_password(server, PASSWORD_FILE, environment)) as box:
        box.client.read = _bounded(box.client.read)
        for uid in _said(server, partial(box.uids, "UNSEEN")):
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
        """So many bytes, or all that are left if they are fewer.

        Raises:
            BusyError: the server cannot be reached, or has it no more.
        """
        what = f"(BODY.PEEK[]<{self._at}.{size}>)"
        answer = _said(
            self._server, partial(self._box.client.uid, "fetch", self._uid, what)
        )
        parts = [part[1] for part in answer[1] if isinstance(part, tuple)]
        if not parts and not self._at:
            raise BusyError(
                f"{self._server.host} has no email {self._uid} any more",
                "try again later",
            )
        data = bytes(parts[0])[:size] if parts else b""
        self._at += len(data)
        return data


def _bounded(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same, unless the server says that it has more than was asked for: it is not
    to fill the memory."""

    def bounded(size: int) -> bytes:
        if size > _LARGEST:
            raise imaplib.IMAP4.abort(f"the server wants to send {size} bytes at once")
        return read(size)

    return bounded


def _mark(server: MailServer, box: Any, uid: str) -> None:
    _said(server, partial(box.flag, uid, "\\Seen", True))


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
    box: Any = _said(
        server, partial(kinds[server.tls], server.host, server.port, timeout=_TIMEOUT)
    )
    try:
        _said(server, partial(box.login, server.user, password, server.folder))
        yield box
    finally:
        with suppress(
            OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError
        ):  # what matters has been done, or said
            box.logout()


def _said(server: MailServer, ask: Callable[[], Any]) -> Any:
    """The server's answer; what it has against it, as words."""
    import imap_tools

    try:
        return ask()
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        words = " ".join(str(error).split())[:300]
        raise BusyError(
            f"{server.host}:{server.port}: {words}", "try again later"
        ) from None
