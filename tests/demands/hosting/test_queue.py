"""Demands of the hosting provider: queue."""

from __future__ import annotations

import pytest

from tests.demands.hosting.scenes import STATUSES, TOM, at, reply
from tests.demands.tables import CHANNELS, Words, queue
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import format_instant

# --- the queue ---


@pytest.mark.demand("H11")
@pytest.mark.parametrize("role", ["customer", "technician"])
def test_a_new_ticket_stands_at_the_end_of_the_queue(role: str) -> None:
    world = World("hosting")
    tickets = [world.new(role) for _ in range(3)]
    assert [ticket.get("queued_at") for ticket in tickets] == [
        ticket.created for ticket in tickets
    ]
    assert queue(world, *reversed(tickets)) == [ticket.id for ticket in tickets]


@pytest.mark.demand("H11")
@pytest.mark.parametrize("words", [{}, {"via": "mail"}, {"for_": CUSTOMER}])
def test_a_further_message_while_open_resets_the_position(words: Words) -> None:
    world = World("hosting")
    other = world.new()
    world.new()
    first, world.ticket = world.ticket, other
    world.ask("technician" if words.get("for_") else "customer", text="Hello?", **words)
    assert world.ticket.get("queued_at") == format_instant(world.now)
    assert queue(world, world.ticket, first) == [first.id, world.ticket.id]


@pytest.mark.demand("H11")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", STATUSES[1:])
def test_other_messages_of_the_customer_do_not(status: str, via: str | None) -> None:
    world = at(status)
    before = world.ticket.get("queued_at")
    assert before is not None
    assert reply(world, via=via).get("queued_at") == before


@pytest.mark.demand("H11")
@pytest.mark.parametrize(
    "words",
    [{"text": "We are on it."}, {"note": "n"}, {"assignee": TOM}, {"title": "Mail"}],
)
def test_nothing_that_staff_do_while_open_resets_it(words: Words) -> None:
    world = at("Open")
    before = world.ticket.get("queued_at")
    assert world.ask("technician", **words).get("queued_at") == before


@pytest.mark.demand("H11")
def test_only_the_message_sent_while_open_resets_it() -> None:
    """The first takes the ticket out of Open; the second finds it in Customer-Reply."""
    world = at("Open")
    queued = reply(world).get("queued_at")
    assert reply(world).get("queued_at") == queued
