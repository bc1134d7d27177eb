"""Assima's demands S1 to S12, from its document (003_2b1f3aa3fcae4d29.txt)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.demands.tables import (
    Row,
    Words,
    after,
    closed_to,
    entered,
    fires_at,
    fires_once,
    listed,
    needs,
    open_to,
    others,
    refusal,
    told_anew,
    unlisted,
)
from tests.support.lists import DEFAULT, QUEUE, index_of, rows
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.profile import CREATED
from ticketctl.core.query import Query, Term
from ticketctl.core.states import OPEN_STATES
from ticketctl.record import replace
from ticketctl.store.index.sql import sums

SUPPORT, SUE = "support@staff.example", "sue@staff.example"
DEVELOPER, LEAD = "developer@staff.example", "lead@staff.example"
PEOPLE = {SUPPORT: {"support"}, SUE: {"support"}, DEVELOPER: {"developer"}}
ROLES = ("customer", "support", "developer")
REPRODUCED: Words = {"kind": "defect", "reproduced": True}
CORRECTED: Words = {"correction": True, "fix_build": "build 5102"}

# name -> state, words of the document that tell what the status means
STATUSES = {
    "New": ("new", "entered by a user"),
    "Assigned": ("open", "assign it to one of Assima's employees"),
    "QA Pending": (
        "open",
        "assigned to one of the members of the support team to check the correction",
    ),
    "Verified": (
        "solved",
        "customer's responsibility to check that the ticket is properly resolved",
    ),
    "Closed": ("closed", "not displayed in the list of current tickets"),
    "Postponed": (
        "on_hold",
        'can not be set as "Closed" and can neither be considered as open',
    ),
    "Reopened": ("open", "the customer considers the ticket is not resolved"),
}

# QA Pending is left with an assignee from support (S4), Postponed with the one whom it
# had before.
MOVES: list[Row] = [
    ("New", "Assigned", ("support",), {"assignee": SUPPORT}, ("S2",)),
    ("Reopened", "Assigned", ("support",), {"assignee": SUPPORT}, ("S2",)),
    ("Assigned", "QA Pending", ("support", "developer"), {}, ("S3",)),
    ("QA Pending", "Verified", ("support",), {"assignee": SUPPORT}, ("S5",)),
    (
        "QA Pending",
        "Assigned",
        ("support",),
        {"note": "It still fails on the release version."},
        ("S6",),
    ),
    ("Verified", "Closed", ("customer",), {}, ("S7",)),
    ("Verified", "Reopened", ("customer",), {"text": "It still fails."}, ("S7",)),
    ("Closed", "Reopened", ("customer",), {"text": "It happens again."}, ("S9",)),
    ("New", "Postponed", ("support",), {"note": "It happened once."}, ("S10",)),
    (
        "Assigned",
        "Postponed",
        ("support",),
        {"note": "Could not be reproduced."},
        ("S10",),
    ),
    (
        "Reopened",
        "Postponed",
        ("support",),
        {"note": "They wait for a contract."},
        ("S10",),
    ),
    ("Postponed", "Assigned", ("support",), {}, ("S10",)),
]
# Words of the document's criterion; it is silent on the other moves.
CRITERIA = {
    (CREATED, "New"): "entered by a user",
    ("New", "Assigned"): "assign it to one of Assima's employees",
    ("Assigned", "QA Pending"): "the ticket is answered or the problem is corrected",
    ("QA Pending", "Verified"): "the verification is complete",
    (
        "Verified",
        "Closed",
    ): "check that the ticket is properly resolved and then mark it as",
    ("Verified", "Reopened"): "the customer considers the ticket is not resolved",
    ("Closed", "Reopened"): "the problem appears again",
    ("New", "Postponed"): "neither be considered as open",
    ("Assigned", "Postponed"): "neither be considered as open",
    ("Reopened", "Postponed"): "neither be considered as open",
}
BY_RULES = {("New", "Assigned"), ("Reopened", "Assigned"), ("Verified", "Closed")}

WAY: dict[str, tuple[str, str, Words]] = {
    "Assigned": ("New", "support", {"assignee": SUPPORT}),
    "QA Pending": ("Assigned", "support", {}),
    "Verified": ("QA Pending", "support", {"assignee": SUPPORT}),
    "Closed": ("Verified", "customer", {}),
    "Reopened": ("Verified", "customer", {"text": "It still fails."}),
    "Postponed": ("Assigned", "support", {"note": "It happened once."}),
}


def at(status: str, **world: Any) -> World:
    """A world whose ticket has come into a status by listed moves alone."""
    return on(World("assima", **world), status)


def on(world: World, status: str) -> World:
    """The same world, with a new ticket brought into a status."""
    if status not in WAY:
        world.new()
    else:
        source, role, words = WAY[status]
        on(world, source).ask(role, status, **words)
    return world


def ready(status: str, **world: Any) -> World:
    """As ``at``; what is to be verified has an assignee (S4)."""
    found = at(status, **world)
    if status == "QA Pending":
        found.ask("support", assignee=SUPPORT)
    return found


def verified(**sets: Any) -> World:
    """A ticket that was verified, with what the move to QA Pending set."""
    world = at("Assigned")
    world.ask("developer", "QA Pending", **sets)
    world.notices.clear()
    world.ask("support", "Verified", assignee=SUPPORT)
    return world


def closes_at(world: World, moment: datetime) -> None:
    """The system closes the ticket at that moment: no second sooner, and once."""
    assert len(fires_at(world, moment)) == 1
    assert world.ticket.status == "Closed"


def never_closes(world: World) -> None:
    """The sweep has nothing to do, however long one waits."""
    world.wait("P400D")
    assert not world.sweep()


def shown(world: World, *terms: Term) -> bool:
    """Whether a list that asks for this shows the ticket."""
    return bool(rows(Query(terms), world.profile, [world.ticket], world.listed))


# --- statuses and moves ---


@pytest.mark.demand("S10", "S12")
def test_the_statuses() -> None:
    """These and no others, in their states, described in the document's words."""
    found = World("assima").profile.statuses
    assert {status.name: status.state for status in found.values()} == {
        k: v[0] for k, v in STATUSES.items()
    }
    for name, (_, words) in STATUSES.items():
        assert words in " ".join(found[name].description.split())


