"""Demands of the hosting provider: replies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.demands.hosting.scenes import (
    ANSWER,
    FORWARD,
    MOMENT,
    STAFF,
    STATUSES,
    TECHNICIAN,
    TOM,
    at,
    reply,
)
from tests.demands.tables import (
    CHANNELS,
    SECOND,
    Words,
    after,
    entered,
    fires_at,
    heard,
    move,
    told_anew,
)
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Refusal

# --- the customer's reply ---


@pytest.mark.demand("H9", "X1", "X3")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_reply_from_any_status_is_put_into_customer_reply(
    status: str, via: str | None
) -> None:
    """At once, by the system; the assignee is told, nobody else of the staff."""
    world = at(status, people=STAFF, owned=True)
    assert reply(world, "It is the blue one.", via).status == "Customer-Reply"
    assert [who for who in told_anew(world) if who != CUSTOMER] == [TOM]
    said = next(entry for entry in reversed(world.ticket.history) if entry.text)
    assert (said.by, said.role, said.via, said.at) == (
        CUSTOMER,
        "customer",
        via,
        format_instant(world.now),
    )
    if status != "Customer-Reply":
        entry = entered(world.ticket, "Customer-Reply")
        assert (entry.role, entry.from_, entry.at) == ("system", status, said.at)
        assert entry.rule
        assert entry.anchor == said.id
    assert world.follow_ups == []


@pytest.mark.demand("H9")
@pytest.mark.parametrize(("people", "told"), [(STAFF, [TECHNICIAN, TOM]), (None, [])])
@pytest.mark.parametrize(
    "status", ["Open", "Answered", "Closed", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_without_an_assignee_a_reply_is_told_to_all(
    status: str, people: dict[str, set[str]] | None, told: list[str]
) -> None:
    world = at(status, people=people)
    reply(world)
    assert [who for who in told_anew(world) if who != CUSTOMER] == told


@pytest.mark.demand("H9")
@pytest.mark.parametrize("status", STATUSES)
def test_a_reply_by_telephone_counts_and_names_both(status: str) -> None:
    world = at(status, people=STAFF, owned=True)
    world.ask("technician", text="She says: it is the blue one.", for_=CUSTOMER)
    assert world.ticket.status == "Customer-Reply"
    assert [who for who in told_anew(world) if who != CUSTOMER] == [TOM]
    said = next(entry for entry in reversed(world.ticket.history) if entry.text)
    assert (said.by, said.for_) == (TECHNICIAN, CUSTOMER)


@pytest.mark.demand("H9")
@pytest.mark.parametrize("status", STATUSES)
def test_a_technicians_message_is_no_reply(status: str) -> None:
    assert at(status).ask("technician", text="We are on it.").status == status


@pytest.mark.demand("H9")
def test_only_the_tickets_own_customer_and_watchers_reply() -> None:
    world = at("Answered", people=STAFF)
    assert world.refused("customer", text="Me too!", who="stranger@customer.example")
    world.ask("technician", watchers=("boss@customer.example",))
    assert (
        world.ask("customer", text="I agree.", who="boss@customer.example").status
        == "Customer-Reply"
    )


@pytest.mark.demand("H9", "H5")
def test_whoever_is_not_listed_is_no_technician() -> None:
    world = at("Open", people=STAFF)
    assert world.refused("technician", "Closed", who="stranger@customer.example")


@pytest.mark.demand("H9", "X4")
def test_what_a_machine_mailed_is_kept_and_moves_nothing() -> None:
    """Such mail is kept as a note; the clock of Answered goes on."""
    world = at("Answered")
    due = after(world, "P30D")
    world.wait("P10D")
    assert (
        world.ask("customer", note="I am out of office.", via="mail").status
        == "Answered"
    )
    assert told_anew(world) == []
    fires_at(world, due)
    assert world.ticket.status == "Closed"


# --- replies to closed tickets ---


def closed(days: str, seconds: int) -> World:
    """A closed ticket, so long after it was closed; the next request comes a second
    later."""
    world = at("Closed", owned=True)
    world.now = after(world, days) + SECOND * (seconds - 1)
    return world


@pytest.mark.demand("H10")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    ("days", "seconds"), [("P0D", 1), ("P29D", 0), ("P30D", -1), ("P30D", 0)]
)
def test_for_30_days_a_reply_reopens(days: str, seconds: int, via: str | None) -> None:
    world = closed(days, seconds)
    assert reply(world, via=via).status == "Customer-Reply"
    assert world.follow_ups == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize(
    "words", [{"role": "customer"}, {"role": "technician", "for_": CUSTOMER}]
)
@pytest.mark.parametrize(("days", "seconds"), [("P30D", 1), ("P400D", 0)])
def test_later_it_is_refused_with_the_reason_and_the_command(
    days: str, seconds: int, words: Words
) -> None:
    world = closed(days, seconds)
    reasons = " ".join(world.refused(text="It is back.", **words))
    assert "30 days" in reasons
    assert "ticketctl new" in reasons
    assert f"--follows {world.ticket.id}" in reasons
    assert world.follow_ups == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize(("days", "seconds"), [("P30D", 1), ("P400D", 0)])
def test_later_by_mail_a_linked_follow_up_is_made(days: str, seconds: int) -> None:
    world = closed(days, seconds)
    assert reply(world, "It is back.", "mail").status == "Closed"
    [request] = world.follow_ups
    made = decide(Situation(world.profile, world.listed, world.now), None, request)
    assert not isinstance(made, Refusal)
    assert (made.ticket.follows, made.ticket.customer) == (world.ticket.id, CUSTOMER)
    assert (made.ticket.status, made.ticket.history[0].text) == ("Open", "It is back.")
    assert [
        entry.sets for entry in world.ticket.history if entry.event == "linked"
    ] == [{"follow_up": made.ticket.id}]
    assert world.warnings == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize("via", CHANNELS)
def test_what_a_technician_writes_later_makes_no_follow_up(via: str | None) -> None:
    world = closed("P31D", 0)
    assert (
        world.ask("technician", text="We have changed the price.", via=via).status
        == "Closed"
    )
    assert world.follow_ups == []


@pytest.mark.demand("H10", "H4")
@pytest.mark.parametrize(("seconds", "status"), [(0, "Customer-Reply"), (1, "Closed")])
def test_the_30_days_count_from_the_last_closing_whoever_closed(
    seconds: int, status: str
) -> None:
    world = at("Closed")
    reply(world)
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    world.now = after(world, "P30D") + SECOND * (seconds - 1)
    assert reply(world, via="mail").status == status


@pytest.mark.demand("H10")
def test_a_ticket_can_be_replied_to_for_30_days_of_the_profiles_zone() -> None:
    """Also where the clocks change in between."""
    world = World("hosting", now=datetime(2026, 10, 20, 9, tzinfo=UTC))
    world.new()
    world.ask("technician", "Closed")
    shut, end = world.ticket, after(world, "P30D")
    for via in CHANNELS:
        world.ticket, world.now = shut, end - SECOND
        assert reply(world, via=via).status == "Customer-Reply"
        assert world.follow_ups == []
    world.ticket, world.now = shut, end
    assert world.refused("customer", text="It is back.")
    assert reply(world, via="mail").status == "Closed"


# --- replies that may not be noticed ---


@pytest.mark.demand("H12", "H9")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    ("status", "word", "other"),
    [("Open", "reset", "notice"), ("In Progress", "notice", "reset")],
)
def test_the_customer_is_told_what_a_reply_now_does(
    status: str, word: str, other: str, via: str | None
) -> None:
    world = at(status)
    reply(world, via=via)
    assert word in heard(world)
    assert other not in heard(world)


@pytest.mark.demand("H12")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    "status", ["Answered", "Closed", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_elsewhere_the_customer_is_told_nothing(status: str, via: str | None) -> None:
    world = at(status)
    reply(world, via=via)
    assert heard(world) == ""


@pytest.mark.demand("H12")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", ["Open", "In Progress"])
def test_a_technicians_own_message_says_nothing_of_it(
    status: str, via: str | None
) -> None:
    world = at(status)
    world.ask("technician", text="We are on it.", via=via)
    assert world.warnings == []
    assert TECHNICIAN not in told_anew(world)


def unseen(text: str = "It is the blue one.") -> World:
    """A reply came while the technician was at work, who had written before."""
    world = at("In Progress")
    world.ask("technician", text="I am looking at it.")
    reply(world, text)
    world.warnings.clear()
    return world


@pytest.mark.demand("H12")
@pytest.mark.parametrize(
    "words",
    [
        {"text": "Which one is it?"},
        *({"to": to, **words} for to, words in FORWARD if to != "Scheduled"),
    ],
)
def test_the_next_message_or_move_is_done_but_shows_the_reply(words: Words) -> None:
    """Once: the one after it says nothing more."""
    world = unseen()
    world.ask("technician", **words)
    assert world.ticket.status == words.get("to", "Customer-Reply")
    assert any("It is the blue one." in warning for warning in world.warnings), (
        world.warnings
    )
    world.warnings.clear()
    world.ask("technician", text="And now?")
    assert world.warnings == []


@pytest.mark.demand("H12", "H6")
def test_scheduling_shows_the_reply_too() -> None:
    world = unseen()
    move(world, "technician", "Scheduled", MOMENT)
    assert any("It is the blue one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
def test_notes_and_edits_leave_the_reply_unseen() -> None:
    world = unseen()
    world.ask("technician", note="customer seems upset")
    world.ask("technician", assignee=TECHNICIAN)
    assert world.warnings == []
    world.ask("technician", "In Progress")
    assert any("It is the blue one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
def test_a_second_reply_does_not_hide_the_first() -> None:
    """The second is sent in Customer-Reply, but the technician has still not seen the
    one sent while In Progress."""
    world = unseen()
    reply(world, "Hello?")
    world.warnings.clear()
    world.ask("technician", "In Progress")
    assert any("It is the blue one." in warning for warning in world.warnings), (
        world.warnings
    )


@pytest.mark.demand("H12")
def test_each_reply_while_in_progress_is_shown() -> None:
    world = unseen()
    world.ask("technician", "In Progress")
    reply(world, "No, the green one.")
    world.warnings.clear()
    world.ask("technician", "Answered", **ANSWER)
    assert any("No, the green one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
@pytest.mark.parametrize(
    "status", ["Open", "Answered", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_a_reply_in_another_status_warns_nobody(status: str) -> None:
    world = at(status, owned=True)
    reply(world)
    world.warnings.clear()
    world.ask("technician", "In Progress")
    assert world.warnings == []


@pytest.mark.demand("H12")
def test_work_that_was_done_before_the_reply_warns_nobody() -> None:
    """It was In Progress once, but the reply came to the answer."""
    world = at("In Progress")
    world.ask("technician", "Answered", **ANSWER)
    reply(world)
    world.ask("technician", "In Progress")
    assert world.warnings == []
