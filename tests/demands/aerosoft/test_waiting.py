"""Demands of AeroSoft: waiting."""

from __future__ import annotations

import pytest

from tests.demands.aerosoft.scenes import at, ready
from tests.demands.tables import Words, refusal
from tests.support.world import CUSTOMER

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
