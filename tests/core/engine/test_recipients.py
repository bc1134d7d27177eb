"""Tests of ``ticketctl.core.engine.recipients``."""

from __future__ import annotations

import itertools

import pytest

from tests.support.large_profiles import (
    AMY,
    BOB,
    EVE,
    HEAD,
    JANE,
    NOW,
    opened,
    sound,
    telling,
)
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.internal_notes import readable
from ticketctl.core.engine.notification_text import compose
from ticketctl.core.engine.requests import Actor, Change, Decision, Refusal
from ticketctl.core.entry import Entry
from ticketctl.core.people import NOBODY_LISTED, People
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace

LISTED = People({AMY: frozenset({"agent"}), BOB: frozenset({"agent"})})


@pytest.mark.parametrize(
    ("people", "who", "reaches"),
    [
        (LISTED, BOB, True),
        (LISTED, JANE, False),
        (LISTED, "stranger@x.example", False),
        (NOBODY_LISTED, BOB, True),
        (NOBODY_LISTED, JANE, False),
        (NOBODY_LISTED, EVE, False),
    ],
)
def test_recipients_who_are_no_staff_when_it_is_sent(
    people: People, who: str, reaches: bool
) -> None:
    """What the profile alone does not decide: who stands in a field of the ticket."""
    for field, by_mail in itertools.product(("assignee", "lead"), (False, True)):
        profile = sound(telling(field))
        ticket = opened(profile, people, **{field: who})
        ticket = replace(ticket, watchers=(EVE,))
        made = decide(
            Situation(profile, people, NOW, by_mail),
            ticket,
            Change(Actor(AMY, "agent"), note="SECRET"),
        )
        assert isinstance(made, Decision)
        told = {who for entry in made.entries for who in entry.recipients}
        assert told == ({who} if reaches else set())
        assert bool(made.notifications) == reaches
        assert ("is not notified" in " ".join(made.warnings)) != reaches


@pytest.mark.parametrize("action", ["warn", "refuse"])
def test_what_a_customer_is_notified_of_at_once(action: str) -> None:
    """A rule's own note, told by another rule: to staff with it, to a customer without."""
    rules = (
        "triggers:\n- {name: one, on: [customer_message, staff_message], do: [{move: Open, note: SECRET}]}\n"
        f"- {{name: two, on: entered(Open), do: [{{{action}: 'so: $note'}}]}}\n"
    )
    profile = sound(HEAD + rules)
    for actor, holds in ((Actor(AMY, "agent"), True), (Actor(JANE, "customer"), False)):
        made = decide(
            Situation(profile, NOBODY_LISTED, NOW),
            opened(profile),
            Change(actor, text="t"),
        )
        said = made.reasons if isinstance(made, Refusal) else made.warnings
        assert said[0].startswith("so:")
        assert ("SECRET" in said[0]) is holds


def test_a_history_with_a_note_pending_for_a_customer() -> None:
    """However that came about (another profile, a file written by hand): the note stays
    out of the email."""
    profile = sound(telling("assignee"))
    ticket = opened(profile, assignee=BOB)
    made = decide(
        Situation(profile, NOBODY_LISTED, NOW, by_mail=True),
        ticket,
        Change(Actor(AMY, "agent"), note="SECRET"),
    )
    assert isinstance(made, Decision)
    assert (
        "SECRET" in compose(profile, made.ticket, made.entries[-1], NOBODY_LISTED).body
    )
    *before, owing = made.ticket.history
    forged = fold([*before, replace(owing, recipients=(JANE,))])
    assert (
        "SECRET" not in compose(profile, forged, forged.history[-1], NOBODY_LISTED).body
    )
    assert (
        "SECRET"
        not in compose(
            profile, made.ticket, made.entries[-1], NOBODY_LISTED, reader=JANE
        ).body
    )


@pytest.mark.parametrize(
    "who", [JANE.upper(), JANE, EVE, EVE.title(), "Watcher@x.example"]
)
def test_former_customers_read_no_note(who: str) -> None:
    """However the address is written, and whoever the customer is now."""
    profile = sound(telling("assignee"))
    history = [
        Entry(
            "2026-11-02T09:00:00Z",
            AMY,
            "agent",
            "created",
            to="New",
            id="a",
            sets={"title": "x", "customer": EVE, "watchers": ("watcher@x.example",)},
        ),
        Entry(
            "2026-11-02T09:00:00Z",
            AMY,
            "agent",
            "edited",
            id="b",
            sets={"customer": JANE},
            unset=("watchers",),
        ),
    ]
    ticket = Ticket(
        "261102-aaaaa", "own", "x", "New", customer=JANE, history=tuple(history)
    )
    assert not readable(profile, "m", ticket, NOBODY_LISTED, who)
    assert readable(profile, "m", ticket, NOBODY_LISTED, BOB)
    listed = People({AMY.upper(): frozenset({"agent"})})
    assert readable(profile, "m", ticket, listed, AMY)
    assert not readable(profile, "m", ticket, listed, who)
