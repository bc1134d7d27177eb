"""One email received by several clones that are merged then has one effect (D7)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.addresses import AMY, JANE
from tests.support.emails import A
from tests.support.world import REGISTRY
from ticketctl.app.email import quota
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Decision,
    Deliver,
    Keep,
)
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import union
from ticketctl.core.people import People
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.writer import emit

# --- what the fold counts ---

BIZTECH, NOBODY = REGISTRY.get("biztech"), People()


START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


DIGEST = "m" + "1" * 32


def ask(
    ticket: Ticket | None, request: Create | Change | Deliver | Keep, minutes: int = 0
) -> Ticket:
    made = decide(
        Situation(BIZTECH, NOBODY, START + timedelta(minutes=minutes), by_mail=True),
        ticket,
        request,
    )
    assert isinstance(made, Decision), made
    return made.ticket


def agent(
    to: str | None = None, text: str | None = None, note: str | None = None
) -> Change:
    return Change(Actor(AMY, "agent"), to, text, note)


def mailed(
    text: str = "It is broken.", digest: str | None = DIGEST, id_: str = "<1@x>"
) -> Change:
    return Change(
        Actor(JANE, "customer"), None, text, via="mail", mail_id=id_, mail_digest=digest
    )


@cache
def pending() -> Ticket:
    ticket = ask(
        None,
        Create(
            A, Actor(AMY, "agent"), "Invoice", sets={"customer": JANE, "assignee": AMY}
        ),
    )
    return ask(ticket, agent("Pending", "What do you see?"))


def merged(*tickets: Ticket) -> Ticket:
    """The tickets as one; the file of it is read again as it is."""
    history: Sequence[Entry] = reduce(union, [ticket.history for ticket in tickets])
    ticket = fold(history)
    loaded = Store("/").parse(path_of(ticket.id), emit(ticket))
    assert loaded.canonical
    assert loaded.ticket == ticket
    assert not loaded.differences
    return ticket


def test_what_the_first_version_wrote_are_twins_by_writer_and_text() -> None:
    """It wrote no digest. The email counts once; the moves stand as they were merged
    then, or heads would be wrong."""
    one, two = (
        ask(pending(), mailed(digest=None), 1),
        ask(pending(), mailed(digest=None), 2),
    )
    ticket = merged(one, two)
    assert [entry.text for entry in ticket.acts if entry.mail_id] == ["It is broken."]
    assert ticket.status == "Open"
    for other in (mailed("It is not.", None), mailed(digest=None, id_="<2@x>")):
        assert (
            len([e for e in merged(one, ask(pending(), other, 2)).acts if e.mail_id])
            == 2
        )
    mixed = merged(one, ask(pending(), mailed(), 2))
    assert len([entry for entry in mixed.acts if entry.mail_id]) == 1


def test_a_history_merged_by_the_first_version_has_the_head_that_it_had() -> None:
    """Amy solved it in one clone; the second clone's move opened it again, and she
    moved on from there."""
    one, two = (
        ask(pending(), mailed(digest=None), 1),
        ask(pending(), mailed(digest=None), 3),
    )
    one = ask(one, agent("Solved", "Done."), 2)
    assert merged(one, two).status == "Open"
    assert not [
        e
        for e in merged(one, two).history
        if e.id in merged(one, two).idle and (e.to or e.sets or e.unset)
    ]


def test_two_deliberate_entries_count_twice() -> None:
    """Who knew of the first meant the second: only what was done apart is a twin."""
    ticket = ask(ask(pending(), mailed(), 1), mailed(), 2)
    assert not fold(ticket.history).idle
    assert not fold(ticket.history).twins


def test_notifications_are_pending_once_after_a_merge() -> None:
    one, two = ask(pending(), mailed(), 1), ask(pending(), mailed(), 2)
    ticket = merged(one, two)
    due = list(due_notifications(ticket))
    told = [(debt.entry.message, who) for debt in due for who in debt.recipients]
    assert told
    assert len(told) == len(set(told))
    for side in (one, two):
        given = side
        for debt in list(due_notifications(side)):
            given = ask(given, Deliver(debt.entry.id, debt.recipients), 5)
        assert not list(due_notifications(merged(given, two if side is one else one)))


def test_recipients_of_one_clone_alone_are_notified() -> None:
    """The ticket was assigned to somebody else there."""
    other = ask(
        pending(),
        Change(Actor(AMY, "agent"), sets={"assignee": "bob@support.example"}),
        1,
    )
    ticket = merged(ask(pending(), mailed(), 2), ask(other, mailed(), 3))
    told = [
        who
        for debt in due_notifications(ticket)
        if debt.entry.message == _message()
        for who in debt.recipients
    ]
    assert sorted(told) == sorted(set(told))
    assert {AMY, "bob@support.example"} <= set(told)


def _message() -> str:
    """The message to staff of a customer's reply."""
    debts_ = [
        debt
        for debt in due_notifications(ask(pending(), mailed(), 1))
        if debt.recipients == (AMY,)
    ]
    return str(debts_[-1].entry.message)