@pytest.mark.demand("S12")
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_reached_by_listed_moves(status: str) -> None:
    assert at(status).ticket.status == status


@pytest.mark.demand("S12", "X3")
def test_the_moves_are_those_of_the_table() -> None:
    """None is listed besides; rules make three of them."""
    edges = [edge for edge in World("assima").profile.edges if edge.source != CREATED]
    assert {(edge.source, edge.target) for edge in edges} == {row[:2] for row in MOVES}
    assert {
        (edge.source, edge.target) for edge in edges if "system" in edge.roles
    } == BY_RULES


@pytest.mark.demand("S12")
@pytest.mark.parametrize(
    ("status", "roles"),
    [
        ("New", set()),
        ("Assigned", {"support", "system"}),
        ("QA Pending", {"support", "developer"}),
        ("Verified", {"support"}),
        ("Postponed", {"support"}),
        ("Closed", {"customer", "system"}),
        ("Reopened", {"customer"}),
    ],
)
def test_who_sets_a_status(status: str, roles: set[str]) -> None:
    """New comes by the report alone; the customer, or the system, closes; the customer
    reopens; staff do the rest."""
    edges = [
        edge
        for edge in World("assima").profile.edges
        if edge.source != CREATED and edge.target == status
    ]
    assert {role for edge in edges for role in edge.roles} == roles


