"""The commands for email: mail in, fetch, send, show."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ticketctl.cli.command import Group, StaffCommand
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import ids_argument
from ticketctl.cli.output import say, say_message
from ticketctl.core.plural import counted
from ticketctl.errors import Exit, SettingsError, TicketctlError, exit_of

if TYPE_CHECKING:
    from ticketctl.app.email.pending_notifications import PendingNotification


@click.group("mail", cls=Group)
def mail_command() -> None:
    """Send notifications, receive email."""


@mail_command.command("in")
@click.option(
    "--to",
    metavar="ADDRESS",
    help="The address it was delivered to (Postfix: ${recipient}).",
)
@pass_env
def mail_in(env: Env, /, to: str | None) -> None:
    """Receive one email from stdin, as an MTA, procmail or sieve gives it.

    The email is added to its ticket, or opens a new one. Exit status: 0 if it was
    received or quarantined; 75 for any failure here, so that the MTA tries again.
    """
    from ticketctl.app.email.inbound import receive_from

    receipt = receive_from(env.workspace, sys.stdin.buffer, to)
    say_message(receipt.words, err=False)


@mail_command.command("fetch", cls=StaffCommand)
@click.option(
    "--maildir",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Read this maildir instead of IMAP.",
)
@pass_env
def fetch_mail(env: Env, /, maildir: str | None) -> None:
    """Receive new email by IMAP, or from a maildir.

    Nothing is printed if there is none.
    """
    from ticketctl.app.email.inbound import receive_from
    from ticketctl.app.email.servers import require_trusted_server
    from ticketctl.app.transaction import refuse_future
    from ticketctl.store.email import mailboxes

    refuse_future(env.workspace)  # once, and not for each email
    mail = env.workspace.settings.mail
    if maildir is None and (mail is None or mail.imap is None):
        raise SettingsError(
            "the settings name no IMAP server",
            "--maildir DIR, or mail: {imap: {host: HOST, user: USER}}",
        )
    emails: Iterable[mailboxes.Fetched] = ()
    if maildir is not None:
        emails = mailboxes.from_maildir(maildir)
    elif mail is not None and mail.imap is not None:
        require_trusted_server(env.workspace, mail.imap, "imap")
        emails = mailboxes.from_imap(mail.imap)
    failed = 0
    for name, source, done in emails:
        try:
            receipt = receive_from(env.workspace, source)
        except TicketctlError as error:
            failed += 1
            say_message(f"error: {name}: {error.message}")
            if error.hint:
                say_message(f"hint: {error.hint}")
            continue
        done()
        say_message(receipt.words, err=False)
    if failed:
        say_message(f"{counted(failed, 'email')} left for the next run")
        finish(Exit.BUSY)


@mail_command.command("send", cls=StaffCommand)
@pass_env
def send_mail(env: Env, /) -> None:
    """Send the pending notifications by email, oldest first.

    Only the clone with "git config ticketctl.sender true" sends. Nothing
    is printed if none is pending.
    """
    from ticketctl.app.email.outbound import send

    with env.progress() as progress:
        result = send(env.workspace, progress)
    if result.busy:
        env.note("another run is sending; nothing to do")
        return
    for pending, to in result.sent:
        say_message(f"sent    {_line(pending, to)}", " " * 8, err=False)
    for pending, to, words in result.failed:
        say_message(f"failed  {_line(pending, to)}: {words}", " " * 8)
    waiting = {
        "waiting for the next try": result.paused,
        "held back (per_day of their recipients)": result.capped,
        "waiting for the ticket to be committed": result.uncommitted,
    }
    if result.sent or result.failed or result.capped or result.uncommitted:
        for words, number in waiting.items():
            if number:
                env.note(f"{counted(number, 'notification')} {words}")
    for finding in result.broken:
        say_message(f"error: {finding}")
    for error in result.errors:
        say_message(f"error: {error.message}")
    if result.errors:
        finish(result.errors[0].exit)
    if result.broken:
        finish(exit_of(result.broken))
    if result.failed:
        finish(Exit.REFUSED)


def _line(pending: PendingNotification, recipients: str) -> str:
    return f"{pending.ticket.id}  {recipients}  {pending.entry.message or ''}"


@mail_command.command("show")
@ids_argument
@pass_env
def show_mail(env: Env, /, ids: tuple[str, ...]) -> None:
    """Show the pending notifications, and why they were not sent.

    With ID, show every notification of those tickets with its text.
    """
    from ticketctl.app.email import notifications, pending_notifications

    workspace = env.workspace
    for id_ in ids:
        for notification, state in notifications.notifications_of(
            workspace, workspace.show(id_).ticket
        ):
            say(f"To: {', '.join(notification.recipients)}")
            say(f"Subject: {notification.subject}")
            say(f"Date: {env.formatter.time(notification.at)} ({state})")
            for line in ("", *notification.body.split("\n"), ""):
                say(line)
    if ids:
        return
    waiting = [
        pending
        for pending in pending_notifications.pending_notifications(workspace, [])
        if notifications.is_recipient(workspace, pending.recipients)
    ]
    for pending in waiting:
        since = env.formatter.time(pending.entry.at)
        line = f"{_line(pending, ', '.join(pending.recipients))}  since {since}"
        if pending.tries:
            again = pending.again and env.formatter.time(pending.again)
            tries = counted(pending.tries, "time")
            line += f"  tried {tries}, next {again or 'at once'}: {pending.error}"
        say_message(line, "  ", err=False)
    if not waiting:
        env.note("no notifications are pending")
