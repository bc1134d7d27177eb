"""Demands of ggit: follow up."""

from __future__ import annotations

import pytest

from tests.demands.ggit.scenes import (
    ADMIN,
    AMY,
    BOSS,
    NEW,
    PROGRESS,
    RESOURCE,
    STAFF,
    TESS,
    at,
    demand,
    go,
)
from tests.demands.tables import told_anew

# --- G4: follow up needed ---


@demand("G4")
@pytest.mark.parametrize("target", [ADMIN, RESOURCE])
def test_follow_up_needs_a_note(target: str) -> None:
    for role in STAFF:
        reasons = at(PROGRESS).refused(role, target)
        assert "note" in " ".join(reasons).casefold()
        assert at(PROGRESS).ask(role, target, note="Look into it").status == target


@demand("G4")
def test_the_note_for_an_admin_says_by_whom() -> None:
    assert "who" in " ".join(at(PROGRESS).refused("technician", ADMIN)).casefold()


@demand("G4")
def test_follow_up_by_the_resource_needs_an_assignee_and_by_an_admin_does_not() -> None:
    at(NEW, None).refused("technician", RESOURCE, note="Look into it")
    assert (
        at(NEW, None)
        .ask("technician", RESOURCE, note="Look into it", assignee=TESS)
        .status
        == RESOURCE
    )
    assert at(NEW, None).ask("technician", ADMIN, note="Amy: call them").status == ADMIN


@demand("G4", "X2")
def test_note_and_assignee_are_missed_at_once() -> None:
    reasons = at(NEW, None).refused("technician", RESOURCE)
    assert len(reasons) == 2
    assert "-m NOTE" in reasons[0]
    assert "-a WHO" in reasons[1]


@demand("G4")
@pytest.mark.parametrize(
    ("role", "told"), [("technician", [BOSS, AMY]), ("admin", [AMY])]
)
def test_all_admins_but_who_acts_are_told(role: str, told: list[str]) -> None:
    world = at(NEW, listed=True)
    go(world, ADMIN, role)
    assert sorted(told_anew(world)) == sorted(told)


@demand("G4")
def test_the_primary_resource_is_told_and_nobody_else_whoever_acts() -> None:
    world = at(NEW, AMY, listed=True)
    world.ask("technician", RESOURCE, note="Check the backup")
    assert told_anew(world) == [AMY]
    go(at_world := at(NEW, AMY, listed=True), RESOURCE, "admin", who=AMY, assignee=AMY)
    assert told_anew(at_world) == []
