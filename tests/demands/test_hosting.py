"""The hosting provider's demands H1 to H12 (seeds/001), as tables and stories."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.demands.tables import (
    CHANNELS,
    SECOND,
    Row,
    Words,
    after,
    ages,
    closed_to,
    entered,
    fires_at,
    fires_once,
    forbid,
    heard,
    listed,
    move,
    moves_of,
    needs,
    open_to,
    others,
    people_of,
    queue,
    quoted,
    refusal,
    told_anew,
    unlisted,
)
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.dates import format_instant, parse_instant
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.ticket import Ticket

TOM, TECHNICIAN = "tom@staff.example", "technician@staff.example"
STAFF = {TOM: {"technician"}, TECHNICIAN: {"technician"}}
STATES = {
    "Open": "new",
    "In Progress": "open",
    "Answered": "pending",
    "Closed": "closed",
    "Scheduled": "on_hold",
    "On-Hold": "on_hold",
    "Customer-Reply": "open",
}
STATUSES = list(STATES)
T = ("technician",)
OWNED: Words = {"assignee": TOM}
ANSWER: Words = {"text": "Please try again."}
MOMENT: Words = {"due": "+3d"}
HELD: Words = {"hold_reason": "third_party"}
MOVES: list[Row] = [
    ("Open", "In Progress", T, OWNED, ("H2",)),
    ("Customer-Reply", "In Progress", T, OWNED, ("H2", "H9")),
    ("Scheduled", "In Progress", T, OWNED, ("H2", "H6")),
    ("On-Hold", "In Progress", T, OWNED, ("H2", "H7")),
    ("Answered", "In Progress", T, OWNED, ("H2",)),
    ("Open", "Answered", T, ANSWER, ("H3",)),
    ("In Progress", "Answered", T, ANSWER, ("H3",)),
    ("Customer-Reply", "Answered", T, ANSWER, ("H3", "H9")),
    ("On-Hold", "Answered", T, ANSWER, ("H3", "H7")),
    ("In Progress", "Closed", T, {}, ("H5",)),
    ("Answered", "Closed", T, {}, ("H5",)),
    ("Customer-Reply", "Closed", T, {}, ("H5", "H9")),
    ("Open", "Closed", T, {}, ("H5",)),
    ("On-Hold", "Closed", T, {}, ("H5", "H7")),
    ("Open", "Scheduled", T, MOMENT, ("H6",)),
    ("In Progress", "Scheduled", T, MOMENT, ("H6",)),
    ("Customer-Reply", "Scheduled", T, MOMENT, ("H6", "H9")),
    ("On-Hold", "Scheduled", T, MOMENT, ("H6", "H7")),
    ("Open", "On-Hold", T, HELD, ("H7",)),
    ("In Progress", "On-Hold", T, HELD, ("H7",)),
    ("Answered", "On-Hold", T, HELD, ("H7",)),
    ("Customer-Reply", "On-Hold", T, HELD, ("H7", "H9")),
    ("Scheduled", "On-Hold", T, HELD, ("H7",)),
]
FORWARD = [
    ("In Progress", OWNED),
    ("Answered", ANSWER),
    ("Closed", {}),
    ("Scheduled", MOMENT),
    ("On-Hold", HELD),
]
OF_ANSWERED = """Answered tickets have been addressed in some way by a technician and are awaiting more information
before continuing or before marking the issue closed. If the customer does not respond to the ticket within 30 days, the
ticket will be automatically closed. Additionally, a ticket may be placed into on-hold status if the customer billing
information is incorrect or a service outage has occurred. In such case a notice will be placed in the ticket regarding
any open invoices before the ticket can be answered."""


def at(
    status: str, people: dict[str, set[str]] | None = None, owned: bool = False
) -> World:
    """A world whose ticket came into a status by legal moves; ``owned``: Tom has it
    (always, In Progress)."""
    world = World("hosting", people=people)
    world.new()
    if owned:
        world.ask("technician", assignee=TOM)
    if status == "Customer-Reply":
        move(world, "technician", "Answered", ANSWER)
        world.ask("customer", text="It still fails.")
    elif status != "Open":
        move(world, "technician", status, dict(FORWARD)[status])
    assert world.ticket.status == status
    world.warnings.clear()
    world.notices.clear()
    return world


def held(reason: str) -> World:
    """A ticket On-Hold for this reason."""
    world = at("Open")
    world.ask("technician", "On-Hold", hold_reason=reason)
    return world


def reply(world: World, text: str = "Any news?", via: str | None = None) -> Ticket:
    """The customer writes."""
    return world.ask("customer", text=text, via=via)


def moment(world: World) -> datetime:
    """The moment for which the ticket is scheduled."""
    return parse_instant(world.ticket.due or "")


# --- statuses and moves ---


@pytest.mark.demand("H1")
def test_the_statuses_are_the_documents() -> None:
    profile = World("hosting").profile
    assert {name: status.state for name, status in profile.statuses.items()} == STATES
    assert {role.name: role.kind for role in profile.roles.values()} == {
        "customer": "customer",
        "technician": "agent",
        "system": "system",
    }


@pytest.mark.parametrize(
    "text", ["customer reply", "CUSTOMER-REPLY", "on hold", "OnHold", "in-progress"]
)
def test_a_status_is_found_however_it_is_spelt(text: str) -> None:
    found = World("hosting").profile.find_status(text)
    assert found
    assert (
        found.replace("-", "").replace(" ", "").casefold()
        == text.replace("-", "").replace(" ", "").casefold()
    )


@pytest.mark.demand("H1")
@pytest.mark.parametrize("role", ["customer", "technician"])
def test_a_ticket_begins_open_and_stays_so(role: str) -> None:
    world = World("hosting")
    assert world.new(role).status == "Open"
    assert [entry.to for entry in world.ticket.history if entry.to] == ["Open"]


@pytest.mark.demand("H1")
@pytest.mark.parametrize("role", ["customer", "technician"])
@pytest.mark.parametrize("status", STATUSES[1:])
def test_a_ticket_begins_nowhere_else(status: str, role: str) -> None:
    world = World("hosting")
    with pytest.raises(Refused):
        world.new(role, to=status)


@pytest.mark.parametrize(("source", "target", "roles", "words"), listed(MOVES))
def test_a_listed_move_is_made_by_a_technician_alone(
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
    world = at(source)
    answer = refusal(world, role, target, **given)
    assert target in open_to(answer), (
        f"refused for something else than {wanting}: {answer.reasons}"
    )


@pytest.mark.demand("H1", "H9")
@pytest.mark.parametrize(("source", "target"), unlisted("hosting", MOVES))
def test_an_unlisted_move_is_refused(source: str, target: str) -> None:
    """Open is never entered again (H1), Customer-Reply by nobody's hand (H9), Closed
    left by a reply alone."""
    world = at(source)
    everything = {"text": "So be it.", "note": "n"}
    for role in people_of(world):
        sets = OWNED | MOMENT | HELD if role != "customer" else {}
        assert closed_to(world, role, target, everything | sets), role
    assert world.ticket.status == source


@pytest.mark.demand("H1", "H4", "H9")
def test_the_system_has_no_other_moves() -> None:
    """It puts replies into Customer-Reply and closes Answered."""
    replies = {
        (status, "Customer-Reply") for status in STATUSES if status != "Customer-Reply"
    }
    assert moves_of(World("hosting"), "system") == replies | {("Answered", "Closed")}


@pytest.mark.demand("X2")
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_names_the_moves_open_to_the_actor(status: str) -> None:
    listed_here = {target for source, target, *_ in MOVES if source == status}
    assert open_to(refusal(at(status), "technician", status)) == listed_here
    assert open_to(refusal(at(status), "customer", status)) == set()


@pytest.mark.demand("X2", "H6")
def test_a_refusal_tells_the_way_there() -> None:
    answer = refusal(at("Scheduled"), "technician", "Answered", **ANSWER)
    assert len(answer.way) == 2
    assert answer.way[-1].to == "Answered"
    assert answer.way[0].to in ("In Progress", "On-Hold", "Customer-Reply")


@pytest.mark.demand("H3")
def test_an_internal_note_is_no_answer() -> None:
    assert at("Open").refused("technician", "Answered", note="told her by telephone")


@pytest.mark.demand("H6")
@pytest.mark.parametrize("due", ["-1d", "-1min"])
@pytest.mark.parametrize("source", ["Open", "In Progress", "Customer-Reply", "On-Hold"])
def test_scheduled_needs_a_moment_to_come(source: str, due: str) -> None:
    world = at(source)
    assert world.refused("technician", "Scheduled", due=world.when(due))


@pytest.mark.demand("H6")
def test_a_day_is_no_specific_time() -> None:
    world = at("Open")
    assert world.refused("technician", "Scheduled", due="2026-12-01")
    assert (
        world.ask("technician", "Scheduled", due="2026-12-01T02:00:00Z").status
        == "Scheduled"
    )


@pytest.mark.demand("H6")
@pytest.mark.parametrize(
    "words",
    [{"unset": ("due",)}, {"due": "2026-10-01T02:00:00Z"}, {"due": "2026-12-01"}],
)
def test_a_scheduled_ticket_keeps_a_moment_to_come(words: Words) -> None:
    assert at("Scheduled").refused("technician", **words)


@pytest.mark.demand("H2")
def test_who_is_working_on_it_is_a_technician() -> None:
    world = at("Open", people=STAFF)
    assert world.refused("technician", "In Progress", assignee=CUSTOMER)
    assert world.ask("technician", "In Progress", assignee=TOM).assignee == TOM


@pytest.mark.demand("H6")
def test_a_moment_that_has_passed_does_not_serve_again() -> None:
    world = at("Scheduled", owned=True)
    fires_at(world, moment(world))
    reply(world)
    assert world.refused("technician", "Scheduled")


@pytest.mark.demand("H7")
@pytest.mark.parametrize("reason", ["third_party", "billing", "outage", "other"])
def test_the_four_reasons_to_hold(reason: str) -> None:
    profile = World("hosting").profile
    assert set(profile.fields["hold_reason"].values) == {
        "third_party",
        "billing",
        "outage",
        "other",
    }
    assert held(reason).ticket.status == "On-Hold"


# --- Answered closes by itself ---


@pytest.mark.demand("H4", "X1", "X3")
def test_answered_closes_30_days_after_the_answer() -> None:
    world = at("Answered")
    due = after(world, "P30D")
    anchor = entered(world.ticket, "Answered").id
    fires_at(world, due)
    entry = entered(world.ticket, "Closed")
    assert world.ticket.status == "Closed"
    assert (entry.by, entry.role, entry.from_, entry.at, entry.due) == (
        "system",
        "system",
        "Answered",
        format_instant(due),
        format_instant(due),
    )
    assert entry.rule
    assert entry.anchor == anchor


@pytest.mark.demand("H4")
def test_30_days_keep_the_time_of_day_when_the_clocks_change() -> None:
    world = World("hosting", now=datetime(2026, 10, 20, 9, tzinfo=UTC))
    world.new()
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_each_public_staff_message_starts_the_30_days_anew() -> None:
    world = at("Answered")
    for _ in range(2):
        world.wait("P29D")
        assert not world.sweep()
        world.ask("technician", text="Are you still there?")
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
@pytest.mark.parametrize(
    "words",
    [{"note": "called"}, {"assignee": TOM}, {"title": "Mail"}, {"due": "2027-01-01"}],
)
def test_nothing_else_starts_the_30_days_anew(words: Words) -> None:
    world = at("Answered")
    due = after(world, "P30D")
    world.wait("P20D")
    world.ask("technician", **words)
    fires_at(world, due)
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_a_message_before_the_answer_does_not_count() -> None:
    """The clock is the present stay's: what was written In Progress is no start of it."""
    world = at("In Progress")
    world.ask("technician", text="I am looking at it.")
    world.wait("P25D")
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))


