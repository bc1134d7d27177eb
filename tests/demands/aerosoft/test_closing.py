"""Demands of AeroSoft: closing."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from tests.demands.aerosoft.scenes import AGENT, STAFF, STATUSES, at, ready
from tests.demands.tables import Words, after, entered, fires_at, fires_once, told_anew
from tests.support.world import CUSTOMER, World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import apply
from ticketctl.record import replace


def closes_at(world: World, moment: datetime) -> None:
    """The system closes the ticket at that moment: no second sooner, and once."""
    assert len(fires_at(world, moment)) == 1
    assert world.ticket.status == "Closed"


def never_closes(world: World) -> None:
    """The sweep has nothing to do, however long one waits."""
    world.wait("P400D")
    assert not world.sweep()


# --- closing by itself ---


@pytest.mark.demand("A24")
def test_entering_resolved_notifies_the_customer() -> None:
    world = at("Release Delivered")
    told_anew(world)
    ticket = world.ask("agent", "Resolved")
    assert all(notice.subject and notice.body for notice in world.notifications)
    assert told_anew(world) == [CUSTOMER]
    notice = ticket.history[-1]
    assert (notice.event, notice.recipients, notice.at) == (
        "notified",
        (CUSTOMER,),
        format_instant(world.now),
    )


@pytest.mark.demand("A22", "A24", "A25", "X1")
@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 6, 1, 9, tzinfo=UTC),
        datetime(2026, 10, 24, 16, tzinfo=UTC),
        datetime(2026, 10, 31, 16, tzinfo=UTC),
    ],
    ids=str,
)
def test_it_closes_seven_days_after_the_notification(start: datetime) -> None:
    """At the same time of day, over the end of summer time too; the entry has the rule,
    what it is due to, and when."""
    world = at("Resolved", now=start)
    notice, due = world.ticket.history[-1], after(world, "P7D")
    closes_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert (entry.role, entry.from_, entry.due, entry.at) == (
        "system",
        "Resolved",
        *2 * [format_instant(due)],
    )
    assert (entry.rule, entry.anchor) == (world.profile.automations[0].name, notice.id)


@pytest.mark.demand("A25", "X1")
@pytest.mark.parametrize("source", ["Release Delivered", "Resolved"])
def test_the_history_tells_that_the_customer_closed_it(source: str) -> None:
    entry = entered(at(source).ask("customer", "Closed"), "Closed")
    assert (entry.by, entry.role, entry.rule) == (CUSTOMER, "customer", None)


@pytest.mark.demand("A22")
@pytest.mark.parametrize(
    "status", [status for status in STATUSES if status != "Resolved"]
)
def test_nothing_else_happens_by_itself(status: str) -> None:
    never_closes(ready(status))


@pytest.mark.demand("A24")
def test_no_notification_no_closing() -> None:
    world = at("Release Delivered")
    told_anew(world)
    assert world.ask("agent", "Resolved", quiet=True).history[-1].quiet
    assert not told_anew(world)
    never_closes(world)
    world.ask("customer", text="Is it done?")
    never_closes(world)


def notify_late(world: World) -> None:
    """The notice of Resolved goes out now (sweep, rules 8 and 9: an ordinary entry, the
    latest counts)."""
    message = at("Resolved").notifications[-1].message
    draft = Entry(
        format_instant(world.now),
        "system",
        "system",
        "notified",
        message=message,
        recipients=(CUSTOMER,),
    )
    world.ticket = apply(world.ticket, seal(world.ticket.history, draft))


@pytest.mark.demand("A24")
def test_the_clock_starts_at_the_notification_not_at_the_status() -> None:
    world = at("Release Delivered")
    world.ask("agent", "Resolved", quiet=True)
    world.wait("P3D")
    notify_late(world)
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
def test_the_latest_notification_counts() -> None:
    world = at("Resolved")
    world.wait("P3D")
    notify_late(world)
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
def test_a_message_before_a_late_notification_is_not_closed_over() -> None:
    """It is answered first, and the customer has the seven days from the answer."""
    world = at("Release Delivered")
    world.ask("agent", "Resolved", quiet=True)
    world.ask("customer", text="Is it done?")
    world.wait("P3D")
    notify_late(world)
    world.wait("P30D")
    assert not world.sweep()
    world.ask("agent", text="It is.")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A22", "A24")
def test_after_a_long_outage_it_closes_once() -> None:
    """Late is allowed: the moment that it was due at is kept beside the one at which it
    was done."""
    world = at("Resolved")
    due = after(world, "P7D")
    assert len(fires_once(world, after(world, "P300D"))) == 1
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))


@pytest.mark.demand("A24")
@pytest.mark.parametrize("via", [None, "mail"])
def test_a_customers_message_stops_the_clock_and_tells_the_assignee(
    via: str | None,
) -> None:
    world = at("Resolved")
    told_anew(world)
    world.wait("P6D")
    assert world.ask("customer", text="Wait!", via=via).status == "Resolved"
    assert "Wait!" in world.notifications[-1].body
    assert told_anew(world) == [AGENT]
    never_closes(world)


@pytest.mark.demand("A24", "A27")
def test_a_message_by_telephone_stops_it_too() -> None:
    world = at("Resolved")
    told_anew(world)
    world.ask(
        "agent", text="She asks us to wait.", for_=CUSTOMER, who="amy@staff.example"
    )
    assert told_anew(world) == [AGENT]
    never_closes(world)


@pytest.mark.demand("A24")
@pytest.mark.parametrize("role", STAFF)
def test_the_next_public_staff_message_starts_it_anew(role: str) -> None:
    """It counts 7 days from the first answer; a note, an edit or a further answer
    starts nothing."""
    world = at("Resolved")
    world.wait("P2D")
    world.ask("customer", text="Wait!")
    world.ask(role, note="Hm.")
    world.ask("agent", environment="production")
    world.wait("P20D")
    assert not world.sweep()
    world.ask(role, text="Is it well now?")
    due = after(world, "P7D")
    world.wait("P1D")
    world.ask(role, text="Do tell us.")
    closes_at(world, due)


@pytest.mark.demand("A24")
def test_it_can_be_stopped_and_started_again_and_again() -> None:
    world = at("Resolved")
    for _ in range(3):
        world.wait("P6D")
        world.ask("customer", text="Wait!")
        world.wait("P6D")
        assert not world.sweep()
        world.ask("agent", text="Is it well now?")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A24")
@pytest.mark.parametrize(
    "words",
    [{"note": "Hm."}, {"text": "All well?"}, {"environment": "production"}],
    ids=str,
)
def test_what_staff_do_does_not_move_a_running_clock(words: Words) -> None:
    world = at("Resolved")
    due = after(world, "P7D")
    world.wait("P3D")
    world.ask("agent", **words)
    closes_at(world, due)


@pytest.mark.demand("A22", "A24")
@pytest.mark.parametrize(
    ("target", "words"),
    [("Closed", {}), ("Solution Rejected", {"text": "It still fails."})],
)
def test_the_customers_own_move_ends_it(target: str, words: Words) -> None:
    world = at("Resolved")
    world.wait("P6D")
    world.ask("customer", target, **words)
    never_closes(world)


@pytest.mark.demand("A24")
def test_resolving_again_starts_a_new_clock() -> None:
    world = at("Resolved")
    world.wait("P5D")
    world.ask("customer", "Solution Rejected", text="It still fails.")
    world.ask("agent", "Send to Development")
    world.ask("developer", "Development in Progress")
    world.ask("developer", "Testing and Verification")
    world.ask("qa", "Done Awaiting Release")
    world.ask("agent", "Release Delivered", release="2026.4")
    world.ask("agent", "Resolved")
    closes_at(world, after(world, "P7D"))


@pytest.mark.demand("A22", "X3")
def test_the_sweep_obeys_the_checker() -> None:
    """Were the system not to close, the sweep would be refused, and write nothing."""
    world = at("Resolved")
    edges = (
        replace(edge, roles=tuple(r for r in edge.roles if r != "system"))
        for edge in world.profile.edges
    )
    world.profile = replace(world.profile, edges=tuple(edges))
    before = world.ticket
    world.wait("P8D")
    assert [type(fired.outcome) for fired in world.sweep()] == [Refusal]
    assert world.ticket == before


# --- the history ---


@pytest.mark.demand("A25", "X1")
def test_the_history_of_a_ticket() -> None:
    """From the report to the close: every move with role, from and to; rules are named;
    time goes forward."""
    world = at("Resolved")
    closes_at(world, after(world, "P7D"))
    history = world.ticket.history
    assert [(e.role, e.from_, e.to) for e in history if e.to] == [
        ("customer", None, "Open"),
        ("agent", "Open", "Ticket Assigned"),
        ("agent", "Ticket Assigned", "Investigation Underway"),
        ("agent", "Investigation Underway", "Send to Development"),
        ("developer", "Send to Development", "Development in Progress"),
        ("developer", "Development in Progress", "Testing and Verification"),
        ("qa", "Testing and Verification", "Done Awaiting Release"),
        ("agent", "Done Awaiting Release", "Release Delivered"),
        ("agent", "Release Delivered", "Resolved"),
        ("system", "Resolved", "Closed"),
    ]
    assert all(first.at <= second.at for first, second in pairwise(history))
    assert all(bool(entry.rule) == (entry.role == "system") for entry in history)
