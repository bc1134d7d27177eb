"""Demands of AeroSoft: development."""

from __future__ import annotations

import pytest

from tests.demands.aerosoft.scenes import at
from tests.demands.tables import Words
from tests.support.world import CUSTOMER

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
    world.notifications.clear()
    world.ask("agent", "Waiting for Customer Response", text="Which version?")
    assert [
        notice.recipients
        for notice in world.notifications
        if "Which version?" in notice.body
    ] == [(CUSTOMER,)]


@pytest.mark.demand("A7", "A8")
@pytest.mark.parametrize(
    "source", ["Investigation Underway", "Development in Progress"]
)
def test_a_note_does_not_stand_for_the_message(source: str) -> None:
    at(source).refused(
        "agent", "Waiting for Customer Response", note="We need the version."
    )
