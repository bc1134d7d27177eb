"""AeroSoft's demands A1 to A27, from its document (000_3cc7c7c00027b9ee.txt)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.demands.tables import (
    Row,
    Words,
    after,
    closed_to,
    entered,
    fires_at,
    fires_once,
    listed,
    needs,
    open_to,
    others,
    refusal,
    told_anew,
    unlisted,
)
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dag import seal
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.entry import Entry
from ticketctl.core.profile import CREATED
from ticketctl.core.ticket import apply
from ticketctl.record import replace

AGENT, DEVELOPER, QA = (
    "agent@staff.example",
    "developer@staff.example",
    "qa@staff.example",
)
PEOPLE = {AGENT: {"agent"}, DEVELOPER: {"developer"}, QA: {"qa"}}
ROLES = ("customer", "agent", "developer", "qa")
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

# A4 to A23, and the assumed move of A24. Waiting for Customer Response is left with the
# customer's reply there (A9).
MOVES: list[Row] = [
    ("Open", "Ticket Assigned", ("agent",), {"assignee": AGENT}, ("A4",)),
    ("Ticket Assigned", "Investigation Underway", ("agent",), {}, ("A5",)),
    ("Investigation Underway", "Send to Development", ("agent",), {}, ("A6",)),
    (
        "Investigation Underway",
        "Waiting for Customer Response",
        ("agent",),
        {"text": "Which version?"},
        ("A7",),
    ),
    (
        "Development in Progress",
        "Waiting for Customer Response",
        ("agent", "developer"),
        {"text": "A log, please."},
        ("A8",),
    ),
    ("Waiting for Customer Response", "Send to Development", ("agent",), {}, ("A9",)),
    (
        "Send to Development",
        "Development in Progress",
        ("developer", "agent"),
        {},
        ("A10",),
    ),
    ("Send to Development", "Backlog", ("developer", "agent"), {}, ("A11",)),
    ("Backlog", "Development in Progress", ("developer", "agent"), {}, ("A12",)),
    (
        "Development in Progress",
        "Testing and Verification",
        ("developer", "agent"),
        {},
        ("A13",),
    ),
    (
        "Development in Progress",
        "Blocked",
        ("developer", "agent"),
        {"note": "The vendor has not shipped."},
        ("A14",),
    ),
    ("Blocked", "Development in Progress", ("developer", "agent"), {}, ("A15",)),
    (
        "Testing and Verification",
        "Done Awaiting Release",
        ("qa", "agent"),
        {},
        ("A16",),
    ),
    (
        "Done Awaiting Release",
        "Release Delivered",
        ("agent",),
        {"release": "2026.3"},
        ("A17",),
    ),
    (
        "Release Delivered",
        "Solution Rejected",
        ("customer",),
        {"text": "It still fails."},
        ("A18", "A27"),
    ),
    ("Release Delivered", "Closed", ("customer",), {}, ("A19", "A27")),
    ("Release Delivered", "Resolved", ("agent",), {}, ("A20",)),
    ("Solution Rejected", "Send to Development", ("agent",), {}, ("A21",)),
    ("Resolved", "Closed", ("customer",), {}, ("A22", "A27")),
    ("Closed", "Open", ("customer", "agent"), {"text": "It happens again."}, ("A23",)),
]
# The customer may reject what is Resolved too. Nothing says what that needs, so no need
# is taken away from it.
REJECT: Row = (
    "Resolved",
    "Solution Rejected",
    ("customer",),
    {"text": "It still fails."},
    ("A24", "A27"),
)
ALL = [*MOVES, REJECT]

# A1, A2: the document's "Criterion for Move", for the moves of its "Next Potential
# Status" lists.
CRITERIA = {
    ("Open", "Ticket Assigned"): "Agent has been assigned to work the ticket.",
    (
        "Ticket Assigned",
        "Investigation Underway",
    ): "Agent has started investigating the issue.",
    (
        "Investigation Underway",
        "Send to Development",
    ): "The issue requires the involvement of development team.",
    (
        "Investigation Underway",
        "Waiting for Customer Response",
    ): "Agent has finished initial investigation and requires additional information before moving forward.",
    (
        "Waiting for Customer Response",
        "Send to Development",
    ): "The issue requires the involvement of development team.",
    (
        "Send to Development",
        "Development in Progress",
    ): "Development team started working on the issue.",
    (
        "Backlog",
        "Development in Progress",
    ): "Development team started working on the issue.",
    (
        "Development in Progress",
        "Testing and Verification",
    ): "Development team has finished working on the issue.",
    (
        "Testing and Verification",
        "Done Awaiting Release",
    ): "Solution is ready to be released in the package.",
    (
        "Done Awaiting Release",
        "Release Delivered",
    ): "A release package has been prepared for delivery.",
    (
        "Release Delivered",
        "Solution Rejected",
    ): "Customer is not satisfied with the solution.",
    (
        "Release Delivered",
        "Closed",
    ): "Customer is satisfied with the release delivered.",
    (
        "Solution Rejected",
        "Send to Development",
    ): "Solution was rejected and development team is working on a new solution.",
    ("Resolved", "Closed"): "Issue has been solved.",
    ("Closed", "Open"): "The issue has reoccurred.",
    (
        "Blocked",
        "Development in Progress",
    ): "Development team started working on the issue.",
}
# A2: the moves that its "Previous Status" lines imply, with words of what it says of
# them elsewhere.
PREVIOUS = {
    (
        "Development in Progress",
        "Waiting for Customer Response",
    ): "additional information is required",
    ("Send to Development", "Backlog"): "There is no timeline for the resolution",
    (
        "Development in Progress",
        "Blocked",
    ): "blocked by an external factor like vendor or implementation",
    ("Release Delivered", "Resolved"): "AeroSoft will mark the ticket as Resolved",
}
BY_RULES = {("Open", "Ticket Assigned"), ("Resolved", "Closed")}

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


def closes_at(world: World, moment: datetime) -> None:
    """The system closes the ticket at that moment: no second sooner, and once."""
    assert len(fires_at(world, moment)) == 1
    assert world.ticket.status == "Closed"


def never_closes(world: World) -> None:
    """The sweep has nothing to do, however long one waits."""
    world.wait("P400D")
    assert not world.sweep()


# --- the statuses ---


@pytest.mark.demand("A1")
def test_the_fourteen_statuses() -> None:
    """All of the document's statuses, in their states, described in its own words."""
    found = World("aerosoft").profile.statuses
    assert {
        s.name: (s.state, " ".join(s.description.split())) for s in found.values()
    } == STATUSES
    assert len(found) == 14


