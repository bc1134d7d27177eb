"""As whom the sender of an email can act on a ticket."""

from __future__ import annotations

from ticketctl.core.engine.requests import Actor
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.store.email.headers import same_address


def actors_by_email(
    profile: Profile, ticket: Ticket, people: People, sender: str
) -> list[Actor]:
    """Return as whom a sender can act on a ticket by email, the likeliest role first.

    Only customer, watchers and staff can act by email.
    """
    customer = profile.role_of_kind("customer")
    is_customer = ticket.customer is not None and same_address(ticket.customer, sender)
    is_watcher = any(same_address(watcher, sender) for watcher in ticket.watchers)
    is_assignee = same_address(ticket.assignee or "", sender)
    if people.roles is not None:
        staff = staff_roles(profile, people, sender)
    else:
        staff = [profile.role_of_kind("agent")] if is_assignee else []
    as_customer = [customer] if is_customer or is_watcher else []
    # The customer answers as the customer, unless they also work on the ticket.
    if is_customer and not is_assignee:
        roles = [*as_customer, *staff]
    else:
        roles = [*staff, *as_customer]
    customer_name = ticket.customer if is_customer and ticket.customer else sender
    staff_name = next(
        (name for name in people.roles or {} if same_address(name, sender)), sender
    )
    return [
        Actor(customer_name if role == customer else staff_name, role) for role in roles
    ]


def staff_roles(profile: Profile, people: People, sender: str) -> list[str]:
    """Return the staff roles of a sender; none where the settings list no people.

    The settings may spell the address in another way.
    """
    roles = {
        role
        for name, roles in (people.roles or {}).items()
        if same_address(name, sender)
        for role in roles
    }
    return [
        role.name
        for role in profile.roles.values()
        if role.name in roles and role.kind in ("agent", "integration")
    ]
