"""Demands of ggit: deferred."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.demands.ggit.scenes import (
    ADMIN,
    DEFERRED,
    NEW,
    PAYMENT,
    RESOURCE,
    TESS,
    TWENTY,
    at,
    demand,
    go,
    wake,
)
from tests.demands.tables import entered, fires_at, fires_once, told_anew
from ticketctl.core.ticket import fold
from ticketctl.record import replace

# --- G8: deferred ---


@demand("G8")
@pytest.mark.parametrize("due", [None, "-1d", "today", "2026-11-01", "-1h"])
def test_deferring_needs_a_due_date_in_the_future(due: str | None) -> None:
    world = at(NEW)
    words = {"due": world.when(due)} if due else {}
    assert any(
        "due" in reason for reason in world.refused("technician", DEFERRED, **words)
    )


@demand("G8")
@pytest.mark.parametrize("due", ["tomorrow", "2026-12-24", "+3d", "+30d"])
def test_deferring_with_one(due: str) -> None:
    world = at(NEW)
    ticket = world.ask("admin", DEFERRED, due=world.when(due))
    assert (ticket.status, ticket.due) == (
        DEFERRED,
        world.when(due) if "+" not in due else ticket.due,
    )
    assert ticket.due


@demand("G8")
def test_the_due_date_must_be_given_in_the_same_move_though_it_may_stay_the_same() -> (
    None
):
    world = at(NEW)
    due = world.when("+10d")
    world.ask("technician", due=due)
    world.refused("technician", DEFERRED)
    assert world.ask("technician", DEFERRED, due=due).status == DEFERRED


@demand("G8", "X1", "X3")
@pytest.mark.parametrize("due", ["+10d", "2026-12-24"])
@pytest.mark.parametrize(
    ("assignee", "to", "told"), [(TESS, RESOURCE, [TESS]), (None, ADMIN, [])]
)
def test_a_deferred_ticket_wakes_one_day_before(
    due: str, assignee: str | None, to: str, told: list[str]
) -> None:
    world = at(NEW, assignee)
    setting = world.ask("technician", DEFERRED, due=world.when(due)).history[-1]
    told_anew(world)
    fires_at(world, wake(world))
    entry = entered(world.ticket, to)
    assert (world.ticket.status, told_anew(world)) == (to, told)
    assert (entry.from_, entry.role, entry.anchor) == (DEFERRED, "system", setting.id)
    assert entry.rule
    assert entry.note
    world.wait("P90D")
    assert (world.sweep(), told_anew(world)) == ([], [])


@demand("G8")
def test_a_deferred_ticket_wakes_once_after_a_long_outage() -> None:
    world = at(DEFERRED)
    fires_once(world, wake(world) + timedelta(days=200))
    assert (world.ticket.status, told_anew(world)) == (RESOURCE, [TESS])


@demand("G8")
def test_who_has_lost_their_ticket_since_is_not_waited_for() -> None:
    world = at(DEFERRED)
    world.ask("technician", unset=("assignee",))
    fires_at(world, wake(world))
    assert world.ticket.status == ADMIN


@demand("G8")
@pytest.mark.parametrize("due", ["+20d", "+5d"])
def test_a_date_set_anew_counts_alone(due: str) -> None:
    world = at(DEFERRED)
    old = wake(world)
    world.ask("technician", due=world.when(due))
    new = wake(world)
    assert new != old
    fires_at(world, new)
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_a_date_moved_into_the_past_wakes_at_the_next_sweep() -> None:
    world = at(DEFERRED)
    world.ask("technician", due=world.when("-1d"))
    fires_once(world, world.now)
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_deferring_again_wakes_again() -> None:
    world = at(DEFERRED)
    fires_at(world, wake(world))
    go(world, DEFERRED)
    fires_at(world, wake(world))
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_a_ticket_that_is_no_longer_deferred_is_not_woken() -> None:
    world = at(DEFERRED)
    moment = wake(world)
    go(world, PAYMENT)
    world.now = moment + timedelta(days=3)
    assert world.sweep() == []


@demand("G8", "X1", "X3")
@pytest.mark.parametrize("removed", [True, False])
@pytest.mark.parametrize(
    ("assignee", "to", "told"), [(TESS, RESOURCE, [TESS]), (None, ADMIN, [])]
)
def test_deferred_without_a_date_is_found_by_the_sweep(
    removed: bool, assignee: str | None, to: str, told: list[str]
) -> None:
    world = at(NEW, assignee)
    world.ask("technician", DEFERRED, due=world.when("+10d"))
    told_anew(world)
    assert world.sweep() == []
    if removed:
        world.ask("technician", unset=("due",))
    else:  # as an import may bring it: it never had one
        *earlier, last = world.ticket.history
        world.ticket = fold([*earlier, replace(last, sets={})])
    assert (world.ticket.status, world.ticket.due) == (DEFERRED, None)
    world.wait("PT1M")
    fires_once(world, world.now)
    entry = entered(world.ticket, to)
    assert (world.ticket.status, entry.role, bool(entry.note)) == (to, "system", True)
    assert entry.rule
    assert told_anew(world) == told


@demand("G8")
def test_a_date_removed_and_set_again_before_the_sweep_wakes_on_its_day() -> None:
    world = at(DEFERRED)
    world.ask("technician", unset=("due",))
    world.ask("technician", due=world.when("+20d"))
    fires_at(world, wake(world))


@demand("G8")
@pytest.mark.parametrize("status", [status for status in TWENTY if status != DEFERRED])
def test_a_date_means_nothing_in_any_other_status(status: str) -> None:
    world = at(status)
    world.sweep()
    world.ask("technician", due=world.when("+1h"))
    world.wait("PT2H")
    assert world.sweep() == []
