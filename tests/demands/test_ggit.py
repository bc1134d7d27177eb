"""The demands of ggit, G1 to G17 (design/documents.md), as tables for its profile."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.demands.tables import (
    Words,
    after,
    entered,
    fires_at,
    fires_once,
    open_to,
    refusal,
    told_anew,
)
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import Duration, add, moment_of, parse_instant, zone
from ticketctl.core.engine.context import Situation, context_for
from ticketctl.core.engine.moves import legal_now, open_moves
from ticketctl.core.engine.requests import Actor, Create
from ticketctl.core.entry import Entry
from ticketctl.core.profile import Template
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace

ADMIN, RESOURCE = "Follow Up Needed: Admin", "Follow Up Needed: Resource"
WAITING, LINK_SENT, COMPLETE, DEFERRED = (
    "Waiting Customer",
    "Scheduling Link Sent",
    "Complete",
    "Deferred",
)
PROGRESS, TODO, SCHEDULED, VENDOR = (
    "In Progress",
    "No Appt Needed - To Do",
    "Scheduled",
    "Waiting Vendor",
)
PAYMENT, NO_SHOW = "Pending Payment", "No-Show: Remote Customer"
NEW, MAILED, REOPENED, CLOSE = (
    "New",
    "Note Emailed In",
    "Incomplete - Re-opened",
    "Customer or Tech Says Close",
)
FORM, SENT, SCOPE, NO_CONTACT = (
    "Received Form Response",
    "Sent from MC",
    "Out of Scope",
    "MC No Contact",
)

TWELVE = {
    ADMIN: "open",
    RESOURCE: "open",
    WAITING: "pending",
    LINK_SENT: "pending",
    COMPLETE: "closed",
    DEFERRED: "on_hold",
    PROGRESS: "open",
    PAYMENT: "on_hold",
    TODO: "open",
    SCHEDULED: "on_hold",
    VENDOR: "on_hold",
    NO_SHOW: "pending",
}
EIGHT = {
    NEW: "new",
    MAILED: "open",
    REOPENED: "open",
    CLOSE: "open",
    FORM: "open",
    SENT: "open",
    SCOPE: "open",
    NO_CONTACT: "pending",
}
TWENTY = {**TWELVE, **EIGHT}

TECH, BOSS = "technician@staff.example", "admin@staff.example"
TESS, AMY = "tess@staff.example", "amy@staff.example"
STAFF, PERSONS = ("technician", "admin"), ("technician", "admin", "customer")
LINK = "https://ggit.timezest.com/ggit/phone-30-minutes"
PEOPLE = {
    TECH: {"technician"},
    TESS: {"technician"},
    BOSS: {"admin"},
    AMY: {"admin"},
    "timezest@staff.example": {"timezest"},
    "mission_control@staff.example": {"mission_control"},
    "web_form@staff.example": {"web_form"},
}

# What each of the twelve needs, supplied (``due`` as --due takes it). No-Show needs
# ``appointment: booked`` before.
NEEDS: dict[str, Words] = {
    ADMIN: {"note": "Amy: please call them about the invoice"},
    RESOURCE: {"note": "Check the backup", "assignee": TESS},
    WAITING: {},
    LINK_SENT: {"text": f"Please choose a time: {LINK}"},
    COMPLETE: {"time_entries": "done"},
    DEFERRED: {"due": "+10d", "assignee": TESS},
    PROGRESS: {},
    PAYMENT: {},
    TODO: {"assignee": TESS},
    SCHEDULED: {},
    VENDOR: {},
    NO_SHOW: {},
}
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
INTEGRATIONS = {
    "timezest": {LINK_SENT, SCHEDULED},
    "mission_control": {SENT, SCOPE, NO_CONTACT},
    "web_form": {FORM},
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
# Whom entering one of the twelve tells, in a store that lists nobody and with Tess as
# the primary resource (the scheduling link is a note to the customer).
TOLD: dict[str, list[str]] = {status: [] for status in TWELVE} | {
    ADMIN: [],
    RESOURCE: [TESS],
    COMPLETE: [CUSTOMER],
    NO_SHOW: [CUSTOMER],
    LINK_SENT: [CUSTOMER],
}
# What 400 days do to a ticket of Tess that nobody touches: the status it then has, and
# who was told.
TIMED = {status: (status, set[str]()) for status in TWENTY} | {
    WAITING: (WAITING, {CUSTOMER}),
    PROGRESS: (PROGRESS, {TESS}),
    DEFERRED: (RESOURCE, {TESS}),
}


def demand(*numbers: str) -> pytest.MarkDecorator:
    """The mark that names what a test covers."""
    return pytest.mark.demand(*numbers)


def go(world: World, to: str, role: str = "technician", **words: Any) -> Ticket:
    """Make a move by hand with everything that it needs supplied."""
    if to == NO_SHOW and world.ticket.get("appointment") != "booked":
        world.ask("technician", appointment="booked")
    if to == WAITING and world.ticket.status == LINK_SENT:
        world.ask("customer", text="None of these suits me.")
    given = NEEDS[to] | fit(world, to) | words
    return world.ask(
        role,
        to,
        **given | ({"due": world.when(given["due"])} if "due" in given else {}),
    )


def fit(world: World, to: str) -> dict[str, str]:
    """The category to change to, where the ticket's does not offer a status (G15)."""
    offering = [
        one.name for one in world.profile.categories.values() if to in one.statuses
    ]
    return {} if world.ticket.get("category") in offering else {"category": offering[0]}


