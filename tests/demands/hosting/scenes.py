"""People, tickets and tables of the demands of the hosting provider."""

from __future__ import annotations

from datetime import datetime

from tests.demands.tables import Words, move
from tests.support.world import World
from ticketctl.core.dates import parse_instant
from ticketctl.core.ticket import Ticket

TOM, TECHNICIAN = "tom@staff.example", "technician@staff.example"


STAFF = {TOM: {"technician"}, TECHNICIAN: {"technician"}}


STATES = {
    "Open": "new",
    "In Progress": "open",
    "Answered": "pending",
    "Closed": "closed",
    "Scheduled": "on_hold",
    "On-Hold": "on_hold",
    "Customer-Reply": "open",
}


STATUSES = list(STATES)


OWNED: Words = {"assignee": TOM}


ANSWER: Words = {"text": "Please try again."}


MOMENT: Words = {"due": "+3d"}


HELD: Words = {"hold_reason": "third_party"}


FORWARD = [
    ("In Progress", OWNED),
    ("Answered", ANSWER),
    ("Closed", {}),
    ("Scheduled", MOMENT),
    ("On-Hold", HELD),
]


def at(
    status: str, people: dict[str, set[str]] | None = None, owned: bool = False
) -> World:
    """A world whose ticket came into a status by legal moves; ``owned``: Tom has it
    (always, In Progress)."""
    world = World("hosting", people=people)
    world.new()
    if owned:
        world.ask("technician", assignee=TOM)
    if status == "Customer-Reply":
        move(world, "technician", "Answered", ANSWER)
        world.ask("customer", text="It still fails.")
    elif status != "Open":
        move(world, "technician", status, dict(FORWARD)[status])
    assert world.ticket.status == status
    world.warnings.clear()
    world.notifications.clear()
    return world


def held(reason: str) -> World:
    """A ticket On-Hold for this reason."""
    world = at("Open")
    world.ask("technician", "On-Hold", hold_reason=reason)
    return world


def reply(world: World, text: str = "Any news?", via: str | None = None) -> Ticket:
    """The customer writes."""
    return world.ask("customer", text=text, via=via)


def moment(world: World) -> datetime:
    """The moment for which the ticket is scheduled."""
    return parse_instant(world.ticket.due or "")