@pytest.mark.demand("H4", "H9")
@pytest.mark.parametrize("via", CHANNELS)
def test_a_response_stops_the_clock_and_the_next_answer_starts_it(
    via: str | None,
) -> None:
    world = at("Answered")
    world.wait("P29D")
    reply(world, via=via)
    assert ages(world).ticket.status == "Customer-Reply"
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    assert world.ticket.status == "Closed"


@pytest.mark.demand("H4")
def test_leaving_answered_stops_the_clock_and_coming_back_starts_it() -> None:
    world = at("Answered")
    world.wait("P29D")
    world.ask("technician", "On-Hold", **HELD)
    assert ages(world).ticket.status == "On-Hold"
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))


@pytest.mark.demand("H4")
def test_after_a_long_outage_it_closes_once_and_both_moments_are_written() -> None:
    world = at("Answered")
    due = after(world, "P30D")
    fires_once(world, after(world, "P200D"))
    entry = entered(world.ticket, "Closed")
    assert (entry.due, entry.at) == (format_instant(due), format_instant(world.now))
    assert [e.to for e in ages(world).ticket.history].count("Closed") == 1


@pytest.mark.demand("H4")
def test_a_reply_after_the_30_days_but_before_the_sweep_wins() -> None:
    world = at("Answered")
    world.wait("P31D")
    reply(world)
    assert ages(world).ticket.status == "Customer-Reply"