@cache
def _at(status: str, assignee: str | None) -> tuple[Ticket, datetime]:
    world = World("ggit")
    world.new()
    if assignee:
        world.ask("technician", assignee=assignee)
    if status in TWELVE:
        go(world, status, **{"assignee": assignee} if assignee else {})
    elif status in (MAILED, CLOSE):
        mail(world, "customer", "it is resolved" if status == CLOSE else "news")
    elif status == REOPENED:
        go(world, COMPLETE)
        world.ask("technician", time_entries="not_done")
    elif status != NEW:
        world.ask(
            next(role for role, theirs in INTEGRATIONS.items() if status in theirs),
            status,
        )
    if (
        status == NO_CONTACT
    ):  # it never rests there: the ticket as it stood before the rule took it on
        names = [entry.to for entry in world.ticket.history]
        world.ticket = fold(world.ticket.history[: names.index(status) + 1])
    assert world.ticket.status == status
    return world.ticket, world.now


def at(status: str, assignee: str | None = TESS, listed: bool = False) -> World:
    """A world whose ticket was brought into a status by legal moves alone."""
    world = World("ggit", PEOPLE if listed else None)
    world.ticket, world.now = _at(status, assignee)
    return world


def mail(world: World, role: str, subject: str | None, **words: Any) -> Ticket:
    """Somebody mails a note into the ticket."""
    return world.ask(
        role, **{"text": "Some words.", "via": "mail", "subject": subject} | words
    )


def line(status: str) -> str:
    """The text of a mail that asks for a status (G14)."""
    return f"That is all for today.\nStatus: {status}\n"


def offered_to(world: World, role: str) -> set[str]:
    """The statuses that lists and completion offer somebody."""
    context = context_for(
        Situation(world.profile, world.listed, world.now),
        world.ticket,
        Actor(world.who(role), role),
    )
    names = {move.to for move in open_moves(context)}
    assert set(legal_now(context)) <= names
    return names


def create(world: World, role: str, title: str, **words: Any) -> Ticket:
    """A new ticket, with everything that a request to make one can hold."""
    customer = {"customer": CUSTOMER}
    given = (
        {"text": "Please help."} | words | {"sets": customer | words.get("sets", {})}
    )
    return world._take(
        Create("261102-99999", Actor(world.who(role), role), title, **given), None
    )


def plain(text: str) -> str:
    """Words in one spelling: no line breaks, straight apostrophes, small letters."""
    return " ".join(text.replace("’", "'").split()).casefold()


def pairs(targets: dict[str, str]) -> list[Any]:
    """Every move from each of the twenty to each of the targets, as parameters."""
    return [
        pytest.param(a, b, id=f"{a} > {b}") for a in TWENTY for b in targets if a != b
    ]


def missing_categories(names: dict[str, str]) -> list[Any]:
    """Every (category, status) such that the category does not offer the status, as
    parameters."""
    found = World("ggit").profile.categories.values()
    lacking = [
        (one.name, to) for one in found for to in names if to not in one.statuses
    ]
    return [pytest.param(*pair, id=" ".join(pair)) for pair in lacking]