@pytest.mark.demand("A1")
@pytest.mark.parametrize(("source", "target"), CRITERIA, ids=" -> ".join)
def test_the_criteria(source: str, target: str) -> None:
    """Each listed move keeps the document's criterion."""
    edges = World("aerosoft").profile.between(source, target)
    assert {" ".join(edge.criterion.split()) for edge in edges} == {
        CRITERIA[source, target]
    }


@pytest.mark.demand("A2", "X2")
@pytest.mark.parametrize(("source", "target"), PREVIOUS, ids=" -> ".join)
def test_the_criteria_of_implied_moves(source: str, target: str) -> None:
    """They are in the document's words as well."""
    edge = World("aerosoft").profile.between(source, target)[0]
    assert PREVIOUS[source, target] in " ".join(edge.criterion.split())


@pytest.mark.demand("A1")
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_reached_by_listed_moves(status: str) -> None:
    assert at(status).ticket.status == status


@pytest.mark.demand("A2")
def test_the_moves_are_the_union_of_next_and_previous() -> None:
    """16 from the "Next" lists, 4 more from the "Previous" lines, one assumed, none
    else; each says which."""
    profile = World("aerosoft").profile
    edges = [edge for edge in profile.edges if edge.source != CREATED]
    sources = {(edge.source, edge.target): edge.origin.source for edge in edges}
    assert sources.keys() == {row[:2] for row in ALL}
    assert {
        pair for pair, source in sources.items() if source == "next"
    } == CRITERIA.keys()
    assert {
        pair for pair, source in sources.items() if source == "previous"
    } == PREVIOUS.keys()
    assert Counter(sources.values())["next"] == 16
    assert all(
        edge.origin.assumed for edge in profile.between("Resolved", "Solution Rejected")
    )