@pytest.mark.demand("H4")
@pytest.mark.parametrize(
    "status",
    ["Open", "In Progress", "Scheduled", "On-Hold", "Customer-Reply", "Closed"],
)
def test_only_answered_closes_by_itself(status: str) -> None:
    world = at(status)
    world.ask("technician", text="We have not forgotten you.")
    before = [entry.to for entry in world.ticket.history if entry.to]
    assert [entry.to for entry in ages(world).ticket.history if entry.to] == before


@pytest.mark.demand("X3", "H4")
def test_the_sweep_is_bound_by_the_same_law() -> None:
    world = at("Answered")
    forbid(world, "Answered", "Closed")
    world.wait("P31D")
    before = world.ticket
    assert [type(one.outcome) for one in world.sweep()] == [Refusal]
    assert world.ticket is before


# --- Scheduled ---


@pytest.mark.demand("H6")
def test_when_the_moment_comes_the_assignee_is_told() -> None:
    world = at("Scheduled", people=STAFF, owned=True)
    fires_at(world, moment(world))
    assert told_anew(world) == [TOM]
    assert world.ticket.status == "Scheduled"
    assert world.ticket.get("due_now") is True


@pytest.mark.demand("H6")
@pytest.mark.parametrize(("people", "told"), [(STAFF, [TECHNICIAN, TOM]), (None, [])])
def test_without_an_assignee_all_technicians_are_told(
    people: dict[str, set[str]] | None, told: list[str]
) -> None:
    world = at("Scheduled", people=people)
    fires_at(world, moment(world))
    assert told_anew(world) == told


