"""BizTech's demands B1 to B9 (seeds/002), as tables and stories."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tests.demands.tables import (
    CHANNELS,
    Row,
    Words,
    after,
    ages,
    closed_to,
    entered,
    fires_at,
    fires_once,
    forbid,
    listed,
    move,
    moves_of,
    needs,
    open_to,
    others,
    people_of,
    quoted,
    refusal,
    told_anew,
    unlisted,
)
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import format_instant
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.ticket import Ticket

AMY, BEN = "amy@staff.example", "ben@staff.example"
STAFF = {AMY: {"agent"}, BEN: {"agent"}, "agent@staff.example": {"agent"}}
STATES = {
    "New": "new",
    "Open": "open",
    "Pending": "pending",
    "Solved": "solved",
    "Closed": "closed",
}
STATUSES = list(STATES)
A = ("agent",)
OWNED: Words = {"assignee": AMY}
ASKED: Words = {"text": "Please send us the exact text of the error."}
MOVES: list[Row] = [
    ("New", "Open", A, OWNED, ("B1",)),
    ("Open", "Pending", A, ASKED, ("B3",)),
    ("Pending", "Open", A, {}, ("B4",)),
    ("Open", "Solved", A, {}, ("B5",)),
    ("Pending", "Solved", A, {}, ("B5",)),
    ("Solved", "Open", A, {}, ("B7",)),
]
OF_PENDING = """But, of course, oftentimes to solve a ticket, we need to collect more information from you, our
customer, e.g. we need the specific text of the error that you are seeing, or we need your account number, etc. So we
write you back. When that happens, the ticket is changed to "Pending" and you receive an e-mail alert with a description
of what is needed."""


def at(status: str, people: dict[str, set[str]] | None = None) -> World:
    """A world whose ticket came into a status by legal moves; Amy has it, once it is no
    longer New."""
    world = World("biztech", people=people)
    world.new()
    if status != "New":
        world.ask("agent", **OWNED)
    if status == "Pending":
        world.ask("agent", "Pending", **ASKED)
    if status in ("Solved", "Closed"):
        world.ask("agent", "Solved")
    if status == "Closed":
        world.wait("P4D")
        world.sweep()
    assert world.ticket.status == status
    world.warnings.clear()
    world.notifications.clear()
    return world


def reply(
    world: World, text: str = "It still fails.", via: str | None = None
) -> Ticket:
    """The customer writes."""
    return world.ask("customer", text=text, via=via)


def stations(world: World) -> list[str]:
    """The statuses that the ticket has been through."""
    return [entry.to for entry in world.ticket.history if entry.to]


# --- statuses and moves ---


@pytest.mark.demand("B1")
def test_the_statuses_are_the_documents() -> None:
    profile = World("biztech").profile
    assert {name: status.state for name, status in profile.statuses.items()} == STATES
    assert {role.name: role.kind for role in profile.roles.values()} == {
        "customer": "customer",
        "agent": "agent",
        "system": "system",
    }


@pytest.mark.demand("B1")
@pytest.mark.parametrize("role", ["customer", "agent"])
def test_a_ticket_begins_new_and_stays_so(role: str) -> None:
    world = World("biztech")
    assert world.new(role).status == "New"
    assert stations(world) == ["New"]


@pytest.mark.demand("B1")
@pytest.mark.parametrize("role", ["customer", "agent"])
@pytest.mark.parametrize("status", STATUSES[1:])
def test_a_ticket_begins_nowhere_else(status: str, role: str) -> None:
    world = World("biztech")
    with pytest.raises(Refused):
        world.new(role, to=status, **(OWNED if role == "agent" else {}))


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_a_listed_move_is_made_by_an_agent_alone(
    source: str, target: str, roles: tuple[str, ...], words: Words
) -> None:
    """With its needs met it is accepted; from the customer, the system, or on the
    customer's behalf it is not."""
    for role in roles:
        assert move(at(source), role, target, words).status == target
    world = at(source)
    for role, behalf in others(world, roles):
        assert closed_to(world, role, target, words | behalf), role
    assert world.ticket.status == source