@pytest.mark.demand("A2", "A24")
@pytest.mark.parametrize("status", ["Backlog", "Blocked", "Resolved"])
def test_what_the_next_lists_alone_leave_out_is_reached_and_left(status: str) -> None:
    world = at(status)
    assert any(row[0] == status for row in MOVES)
    assert world.ticket.status == status


@pytest.mark.demand("A2", "A4", "A22", "X3")
def test_the_system_may_make_the_moves_of_rules_alone() -> None:
    edges = World("aerosoft").profile.edges
    assert {
        (edge.source, edge.target) for edge in edges if "system" in edge.roles
    } == BY_RULES


# --- creation ---


@pytest.mark.demand("A3")
@pytest.mark.parametrize("role", ["customer", "agent"])
def test_a_customer_or_an_agent_creates_an_open_ticket(role: str) -> None:
    ticket = World("aerosoft").new(role)
    assert (ticket.status, ticket.customer, ticket.history[0].role) == (
        "Open",
        CUSTOMER,
        role,
    )


@pytest.mark.demand("A3")
@pytest.mark.parametrize("role", ["developer", "qa", "system"])
def test_nobody_else_creates_one(role: str) -> None:
    with pytest.raises(Refused):
        World("aerosoft").new(role)


@pytest.mark.demand("A3")
@pytest.mark.parametrize(
    "wanting", [{"title": ""}, {"customer": None}], ids=["title", "customer"]
)
def test_a_new_ticket_needs_title_and_customer(wanting: Words) -> None:
    with pytest.raises(Refused):
        World("aerosoft").new("agent", **wanting)


@pytest.mark.demand("A3")
@pytest.mark.parametrize("role", ["customer", "agent"])
@pytest.mark.parametrize("status", [status for status in STATUSES if status != "Open"])
def test_no_ticket_begins_in_another_status(status: str, role: str) -> None:
    with pytest.raises(Refused):
        World("aerosoft").new(role, to=status)


# --- the moves ---


