"""Histories that grew in several clones: one union, one order (rule 9 of the sweep)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import CUSTOMER, REGISTRY
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Change, Create, Decision
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.engine.timers import due_now
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import (
    heads,
    knowledge,
    order,
    predecessors,
    seal,
    union,
)
from ticketctl.core.people import People
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace

BIZTECH = REGISTRY.get("biztech")
AMY, NOBODY = "amy@support.example", People()
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def solved() -> Ticket:
    """A ticket that is Solved at START; it closes by itself four days later."""
    ticket = ask(
        None,
        Create(
            "261102-k3qx9",
            Actor(AMY, "agent"),
            "Invoice",
            sets={"customer": CUSTOMER, "assignee": AMY},
        ),
    )
    return ask(ticket, Change(Actor(AMY, "agent"), "Solved", "Done."))


def ask(
    ticket: Ticket | None, request: Create | Change, at: datetime = START
) -> Ticket:
    made = decide(Situation(BIZTECH, NOBODY, at), ticket, request)
    assert isinstance(made, Decision), made
    return made.ticket


def swept(ticket: Ticket, days: int = 4, hours: int = 1) -> Ticket:
    """The ticket after a sweep that many days (24 h each; none changes its clocks here)
    and hours after START."""
    for fired in sweep_ticket(
        Situation(BIZTECH, NOBODY, START + timedelta(days=days, hours=hours)), ticket
    ):
        assert isinstance(fired.outcome, Decision)
        ticket = fired.outcome.ticket
    return ticket


def agent(
    to: str | None = None, text: str | None = None, note: str | None = None
) -> Change:
    return Change(Actor(AMY, "agent"), to, text, note)


def customer(text: str) -> Change:
    return Change(Actor(CUSTOMER, "customer"), None, text)


def merged(*tickets: Ticket) -> Ticket:
    history: Sequence[Entry] = tickets[0].history
    for other in tickets[1:]:
        history = union(history, other.history)
    return fold(history)


LATER = START + timedelta(days=4, hours=2)


def test_two_sweeps_close_once_and_the_second_is_a_twin() -> None:
    one, two = swept(solved()), swept(solved(), hours=3)
    both = merged(one, two)
    assert both == merged(two, one)
    closings = [entry for entry in both.history if entry.to == "Closed"]
    assert [both.idle.get(entry.id) for entry in closings] == [None, "twin"]
    assert both.status == "Closed"
    assert len([e for e in both.acts if e.to == "Closed"]) == 1


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (customer("It is not."), "Open"),
        (agent("Open"), "Open"),
        (agent(text="Is it well now?"), "Solved"),
        (agent(note="Looked at it again."), "Closed"),
    ],
    ids=["customer", "move", "public reply", "note"],
)
def test_a_persons_act_beats_a_closing_that_did_not_know_of_it(
    act: Change, status: str
) -> None:
    """A move or a public message wins, a note does not; what no longer counts can be
    done again."""
    base = solved()
    both = merged(swept(base), ask(base, act, LATER))
    assert both == merged(ask(base, act, LATER), swept(base))
    assert both.status == status
    if (
        status == "Solved"
    ):  # the clock of this profile runs on: the next sweep closes, and that counts
        assert [
            fire.rule for fire in due_now(Situation(BIZTECH, NOBODY, LATER), both)
        ] == ["close-solved"]
        again = swept(both, hours=4)
        assert again.status == "Closed"
        assert fold(again.history) == again


def test_a_closing_stands_if_a_persons_move_was_built_on_it() -> None:
    base = solved()
    mine = ask(
        swept(base), customer("Once more."), LATER
    )  # Closed for good here: it makes a follow-up
    assert mine.status == "Closed"
    other = ask(base, agent(text="Is it well now?"), LATER)
    assert merged(mine, other).status == "Solved", (
        "a message is no move: the closing does not count"
    )
    aerosoft = REGISTRY.get("aerosoft")
    closed, theirs = _aerosoft_closed()
    reopened = decide(
        Situation(aerosoft, NOBODY, LATER + timedelta(days=9)),
        closed,
        Change(Actor(AMY, "agent"), "Open", "It recurred."),
    )
    assert isinstance(reopened, Decision)
    both = merged(reopened.ticket, theirs)
    assert both.status == "Open"
    assert not both.idle


def _aerosoft_closed() -> tuple[Ticket, Ticket]:
    """A ticket closed by time in one clone, and written to by staff in another."""
    aerosoft = REGISTRY.get("aerosoft")
    ticket: Ticket | None = None
    entry = Entry(
        "2026-11-02T09:00:00Z",
        AMY,
        "agent",
        "created",
        to="Resolved",
        sets={
            "ticket": "261102-0ae01",
            "profile": "aerosoft",
            "title": "T",
            "customer": CUSTOMER,
        },
    )
    history = [seal([], entry)]
    told = Entry(
        "2026-11-02T09:00:00Z",
        "system",
        "system",
        "notified",
        rule="tell-resolved",
        anchor=history[0].id,
        message="resolved",
        recipients=(CUSTOMER,),
    )
    history.append(seal(history, told))
    ticket = fold(history)
    wrote = decide(
        Situation(aerosoft, NOBODY, LATER),
        ticket,
        Change(Actor(AMY, "agent"), None, "We look again."),
    )
    assert isinstance(wrote, Decision)
    for fired in sweep_ticket(
        Situation(aerosoft, NOBODY, LATER + timedelta(days=8)), ticket
    ):
        assert isinstance(fired.outcome, Decision)
        ticket = fired.outcome.ticket
    assert ticket.status == "Closed"
    return ticket, wrote.ticket


def test_answers_to_a_void_move_are_void_and_sent_notifications_stay_sent() -> None:
    base = solved()
    closed = swept(base)
    close = closed.history[-1]
    answers = []
    for event, message in (("edited", None), ("notified", "solved")):
        sets = {"fields.product": "billing"} if event == "edited" else {}
        draft = Entry(
            close.at,
            "system",
            "system",
            event,
            rule="answer",
            anchor=close.id,
            message=message,
            recipients=(CUSTOMER,) if message else (),
            sets=sets,
        )
        answers.append(seal([*closed.history, *answers], draft))
    both = merged(fold([*closed.history, *answers]), ask(base, agent("Open"), LATER))
    assert both.idle == {close.id: "void", answers[0].id: "void"}
    assert both.fields == {}
    assert both.status == "Open"


@pytest.mark.parametrize("change", ["root", "content"])
def test_histories_that_do_not_belong_together_are_not_joined(change: str) -> None:
    ours = solved().history
    if change == "root":
        theirs = solved_otherwise()
        with pytest.raises(ValueError, match="same entry"):
            union(ours, theirs)
    else:
        last = ours[-1]
        forged = [
            *ours[:-1],
            Entry.from_content({**last.content(), "text": "Something else."}),
        ]
        with pytest.raises(ValueError, match="two contents"):
            union(ours, forged)


def solved_otherwise() -> tuple[Entry, ...]:
    return ask(
        None,
        Create(
            "261102-k3qx9", Actor(AMY, "agent"), "Other", sets={"customer": CUSTOMER}
        ),
    ).history


ACTS = ("customer", "reply", "note", "open", "solve", "pend", "sweep")


def act(ticket: Ticket, name: str, at: datetime) -> Ticket:
    """One thing that happens to a ticket in a clone; what is refused leaves it as it
    was."""
    if name == "sweep":
        for fired in sweep_ticket(Situation(BIZTECH, NOBODY, at), ticket):
            if isinstance(fired.outcome, Decision):
                ticket = fired.outcome.ticket
        return ticket
    request = {
        "customer": customer("Hello?"),
        "reply": agent(text="Yes."),
        "note": agent(note="Hm."),
        "open": agent("Open"),
        "solve": agent("Solved", "Done."),
        "pend": agent("Pending", "Tell us more."),
    }[name]
    made = decide(Situation(BIZTECH, NOBODY, at), ticket, request)
    return made.ticket if isinstance(made, Decision) else ticket


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from([*ACTS, "pull 0", "pull 1", "pull 2"]),
            st.sampled_from([0, 1, 30, 97]),
        ),
        max_size=25,
    )
)
def test_three_clones_come_to_the_same_whatever_happens(
    steps: list[tuple[int, str, int]],
) -> None:
    """Acts and pulls in any order: nothing is lost, all agree, a closing counts once,
    the fold can be gone on with."""
    clones, at = [solved()] * 3, START
    for number, what, hours in steps:
        at += timedelta(hours=hours)
        if what.startswith("pull"):
            clones[number] = merged(clones[number], clones[int(what[-1])])
        else:
            clones[number] = act(clones[number], what, at)
        assert fold(clones[number].history) == clones[number], (
            "the state in memory is the fold of the file"
        )
    final, *others = [merged(*way) for way in itertools.permutations(clones)]
    assert all(other == final for other in others)
    assert {entry.id for entry in final.history} == {
        entry.id for clone in clones for entry in clone.history
    }
    before = {
        entry.id: predecessors(final.history, position)
        for position, entry in enumerate(final.history)
    }
    assert list(final.history) == order(final.history, before)
    keys = [entry.key for entry in final.acts if entry.key]
    assert len(keys) == len(set(keys))
    grown = act(final, "note", at)
    assert not set(heads(final.history)) & set(heads(grown.history)), (
        "who writes next knows all"
    )
    assert grown.status == final.status


def test_a_move_that_a_person_set_off_beats_a_closing_too() -> None:
    """The customer's message in one clone reopens by a rule; the closing in the other
    did not know of it."""
    base = solved()
    silent = [
        entry
        for entry in ask(base, customer("No."), LATER).history
        if entry.id not in {e.id for e in base.history}
    ]
    message, move, *_ = silent
    edit = replace(
        message,
        event="edited",
        text=None,
        sets={"fields.product": "x"},
        id="",
        after=(),
    )
    history = [*base.history, seal(base.history, edit)]
    history.append(seal(history, replace(move, anchor=history[-1].id, id="", after=())))
    both = merged(swept(base), fold(history))
    assert both.status == "Open"
    assert list(both.idle.values()) == ["void"]


def test_long_histories_merge_in_time_that_grows_with_them() -> None:
    """Four thousand events of two clones: no table of everything by everything."""
    one = two = list(solved().history)
    for number in range(2_000):
        one = [
            *one,
            seal(
                one[-1:],
                Entry(
                    "2026-11-03T09:00:00Z", AMY, "agent", "noted", note=f"one {number}"
                ),
            ),
        ]
        two = [
            *two,
            seal(
                two[-1:],
                Entry(
                    "2026-11-03T09:00:00Z", AMY, "agent", "noted", note=f"two {number}"
                ),
            ),
        ]
    both = union(one, two)
    assert len(both) == 4_000 + len(solved().history)
    assert fold(both).status == "Solved"
    assert max(value.bit_length() for value in knowledge(both).values()) <= len(both)
