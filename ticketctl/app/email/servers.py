"""Whether this clone sends email, and which servers it trusts."""

from __future__ import annotations

import os

from ticketctl.app.workspace import Workspace
from ticketctl.errors import (
    RefusedError,
    SettingsError,
)
from ticketctl.store.email.settings import LOOPBACK, MailServer, MailSettings
from ticketctl.store.git import config


def outgoing_settings(workspace: Workspace) -> MailSettings:
    """The mail settings, if this store sends mail and this clone may.

    Raises:
        SettingsError: it sends none.
        RefusedError: another clone does.
    """
    mail = workspace.settings.mail
    if mail is None or not mail.delivers:
        raise SettingsError(
            "this store sends no mail",
            "mail: {from: ADDRESS, smtp: {host: HOST}} in ticketctl.yaml",
        )
    if not config.is_sender(workspace.root):
        raise RefusedError(
            "this clone does not send mail",
            "in the one that shall: git config ticketctl.sender true",
        )
    if mail.smtp is not None:
        known_server(workspace, mail.smtp, "smtp")
    return mail


_PLACE = "ticketctl.senderPlace"


def refuse_copy(workspace: Workspace) -> None:
    """See that this is the folder that has sent before, not a copy of it; the first
    time, remember where it lies.

    Raises:
        RefusedError: it is a copy.
    """
    place = config.place(workspace.root)
    known = config.own(workspace.root, _PLACE)
    if not known:
        config.set_own(workspace.root, _PLACE, place)
    elif known != place:
        hint = f"if it has moved for good: git config --unset {_PLACE}; if not: git config --unset ticketctl.sender"
        raise RefusedError(
            f"this looks like a copy of the clone that sends mail, which was {known}",
            hint,
        )


def known_server(workspace: Workspace, server: MailServer, kind: str) -> None:
    """See that email, and passwords, go only where this clone's own configuration (or
    the environment) says: the settings of a store may come from anybody. This machine
    itself, without a password, is the only exception.

    Args:
        kind: ``smtp`` or ``imap``.

    Raises:
        SettingsError: the store names a server that this clone does not know.
    """
    if server.host in LOOPBACK and not server.user:
        return
    named = (
        config.own(workspace.root, f"ticketctl.{kind}"),
        os.environ.get(f"TICKETCTL_{kind.upper()}_SERVER"),
    )
    if server.place not in named:
        what = (
            f"email to {server.place}"
            if kind == "smtp"
            else f"a password to {server.place}"
        )
        hint = f"if that is your server: git config ticketctl.{kind} {server.place}"
        raise SettingsError(
            f"the store wants to send {what}, which this clone does not know", hint
        )