def test_a_writers_share_is_used_once() -> None:
    one, two = (
        ask(pending(), mailed("x" * 1000), 1),
        ask(pending(), mailed("x" * 1000), 2),
    )
    used = [
        quota.bytes_used(BIZTECH, ticket, JANE) for ticket in (one, merged(one, two))
    ]
    assert abs(used[1] - used[0]) < 100, used


@st.composite
def pasts(draw: st.DrawFn) -> list[Ticket]:
    """Clones in which people act, take in one of two emails or none, merge what another
    has, and sweep."""
    email_clones = [pending()] * draw(st.integers(2, 4))
    minutes = itertools.count(1)
    for _ in range(draw(st.integers(2, 9))):
        place = draw(st.integers(0, len(email_clones) - 1))
        ticket, minute = email_clones[place], next(minutes) * 60
        match draw(
            st.sampled_from(
                [
                    "mail",
                    "mail",
                    "other",
                    "note",
                    "solve",
                    "reply",
                    "merge",
                    "sweep",
                    "given",
                ]
            )
        ):
            case "mail":
                if not any(entry.mail_digest == DIGEST for entry in ticket.history):
                    email_clones[place] = _try(ticket, mailed(), minute)
            case "other":
                if not any(entry.mail_digest == "m2" for entry in ticket.history):
                    email_clones[place] = _try(ticket, mailed("Another.", "m2"), minute)
            case "note":
                email_clones[place] = _try(ticket, agent(note="Looked at it."), minute)
            case "solve":
                email_clones[place] = _try(ticket, agent("Solved", "Done."), minute)
            case "reply":
                email_clones[place] = _try(ticket, agent(text="We look at it."), minute)
            case "merge":
                email_clones[place] = merged(
                    ticket, email_clones[draw(st.integers(0, len(email_clones) - 1))]
                )
            case "given":
                if debt := next(due_notifications(ticket), None):
                    email_clones[place] = _try(
                        ticket, Deliver(debt.entry.id, debt.recipients), minute
                    )
            case _:
                for fired in sweep_ticket(
                    Situation(BIZTECH, NOBODY, START + timedelta(minutes=minute)),
                    ticket,
                ):
                    if isinstance(fired.outcome, Decision):
                        email_clones[place] = fired.outcome.ticket
    return email_clones


def _try(ticket: Ticket, request: Change | Deliver, minutes: int) -> Ticket:
    made = decide(
        Situation(BIZTECH, NOBODY, START + timedelta(minutes=minutes), by_mail=True),
        ticket,
        request,
    )
    return made.ticket if isinstance(made, Decision) else ticket


@settings(max_examples=60)
@given(pasts(), st.randoms(use_true_random=False))
def test_every_order_of_merging_comes_to_the_same(
    email_clones: list[Ticket], random: object
) -> None:
    orders = list(itertools.permutations(email_clones))
    random.shuffle(orders)  # type: ignore[attr-defined]
    first, *others = (merged(*some) for some in orders[:4])
    assert all(other == first and emit(other) == emit(first) for other in others)
    for digest in (DIGEST, "m2"):
        there = [entry for entry in first.history if entry.mail_digest == digest]
        assert len([entry for entry in there if entry.id not in first.idle]) == min(
            len(there), 1
        )
    told = [
        (debt.entry.message, who, debt.entry.anchor)
        for debt in due_notifications(first)
        for who in debt.recipients
    ]
    assert len(told) == len(set(told))
    made = ask(first, agent(note="On it goes."), 60 * 24 * 30)
    assert fold(made.history) == made, "what is decided is what the fold gives"
