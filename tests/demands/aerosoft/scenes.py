"""People, tickets and tables of the demands of AeroSoft."""

from __future__ import annotations

from typing import Any

from tests.demands.tables import Words
from tests.support.world import World

AGENT, DEVELOPER, QA = (
    "agent@staff.example",
    "developer@staff.example",
    "qa@staff.example",
)


PEOPLE = {AGENT: {"agent"}, DEVELOPER: {"developer"}, QA: {"qa"}}


STAFF = ("agent", "developer", "qa")


# A1: name -> state, the document's "Description of Status".
STATUSES = {
    "Open": (
        "new",
        "Once a ticket has been created by the customer, the status will update to Open.",
    ),
    "Ticket Assigned": (
        "open",
        "Once the opened ticket has been assigned to an agent, the status will update to Ticket Assigned.",
    ),
    "Investigation Underway": (
        "open",
        "Once the agent is investigating the issue, but does not have a response yet, the status will update "
        "to Investigation Underway.",
    ),
    "Waiting for Customer Response": (
        "pending",
        "Once the agent has performed an initial inspection and additional information is required in "
        "order to proceed further, the status will update to Waiting for Customer Response. The customer will be "
        "required to respond to the ticket in order to move the ticket further.",
    ),
    "Send to Development": (
        "open",
        "Once the issue has been inspected by the agent and the solution would require the involvement of the "
        "development team, the ticket will be sent to the development team to further inspect the issue and the "
        "status would update to Send to Development.",
    ),
    "Backlog": (
        "on_hold",
        "Once AeroSoft has accepted that this is an issue, and the issue has been assigned to the "
        "developers to work. There is no timeline for the resolution, it is in the development Backlog.",
    ),
    "Development in Progress": (
        "open",
        "Once the ticket has been received by the development team and they have started working to solve the "
        "issue, the status will update to Development in Progress.",
    ),
    "Testing and Verification": (
        "open",
        "Once the development team has finished working on the issue, the solution will be tested and "
        "verified internally by AeroSoft's QA team and the status will update to Testing and Verification.",
    ),
    "Done Awaiting Release": (
        "open",
        "Once the issue is resolved, the status will update to Done Awaiting Release. When all the issues are "
        "resolved, all the solutions will be combined in a package and will then be released.",
    ),
    "Release Delivered": (
        "solved",
        "Once a release package is delivered to the customer, the status will update to Release Delivered.",
    ),
    "Solution Rejected": (
        "open",
        "Once a solution is presented to a customer and the customer rejects the solution, the status will "
        "update to Solution Rejected.",
    ),
    "Resolved": (
        "solved",
        "After the release has been delivered, AeroSoft will mark the ticket as Resolved. The ticket will "
        "auto close within 7 days after notifying the customer, if it is not closed by the customer.",
    ),
    "Closed": (
        "closed",
        "Once the ticket has been closed, either by the customer or automatically by the system, the status "
        "will update to Closed.",
    ),
    "Blocked": (
        "on_hold",
        "When the ticket gets blocked by an external factor like vendor or implementation, the status will "
        "update to Blocked. This particular status is generally not used for production systems, but only during "
        "implementations.",
    ),
}


WAY: dict[str, tuple[str, str, Words]] = {
    "Ticket Assigned": ("Open", "agent", {"assignee": AGENT}),
    "Investigation Underway": ("Ticket Assigned", "agent", {}),
    "Waiting for Customer Response": (
        "Investigation Underway",
        "agent",
        {"text": "Which version?"},
    ),
    "Send to Development": ("Investigation Underway", "agent", {}),
    "Backlog": ("Send to Development", "developer", {}),
    "Development in Progress": ("Send to Development", "developer", {}),
    "Blocked": (
        "Development in Progress",
        "developer",
        {"note": "The vendor has not shipped."},
    ),
    "Testing and Verification": ("Development in Progress", "developer", {}),
    "Done Awaiting Release": ("Testing and Verification", "qa", {}),
    "Release Delivered": ("Done Awaiting Release", "agent", {"release": "2026.3"}),
    "Solution Rejected": ("Release Delivered", "customer", {"text": "It still fails."}),
    "Resolved": ("Release Delivered", "agent", {}),
    "Closed": ("Release Delivered", "customer", {}),
}


def at(status: str, **world: Any) -> World:
    """A world whose ticket has come into a status by listed moves alone."""
    return on(World("aerosoft", **world), status)


def on(world: World, status: str) -> World:
    """The same world, with a new ticket brought into a status."""
    if status not in WAY:
        world.new()
    else:
        source, role, words = WAY[status]
        on(world, source).ask(role, status, **words)
    return world


def ready(status: str, **world: Any) -> World:
    """As ``at``, with the reply that the customer owes (A9)."""
    found = at(status, **world)
    if status == "Waiting for Customer Response":
        found.ask("customer", text="Version 7.")
    return found
