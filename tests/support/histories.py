"""Random histories with outages, and a judge of what the sweep made of them."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.world import CUSTOMER
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
    Request,
)
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.entry import Entry
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket

NOBODY = People()


ANN, BOB = "ann@staff.example", "bob@staff.example"


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# --- what people do ---


@dataclass(frozen=True)
class Step:
    """A move that somebody asks for; ``{"due": None}`` is filled with a moment to come."""

    role: str
    to: str | None
    text: str | None = None
    sets: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Workspace:
    """How a profile is played: who works there, the moves from each status (the first
    leads to a timed one), the edits.

    Args:
        first: who opens the ticket, and who does what nobody else is named for.
        staff: the roles that docs/demands.md calls staff.
        timed: the statuses in which an automation runs.
        days: about the longest period of its automations.
    """

    first: str
    staff: tuple[str, ...]
    timed: tuple[str, ...]
    days: int
    moves: Mapping[str, tuple[Step, ...]]
    edits: tuple[Mapping[str, Any], ...]


ASSIGN = {"assignee": ANN}


WAIT = Step("technician", "Waiting Customer", "Is it well now?")


TRIAGE = Step("technician", "In Progress")


DEFER = Step("technician", "Deferred", None, {"due": None})


OFFICE = (
    WAIT,
    WAIT,
    TRIAGE,
    DEFER,
    DEFER,
    Step("admin", "Deferred", None, {"due": None, **ASSIGN}),
    Step("admin", "Complete"),
)


DESKS = {
    "aerosoft": Workspace(
        "agent",
        ("agent", "developer", "qa"),
        ("Resolved",),
        7,
        {
            "Open": (Step("agent", None, None, ASSIGN),),
            "Ticket Assigned": (Step("agent", "Investigation Underway"),),
            "Investigation Underway": (Step("agent", "Send to Development"),),
            "Send to Development": (Step("developer", "Development in Progress"),),
            "Development in Progress": (Step("developer", "Testing and Verification"),),
            "Testing and Verification": (Step("qa", "Done Awaiting Release"),),
            "Done Awaiting Release": (
                Step("agent", "Release Delivered", None, {"release": "R1"}),
            ),
            "Release Delivered": (
                Step("agent", "Resolved"),
                Step("agent", "Resolved", "It is in R1."),
            ),
            "Resolved": (
                Step("customer", "Solution Rejected", "No."),
                Step("customer", "Closed"),
            ),
            "Solution Rejected": (Step("agent", "Send to Development"),),
            "Closed": (
                Step("customer", "Open", "It recurred."),
                Step("agent", "Open", None, {}, "It recurred."),
            ),
        },
        (
            {"team": "qa"},
            {"team": "support"},
            {"environment": "production"},
            {"assignee": BOB},
            ASSIGN,
            {"due": None},
        ),
    ),
    "hosting": Workspace(
        "technician",
        ("technician",),
        ("Answered", "Scheduled", "Customer-Reply"),
        30,
        {
            "Open": (
                Step("technician", "Answered", "Please restart it."),
                Step("technician", "In Progress", None, ASSIGN),
            ),
            "In Progress": (
                Step("technician", "Answered", "It runs."),
                Step("technician", "Scheduled", None, {"due": None}),
                Step("technician", "On-Hold", None, {"hold_reason": "other"}),
            ),
            "Answered": (
                Step("technician", "In Progress", None, ASSIGN),
                Step("technician", "Closed"),
            ),
            "On-Hold": (Step("technician", "Answered", "The part is here."),),
            "Scheduled": (Step("technician", "In Progress", None, ASSIGN),),
            "Customer-Reply": (
                Step("technician", "Answered", "Try again."),
                Step("technician", "Scheduled", None, {"due": None}),
                Step("technician", "Closed"),
            ),
        },
        ({"due": None}, {"assignee": BOB}, ASSIGN, {"invoices": "none"}),
    ),
    "biztech": Workspace(
        "agent",
        ("agent",),
        ("Open", "Solved"),
        4,
        {
            "New": (Step("agent", None, None, ASSIGN),),
            "Open": (
                Step("agent", "Solved", "Done."),
                Step("agent", "Solved"),
                Step("agent", "Pending", "Tell us more."),
            ),
            "Pending": (Step("agent", "Open"), Step("agent", "Solved")),
            "Solved": (Step("agent", "Open"),),
        },
        (
            {"product": "billing"},
            {"product": "mail"},
            {"assignee": BOB},
            ASSIGN,
            {"due": None},
        ),
    ),
    "assima": Workspace(
        "support",
        ("support", "developer"),
        ("Verified",),
        30,
        {
            "New": (Step("support", None, None, ASSIGN),),
            "Reopened": (Step("support", "Assigned", None, {"assignee": BOB}),),
            "Assigned": (
                Step("support", "QA Pending"),
                Step("developer", "QA Pending", "Corrected."),
            ),
            "QA Pending": (
                Step("support", "Verified", "It is corrected.", ASSIGN),
                Step("support", "Verified", None, ASSIGN),
            ),
            "Verified": (
                Step("customer", "Reopened", "No."),
                Step("customer", "Closed"),
            ),
            "Closed": (Step("customer", "Reopened", "It appeared again."),),
        },
        (
            {"kind": "question"},
            {"kind": "defect"},
            {"assignee": BOB},
            ASSIGN,
            {"due": None},
        ),
    ),
    "ggit": Workspace(
        "technician",
        ("technician", "admin"),
        ("Waiting Customer", "In Progress", "Deferred"),
        5,
        {
            "": OFFICE,
            "Deferred": (
                Step("admin", None, None, {"due": ""}),
                Step("admin", None, None, {"assignee": "", "due": ""}),
                WAIT,
                TRIAGE,
            ),
        },
        (
            {"waiting_for": "item"},
            {"waiting_for": "reply"},
            {"due": None},
            {"due": ""},
            {"assignee": ""},
            ASSIGN,
            {"assignee": BOB},
            {"time_entries": "done"},
        ),
    ),
}


# --- a life ---


@dataclass(frozen=True)
class Sweep:
    """One run at one instant: ``history[before:after]`` is what it wrote, ``again`` how
    much a second run found."""

    at: datetime
    before: int
    after: int
    again: int
    refused: tuple[str, ...]


@dataclass
class Life:
    """One random history, played by a profile; the same number gives the same again."""

    number: int
    profile: Profile
    by_mail: bool
    ticket: Ticket = None  # type: ignore[assignment]
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    sweeps: list[Sweep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workspace = DESKS[self.profile.name]
        self.draw = Random(self.number)
        self.zone = ZoneInfo(self.profile.timezone)
        self.waiting: list[tuple[datetime, int, str, Any]] = []
        self.posted: set[str] = set()
        self.order = itertools.count()
        self.outages: list[tuple[datetime, datetime]] = []

    def play(self) -> Life:
        """From the report to some time after the last thing that anybody did."""
        draw, workspace = self.draw, self.workspace
        # Half of them start within two weeks of a change of the clocks.
        change = draw.choice(
            [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)]
        )
        self.now = change + draw.random() * draw.choice([14 * DAY, 900 * DAY])
        self.now = self.now.replace(microsecond=0)
        every = HOUR * (
            draw.choice([6, 9, 12])
            if workspace.days > 7
            else draw.choice([2, 3, 6, 12])
        )
        for _ in range(draw.choice([0, 1, 1, 2])):
            begin = self.now + draw.random() * 8 * workspace.days * DAY
            self.outages.append(
                (
                    begin,
                    begin + draw.choice([draw.random() * 3, draw.random() * 60]) * DAY,
                )
            )
        self.ask(
            Create(
                "261102-00001",
                Actor(ANN, workspace.first),
                "It fails",
                "Please help.",
                sets={"customer": CUSTOMER},
            )
        )
        self.later(self.pause(), "act")
        self.later(every * draw.random(), "sweep")
        left, end = float(draw.randint(8, 24)), datetime.max.replace(tzinfo=UTC)
        while self.waiting and self.waiting[0][0] <= end:
            self.now, _, what, more = heapq.heappop(self.waiting)
            if what == "act":
                timed = self.ticket.status in workspace.timed
                self.act(draw.random() < (0.3 if timed else 0.8))
                left -= (
                    1
                    if timed
                    else 0.15
                    if self.ticket.status in workspace.moves
                    else 0.7
                )
                if left > 0:
                    self.later(self.pause(), "act")
                elif end.year == 9999:
                    end = self.now + 1.4 * workspace.days * DAY
            elif what == "deliver":
                self.ask(Deliver(*more))
            else:
                if not any(begin <= self.now <= back for begin, back in self.outages):
                    self.sweep()
                if what == "sweep":
                    self.later(
                        every + draw.randint(-1200, 1200) * timedelta(seconds=1),
                        "sweep",
                    )
        return self

    def later(self, wait: timedelta, what: str, more: Any = None) -> None:
        at = (self.now + wait).replace(microsecond=0)
        heapq.heappush(self.waiting, (at, next(self.order), what, more))

    def pause(self) -> timedelta:
        """How long nobody does anything: short on the way, of all lengths where a clock
        may run."""
        draw = self.draw
        if self.ticket.status not in self.workspace.timed:
            return draw.choice([HOUR, HOUR, 12 * HOUR, 3 * DAY]) * draw.random()
        return (
            draw.choice(
                [
                    3 * HOUR,
                    0.6 * self.workspace.days * DAY,
                    1.5 * self.workspace.days * DAY,
                ]
            )
            * draw.random()
        )

    def ask(self, request: Request) -> None:
        """Do what is asked, if it is allowed; who is owed a notice gets it now, later
        or never."""
        made = decide(
            Situation(self.profile, NOBODY, self.now, self.by_mail),
            self.ticket,
            request,
        )
        if isinstance(made, Decision):
            self.ticket = made.ticket
            self.post()

    def post(self) -> None:
        for one in due_notifications(self.ticket) if self.by_mail else ():
            if one.entry.id not in self.posted:
                self.posted.add(one.entry.id)
                if self.draw.random() < 0.85:
                    wait = (
                        self.draw.choice(
                            [timedelta(0), timedelta(minutes=10), DAY, 12 * DAY]
                        )
                        * self.draw.random()
                    )
                    self.later(wait, "deliver", (one.entry.id, one.recipients))

    def act(self, on: bool) -> None:
        """One thing that somebody does; ``on`` moves the ticket on."""
        draw, workspace, status = self.draw, self.workspace, self.ticket.status
        steps = workspace.moves.get(status, workspace.moves.get("", ()))
        staff = draw.choice(workspace.staff)
        if on and steps:
            step = draw.choice(steps)
            sets, unset = self.values(step.sets)
            quiet = draw.random() < 0.1
            who = CUSTOMER if step.role == "customer" else ANN
            self.ask(
                Change(
                    Actor(who, step.role),
                    step.to,
                    step.text,
                    step.note,
                    sets,
                    unset,
                    quiet=quiet,
                )
            )
        else:
            what = draw.choice(
                [
                    "customer",
                    "customer",
                    "staff",
                    "staff",
                    "note",
                    "edit",
                    "edit",
                    "for",
                    "mail",
                    "keep",
                ]
            )
            match what:
                case "customer":
                    self.ask(Change(Actor(CUSTOMER, "customer"), None, "Hello?"))
                case "staff":
                    self.ask(Change(Actor(ANN, staff), None, "We look at it."))
                case "note":
                    self.ask(Change(Actor(ANN, staff), None, None, "Looked at it."))
                case "edit":
                    sets, unset = self.values(draw.choice(workspace.edits))
                    self.ask(Change(Actor(ANN, staff), None, None, None, sets, unset))
                case "for":
                    self.ask(
                        Change(
                            Actor(ANN, staff, CUSTOMER), None, "By telephone: not yet."
                        )
                    )
                case "mail":
                    actor = draw.choice(
                        [Actor(CUSTOMER, "customer"), Actor(ANN, staff)]
                    )
                    self.ask(
                        Change(
                            actor, None, "By mail.", via="mail", subject="Re: It fails"
                        )
                    )
                case _:
                    self.ask(
                        Keep(
                            "robot@customer.example", "I am not in the office.", "mail"
                        )
                    )
        if draw.random() < 0.4:
            # Sweeps just before, at and just after the moment at which what begins now
            # would be over.
            over = (
                local_days(self.now, draw.choice([2, 4, 5, 7, 30]), self.zone)
                - self.now
            )
            for seconds in (-1, 0, 1):
                self.later(over + timedelta(seconds=seconds), "odd sweep")

    def values(
        self, given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What is set and what is cleared; a date is a moment, or for some profiles a
        day, to come."""
        sets = {name: value for name, value in given.items() if value != ""}
        if "due" in sets:
            moment = self.now + self.draw.choice(
                [HOUR, 3 * DAY, 12 * DAY, 30 * DAY]
            ) * (0.1 + self.draw.random())
            day = self.profile.name != "hosting" and self.draw.random() < 0.4
            sets["due"] = (
                f"{moment:%Y-%m-%d}" if day else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
            )
        return sets, tuple(name for name, value in given.items() if value == "")

    def sweep(self) -> None:
        TODAY[0] = self.now
        before = len(self.ticket.history)
        fired = sweep_ticket(
            Situation(self.profile, NOBODY, self.now, self.by_mail), self.ticket
        )
        refused: list[str] = []
        for one in fired:
            if isinstance(one.outcome, Decision):
                self.ticket = one.outcome.ticket
            else:
                refused += one.outcome.reasons
        again = (
            sweep_ticket(
                Situation(self.profile, NOBODY, self.now, self.by_mail), self.ticket
            )
            if fired
            else []
        )
        self.sweeps.append(
            Sweep(
                self.now, before, len(self.ticket.history), len(again), tuple(refused)
            )
        )
        if fired:
            self.post()


