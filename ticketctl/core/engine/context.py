"""What rules look at besides the ticket, and the placeholders filled from it.

A situation is the workflow, the people and the time; an evaluation context adds the
ticket, the actor and what they write.
"""

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
from collections.abc import Mapping

from ticketctl.core import dates
from ticketctl.core.engine.events import last_customer_text
from ticketctl.core.entry import Entry, Value
from ticketctl.core.templates import TooLongError, filled, shortened
from ticketctl.core.ticket import flat


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


def fill(
    text: str,
    context: EvalContext,
    cause: Entry | None = None,
    more: Mapping[str, str] | None = None,
) -> str:
    """Return a text of the profile with its ``$names`` filled in, for reading.

    Long values are cut where the text would be too long.

    Args:
        cause: the entry whose text and note are ``$text`` and ``$note``.
        more: further names and their values.
    """
    return shortened(text, _values(context, cause, more)) if "$" in text else text


def fill_value(
    text: str, context: EvalContext, what: str, cause: Entry | None = None
) -> str:
    """Return a text with its ``$names`` filled in, to be a part of the ticket: whole.

    Args:
        what: which value it is, for the error.
        cause: as of :func:`fill`.

    Raises:
        TooLongError: it would be too long.
    """
    if "$" not in text:
        return text
    try:
        return filled(text, _values(context, cause))
    except TooLongError as error:
        raise TooLongError(error.length, what) from None


def _values(
    context: EvalContext, cause: Entry | None, more: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Return the value of each name."""
    ticket = context.ticket
    fields = {name: as_text(value) for name, value in ticket.fields.items()}
    head = {
        name: as_text(ticket.get(name))
        for name in (
            "assignee",
            "customer",
            "due",
            "title",
            "id",
            "follows",
            "watchers",
        )
    }
    return {
        **fields,
        **head,
        "actor": context.actor,
        "now": dates.format_instant(context.now),
        "name": context.name,
        "text": ((cause and cause.text) or "").strip(),
        "note": ((cause and cause.note) or "").strip(),
        "last_reply": last_customer_text(context.profile, ticket.acts),
        "closes": "",
        "follow_up": "",
        **(more or {}),
    }


def as_text(value: Value | None) -> str:
    """Return a field's value as it stands in a text; empty if it is not set."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def fill_sets(
    sets: Mapping[str, Value | None], context: EvalContext
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return what a profile sets, filled in, as ``set`` and ``unset`` of an entry.

    Names are flat. What the ticket has already is left out.

    Raises:
        TooLongError: a value would be too long.
    """
    put: dict[str, Value] = {}
    cleared: list[str] = []
    for name, value in sets.items():
        value = fill_value(value, context, name) if isinstance(value, str) else value
        if value is None or value == "":
            if context.ticket.get(name) is not None:
                cleared.append(flat(name))
        elif context.ticket.get(name) != value:
            put[flat(name)] = value
    return put, tuple(cleared)