@pytest.mark.parametrize(("source", "target", "role", "given", "wanting"), needs(MOVES))
def test_a_listed_move_needs_what_it_needs(
    source: str, target: str, role: str, given: Words, wanting: str
) -> None:
    answer = refusal(at(source), role, target, **given)
    assert target in open_to(answer), (
        f"refused for something else than {wanting}: {answer.reasons}"
    )


@pytest.mark.demand("B2", "B6", "B8")
@pytest.mark.parametrize(("source", "target"), unlisted("biztech", MOVES))
def test_an_unlisted_move_is_refused(source: str, target: str) -> None:
    """New is never entered again (B2), Closed by nobody's hand (B6), and never left
    (B8)."""
    world = at(source)
    for role in people_of(world):
        sets = OWNED if role == "agent" else {}
        assert closed_to(
            world, role, target, {"text": "So be it.", "note": "n"} | sets
        ), role
    assert world.ticket.status == source


@pytest.mark.demand("B1", "B4", "B6", "B7")
def test_the_system_has_no_other_moves() -> None:
    assert moves_of(World("biztech"), "system") == {
        ("New", "Open"),
        ("Pending", "Open"),
        ("Solved", "Open"),
        ("Solved", "Closed"),
    }


@pytest.mark.demand("X2")
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_names_the_moves_open_to_the_actor(status: str) -> None:
    listed_here = {target for source, target, *_ in MOVES if source == status}
    assert open_to(refusal(at(status), "agent", status)) == listed_here
    assert open_to(refusal(at(status), "customer", status)) == set()


@pytest.mark.demand("X2", "B6")
def test_a_refusal_tells_the_way_there() -> None:
    answer = refusal(at("Pending"), "agent", "Closed")
    assert [(step.to, step.how) for step in answer.way] == [
        ("Solved", "agent"),
        ("Closed", "by itself after 4 days"),
    ]


@pytest.mark.demand("X2", "B1", "B3")
def test_everything_that_is_wanting_is_said_at_once_in_the_documents_words() -> None:
    """No message and nobody to have it: two reasons; the criterion is a sentence of the
    document."""
    answer = refusal(at("Open"), "agent", "Pending", unset=("assignee",))
    assert len(answer.reasons) == 2
    assert quoted(answer.criterion, OF_PENDING), answer.criterion


# --- New and Open ---


@pytest.mark.demand("B1", "X1", "X3")
def test_assigning_a_new_ticket_opens_it() -> None:
    world = at("New")
    assert world.ask("agent", **OWNED).status == "Open"
    given, opened = world.ticket.history[-2:]
    assert (given.role, given.to, given.sets) == ("agent", None, {"assignee": AMY})
    assert (opened.role, opened.from_, opened.to, opened.anchor) == (
        "system",
        "New",
        "Open",
        given.id,
    )
    assert opened.rule


@pytest.mark.demand("B1")
def test_a_ticket_created_assigned_is_new_and_moves_on_at_once() -> None:
    world = World("biztech")
    assert world.new("agent", **OWNED).status == "Open"
    assert stations(world) == ["New", "Open"]
    assert entered(world.ticket, "Open").role == "system"


@pytest.mark.demand("B1")
def test_a_customer_assigns_nobody() -> None:
    world = World("biztech")
    with pytest.raises(Refused):
        world.new("customer", **OWNED)
    assert at("New").refused("customer", **OWNED)


@pytest.mark.demand("B1")
@pytest.mark.parametrize(
    "words", [{"text": "We have it."}, {"note": "n"}, {"title": "Mail"}]
)
def test_nothing_but_assigning_opens_a_new_ticket(words: Words) -> None:
    world = at("New")
    assert world.ask("agent", **words).status == "New"
    assert reply(world).status == "New"
    assert ages(world).ticket.status == "New"


