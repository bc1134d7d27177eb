"""Demands of ggit: waiting customer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.demands.ggit.scenes import (
    AMY,
    COMPLETE,
    LINK_SENT,
    MAILED,
    NEW,
    PAYMENT,
    PROGRESS,
    STAFF,
    WAITING,
    at,
    demand,
    go,
)
from tests.demands.tables import Words, after, entered, fires_at, fires_once, told_anew
from tests.support.world import CUSTOMER
from ticketctl.core.dates import parse_instant, zone

# --- G5: waiting customer ---


@demand("G5")
def test_waiting_is_for_a_reply_unless_an_item_is_named() -> None:
    assert go(at(NEW), WAITING).get("waiting_for") == "reply"
    assert go(at(NEW), WAITING, waiting_for="item").get("waiting_for") == "item"
    assert go(at(NEW), WAITING, waiting_for="reply").get("waiting_for") == "reply"


@demand("G5")
def test_the_next_waiting_is_for_a_reply_again() -> None:
    world = at(NEW)
    go(world, WAITING, waiting_for="item")
    go(world, PROGRESS)
    assert go(world, WAITING).get("waiting_for") == "reply"


@demand("G5", "X1", "X3")
@pytest.mark.parametrize("source", [NEW, MAILED, COMPLETE])
def test_after_five_days_the_customer_is_reminded_once(source: str) -> None:
    world = at(source)
    go(world, WAITING)
    start = entered(world.ticket, WAITING)
    told_anew(world)
    fired = fires_at(world, after(world, "P5D"))
    assert (told_anew(world), world.ticket.status) == ([CUSTOMER], WAITING)
    entry = next(one for one in world.ticket.history if one.key)
    assert [entry.key] == [(one.fire.rule, start.id, 1) for one in fired]
    assert (entry.role, entry.at) == ("system", entry.due)
    world.wait("P90D")
    assert (world.sweep(), told_anew(world)) == ([], [])


@demand("G5")
def test_a_late_reminder_comes_once_and_has_both_moments() -> None:
    world = at(WAITING)
    due = after(world, "P5D")
    fires_once(world, due + timedelta(days=60))
    entry = next(one for one in world.ticket.history if one.key)
    assert (parse_instant(str(entry.due)), parse_instant(entry.at)) == (due, world.now)
    assert told_anew(world) == [CUSTOMER]


@demand("G5")
def test_the_five_days_end_at_the_same_time_of_day_over_a_clock_change() -> None:
    world = at(NEW)
    world.now = world.now.replace(month=3, day=5) + timedelta(
        days=365
    )  # March 2027: the clocks go forward
    where = zone(world.profile.timezone)
    for _ in range(6):
        go(world, WAITING)
        begin = world.now.astimezone(where)
        told_anew(world)
        world.now = after(world, "P5D")
        assert world.now.astimezone(where).timetz().replace(
            tzinfo=None
        ) == begin.timetz().replace(tzinfo=None)
        fires_at(world, world.now)
        go(world, PAYMENT)


@demand("G5")
def test_no_reminder_while_waiting_for_an_item() -> None:
    world = at(NEW)
    go(world, WAITING, waiting_for="item")
    world.wait("P60D")
    assert world.sweep() == []
    world = at(WAITING)
    world.ask("technician", waiting_for="item")
    world.wait("P60D")
    assert world.sweep() == []


@demand("G5")
@pytest.mark.parametrize("via", [None, "mail"])
def test_an_answer_stops_the_reminder(via: str | None) -> None:
    world = at(WAITING)
    world.wait("P4D")
    world.ask("customer", text="Here it is.", via=via, subject="Re: your question")
    world.wait("P60D")
    assert (world.sweep(), CUSTOMER in told_anew(world)) == ([], False)


@demand("G5")
def test_leaving_stops_the_reminder_and_waiting_anew_starts_it_anew() -> None:
    world = at(WAITING)
    world.wait("P4D")
    go(world, PAYMENT)
    world.wait("P4D")
    assert world.sweep() == []
    go(world, WAITING)
    fires_at(world, after(world, "P5D"))


@demand("G5")
def test_notes_and_edits_do_not_put_the_reminder_off() -> None:
    world = at(WAITING)
    due = after(world, "P5D")
    world.wait("P3D")
    world.ask("technician", note="Still nothing")
    world.ask("admin", assignee=AMY)
    fires_at(world, due)


@demand("G5", "X2")
@pytest.mark.parametrize("role", STAFF)
def test_waiting_is_refused_after_a_scheduling_link(role: str) -> None:
    world = at(LINK_SENT)
    for words in (
        {},
        {"waiting_for": "item"},
        {"text": "Any news?"},
        {"via": "mail", "subject": "x"},
    ):
        assert (
            "scheduling link"
            in " ".join(world.refused(role, WAITING, **words)).casefold()
        )
    world.ask(role, note="No answer yet")
    world.ask(role, text="Did you find a time?")
    world.refused(role, WAITING)


@demand("G5")
@pytest.mark.parametrize(
    ("role", "words"), [("customer", {}), ("technician", {"for_": CUSTOMER})]
)
def test_waiting_is_allowed_once_the_customer_replied_to_the_link(
    role: str, words: Words
) -> None:
    world = at(LINK_SENT)
    world.ask(role, text="None of these suits me.", **words)
    assert world.ask("technician", WAITING).status == WAITING


@demand("G5")
def test_a_reply_to_an_earlier_link_does_not_count() -> None:
    world = at(LINK_SENT)
    world.ask("customer", text="None of these suits me.")
    go(world, PROGRESS)
    go(world, LINK_SENT)
    world.refused("technician", WAITING)


@demand("G5", "G6")
def test_a_link_that_timezest_sent_counts_too() -> None:
    world = at(NEW)
    world.ask("customer", text="When?")
    world.ask("timezest", LINK_SENT)
    world.refused("technician", WAITING)