@pytest.mark.demand("H6", "H9")
def test_the_moment_comes_also_when_a_reply_has_taken_it_out() -> None:
    world = at("Scheduled", people=STAFF, owned=True)
    due = moment(world)
    reply(world)
    told_anew(world)
    assert world.ticket.status == "Customer-Reply"
    fires_at(world, due)
    assert told_anew(world) == [TOM]
    assert (world.ticket.status, world.ticket.get("due_now")) == (
        "Customer-Reply",
        True,
    )


@pytest.mark.demand("H6")
@pytest.mark.parametrize("replied", [False, True])
def test_the_moment_puts_the_ticket_at_the_top_of_the_queue(replied: bool) -> None:
    world = World("hosting")
    older = world.new()
    world.new()
    move(world, "technician", "Scheduled", MOMENT)
    due = moment(world)
    if replied:
        reply(world)
        assert queue(world, world.ticket, older) == [older.id, world.ticket.id]
    assert queue(world, world.ticket, older)[0] == older.id
    fires_at(world, due)
    assert queue(world, world.ticket, older) == [world.ticket.id, older.id]


@pytest.mark.demand("H6")
def test_a_technician_starts_it_and_the_moment_is_over() -> None:
    """Started, the ticket does not stay on top; put off again, it waits for the new
    moment."""
    world = at("Scheduled", owned=True)
    fires_at(world, moment(world))
    assert not world.ask("technician", "In Progress").get("due_now")
    world.ask("technician", "Scheduled", due=world.when("+2d"))
    due = moment(world)
    assert not world.ticket.get("due_now")
    told_anew(world)
    fires_at(world, due)
    assert told_anew(world) == [TOM]
    assert world.ticket.get("due_now") is True


@pytest.mark.demand("H6")
@pytest.mark.parametrize(("to", "words"), FORWARD)
def test_every_move_by_a_technician_ends_the_moment(to: str, words: Words) -> None:
    """Also from Customer-Reply, where a reply had taken it: answered, closed or put
    off, it is on top no longer."""
    world = at("Scheduled", owned=True)
    due = moment(world)
    reply(world)
    fires_at(world, due)
    assert not move(world, "technician", to, words).get("due_now")


@pytest.mark.demand("H6")
def test_started_early_its_moment_comes_no_more() -> None:
    world = at("Scheduled", owned=True)
    world.ask("technician", "In Progress")
    reply(world)
    told_anew(world)
    assert not ages(world).ticket.get("due_now")
    assert told_anew(world) == []