@pytest.mark.demand("B1", "X3")
@pytest.mark.parametrize("to", [None, "Open"])
def test_open_means_assigned_to_a_support_person(to: str | None) -> None:
    """A customer is not one: whether refused or only not opened, the ticket stays New."""
    world = at("New", people=STAFF)
    with suppress(Refused):
        world.ask("agent", to, assignee=CUSTOMER)
    assert world.ticket.status == "New"
    assert world.ask("agent", to, assignee=BEN).status == "Open"


@pytest.mark.demand("B1")
@pytest.mark.parametrize("status", ["Open", "Pending", "Solved"])
def test_it_stays_with_a_support_person(status: str) -> None:
    world = at(status, people=STAFF)
    assert world.refused("agent", assignee=CUSTOMER)
    assert world.ask("agent", assignee=BEN).assignee == BEN


@pytest.mark.demand("B1")
@pytest.mark.parametrize("status", ["Open", "Pending", "Solved"])
def test_the_assignee_cannot_be_removed(status: str) -> None:
    world = at(status)
    assert world.refused("agent", unset=("assignee",))
    assert world.ask("agent", assignee=BEN).assignee == BEN
    assert (world.ticket.status, world.warnings) == (status, [])


@pytest.mark.demand("B1")
@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("Open", "Pending", ASKED),
        ("Open", "Solved", {}),
        ("Pending", "Solved", {}),
        ("Pending", "Open", {}),
        ("Solved", "Open", {}),
    ],
)
def test_the_assignee_cannot_be_removed_by_the_way(
    source: str, target: str, words: Words
) -> None:
    assert at(source).refused("agent", target, unset=("assignee",), **words)


@pytest.mark.demand("B2")
@pytest.mark.parametrize("status", STATUSES)
def test_nothing_that_happens_leads_back_to_new(status: str) -> None:
    """Messages of both sides, notes, another assignee and time."""
    world = at(status)
    for via in CHANNELS:
        reply(world, via=via)
    world.ask("agent", text="We are on it.", note="n")
    world.ask("agent", assignee=BEN)
    world.ask("agent", text="She says it is the old one.", for_=CUSTOMER)
    assert stations(ages(world)).count("New") == 1


# --- Pending ---


@pytest.mark.demand("B3")
def test_the_description_of_what_is_needed_is_mailed_to_the_customer() -> None:
    world = at("Open")
    world.ask("agent", "Pending", **ASKED)
    [mail] = [notice for notice in world.notifications if CUSTOMER in notice.recipients]
    assert mail.recipients == (CUSTOMER,)
    assert ASKED["text"] in mail.body


@pytest.mark.demand("B3")
def test_an_internal_note_is_no_description() -> None:
    assert at("Open").refused("agent", "Pending", note="we need the error's text")


@pytest.mark.demand("B3", "B5")
@pytest.mark.parametrize(("to", "words"), [("Pending", ASKED), ("Solved", {})])
def test_no_notify_mails_nobody_and_is_recorded(to: str, words: Words) -> None:
    world = at("Open")
    world.ask("agent", to, quiet=True, **words)
    assert told_anew(world) == []
    assert entered(world.ticket, to).quiet


@pytest.mark.demand("B4", "B7", "X1", "X3")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", ["Pending", "Solved"])
def test_the_customers_reply_opens_the_ticket(status: str, via: str | None) -> None:
    world = at(status)
    assert reply(world, "Error 42.", via).status == "Open"
    said, opened = [entry for entry in world.ticket.history if entry.text or entry.to][
        -2:
    ]
    assert (said.by, said.role, said.text, said.via) == (
        CUSTOMER,
        "customer",
        "Error 42.",
        via,
    )
    assert (opened.role, opened.from_, opened.to, opened.anchor) == (
        "system",
        status,
        "Open",
        said.id,
    )
    assert opened.rule
    assert world.follow_ups == []


