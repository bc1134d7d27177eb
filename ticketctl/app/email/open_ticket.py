"""Open a new ticket for an email."""

from __future__ import annotations

from ticketctl.app.change import first_allowed
from ticketctl.app.email.add_to_ticket import keep_remainder, write_email
from ticketctl.app.email.content import (
    prepare,
    title_of,
)
from ticketctl.app.email.quota import FOR_PEOPLE
from ticketctl.app.email.receipt import Receipt
from ticketctl.app.email.senders import staff_roles, vouched
from ticketctl.app.input import values
from ticketctl.app.outcome import Outcome
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor, Create, Refusal
from ticketctl.errors import MissingError, RefusedError, SettingsError
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings

# --- a new ticket ---


def open_ticket(
    workspace: Workspace, mail: MailSettings, letter: Email, data: bytes
) -> Receipt:
    """Open a ticket for an email that answers none.

    Raises:
        RefusedError: it has no usable sender, was sent to none of our addresses, or the
            rules refuse the ticket.
        SettingsError: no profile is set for new email, or there is no such profile.
    """
    if not letter.sender:
        raise RefusedError(
            "it has not one sender whom we could answer (an address in plain ASCII)"
        )
    name = next(
        (mail.addresses[to] for to in letter.recipients if to in mail.addresses), None
    )
    if name is None and mail.addresses:
        raise RefusedError(
            f"it was sent to none of our addresses ({', '.join(mail.addresses)})"
        )
    if not (name or workspace.settings.profile):
        raise SettingsError(
            "the settings do not say which profile new mail is for",
            "mail: {addresses: {ADDRESS: PROFILE}}",
        )
    try:
        profile = workspace.registry.get(name or workspace.settings.profile)
    except MissingError as error:
        raise SettingsError(
            error.message, "mail: {addresses: {ADDRESS: PROFILE}}"
        ) from None
    id_ = workspace.store.fresh_id(workspace.now)
    prepared = prepare(letter, answers=False)
    people = workspace.people_of(profile)
    roles = [profile.role_of_kind("customer")]
    roles += [
        role
        for role in staff_roles(profile, people, letter.sender)
        if vouched(mail, profile, role, letter)
    ]
    title = title_of(letter, prepared)
    requests = [
        Create(
            id_,
            Actor(letter.sender, role),
            title,
            values.body(prepared.body, "the message"),
            prepared.left_out or None,
            sets={"customer": letter.sender},
            via="mail",
            subject=letter.subject,
            mail_id=letter.message_id,
            files=prepared.files,
            mail_digest=letter.digest,
        )
        for role in roles
    ]
    made = first_allowed(workspace, profile, None, requests)
    if isinstance(made, Refusal):
        raise RefusedError(
            f"a new ticket of {profile.name} was refused: {'; '.join(made.reasons)}"
        )
    buried = (
        keep_remainder(workspace, data, id_, "too large or too many attachments")
        if prepared.left_out
        else []
    )
    write_email(
        workspace, Outcome(id_, None, made, profile), prepared, FOR_PEOPLE, buried
    )
    return Receipt(
        "opened", id_, f"{id_}: new, from {letter.sender}", letter.message_id
    )
