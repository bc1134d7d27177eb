"""People, tickets and tables of the demands of Assima."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.demands.tables import Words, fires_at
from tests.support.world import World

SUPPORT, SUE = "support@staff.example", "sue@staff.example"


DEVELOPER, LEAD = "developer@staff.example", "lead@staff.example"


PEOPLE = {SUPPORT: {"support"}, SUE: {"support"}, DEVELOPER: {"developer"}}


ROLES = ("customer", "support", "developer")


REPRODUCED: Words = {"kind": "defect", "reproduced": True}


# name -> state, words of the document that tell what the status means
STATUSES = {
    "New": ("new", "entered by a user"),
    "Assigned": ("open", "assign it to one of Assima's employees"),
    "QA Pending": (
        "open",
        "assigned to one of the members of the support team to check the correction",
    ),
    "Verified": (
        "solved",
        "customer's responsibility to check that the ticket is properly resolved",
    ),
    "Closed": ("closed", "not displayed in the list of current tickets"),
    "Postponed": (
        "on_hold",
        'can not be set as "Closed" and can neither be considered as open',
    ),
    "Reopened": ("open", "the customer considers the ticket is not resolved"),
}


WAY: dict[str, tuple[str, str, Words]] = {
    "Assigned": ("New", "support", {"assignee": SUPPORT}),
    "QA Pending": ("Assigned", "support", {}),
    "Verified": ("QA Pending", "support", {"assignee": SUPPORT}),
    "Closed": ("Verified", "customer", {}),
    "Reopened": ("Verified", "customer", {"text": "It still fails."}),
    "Postponed": ("Assigned", "support", {"note": "It happened once."}),
}


def at(status: str, **world: Any) -> World:
    """A world whose ticket has come into a status by listed moves alone."""
    return on(World("assima", **world), status)


def on(world: World, status: str) -> World:
    """The same world, with a new ticket brought into a status."""
    if status not in WAY:
        world.new()
    else:
        source, role, words = WAY[status]
        on(world, source).ask(role, status, **words)
    return world


def ready(status: str, **world: Any) -> World:
    """As ``at``; what is to be verified has an assignee (S4)."""
    found = at(status, **world)
    if status == "QA Pending":
        found.ask("support", assignee=SUPPORT)
    return found


def closes_at(world: World, moment: datetime) -> None:
    """The system closes the ticket at that moment: no second sooner, and once."""
    assert len(fires_at(world, moment)) == 1
    assert world.ticket.status == "Closed"