@pytest.mark.demand("H6")
@pytest.mark.parametrize("come", [False, True])
def test_another_moment_replaces_the_first(come: bool) -> None:
    """Whether the first had come already or not."""
    world = at("Scheduled", owned=True)
    if come:
        fires_at(world, moment(world))
        told_anew(world)
    assert not world.ask("technician", due=world.when("+5d")).get("due_now")
    fires_at(world, moment(world))
    assert (told_anew(world), world.ticket.get("due_now")) == ([TOM], True)


@pytest.mark.demand("H6")
def test_a_moment_missed_in_an_outage_is_told_once() -> None:
    world = at("Scheduled", owned=True)
    due = moment(world)
    fires_once(world, after(world, "P60D"))
    ages(world)
    assert told_anew(world) == [TOM]
    assert [entry.due for entry in world.ticket.history if entry.due] == [
        format_instant(due)
    ]


@pytest.mark.demand("H6")
def test_a_ticket_closed_meanwhile_is_left_alone() -> None:
    world = at("Scheduled", owned=True)
    reply(world)
    world.ask("technician", "Closed")
    told_anew(world)
    assert ages(world).ticket.status == "Closed"
    assert told_anew(world) == []


# --- On-Hold and its notice ---

NOTICE = "Your invoice 7 is open; we go on when it is paid."


@pytest.mark.demand("H8")
@pytest.mark.parametrize("reason", ["third_party", "other"])
def test_without_billing_or_outage_no_notice_is_needed(reason: str) -> None:
    assert held(reason).ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
@pytest.mark.parametrize(
    ("reason", "sets"), [("billing", {"invoices": "7"}), ("outage", {})]
)
def test_the_notice_must_stand_before_the_answer(reason: str, sets: Words) -> None:
    """The answer's own text is not the notice; a public message after the reason was
    set is."""
    world = held(reason)
    world.ask("technician", **(sets or {"title": "Outage"}))
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", note=NOTICE)
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", text=NOTICE)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_for_billing_the_notice_names_the_open_invoices() -> None:
    world = held("billing")
    world.ask("technician", text=NOTICE)
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", invoices="7")
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
@pytest.mark.parametrize(
    ("reason", "sets"), [("billing", {"invoices": "7"}), ("outage", {})]
)
def test_the_notice_may_come_with_the_reason(reason: str, sets: Words) -> None:
    world = at("Open")
    world.ask("technician", "On-Hold", text=NOTICE, hold_reason=reason, **sets)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_a_message_before_the_reason_is_no_notice() -> None:
    world = at("In Progress")
    world.ask("technician", text=NOTICE)
    world.ask("technician", "On-Hold", hold_reason="outage")
    assert world.refused("technician", "Answered", **ANSWER)


@pytest.mark.demand("H8")
def test_a_new_reason_needs_a_new_notice() -> None:
    world = held("third_party")
    world.ask("technician", text="We wait for the registry.")
    world.ask("technician", hold_reason="outage")
    assert world.refused("technician", "Answered", **ANSWER)


@pytest.mark.demand("H8", "H9")
@pytest.mark.parametrize("way", ["Customer-Reply", "In Progress"])
@pytest.mark.parametrize("reason", ["billing", "outage"])
def test_no_way_round_spares_the_notice(reason: str, way: str) -> None:
    """Neither the customer's reply nor starting work stands for the notice: the reason
    still holds."""
    world = held(reason)
    if way == "In Progress":
        world.ask("technician", "In Progress", **OWNED)
    else:
        reply(world)
    assert world.ticket.status == way
    assert world.refused("technician", "Answered", **ANSWER)
    world.ask("technician", text=NOTICE)
    world.ask("technician", invoices="7")
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8")
def test_a_reason_that_is_gone_asks_for_nothing() -> None:
    world = held("billing")
    world.ask("technician", "In Progress", unset=("hold_reason",), **OWNED)
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


@pytest.mark.demand("H8", "X2")
def test_everything_that_is_wanting_is_said_at_once_in_the_documents_words() -> None:
    """No message, no notice, no invoices: three reasons; the criterion is a sentence of
    the document."""
    answer = refusal(held("billing"), "technician", "Answered")
    assert len(answer.reasons) == 3
    assert any("invoices" in reason for reason in answer.reasons)
    assert quoted(answer.criterion, OF_ANSWERED), answer.criterion


@pytest.mark.demand("H7", "H10")
def test_the_reason_is_cleared_when_the_ticket_reopens() -> None:
    world = held("billing")
    world.ask("technician", invoices="7")
    world.ask("technician", "Closed")
    reply(world)
    assert world.ticket.get("hold_reason") is None
    assert world.ticket.get("invoices") is None
    assert world.ask("technician", "Answered", **ANSWER).status == "Answered"