@pytest.mark.demand("B4", "B7")
@pytest.mark.parametrize("status", ["Pending", "Solved"])
def test_a_reply_by_telephone_opens_it_and_names_both(status: str) -> None:
    world = at(status)
    assert (
        world.ask("agent", text="She says: error 42.", for_=CUSTOMER).status == "Open"
    )
    said = [entry for entry in world.ticket.history if entry.text][-1]
    assert (said.by, said.for_) == ("agent@staff.example", CUSTOMER)


@pytest.mark.demand("B4", "B7")
@pytest.mark.parametrize(
    "words", [{"text": "Are you there?"}, {"note": "n"}, {"assignee": BEN}]
)
@pytest.mark.parametrize("status", ["Pending", "Solved"])
def test_nothing_that_staff_write_opens_it(status: str, words: Words) -> None:
    assert at(status).ask("agent", **words).status == status


@pytest.mark.demand("B4", "B7", "B8")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", ["New", "Open"])
def test_elsewhere_a_reply_only_is_added(status: str, via: str | None) -> None:
    """No move, no attempt at one, no follow-up ticket."""
    world = at(status)
    assert reply(world, via=via).status == status
    assert (world.warnings, world.follow_ups) == ([], [])


@pytest.mark.demand("B7")
def test_a_comment_lets_the_assignee_know_that_more_work_is_needed() -> None:
    """The document's words; the page of demands does not repeat them."""
    world = at("Solved", people=STAFF)
    reply(world)
    assert told_anew(world) == [AMY]


@pytest.mark.demand("B4", "B7")
@pytest.mark.parametrize("status", ["Pending", "Solved"])
def test_nobody_else_replies_as_the_customer(status: str) -> None:
    world = at(status, people=STAFF)
    assert world.refused("customer", text="Me too!", who="stranger@customer.example")
    world.ask("agent", watchers=("boss@customer.example",))
    assert (
        world.ask("customer", text="I agree.", who="boss@customer.example").status
        == "Open"
    )


@pytest.mark.demand("B3", "B5")
def test_whoever_is_not_listed_is_no_agent() -> None:
    world = at("Open", people=STAFF)
    assert world.refused("agent", "Pending", who="stranger@customer.example", **ASKED)
    assert world.refused("agent", "Solved", who="stranger@customer.example")


@pytest.mark.demand("B4")
def test_the_cycle_may_go_on_and_pending_waits_for_ever() -> None:
    world = at("Open")
    for _ in range(3):
        world.ask("agent", "Pending", **ASKED)
        assert ages(world).ticket.status == "Pending"
        assert reply(world).status == "Open"


@pytest.mark.demand("B4", "B6", "X4")
@pytest.mark.parametrize("status", ["Pending", "Solved"])
def test_what_a_machine_mailed_is_kept_and_moves_nothing(status: str) -> None:
    """Such mail is kept as a note; the clock of Solved goes on."""
    world = at(status)
    due = after(world, "P4D")
    world.wait("P1D")
    assert (
        world.ask("customer", note="I am out of office.", via="mail").status == status
    )
    if status == "Solved":
        fires_at(world, due)
        assert world.ticket.status == "Closed"


# --- Solved and Closed ---


@pytest.mark.demand("B5")
@pytest.mark.parametrize("words", [{}, {"text": "We corrected the address."}])
@pytest.mark.parametrize("source", ["Open", "Pending"])
def test_the_customer_is_mailed_that_it_is_solved(source: str, words: Words) -> None:
    world = at(source)
    world.ask("agent", "Solved", **words)
    [mail] = [notice for notice in world.notifications if CUSTOMER in notice.recipients]
    assert mail.recipients == (CUSTOMER,)
    assert "solved" in f"{mail.subject} {mail.body}".casefold()
    assert words.get("text", "") in mail.body


