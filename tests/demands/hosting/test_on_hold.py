"""Demands of the hosting provider: on hold."""

from __future__ import annotations

import pytest

from tests.demands.hosting.scenes import ANSWER, OWNED, at, held, reply
from tests.demands.tables import Words, quoted, refusal

OF_ANSWERED = """Answered tickets have been addressed in some way by a technician and are awaiting more information
before continuing or before marking the issue closed. If the customer does not respond to the ticket within 30 days, the
ticket will be automatically closed. Additionally, a ticket may be placed into on-hold status if the customer billing
information is incorrect or a service outage has occurred. In such case a notice will be placed in the ticket regarding
any open invoices before the ticket can be answered."""


# --- On-Hold and its notice ---

NOTICE = "Your invoice 7 is open; we go on when it is paid."


@pytest.mark.demand("H8")
@pytest.mark.parametrize("reason", ["third_party", "other"])
def test_without_billing_or_outage_no_notice_is_needed(reason: str) -> None:
    assert held(reason).ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
@pytest.mark.parametrize(
    ("reason", "sets"), [("billing", {"invoices": "7"}), ("outage", {})]
)
def test_the_notice_must_stand_before_the_answer(reason: str, sets: Words) -> None:
    """The answer's own text is not the notice; a public message after the reason was
    set is."""
    world = held(reason)
    world.ask("technician", **(sets or {"title": "Outage"}))
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", note=NOTICE)
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", text=NOTICE)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_for_billing_the_notice_names_the_open_invoices() -> None:
    world = held("billing")
    world.ask("technician", text=NOTICE)
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", invoices="7")
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
@pytest.mark.parametrize(
    ("reason", "sets"), [("billing", {"invoices": "7"}), ("outage", {})]
)
def test_the_notice_may_come_with_the_reason(reason: str, sets: Words) -> None:
    world = at("Open")
    world.ask("technician", "On-Hold", text=NOTICE, hold_reason=reason, **sets)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_a_message_before_the_reason_is_no_notice() -> None:
    world = at("In Progress")
    world.ask("technician", text=NOTICE)
    world.ask("technician", "On-Hold", hold_reason="outage")
    assert world.refused("technician", "Answered", **ANSWER)


@pytest.mark.demand("H8")
def test_a_new_reason_needs_a_new_notice() -> None:
    world = held("third_party")
    world.ask("technician", text="We wait for the registry.")
    world.ask("technician", hold_reason="outage")
    assert world.refused("technician", "Answered", **ANSWER)


@pytest.mark.demand("H8", "H9")
@pytest.mark.parametrize("way", ["Customer-Reply", "In Progress"])
@pytest.mark.parametrize("reason", ["billing", "outage"])
def test_no_way_round_spares_the_notice(reason: str, way: str) -> None:
    """Neither the customer's reply nor starting work stands for the notice: the reason
    still holds."""
    world = held(reason)
    if way == "In Progress":
        world.ask("technician", "In Progress", **OWNED)
    else:
        reply(world)
    assert world.ticket.status == way
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", text=NOTICE)
    world.ask("technician", invoices="7")
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_a_reason_that_is_gone_asks_for_nothing() -> None:
    world = held("billing")
    world.ask("technician", "In Progress", unset=("hold_reason",), **OWNED)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8", "X2")
def test_everything_that_is_wanting_is_said_at_once_in_the_documents_words() -> None:
    """No message, no notice, no invoices: three reasons; the criterion is a sentence of
    the document."""
    answer = refusal(held("billing"), "technician", "Answered")
    assert len(answer.reasons) == 3
    assert any("invoices" in reason for reason in answer.reasons)
    assert quoted(answer.criterion, OF_ANSWERED), answer.criterion


@pytest.mark.demand("H7", "H10")
def test_the_reason_is_cleared_when_the_ticket_reopens() -> None:
    world = held("billing")
    world.ask("technician", invoices="7")
    world.ask("technician", "Closed")
    reply(world)
    assert world.ticket.get("hold_reason") is None
    assert world.ticket.get("invoices") is None
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"
