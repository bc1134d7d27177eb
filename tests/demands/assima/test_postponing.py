"""Demands of Assima: postponing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.demands.assima.scenes import ROLES, STATUSES, SUE, at, closes_at
from tests.demands.tables import after
from tests.support.lists import DEFAULT, QUEUE, index_of, rows
from tests.support.world import CUSTOMER, World
from ticketctl.core.query import OneOfTerm, Query, Term
from ticketctl.core.vocabulary import OPEN_STATES
from ticketctl.store.index.sql import count_by_state


def shown(world: World, *terms: Term) -> bool:
    """Whether a list that asks for this shows the ticket."""
    return bool(rows(Query(terms), world.profile, [world.ticket], world.listed))


# --- postponing and lists ---


@pytest.mark.demand("S10")
def test_a_postponed_ticket_is_neither_closed_nor_open() -> None:
    """Nobody closes it; it is not counted as open, nor shown among the open ones, nor
    hidden."""
    world = at("Postponed")
    for role in ROLES:
        world.refused(role, "Closed", text="Done.")
    assert not OPEN_STATES.intersection(
        count_by_state(index_of(world.profile, [world.ticket], world.listed))
    )
    assert not shown(world, OneOfTerm("state", tuple(OPEN_STATES)))
    assert not shown(world, *QUEUE.terms)
    assert shown(world, *DEFAULT)


@pytest.mark.demand("S10")
@pytest.mark.parametrize("source", ["New", "Assigned", "Reopened"])
def test_postponing_needs_a_reason_and_is_undone_by_assigning(source: str) -> None:
    world = at(source)
    world.refused("support", "Postponed", text="Let us wait.")
    world.ask("support", "Postponed", note="It happened once.")
    assert world.ask("support", "Assigned", assignee=SUE).status == "Assigned"


@pytest.mark.demand("S11")
@pytest.mark.parametrize("status", STATUSES)
def test_closed_tickets_alone_are_not_displayed(status: str) -> None:
    assert shown(at(status), *DEFAULT) == (status != "Closed")


@pytest.mark.demand("S11")
@pytest.mark.parametrize("status", STATUSES)
def test_my_closed_tickets_are_one_filter_away(status: str) -> None:
    world, closed = at(status), OneOfTerm("state", ("closed",))
    mine, others = (
        OneOfTerm("customer", (CUSTOMER,)),
        OneOfTerm("customer", ("other@customer.example",)),
    )
    assert shown(world, OneOfTerm("status", ("Closed",)), mine) == (status == "Closed")
    assert shown(world, closed) == (status == "Closed")
    assert not shown(world, closed, others)


@pytest.mark.demand("X1")
def test_the_history_of_a_ticket() -> None:
    """From the report to the close: every move with role, from and to; rules are named;
    time goes forward."""
    world = at("Verified")
    closes_at(world, after(world, "P30D"))
    history = world.ticket.history
    assert [(e.role, e.from_, e.to) for e in history if e.to] == [
        ("customer", None, "New"),
        ("support", "New", "Assigned"),
        ("support", "Assigned", "QA Pending"),
        ("support", "QA Pending", "Verified"),
        ("system", "Verified", "Closed"),
    ]
    assert all(first.at <= second.at for first, second in pairwise(history))
    assert all(bool(entry.rule) == (entry.role == "system") for entry in history)
