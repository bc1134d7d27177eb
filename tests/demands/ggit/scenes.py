"""People, tickets and tables of the demands of ggit."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import pytest

from tests.demands.tables import Words
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import Duration, add, moment_of, zone
from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.moves import open_moves
from ticketctl.core.engine.requests import Actor, Create
from ticketctl.core.ticket import Ticket, fold

ADMIN, RESOURCE = "Follow Up Needed: Admin", "Follow Up Needed: Resource"


WAITING, LINK_SENT, COMPLETE, DEFERRED = (
    "Waiting Customer",
    "Scheduling Link Sent",
    "Complete",
    "Deferred",
)


PROGRESS, TODO, SCHEDULED, VENDOR = (
    "In Progress",
    "No Appt Needed - To Do",
    "Scheduled",
    "Waiting Vendor",
)


PAYMENT, NO_SHOW = "Pending Payment", "No-Show: Remote Customer"


NEW, MAILED, REOPENED, CLOSE = (
    "New",
    "Note Emailed In",
    "Incomplete - Re-opened",
    "Customer or Tech Says Close",
)


FORM, SENT, SCOPE, NO_CONTACT = (
    "Received Form Response",
    "Sent from MC",
    "Out of Scope",
    "MC No Contact",
)


TWELVE = {
    ADMIN: "open",
    RESOURCE: "open",
    WAITING: "pending",
    LINK_SENT: "pending",
    COMPLETE: "closed",
    DEFERRED: "on_hold",
    PROGRESS: "open",
    PAYMENT: "on_hold",
    TODO: "open",
    SCHEDULED: "on_hold",
    VENDOR: "on_hold",
    NO_SHOW: "pending",
}


EIGHT = {
    NEW: "new",
    MAILED: "open",
    REOPENED: "open",
    CLOSE: "open",
    FORM: "open",
    SENT: "open",
    SCOPE: "open",
    NO_CONTACT: "pending",
}


TWENTY = {**TWELVE, **EIGHT}


TECH, BOSS = "technician@staff.example", "admin@staff.example"


TESS, AMY = "tess@staff.example", "amy@staff.example"


STAFF, PERSONS = ("technician", "admin"), ("technician", "admin", "customer")


LINK = "https://ggit.timezest.com/ggit/phone-30-minutes"


PEOPLE = {
    TECH: {"technician"},
    TESS: {"technician"},
    BOSS: {"admin"},
    AMY: {"admin"},
    "timezest@staff.example": {"timezest"},
    "mission_control@staff.example": {"mission_control"},
    "web_form@staff.example": {"web_form"},
}


# What each of the twelve needs, supplied (``due`` as --due takes it). No-Show needs
# ``appointment: booked`` before.
NEEDS: dict[str, Words] = {
    ADMIN: {"note": "Amy: please call them about the invoice"},
    RESOURCE: {"note": "Check the backup", "assignee": TESS},
    WAITING: {},
    LINK_SENT: {"text": f"Please choose a time: {LINK}"},
    COMPLETE: {"time_entries": "done"},
    DEFERRED: {"due": "+10d", "assignee": TESS},
    PROGRESS: {},
    PAYMENT: {},
    TODO: {"assignee": TESS},
    SCHEDULED: {},
    VENDOR: {},
    NO_SHOW: {},
}


INTEGRATIONS = {
    "timezest": {LINK_SENT, SCHEDULED},
    "mission_control": {SENT, SCOPE, NO_CONTACT},
    "web_form": {FORM},
}


# Whom entering one of the twelve tells, in a store that lists nobody and with Tess as
# the primary resource (the scheduling link is a note to the customer).
TOLD: dict[str, list[str]] = {status: [] for status in TWELVE} | {
    ADMIN: [],
    RESOURCE: [TESS],
    COMPLETE: [CUSTOMER],
    NO_SHOW: [CUSTOMER],
    LINK_SENT: [CUSTOMER],
}


# What 400 days do to a ticket of Tess that nobody touches: the status it then has, and
# who was told.
TIMED = {status: (status, set[str]()) for status in TWENTY} | {
    WAITING: (WAITING, {CUSTOMER}),
    PROGRESS: (PROGRESS, {TESS}),
    DEFERRED: (RESOURCE, {TESS}),
}


def demand(*numbers: str) -> pytest.MarkDecorator:
    """The mark that names what a test covers."""
    return pytest.mark.demand(*numbers)


def go(world: World, to: str, role: str = "technician", **words: Any) -> Ticket:
    """Make a move by hand with everything that it needs supplied."""
    if to == NO_SHOW and world.ticket.get("appointment") != "booked":
        world.ask("technician", appointment="booked")
    if to == WAITING and world.ticket.status == LINK_SENT:
        world.ask("customer", text="None of these suits me.")
    given = NEEDS[to] | fit(world, to) | words
    return world.ask(
        role,
        to,
        **given | ({"due": world.when(given["due"])} if "due" in given else {}),
    )


def fit(world: World, to: str) -> dict[str, str]:
    """The category to change to, where the ticket's does not offer a status (G15)."""
    offering = [
        one.name for one in world.profile.categories.values() if to in one.statuses
    ]
    return {} if world.ticket.get("category") in offering else {"category": offering[0]}