TODAY = [datetime(2026, 1, 1, tzinfo=UTC)]
"""When the latest sweep ran: for the program below that is wrong by day."""


# --- what the documents say ---


def local_days(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time that many local days later (rule 4); in a gap, the first
    moment after it."""
    if not days:
        return at  # also where its local time comes twice
    wall = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    offset, found = found.astimezone(zone).utcoffset(), found.replace(second=0)
    while (found - timedelta(minutes=1)).astimezone(zone).utcoffset() == offset:
        found -= timedelta(minutes=1)
    return found


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def customers(entry: Entry) -> bool:
    """Whether an entry is the customer's public message, also if staff wrote it down."""
    return (
        entry.text is not None
        and entry.event != "created"
        and (entry.role == "customer" or entry.for_ is not None)
    )


def staffs(entry: Entry, staff: Sequence[str]) -> bool:
    """Whether an entry is a public message by staff."""
    return (
        bool(entry.text)
        and entry.event != "created"
        and entry.role in staff
        and entry.for_ is None
    )


Counted = tuple[Entry | None, str]
"""The event from which a period counts or, if there is none, why."""


def answered(
    stay: Sequence[Entry], begin: Entry | None, staff: Sequence[str]
) -> Counted:
    """From ``begin``; a customer's message stops it, and the next public message of
    staff starts it anew."""
    if begin is None:
        return None, "unnoticed"
    theirs = max((i for i, entry in enumerate(stay) if customers(entry)), default=-1)
    if theirs < 0:
        return begin, ""
    answer = next(
        (i for i, entry in enumerate(stay) if i > theirs and staffs(entry, staff)), None
    )
    if answer is None:
        return None, "over the customer"
    return stay[max(answer, stay.index(begin))], ""


def after_notice(stay: Sequence[Entry], staff: Sequence[str]) -> Counted:
    """A24: from the notice, not from the status. No notification, no closing."""
    inside = {entry.id for entry in stay}
    notices = [
        e
        for e in stay
        if e.event == "notified"
        and e.message == "resolved"
        and CUSTOMER in e.recipients
    ]
    given = [entry for entry in notices if entry.anchor in inside]
    return answered(stay, given[-1] if given else None, staff)


def after_entering(stay: Sequence[Entry], staff: Sequence[str]) -> Counted:
    """S8, G5: from entering the status."""
    return answered(stay, stay[0], staff)


def entered(stay: Sequence[Entry], _: Sequence[str]) -> Counted:
    """B6, G8, G9: from entering the status, whatever else happens in it; nothing closes
    over the customer's message."""
    if stay[0].to == "Solved" and any(customers(entry) for entry in stay[1:]):
        return None, "over the customer"
    return stay[0], ""


def after_staff_message(stay: Sequence[Entry], staff: Sequence[str]) -> Counted:
    """H4: from the last public message of staff."""
    theirs = max((i for i, entry in enumerate(stay) if customers(entry)), default=-1)
    ours = max((i for i, entry in enumerate(stay) if staffs(entry, staff)), default=-1)
    return (stay[ours], "") if ours > theirs else (None, "over the customer")


def after_staff_event(stay: Sequence[Entry], staff: Sequence[str]) -> Counted:
    """B9: from the last thing that staff did, whatever it was."""
    return [entry for i, entry in enumerate(stay) if i == 0 or entry.role in staff][
        -1
    ], ""


@dataclass(frozen=True)
class Law:
    """One automation as the documents have it; ``since`` is nothing where it waits for
    the ticket's due date."""

    rule: str
    statuses: tuple[str, ...]
    since: Callable[[Sequence[Entry], Sequence[str]], Counted] | None
    days: int = 0
    hours: int = 0
    repeat: int = 0
    when: Callable[[Mapping[str, Any]], bool] = lambda values: True

    def over(self, since: datetime, zone: ZoneInfo, nth: int = 1) -> datetime:
        """When the full period is over for the n-th time."""
        first = local_days(since, self.days, zone) + self.hours * HOUR
        return local_days(first, self.repeat * (nth - 1), zone) if nth > 1 else first


def _owned(values: Mapping[str, Any]) -> bool:
    return "assignee" in values


def _orphan(values: Mapping[str, Any]) -> bool:
    return "assignee" not in values


LAWS = {
    "aerosoft": (Law("close-resolved", ("Resolved",), after_notice, 7),),
    "hosting": (
        Law("close-answered", ("Answered",), after_staff_message, 30),
        Law("scheduled-time-came", ("Scheduled", "Customer-Reply"), None),
    ),
    "biztech": (
        Law("close-solved", ("Solved",), entered, 4),
        Law("review-open", ("Open",), after_staff_event, 2, repeat=2),
    ),
    "assima": (Law("close-verified", ("Verified",), after_entering, 30),),
    "ggit": (
        Law(
            "waiting-customer-reminder",
            ("Waiting Customer",),
            after_entering,
            5,
            when=lambda values: values.get("waiting_for") != "item",
        ),
        Law("in-progress-reminder", ("In Progress",), entered, hours=4),
        Law("deferred-resource", ("Deferred",), None, -1, when=_owned),
        Law("deferred-admin", ("Deferred",), None, -1, when=_orphan),
        Law(
            "deferred-lost-resource",
            ("Deferred",),
            entered,
            when=lambda v: "due" not in v and _owned(v),
        ),
        Law(
            "deferred-lost-admin",
            ("Deferred",),
            entered,
            when=lambda v: "due" not in v and _orphan(v),
        ),
    ),
}


# --- the judge ---


@dataclass(frozen=True)
class Complaint:
    """A promise that was not kept: ``kind`` says which, ``between`` what had happened
    since the clock began."""

    kind: str
    rule: str
    text: str
    between: tuple[str, ...] = ()


class Judge:
    """Reads a history from its beginning and says of every automatic act, done or left
    out, whether that was right."""

    def __init__(self, life: Life) -> None:
        self.life, self.laws, self.zone = (
            life,
            LAWS[life.profile.name],
            ZoneInfo(life.profile.timezone),
        )
        self.staff = life.workspace.staff
        self.read: list[Entry] = []
        self.status, self.begin = "", 0
        self.values: dict[str, Any] = {}
        self.setter: Entry | None = None
        self.done: dict[tuple[str, str], int] = {}
        self.fired: Counter[str] = Counter()
        self.found: list[Complaint] = []
        self._known: dict[str, tuple[Counted, datetime | None]] = {}

    def next(self, entry: Entry) -> None:
        """One more entry."""
        if entry.to is not None:
            self.status, self.begin = entry.to, len(self.read)
        self.read.append(entry)
        for name in entry.unset:
            self.values.pop(name.removeprefix("fields."), None)
        self.values.update(
            {name.removeprefix("fields."): value for name, value in entry.sets.items()}
        )
        if "due" in entry.sets:
            self.setter = entry
        self._known.clear()

    def counted(self, law: Law) -> tuple[Counted, datetime | None]:
        """From what a law counts as things stand, and when the period is over for the
        first time."""
        if law.rule not in self._known:
            self._known[law.rule] = self._count(law)
        return self._known[law.rule]

    def _count(self, law: Law) -> tuple[Counted, datetime | None]:
        if self.status not in law.statuses:
            return (None, "elsewhere"), None
        if not law.when(self.values):
            return (None, "condition"), None
        if law.since is not None:
            entry, why = law.since(self.read[self.begin :], self.staff)
            return (entry, why), law.over(
                instant(entry.at), self.zone
            ) if entry else None
        moment = self.values.get("due")
        if moment is None or self.setter is None:
            return (None, "no date"), None
        at = (
            instant(moment)
            if "T" in moment
            else local_midnight(date.fromisoformat(moment), self.zone)
        )
        return (self.setter, ""), law.over(at, self.zone)

    def expected(self, at: datetime) -> dict[str, int]:
        """Which laws must act at an instant, and for which occurrence: the latest that
        has come."""
        found = {}
        for law in self.laws:
            (entry, _), first = self.counted(law)
            if entry is None or first is None or first > at:
                continue
            nth = 1
            while law.repeat and law.over(instant(entry.at), self.zone, nth + 1) <= at:
                nth += 1
            if nth > self.done.get((law.rule, entry.id), 0):
                found[law.rule] = nth
        return found

    def sweep(self, sweep: Sweep) -> None:
        """Judge one run: nothing that should not be, everything that should."""
        wanted = self.expected(sweep.at)
        wrote = self.life.ticket.history[sweep.before : sweep.after]
        acts = [entry for entry in wrote if entry.due is not None]
        for entry in acts:
            self._judge(entry, wanted)
        for rule in set(wanted) - {entry.rule for entry in acts}:
            law = next(law for law in self.laws if law.rule == rule)
            (since, _), first = self.counted(law)
            position = self.read.index(since) if since else 0
            between = tuple(entry.event for entry in self.read[position + 1 :])
            self.found.append(
                Complaint(
                    "late",
                    rule,
                    f"not done at {sweep.at}, due at {first} (n {wanted[rule]})",
                    between,
                )
            )
        if sweep.again:
            self.found.append(
                Complaint(
                    "not idle", "", f"a second run at {sweep.at} did {sweep.again} more"
                )
            )
        if sweep.refused:
            self.found.append(
                Complaint("refused", "", f"at {sweep.at}: {sweep.refused}")
            )
        for entry in wrote:
            self.next(entry)
        for entry in acts:
            key = (entry.rule or "", entry.anchor or "")
            self.done[key] = max(self.done.get(key, 0), entry.occurrence or 1)

    def _judge(self, entry: Entry, wanted: Mapping[str, int]) -> None:
        rule, at, due = entry.rule or "", instant(entry.at), instant(entry.due or "")
        self.fired[rule] += 1
        law = next(law for law in self.laws if law.rule == rule)
        (since, why), first = self.counted(law)
        nth, text = (
            entry.occurrence or 1,
            f"{rule} at {at}, due {due}, occurrence {entry.occurrence or 1}",
        )
        if since is None or first is None:
            self._complain(why, rule, text)
            return
        full = law.over(instant(since.at), self.zone, nth) if law.since else first
        if at < due or at < full or due < full:
            self._complain("early", rule, f"{text}: the full period ends {full}")
        elif (entry.anchor, due) != (since.id, full):
            self._complain(
                "anchor",
                rule,
                f"{text}: counts from {since.id} of {since.at}, so it is due {full}",
            )
        if self.done.get((rule, entry.anchor or ""), 0) >= nth:
            self._complain("twice", rule, text)
        elif nth != wanted.get(rule):
            self._complain(
                "not collapsed", rule, f"{text}: {wanted.get(rule)} had come"
            )

    def _complain(self, kind: str, rule: str, text: str) -> None:
        self.found.append(Complaint(kind, rule, text))


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """A date without a time means its local 00:00; these zones have one every day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
