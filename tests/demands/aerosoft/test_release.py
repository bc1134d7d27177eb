"""Demands of AeroSoft: release."""

from __future__ import annotations

import pytest

from tests.demands.aerosoft.scenes import AGENT, PEOPLE, STAFF, at
from tests.demands.tables import Words, entered
from tests.support.world import CUSTOMER, World

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