@cache
def _at(status: str, assignee: str | None) -> tuple[Ticket, datetime]:
    world = World("ggit")
    world.new()
    if assignee:
        world.ask("technician", assignee=assignee)
    if status in TWELVE:
        go(world, status, **{"assignee": assignee} if assignee else {})
    elif status in (MAILED, CLOSE):
        mail(world, "customer", "it is resolved" if status == CLOSE else "news")
    elif status == REOPENED:
        go(world, COMPLETE)
        world.ask("technician", time_entries="not_done")
    elif status != NEW:
        world.ask(
            next(role for role, theirs in INTEGRATIONS.items() if status in theirs),
            status,
        )
    if (
        status == NO_CONTACT
    ):  # it never rests there: the ticket as it stood before the rule took it on
        names = [entry.to for entry in world.ticket.history]
        world.ticket = fold(world.ticket.history[: names.index(status) + 1])
    assert world.ticket.status == status
    return world.ticket, world.now


def at(status: str, assignee: str | None = TESS, listed: bool = False) -> World:
    """A world whose ticket was brought into a status by legal moves alone."""
    world = World("ggit", PEOPLE if listed else None)
    world.ticket, world.now = _at(status, assignee)
    return world


def mail(world: World, role: str, subject: str | None, **words: Any) -> Ticket:
    """Somebody mails a note into the ticket."""
    return world.ask(
        role, **{"text": "Some words.", "via": "mail", "subject": subject} | words
    )


def line(status: str) -> str:
    """The text of a mail that asks for a status (G14)."""
    return f"That is all for today.\nStatus: {status}\n"


def offered_to(world: World, role: str) -> set[str]:
    """The statuses that lists and completion offer somebody."""
    context = context_for(
        Situation(world.profile, world.listed, world.now),
        world.ticket,
        Actor(world.who(role), role),
    )
    return {move.to for move in open_moves(context)}


def create(world: World, role: str, title: str, **words: Any) -> Ticket:
    """A new ticket, with everything that a request to make one can hold."""
    customer = {"customer": CUSTOMER}
    given = (
        {"text": "Please help."} | words | {"sets": customer | words.get("sets", {})}
    )
    return world._take(
        Create("261102-99999", Actor(world.who(role), role), title, **given), None
    )


def plain(text: str) -> str:
    """Words in one spelling: no line breaks, straight apostrophes, small letters."""
    return " ".join(text.replace("’", "'").split()).casefold()


def missing_categories(names: dict[str, str]) -> list[Any]:
    """Every (category, status) such that the category does not offer the status, as
    parameters."""
    found = World("ggit").profile.categories.values()
    lacking = [
        (one.name, to) for one in found for to in names if to not in one.statuses
    ]
    return [pytest.param(*pair, id=" ".join(pair)) for pair in lacking]


def wake(world: World) -> datetime:
    """When a deferred ticket wakes: one day before its due date."""
    where = zone(world.profile.timezone)
    return add(
        moment_of(str(world.ticket.due), where), Duration.parse("P1D"), where, -1
    )


# --- G13: what comes by mail, by form, from Mission Control ---

SUBJECTS = [
    ("Re: It does not work", MAILED),
    (None, MAILED),
    ("", MAILED),
    ("The matter is closed", MAILED),
    ("it is resolved", CLOSE),
    ("RE: Ticket IS RESOLVED, thanks", CLOSE),
    ("Is Resolved", CLOSE),
]
