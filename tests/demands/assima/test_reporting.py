"""Demands of Assima: reporting."""

from __future__ import annotations

import pytest

from tests.demands.assima.scenes import (
    DEVELOPER,
    LEAD,
    PEOPLE,
    REPRODUCED,
    STATUSES,
    SUE,
    SUPPORT,
    at,
    ready,
)
from tests.demands.tables import Words, entered, told_anew
from tests.support.world import CUSTOMER, Refused, World

# --- reporting and assigning ---


@pytest.mark.demand("S1")
@pytest.mark.parametrize("role", ["customer", "support"])
def test_a_report_is_new(role: str) -> None:
    ticket = World("assima").new(role)
    assert (ticket.status, ticket.customer, ticket.history[0].role) == (
        "New",
        CUSTOMER,
        role,
    )


@pytest.mark.demand("S1", "S12")
@pytest.mark.parametrize("role", ["developer", "system"])
def test_nobody_else_reports(role: str) -> None:
    with pytest.raises(Refused):
        World("assima").new(role)


@pytest.mark.demand("S12")
@pytest.mark.parametrize("role", ["customer", "support"])
@pytest.mark.parametrize("status", [status for status in STATUSES if status != "New"])
def test_no_ticket_begins_in_another_status(status: str, role: str) -> None:
    with pytest.raises(Refused):
        World("assima").new(role, to=status)


@pytest.mark.demand("S1")
def test_support_reports_for_a_customer() -> None:
    with pytest.raises(Refused):
        World("assima").new("support", customer=None)


@pytest.mark.demand("S1")
@pytest.mark.parametrize(
    ("role", "people", "told"),
    [
        ("customer", None, []),
        ("customer", PEOPLE, [SUE, SUPPORT]),
        ("support", PEOPLE, [SUE]),
    ],
)
def test_the_people_in_charge_are_notified(
    role: str, people: dict[str, set[str]] | None, told: list[str]
) -> None:
    """All of support, but not developers, nor who reports it."""
    world = World("assima", people=people)
    ticket = world.new(role)
    assert all(ticket.id in notice.body for notice in world.notifications)
    assert [who for who in told_anew(world) if who != CUSTOMER] == told


@pytest.mark.demand("S2", "X1", "X3")
@pytest.mark.parametrize("people", [None, PEOPLE], ids=["unlisted", "listed"])
@pytest.mark.parametrize("status", ["New", "Reopened"])
def test_assigning_moves_by_itself(
    status: str, people: dict[str, set[str]] | None
) -> None:
    """The history has the system, the rule, and the act that set it off."""
    world = at(status, people=people)
    ticket = world.ask("support", assignee=SUE)
    entry = entered(ticket, "Assigned")
    assert (ticket.status, ticket.assignee) == ("Assigned", SUE)
    assert (entry.role, entry.from_) == ("system", status)
    assert entry.rule
    assert entry.anchor in {e.id for e in ticket.history if "assignee" in e.sets}


@pytest.mark.demand("S2")
def test_assigning_to_the_same_person_after_reopening_moves_too() -> None:
    assert at("Reopened").ask("support", assignee=SUPPORT).status == "Assigned"


@pytest.mark.demand("S2")
def test_a_ticket_that_is_reported_assigned_moves_too() -> None:
    ticket = World("assima").new("support", assignee=SUPPORT)
    assert [entry.to for entry in ticket.history if entry.to] == ["New", "Assigned"]


@pytest.mark.demand("S2")
def test_without_an_assignee_nothing_is_assigned() -> None:
    """By hand it is refused; a customer assigns nobody; taking the assignee off moves
    nothing."""
    at("New").refused("support", "Assigned")
    at("New").refused("customer", assignee=SUPPORT)
    world = at("Reopened")
    assert world.ask("support", unset=("assignee",)).status == "Reopened"
    assert not world.warnings


@pytest.mark.demand("S2", "S10", "S12")
@pytest.mark.parametrize(
    "status", ["Assigned", "QA Pending", "Verified", "Closed", "Postponed"]
)
def test_assigning_elsewhere_moves_nothing(status: str) -> None:
    world = at(status, people=PEOPLE)
    world.warnings.clear()
    assert world.ask("support", assignee=SUE).status == status
    assert not world.warnings