def wake(world: World) -> datetime:
    """When a deferred ticket wakes: one day before its due date."""
    where = zone(world.profile.timezone)
    return add(
        moment_of(str(world.ticket.due), where), Duration.parse("P1D"), where, -1
    )


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
    assert (ticket.status, world.notices) == (target, [])
    assert entered(ticket, target).quiet


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


# --- G5: waiting customer ---


@demand("G5")
def test_waiting_is_for_a_reply_unless_an_item_is_named() -> None:
    assert go(at(NEW), WAITING).get("waiting_for") == "reply"
    assert go(at(NEW), WAITING, waiting_for="item").get("waiting_for") == "item"
    assert go(at(NEW), WAITING, waiting_for="reply").get("waiting_for") == "reply"


@demand("G5")
def test_the_next_waiting_is_for_a_reply_again() -> None:
    world = at(NEW)
    go(world, WAITING, waiting_for="item")
    go(world, PROGRESS)
    assert go(world, WAITING).get("waiting_for") == "reply"


@demand("G5", "X1", "X3")
@pytest.mark.parametrize("source", [NEW, MAILED, COMPLETE])
def test_after_five_days_the_customer_is_reminded_once(source: str) -> None:
    world = at(source)
    go(world, WAITING)
    start = entered(world.ticket, WAITING)
    told_anew(world)
    fired = fires_at(world, after(world, "P5D"))
    assert (told_anew(world), world.ticket.status) == ([CUSTOMER], WAITING)
    entry = next(one for one in world.ticket.history if one.key)
    assert [entry.key] == [(one.fire.rule, start.id, 1) for one in fired]
    assert (entry.role, entry.at) == ("system", entry.due)
    world.wait("P90D")
    assert (world.sweep(), told_anew(world)) == ([], [])


@demand("G5")
def test_a_late_reminder_comes_once_and_has_both_moments() -> None:
    world = at(WAITING)
    due = after(world, "P5D")
    fires_once(world, due + timedelta(days=60))
    entry = next(one for one in world.ticket.history if one.key)
    assert (parse_instant(str(entry.due)), parse_instant(entry.at)) == (due, world.now)
    assert told_anew(world) == [CUSTOMER]


@demand("G5")
def test_the_five_days_end_at_the_same_time_of_day_over_a_clock_change() -> None:
    world = at(NEW)
    world.now = world.now.replace(month=3, day=5) + timedelta(
        days=365
    )  # March 2027: the clocks go forward
    where = zone(world.profile.timezone)
    for _ in range(6):
        go(world, WAITING)
        begin = world.now.astimezone(where)
        told_anew(world)
        world.now = after(world, "P5D")
        assert world.now.astimezone(where).timetz().replace(
            tzinfo=None
        ) == begin.timetz().replace(tzinfo=None)
        fires_at(world, world.now)
        go(world, PAYMENT)


@demand("G5")
def test_no_reminder_while_waiting_for_an_item() -> None:
    world = at(NEW)
    go(world, WAITING, waiting_for="item")
    world.wait("P60D")
    assert world.sweep() == []
    world = at(WAITING)
    world.ask("technician", waiting_for="item")
    world.wait("P60D")
    assert world.sweep() == []


@demand("G5")
@pytest.mark.parametrize("via", [None, "mail"])
def test_an_answer_stops_the_reminder(via: str | None) -> None:
    world = at(WAITING)
    world.wait("P4D")
    world.ask("customer", text="Here it is.", via=via, subject="Re: your question")
    world.wait("P60D")
    assert (world.sweep(), CUSTOMER in told_anew(world)) == ([], False)


@demand("G5")
def test_leaving_stops_the_reminder_and_waiting_anew_starts_it_anew() -> None:
    world = at(WAITING)
    world.wait("P4D")
    go(world, PAYMENT)
    world.wait("P4D")
    assert world.sweep() == []
    go(world, WAITING)
    fires_at(world, after(world, "P5D"))


@demand("G5")
def test_notes_and_edits_do_not_put_the_reminder_off() -> None:
    world = at(WAITING)
    due = after(world, "P5D")
    world.wait("P3D")
    world.ask("technician", note="Still nothing")
    world.ask("admin", assignee=AMY)
    fires_at(world, due)