@pytest.mark.demand("X1")
@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(ALL))
def test_a_listed_move_is_made_by_each_listed_role(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """It is accepted with what it needs, and the history has who, in which role, when,
    whence, whither, what."""
    for role in roles:
        world = ready(source)
        entry = entered(world.ask(role, target, **words), target)
        assert (world.ticket.status, entry.from_, entry.to) == (target, source, target)
        assert (entry.at, entry.by, entry.role) == (
            format_instant(world.now),
            world.who(role),
            role,
        )
        assert (entry.text, entry.note, entry.rule) == (
            words.get("text"),
            words.get("note"),
            None,
        )


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(ALL))
def test_a_listed_move_is_refused_to_all_others(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """Whatever they bring with it; nor is it offered to them."""
    world = ready(source)
    for role, more in others(world, roles):
        assert closed_to(world, role, target, words | more), role


@pytest.mark.parametrize(("source", "target", "role", "given", "wanting"), needs(MOVES))
def test_a_move_is_refused_without_what_it_needs(
    source: str, target: str, role: str, given: Words, wanting: str
) -> None:
    world = ready(source)
    taken = () if wanting in ("text", "note") else (wanting,)
    assert len(refusal(world, role, target, unset=taken, **given).reasons) == 1


@pytest.mark.demand("A2")
@pytest.mark.parametrize(("source", "target"), unlisted("aerosoft", ALL))
def test_an_unlisted_move_is_refused_to_everybody(source: str, target: str) -> None:
    """Whatever they bring with it; nor is it offered to anybody."""
    world = ready(source)
    for role, more in others(world, ()):
        words = (
            {"text": "Please."}
            if role == "customer"
            else {"text": "Well.", "note": "So.", "release": "2026.3"}
        )
        assert closed_to(world, role, target, words | more), role


@pytest.mark.demand("A2", "X2")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_offers_just_the_moves_of_the_role(status: str, role: str) -> None:
    listed_here = {row[1] for row in ALL if row[0] == status and role in row[2]}
    assert open_to(refusal(ready(status), role, status)) == listed_here


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(ALL))
def test_listed_people_have_their_own_roles_alone(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """Where people are listed, whoever has the role may, and whoever has not may not
    take it."""
    for role in roles:
        world = ready(source, people=PEOPLE)
        for stranger in {*PEOPLE, "stranger@else.example"} - {world.who(role)}:
            world.refused(role, target, who=stranger, **words)
        assert world.ask(role, target, **words).status == target


@pytest.mark.demand("X2")
def test_a_refusal_names_all_reasons_the_criterion_and_the_way() -> None:
    """A developer may not deliver a release, and names none."""
    answer = refusal(at("Done Awaiting Release"), "developer", "Release Delivered")
    assert len(answer.reasons) == 2
    assert answer.criterion == CRITERIA["Done Awaiting Release", "Release Delivered"]
    assert [step.to for step in answer.way] == ["Release Delivered"]


@pytest.mark.demand("X2")
def test_a_refusal_shows_the_shortest_way() -> None:
    answer = refusal(at("Open"), "agent", "Closed")
    assert [step.to for step in answer.way] == [
        "Ticket Assigned",
        "Investigation Underway",
        "Send to Development",
        "Development in Progress",
        "Testing and Verification",
        "Done Awaiting Release",
        "Release Delivered",
        "Closed",
    ]
    assert [(move.to, len(move.needs)) for move in answer.open] == [
        ("Ticket Assigned", 1)
    ]


# --- assigning ---


@pytest.mark.demand("A4", "X1", "X3")
@pytest.mark.parametrize("people", [None, PEOPLE], ids=["unlisted", "listed"])
def test_assigning_an_open_ticket_moves_it(people: dict[str, set[str]] | None) -> None:
    """It moves by itself: the history has the system, the rule, and the act that set it
    off."""
    world = at("Open", people=people)
    ticket = world.ask("agent", assignee=AGENT)
    entry = entered(ticket, "Ticket Assigned")
    assert (ticket.status, ticket.assignee) == ("Ticket Assigned", AGENT)
    assert (entry.role, entry.from_, entry.anchor) == (
        "system",
        "Open",
        ticket.history[-2].id,
    )
    assert entry.rule


@pytest.mark.demand("A4")
def test_a_ticket_that_is_created_assigned_moves_too() -> None:
    ticket = World("aerosoft").new("agent", assignee=AGENT)
    assert [entry.to for entry in ticket.history] == ["Open", "Ticket Assigned"]


@pytest.mark.demand("A4")
@pytest.mark.parametrize(
    "who", [AGENT, "amy@staff.example"], ids=["the same agent", "another"]
)
def test_assigning_a_reopened_ticket_moves_it(who: str) -> None:
    world = at("Closed")
    assert world.ask("customer", "Open", text="It happens again.").status == "Open"
    assert world.ask("agent", assignee=who).status == "Ticket Assigned"


@pytest.mark.demand("A4")
def test_taking_the_assignee_off_moves_nothing() -> None:
    world = at("Closed")
    world.ask("agent", "Open", text="It happens again.")
    assert world.ask("agent", unset=("assignee",)).status == "Open"
    assert not world.warnings


@pytest.mark.demand("A4")
def test_a_customer_assigns_nobody() -> None:
    at("Open").refused("customer", assignee=AGENT)


@pytest.mark.demand("A2", "A4")
@pytest.mark.parametrize("status", [status for status in STATUSES if status != "Open"])
def test_assigning_elsewhere_moves_nothing(status: str) -> None:
    world = at(status)
    world.warnings.clear()
    assert world.ask("agent", assignee="amy@staff.example").status == status
    assert not world.warnings


@pytest.mark.demand("A2", "A9")
@pytest.mark.parametrize("status", STATUSES)
def test_messages_and_notes_move_nothing(status: str) -> None:
    """Not the customer's reply either: the agent sends it on (A9)."""
    world = at(status)
    assert world.ask("customer", text="Any news?").status == status
    assert world.ask("customer", text="Any news?", via="mail").status == status
    assert world.ask("agent", text="She rang.", for_=CUSTOMER).status == status
    assert world.ask("agent", text="Not yet.").status == status
    assert world.ask("qa", note="Hm.").status == status


# --- waiting for the customer ---


@pytest.mark.demand("A9")
def test_without_a_reply_the_ticket_waits_on() -> None:
    assert (
        len(
            refusal(
                at("Waiting for Customer Response"), "agent", "Send to Development"
            ).reasons
        )
        == 1
    )


@pytest.mark.demand("A9")
def test_a_reply_from_before_does_not_count() -> None:
    world = at("Investigation Underway")
    world.ask("customer", text="By the way, version 7.")
    world.ask("agent", "Waiting for Customer Response", text="Which licence?")
    world.refused("agent", "Send to Development")


@pytest.mark.demand("A8", "A9")
def test_each_wait_needs_its_own_reply() -> None:
    world = ready("Waiting for Customer Response")
    world.ask("agent", "Send to Development")
    world.ask("developer", "Development in Progress")
    world.ask("developer", "Waiting for Customer Response", text="A log, please.")
    world.refused("agent", "Send to Development")
    world.ask("customer", text="Here it is.", via="mail")
    assert world.ask("agent", "Send to Development").status == "Send to Development"


@pytest.mark.demand("A9")
@pytest.mark.parametrize(
    "words",
    [{"text": "Are you there?"}, {"note": "They are on holiday."}],
    ids=["text", "note"],
)
def test_what_staff_write_is_no_reply(words: Words) -> None:
    world = at("Waiting for Customer Response")
    world.ask("agent", **words)
    world.refused("agent", "Send to Development", **words)


@pytest.mark.demand("A9", "A27")
def test_an_agent_records_a_reply_by_telephone() -> None:
    world = at("Waiting for Customer Response")
    world.ask("agent", text="Version 7, she says.", for_=CUSTOMER)
    assert world.ask("agent", "Send to Development").status == "Send to Development"


# --- development ---


@pytest.mark.demand("A11")
@pytest.mark.parametrize("role", ["developer", "agent"])
def test_the_backlog_has_no_due_date(role: str) -> None:
    """There is no timeline: refused while the ticket has a date, or is given one; not
    once it is taken away."""
    world = at("Send to Development")
    world.refused(role, "Backlog", due=world.when("+3d"))
    world.ask("agent", due=world.when("+3d"))
    assert len(world.refused(role, "Backlog")) == 1
    assert world.ask(role, "Backlog", unset=("due",)).status == "Backlog"


@pytest.mark.demand("A11")
def test_the_backlog_is_the_development_teams() -> None:
    before = at("Send to Development")
    assert before.ticket.get("team") != "development"
    assert before.ask("agent", "Backlog").get("team") == "development"


@pytest.mark.demand("A14")
def test_blocking_a_production_system_warns() -> None:
    """It warns, but does not refuse."""
    world = at("Development in Progress")
    world.ask("agent", environment="production")
    world.warnings.clear()
    assert (
        world.ask("developer", "Blocked", note="The vendor has not shipped.").status
        == "Blocked"
    )
    assert "production" in " ".join(world.warnings)


@pytest.mark.demand("A14")
@pytest.mark.parametrize(
    "sets", [{}, {"environment": "implementation"}], ids=["unsaid", "implementation"]
)
def test_blocking_an_implementation_does_not_warn(sets: Words) -> None:
    world = at("Development in Progress")
    world.warnings.clear()
    world.ask("developer", "Blocked", note="The vendor has not shipped.", **sets)
    assert not world.warnings


@pytest.mark.demand("A14")
def test_a_public_message_does_not_stand_for_the_note() -> None:
    at("Development in Progress").refused(
        "developer", "Blocked", text="The vendor has not shipped."
    )


@pytest.mark.demand("A7", "A8")
@pytest.mark.parametrize(
    "source", ["Investigation Underway", "Development in Progress"]
)
def test_the_customer_is_told_what_is_needed(source: str) -> None:
    world = at(source)
    world.notices.clear()
    world.ask("agent", "Waiting for Customer Response", text="Which version?")
    assert [
        notice.told for notice in world.notices if "Which version?" in notice.body
    ] == [(CUSTOMER,)]


@pytest.mark.demand("A7", "A8")
@pytest.mark.parametrize(
    "source", ["Investigation Underway", "Development in Progress"]
)
def test_a_note_does_not_stand_for_the_message(source: str) -> None:
    at(source).refused(
        "agent", "Waiting for Customer Response", note="We need the version."
    )


# --- release, rejection, reopening ---


@pytest.mark.demand("A17", "A26")
def test_the_release_may_be_planned_before() -> None:
    world = at("Testing and Verification")
    world.ask("agent", release="2026.3")
    world.ask("qa", "Done Awaiting Release")
    assert world.ask("agent", "Release Delivered").get("release") == "2026.3"


@pytest.mark.demand("A26")
def test_a_release_is_a_group_move() -> None:
    """From Done Awaiting Release to Release Delivered, the tickets' release being the
    name given to it."""
    batches = World("aerosoft").profile.batches
    assert {(b.source, b.target, *b.sets.items()) for b in batches.values()} == {
        ("Done Awaiting Release", "Release Delivered", ("release", "$name"))
    }
    assert list(batches) == ["release"]


@pytest.mark.demand("A27")
@pytest.mark.parametrize(
    ("source", "target", "role"),
    [
        ("Release Delivered", "Solution Rejected", "customer"),
        ("Resolved", "Solution Rejected", "customer"),
        ("Closed", "Open", "customer"),
        ("Closed", "Open", "agent"),
    ],
)
def test_rejection_and_reopening_clear_the_release(
    source: str, target: str, role: str
) -> None:
    world = at(source)
    assert world.ticket.get("release") == "2026.3"
    assert world.ask(role, target, text="It still fails.").get("release") is None


@pytest.mark.demand("A17", "A27")
def test_the_next_solution_needs_a_new_release() -> None:
    world = at("Solution Rejected")
    world.ask("agent", "Send to Development")
    world.ask("developer", "Development in Progress")
    world.ask("developer", "Testing and Verification")
    world.ask("qa", "Done Awaiting Release")
    world.refused("agent", "Release Delivered")
    assert (
        world.ask("agent", "Release Delivered", release="2026.4").get("release")
        == "2026.4"
    )


@pytest.mark.demand("A18", "A19", "A27")
@pytest.mark.parametrize("target", ["Solution Rejected", "Closed"])
def test_a_judgement_is_that_of_the_tickets_own_customer(target: str) -> None:
    """Another customer has none; somebody who watches the ticket has."""
    world = at("Release Delivered")
    world.refused(
        "customer", target, who="boss@customer.example", text="We looked at it."
    )
    world.ask("agent", watchers=("boss@customer.example",))
    assert (
        world.ask(
            "customer", target, who="boss@customer.example", text="We looked at it."
        ).status
        == target
    )


@pytest.mark.demand("A18", "A19", "A22", "A24", "A27", "X1")
@pytest.mark.parametrize("people", [None, PEOPLE], ids=["unlisted", "listed"])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Release Delivered", "Solution Rejected"),
        ("Release Delivered", "Closed"),
        ("Resolved", "Closed"),
        ("Resolved", "Solution Rejected"),
    ],
)
def test_an_agent_records_a_judgement(
    source: str, target: str, people: dict[str, set[str]] | None
) -> None:
    """An agent, not other staff, with ``--for``, not without; the history names both."""
    world = at(source, people=people)
    said: Words = {"text": "She said so by telephone."}
    for role in STAFF:
        world.refused(role, target, **said)
    for role in ("developer", "qa", "customer"):
        world.refused(role, target, for_=CUSTOMER, **said)
    world.refused("agent", target, for_="boss@customer.example", **said)
    entry = entered(world.ask("agent", target, for_=CUSTOMER, **said), target)
    assert (world.ticket.status, entry.by, entry.role, entry.for_) == (
        target,
        AGENT,
        "agent",
        CUSTOMER,
    )


