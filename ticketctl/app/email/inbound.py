"""``mail in``: decide what becomes of an email.

Each email is on a ticket afterwards, or in ``dead-letters/`` with the reason.
"""

from __future__ import annotations

from functools import partial

from ticketctl.app.email import rate_limit
from ticketctl.app.email.add_to_ticket import add_to_ticket, keep_remainder
from ticketctl.app.email.content import must_quarantine, records_email
from ticketctl.app.email.duplicates import home_of_thread
from ticketctl.app.email.incoming import Delivery
from ticketctl.app.email.open_ticket import open_ticket
from ticketctl.app.email.quarantine import (
    put_in_quarantine,
    quarantine_and_notify,
    quarantine_large,
)
from ticketctl.app.email.receipt import Receipt, already_received, quarantined
from ticketctl.app.email.threads import (
    EmailEntry,
    answered_ticket,
    entry_of_email,
    entry_of_former_id,
    leads_to,
    message_ids,
    open_follow_up,
)
from ticketctl.app.email.ticket_reader import TicketReader
from ticketctl.app.index.find import newest_ticket_of
from ticketctl.app.retry import retry_if_changed
from ticketctl.app.transaction import write_files, writing
from ticketctl.app.unfinished_commits import uncommitted_error
from ticketctl.app.workspace import Workspace
from ticketctl.errors import RefusedError, SettingsError, UsageError
from ticketctl.record import replace
from ticketctl.store.email import quarantine
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import parse_email
from ticketctl.store.email.quarantine import Source
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

MAX_EMAIL = 40 << 20
"""The largest email that is parsed, in bytes."""


def receive_from(
    workspace: Workspace, source: Source, to: str | None = None
) -> Receipt:
    """Receive an email of unknown size.

    An email that is too large to be parsed is quarantined without being read into
    memory. Left with the mail server, it would come again for days and then go back to
    its sender, and no one here would know.

    Args:
        source: where its bytes come from.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        BusyError: it is too large even for the quarantine; else as of :func:`receive`.
    """
    data = source.read(MAX_EMAIL + 1)
    if len(data) <= MAX_EMAIL:
        return receive(workspace, data, to)
    _incoming_settings(workspace)
    reason = _too_large()
    return quarantined(reason, quarantine_large(workspace, data, source, reason))


def receive(workspace: Workspace, data: bytes, to: str | None = None) -> Receipt:
    """Receive an email.

    Args:
        data: the email as it came.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        SettingsError: the store has no mail settings, or a profile is unusable.
        BrokenError: its ticket cannot be read.
        BusyError, DiskError: try again.
    """
    settings = _incoming_settings(workspace)
    try:
        if len(data) > MAX_EMAIL:
            raise RefusedError(_too_large())
        email = parse_email(data)
        if to is not None:
            email = replace(email, recipients=(to.lower(), *email.recipients))
        if email.sender in (settings.sender, *settings.addresses):
            email = replace(email, machine=email.machine or "our own address")
        return retry_if_changed(
            partial(_deliver, workspace, Delivery(settings, email, data))
        )
    except UnreadableError as error:
        reason = f"it cannot be read: {error}"
    except (RefusedError, UsageError) as error:
        reason = error.message
    return quarantined(reason, put_in_quarantine(workspace, data, reason))


def _incoming_settings(workspace: Workspace) -> MailSettings:
    if workspace.settings.mail is None:
        raise SettingsError(
            "this store does not receive email",
            "set mail: {from: ADDRESS, addresses: {ADDRESS: PROFILE}} in ticketctl.yaml",
        )
    return workspace.settings.mail


def _too_large() -> str:
    return f"it cannot be read: larger than {MAX_EMAIL >> 20} MiB"


def _deliver(workspace: Workspace, delivery: Delivery) -> Receipt:
    """Put an email on the ticket that it answers, or on a new one."""
    with writing(workspace):
        tickets = TicketReader(workspace)
        answered = answered_ticket(tickets, delivery.settings, delivery.email)
        if answered is not None:
            answered = home_of_thread(tickets, answered)
        if former := entry_of_former_id(tickets, delivery.email):
            return already_received(former.id, delivery.email.former_id)
        for name in message_ids(delivery.email, delivery.settings):
            message_id = delivery.email.message_id
            record = entry_of_email(tickets, [name])
            if record is None:
                email = replace(delivery.email, message_id=name)
                delivery = replace(delivery, email=email)
                break
            belongs_there = record.entry.event == "created" or leads_to(
                tickets, answered, record.id
            )
            if name != message_id or (
                belongs_there and records_email(workspace, record, delivery)
            ):
                return _receive_again(workspace, delivery, record, name)
        settings = delivery.settings
        if (
            rate_limit.received_this_hour(workspace, delivery.rate_key)
            >= settings.per_hour
        ):
            return _too_many(workspace, delivery, answered)
        if answered is not None:
            answered = open_follow_up(tickets, answered, delivery.email)
            home = home_of_thread(tickets, answered)
            receipt = add_to_ticket(workspace, home, delivery)
        elif delivery.email.machine:
            raise RefusedError(
                f"an automatic email ({delivery.email.machine}) that answers no ticket"
            )
        else:
            receipt = open_ticket(workspace, delivery)
        rate_limit.count_email(workspace, delivery.rate_key)
        return receipt


def _receive_again(
    workspace: Workspace, delivery: Delivery, record: EmailEntry, name: str
) -> Receipt:
    """Receive an email that a ticket has already.

    Args:
        record: where it is recorded.
        name: the Message-ID under which it is recorded there.

    Raises:
        BusyError: that entry is not committed yet, and git could take it away.
    """
    if must_quarantine(workspace, record.entry, delivery):
        reason = "it was left out in another clone"
        write_files(
            workspace, keep_remainder(workspace, delivery.data, record.id, reason)
        )
    if uncommitted := uncommitted_error(workspace):
        raise uncommitted
    return already_received(record.id, name)


def _too_many(
    workspace: Workspace, delivery: Delivery, answered: LoadedTicket | None
) -> Receipt:
    """Quarantine an email of a sender who sends too many, and notify staff.

    Staff are notified once an hour, by a note on the ticket that the email answers,
    else on the newest ticket of the sender.
    """
    per_hour = delivery.settings.per_hour
    sender = delivery.email.sender or "unknown senders"
    if not delivery.is_vouched:
        sender += f", whom {delivery.settings.trust} does not confirm,"
    reason = f"more than {per_hour} emails from {sender} within an hour"
    loaded = None
    if not rate_limit.were_staff_notified(workspace, delivery.rate_key):
        loaded = answered or newest_ticket_of(workspace, delivery.email.sender)
    since = f"{workspace.now:%Y-%m-%d %H:%M} UTC"
    note = (
        f"Since {since} there are {reason} (mail: per_hour). "
        f"Further ones are quarantined in {quarantine.DEAD}/."
    )
    place = quarantine_and_notify(
        workspace,
        delivery.data,
        reason,
        loaded,
        note,
        partial(rate_limit.record_staff_notified, workspace, delivery.rate_key),
    )
    return quarantined(reason, place)
