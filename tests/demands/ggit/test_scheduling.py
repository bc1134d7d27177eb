"""Demands of ggit: scheduling."""

from __future__ import annotations

import pytest

from tests.demands.ggit.scenes import (
    CLOSE,
    COMPLETE,
    INTEGRATIONS,
    LINK,
    LINK_SENT,
    MAILED,
    NEW,
    NO_CONTACT,
    NO_SHOW,
    PAYMENT,
    PROGRESS,
    REOPENED,
    SCHEDULED,
    STAFF,
    TWELVE,
    TWENTY,
    at,
    demand,
    go,
    mail,
)
from tests.demands.tables import Words, told_anew
from tests.support.world import CUSTOMER, Refused

# --- G6: scheduling link sent, scheduled ---


@demand("G6")
@pytest.mark.parametrize("status", [status for status in TWENTY if status != LINK_SENT])
def test_a_public_message_with_a_link_warns(status: str) -> None:
    world = at(status)
    world.ask("technician", text=f"Choose a time: {LINK}")
    assert any(LINK_SENT.casefold() in warning.casefold() for warning in world.warnings)


@demand("G6")
@pytest.mark.parametrize(
    "words", [{"text": "Nothing to see."}, {"note": f"They have {LINK}"}]
)
def test_no_warning_without_a_link_in_public(words: Words) -> None:
    world = at(PROGRESS)
    world.ask("technician", **words)
    assert world.warnings == []


@demand("G6")
def test_no_warning_when_the_status_is_set_with_the_link_or_was() -> None:
    world = at(PROGRESS)
    assert (
        world.ask("technician", LINK_SENT, text=f"Choose a time: {LINK}").status
        == LINK_SENT
    )
    world.ask("technician", text=f"Once more: {LINK}")
    assert world.warnings == []


@demand("G6")
def test_a_link_sent_with_another_status_warns() -> None:
    world = at(PROGRESS)
    world.ask("technician", PAYMENT, text=f"Choose a time: {LINK}")
    assert world.warnings
    world = at(LINK_SENT)
    world.ask("technician", PAYMENT, text=f"Choose a time: {LINK}")
    assert world.warnings


@demand("G6")
def test_the_status_may_follow_the_link_that_went_out_before() -> None:
    world = at(PROGRESS)
    world.ask("technician", text=f"Choose a time: {LINK}")
    assert world.ask("technician", LINK_SENT).status == LINK_SENT


@demand("G6")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != SCHEDULED])
def test_timezest_books_the_appointment_with_scheduled(source: str) -> None:
    assert at(source).ask("timezest", SCHEDULED).get("appointment") == "booked"


# --- G12: no-show ---


@demand("G12")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != NO_SHOW])
def test_a_no_show_needs_an_appointment_cancels_it_and_mails_the_customer(
    source: str,
) -> None:
    for role in STAFF:
        world = at(source)
        for words in ({"unset": ("appointment",)}, {"appointment": "cancelled"}):
            world.ask("technician", **words)
            assert any(
                "appointment" in reason for reason in world.refused(role, NO_SHOW)
            )
        world.ask("technician", appointment="booked")
        told_anew(world)
        assert world.ask(role, NO_SHOW).get("appointment") == "cancelled"
        assert told_anew(world) == [CUSTOMER]


@demand("G12")
def test_an_appointment_is_missed_once() -> None:
    world = at(NO_SHOW)
    go(world, PROGRESS)
    world.refused("technician", NO_SHOW)
    world.ask("timezest", SCHEDULED)
    assert world.ask("technician", PROGRESS).get("appointment") == "booked"
    assert world.ask("technician", NO_SHOW).get("appointment") == "cancelled"


@demand("G12")
def test_an_appointment_named_in_the_very_move_is_cancelled_too() -> None:
    world = at(PROGRESS)
    try:
        world.ask("technician", NO_SHOW, appointment="booked")
    except Refused:
        return
    assert world.ticket.get("appointment") == "cancelled"


@demand("G12", "G7")
@pytest.mark.parametrize(
    "target",
    [status for status in TWENTY if status not in (NEW, COMPLETE, NO_SHOW, NO_CONTACT)],
)
def test_a_ticket_that_reopens_has_no_appointment_left(target: str) -> None:
    world = at(PROGRESS)
    world.ask("timezest", SCHEDULED)
    go(world, COMPLETE)
    if target in TWELVE:
        ticket = go(world, target)
    elif target in (MAILED, CLOSE):
        ticket = mail(
            world, "customer", "it is resolved" if target == CLOSE else "thanks"
        )
    elif target == REOPENED:
        ticket = world.ask("technician", time_entries="not_done")
    else:
        ticket = world.ask(
            next(role for role, theirs in INTEGRATIONS.items() if target in theirs),
            target,
        )
    assert (ticket.status, ticket.get("appointment")) == (target, None)


@demand("G6", "G12")
@pytest.mark.parametrize("before", ["cancelled", "booked"])
def test_staff_who_book_while_they_reopen_have_booked(before: str) -> None:
    world = at(COMPLETE)
    world.ask("technician", appointment=before)
    assert (
        world.ask("technician", SCHEDULED, appointment="booked").get("appointment")
        == "booked"
    )


@demand("G6", "G12")
def test_timezest_books_anew_though_the_ticket_was_complete() -> None:
    world = at(COMPLETE)
    assert world.ask("timezest", SCHEDULED).get("appointment") == "booked"
