"""Demands of the hosting provider: closing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.demands.hosting.scenes import ANSWER, HELD, TOM, at, reply
from tests.demands.tables import (
    CHANNELS,
    Words,
    after,
    ages,
    entered,
    fires_at,
    fires_once,
    forbid,
)
from tests.support.world import World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.requests import Refusal

# --- Answered closes by itself ---


@pytest.mark.demand("H4", "X1", "X3")
def test_answered_closes_30_days_after_the_answer() -> None:
    world = at("Answered")
    due = after(world, "P30D")
    anchor = entered(world.ticket, "Answered").id
    fires_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert world.ticket.status == "Closed"
    assert (entry.by, entry.role, entry.from_, entry.at, entry.due) == (
        "system",
        "system",
        "Answered",
        format_instant(due),
        format_instant(due),
    )
    assert entry.rule
    assert entry.anchor == anchor


@pytest.mark.demand("H4")
def test_30_days_keep_the_time_of_day_when_the_clocks_change() -> None:
    world = World("hosting", now=datetime(2026, 10, 20, 9, tzinfo=UTC))
    world.new()
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_each_public_staff_message_starts_the_30_days_anew() -> None:
    world = at("Answered")
    for _ in range(2):
        world.wait("P29D")
        assert not world.sweep()
        world.ask("technician", text="Are you still there?")
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
@pytest.mark.parametrize(
    "words",
    [{"note": "called"}, {"assignee": TOM}, {"title": "Mail"}, {"due": "2027-01-01"}],
)
def test_nothing_else_starts_the_30_days_anew(words: Words) -> None:
    world = at("Answered")
    due = after(world, "P30D")
    world.wait("P20D")
    world.ask("technician", **words)
    fires_at(world, due)
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_a_message_before_the_answer_does_not_count() -> None:
    """The clock is the present stay's: what was written In Progress is no start of it."""
    world = at("In Progress")
    world.ask("technician", text="I am looking at it.")
    world.wait("P25D")
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))


@pytest.mark.demand("H4", "H9")
@pytest.mark.parametrize("via", CHANNELS)
def test_a_response_stops_the_clock_and_the_next_answer_starts_it(
    via: str | None,
) -> None:
    world = at("Answered")
    world.wait("P29D")
    reply(world, via=via)
    assert ages(world).ticket.status == "Customer-Reply"
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_leaving_answered_stops_the_clock_and_coming_back_starts_it() -> None:
    world = at("Answered")
    world.wait("P29D")
    world.ask("technician", "On-Hold", **HELD)
    assert ages(world).ticket.status == "On-Hold"
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))


@pytest.mark.demand("H4")
def test_after_a_long_outage_it_closes_once_and_both_moments_are_written() -> None:
    world = at("Answered")
    due = after(world, "P30D")
    fires_once(world, after(world, "P200D"))
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))
    assert [e.to for e in ages(world).ticket.history].count("Closed") == 1


@pytest.mark.demand("H4")
def test_a_reply_after_the_30_days_but_before_the_sweep_wins() -> None:
    world = at("Answered")
    world.wait("P31D")
    reply(world)
    assert ages(world).ticket.status == "Customer-Reply"


@pytest.mark.demand("H4")
@pytest.mark.parametrize(
    "status",
    ["Open", "In Progress", "Scheduled", "On-Hold", "Customer-Reply", "Closed"],
)
def test_only_answered_closes_by_itself(status: str) -> None:
    world = at(status)
    world.ask("technician", text="We have not forgotten you.")
    before = [entry.to for entry in world.ticket.history if entry.to]
    assert [entry.to for entry in ages(world).ticket.history if entry.to] == before


@pytest.mark.demand("X3", "H4")
def test_the_sweep_is_bound_by_the_same_law() -> None:
    world = at("Answered")
    forbid(world, "Answered", "Closed")
    world.wait("P31D")
    before = world.ticket
    assert [type(one.outcome) for one in world.sweep()] == [Refusal]
    assert world.ticket is before