@demand("G5", "X2")
@pytest.mark.parametrize("role", STAFF)
def test_waiting_is_refused_after_a_scheduling_link(role: str) -> None:
    world = at(LINK_SENT)
    for words in (
        {},
        {"waiting_for": "item"},
        {"text": "Any news?"},
        {"via": "mail", "subject": "x"},
    ):
        assert (
            "scheduling link"
            in " ".join(world.refused(role, WAITING, **words)).casefold()
        )
    world.ask(role, note="No answer yet")
    world.ask(role, text="Did you find a time?")
    world.refused(role, WAITING)


@demand("G5")
@pytest.mark.parametrize(
    ("role", "words"), [("customer", {}), ("technician", {"for_": CUSTOMER})]
)
def test_waiting_is_allowed_once_the_customer_replied_to_the_link(
    role: str, words: Words
) -> None:
    world = at(LINK_SENT)
    world.ask(role, text="None of these suits me.", **words)
    assert world.ask("technician", WAITING).status == WAITING


@demand("G5")
def test_a_reply_to_an_earlier_link_does_not_count() -> None:
    world = at(LINK_SENT)
    world.ask("customer", text="None of these suits me.")
    go(world, PROGRESS)
    go(world, LINK_SENT)
    world.refused("technician", WAITING)


@demand("G5", "G6")
def test_a_link_that_timezest_sent_counts_too() -> None:
    world = at(NEW)
    world.ask("customer", text="When?")
    world.ask("timezest", LINK_SENT)
    world.refused("technician", WAITING)


# --- G6: scheduling link sent, scheduled ---


@demand("G6")
@pytest.mark.parametrize("status", [status for status in TWENTY if status != LINK_SENT])
def test_a_public_message_with_a_link_warns(status: str) -> None:
    world = at(status)
    world.ask("technician", text=f"Choose a time: {LINK}")
    assert any(LINK_SENT.casefold() in warning.casefold() for warning in world.warnings)


@demand("G6")
@pytest.mark.parametrize(
    "words", [{"text": "Nothing to see."}, {"note": f"They have {LINK}"}]
)
def test_no_warning_without_a_link_in_public(words: Words) -> None:
    world = at(PROGRESS)
    world.ask("technician", **words)
    assert world.warnings == []


@demand("G6")
def test_no_warning_when_the_status_is_set_with_the_link_or_was() -> None:
    world = at(PROGRESS)
    assert (
        world.ask("technician", LINK_SENT, text=f"Choose a time: {LINK}").status
        == LINK_SENT
    )
    world.ask("technician", text=f"Once more: {LINK}")
    assert world.warnings == []


@demand("G6")
def test_a_link_sent_with_another_status_warns() -> None:
    world = at(PROGRESS)
    world.ask("technician", PAYMENT, text=f"Choose a time: {LINK}")
    assert world.warnings
    world = at(LINK_SENT)
    world.ask("technician", PAYMENT, text=f"Choose a time: {LINK}")
    assert world.warnings


@demand("G6")
def test_the_status_may_follow_the_link_that_went_out_before() -> None:
    world = at(PROGRESS)
    world.ask("technician", text=f"Choose a time: {LINK}")
    assert world.ask("technician", LINK_SENT).status == LINK_SENT


@demand("G6")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != SCHEDULED])
def test_timezest_books_the_appointment_with_scheduled(source: str) -> None:
    assert at(source).ask("timezest", SCHEDULED).get("appointment") == "booked"


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
    wanting.notices.clear()
    assert mail(wanting, "technician", "Done", text=line(COMPLETE)).status == REOPENED
    assert not any(
        one.subject.startswith("Complete")
        for one in wanting.notices
        if CUSTOMER in one.told
    )
    assert TECH in told_anew(wanting)
    done.ask("technician", time_entries="done")
    done.notices.clear()
    assert mail(done, "technician", "Done", text=line(COMPLETE)).status == COMPLETE
    assert any(
        one.subject.startswith("Complete")
        for one in done.notices
        if CUSTOMER in one.told
    )


