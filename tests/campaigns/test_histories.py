"""Random histories with random outages, judged from the documents alone.

The judge (:func:`judged`) is written from docs/sweep.md and docs/demands.md and shares
nothing with the program's own timers. Three programs that are wrong on purpose show
that it finds mistakes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest

from tests.support.campaign import rounds
from tests.support.histories import (
    ANN,
    ASSIGN,
    DAY,
    DESKS,
    HOUR,
    LAWS,
    NOBODY,
    TODAY,
    WAIT,
    Complaint,
    Judge,
    Life,
    Step,
)
from tests.support.world import CUSTOMER, REGISTRY
from ticketctl.core.conditions import Event
from ticketctl.core.engine import timers
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Decision,
    Deliver,
    Request,
)
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.history_graph import union
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace

NAMES = ("aerosoft", "hosting", "biztech", "assima", "ggit")


ROUNDS = rounds(150, 3_000)


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def judged(life: Life) -> Judge:
    """All that there is to say against what the sweeps did in a life."""
    judge, position, history = Judge(life), 0, life.ticket.history
    for sweep in life.sweeps:
        for entry in history[position : sweep.before]:
            judge.next(entry)
        judge.sweep(sweep)
        position = sweep.after
    keys = Counter(entry.key for entry in history if entry.key)
    judge.found += [
        Complaint("twice", key[0], f"{key} stands {times} times")
        for key, times in keys.items()
        if times > 1
    ]
    return judge


def live(
    number: int, wrong: Callable[[Profile], Profile] = lambda profile: profile
) -> Life:
    """The history of that number: its profile, whether notices are mailed, and all that
    happens."""
    profile = REGISTRY.get(NAMES[number % len(NAMES)])
    return Life(number, wrong(profile), by_mail=number // len(NAMES) % 2 == 1).play()


def told(life: Life, complaints: Iterable[Complaint]) -> str:
    """A history and what is wrong with it, for people."""
    lines = [
        f"history {life.number} of {life.profile.name}{' by mail' * life.by_mail}:"
    ]
    lines += [
        f"  {e.id} {e.at} {e.role} {e.event} {e.from_ or ''}>{e.to or ''} {e.rule or ''} {e.anchor or ''} {e.due or ''}"
        f" {e.message or ''} {e.text or ''} {dict(e.sets) or ''}"
        for e in life.ticket.history
    ]
    return "\n".join(
        [*lines, *(f"{c.kind}: {c.rule} {c.text} {c.between}" for c in complaints)]
    )


# --- the tests ---


@pytest.mark.demand("A24", "H4", "H6", "B6", "B9", "S8", "G5", "G8", "G9")
def test_never_early_never_over_the_customer_never_twice_and_never_left_out() -> None:
    """Whatever people do and however long the sweep is down, it does what the documents
    say, when they say it."""
    fired: Counter[str] = Counter()
    for number in range(ROUNDS):
        life = live(number)
        judge = judged(life)
        assert not judge.found, told(life, judge.found)
        assert fold(life.ticket.history) == life.ticket
        fired += judge.fired
    least = {law.rule: fired[law.rule] for laws in LAWS.values() for law in laws}
    assert min(least.values()) >= ROUNDS // 30, least


def from_the_status(profile: Profile) -> Profile:
    """Wrong on purpose: the close counts from the status instead of the notice."""
    assert profile.name == "aerosoft"
    (close,) = profile.automations
    return replace(
        profile, automations=(replace(close, start=Event("entered", "Resolved")),)
    )


def caught(
    name: str,
    wrong: Callable[[Profile], Profile] = lambda profile: profile,
    histories: int = 100,
) -> list[Complaint]:
    """What the judge says of the campaign's histories of one profile."""
    first = NAMES.index(name)
    return [
        found
        for number in range(first, rounds(histories, 600), len(NAMES))
        for found in judged(live(number, wrong)).found
    ]


def test_a_close_that_counts_from_the_status_is_caught() -> None:
    """A program that closes a customer who was told late, or never."""
    kinds = Counter(found.kind for found in caught("aerosoft", from_the_status, 300))
    assert kinds["unnoticed"] and kinds["early"], kinds