@pytest.mark.demand("S2")
@pytest.mark.parametrize("status", STATUSES)
def test_messages_move_nothing(status: str) -> None:
    world = ready(status)
    assert world.ask("customer", text="Any news?").status == status
    assert world.ask("customer", text="Any news?", via="mail").status == status
    assert world.ask("support", text="She rang.", for_=CUSTOMER).status == status
    assert world.ask("support", text="Not yet.").status == status
    assert world.ask("developer", note="Hm.").status == status


@pytest.mark.demand("S2", "S8")
@pytest.mark.parametrize("via", [None, "mail"])
@pytest.mark.parametrize(
    "status", ["Assigned", "QA Pending", "Verified", "Closed", "Postponed"]
)
def test_a_customers_message_tells_the_assignee(status: str, via: str | None) -> None:
    world = ready(status, people=PEOPLE)
    assert world.ticket.assignee == SUPPORT
    told_anew(world)
    world.ask("customer", text="Any news?", via=via)
    assert "Any news?" in world.notifications[-1].body
    assert told_anew(world) == [SUPPORT]


@pytest.mark.demand("S2")
@pytest.mark.parametrize(
    "sets",
    [
        {},
        {"kind": "defect"},
        {"reproduced": True},
        {"kind": "defect", "reproduced": False},
        {"kind": "question", "reproduced": True},
    ],
    ids=str,
)
def test_only_a_reproduced_defect_goes_to_a_developer(sets: Words) -> None:
    world = at("Assigned", people=PEOPLE)
    world.refused("support", assignee=DEVELOPER, **sets)
    world.ask("support", note="Looking.", **sets)
    world.refused("support", assignee=DEVELOPER)


@pytest.mark.demand("S2")
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "beforehand"])
def test_a_reproduced_defect_goes_to_a_developer(at_once: bool) -> None:
    """The status stays."""
    world = at("Assigned", people=PEOPLE)
    if not at_once:
        world.ask("support", **REPRODUCED)
    ticket = world.ask("support", assignee=DEVELOPER, **(REPRODUCED if at_once else {}))
    assert (ticket.status, ticket.assignee) == ("Assigned", DEVELOPER)


@pytest.mark.demand("S2")
@pytest.mark.parametrize("to", [None, "Assigned"], ids=["by itself", "by hand"])
@pytest.mark.parametrize("status", ["New", "Reopened"])
def test_nor_does_it_go_to_a_developer_from_elsewhere(
    status: str, to: str | None
) -> None:
    """Once it is a defect that was reproduced, it does."""
    world = at(status, people=PEOPLE)
    world.refused("support", to, assignee=DEVELOPER)
    world.refused("support", to, assignee=DEVELOPER, kind="question", reproduced=True)
    world.refused("support", to, assignee=DEVELOPER, kind="defect", reproduced=False)
    ticket = world.ask("support", to, assignee=DEVELOPER, **REPRODUCED)
    assert (ticket.status, ticket.assignee) == ("Assigned", DEVELOPER)


@pytest.mark.demand("S2")
@pytest.mark.parametrize("status", ["New", "Assigned", "Reopened"])
def test_who_is_of_support_and_a_developer_gets_anything(status: str) -> None:
    ticket = at(status, people=PEOPLE | {LEAD: {"support", "developer"}}).ask(
        "support", assignee=LEAD
    )
    assert (ticket.status, ticket.assignee) == ("Assigned", LEAD)


@pytest.mark.demand("S2")
def test_within_support_anything_is_passed_on() -> None:
    world = at("Assigned", people=PEOPLE)
    ticket = world.ask("support", assignee=SUE)
    assert (ticket.status, ticket.assignee) == ("Assigned", SUE)


@pytest.mark.demand("S2", "S4")
@pytest.mark.parametrize("status", ["Assigned", "QA Pending"])
def test_where_nobody_is_listed_anybody_can_be_assigned(status: str) -> None:
    """A store without people does not know who is a developer: it hinders nobody."""
    ticket = at(status).ask("support", assignee="whoever@staff.example")
    assert (ticket.status, ticket.assignee) == (status, "whoever@staff.example")


@pytest.mark.demand("S2")
def test_what_was_a_reproduced_defect_stays_one_while_a_developer_has_it() -> None:
    world = at("Assigned", people=PEOPLE)
    world.ask("support", assignee=DEVELOPER, **REPRODUCED)
    world.refused("support", kind="question")
