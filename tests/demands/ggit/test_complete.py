"""Demands of ggit: complete."""

from __future__ import annotations

import pytest

from tests.demands.ggit.scenes import (
    AMY,
    COMPLETE,
    PROGRESS,
    REOPENED,
    STAFF,
    TECH,
    TWENTY,
    at,
    demand,
    go,
    line,
    mail,
)
from tests.demands.tables import Words, entered, told_anew
from tests.support.world import CUSTOMER

# --- G7: complete ---

ALL_DONE: Words = {"time_entries": "done"}


ITEMS_OPEN: Words = {"checklist.verify": "open", "checklist.tell": "open"}


ITEMS_DONE: Words = {"checklist.verify": "done", "checklist.tell": "done"}


LACKS: list[Words] = [
    {"time_entries": "not_done"},
    {"checklist.verify": "open"},
    ITEMS_OPEN,
    {"time_entries": "not_done", "checklist.verify": "open"},
]


@demand("G7")
@pytest.mark.parametrize("lack", LACKS)
@pytest.mark.parametrize("role", STAFF)
def test_complete_is_refused_while_something_is_wanting(role: str, lack: Words) -> None:
    world = at(PROGRESS)
    world.ask("technician", **ALL_DONE | lack)
    reasons = " ".join(world.refused(role, COMPLETE)).casefold()
    assert ("checklist" in reasons) == ("open" in lack.values())
    assert ("time" in reasons) == ("time_entries" in lack)
    world = at(PROGRESS)
    world.refused(role, COMPLETE, **ALL_DONE | lack)


@demand("G7", "X2")
def test_both_wants_are_told_at_once() -> None:
    world = at(PROGRESS)
    assert len(world.refused("technician", COMPLETE, **LACKS[-1])) == 2


@demand("G7")
@pytest.mark.parametrize("items", [{}, ITEMS_OPEN])
def test_complete_with_everything_done_mails_the_customer(items: Words) -> None:
    world = at(PROGRESS)
    world.ask("technician", **ALL_DONE | items)
    for item in items:
        world.refused("technician", COMPLETE)
        world.ask("technician", **{item: ITEMS_DONE[item]})
    assert world.ask("technician", COMPLETE).status == COMPLETE
    assert told_anew(world) == [CUSTOMER]


@demand("G7")
def test_time_entries_that_nobody_spoke_of_do_not_hinder() -> None:
    world = at(PROGRESS)
    world.ask("technician", unset=("time_entries", "checklist"))
    assert world.ask("technician", COMPLETE).status == COMPLETE


@demand("G7", "G14", "X3")
@pytest.mark.parametrize("lack", LACKS)
@pytest.mark.parametrize("role", STAFF)
def test_complete_by_mail_while_something_is_wanting_reopens(
    role: str, lack: Words
) -> None:
    world = at(PROGRESS)
    world.ask("technician", **ALL_DONE | lack)
    ticket = mail(world, role, "Done", text=line(COMPLETE))
    entry = entered(ticket, REOPENED)
    assert (ticket.status, entry.role, entry.from_ in (PROGRESS, COMPLETE)) == (
        REOPENED,
        "system",
        True,
    )
    assert entry.rule
    assert told_anew(world).count(world.who(role)) == 1


@demand("G7", "G14")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != COMPLETE])
def test_complete_by_mail_from_everywhere(source: str) -> None:
    wanting, done = at(source), at(source)
    wanting.ask("technician", time_entries="not_done")
    wanting.notifications.clear()
    assert mail(wanting, "technician", "Done", text=line(COMPLETE)).status == REOPENED
    assert not any(
        one.subject.startswith("Complete")
        for one in wanting.notifications
        if CUSTOMER in one.recipients
    )
    assert TECH in told_anew(wanting)
    done.ask("technician", time_entries="done")
    done.notifications.clear()
    assert mail(done, "technician", "Done", text=line(COMPLETE)).status == COMPLETE
    assert any(
        one.subject.startswith("Complete")
        for one in done.notifications
        if CUSTOMER in one.recipients
    )


@demand("G7", "G14")
def test_no_customer_reads_that_it_is_complete_when_it_is_not() -> None:
    world = at(PROGRESS)
    world.ask("technician", time_entries="not_done")
    mail(world, "technician", "Done", text=line(COMPLETE))
    read = [
        f"{one.subject} {one.body}"
        for one in world.notifications
        if CUSTOMER in one.recipients
    ]
    assert not any("Status: Complete" in text for text in read)


@demand("G7", "X1")
@pytest.mark.parametrize("lack", LACKS)
@pytest.mark.parametrize("role", STAFF)
def test_losing_something_afterwards_reopens_and_who_did_it_is_told(
    role: str, lack: Words
) -> None:
    world = at(COMPLETE)
    told_anew(world)
    ticket = world.ask(role, **lack)
    entry = entered(ticket, REOPENED)
    assert (ticket.status, entry.from_, entry.role) == (REOPENED, COMPLETE, "system")
    assert entry.rule
    assert world.who(role) in told_anew(world) or world.warnings


@demand("G7")
def test_a_done_item_that_is_opened_again_reopens() -> None:
    world = at(PROGRESS)
    world.ask("technician", **ITEMS_OPEN)
    world.ask("technician", **ITEMS_DONE)
    go(world, COMPLETE)
    assert world.ask("technician", **LACKS[1]).status == REOPENED


@demand("G7")
@pytest.mark.parametrize(
    "words", [{"title": "Another"}, {"assignee": AMY}, {"note": "n"}, {"text": "t"}]
)
def test_other_edits_leave_a_ticket_complete(words: Words) -> None:
    assert at(COMPLETE).ask("technician", **words).status == COMPLETE


@demand("G7")
def test_who_moves_it_on_while_losing_something_has_their_way() -> None:
    assert (
        at(COMPLETE).ask("technician", PROGRESS, time_entries="not_done").status
        == PROGRESS
    )


@demand("G7")
def test_a_reopened_ticket_completes_when_all_is_done() -> None:
    world = at(REOPENED)
    world.refused("technician", COMPLETE)
    assert world.ask("technician", COMPLETE, time_entries="done").status == COMPLETE