def test_a_key_of_the_calendar_day_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows only what it has done today sends a reminder again tomorrow."""

    def today(ticket: Ticket, automation: Automation, anchor: str) -> int:
        day = f"{TODAY[0]:%Y-%m-%d}"
        mine = [
            e
            for e in ticket.acts
            if e.due
            and (e.rule, e.anchor) == (automation.name, anchor)
            and e.at[:10] == day
        ]
        return max((entry.occurrence or 1 for entry in mine), default=0)

    monkeypatch.setattr(timers, "_done", today)
    for name, rule in (
        ("biztech", "review-open"),
        ("ggit", "waiting-customer-reminder"),
    ):
        found = caught(name)
        assert {one.kind for one in found} == {"twice"}, found[:3]
        assert rule in {one.rule for one in found}


def test_a_clock_that_counts_from_the_last_update_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program for which a note, a field or a machine's mail puts the moment off, and
    any update starts a clock."""
    real = timers.clock_of

    def last(profile: Profile, ticket: Ticket, automation: Automation) -> timers.Clock:
        return (
            timers.Clock(ticket.history[-1])
            if automation.start
            else real(profile, ticket, automation)
        )

    monkeypatch.setattr(timers, "clock_of", last)
    for name, rule in (
        ("biztech", "close-solved"),
        ("assima", "close-verified"),
        ("hosting", "close-answered"),
    ):
        late = [one for one in caught(name) if (one.kind, one.rule) == ("late", rule)]
        assert any(
            one.between and set(one.between) <= {"noted", "edited", "notified"}
            for one in late
        ), name
    kinds = Counter(found.kind for found in caught("aerosoft"))
    assert kinds["unnoticed"] and kinds["over the customer"] and kinds["late"], kinds


# --- twins ---


def brought(name: str, *steps: Step) -> Ticket:
    """A ticket after some moves, everything that it owes delivered, then left alone."""
    profile = REGISTRY.get(name)
    opening = Create(
        "261102-00001",
        Actor(ANN, DESKS[name].first),
        "It fails",
        sets={"customer": CUSTOMER},
    )
    changes = [
        Change(Actor(ANN, step.role), step.to, step.text, step.note, step.sets)
        for step in steps
    ]
    ticket = done(profile, None, opening, NOON)
    for change in changes:
        ticket = done(profile, ticket, change, NOON)
    return delivered(profile, ticket, NOON)


def done(
    profile: Profile, ticket: Ticket | None, request: Request, at: datetime
) -> Ticket:
    """The ticket after a request, which must be allowed."""
    made = decide(Situation(profile, NOBODY, at, by_mail=True), ticket, request)
    assert isinstance(made, Decision), made
    return made.ticket


def delivered(profile: Profile, ticket: Ticket, at: datetime) -> Ticket:
    """The ticket when all that it owes has been handed over."""
    for one in list(due_notifications(ticket)):
        ticket = done(profile, ticket, Deliver(one.entry.id, one.recipients), at)
    return ticket


def swept(profile: Profile, ticket: Ticket, at: datetime) -> Ticket:
    """The ticket after a sweep that finds something to do."""
    fired = sweep_ticket(Situation(profile, NOBODY, at, by_mail=True), ticket)
    assert [isinstance(one.outcome, Decision) for one in fired] == [True], fired
    assert isinstance(fired[0].outcome, Decision)
    return fired[0].outcome.ticket


def road(name: str) -> list[Step]:
    """The first moves of a profile, until a status is timed."""
    workspace, found = DESKS[name], list[Step]()
    status = next(iter(workspace.moves))
    while status not in workspace.timed:
        found.append(workspace.moves[status][0])
        status = brought(name, *found).status
    return found