# --- the customer's reply ---


@pytest.mark.demand("H9", "X1", "X3")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_reply_from_any_status_is_put_into_customer_reply(
    status: str, via: str | None
) -> None:
    """At once, by the system; the assignee is told, nobody else of the staff."""
    world = at(status, people=STAFF, owned=True)
    assert reply(world, "It is the blue one.", via).status == "Customer-Reply"
    assert [who for who in told_anew(world) if who != CUSTOMER] == [TOM]
    said = next(entry for entry in reversed(world.ticket.history) if entry.text)
    assert (said.by, said.role, said.via, said.at) == (
        CUSTOMER,
        "customer",
        via,
        format_instant(world.now),
    )
    if status != "Customer-Reply":
        entry = entered(world.ticket, "Customer-Reply")
        assert (entry.role, entry.from_, entry.at) == ("system", status, said.at)
        assert entry.rule
        assert entry.anchor == said.id
    assert world.follow_ups == []


@pytest.mark.demand("H9")
@pytest.mark.parametrize(("people", "told"), [(STAFF, [TECHNICIAN, TOM]), (None, [])])
@pytest.mark.parametrize(
    "status", ["Open", "Answered", "Closed", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_without_an_assignee_a_reply_is_told_to_all(
    status: str, people: dict[str, set[str]] | None, told: list[str]
) -> None:
    world = at(status, people=people)
    reply(world)
    assert [who for who in told_anew(world) if who != CUSTOMER] == told


@pytest.mark.demand("H9")
@pytest.mark.parametrize("status", STATUSES)
def test_a_reply_by_telephone_counts_and_names_both(status: str) -> None:
    world = at(status, people=STAFF, owned=True)
    world.ask("technician", text="She says: it is the blue one.", for_=CUSTOMER)
    assert world.ticket.status == "Customer-Reply"
    assert [who for who in told_anew(world) if who != CUSTOMER] == [TOM]
    said = next(entry for entry in reversed(world.ticket.history) if entry.text)
    assert (said.by, said.for_) == (TECHNICIAN, CUSTOMER)


@pytest.mark.demand("H9")
@pytest.mark.parametrize("status", STATUSES)
def test_a_technicians_message_is_no_reply(status: str) -> None:
    assert at(status).ask("technician", text="We are on it.").status == status


@pytest.mark.demand("H9")
def test_only_the_tickets_own_customer_and_watchers_reply() -> None:
    world = at("Answered", people=STAFF)
    assert world.refused("customer", text="Me too!", who="stranger@customer.example")
    world.ask("technician", watchers=("boss@customer.example",))
    assert (
        world.ask("customer", text="I agree.", who="boss@customer.example").status
        == "Customer-Reply"
    )


@pytest.mark.demand("H9", "H5")
def test_whoever_is_not_listed_is_no_technician() -> None:
    world = at("Open", people=STAFF)
    assert world.refused("technician", "Closed", who="stranger@customer.example")


@pytest.mark.demand("H9", "X4")
def test_what_a_machine_mailed_is_kept_and_moves_nothing() -> None:
    """Such mail is kept as a note; the clock of Answered goes on."""
    world = at("Answered")
    due = after(world, "P30D")
    world.wait("P10D")
    assert (
        world.ask("customer", note="I am out of office.", via="mail").status
        == "Answered"
    )
    assert told_anew(world) == []
    fires_at(world, due)
    assert world.ticket.status == "Closed"


# --- replies to closed tickets ---


def closed(days: str, seconds: int) -> World:
    """A closed ticket, so long after it was closed; the next request comes a second
    later."""
    world = at("Closed", owned=True)
    world.now = after(world, days) + SECOND * (seconds - 1)
    return world


@pytest.mark.demand("H10")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    ("days", "seconds"), [("P0D", 1), ("P29D", 0), ("P30D", -1), ("P30D", 0)]
)
def test_for_30_days_a_reply_reopens(days: str, seconds: int, via: str | None) -> None:
    world = closed(days, seconds)
    assert reply(world, via=via).status == "Customer-Reply"
    assert world.follow_ups == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize(
    "words", [{"role": "customer"}, {"role": "technician", "for_": CUSTOMER}]
)
@pytest.mark.parametrize(("days", "seconds"), [("P30D", 1), ("P400D", 0)])
def test_later_it_is_refused_with_the_reason_and_the_command(
    days: str, seconds: int, words: Words
) -> None:
    world = closed(days, seconds)
    reasons = " ".join(world.refused(text="It is back.", **words))
    assert "30 days" in reasons
    assert "ticketctl new" in reasons
    assert f"--follows {world.ticket.id}" in reasons
    assert world.follow_ups == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize(("days", "seconds"), [("P30D", 1), ("P400D", 0)])
def test_later_by_mail_a_linked_follow_up_is_made(days: str, seconds: int) -> None:
    world = closed(days, seconds)
    assert reply(world, "It is back.", "mail").status == "Closed"
    [request] = world.follow_ups
    made = decide(Situation(world.profile, world.listed, world.now), None, request)
    assert not isinstance(made, Refusal)
    assert (made.ticket.follows, made.ticket.customer) == (world.ticket.id, CUSTOMER)
    assert (made.ticket.status, made.ticket.history[0].text) == ("Open", "It is back.")
    assert [
        entry.sets for entry in world.ticket.history if entry.event == "linked"
    ] == [{"follow_up": made.ticket.id}]
    assert world.warnings == []


@pytest.mark.demand("H10")
@pytest.mark.parametrize("via", CHANNELS)
def test_what_a_technician_writes_later_makes_no_follow_up(via: str | None) -> None:
    world = closed("P31D", 0)
    assert (
        world.ask("technician", text="We have changed the price.", via=via).status
        == "Closed"
    )
    assert world.follow_ups == []


@pytest.mark.demand("H10", "H4")
@pytest.mark.parametrize(("seconds", "status"), [(0, "Customer-Reply"), (1, "Closed")])
def test_the_30_days_count_from_the_last_closing_whoever_closed(
    seconds: int, status: str
) -> None:
    world = at("Closed")
    reply(world)
    world.ask("technician", "Answered", **ANSWER)
    fires_at(world, after(world, "P30D"))
    world.now = after(world, "P30D") + SECOND * (seconds - 1)
    assert reply(world, via="mail").status == status


@pytest.mark.demand("H10")
def test_a_ticket_can_be_replied_to_for_30_days_of_the_profiles_zone() -> None:
    """Also where the clocks change in between."""
    world = World("hosting", now=datetime(2026, 10, 20, 9, tzinfo=UTC))
    world.new()
    world.ask("technician", "Closed")
    shut, end = world.ticket, after(world, "P30D")
    for via in CHANNELS:
        world.ticket, world.now = shut, end - SECOND
        assert reply(world, via=via).status == "Customer-Reply"
        assert world.follow_ups == []
    world.ticket, world.now = shut, end
    assert world.refused("customer", text="It is back.")
    assert reply(world, via="mail").status == "Closed"


# --- the queue ---


@pytest.mark.demand("H11")
@pytest.mark.parametrize("role", ["customer", "technician"])
def test_a_new_ticket_stands_at_the_end_of_the_queue(role: str) -> None:
    world = World("hosting")
    tickets = [world.new(role) for _ in range(3)]
    assert [ticket.get("queued_at") for ticket in tickets] == [
        ticket.created for ticket in tickets
    ]
    assert queue(world, *reversed(tickets)) == [ticket.id for ticket in tickets]


@pytest.mark.demand("H11")
@pytest.mark.parametrize("words", [{}, {"via": "mail"}, {"for_": CUSTOMER}])
def test_a_further_message_while_open_resets_the_position(words: Words) -> None:
    world = World("hosting")
    other = world.new()
    world.new()
    first, world.ticket = world.ticket, other
    world.ask("technician" if words.get("for_") else "customer", text="Hello?", **words)
    assert world.ticket.get("queued_at") == format_instant(world.now)
    assert queue(world, world.ticket, first) == [first.id, world.ticket.id]


@pytest.mark.demand("H11")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", STATUSES[1:])
def test_other_messages_of_the_customer_do_not(status: str, via: str | None) -> None:
    world = at(status)
    before = world.ticket.get("queued_at")
    assert before is not None
    assert reply(world, via=via).get("queued_at") == before


@pytest.mark.demand("H11")
@pytest.mark.parametrize(
    "words",
    [{"text": "We are on it."}, {"note": "n"}, {"assignee": TOM}, {"title": "Mail"}],
)
def test_nothing_that_staff_do_while_open_resets_it(words: Words) -> None:
    world = at("Open")
    before = world.ticket.get("queued_at")
    assert world.ask("technician", **words).get("queued_at") == before


@pytest.mark.demand("H11")
def test_only_the_message_sent_while_open_resets_it() -> None:
    """The first takes the ticket out of Open; the second finds it in Customer-Reply."""
    world = at("Open")
    queued = reply(world).get("queued_at")
    assert reply(world).get("queued_at") == queued


# --- replies that may not be noticed ---


@pytest.mark.demand("H12", "H9")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    ("status", "word", "other"),
    [("Open", "reset", "notice"), ("In Progress", "notice", "reset")],
)
def test_the_customer_is_told_what_a_reply_now_does(
    status: str, word: str, other: str, via: str | None
) -> None:
    world = at(status)
    reply(world, via=via)
    assert word in heard(world)
    assert other not in heard(world)


