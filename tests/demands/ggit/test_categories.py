"""Demands of ggit: categories."""

from __future__ import annotations

import pytest

from tests.demands.ggit.scenes import (
    ADMIN,
    AMY,
    BOSS,
    COMPLETE,
    DEFERRED,
    INTEGRATIONS,
    MAILED,
    NEEDS,
    NEW,
    NO_CONTACT,
    PROGRESS,
    REOPENED,
    RESOURCE,
    STAFF,
    SUBJECTS,
    TECH,
    TESS,
    TODO,
    TWELVE,
    TWENTY,
    WAITING,
    at,
    create,
    demand,
    go,
    mail,
    missing_categories,
    offered_to,
    wake,
)
from tests.demands.tables import Words, entered, fires_at, open_to, refusal, told_anew
from tests.support.world import CUSTOMER, World
from ticketctl.core.entry import Entry
from ticketctl.core.profile import Template

# --- G15: categories ---


@demand("G15")
def test_categories_decide_something_and_offer_only_what_people_set() -> None:
    offers = [set(one.statuses) for one in World("ggit").profile.categories.values()]
    assert len(offers) > 1
    assert any(offer < set(TWELVE) for offer in offers)
    assert set.union(*offers) == set(TWELVE)


@demand("G15")
@pytest.mark.parametrize("name", World("ggit").profile.categories)
def test_a_category_offers_its_statuses_and_no_others(name: str) -> None:
    statuses = set(World("ggit").profile.categories[name].statuses)
    for source in (NEW, MAILED):
        world = at(source)
        world.ask("technician", category=name, appointment="booked")
        assert offered_to(world, "technician") == offered_to(world, "admin") == statuses
        for target in statuses:
            once = at(source)
            once.ask("technician", category=name)
            assert go(once, target).status == target
            assert once.ticket.get("category") == name


@demand("G15")
@pytest.mark.parametrize("name", World("ggit").profile.categories)
@pytest.mark.parametrize("source", TWENTY)
def test_every_category_can_reach_complete_with_what_it_offers(
    source: str, name: str
) -> None:
    world = at(source)
    world.ask("technician", category=name)
    if source != COMPLETE:
        assert go(world, COMPLETE).status == COMPLETE
    assert world.ticket.get("category") == name


@demand("G15", "X2")
@pytest.mark.parametrize(("name", "target"), missing_categories(TWELVE))
def test_a_status_that_the_category_lacks_is_refused_with_what_to_do(
    name: str, target: str
) -> None:
    fitting = [
        one.name
        for one in World("ggit").profile.categories.values()
        if target in one.statuses
    ]
    for role in STAFF:
        world = at(NEW)
        world.ask("technician", category=name, appointment="booked")
        given = NEEDS[target] | (
            {"due": world.when("+10d")} if target == DEFERRED else {}
        )
        answer = refusal(world, role, target, **given)
        (reason,) = answer.reasons
        assert f'"{name}"' in reason
        assert "Roberta" in reason
        assert any(f"category={one}" in reason for one in fitting)
        assert target not in open_to(answer)
        assert world.ask(role, target, **given, category=fitting[0]).status == target


@demand("G15")
@pytest.mark.parametrize("name", World("ggit").profile.categories)
def test_rules_and_integrations_are_not_bound_by_the_category(name: str) -> None:
    world = at(NEW)
    world.ask("technician", category=name)
    begin = world.ticket
    for role, theirs in INTEGRATIONS.items():
        for target in theirs:
            world.ticket = begin
            assert world.ask(role, target).status == (
                WAITING if target == NO_CONTACT else target
            )
    for subject, target in SUBJECTS:
        world.ticket = begin
        assert mail(world, "customer", subject).status == target
    world.ticket = begin
    world.ask("technician", COMPLETE, time_entries="done")
    assert world.ask("technician", time_entries="not_done").status == REOPENED


