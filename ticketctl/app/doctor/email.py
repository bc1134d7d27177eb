"""Check that email is sent, and list quarantined email."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

from ticketctl.app.doctor.findings import problem, warning
from ticketctl.app.email.pending_notifications import pending_notifications
from ticketctl.app.email.servers import require_trusted_server
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.plural import counted
from ticketctl.errors import (
    DiskError,
    Finding,
    SettingsError,
)
from ticketctl.store import files
from ticketctl.store.email.mailboxes import PASSWORD_FILE as IMAP_FILE
from ticketctl.store.email.quarantine import DEAD
from ticketctl.store.email.smtp import PASSWORD_FILE as SMTP_FILE
from ticketctl.store.email.smtp import read_password
from ticketctl.store.git import config
from ticketctl.store.settings import NAME

_STALE = timedelta(days=2)


def check_outgoing_email(workspace: Workspace) -> Iterator[Finding]:
    """Check that notifications are sent."""
    if not workspace.by_mail:
        return
    stale = 0
    for pending in pending_notifications(workspace, []):
        if pending.tries:
            words = f"tried {counted(pending.tries, 'time')}: {pending.error}"
            yield problem(
                f"outbox/{pending.name}", words, f"next attempt at {pending.again}"
            )
        elif workspace.now - dates.parse_instant(pending.entry.at) > _STALE:
            stale += 1
    if stale:
        yield problem(
            "tickets",
            f"{counted(stale, 'notification')} pending for more than two days",
            "run ticketctl mail send by cron",
        )
    if not config.is_sender(workspace.root):
        yield warning(
            ".git/config",
            "this clone does not send email",
            "in one clone: git config ticketctl.sender true",
        )


def check_servers(workspace: Workspace) -> Iterator[Finding]:
    """Check that this clone trusts the servers of the store and has their passwords."""
    mail = workspace.settings.mail
    servers = (
        ((mail.smtp, "smtp", SMTP_FILE), (mail.imap, "imap", IMAP_FILE)) if mail else ()
    )
    for server, kind, variable in servers:
        if server is None or (kind == "smtp" and not config.is_sender(workspace.root)):
            continue
        try:
            require_trusted_server(workspace, server, kind)
            read_password(server, variable, os.environ)
        except SettingsError as error:
            yield warning(NAME, error.message, error.hint)


def check_quarantine(workspace: Workspace) -> Iterator[Finding]:
    """Report quarantined email."""
    reasons = [
        name for name in files.list_names(workspace.root, DEAD) if name.endswith(".txt")
    ]
    for name in reasons[:20]:
        try:
            data = files.read_in(workspace.root, f"{DEAD}/{name}", 1000)
            reason = data.decode(errors="replace").strip()[:200]
        except (FileNotFoundError, DiskError) as error:
            reason = str(error)
        path = f"{DEAD}/{name.removesuffix('.txt')}.eml"
        yield warning(
            path,
            f"quarantined email: {reason}",
            "handle it, then remove both files",
        )
    if len(reasons) > 20:
        yield warning(DEAD, f"and {len(reasons) - 20} more quarantined emails")