@pytest.mark.demand("A23", "A27")
@pytest.mark.parametrize("role", ["developer", "qa"])
def test_other_staff_do_not_reopen(role: str) -> None:
    """Neither in their own name nor for the customer."""
    world = at("Closed")
    world.refused(role, "Open", text="It happens again.")
    world.refused(role, "Open", text="It happens again.", for_=CUSTOMER)


@pytest.mark.demand("A18", "A27")
def test_a_recorded_rejection_says_why_too() -> None:
    at("Release Delivered").refused("agent", "Solution Rejected", for_=CUSTOMER)


# --- closing by itself ---


@pytest.mark.demand("A24")
def test_entering_resolved_notifies_the_customer() -> None:
    world = at("Release Delivered")
    told_anew(world)
    ticket = world.ask("agent", "Resolved")
    assert all(notice.subject and notice.body for notice in world.notices)
    assert told_anew(world) == [CUSTOMER]
    notice = ticket.history[-1]
    assert (notice.event, notice.told, notice.at) == (
        "notified",
        (CUSTOMER,),
        format_instant(world.now),
    )


@pytest.mark.demand("A22", "A24", "A25", "X1")
@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 6, 1, 9, tzinfo=UTC),
        datetime(2026, 10, 24, 16, tzinfo=UTC),
        datetime(2026, 10, 31, 16, tzinfo=UTC),
    ],
    ids=str,
)
def test_it_closes_seven_days_after_the_notification(start: datetime) -> None:
    """At the same time of day, over the end of summer time too; the entry has the rule,
    what it is due to, and when."""
    world = at("Resolved", now=start)
    notice, due = world.ticket.history[-1], after(world, "P7D")
    closes_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert (entry.role, entry.from_, entry.due, entry.at) == (
        "system",
        "Resolved",
        *2 * [format_instant(due)],
    )
    assert (entry.rule, entry.anchor) == (world.profile.automations[0].name, notice.id)


