"""Demands of AeroSoft: moves."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.demands.aerosoft.scenes import AGENT, PEOPLE, STATUSES, at, ready
from tests.demands.tables import (
    Row,
    Words,
    closed_to,
    entered,
    listed,
    needs,
    open_to,
    others,
    refusal,
    unlisted,
)
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import format_instant
from ticketctl.core.profile import CREATED

ROLES = ("customer", "agent", "developer", "qa")


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
