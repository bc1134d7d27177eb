"""Open a new ticket for an email."""

from __future__ import annotations

from ticketctl.app.change import decide_first_allowed
from ticketctl.app.email.add_to_ticket import keep_remainder, write_email
from ticketctl.app.email.content import content_of, title_of
from ticketctl.app.email.incoming import Delivery
from ticketctl.app.email.quota import FOR_PEOPLE
from ticketctl.app.email.receipt import Receipt
from ticketctl.app.email.senders import staff_roles
from ticketctl.app.input import values
from ticketctl.app.outcome import Outcome
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor, Create, Refusal
from ticketctl.core.profile import Profile
from ticketctl.errors import MissingError, RefusedError, SettingsError

_ADDRESSES = "set mail: {addresses: {ADDRESS: PROFILE}} in ticketctl.yaml"


def open_ticket(workspace: Workspace, delivery: Delivery) -> Receipt:
    """Open a ticket for an email that answers none.

    Raises:
        RefusedError: it has no usable sender, was sent to none of our addresses, or the
            rules refuse the ticket.
        SettingsError: no profile is set for new email, or there is no such profile.
    """
    email = delivery.email
    if not email.sender:
        raise RefusedError("no valid From address (one address, in ASCII)")
    profile = _profile(workspace, delivery)
    id_ = workspace.store.fresh_id(workspace.now)
    content = content_of(email, answers=False)
    people = workspace.people_of(profile)
    roles = [profile.role_of_kind("customer")]
    roles += [
        role
        for role in staff_roles(profile, people, email.sender)
        if delivery.may_act_as(profile, role)
    ]
    title = title_of(email, content)
    requests = [
        Create(
            id_,
            Actor(email.sender, role),
            title,
            values.clean_text(content.body, "the message"),
            content.left_out or None,
            sets={"customer": email.sender},
            via="mail",
            subject=email.subject,
            mail_id=email.message_id,
            files=content.files,
            mail_digest=email.digest,
        )
        for role in roles
    ]
    answer = decide_first_allowed(workspace, profile, None, requests)
    if isinstance(answer, Refusal):
        raise RefusedError(
            f"a new ticket of {profile.name} was refused: {'; '.join(answer.reasons)}"
        )
    remainder = (
        keep_remainder(
            workspace, delivery.data, id_, "attachments that are too large or too many"
        )
        if content.left_out
        else []
    )
    outcome = Outcome(id_, None, answer, profile)
    write_email(workspace, outcome, content, FOR_PEOPLE, remainder)
    words = f"{id_}: new, from {email.sender}"
    return Receipt("opened", id_, words, email.message_id)


def _profile(workspace: Workspace, delivery: Delivery) -> Profile:
    """Return the profile of the address to which an email was sent.

    Raises:
        RefusedError: it was sent to none of our addresses.
        SettingsError: no profile is set for new email, or there is no such profile.
    """
    addresses = delivery.settings.addresses
    recipients = delivery.email.recipients
    name = next((addresses[to] for to in recipients if to in addresses), None)
    if name is None and addresses:
        raise RefusedError(
            f"it was sent to none of our addresses ({', '.join(addresses)})"
        )
    if not (name or workspace.settings.profile):
        raise SettingsError("no profile is set for new email", _ADDRESSES)
    try:
        return workspace.registry.get(name or workspace.settings.profile)
    except MissingError as error:
        raise SettingsError(error.message, _ADDRESSES) from None