@pytest.mark.demand("A25", "X1")
@pytest.mark.parametrize("source", ["Release Delivered", "Resolved"])
def test_the_history_tells_that_the_customer_closed_it(source: str) -> None:
    entry = entered(at(source).ask("customer", "Closed"), "Closed")
    assert (entry.by, entry.role, entry.rule) == (CUSTOMER, "customer", None)


@pytest.mark.demand("A22")
@pytest.mark.parametrize(
    "status", [status for status in STATUSES if status != "Resolved"]
)
def test_nothing_else_happens_by_itself(status: str) -> None:
    never_closes(ready(status))


@pytest.mark.demand("A24")
def test_no_notification_no_closing() -> None:
    world = at("Release Delivered")
    told_anew(world)
    assert world.ask("agent", "Resolved", quiet=True).history[-1].quiet
    assert not told_anew(world)
    never_closes(world)
    world.ask("customer", text="Is it done?")
    never_closes(world)


def notify_late(world: World) -> None:
    """The notice of Resolved goes out now (sweep, rules 8 and 9: an ordinary entry, the
    latest counts)."""
    message = at("Resolved").notices[-1].message
    draft = Entry(
        format_instant(world.now),
        "system",
        "system",
        "notified",
        message=message,
        told=(CUSTOMER,),
    )
    world.ticket = apply(world.ticket, seal(world.ticket.history, draft))


