"""Whether this clone sends email, and which servers it trusts."""

from __future__ import annotations

import os

from ticketctl.app.workspace import Workspace
from ticketctl.errors import RefusedError, SettingsError
from ticketctl.store.email.settings import LOOPBACK, MailServer, MailSettings
from ticketctl.store.git import config

_PLACE = "ticketctl.senderPlace"


def outgoing_settings(workspace: Workspace) -> MailSettings:
    """Return the mail settings, if the store sends email and this clone may.

    Raises:
        SettingsError: the store sends no email.
        RefusedError: another clone sends it.
    """
    settings = workspace.settings.mail
    if settings is None or not settings.delivers:
        raise SettingsError(
            "this store does not send email",
            "set mail: {from: ADDRESS, smtp: {host: HOST}} in ticketctl.yaml",
        )
    if not config.is_sender(workspace.root):
        raise RefusedError(
            "this clone does not send email",
            "in the clone that sends: git config ticketctl.sender true",
        )
    if settings.smtp is not None:
        require_trusted_server(workspace, settings.smtp, "smtp")
    return settings


def refuse_copy(workspace: Workspace) -> None:
    """Refuse to send email from a copy of the clone that has sent before.

    The first time, the place of the clone is recorded.

    Raises:
        RefusedError: the clone is at another place than before.
    """
    place = config.clone_place(workspace.root)
    recorded = config.clone_setting(workspace.root, _PLACE)
    if not recorded:
        config.set_clone_setting(workspace.root, _PLACE, place)
    elif recorded != place:
        raise RefusedError(
            f"this looks like a copy of the clone that sends email, which was at {recorded}",
            f"if the clone has moved: git config --unset {_PLACE}; if this is a copy: git config --unset ticketctl.sender",
        )


def require_trusted_server(workspace: Workspace, server: MailServer, kind: str) -> None:
    """Check that email and passwords go only to a server that this clone trusts.

    The settings of a store may come from anybody, so the clone's own git configuration
    or the environment must name the server. Only this machine itself needs no such
    trust, if it gets no password.

    Args:
        kind: ``smtp`` or ``imap``.

    Raises:
        SettingsError: this clone does not trust the server.
    """
    if server.host in LOOPBACK and not server.user:
        return
    trusted = (
        config.clone_setting(workspace.root, f"ticketctl.{kind}"),
        os.environ.get(f"TICKETCTL_{kind.upper()}_SERVER"),
    )
    if server.place not in trusted:
        what = "email" if kind == "smtp" else "a password"
        raise SettingsError(
            f"the store wants to send {what} to {server.place}, which this clone does not trust",
            f"if that is your server: git config ticketctl.{kind} {server.place}",
        )