@demand("G15", "G8")
@pytest.mark.parametrize("name", World("ggit").profile.categories)
@pytest.mark.parametrize(("assignee", "to"), [(TESS, RESOURCE), (None, ADMIN)])
def test_a_deferred_ticket_wakes_whatever_its_category(
    name: str, assignee: str | None, to: str
) -> None:
    world = at(NEW, assignee)
    world.ask("technician", DEFERRED, due=world.when("+10d"))
    world.ask("technician", category=name)
    fires_at(world, wake(world))
    assert world.ticket.status == to


# --- G16: notes and resources ---


@demand("G16")
@pytest.mark.parametrize("target", TWELVE)
def test_every_change_of_status_may_carry_a_note(target: str) -> None:
    for role in STAFF:
        ticket = go(at(NEW), target, role, note="As agreed by telephone")
        assert entered(ticket, target).note == "As agreed by telephone"


@demand("G16")
@pytest.mark.parametrize("source", TWENTY)
def test_every_resource_can_add_a_note(source: str) -> None:
    world = at(source, listed=True)
    world.ask("technician", resources=(TESS, TECH, AMY))
    for role, who in (("technician", TESS), ("technician", TECH), ("admin", AMY)):
        ticket = world.ask(role, note=f"by {who}", who=who)
        last: Entry = next(
            entry for entry in reversed(ticket.history) if entry.rule is None
        )
        assert (last.by, last.note, ticket.status) == (who, f"by {who}", source)
    assert world.ticket.get("resources") == (TESS, TECH, AMY)


@demand("G16")
def test_the_customer_names_no_resources() -> None:
    at(PROGRESS).refused("customer", resources=(CUSTOMER,))


# --- G17: templates ---

TEMPLATES = list(World("ggit").profile.templates.values())


def filled(one: Template) -> Words:
    """What a template fills into a request, besides its status."""
    words = {"text": one.text or None, "note": one.note or None}
    return words | {
        name: value for name, value in one.sets.items() if value is not None
    }


@demand("G17", "G4", "G10")
def test_there_are_templates_for_the_hand_over_and_the_to_do() -> None:
    assert {ADMIN, TODO} <= {one.to for one in TEMPLATES}


@demand("G17")
@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.name)
def test_a_template_moves_a_ticket_without_more_than_an_assignee(one: Template) -> None:
    for role in STAFF:
        world = at(NEW)
        ticket = world.ask(role, one.to, **filled(one))
        entry = entered(ticket, one.to)
        assert (entry.text, entry.note) == (one.text or None, one.note or None)
        assert entry.text or entry.note
        assert all(ticket.get(name) == value for name, value in one.sets.items())
        assert ticket.assignee == TESS
        if one.to == TODO:
            assert ticket.get("queue") == f"todo/{TESS}"
        assert CUSTOMER not in told_anew(world)


@demand("G17", "G10")
@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.name)
def test_a_template_makes_a_new_ticket_too(one: Template) -> None:
    for role in STAFF:
        world = World("ggit")
        sets = {
            "assignee": TESS,
            **{name: value for name, value in one.sets.items() if value is not None},
        }
        ticket = create(
            world,
            role,
            one.title or "Check backups",
            text=one.text or None,
            note=one.note or None,
            to=one.to,
            sets=sets,
        )
        assert (ticket.status, ticket.assignee) == (one.to, TESS)
        assert ticket.get("queue") == (f"todo/{TESS}" if one.to == TODO else None)
        assert CUSTOMER not in told_anew(world)


@demand("G17", "G4")
def test_the_hand_over_tells_the_admins() -> None:
    (one, *_) = (one for one in TEMPLATES if one.to == ADMIN)
    world = at(PROGRESS, listed=True)
    assert "admin" in one.help.casefold()
    assert world.ask("technician", one.to, **filled(one)).status == ADMIN
    assert sorted(told_anew(world)) == [BOSS, AMY]