@pytest.mark.demand("X1")
@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_a_listed_move_is_made_by_each_listed_role(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """It is accepted with what it needs, and the history has who, in which role, when,
    whence, whither, what."""
    for role in roles:
        world = ready(source)
        entry = entered(world.ask(role, target, **words), target)
        assert (world.ticket.status, entry.from_, entry.to) == (target, source, target)
        assert (entry.at, entry.by, entry.role) == (
            format_instant(world.now),
            world.who(role),
            role,
        )
        assert (entry.text, entry.note, entry.rule) == (
            words.get("text"),
            words.get("note"),
            None,
        )


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_a_listed_move_is_refused_to_all_others(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """Whatever they bring with it; nor is it offered to them."""
    world = ready(source)
    for role, more in others(world, roles):
        assert closed_to(world, role, target, words | more), role


@pytest.mark.parametrize(("source", "target", "role", "given", "wanting"), needs(MOVES))
def test_a_move_is_refused_without_what_it_needs(
    source: str, target: str, role: str, given: Words, wanting: str
) -> None:
    world = ready(source)
    taken = () if wanting in ("text", "note") else (wanting,)
    assert len(refusal(world, role, target, unset=taken, **given).reasons) == 1


@pytest.mark.demand("S12")
@pytest.mark.parametrize(("source", "target"), unlisted("assima", MOVES))
def test_an_unlisted_move_is_refused_to_everybody(source: str, target: str) -> None:
    """Whatever they bring with it; nor is it offered to anybody."""
    world = ready(source)
    for role, more in others(world, ()):
        words = (
            {"text": "Please."}
            if role == "customer"
            else {"text": "Well.", "note": "So."}
        )
        assert closed_to(world, role, target, words | more), role


@pytest.mark.demand("S12", "X2")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_offers_just_the_moves_of_the_role(status: str, role: str) -> None:
    listed_here = {row[1] for row in MOVES if row[0] == status and role in row[2]}
    assert open_to(refusal(ready(status), role, status)) == listed_here


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_listed_people_have_their_own_roles_alone(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """Where people are listed, whoever has the role may, and whoever has not may not
    take it."""
    for role in roles:
        world = ready(source, people=PEOPLE)
        for stranger in {SUPPORT, DEVELOPER, "stranger@else.example"} - {
            world.who(role)
        }:
            world.refused(role, target, who=stranger, **words)
        assert world.ask(role, target, **words).status == target


@pytest.mark.demand("S7", "S9")
@pytest.mark.parametrize("role", ["support", "developer"])
@pytest.mark.parametrize(
    ("source", "target"),
    [("Verified", "Closed"), ("Verified", "Reopened"), ("Closed", "Reopened")],
)
def test_nobody_acts_for_the_customer(source: str, target: str, role: str) -> None:
    """It is the customer's responsibility: not in their own name, nor with ``--for``,
    nor another customer."""
    world = at(source)
    world.refused(role, target, text="She said so by telephone.")
    world.refused(role, target, text="She said so by telephone.", for_=CUSTOMER)
    world.refused(
        "customer", target, text="We looked at it.", who="other@customer.example"
    )


@pytest.mark.demand("X2")
def test_a_refusal_names_all_reasons_and_the_way() -> None:
    """A developer may not verify, and nobody is assigned."""
    answer = refusal(at("QA Pending"), "developer", "Verified")
    assert len(answer.reasons) == 2
    assert [step.to for step in answer.way] == ["Verified"]
    far = refusal(at("New"), "support", "Closed")
    assert [step.to for step in far.way] == [
        "Assigned",
        "QA Pending",
        "Verified",
        "Closed",
    ]
    assert {(move.to, len(move.needs)) for move in far.open} == {
        ("Assigned", 1),
        ("Postponed", 1),
    }


@pytest.mark.demand("S1", "S2", "S3", "S5", "S7", "S9", "S10", "X2")
@pytest.mark.parametrize(("source", "target"), CRITERIA, ids=" -> ".join)
def test_the_criterion_is_in_the_documents_words(source: str, target: str) -> None:
    edges = World("assima").profile.between(source, target)
    assert all(
        CRITERIA[source, target] in " ".join(edge.criterion.split()) for edge in edges
    )


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
    assert all(ticket.id in notice.body for notice in world.notices)
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
    assert "Any news?" in world.notices[-1].body
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
    assert all(ticket.id in notice.body for notice in world.notices)
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
    notices = verified(**CORRECTED).notices
    assert [notice.told for notice in notices] == [(CUSTOMER,)]
    assert "build 5102" in notices[0].subject + notices[0].body


@pytest.mark.demand("S3", "S5")
def test_no_correction_is_verified_without_its_build() -> None:
    """Nor where it is found out only at the check that the product was corrected."""
    world = ready("QA Pending")
    world.refused("support", "Verified", correction=True)
    assert world.ask("support", "Verified", **CORRECTED).status == "Verified"


@pytest.mark.demand("S5")
def test_the_customer_is_told_of_no_build_where_nothing_was_corrected() -> None:
    notices = verified().notices
    assert [notice.told for notice in notices] == [(CUSTOMER,)]
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


# --- closing by itself ---


@pytest.mark.demand("S8", "X1")
@pytest.mark.parametrize(
    "start",
    [datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 10, 10, 16, tzinfo=UTC)],
    ids=str,
)
def test_it_closes_thirty_days_after_it_was_verified(start: datetime) -> None:
    """At the same time of day, over the end of summer time too; the entry has the rule,
    what it is due to, and when."""
    world = at("Verified", now=start)
    since, due = entered(world.ticket, "Verified"), after(world, "P30D")
    closes_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert (entry.role, entry.from_, entry.due, entry.at) == (
        "system",
        "Verified",
        *2 * [format_instant(due)],
    )
    assert (entry.rule, entry.anchor) == (world.profile.automations[0].name, since.id)


@pytest.mark.demand("S8", "S10", "S12")
@pytest.mark.parametrize(
    "status", [status for status in STATUSES if status != "Verified"]
)
def test_nothing_else_happens_by_itself(status: str) -> None:
    never_closes(ready(status))


@pytest.mark.demand("S8")
def test_after_a_long_outage_it_closes_once() -> None:
    """Late is allowed: the moment that it was due at is kept beside the one at which it
    was done."""
    world = at("Verified")
    due = after(world, "P30D")
    assert len(fires_once(world, after(world, "P300D"))) == 1
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))


