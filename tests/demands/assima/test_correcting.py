"""Demands of Assima: correcting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demands.assima.scenes import (
    DEVELOPER,
    LEAD,
    PEOPLE,
    REPRODUCED,
    SUE,
    SUPPORT,
    at,
    closes_at,
    ready,
)
from tests.demands.tables import Words, after, told_anew
from tests.support.world import CUSTOMER, World

CORRECTED: Words = {"correction": True, "fix_build": "build 5102"}


def verified(**sets: Any) -> World:
    """A ticket that was verified, with what the move to QA Pending set."""
    world = at("Assigned")
    world.ask("developer", "QA Pending", **sets)
    world.notifications.clear()
    world.ask("support", "Verified", assignee=SUPPORT)
    return world


# --- correcting and checking ---


@pytest.mark.demand("S3")
@pytest.mark.parametrize("role", ["support", "developer"])
def test_a_correction_needs_its_build(role: str) -> None:
    """Said in the same move or before."""
    world = at("Assigned")
    assert len(world.refused(role, "QA Pending", correction=True)) == 1
    world.ask("developer", correction=True)
    assert len(world.refused(role, "QA Pending")) == 1
    assert (
        world.ask(role, "QA Pending", fix_build="build 5102").get("fix_build")
        == "build 5102"
    )


@pytest.mark.demand("S3")
@pytest.mark.parametrize("sets", [{}, {"correction": False}], ids=["unsaid", "none"])
def test_an_answer_needs_no_build(sets: Words) -> None:
    assert at("Assigned").ask("support", "QA Pending", **sets).status == "QA Pending"


@pytest.mark.demand("S4")
@pytest.mark.parametrize(
    ("role", "people", "told"),
    [
        ("developer", None, []),
        ("developer", PEOPLE, [SUE, SUPPORT]),
        ("support", PEOPLE, [SUE]),
    ],
)
def test_qa_pending_takes_the_assignee_off_and_tells_support(
    role: str, people: dict[str, set[str]] | None, told: list[str]
) -> None:
    world = at("Assigned", people=people)
    if people:
        world.ask("support", assignee=DEVELOPER, **REPRODUCED)
    told_anew(world)
    ticket = world.ask(role, "QA Pending")
    assert ticket.assignee is None
    assert all(ticket.id in notice.body for notice in world.notifications)
    assert told_anew(world) == told


@pytest.mark.demand("S4")
def test_only_support_is_assigned_to_check() -> None:
    """Somebody who is of support and a developer too is of support."""
    world = at("QA Pending", people=PEOPLE | {LEAD: {"support", "developer"}})
    for who in (DEVELOPER, "stranger@else.example"):
        assert len(world.refused("support", assignee=who, **REPRODUCED)) == 1
    for who in (SUPPORT, SUE, LEAD):
        ticket = world.ask("support", assignee=who)
        assert (ticket.status, ticket.assignee) == ("QA Pending", who)


@pytest.mark.demand("S4")
def test_a_developer_does_not_stay_assigned_by_the_move_either() -> None:
    world = at("Assigned", people=PEOPLE)
    world.ask("support", assignee=DEVELOPER, **REPRODUCED)
    world.refused("developer", "QA Pending", assignee=DEVELOPER)
    assert world.ask("developer", "QA Pending").assignee is None


@pytest.mark.demand("S4")
def test_the_check_is_made_on_the_release_version() -> None:
    """That is what those who check are told by the status and its moves."""
    profile = World("assima").profile
    texts = [
        profile.statuses["QA Pending"].description,
        profile.between("QA Pending", "Verified")[0].criterion,
    ]
    assert "release version" in " ".join(" ".join(texts).split())


@pytest.mark.demand("S5")
def test_nothing_is_verified_by_nobody() -> None:
    """The assignee was taken off; one is needed, given before or with the move."""
    world = at("QA Pending")
    assert len(world.refused("support", "Verified")) == 1
    world.ask("support", assignee=SUE)
    assert world.ask("support", "Verified").status == "Verified"


@pytest.mark.demand("S5")
def test_the_customer_is_told_of_the_build() -> None:
    notices = verified(**CORRECTED).notifications
    assert [notice.recipients for notice in notices] == [(CUSTOMER,)]
    assert "build 5102" in notices[0].subject + notices[0].body


@pytest.mark.demand("S3", "S5")
def test_no_correction_is_verified_without_its_build() -> None:
    """Nor where it is found out only at the check that the product was corrected."""
    world = ready("QA Pending")
    world.refused("support", "Verified", correction=True)
    assert world.ask("support", "Verified", **CORRECTED).status == "Verified"


@pytest.mark.demand("S5")
def test_the_customer_is_told_of_no_build_where_nothing_was_corrected() -> None:
    notices = verified().notifications
    assert [notice.recipients for notice in notices] == [(CUSTOMER,)]
    assert notices[0].subject
    assert notices[0].body
    assert not any(
        word in notices[0].subject + notices[0].body
        for word in ("$", "None", "build  ", "build .")
    )


@pytest.mark.demand("S2", "S6")
def test_what_fails_the_check_goes_back_to_a_developer() -> None:
    world = ready("QA Pending", people=PEOPLE)
    world.refused("support", "Assigned", text="It fails.")
    ticket = world.ask(
        "support", "Assigned", note="It fails.", assignee=DEVELOPER, **REPRODUCED
    )
    assert (ticket.status, ticket.assignee) == ("Assigned", DEVELOPER)


# --- reopening ---


@pytest.mark.demand("S9")
@pytest.mark.parametrize("source", ["Verified", "Closed"])
def test_reopening_clears_the_correction(source: str) -> None:
    """The next round begins without one, and its own correction needs its own build."""
    world = verified(**CORRECTED)
    if source == "Closed":
        world.ask("customer", "Closed")
    ticket = world.ask("customer", "Reopened", text="It happens again.")
    assert (ticket.get("fix_build"), ticket.get("correction") or None) == (None, None)
    world.ask("support", "Assigned", assignee=SUPPORT)
    world.refused("support", "QA Pending", correction=True)
    assert world.ask("support", "QA Pending").status == "QA Pending"


@pytest.mark.demand("S9")
def test_what_the_system_closed_is_reopened_too() -> None:
    world = at("Verified")
    closes_at(world, after(world, "P30D"))
    assert (
        world.ask("customer", "Reopened", text="It happens again.").status == "Reopened"
    )
