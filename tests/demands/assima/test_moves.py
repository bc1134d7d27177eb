"""Demands of Assima: moves."""

from __future__ import annotations

import pytest

from tests.demands.assima.scenes import (
    DEVELOPER,
    PEOPLE,
    ROLES,
    STATUSES,
    SUPPORT,
    at,
    ready,
)
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
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import format_instant
from ticketctl.core.profile import CREATED

# QA Pending is left with an assignee from support (S4), Postponed with the one whom it
# had before.
MOVES: list[Row] = [
    ("New", "Assigned", ("support",), {"assignee": SUPPORT}, ("S2",)),
    ("Reopened", "Assigned", ("support",), {"assignee": SUPPORT}, ("S2",)),
    ("Assigned", "QA Pending", ("support", "developer"), {}, ("S3",)),
    ("QA Pending", "Verified", ("support",), {"assignee": SUPPORT}, ("S5",)),
    (
        "QA Pending",
        "Assigned",
        ("support",),
        {"note": "It still fails on the release version."},
        ("S6",),
    ),
    ("Verified", "Closed", ("customer",), {}, ("S7",)),
    ("Verified", "Reopened", ("customer",), {"text": "It still fails."}, ("S7",)),
    ("Closed", "Reopened", ("customer",), {"text": "It happens again."}, ("S9",)),
    ("New", "Postponed", ("support",), {"note": "It happened once."}, ("S10",)),
    (
        "Assigned",
        "Postponed",
        ("support",),
        {"note": "Could not be reproduced."},
        ("S10",),
    ),
    (
        "Reopened",
        "Postponed",
        ("support",),
        {"note": "They wait for a contract."},
        ("S10",),
    ),
    ("Postponed", "Assigned", ("support",), {}, ("S10",)),
]


# Words of the document's criterion; it is silent on the other moves.
CRITERIA = {
    (CREATED, "New"): "entered by a user",
    ("New", "Assigned"): "assign it to one of Assima's employees",
    ("Assigned", "QA Pending"): "the ticket is answered or the problem is corrected",
    ("QA Pending", "Verified"): "the verification is complete",
    (
        "Verified",
        "Closed",
    ): "check that the ticket is properly resolved and then mark it as",
    ("Verified", "Reopened"): "the customer considers the ticket is not resolved",
    ("Closed", "Reopened"): "the problem appears again",
    ("New", "Postponed"): "neither be considered as open",
    ("Assigned", "Postponed"): "neither be considered as open",
    ("Reopened", "Postponed"): "neither be considered as open",
}


BY_RULES = {("New", "Assigned"), ("Reopened", "Assigned"), ("Verified", "Closed")}


# --- statuses and moves ---


@pytest.mark.demand("S10", "S12")
def test_the_statuses() -> None:
    """These and no others, in their states, described in the document's words."""
    found = World("assima").profile.statuses
    assert {status.name: status.state for status in found.values()} == {
        k: v[0] for k, v in STATUSES.items()
    }
    for name, (_, words) in STATUSES.items():
        assert words in " ".join(found[name].description.split())


@pytest.mark.demand("S12")
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_reached_by_listed_moves(status: str) -> None:
    assert at(status).ticket.status == status


@pytest.mark.demand("S12", "X3")
def test_the_moves_are_those_of_the_table() -> None:
    """None is listed besides; rules make three of them."""
    edges = [edge for edge in World("assima").profile.edges if edge.source != CREATED]
    assert {(edge.source, edge.target) for edge in edges} == {row[:2] for row in MOVES}
    assert {
        (edge.source, edge.target) for edge in edges if "system" in edge.roles
    } == BY_RULES


@pytest.mark.demand("S12")
@pytest.mark.parametrize(
    ("status", "roles"),
    [
        ("New", set()),
        ("Assigned", {"support", "system"}),
        ("QA Pending", {"support", "developer"}),
        ("Verified", {"support"}),
        ("Postponed", {"support"}),
        ("Closed", {"customer", "system"}),
        ("Reopened", {"customer"}),
    ],
)
def test_who_sets_a_status(status: str, roles: set[str]) -> None:
    """New comes by the report alone; the customer, or the system, closes; the customer
    reopens; staff do the rest."""
    edges = [
        edge
        for edge in World("assima").profile.edges
        if edge.source != CREATED and edge.target == status
    ]
    assert {role for edge in edges for role in edge.roles} == roles


@pytest.mark.demand("X1")
@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
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


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
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


@pytest.mark.demand("S12")
@pytest.mark.parametrize(("source", "target"), unlisted("assima", MOVES))
def test_an_unlisted_move_is_refused_to_everybody(source: str, target: str) -> None:
    """Whatever they bring with it; nor is it offered to anybody."""
    world = ready(source)
    for role, more in others(world, ()):
        words = (
            {"text": "Please."}
            if role == "customer"
            else {"text": "Well.", "note": "So."}
        )
        assert closed_to(world, role, target, words | more), role


@pytest.mark.demand("S12", "X2")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_offers_just_the_moves_of_the_role(status: str, role: str) -> None:
    listed_here = {row[1] for row in MOVES if row[0] == status and role in row[2]}
    assert open_to(refusal(ready(status), role, status)) == listed_here


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_listed_people_have_their_own_roles_alone(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """Where people are listed, whoever has the role may, and whoever has not may not
    take it."""
    for role in roles:
        world = ready(source, people=PEOPLE)
        for stranger in {SUPPORT, DEVELOPER, "stranger@else.example"} - {
            world.who(role)
        }:
            world.refused(role, target, who=stranger, **words)
        assert world.ask(role, target, **words).status == target


@pytest.mark.demand("S7", "S9")
@pytest.mark.parametrize("role", ["support", "developer"])
@pytest.mark.parametrize(
    ("source", "target"),
    [("Verified", "Closed"), ("Verified", "Reopened"), ("Closed", "Reopened")],
)
def test_nobody_acts_for_the_customer(source: str, target: str, role: str) -> None:
    """It is the customer's responsibility: not in their own name, nor with ``--for``,
    nor another customer."""
    world = at(source)
    world.refused(role, target, text="She said so by telephone.")
    world.refused(role, target, text="She said so by telephone.", for_=CUSTOMER)
    world.refused(
        "customer", target, text="We looked at it.", who="other@customer.example"
    )


@pytest.mark.demand("X2")
def test_a_refusal_names_all_reasons_and_the_way() -> None:
    """A developer may not verify, and nobody is assigned."""
    answer = refusal(at("QA Pending"), "developer", "Verified")
    assert len(answer.reasons) == 2
    assert [step.to for step in answer.way] == ["Verified"]
    far = refusal(at("New"), "support", "Closed")
    assert [step.to for step in far.way] == [
        "Assigned",
        "QA Pending",
        "Verified",
        "Closed",
    ]
    assert {(move.to, len(move.needs)) for move in far.open} == {
        ("Assigned", 1),
        ("Postponed", 1),
    }


@pytest.mark.demand("S1", "S2", "S3", "S5", "S7", "S9", "S10", "X2")
@pytest.mark.parametrize(("source", "target"), CRITERIA, ids=" -> ".join)
def test_the_criterion_is_in_the_documents_words(source: str, target: str) -> None:
    edges = World("assima").profile.between(source, target)
    assert all(
        CRITERIA[source, target] in " ".join(edge.criterion.split()) for edge in edges
    )
