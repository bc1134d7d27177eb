"""The one door to mailboxes on the way in: a maildir, or a folder of an IMAP server (imap-tools, extra ``mail``)."""

from __future__ import annotations

import imaplib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ticketctl.errors import BusyError, DiskError, SettingsError
from ticketctl.store.mailsettings import Server
from ticketctl.store.transport import secret

PASSWORD_FILE = "TICKETCTL_IMAP_PASSWORD_FILE"
_TIMEOUT = 60.0
Fetched = tuple[str, bytes, Callable[[], None]]
"""A letter: its name for people, its bytes, and what is to be called when it has been taken care of."""


def from_maildir(folder: str) -> Iterator[Fetched]:
    """The new letters of a maildir, oldest name first; one that is done is moved to ``cur`` and marked as seen.

    Raises:
        DiskError: it is no maildir, or cannot be read.
    """
    new, seen = Path(folder, "new"), Path(folder, "cur")
    try:
        names = sorted(entry.name for entry in os.scandir(new) if entry.is_file(follow_symlinks=False))
    except OSError as error:
        raise DiskError(f"{new}: {error.strerror}", "a maildir has the folders new, cur and tmp") from None
    for name in names:
        try:
            data = (new / name).read_bytes()
        except FileNotFoundError:
            continue  # somebody else was faster

        def done(name: str = name) -> None:
            seen.mkdir(exist_ok=True)
            os.replace(new / name, seen / f"{name.partition(':')[0]}:2,S")

        yield name, data, done


def from_imap(server: Server, environment: Mapping[str, str] = os.environ) -> Iterator[Fetched]:
    """The letters of a folder that nobody has seen; one that is done is marked as seen.

    Raises:
        SettingsError: no password, or imap-tools is not installed.
        BusyError: the server cannot be reached, or says no.
    """
    with _mailbox(server, secret(server, PASSWORD_FILE, environment)) as box:
        for uid in _said(server, partial(box.uids, "UNSEEN")):
            answer = _said(server, partial(box.client.uid, "fetch", uid, "(BODY.PEEK[])"))
            parts = [part[1] for part in answer[1] if isinstance(part, tuple)]
            if parts:
                yield f"{server.folder} {uid}", bytes(parts[0]), partial(_mark, server, box, uid)


def _mark(server: Server, box: Any, uid: str) -> None:
    _said(server, partial(box.flag, uid, "\\Seen", True))


@contextmanager
def _mailbox(server: Server, password: str) -> Iterator[Any]:
    try:
        import imap_tools
    except ImportError:
        raise SettingsError("the package imap-tools is not installed", "pip install 'ticketctl[mail]'") from None
    kinds = {
        "implicit": imap_tools.MailBox,
        "starttls": imap_tools.MailBoxStartTls,
        "none": imap_tools.MailBoxUnencrypted,
    }
    box: Any = _said(server, partial(kinds[server.tls], server.host, server.port, timeout=_TIMEOUT))
    try:
        _said(server, partial(box.login, server.user, password, server.folder))
        yield box
    finally:
        with suppress(OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError):  # what matters has been done, or said
            box.logout()


def _said(server: Server, ask: Callable[[], Any]) -> Any:
    """The server's answer; what it has against it, as words."""
    import imap_tools

    try:
        return ask()
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        words = " ".join(str(error).split())[:300]
        raise BusyError(f"{server.host}:{server.port}: {words}", "try again later") from None
