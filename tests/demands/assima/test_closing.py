"""Demands of Assima: closing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.demands.assima.scenes import STATUSES, SUE, SUPPORT, at, closes_at, ready
from tests.demands.tables import Words, after, entered, fires_once, told_anew
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.requests import Refusal
from ticketctl.record import replace


def never_closes(world: World) -> None:
    """The sweep has nothing to do, however long one waits."""
    world.wait("P400D")
    assert not world.sweep()


# --- closing by itself ---


@pytest.mark.demand("S8", "X1")
@pytest.mark.parametrize(
    "start",
    [datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 10, 10, 16, tzinfo=UTC)],
    ids=str,
)
def test_it_closes_thirty_days_after_it_was_verified(start: datetime) -> None:
    """At the same time of day, over the end of summer time too; the entry has the rule,
    what it is due to, and when."""
    world = at("Verified", now=start)
    since, due = entered(world.ticket, "Verified"), after(world, "P30D")
    closes_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert (entry.role, entry.from_, entry.due, entry.at) == (
        "system",
        "Verified",
        *2 * [format_instant(due)],
    )
    assert (entry.rule, entry.anchor) == (world.profile.automations[0].name, since.id)


@pytest.mark.demand("S8", "S10", "S12")
@pytest.mark.parametrize(
    "status", [status for status in STATUSES if status != "Verified"]
)
def test_nothing_else_happens_by_itself(status: str) -> None:
    never_closes(ready(status))


@pytest.mark.demand("S8")
def test_after_a_long_outage_it_closes_once() -> None:
    """Late is allowed: the moment that it was due at is kept beside the one at which it
    was done."""
    world = at("Verified")
    due = after(world, "P30D")
    assert len(fires_once(world, after(world, "P300D"))) == 1
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))


@pytest.mark.demand("S8")
@pytest.mark.parametrize("words", [{}, {"via": "mail"}], ids=["by hand", "by mail"])
def test_a_customers_message_stops_the_clock(words: Words) -> None:
    world = at("Verified")
    world.wait("P29D")
    assert world.ask("customer", text="Wait!", **words).status == "Verified"
    never_closes(world)


@pytest.mark.demand("S2", "S8")
def test_a_message_by_telephone_stops_it_and_tells_the_assignee() -> None:
    world = at("Verified")
    told_anew(world)
    world.ask("support", text="She asks us to wait.", for_=CUSTOMER, who=SUE)
    assert told_anew(world) == [SUPPORT]
    never_closes(world)


@pytest.mark.demand("S8")
@pytest.mark.parametrize("role", ["support", "developer"])
def test_the_next_public_staff_message_starts_it_anew(role: str) -> None:
    """It counts 30 days from the first answer; a note, an edit or a further answer
    starts nothing."""
    world = at("Verified")
    world.wait("P10D")
    world.ask("customer", text="Wait!")
    world.ask(role, note="Hm.")
    world.ask("support", assignee=SUE)
    world.wait("P40D")
    assert not world.sweep()
    world.ask(role, text="Is it well now?")
    due = after(world, "P30D")
    world.wait("P1D")
    world.ask(role, text="Do tell us.")
    closes_at(world, due)


@pytest.mark.demand("S8")
def test_it_can_be_stopped_and_started_again_and_again() -> None:
    world = at("Verified")
    for _ in range(3):
        world.wait("P29D")
        world.ask("customer", text="Wait!")
        world.wait("P29D")
        assert not world.sweep()
        world.ask("support", text="Is it well now?")
    closes_at(world, after(world, "P30D"))


@pytest.mark.demand("S8")
@pytest.mark.parametrize(
    "words", [{"note": "Hm."}, {"text": "All well?"}, {"assignee": SUE}], ids=str
)
def test_what_staff_do_does_not_move_a_running_clock(words: Words) -> None:
    world = at("Verified")
    due = after(world, "P30D")
    world.wait("P10D")
    world.ask("support", **words)
    closes_at(world, due)


@pytest.mark.demand("S7", "S8")
@pytest.mark.parametrize("target", ["Closed", "Reopened"])
def test_the_customers_own_move_ends_it(target: str) -> None:
    world = at("Verified")
    world.wait("P29D")
    world.ask("customer", target, text="So be it.")
    never_closes(world)


@pytest.mark.demand("S8")
def test_verifying_again_starts_a_new_clock() -> None:
    world = at("Verified")
    world.wait("P20D")
    world.ask("customer", "Reopened", text="It still fails.")
    world.ask("support", "Assigned", assignee=SUPPORT)
    world.ask("support", "QA Pending")
    world.ask("support", "Verified", assignee=SUPPORT)
    closes_at(world, after(world, "P30D"))


@pytest.mark.demand("S8", "X3")
def test_the_sweep_obeys_the_checker() -> None:
    """Were the system not to close, the sweep would be refused, and write nothing."""
    world = at("Verified")
    edges = (
        replace(edge, roles=tuple(r for r in edge.roles if r != "system"))
        for edge in world.profile.edges
    )
    world.profile = replace(world.profile, edges=tuple(edges))
    before = world.ticket
    world.wait("P31D")
    assert [type(fired.outcome) for fired in world.sweep()] == [Refusal]
    assert world.ticket == before
