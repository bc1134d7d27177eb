"""Demands of ggit: in progress."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.demands.ggit.scenes import (
    ADMIN,
    AMY,
    COMPLETE,
    LINK_SENT,
    NEW,
    NO_CONTACT,
    NO_SHOW,
    PAYMENT,
    PROGRESS,
    SCHEDULED,
    STAFF,
    TECH,
    TESS,
    TIMED,
    TODO,
    TWELVE,
    TWENTY,
    VENDOR,
    WAITING,
    at,
    demand,
    go,
    mail,
    plain,
)
from tests.demands.tables import after, fires_at, fires_once, told_anew
from tests.support.world import CUSTOMER, World

# --- G9: in progress ---


@demand("G9")
@pytest.mark.parametrize("role", STAFF)
def test_in_progress_claims_an_unassigned_ticket(role: str) -> None:
    world = at(NEW, None)
    assert world.ask(role, PROGRESS).assignee == world.who(role)
    assert at(NEW, TESS).ask(role, PROGRESS).assignee == TESS
    assert at(NEW, None).ask(role, PROGRESS, assignee=TESS).assignee == TESS


@demand("G9")
@pytest.mark.parametrize(
    "target", [ADMIN, WAITING, LINK_SENT, COMPLETE, PAYMENT, SCHEDULED, VENDOR, NO_SHOW]
)
def test_no_other_status_claims(target: str) -> None:
    assert go(at(NEW, None), target).assignee is None


@demand("G9")
@pytest.mark.parametrize(("assignee", "told"), [(TESS, [TESS]), (None, [TECH])])
def test_after_four_hours_the_assignee_is_reminded_once(
    assignee: str | None, told: list[str]
) -> None:
    world = at(NEW, assignee)
    world.ask("technician", PROGRESS)
    told_anew(world)
    fires_at(world, after(world, "PT4H"))
    assert (told_anew(world), world.ticket.status) == (told, PROGRESS)
    world.wait("P30D")
    assert (world.sweep(), told_anew(world)) == ([], [])


@demand("G9")
def test_one_reminder_after_a_long_outage_and_none_once_it_was_left() -> None:
    world, left = at(PROGRESS), at(PROGRESS)
    fires_once(world, world.now + timedelta(days=30))
    assert told_anew(world) == [TESS]
    go(left, PAYMENT)
    left.wait("P30D")
    assert left.sweep() == []


@demand("G9")
def test_triage_begun_anew_has_four_hours_again_and_a_note_does_not_lengthen_it() -> (
    None
):
    world = at(PROGRESS)
    world.wait("PT3H")
    go(world, PAYMENT)
    go(world, PROGRESS)
    due = after(world, "PT4H")
    world.wait("PT3H")
    world.ask("technician", note="Looking")
    fires_at(world, due)


@demand("G5", "G8", "G9", "G11")
@pytest.mark.parametrize("status", TWENTY)
def test_what_time_does_to_every_status(status: str) -> None:
    world = at(status)
    for _ in range(3):
        world.wait("P400D")
        world.sweep()
    assert (world.ticket.status, set(told_anew(world))) == TIMED[status]


# --- G10, G11: to do, waiting vendor ---


@demand("G10")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != TODO])
def test_to_do_puts_it_on_the_assignees_queue_and_tells_no_customer(
    source: str,
) -> None:
    world = at(source)
    assert world.ask("admin", TODO, assignee=AMY).get("queue") == f"todo/{AMY}"
    assert CUSTOMER not in told_anew(world)
    assert at(source).ask("admin", TODO).get("queue") == f"todo/{TESS}"


@demand("G10")
def test_to_do_is_somebodys() -> None:
    assert any(
        "-a WHO" in reason for reason in at(NEW, None).refused("technician", TODO)
    )


@demand("G10")
def test_the_queue_follows_the_assignee() -> None:
    assert at(TODO).ask("technician", assignee=AMY).get("queue") == f"todo/{AMY}"


@demand("G10")
@pytest.mark.parametrize("status", [status for status in TWENTY if status != TODO])
def test_no_other_status_has_a_to_do_queue(status: str) -> None:
    assert at(status).ask("technician", assignee=AMY).get("queue") is None


@demand("G10")
@pytest.mark.parametrize("target", [status for status in TWELVE if status != TODO])
def test_a_ticket_leaves_the_to_do_queue_with_the_status(target: str) -> None:
    assert not str(go(at(TODO), target).get("queue") or "").startswith("todo/")


@demand("G10")
def test_a_ticket_leaves_the_to_do_queue_by_mail_and_integrations_too() -> None:
    assert mail(at(TODO), "customer", "news").get("queue") is None
    assert at(TODO).ask("mission_control", NO_CONTACT).get("queue") is None


@demand("G11")
def test_vendors_are_told_apart() -> None:
    statuses = World("ggit").profile.statuses
    assert "to us, not directly to customer" in plain(statuses[VENDOR].description)
    assert "an item arrives that the customer ordered" in plain(
        statuses[WAITING].description
    )


@demand("G11")
def test_our_vendor_is_not_the_customers_wait() -> None:
    world = at(VENDOR)
    assert (world.ticket.get("waiting_for"), TWENTY[VENDOR]) != ("item", "pending")
    world.wait("P90D")
    assert (world.sweep(), CUSTOMER in told_anew(world)) == ([], False)
    assert (
        world.ask("technician", WAITING, waiting_for="item").get("waiting_for")
        == "item"
    )