@pytest.mark.demand("B6", "X1", "X3")
def test_solved_closes_after_4_days() -> None:
    world = at("Solved")
    due, anchor = after(world, "P4D"), entered(world.ticket, "Solved").id
    fires_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert world.ticket.status == "Closed"
    assert (entry.by, entry.role, entry.from_, entry.at, entry.due) == (
        "system",
        "system",
        "Solved",
        format_instant(due),
        format_instant(due),
    )
    assert entry.rule
    assert entry.anchor == anchor


@pytest.mark.demand("B6")
@pytest.mark.parametrize(
    "day",
    [datetime(2026, 10, 23, 9, tzinfo=UTC), datetime(2026, 10, 30, 9, tzinfo=UTC)],
)
def test_4_days_keep_the_time_of_day_when_the_clocks_change(day: datetime) -> None:
    world = World("biztech", now=day)
    world.new("agent", **OWNED)
    world.ask("agent", "Solved")
    fires_at(world, after(world, "P4D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("B6")
@pytest.mark.parametrize(
    "words",
    [
        {"note": "called her"},
        {"assignee": BEN},
        {"title": "Mail"},
        {"text": "Have a look at our new shop."},
    ],
)
def test_nothing_that_staff_do_resets_the_4_days(words: Words) -> None:
    world = at("Solved")
    due = after(world, "P4D")
    world.wait("P3D")
    world.ask("agent", **words)
    fires_at(world, due)
    assert world.ticket.status == "Closed"


@pytest.mark.demand("B6", "B7")
@pytest.mark.parametrize(
    "words", [{"role": "customer", "text": "No."}, {"role": "agent", "to": "Open"}]
)
def test_reopening_stops_the_clock_and_solving_again_starts_it(words: Words) -> None:
    world = at("Solved")
    world.wait("P3D")
    assert world.ask(**words).status == "Open"
    assert ages(world).ticket.status == "Open"
    world.ask("agent", "Solved")
    fires_at(world, after(world, "P4D"))
    assert stations(world)[-3:] == ["Open", "Solved", "Closed"]


@pytest.mark.demand("B6")
def test_after_a_long_outage_it_closes_once_and_both_moments_are_written() -> None:
    world = at("Solved")
    due = after(world, "P4D")
    fires_once(world, after(world, "P100D"))
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))
    assert stations(ages(world)).count("Closed") == 1


@pytest.mark.demand("B6", "B7")
def test_a_comment_after_the_4_days_but_before_the_sweep_wins() -> None:
    world = at("Solved")
    world.wait("P5D")
    reply(world)
    assert ages(world).ticket.status == "Open"


@pytest.mark.demand("B6")
@pytest.mark.parametrize("status", ["New", "Open", "Pending", "Closed"])
def test_only_solved_closes_by_itself(status: str) -> None:
    world = at(status)
    before = stations(world)
    assert stations(ages(world)) == before


@pytest.mark.demand("X3", "B6")
def test_the_sweep_is_bound_by_the_same_law() -> None:
    world = at("Solved")
    forbid(world, "Solved", "Closed")
    world.wait("P5D")
    before = world.ticket
    assert [type(one.outcome) for one in world.sweep()] == [Refusal]
    assert world.ticket is before


@pytest.mark.demand("B8")
@pytest.mark.parametrize(
    "words",
    [
        {"role": "customer"},
        {"role": "customer", "via": "mail"},
        {"role": "agent", "for_": CUSTOMER},
    ],
)
@pytest.mark.parametrize("period", ["PT1S", "P400D"])
def test_a_reply_to_a_closed_ticket_makes_a_linked_one(
    period: str, words: Words
) -> None:
    world = at("Closed")
    world.wait(period)
    assert world.ask(text="It is back.", **words).status == "Closed"
    [request] = world.follow_ups
    made = decide(Situation(world.profile, world.listed, world.now), None, request)
    assert not isinstance(made, Refusal)
    assert (made.ticket.follows, made.ticket.customer) == (world.ticket.id, CUSTOMER)
    assert (made.ticket.status, made.ticket.history[0].text) == ("New", "It is back.")
    assert [
        entry.sets for entry in world.ticket.history if entry.event == "linked"
    ] == [{"follow_up": made.ticket.id}]