@pytest.mark.demand("A24")
def test_the_clock_starts_at_the_notification_not_at_the_status() -> None:
    world = at("Release Delivered")
    world.ask("agent", "Resolved", quiet=True)
    world.wait("P3D")
    notify_late(world)
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
def test_the_latest_notification_counts() -> None:
    world = at("Resolved")
    world.wait("P3D")
    notify_late(world)
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
def test_a_message_before_a_late_notification_is_not_closed_over() -> None:
    """It is answered first, and the customer has the seven days from the answer."""
    world = at("Release Delivered")
    world.ask("agent", "Resolved", quiet=True)
    world.ask("customer", text="Is it done?")
    world.wait("P3D")
    notify_late(world)
    world.wait("P30D")
    assert not world.sweep()
    world.ask("agent", text="It is.")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A22", "A24")
def test_after_a_long_outage_it_closes_once() -> None:
    """Late is allowed: the moment that it was due at is kept beside the one at which it
    was done."""
    world = at("Resolved")
    due = after(world, "P7D")
    assert len(fires_once(world, after(world, "P300D"))) == 1
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))


@pytest.mark.demand("A24")
@pytest.mark.parametrize("via", [None, "mail"])
def test_a_customers_message_stops_the_clock_and_tells_the_assignee(
    via: str | None,
) -> None:
    world = at("Resolved")
    told_anew(world)
    world.wait("P6D")
    assert world.ask("customer", text="Wait!", via=via).status == "Resolved"
    assert "Wait!" in world.notices[-1].body
    assert told_anew(world) == [AGENT]
    never_closes(world)


