"""Demands of AeroSoft: assigning."""

from __future__ import annotations

import pytest

from tests.demands.aerosoft.scenes import AGENT, PEOPLE, STATUSES, at
from tests.demands.tables import entered
from tests.support.world import CUSTOMER, World

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