@demand("G7", "G14")
def test_no_customer_reads_that_it_is_complete_when_it_is_not() -> None:
    world = at(PROGRESS)
    world.ask("technician", time_entries="not_done")
    mail(world, "technician", "Done", text=line(COMPLETE))
    read = [
        f"{one.subject} {one.body}" for one in world.notices if CUSTOMER in one.told
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


# --- G8: deferred ---


@demand("G8")
@pytest.mark.parametrize("due", [None, "-1d", "today", "2026-11-01", "-1h"])
def test_deferring_needs_a_due_date_in_the_future(due: str | None) -> None:
    world = at(NEW)
    words = {"due": world.when(due)} if due else {}
    assert any(
        "due" in reason for reason in world.refused("technician", DEFERRED, **words)
    )


@demand("G8")
@pytest.mark.parametrize("due", ["tomorrow", "2026-12-24", "+3d", "+30d"])
def test_deferring_with_one(due: str) -> None:
    world = at(NEW)
    ticket = world.ask("admin", DEFERRED, due=world.when(due))
    assert (ticket.status, ticket.due) == (
        DEFERRED,
        world.when(due) if "+" not in due else ticket.due,
    )
    assert ticket.due


@demand("G8")
def test_the_due_date_must_be_given_in_the_same_move_though_it_may_stay_the_same() -> (
    None
):
    world = at(NEW)
    due = world.when("+10d")
    world.ask("technician", due=due)
    world.refused("technician", DEFERRED)
    assert world.ask("technician", DEFERRED, due=due).status == DEFERRED


@demand("G8", "X1", "X3")
@pytest.mark.parametrize("due", ["+10d", "2026-12-24"])
@pytest.mark.parametrize(
    ("assignee", "to", "told"), [(TESS, RESOURCE, [TESS]), (None, ADMIN, [])]
)
def test_a_deferred_ticket_wakes_one_day_before(
    due: str, assignee: str | None, to: str, told: list[str]
) -> None:
    world = at(NEW, assignee)
    setting = world.ask("technician", DEFERRED, due=world.when(due)).history[-1]
    told_anew(world)
    fires_at(world, wake(world))
    entry = entered(world.ticket, to)
    assert (world.ticket.status, told_anew(world)) == (to, told)
    assert (entry.from_, entry.role, entry.anchor) == (DEFERRED, "system", setting.id)
    assert entry.rule
    assert entry.note
    world.wait("P90D")
    assert (world.sweep(), told_anew(world)) == ([], [])


@demand("G8")
def test_a_deferred_ticket_wakes_once_after_a_long_outage() -> None:
    world = at(DEFERRED)
    fires_once(world, wake(world) + timedelta(days=200))
    assert (world.ticket.status, told_anew(world)) == (RESOURCE, [TESS])


@demand("G8")
def test_who_has_lost_their_ticket_since_is_not_waited_for() -> None:
    world = at(DEFERRED)
    world.ask("technician", unset=("assignee",))
    fires_at(world, wake(world))
    assert world.ticket.status == ADMIN


@demand("G8")
@pytest.mark.parametrize("due", ["+20d", "+5d"])
def test_a_date_set_anew_counts_alone(due: str) -> None:
    world = at(DEFERRED)
    old = wake(world)
    world.ask("technician", due=world.when(due))
    new = wake(world)
    assert new != old
    fires_at(world, new)
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_a_date_moved_into_the_past_wakes_at_the_next_sweep() -> None:
    world = at(DEFERRED)
    world.ask("technician", due=world.when("-1d"))
    fires_once(world, world.now)
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_deferring_again_wakes_again() -> None:
    world = at(DEFERRED)
    fires_at(world, wake(world))
    go(world, DEFERRED)
    fires_at(world, wake(world))
    assert world.ticket.status == RESOURCE


@demand("G8")
def test_a_ticket_that_is_no_longer_deferred_is_not_woken() -> None:
    world = at(DEFERRED)
    moment = wake(world)
    go(world, PAYMENT)
    world.now = moment + timedelta(days=3)
    assert world.sweep() == []


@demand("G8", "X1", "X3")
@pytest.mark.parametrize("removed", [True, False])
@pytest.mark.parametrize(
    ("assignee", "to", "told"), [(TESS, RESOURCE, [TESS]), (None, ADMIN, [])]
)
def test_deferred_without_a_date_is_found_by_the_sweep(
    removed: bool, assignee: str | None, to: str, told: list[str]
) -> None:
    world = at(NEW, assignee)
    world.ask("technician", DEFERRED, due=world.when("+10d"))
    told_anew(world)
    assert world.sweep() == []
    if removed:
        world.ask("technician", unset=("due",))
    else:  # as an import may bring it: it never had one
        *earlier, last = world.ticket.history
        world.ticket = fold([*earlier, replace(last, sets={})])
    assert (world.ticket.status, world.ticket.due) == (DEFERRED, None)
    world.wait("PT1M")
    fires_once(world, world.now)
    entry = entered(world.ticket, to)
    assert (world.ticket.status, entry.role, bool(entry.note)) == (to, "system", True)
    assert entry.rule
    assert told_anew(world) == told


@demand("G8")
def test_a_date_removed_and_set_again_before_the_sweep_wakes_on_its_day() -> None:
    world = at(DEFERRED)
    world.ask("technician", unset=("due",))
    world.ask("technician", due=world.when("+20d"))
    fires_at(world, wake(world))


@demand("G8")
@pytest.mark.parametrize("status", [status for status in TWENTY if status != DEFERRED])
def test_a_date_means_nothing_in_any_other_status(status: str) -> None:
    world = at(status)
    world.sweep()
    world.ask("technician", due=world.when("+1h"))
    world.wait("PT2H")
    assert world.sweep() == []


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


# --- G12: no-show ---


@demand("G12")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != NO_SHOW])
def test_a_no_show_needs_an_appointment_cancels_it_and_mails_the_customer(
    source: str,
) -> None:
    for role in STAFF:
        world = at(source)
        for words in ({"unset": ("appointment",)}, {"appointment": "cancelled"}):
            world.ask("technician", **words)
            assert any(
                "appointment" in reason for reason in world.refused(role, NO_SHOW)
            )
        world.ask("technician", appointment="booked")
        told_anew(world)
        assert world.ask(role, NO_SHOW).get("appointment") == "cancelled"
        assert told_anew(world) == [CUSTOMER]


