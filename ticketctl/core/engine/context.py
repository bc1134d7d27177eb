"""What rules look at besides the ticket: workflow, people, time, and who acts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ticketctl.record import Record

if TYPE_CHECKING:
    from ticketctl.core.conditions import Channel
    from ticketctl.core.engine.requests import Actor
    from ticketctl.core.entry import Entry
    from ticketctl.core.people import People
    from ticketctl.core.profile import Profile
    from ticketctl.core.ticket import Ticket


class Situation(NamedTuple):
    """The workflow of a ticket, the people of its store, and the time.

    Args:
        profile: the workflow.
        people: who has which role in the store, as ``profile`` sees them.
        now: the instant of the decision, in UTC.
        by_mail: whether notifications are sent by email. Then a decision only records
            that they are due; else they count as sent when they are recorded.
    """

    profile: Profile
    people: People
    now: datetime
    by_mail: bool = False


class EvalContext(Record):
    """Everything that a test may look at.

    Args:
        ticket: as it stands, with what the request sets already in it.
        history: the history before this request.
        role: the role in which the request is made (the customer's, where staff act for
            the customer); empty if nobody acts.
        by: the actor's own role.
        actor: who makes the request.
        changed: names of the fields that the request sets or clears.
    """

    profile: Profile
    people: People
    now: datetime
    ticket: Ticket
    history: tuple[Entry, ...]
    role: str = ""
    by: str = ""
    actor: str = ""
    channel: Channel = "cli"
    text: str | None = None
    note: str | None = None
    subject: str | None = None
    changed: frozenset[str] = frozenset()
    name: str = ""


def system_context(situation: Situation, ticket: Ticket) -> EvalContext:
    """Return the context in which time alone acts on a ticket: as the system role."""
    profile, people, now, _ = situation
    system = profile.system
    return EvalContext(
        profile, people, now, ticket, ticket.acts, system, system, system
    )


def context_for(situation: Situation, ticket: Ticket, actor: Actor) -> EvalContext:
    """Return the context of somebody who looks at a ticket and requests nothing yet."""
    profile, people, now, _ = situation
    role = profile.role_of_kind("customer") if actor.for_ else actor.role
    return EvalContext(
        profile, people, now, ticket, ticket.acts, role, actor.role, actor.who
    )
