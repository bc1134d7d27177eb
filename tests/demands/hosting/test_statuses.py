"""Demands of the hosting provider: statuses."""

from __future__ import annotations

import pytest

from tests.demands.hosting.scenes import (
    ANSWER,
    HELD,
    MOMENT,
    OWNED,
    STAFF,
    STATES,
    STATUSES,
    TOM,
    at,
    held,
    moment,
    reply,
)
from tests.demands.tables import (
    Row,
    Words,
    closed_to,
    fires_at,
    listed,
    move,
    moves_of,
    needs,
    open_to,
    others,
    people_of,
    refusal,
    unlisted,
)
from tests.support.world import CUSTOMER, Refused, World

T = ("technician",)


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