@demand("G12")
def test_an_appointment_is_missed_once() -> None:
    world = at(NO_SHOW)
    go(world, PROGRESS)
    world.refused("technician", NO_SHOW)
    world.ask("timezest", SCHEDULED)
    assert world.ask("technician", PROGRESS).get("appointment") == "booked"
    assert world.ask("technician", NO_SHOW).get("appointment") == "cancelled"


@demand("G12")
def test_an_appointment_named_in_the_very_move_is_cancelled_too() -> None:
    world = at(PROGRESS)
    try:
        world.ask("technician", NO_SHOW, appointment="booked")
    except Refused:
        return
    assert world.ticket.get("appointment") == "cancelled"


@demand("G12", "G7")
@pytest.mark.parametrize(
    "target",
    [status for status in TWENTY if status not in (NEW, COMPLETE, NO_SHOW, NO_CONTACT)],
)
def test_a_ticket_that_reopens_has_no_appointment_left(target: str) -> None:
    world = at(PROGRESS)
    world.ask("timezest", SCHEDULED)
    go(world, COMPLETE)
    if target in TWELVE:
        ticket = go(world, target)
    elif target in (MAILED, CLOSE):
        ticket = mail(
            world, "customer", "it is resolved" if target == CLOSE else "thanks"
        )
    elif target == REOPENED:
        ticket = world.ask("technician", time_entries="not_done")
    else:
        ticket = world.ask(
            next(role for role, theirs in INTEGRATIONS.items() if target in theirs),
            target,
        )
    assert (ticket.status, ticket.get("appointment")) == (target, None)


@demand("G6", "G12")
@pytest.mark.parametrize("before", ["cancelled", "booked"])
def test_staff_who_book_while_they_reopen_have_booked(before: str) -> None:
    world = at(COMPLETE)
    world.ask("technician", appointment=before)
    assert (
        world.ask("technician", SCHEDULED, appointment="booked").get("appointment")
        == "booked"
    )


@demand("G6", "G12")
def test_timezest_books_anew_though_the_ticket_was_complete() -> None:
    world = at(COMPLETE)
    assert world.ask("timezest", SCHEDULED).get("appointment") == "booked"


# --- G13: what comes by mail, by form, from Mission Control ---

SUBJECTS = [
    ("Re: It does not work", MAILED),
    (None, MAILED),
    ("", MAILED),
    ("The matter is closed", MAILED),
    ("it is resolved", CLOSE),
    ("RE: Ticket IS RESOLVED, thanks", CLOSE),
    ("Is Resolved", CLOSE),
]


