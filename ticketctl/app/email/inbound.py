"""``mail in``: decide what becomes of an email.

Each email is on a ticket afterwards, or in ``dead-letters/`` with the reason.
"""

from __future__ import annotations

from functools import partial

from ticketctl.app.email import duplicates, rate_limit, threads
from ticketctl.app.email.add_to_ticket import add_to_ticket, keep_remainder
from ticketctl.app.email.content import (
    is_held,
    must_quarantine,
)
from ticketctl.app.email.open_ticket import open_ticket
from ticketctl.app.email.quarantine import (
    put_in_quarantine,
    quarantine_and_notify,
    quarantine_large,
)
from ticketctl.app.email.receipt import (
    Receipt,
    already_received,
    quarantined,
)
from ticketctl.app.email.senders import is_vouched
from ticketctl.app.index.find import newest_of
from ticketctl.app.retry import retry
from ticketctl.app.transaction import write, writing
from ticketctl.app.unfinished_commits import waiting
from ticketctl.app.workspace import Workspace
from ticketctl.errors import RefusedError, SettingsError, UsageError
from ticketctl.record import replace
from ticketctl.store.email import quarantine
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import Email, parse_email
from ticketctl.store.email.quarantine import Source
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.yaml.loader import LoadedTicket

MAX_EMAIL = 40 << 20
"""The largest email that is read, in bytes."""


def receive_from(
    workspace: Workspace, source: Source, to: str | None = None
) -> Receipt:
    """Put an email where it belongs, not knowing how large it is: what cannot be read
    for its size never is in the memory.

    It is kept, as everything is that is its sender's fault: to leave it with the mail
    server would have it come again for days, and then go back to its sender, with
    nobody here knowing.

    Args:
        source: where its bytes come from.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        BusyError: it is larger than what is kept at all; else as of :func:`receive`.
    """
    data = source.read(MAX_EMAIL + 1)
    if len(data) <= MAX_EMAIL:
        return receive(workspace, data, to)
    _settings(workspace)
    reason = _too_large()
    return quarantined(reason, quarantine_large(workspace, data, source, reason))


def receive(workspace: Workspace, data: bytes, to: str | None = None) -> Receipt:
    """Put an email where it belongs.

    Args:
        data: the email as it came.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        SettingsError: the store has no mail settings, or a profile is unusable.
        BrokenError: its ticket cannot be read.
        BusyError, DiskError: try again.
    """
    mail = _settings(workspace)
    try:
        if len(data) > MAX_EMAIL:
            return quarantined(
                _too_large(), put_in_quarantine(workspace, data, _too_large())
            )
        letter = parse_email(data)
        if to is not None:
            letter = replace(letter, recipients=(to.lower(), *letter.recipients))
        if letter.sender in (mail.sender, *mail.addresses):
            letter = replace(letter, machine=letter.machine or "our own address")
        return retry(partial(_put, workspace, mail, letter, data))
    except UnreadableError as error:
        reason = f"it cannot be read: {error}"
    except (RefusedError, UsageError) as error:
        reason = error.message
    return quarantined(reason, put_in_quarantine(workspace, data, reason))


def _settings(workspace: Workspace) -> MailSettings:
    if workspace.settings.mail is None:
        raise SettingsError(
            "this store gets no mail",
            "mail: {from: ADDRESS, addresses: {ADDRESS: PROFILE}} in ticketctl.yaml",
        )
    return workspace.settings.mail


def _too_large() -> str:
    return f"it cannot be read: larger than {MAX_EMAIL >> 20} MiB"


def _put(
    workspace: Workspace, mail: MailSettings, letter: Email, data: bytes
) -> Receipt:
    """Put an email on its ticket, or make one."""
    with writing(workspace):
        found = threads.ticket_of(workspace, mail, letter)
        if found is not None:
            found = duplicates.home(workspace, found)
        if held := threads.held_before(workspace, letter):
            return already_received(held, letter.former_id)
        for name in threads.names(letter, mail):
            known = threads.holder(workspace, [name])
            if known is None:
                letter = replace(letter, message_id=name)
                break
            id_, entry = known
            there = entry.event == "created" or threads.leads_to(workspace, found, id_)
            if name != letter.message_id or (
                there and is_held(workspace, id_, entry, letter, data)
            ):
                if must_quarantine(workspace, entry, letter, data):
                    write(
                        workspace,
                        keep_remainder(
                            workspace, data, id_, "it was left out in another clone"
                        ),
                    )
                if left := waiting(workspace):
                    raise left  # only what is committed is safe from what git does
                return already_received(id_, name)
        if rate_limit.number(workspace, _counted_as(mail, letter)) >= mail.per_hour:
            return _too_many(workspace, mail, letter, data, found)
        if found is not None:
            found = duplicates.home(
                workspace, threads.continued(workspace, found, letter)
            )
            receipt = add_to_ticket(workspace, mail, found, letter, data)
        elif letter.machine:
            raise RefusedError(
                f"written by a machine ({letter.machine}), and it answers no ticket"
            )
        else:
            receipt = open_ticket(workspace, mail, letter, data)
        rate_limit.count(workspace, _counted_as(mail, letter))
        return receipt


def _counted_as(mail: MailSettings, letter: Email) -> str:
    """For whom an email counts: what anybody can have written under somebody's address
    uses up nothing of theirs."""
    return letter.sender if is_vouched(mail, letter) else f"unvouched {letter.sender}"


def _too_many(
    workspace: Workspace,
    mail: MailSettings,
    letter: Email,
    data: bytes,
    found: LoadedTicket | None,
) -> Receipt:
    """Keep an email of somebody who sends too many, and tell staff once an hour: on the
    ticket that it answers, else on the sender's newest."""
    counted = _counted_as(mail, letter)
    sender = letter.sender or "unknown senders"
    if not is_vouched(mail, letter):
        sender += f", for whom {mail.trust} does not vouch,"
    reason = f"more than {mail.per_hour} emails of {sender} within an hour"
    told = rate_limit.was_told(workspace, counted)
    was = None if told else found or newest_of(workspace, letter.sender)
    since = f"{workspace.now:%Y-%m-%d %H:%M} UTC"
    note = f"Since {since} there are {reason} (mail: per_hour). Those above are kept in {quarantine.DEAD}/."
    place = quarantine_and_notify(
        workspace, data, reason, was, note, partial(rate_limit.tell, workspace, counted)
    )
    return quarantined(reason, place)