@pytest.mark.demand("A24", "A27")
def test_a_message_by_telephone_stops_it_too() -> None:
    world = at("Resolved")
    told_anew(world)
    world.ask(
        "agent", text="She asks us to wait.", for_=CUSTOMER, who="amy@staff.example"
    )
    assert told_anew(world) == [AGENT]
    never_closes(world)


@pytest.mark.demand("A24")
@pytest.mark.parametrize("role", STAFF)
def test_the_next_public_staff_message_starts_it_anew(role: str) -> None:
    """It counts 7 days from the first answer; a note, an edit or a further answer
    starts nothing."""
    world = at("Resolved")
    world.wait("P2D")
    world.ask("customer", text="Wait!")
    world.ask(role, note="Hm.")
    world.ask("agent", environment="production")
    world.wait("P20D")
    assert not world.sweep()
    world.ask(role, text="Is it well now?")
    due = after(world, "P7D")
    world.wait("P1D")
    world.ask(role, text="Do tell us.")
    closes_at(world, due)


@pytest.mark.demand("A24")
def test_it_can_be_stopped_and_started_again_and_again() -> None:
    world = at("Resolved")
    for _ in range(3):
        world.wait("P6D")
        world.ask("customer", text="Wait!")
        world.wait("P6D")
        assert not world.sweep()
        world.ask("agent", text="Is it well now?")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
@pytest.mark.parametrize(
    "words",
    [{"note": "Hm."}, {"text": "All well?"}, {"environment": "production"}],
    ids=str,
)
def test_what_staff_do_does_not_move_a_running_clock(words: Words) -> None:
    world = at("Resolved")
    due = after(world, "P7D")
    world.wait("P3D")
    world.ask("agent", **words)
    closes_at(world, due)


@pytest.mark.demand("A22", "A24")
@pytest.mark.parametrize(
    ("target", "words"),
    [("Closed", {}), ("Solution Rejected", {"text": "It still fails."})],
)
def test_the_customers_own_move_ends_it(target: str, words: Words) -> None:
    world = at("Resolved")
    world.wait("P6D")
    world.ask("customer", target, **words)
    never_closes(world)


@pytest.mark.demand("A24")
def test_resolving_again_starts_a_new_clock() -> None:
    world = at("Resolved")
    world.wait("P5D")
    world.ask("customer", "Solution Rejected", text="It still fails.")
    world.ask("agent", "Send to Development")
    world.ask("developer", "Development in Progress")
    world.ask("developer", "Testing and Verification")
    world.ask("qa", "Done Awaiting Release")
    world.ask("agent", "Release Delivered", release="2026.4")
    world.ask("agent", "Resolved")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A22", "X3")
def test_the_sweep_obeys_the_checker() -> None:
    """Were the system not to close, the sweep would be refused, and write nothing."""
    world = at("Resolved")
    edges = (
        replace(edge, roles=tuple(r for r in edge.roles if r != "system"))
        for edge in world.profile.edges
    )
    world.profile = replace(world.profile, edges=tuple(edges))
    before = world.ticket
    world.wait("P8D")
    assert [type(fired.outcome) for fired in world.sweep()] == [Refusal]
    assert world.ticket == before


# --- the history ---


@pytest.mark.demand("A25", "X1")
def test_the_history_of_a_ticket() -> None:
    """From the report to the close: every move with role, from and to; rules are named;
    time goes forward."""
    world = at("Resolved")
    closes_at(world, after(world, "P7D"))
    history = world.ticket.history
    assert [(e.role, e.from_, e.to) for e in history if e.to] == [
        ("customer", None, "Open"),
        ("agent", "Open", "Ticket Assigned"),
        ("agent", "Ticket Assigned", "Investigation Underway"),
        ("agent", "Investigation Underway", "Send to Development"),
        ("developer", "Send to Development", "Development in Progress"),
        ("developer", "Development in Progress", "Testing and Verification"),
        ("qa", "Testing and Verification", "Done Awaiting Release"),
        ("agent", "Done Awaiting Release", "Release Delivered"),
        ("agent", "Release Delivered", "Resolved"),
        ("system", "Resolved", "Closed"),
    ]
    assert all(first.at <= second.at for first, second in pairwise(history))
    assert all(bool(entry.rule) == (entry.role == "system") for entry in history)
