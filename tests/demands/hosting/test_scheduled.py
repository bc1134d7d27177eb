"""Demands of the hosting provider: scheduled."""

from __future__ import annotations

import pytest

from tests.demands.hosting.scenes import (
    FORWARD,
    MOMENT,
    STAFF,
    TECHNICIAN,
    TOM,
    at,
    moment,
    reply,
)
from tests.demands.tables import (
    Words,
    after,
    ages,
    fires_at,
    fires_once,
    move,
    queue,
    told_anew,
)
from tests.support.world import World
from ticketctl.core.dates import format_instant

# --- Scheduled ---


@pytest.mark.demand("H6")
def test_when_the_moment_comes_the_assignee_is_told() -> None:
    world = at("Scheduled", people=STAFF, owned=True)
    fires_at(world, moment(world))
    assert told_anew(world) == [TOM]
    assert world.ticket.status == "Scheduled"
    assert world.ticket.get("due_now") is True


@pytest.mark.demand("H6")
@pytest.mark.parametrize(("people", "told"), [(STAFF, [TECHNICIAN, TOM]), (None, [])])
def test_without_an_assignee_all_technicians_are_told(
    people: dict[str, set[str]] | None, told: list[str]
) -> None:
    world = at("Scheduled", people=people)
    fires_at(world, moment(world))
    assert told_anew(world) == told


@pytest.mark.demand("H6", "H9")
def test_the_moment_comes_also_when_a_reply_has_taken_it_out() -> None:
    world = at("Scheduled", people=STAFF, owned=True)
    due = moment(world)
    reply(world)
    told_anew(world)
    assert world.ticket.status == "Customer-Reply"
    fires_at(world, due)
    assert told_anew(world) == [TOM]
    assert (world.ticket.status, world.ticket.get("due_now")) == (
        "Customer-Reply",
        True,
    )


@pytest.mark.demand("H6")
@pytest.mark.parametrize("replied", [False, True])
def test_the_moment_puts_the_ticket_at_the_top_of_the_queue(replied: bool) -> None:
    world = World("hosting")
    older = world.new()
    world.new()
    move(world, "technician", "Scheduled", MOMENT)
    due = moment(world)
    if replied:
        reply(world)
        assert queue(world, world.ticket, older) == [older.id, world.ticket.id]
    assert queue(world, world.ticket, older)[0] == older.id
    fires_at(world, due)
    assert queue(world, world.ticket, older) == [world.ticket.id, older.id]


@pytest.mark.demand("H6")
def test_a_technician_starts_it_and_the_moment_is_over() -> None:
    """Started, the ticket does not stay on top; put off again, it waits for the new
    moment."""
    world = at("Scheduled", owned=True)
    fires_at(world, moment(world))
    assert not world.ask("technician", "In Progress").get("due_now")
    world.ask("technician", "Scheduled", due=world.when("+2d"))
    due = moment(world)
    assert not world.ticket.get("due_now")
    told_anew(world)
    fires_at(world, due)
    assert told_anew(world) == [TOM]
    assert world.ticket.get("due_now") is True


@pytest.mark.demand("H6")
@pytest.mark.parametrize(("to", "words"), FORWARD)
def test_every_move_by_a_technician_ends_the_moment(to: str, words: Words) -> None:
    """Also from Customer-Reply, where a reply had taken it: answered, closed or put
    off, it is on top no longer."""
    world = at("Scheduled", owned=True)
    due = moment(world)
    reply(world)
    fires_at(world, due)
    assert not move(world, "technician", to, words).get("due_now")


@pytest.mark.demand("H6")
def test_started_early_its_moment_comes_no_more() -> None:
    world = at("Scheduled", owned=True)
    world.ask("technician", "In Progress")
    reply(world)
    told_anew(world)
    assert not ages(world).ticket.get("due_now")
    assert told_anew(world) == []


@pytest.mark.demand("H6")
@pytest.mark.parametrize("come", [False, True])
def test_another_moment_replaces_the_first(come: bool) -> None:
    """Whether the first had come already or not."""
    world = at("Scheduled", owned=True)
    if come:
        fires_at(world, moment(world))
        told_anew(world)
    assert not world.ask("technician", due=world.when("+5d")).get("due_now")
    fires_at(world, moment(world))
    assert (told_anew(world), world.ticket.get("due_now")) == ([TOM], True)


@pytest.mark.demand("H6")
def test_a_moment_missed_in_an_outage_is_told_once() -> None:
    world = at("Scheduled", owned=True)
    due = moment(world)
    fires_once(world, after(world, "P60D"))
    ages(world)
    assert told_anew(world) == [TOM]
    assert [entry.due for entry in world.ticket.history if entry.due] == [
        format_instant(due)
    ]


@pytest.mark.demand("H6")
def test_a_ticket_closed_meanwhile_is_left_alone() -> None:
    world = at("Scheduled", owned=True)
    reply(world)
    world.ask("technician", "Closed")
    told_anew(world)
    assert ages(world).ticket.status == "Closed"
    assert told_anew(world) == []