@pytest.mark.demand("H12")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize(
    "status", ["Answered", "Closed", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_elsewhere_the_customer_is_told_nothing(status: str, via: str | None) -> None:
    world = at(status)
    reply(world, via=via)
    assert heard(world) == ""


@pytest.mark.demand("H12")
@pytest.mark.parametrize("via", CHANNELS)
@pytest.mark.parametrize("status", ["Open", "In Progress"])
def test_a_technicians_own_message_says_nothing_of_it(
    status: str, via: str | None
) -> None:
    world = at(status)
    world.ask("technician", text="We are on it.", via=via)
    assert world.warnings == []
    assert TECHNICIAN not in told_anew(world)


def unseen(text: str = "It is the blue one.") -> World:
    """A reply came while the technician was at work, who had written before."""
    world = at("In Progress")
    world.ask("technician", text="I am looking at it.")
    reply(world, text)
    world.warnings.clear()
    return world


@pytest.mark.demand("H12")
@pytest.mark.parametrize(
    "words",
    [
        {"text": "Which one is it?"},
        *({"to": to, **words} for to, words in FORWARD if to != "Scheduled"),
    ],
)
def test_the_next_message_or_move_is_done_but_shows_the_reply(words: Words) -> None:
    """Once: the one after it says nothing more."""
    world = unseen()
    world.ask("technician", **words)
    assert world.ticket.status == words.get("to", "Customer-Reply")
    assert any("It is the blue one." in warning for warning in world.warnings), (
        world.warnings
    )
    world.warnings.clear()
    world.ask("technician", text="And now?")
    assert world.warnings == []


@pytest.mark.demand("H12", "H6")
def test_scheduling_shows_the_reply_too() -> None:
    world = unseen()
    move(world, "technician", "Scheduled", MOMENT)
    assert any("It is the blue one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
def test_notes_and_edits_leave_the_reply_unseen() -> None:
    world = unseen()
    world.ask("technician", note="customer seems upset")
    world.ask("technician", assignee=TECHNICIAN)
    assert world.warnings == []
    world.ask("technician", "In Progress")
    assert any("It is the blue one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
def test_a_second_reply_does_not_hide_the_first() -> None:
    """The second is sent in Customer-Reply, but the technician has still not seen the
    one sent while In Progress."""
    world = unseen()
    reply(world, "Hello?")
    world.warnings.clear()
    world.ask("technician", "In Progress")
    assert any("It is the blue one." in warning for warning in world.warnings), (
        world.warnings
    )


@pytest.mark.demand("H12")
def test_each_reply_while_in_progress_is_shown() -> None:
    world = unseen()
    world.ask("technician", "In Progress")
    reply(world, "No, the green one.")
    world.warnings.clear()
    world.ask("technician", "Answered", **ANSWER)
    assert any("No, the green one." in warning for warning in world.warnings)


@pytest.mark.demand("H12")
@pytest.mark.parametrize(
    "status", ["Open", "Answered", "Scheduled", "On-Hold", "Customer-Reply"]
)
def test_a_reply_in_another_status_warns_nobody(status: str) -> None:
    world = at(status, owned=True)
    reply(world)
    world.warnings.clear()
    world.ask("technician", "In Progress")
    assert world.warnings == []


@pytest.mark.demand("H12")
def test_work_that_was_done_before_the_reply_warns_nobody() -> None:
    """It was In Progress once, but the reply came to the answer."""
    world = at("In Progress")
    world.ask("technician", "Answered", **ANSWER)
    reply(world)
    world.ask("technician", "In Progress")
    assert world.warnings == []