@demand("G13", "X1", "X3")
@pytest.mark.parametrize("source", TWENTY)
@pytest.mark.parametrize("role", PERSONS)
def test_a_mail_from_a_person_moves_the_ticket(role: str, source: str) -> None:
    for subject, target in SUBJECTS:
        world = at(source)
        ticket = mail(world, role, subject)
        assert ticket.status == target, subject
        assert any(
            entry.text == "Some words." and entry.by == world.who(role)
            for entry in ticket.history
        )
        if source != target:
            entry = entered(ticket, target)
            assert (entry.role, entry.from_, bool(entry.rule)) == (
                "system",
                source,
                True,
            )
        assert not any("rule" in warning for warning in world.warnings)


@demand("G13")
@pytest.mark.parametrize(
    "subject", ["Re: DNS is resolved wrongly", "Now it is resolved"]
)
def test_a_title_with_those_words_does_not_close(subject: str) -> None:
    for source in (PROGRESS, CLOSE):
        world = at(source)
        world.ask("technician", title="DNS is resolved wrongly")
        assert mail(world, "customer", subject).status == MAILED


@demand("G13")
def test_those_words_in_the_text_do_not_close() -> None:
    assert (
        mail(at(PROGRESS), "customer", "Re: it", text="It is resolved").status == MAILED
    )


@demand("G13")
def test_a_watcher_is_a_person_too() -> None:
    world = at(PROGRESS)
    world.ask("technician", watchers=("bob@customer.example",))
    assert mail(world, "customer", "news", who="bob@customer.example").status == MAILED


@demand("G13", "X4")
@pytest.mark.parametrize("source", TWENTY)
def test_mail_that_a_machine_wrote_is_kept_and_moves_nothing(source: str) -> None:
    for role in PERSONS:  # the gateway enters it as a note
        world = at(source)
        due = after(world, "P5D")
        world.wait("P1D")
        ticket = mail(
            world, role, "it is resolved", text=None, note="I am out of office."
        )
        assert (ticket.status, ticket.history[-1].note) == (
            source,
            "I am out of office.",
        )
        if source == WAITING:
            fires_at(world, due)


@demand("G13")
@pytest.mark.parametrize("source", TWENTY)
def test_what_people_write_without_mail_moves_nothing(source: str) -> None:
    for role, customer in (
        ("customer", None),
        ("technician", None),
        ("admin", None),
        ("technician", CUSTOMER),
    ):
        assert (
            at(source).ask(role, text="It is resolved", for_=customer).status == source
        )


@demand("G13")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != FORM])
def test_a_form_that_is_mailed_in_is_a_form_response(source: str) -> None:
    for subject in ("New user form", "The form is resolved"):
        assert (
            at(source)
            .ask("web_form", text="Name: Kim", via="mail", subject=subject)
            .status
            == FORM
        )
    assert (
        at(source)
        .ask("web_form", FORM, text="Name: Kim", via="mail", subject="New user form")
        .status
        == FORM
    )


@demand("G13")
@pytest.mark.parametrize("subject", ["news", "it is resolved"])
def test_a_mail_from_timezest_is_no_persons(subject: str) -> None:
    assert mail(at(PROGRESS), "timezest", subject).status == PROGRESS
    assert (
        mail(at(PROGRESS), "timezest", subject, text=line(COMPLETE)).status == PROGRESS
    )


@demand("G13")
@pytest.mark.parametrize("target", [SENT, SCOPE])
def test_an_escalation_stays_where_mission_control_put_it(target: str) -> None:
    assert at(NEW).ask("mission_control", target, text="Over to you.").status == target


@demand("G13", "G5", "X1", "X3")
@pytest.mark.parametrize(
    "source", [status for status in TWENTY if status != NO_CONTACT]
)
def test_no_contact_goes_on_to_waiting_customer_by_itself(source: str) -> None:
    world = at(source)
    if source == WAITING:
        world.ask("technician", waiting_for="item")
    ticket = world.ask("mission_control", NO_CONTACT)
    moves = [entry for entry in ticket.history if entry.to][-2:]
    assert [(entry.from_, entry.to) for entry in moves] == [
        (source, NO_CONTACT),
        (NO_CONTACT, WAITING),
    ]
    assert (moves[1].role, bool(moves[1].rule), ticket.get("waiting_for")) == (
        "system",
        True,
        "reply",
    )
    told_anew(world)
    fires_at(world, after(world, "P5D"))
    assert told_anew(world) == [CUSTOMER]


# --- G14: statuses by mail ---