TWINS = {
    "a close for the notice": ("aerosoft", road("aerosoft"), 8, {CUSTOMER}),
    "a close for staff's message": ("hosting", road("hosting"), 31, {CUSTOMER}),
    "a close for the status": ("assima", road("assima"), 31, {CUSTOMER}),
    "a close of which nobody is told": (
        "biztech",
        [*road("biztech"), DESKS["biztech"].moves["Open"][0]],
        5,
        set(),
    ),
    "missed reminders": ("biztech", road("biztech"), 7, {ANN}),
    "a reminder to the customer": ("ggit", [WAIT], 6, {CUSTOMER}),
    "a move and a reminder": (
        "ggit",
        [Step("admin", "Deferred", None, {"due": "2026-11-20", **ASSIGN})],
        20,
        {ANN},
    ),
}


def owing(ticket: Ticket) -> Counter[str]:
    """How many messages a ticket owes to each person."""
    return Counter(who for one in due_notifications(ticket) for who in one.recipients)


@pytest.mark.parametrize("case", TWINS)
@pytest.mark.parametrize("hours", [0, 1, 20], ids=lambda hours: f"{hours} h apart")
def test_two_copies_swept_apart_have_one_effect_and_one_pending_message(
    case: str, hours: int
) -> None:
    """Joined, the twins count once, and each person is owed one message until any of
    the copies has handed it over."""
    name, steps, days, people = TWINS[case]
    profile, ticket = REGISTRY.get(name), brought(name, *steps)
    at = NOON + days * DAY
    one, two = swept(profile, ticket, at), swept(profile, ticket, at + hours * HOUR)
    assert owing(one) == owing(two) == Counter(people)
    both = fold(union(one.history, two.history))
    assert both == fold(union(two.history, one.history))
    keys = [entry.key for entry in both.acts if entry.key]
    assert len(keys) == len(set(keys))
    assert len({entry.key for entry in both.history if entry.key}) == len(keys), (
        "and nothing is lost"
    )
    assert (both.status, both.fields) == (one.status, one.fields)
    assert owing(both) == Counter(people)
    late = at + 31 * HOUR
    assert not owing(delivered(profile, both, late))
    for mine, theirs in ((one, two), (two, one)):
        ours = delivered(profile, mine, late)
        assert not owing(ours)
        joined = fold(union(ours.history, theirs.history))
        assert not owing(joined), (
            "the copy of which nothing was handed over owes nothing any more"
        )
        assert joined == fold(union(theirs.history, ours.history))
        assert not owing(fold(union(both.history, ours.history)))
    quiet = sweep_ticket(
        Situation(profile, NOBODY, at + hours * HOUR, by_mail=True), both
    )
    assert not quiet, "the next sweep has nothing to add"


# --- stale notices ---


@pytest.mark.parametrize(
    "own", [False, True], ids=["its own was never given", "its own was given before"]
)
def test_a_stale_notification_neither_starts_nor_delays_a_timer(own: bool) -> None:
    """A24: no notification, no closing; the seven days count from the notice of this
    Resolved, not of the one before."""
    profile, steps = REGISTRY.get("aerosoft"), road("aerosoft")
    ticket = done(
        profile,
        brought("aerosoft", *steps[:-1]),
        Change(Actor(ANN, "agent"), "Resolved"),
        NOON,
    )
    (stale,) = [one.entry.id for one in due_notifications(ticket)]
    ticket = done(
        profile,
        ticket,
        Change(Actor(CUSTOMER, "customer"), "Solution Rejected", "No."),
        NOON + DAY,
    )
    for step in (DESKS["aerosoft"].moves["Solution Rejected"][0], *steps[3:]):
        change = Change(Actor(ANN, step.role), step.to, step.text, step.note, step.sets)
        ticket = done(profile, ticket, change, NOON + 2 * DAY)
    assert ticket.status == "Resolved"
    (fresh,) = [
        one.entry.id
        for one in due_notifications(ticket)
        if one.entry.message == "resolved" and one.entry.id != stale
    ]
    if own:
        ticket = done(profile, ticket, Deliver(fresh, (CUSTOMER,)), NOON + 2 * DAY)
    ticket = done(profile, ticket, Deliver(stale, (CUSTOMER,)), NOON + 5 * DAY)
    dues = [
        one.fire.due
        for one in sweep_ticket(
            Situation(profile, NOBODY, NOON + 30 * DAY, by_mail=True), ticket
        )
    ]
    assert dues == (["2026-11-11T12:00:00Z"] if own else [])
