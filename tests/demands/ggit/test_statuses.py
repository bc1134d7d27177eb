"""Demands of ggit: statuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demands.ggit.scenes import (
    ADMIN,
    AMY,
    BOSS,
    CLOSE,
    COMPLETE,
    DEFERRED,
    EIGHT,
    FORM,
    INTEGRATIONS,
    LINK_SENT,
    MAILED,
    NEEDS,
    NEW,
    NO_CONTACT,
    NO_SHOW,
    PAYMENT,
    PERSONS,
    PROGRESS,
    REOPENED,
    RESOURCE,
    SCHEDULED,
    SCOPE,
    SENT,
    STAFF,
    TECH,
    TESS,
    TODO,
    TOLD,
    TWELVE,
    TWENTY,
    VENDOR,
    WAITING,
    at,
    create,
    demand,
    go,
    offered_to,
    plain,
)
from tests.demands.tables import Words, entered, open_to, refusal, told_anew
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import parse_instant

# Who sets each of the eight: a word that a person who tries must be told.
SETTERS = {
    NEW: "creat",
    MAILED: "rule",
    REOPENED: "rule",
    CLOSE: "rule",
    FORM: "web_form",
    SENT: "mission_control",
    SCOPE: "mission_control",
    NO_CONTACT: "mission_control",
}


# Words of the document that say when to use each status.
CRITERIA = {
    ADMIN: "Admin needs to take action",
    RESOURCE: "Primary resource on the ticket needs to take action",
    WAITING: "waiting to hear back from the customer",
    LINK_SENT: "sent a scheduling link to a customer",
    COMPLETE: "all checklist items have been checked off",
    DEFERRED: "needs to be addressed at a later date",
    PROGRESS: "so someone else doesn't take it",
    PAYMENT: "waiting for payment",
    TODO: "work assigned to a tech",
    SCHEDULED: "scheduled the work",
    VENDOR: "waiting until an item that we ordered arrives",
    NO_SHOW: "missed an appointment",
}


def pairs(targets: dict[str, str]) -> list[Any]:
    """Every move from each of the twenty to each of the targets, as parameters."""
    return [
        pytest.param(a, b, id=f"{a} > {b}") for a in TWENTY for b in targets if a != b
    ]


# --- G1, G2, G3: the statuses and who sets them ---


@demand("G1", "G2")
def test_exactly_the_twenty_statuses_with_their_states() -> None:
    assert {
        one.name: one.state for one in World("ggit").profile.statuses.values()
    } == TWENTY


@demand("G1")
@pytest.mark.parametrize(
    ("spelling", "status"),
    [
        ("FOLLOW UP NEEDED: ADMIN", ADMIN),
        ("Follow Up Needed:Resource", RESOURCE),
        ("Follow-Up Needed - Resource", RESOURCE),
        ("WAITING CUSTOMER", WAITING),
        ("in progress", PROGRESS),
        ("NO-SHOW: remote customer", NO_SHOW),
        ("Customer or tech says close", CLOSE),
    ],
)
def test_every_spelling_of_the_document_is_understood(
    spelling: str, status: str
) -> None:
    assert World("ggit").profile.find_status(spelling) == status


@demand("G3", "G1", "X1")
@pytest.mark.parametrize(("source", "target"), pairs(TWELVE))
def test_staff_may_set_each_of_the_twelve_from_everywhere(
    source: str, target: str
) -> None:
    for role in STAFF:
        world = at(source)
        ticket = go(world, target, role)
        entry = entered(ticket, target)
        assert ticket.status == target
        assert (entry.by, entry.role, entry.from_, entry.rule) == (
            world.who(role),
            role,
            source,
            None,
        )


@demand("G3")
@pytest.mark.parametrize(("source", "target"), pairs(TWELVE))
def test_the_customer_sets_none_of_the_twelve_nor_staff_for_them(
    source: str, target: str
) -> None:
    for role, words in (("customer", {}), ("technician", {"for_": CUSTOMER})):
        world = at(source)
        world.refused(role, target, **words)
        text = {"text": "Please do."}
        world.refused(role, target, **words | text)


@demand("G3")
def test_any_technician_or_admin_may_update_a_ticket_that_is_not_theirs() -> None:
    for who, role in ((TECH, "technician"), (BOSS, "admin"), (AMY, "admin")):
        assert (
            at(RESOURCE, TESS, listed=True).ask(role, PAYMENT, who=who).status
            == PAYMENT
        )


@demand("G3")
@pytest.mark.parametrize(
    "words",
    [
        {"assignee": CUSTOMER},
        {"due": "2026-12-24"},
        {"category": "project"},
        {"waiting_for": "item"},
        {"appointment": "booked"},
        {"time_entries": "done"},
        {"checklist.verify": "done"},
        {"queue": "todo/me"},
        {"title": "Another"},
        {"unset": ("assignee",)},
    ],
)
def test_the_customer_sets_no_field(words: Words) -> None:
    at(PROGRESS).refused("customer", **words)


@demand("G3")
@pytest.mark.parametrize("role", [*STAFF, *INTEGRATIONS, "system"])
def test_nobody_takes_a_role_that_is_not_theirs(role: str) -> None:
    at(PROGRESS, listed=True).refused(role, PAYMENT, who="stranger@elsewhere.example")
    at(PROGRESS, listed=True).refused(role, PAYMENT, who=CUSTOMER)


@demand("G3", "G2", "X2")
@pytest.mark.parametrize("source", TWENTY)
def test_staff_are_offered_the_twelve_and_the_customer_nothing(source: str) -> None:
    for role in STAFF:
        found = offered_to(at(source), role) | (
            {WAITING} if source == LINK_SENT else set()
        )
        assert found == set(TWELVE) - {source}
    assert offered_to(at(source), "customer") == set()


@demand("G2")
@pytest.mark.parametrize(("source", "target"), pairs(EIGHT))
def test_no_person_sets_one_of_the_eight_and_is_told_who_does(
    source: str, target: str
) -> None:
    for role in PERSONS:
        answer = refusal(
            at(source), role, target, note="please" if role != "customer" else None
        )
        words = " ".join(answer.reasons)
        assert target == NEW or SETTERS[target] in words
        assert "by hand" in words
        assert target not in open_to(answer)
        assert open_to(answer) == offered_to(at(source), role)


@demand("G2")
def test_who_tries_to_set_new_is_told_that_creation_does() -> None:
    for role in PERSONS:
        assert SETTERS[NEW] in " ".join(at(PROGRESS).refused(role, NEW))


@demand("G2")
@pytest.mark.parametrize("target", EIGHT)
def test_no_person_sets_one_of_the_eight_by_mail_or_for_the_customer(
    target: str,
) -> None:
    world = at(PROGRESS) if target != PROGRESS else at(PAYMENT)
    for role in PERSONS:
        world.refused(role, target, via="mail", subject="it is resolved", text="Status")
    for role in STAFF:
        world.refused(role, target, for_=CUSTOMER, text="They said so.")


@demand("G2", "X2")
@pytest.mark.parametrize("target", EIGHT)
def test_a_person_is_told_the_way_to_a_status_that_rules_set(target: str) -> None:
    way = refusal(at(PROGRESS), "technician", target).way
    assert [step.to for step in way][-1:] == ([] if target == NEW else [target])


@demand("G2")
@pytest.mark.parametrize("target", [status for status in EIGHT if status != NEW])
def test_no_person_creates_a_ticket_in_a_status_that_rules_set(target: str) -> None:
    for role in PERSONS:
        with pytest.raises(Refused):
            World("ggit").new(role, to=target)


@demand("G2")
@pytest.mark.parametrize("role", PERSONS)
def test_a_ticket_is_new_when_it_is_first_created(role: str) -> None:
    assert World("ggit").new(role).status == NEW


@demand("G2", "G13")
@pytest.mark.parametrize("title", ["It does not work", "DNS is resolved wrongly"])
def test_a_ticket_that_comes_by_mail_is_new_too(title: str) -> None:
    assert create(World("ggit"), "customer", title, via="mail").status == NEW


@demand("G2", "G6", "G13", "X1")
@pytest.mark.parametrize("source", TWENTY)
@pytest.mark.parametrize("role", INTEGRATIONS)
def test_integrations_set_theirs_from_everywhere_and_nothing_else(
    role: str, source: str
) -> None:
    for target in TWENTY:
        world = at(source, listed=True)
        if target in INTEGRATIONS[role] and target != source:
            entry = entered(world.ask(role, target), target)
            assert (entry.by, entry.role, entry.from_) == (
                world.who(role),
                role,
                source,
            )
        else:
            world.ask("technician", appointment="booked")
            given = NEEDS.get(target, {})
            world.refused(
                role,
                target,
                **given | ({"due": world.when("+10d")} if "due" in given else {}),
            )


@demand("X2", "G1")
@pytest.mark.parametrize("target", TWELVE)
def test_a_refusal_has_the_documents_words_and_the_way(target: str) -> None:
    answer = refusal(at(NEW), "customer", target)
    assert plain(CRITERIA[target]) in plain(answer.criterion)
    assert plain(CRITERIA[target]) in plain(
        World("ggit").profile.statuses[target].description
    )
    assert [step.to for step in answer.way][-1:] == [target]
    assert "technician" in answer.way[-1].how


@demand("X1", "G16")
def test_a_move_is_in_the_history_with_all_that_belongs_to_it() -> None:
    world = at(NEW)
    ticket = world.ask("technician", PAYMENT, text="Please pay.", note="40 EUR")
    entry = entered(ticket, PAYMENT)
    assert (parse_instant(entry.at), entry.by, entry.role, entry.from_) == (
        world.now,
        TECH,
        "technician",
        NEW,
    )
    assert (entry.text, entry.note, entry.rule) == ("Please pay.", "40 EUR", None)


# --- whom entering a status tells ---


@demand("G4", "G7", "G10", "G12")
@pytest.mark.parametrize("target", TWELVE)
def test_entering_a_status_tells_those_it_should(target: str) -> None:
    world = at(NEW if target != PROGRESS else PAYMENT)
    go(world, target)
    assert told_anew(world) == TOLD[target]


@demand("G4", "G7", "G12")
@pytest.mark.parametrize("target", [status for status, told in TOLD.items() if told])
def test_no_notify_leaves_that_out_and_is_recorded(target: str) -> None:
    world = at(NEW)
    ticket = go(world, target, quiet=True)
    assert (ticket.status, world.notifications) == (target, [])
    assert entered(ticket, target).quiet