@demand("G14", "G13", "X1")
@pytest.mark.parametrize("source", TWENTY)
@pytest.mark.parametrize("role", STAFF)
def test_staff_set_two_statuses_by_mail_from_everywhere(role: str, source: str) -> None:
    for target in {WAITING, COMPLETE} - {source}:
        for subject in ("Re: It does not work", "it is resolved", None):
            world = at(source, listed=True)
            if (source, target) == (LINK_SENT, WAITING):
                world.ask("customer", text="None of these suits me.")
            world.ask("technician", time_entries="done")
            ticket = mail(world, role, subject, text=line(target))
            assert (ticket.status, entered(ticket, target).from_) == (target, source)
            assert any(
                (entry.text, entry.by, entry.via)
                == (line(target), world.who(role), "mail")
                for entry in ticket.history
            )
            if target == WAITING:
                assert ticket.get("waiting_for") == "reply"


@demand("G14")
@pytest.mark.parametrize(
    "text", ["Status: Complete", "status: complete", "STATUS: COMPLETE\n-- \nTess"]
)
def test_the_line_is_read_in_any_case(text: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=text).status == COMPLETE


@demand("G14", "G13")
@pytest.mark.parametrize(
    "text",
    [
        "The last job ended with status: complete failure.",
        "Status: Completely broken",
        "> Status: Complete\nReally?",
        "Exit status: waiting customer input",
    ],
)
def test_only_a_line_of_its_own_sets_a_status(text: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=text).status == MAILED


@demand("G14", "G13")
@pytest.mark.parametrize("source", TWENTY)
def test_a_customers_mail_sets_no_status(source: str) -> None:
    for target in (WAITING, COMPLETE):
        assert (
            mail(at(source), "customer", "Re: it", text=line(target)).status == MAILED
        )
        assert (
            mail(at(source), "customer", "it is resolved", text=line(target)).status
            == CLOSE
        )
        if source != target:
            at(source).refused(
                "customer", target, via="mail", subject="x", text="Please."
            )


@demand("G14", "G2")
@pytest.mark.parametrize("target", [status for status in EIGHT if status != MAILED])
def test_no_line_sets_a_status_of_the_eight(target: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=line(target)).status == MAILED


@demand("G14")
@pytest.mark.parametrize("target", [WAITING, COMPLETE])
def test_such_a_line_means_nothing_without_mail_or_where_it_is_so_already(
    target: str,
) -> None:
    assert at(PROGRESS).ask("technician", text=line(target)).status == PROGRESS
    for subject in ("x", "it is resolved"):
        world = at(target)
        assert mail(world, "technician", subject, text=line(target)).status == target
        assert TECH not in told_anew(world)
    assert (
        mail(at(REOPENED), "technician", "it is resolved", text=line(COMPLETE)).status
        == REOPENED
    )


@demand("G14", "G5", "X3")
def test_the_line_does_not_wait_after_a_scheduling_link_and_the_sender_is_told() -> (
    None
):
    world = at(LINK_SENT)
    assert mail(world, "technician", "x", text=line(WAITING)).status != WAITING
    assert TECH in told_anew(world)


@demand("G7", "G14")
@pytest.mark.parametrize(
    "source", [PROGRESS, REOPENED, LINK_SENT, WAITING, COMPLETE, CLOSE]
)
def test_only_who_asked_for_a_status_in_vain_is_told(source: str) -> None:
    for role, text in (
        ("technician", "Some words."),
        ("customer", line(COMPLETE)),
        ("customer", line(WAITING)),
    ):
        world = at(source)
        if source not in (COMPLETE, REOPENED):
            world.ask("technician", time_entries="not_done")
        world.notices.clear()
        assert mail(world, role, "x", text=text).status == MAILED
        assert world.who(role) not in told_anew(world)
    for target in {WAITING, COMPLETE} - {source}:
        world = at(source)
        world.ask("customer", text="None of these suits me.")
        world.ask("technician", time_entries="done")
        world.notices.clear()
        assert mail(world, "technician", "x", text=line(target)).status == target
        assert TECH not in told_anew(world)


@demand("G14", "G15")
@pytest.mark.parametrize(
    ("name", "target"), missing_categories({WAITING: "pending", COMPLETE: "closed"})
)
def test_the_line_sets_nothing_that_the_category_lacks_and_the_sender_is_told(
    name: str, target: str
) -> None:
    world = at(PROGRESS)
    world.ask("technician", category=name)
    assert mail(world, "technician", "x", text=line(target)).status != target
    assert TECH in told_anew(world)


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