@pytest.mark.demand("S8")
@pytest.mark.parametrize("words", [{}, {"via": "mail"}], ids=["by hand", "by mail"])
def test_a_customers_message_stops_the_clock(words: Words) -> None:
    world = at("Verified")
    world.wait("P29D")
    assert world.ask("customer", text="Wait!", **words).status == "Verified"
    never_closes(world)


@pytest.mark.demand("S2", "S8")
def test_a_message_by_telephone_stops_it_and_tells_the_assignee() -> None:
    world = at("Verified")
    told_anew(world)
    world.ask("support", text="She asks us to wait.", for_=CUSTOMER, who=SUE)
    assert told_anew(world) == [SUPPORT]
    never_closes(world)


@pytest.mark.demand("S8")
@pytest.mark.parametrize("role", ["support", "developer"])
def test_the_next_public_staff_message_starts_it_anew(role: str) -> None:
    """It counts 30 days from the first answer; a note, an edit or a further answer
    starts nothing."""
    world = at("Verified")
    world.wait("P10D")
    world.ask("customer", text="Wait!")
    world.ask(role, note="Hm.")
    world.ask("support", assignee=SUE)
    world.wait("P40D")
    assert not world.sweep()
    world.ask(role, text="Is it well now?")
    due = after(world, "P30D")
    world.wait("P1D")
    world.ask(role, text="Do tell us.")
    closes_at(world, due)


@pytest.mark.demand("S8")
def test_it_can_be_stopped_and_started_again_and_again() -> None:
    world = at("Verified")
    for _ in range(3):
        world.wait("P29D")
        world.ask("customer", text="Wait!")
        world.wait("P29D")
        assert not world.sweep()
        world.ask("support", text="Is it well now?")
    closes_at(world, after(world, "P30D"))


@pytest.mark.demand("S8")
@pytest.mark.parametrize(
    "words", [{"note": "Hm."}, {"text": "All well?"}, {"assignee": SUE}], ids=str
)
def test_what_staff_do_does_not_move_a_running_clock(words: Words) -> None:
    world = at("Verified")
    due = after(world, "P30D")
    world.wait("P10D")
    world.ask("support", **words)
    closes_at(world, due)


@pytest.mark.demand("S7", "S8")
@pytest.mark.parametrize("target", ["Closed", "Reopened"])
def test_the_customers_own_move_ends_it(target: str) -> None:
    world = at("Verified")
    world.wait("P29D")
    world.ask("customer", target, text="So be it.")
    never_closes(world)


@pytest.mark.demand("S8")
def test_verifying_again_starts_a_new_clock() -> None:
    world = at("Verified")
    world.wait("P20D")
    world.ask("customer", "Reopened", text="It still fails.")
    world.ask("support", "Assigned", assignee=SUPPORT)
    world.ask("support", "QA Pending")
    world.ask("support", "Verified", assignee=SUPPORT)
    closes_at(world, after(world, "P30D"))


@pytest.mark.demand("S8", "X3")
def test_the_sweep_obeys_the_checker() -> None:
    """Were the system not to close, the sweep would be refused, and write nothing."""
    world = at("Verified")
    edges = (
        replace(edge, roles=tuple(r for r in edge.roles if r != "system"))
        for edge in world.profile.edges
    )
    world.profile = replace(world.profile, edges=tuple(edges))
    before = world.ticket
    world.wait("P31D")
    assert [type(fired.outcome) for fired in world.sweep()] == [Refusal]
    assert world.ticket == before


# --- postponing and lists ---


@pytest.mark.demand("S10")
def test_a_postponed_ticket_is_neither_closed_nor_open() -> None:
    """Nobody closes it; it is not counted as open, nor shown among the open ones, nor
    hidden."""
    world = at("Postponed")
    for role in ROLES:
        world.refused(role, "Closed", text="Done.")
    assert not OPEN_STATES.intersection(
        sums(index_of(world.profile, [world.ticket], world.listed))
    )
    assert not shown(world, Term("state", "is", tuple(OPEN_STATES)))
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
    world, closed = at(status), Term("state", "is", ("closed",))
    mine, others = (
        Term("customer", "is", (CUSTOMER,)),
        Term("customer", "is", ("other@customer.example",)),
    )
    assert shown(world, Term("status", "is", ("Closed",)), mine) == (status == "Closed")
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
