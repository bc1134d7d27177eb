"""Who the writer of an email can be towards a ticket."""

from __future__ import annotations

from ticketctl.core.engine.requests import Actor
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.store.email.headers import same_address
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings


def actors_by_mail(
    profile: Profile, ticket: Ticket, people: People, who: str
) -> list[Actor]:
    """Whom a email's writer can be towards a ticket: its customer, or staff; nobody
    else may act on it by mail."""
    customer = profile.role_of_kind("customer")
    own = ticket.customer is not None and same_address(ticket.customer, who)
    watches = any(same_address(watcher, who) for watcher in ticket.watchers)
    if people.roles is None:
        staff = (
            [profile.role_of_kind("agent")]
            if same_address(ticket.assignee or "", who)
            else []
        )
    else:
        staff = staff_roles(profile, people, who)
    as_customer = [customer] if own or watches else []
    # Who asked answers as who asked, unless they also work on it.
    roles = (
        [*as_customer, *staff]
        if own and not same_address(ticket.assignee or "", who)
        else [*staff, *as_customer]
    )
    name = ticket.customer if own and ticket.customer else who
    listed = next(
        (known for known in people.roles or {} if same_address(known, who)), who
    )
    return [Actor(name if role == customer else listed, role) for role in roles]


def staff_roles(profile: Profile, people: People, who: str) -> list[str]:
    """The roles of staff that somebody has, however the settings write their address;
    none where nobody is listed."""
    held = {
        role
        for name, roles in (people.roles or {}).items()
        if same_address(name, who)
        for role in roles
    }
    return [
        role.name
        for role in profile.roles.values()
        if role.name in held and role.kind in ("agent", "integration")
    ]


def is_vouched(mail: MailSettings, letter: Email) -> bool:
    """Whether our server vouches for the sender of an email; where none is asked, each
    counts as vouched for."""
    return mail.trust in ("", *letter.authentic)


def vouched(mail: MailSettings, profile: Profile, role: str, letter: Email) -> bool:
    """Whether a role can be taken by this email: staff's only if our server vouches for
    its sender, where one does."""
    return profile.kind(role) == "customer" or is_vouched(mail, letter)