@pytest.mark.demand("B8")
@pytest.mark.parametrize(
    "words", [{"note": "for the record"}, {"text": "Thank you for your patience."}]
)
def test_what_staff_write_on_a_closed_ticket_makes_none(words: Words) -> None:
    world = at("Closed")
    assert world.ask("agent", **words).status == "Closed"
    assert world.follow_ups == []


# --- Open tickets are reviewed ---


@pytest.mark.demand("B9")
def test_an_open_ticket_reminds_its_assignee_every_2_days() -> None:
    """The reminder is no act of staff: the next comes 2 days after it, not later."""
    world = at("Open", people=STAFF)
    for _ in range(3):
        fires_at(world, after(world, "P2D"))
        assert told_anew(world) == [AMY]
        assert world.ticket.status == "Open"


@pytest.mark.demand("B9")
@pytest.mark.parametrize(
    "words",
    [
        {"note": "tried again"},
        {"text": "We are on it."},
        {"title": "Mail"},
        {"text": "She says: error 42.", "for_": CUSTOMER},
    ],
)
@pytest.mark.parametrize("reminded", [False, True])
def test_anything_by_staff_starts_the_2_days_anew(words: Words, reminded: bool) -> None:
    world = at("Open")
    if reminded:
        fires_at(world, after(world, "P2D"))
    world.wait("P1D")
    world.ask("agent", **words)
    told_anew(world)
    fires_at(world, after(world, "P2D"))
    assert told_anew(world) == [AMY]


@pytest.mark.demand("B9")
@pytest.mark.parametrize("via", CHANNELS)
def test_the_customers_messages_do_not(via: str | None) -> None:
    world = at("Open")
    due = after(world, "P2D")
    world.wait("P1D")
    assert reply(world, via=via).status == "Open"
    told_anew(world)
    fires_at(world, due)
    assert told_anew(world) == [AMY]


@pytest.mark.demand("B9")
def test_the_new_assignee_is_reminded() -> None:
    world = at("Open", people=STAFF)
    world.wait("P1D")
    world.ask("agent", assignee=BEN)
    told_anew(world)
    fires_at(world, after(world, "P2D"))
    assert told_anew(world) == [BEN]


@pytest.mark.demand("B9")
def test_reminders_missed_in_an_outage_collapse_into_one() -> None:
    """Days 2, 4 and 6 are missed; day 7 reminds once for them; the next is day 8, as if
    nothing had been missed."""
    world = at("Open")
    day_6, day_7, day_8 = (after(world, f"P{day}D") for day in (6, 7, 8))
    fires_once(world, day_7)
    assert told_anew(world) == [AMY]
    keyed = [entry for entry in world.ticket.history if entry.due]
    assert [(entry.occurrence, entry.due, entry.at) for entry in keyed] == [
        (3, format_instant(day_6), format_instant(day_7))
    ]
    fires_at(world, day_8)
    assert told_anew(world) == [AMY]


@pytest.mark.demand("B9")
@pytest.mark.parametrize("status", ["New", "Pending", "Solved", "Closed"])
def test_only_open_tickets_remind(status: str) -> None:
    world = at(status)
    world.wait("P3D")
    assert not world.sweep()
    assert AMY not in told_anew(ages(world))


@pytest.mark.demand("B9", "B4")
def test_leaving_open_stops_the_reminders_and_coming_back_starts_them() -> None:
    world = at("Open")
    world.wait("P1D")
    world.ask("agent", "Pending", **ASKED)
    world.wait("P10D")
    reply(world)
    told_anew(world)
    fires_at(world, after(world, "P2D"))
    assert told_anew(world) == [AMY]
