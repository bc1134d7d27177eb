"""Random lives of tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.calendar_oracle import oracle, oracle_add
from tests.support.world import CUSTOMER, Refused, World
from ticketctl.core.conditions import (
    Event,
    SubjectCondition,
    TextCondition,
    walk,
)
from ticketctl.core.dates import Duration, parse_instant
from ticketctl.core.engine.context import EvalContext, Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.guards import failures
from ticketctl.core.engine.requests import Decision
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import event_id, predecessors
from ticketctl.core.profile import (
    CREATED,
    Automation,
    Field,
    Profile,
    Transition,
)
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.ticket_from_nodes import load_ticket
from ticketctl.store.yaml.writer import emit

PROFILES = ("aerosoft", "assima", "biztech", "ggit", "hosting")


STARTS = (
    datetime(2026, 11, 2, 9, tzinfo=UTC),
    datetime(2026, 3, 6, 23, 30, tzinfo=UTC),
    datetime(2026, 10, 30, 5, 45, tzinfo=UTC),
    datetime(2028, 2, 27, 12, tzinfo=UTC),
    datetime(2026, 3, 28, 1, 15, tzinfo=UTC),
)


TEXTS = (
    "Please send the error.",
    "It works now.\nThank you!\n",
    "yes",
    "- a: #1",
    "Status: Waiting Customer",
)


ANN = "ann@staff.example"


# --- what entries and timers mean, from docs/profile-language.md ---


def raises(profile: Profile, entry: Entry, event: Event) -> bool:
    """Whether an entry is an event of that kind."""
    kind = profile.roles[entry.role].kind
    public = bool(entry.text) and entry.event != "created"
    fields = {
        name.removeprefix("fields.").split(".")[0]
        for name in (*entry.sets, *entry.unset)
    }
    return {
        "created": entry.event == "created",
        "entered": entry.to == event.about,
        "left": entry.from_ is not None and entry.from_ == event.about,
        "customer_message": public and (kind == "customer" or entry.for_ is not None),
        "staff_message": public and kind == "agent" and entry.for_ is None,
        "staff_event": kind == "agent",
        "field_set": event.about in fields,
        "mail_in": entry.via == "mail" and kind != "system",
        "notified": entry.event == "notified" and entry.message == event.about,
        "fired": entry.due is not None and entry.rule == event.about,
    }[event.kind]


def raises_any(profile: Profile, entry: Entry, events: Iterable[Event]) -> bool:
    """Whether an entry is any of some events."""
    return any(raises(profile, entry, event) for event in events)


def stay(history: Sequence[Entry], within: Iterable[str]) -> list[Entry]:
    """The entries since the ticket came into a set of statuses for the last time; none,
    if it is not there."""
    found: list[Entry] = []
    for entry in history:
        if entry.to is not None and entry.to not in within:
            found = []
        elif found or entry.to is not None:
            found.append(entry)
    return found


def anchor_of(
    profile: Profile, history: Sequence[Entry], timer: Automation
) -> Entry | None:
    """The entry from which an automation counts, if its clock runs at the end of a
    history."""
    if timer.at:
        setters = [
            e
            for e in history
            if raises(profile, e, Event("field_set", timer.at))
            and timer.at in str(list(e.sets))
        ]
        return (
            setters[-1] if setters and fold(history).get(timer.at) is not None else None
        )
    found = stay(history, timer.within)
    started = [
        i
        for i, e in enumerate(found)
        if timer.start and raises(profile, e, timer.start)
    ]
    again = [
        i
        for i, e in enumerate(found)
        if raises_any(profile, e, timer.reset_on) and any(s < i for s in started)
    ]
    counted = sorted({*started, *again})
    stops = [
        i
        for i, e in enumerate(found)
        if raises_any(profile, e, timer.cancel_on) and i not in counted
    ]
    since = stops[-1] + 1 if stops else 0
    if stops and timer.resume_on:
        # Nothing but a resuming event starts it anew; what comes later counts as ever.
        resumed = [
            i
            for i in range(since, len(found))
            if raises_any(profile, found[i], timer.resume_on)
        ]
        if not resumed:
            return None
        since = resumed[0]
        counted += [since] if any(s < since for s in started) else []
    chosen = [i for i in counted if i >= since]
    return found[max(chosen)] if chosen else None


def moment(value: str, name: str) -> datetime:
    """The instant that a date field holds."""
    return (
        parse_instant(value)
        if "T" in value
        else oracle(datetime.fromisoformat(value), name)
    )


def due_of(
    profile: Profile,
    history: Sequence[Entry],
    timer: Automation,
    anchor: Entry,
    nth: int,
) -> datetime:
    """When an occurrence of an automation is due, from its declaration."""
    zone = profile.timezone
    first = parse_instant(anchor.at)
    if timer.at:
        first = oracle_add(
            moment(str(fold(history).get(timer.at)), zone), timer.lead, zone, -1
        )
    first = oracle_add(first, timer.after, zone, 1)
    return (
        first
        if nth == 1
        else oracle_add(first, timer.repeat or Duration(), zone, nth - 1)
    )


# --- what people draw ---


def staff_of(profile: Profile) -> list[str]:
    """The roles of people and integrations, the customer's left out."""
    return [
        role.name
        for role in profile.roles.values()
        if role.kind in ("agent", "integration")
    ]


def addresses(profile: Profile) -> list[str]:
    """Whom a ticket can be given to."""
    return [ANN, *(f"{role}@staff.example" for role in staff_of(profile))]


def words_of(profile: Profile, kind: str) -> list[str]:
    """The texts that the profile itself looks for."""
    conditions = [
        inner
        for rule_ in profile.rules
        for condition in rule_.when
        for inner in walk(condition)
    ]
    return sorted(
        {
            value
            for condition in conditions
            if condition.kind == kind
            and isinstance(condition, TextCondition | SubjectCondition)
            for value in condition.values
        }
    )


def value_of(draw: Any, world: World, field: Field) -> Any:
    """A value for a field, or an item of a checklist."""
    match field.type:
        case "enum":
            return draw(st.sampled_from(field.values))
        case "boolean":
            return draw(st.booleans())
        case "integer":
            return draw(st.integers(0, 9))
        case "date" | "datetime":
            return draw(dates(world))
        case "user" | "email":
            return draw(st.sampled_from(addresses(world.profile)))
        case "users":
            return (ANN,)
        case "checklist":
            return draw(
                st.sampled_from(
                    [
                        {"call": "open"},
                        {"call": "done", "bill": "open"},
                        {"call": "done"},
                    ]
                )
            )
    return draw(st.sampled_from(["2.4.1", "yes", "x: y"]))


def dates(world: World) -> st.SearchStrategy[str]:
    """Dates and instants around now, mostly to come."""
    day = (world.now + timedelta(days=12)).date().isoformat()
    return st.sampled_from(
        [
            *(
                world.when(text)
                for text in ("+3d", "+26h", "+20d", "+5min", "-1d", "tomorrow")
            ),
            day,
        ]
    )


class Life(RuleBasedStateMachine):
    """One ticket of one profile, from its creation on."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.world = World(name)
        self.profile = self.world.profile
        self.seen = 0

    # --- acts

    def act(self, *args: Any, **words: Any) -> bool:
        """Ask for something; whether it was done."""
        before = self.world.ticket
        try:
            self.world.ask(*args, **words)
        except Refused:
            assert self.world.ticket is before
            return False
        return True

    def words(
        self, draw: Any, edge: Transition | None = None, eager: bool = False
    ) -> dict[str, Any]:
        """What a request supplies beside the move: more of it, if it is meant to be
        allowed."""
        profile, found = self.profile, dict[str, Any]()
        often = (
            st.sampled_from([True, True, True, False])
            if eager
            else st.sampled_from([True, False, False])
        )
        seldom = st.sampled_from([True, False, False, False])
        if draw(often):
            found["text"] = draw(st.sampled_from([*TEXTS, *words_of(profile, "text")]))
        if draw(often):
            found["note"] = "Because."
        if edge is None or profile.kind(edge.roles[0]) != "customer":
            if draw(often if self.world.ticket.assignee is None else seldom):
                found["assignee"] = draw(st.sampled_from(addresses(profile)))
            if draw(often if eager else seldom):
                found["due"] = draw(dates(self.world))
            for field in draw(
                st.lists(
                    st.sampled_from(list(profile.fields.values())),
                    max_size=2,
                    unique_by=id,
                )
            ):
                if not field.edit or draw(seldom):
                    found[field.name] = value_of(draw, self.world, field)
        return found

    @initialize(data=st.data(), listed=st.booleans(), start=st.sampled_from(STARTS))
    def begin(self, data: Any, listed: bool, start: datetime) -> None:
        """Somebody opens the ticket."""
        world, roles = self.world, staff_of(self.profile)
        world.now = start
        if listed:
            world.people = {f"{role}@staff.example": {role} for role in roles} | {
                ANN: set(roles)
            }
        edges = [edge for edge in self.profile.edges if edge.source == CREATED]
        role = data.draw(
            st.sampled_from(sorted({role for edge in edges for role in edge.roles}))
        )
        to = data.draw(
            st.sampled_from(
                [None, *(edge.target for edge in edges if role in edge.roles)]
            )
        )
        sets = (
            {"assignee": data.draw(st.sampled_from(addresses(self.profile)))}
            if role in roles and data.draw(st.booleans())
            else {}
        )
        try:
            world.new(role, to=to, **sets)
        except Refused:
            world.new("customer")

    def push(self, data: Any, edge: Transition) -> bool:
        """Make a move that the profile lists: as drawn, or else with what such moves
        need; whether it was made."""
        roles = [(role, None) for role in edge.roles if role != self.profile.system]
        role, for_ = data.draw(
            st.sampled_from(roles + [(role, CUSTOMER) for role in edge.on_behalf])
        )
        words = (
            self.words(data.draw, edge, eager=True)
            if data.draw(st.booleans())
            else {"text": "Please.", "note": "So."}
        )
        if self.act(role, edge.target, for_=for_, **words):
            return True
        messages, owned = {"text": "Please.", "note": "Because."}, {"assignee": ANN}
        dated = {**messages, **owned, "due": self.world.when("+26h")}
        named = {
            field.name: "2.4.1"
            for field in self.profile.fields.values()
            if field.type == "string" and not field.edit
        }
        return any(
            self.act(role, edge.target, for_=for_, **words)
            for words in (
                messages,
                owned,
                {**messages, **owned},
                dated,
                {**messages, **named},
                {**dated, **named},
            )
        )

    def open_edges(self, status: str) -> list[Transition]:
        """The moves out of a status that are not for rules alone."""
        return [
            edge
            for edge in self.profile.leaving(status)
            if set(edge.roles) - {self.profile.system}
        ]

    @rule(data=st.data())
    def move(self, data: Any) -> None:
        """Somebody makes a move that the profile lists."""
        if edges := self.open_edges(self.world.ticket.status):
            self.push(data, data.draw(st.sampled_from(edges)))

    @rule(data=st.data())
    def go(self, data: Any) -> None:
        """People bring it to some status, by the shortest way, as far as it goes."""
        timed = [
            status for timer in self.profile.automations for status in timer.within
        ]
        goal = data.draw(st.sampled_from([*self.profile.statuses, *timed * 3]))
        first: dict[str, Transition | None] = {self.world.ticket.status: None}
        waiting = [self.world.ticket.status]
        for status in waiting:
            for edge in self.open_edges(status):
                if edge.target not in first:
                    first[edge.target] = edge
                    waiting.append(edge.target)
        way: list[Transition] = []
        at = goal
        while (edge_in := first.get(at)) is not None:
            way.insert(0, edge_in)
            at = edge_in.source
        for edge in way:
            if self.world.ticket.status != edge.source or not self.push(data, edge):
                return
        ending = data.draw(
            st.sampled_from(["stay", "in time", "too long", "written to"])
        )
        if ending == "in time":
            self.wait_for_timer(data)
        if ending == "written to":
            self.customer_speaks(data, None)
            if data.draw(st.booleans()):
                self.world.now += timedelta(days=data.draw(st.integers(0, 3)))
                self.act(staff_of(self.profile)[0], text="We look into it.")
        if ending in ("too long", "written to"):
            self.world.now += timedelta(days=data.draw(st.sampled_from([4, 7, 31, 62])))
            self.sweep_out()

    @rule(data=st.data())
    def jump(self, data: Any) -> None:
        """Anybody tries to move it anywhere."""
        role = data.draw(st.sampled_from(list(self.profile.roles)))
        to = data.draw(st.sampled_from(list(self.profile.statuses)))
        for_ = data.draw(st.sampled_from([None, None, CUSTOMER]))
        via = data.draw(st.sampled_from([None, "mail"]))
        self.act(role, to, for_=for_, via=via, **self.words(data.draw))

    @rule(data=st.data(), via=st.sampled_from([None, "mail"]))
    def customer_writes(self, data: Any, via: str | None) -> None:
        """The customer writes, or staff record what they said."""
        self.customer_speaks(data, via)

    def customer_speaks(self, data: Any, via: str | None) -> None:
        """A message of the customer's."""
        text = data.draw(st.sampled_from([*TEXTS, *words_of(self.profile, "text")]))
        subject = (
            data.draw(
                st.sampled_from(
                    ["Re: It does not work", *words_of(self.profile, "subject")]
                )
            )
            if via
            else None
        )
        for_ = data.draw(st.sampled_from([None, None, CUSTOMER]))
        self.act(
            staff_of(self.profile)[0] if for_ else "customer",
            text=text,
            via=via,
            subject=subject,
            for_=for_,
        )

    @rule(data=st.data(), via=st.sampled_from([None, None, "mail"]))
    def staff_write(self, data: Any, via: str | None) -> None:
        """Staff or an integration write, in public or not."""
        role = data.draw(st.sampled_from(staff_of(self.profile)))
        text = data.draw(
            st.sampled_from([None, *TEXTS, *words_of(self.profile, "text")])
        )
        subject = (
            data.draw(
                st.sampled_from(
                    ["Re: It does not work", *words_of(self.profile, "subject")]
                )
            )
            if via
            else None
        )
        self.act(
            role, text=text, note=None if text else "Because.", via=via, subject=subject
        )

    @rule(data=st.data(), quiet=st.sampled_from([False, False, True]))
    def edit(self, data: Any, quiet: bool) -> None:
        """Somebody sets or clears something."""
        role = data.draw(st.sampled_from(list(self.profile.roles)))
        words = self.words(data.draw)
        names = [
            *(n for n in ("assignee", "due") if self.world.ticket.get(n)),
            *self.world.ticket.fields,
        ]
        unset = (
            data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
            if names
            else []
        )
        words = {
            key: held
            for key, held in words.items()
            if key not in (*unset, "text", "note")
        }
        self.act(role, unset=tuple(unset), quiet=quiet, **words)

    @rule(
        hours=st.one_of(st.integers(1, 30), st.integers(1, 30), st.integers(24, 960)),
        minutes=st.sampled_from([0, 0, 1, 31]),
    )
    def wait(self, hours: int, minutes: int) -> None:
        """Time passes; no sweep comes by itself."""
        self.world.now += timedelta(hours=hours, minutes=minutes)

    @rule()
    def sweep(self) -> None:
        """A sweep; it is repeated as long as it changes the status, and then nothing is
        left to do."""
        self.sweep_out()

    @rule(days=st.sampled_from([1, 2, 4, 7, 30, 31]))
    def wait_and_sweep(self, days: int) -> None:
        """Just so many days pass, and the sweep comes in time."""
        self.world.now += timedelta(days=days)
        self.sweep_out()

    @rule(data=st.data())
    def to_the_second(self, data: Any) -> None:
        """Just the time of a timer is waited for."""
        self.wait_for_timer(data)

    def wait_for_timer(self, data: Any) -> None:
        """A sweep a second before a timer is due does not set it off; one at its very
        instant may.

        Timers that count working time are left out: ``due_of`` knows no calendars.
        """
        history, coming = self.world.ticket.history, []
        for timer in self.profile.automations:
            anchor = (
                anchor_of(self.profile, history, timer)
                if self.world.ticket.status in timer.within and not timer.calendar
                else None
            )
            if anchor is not None:
                due = due_of(self.profile, history, timer, anchor, 1)
                coming += [(due, timer.name, anchor.id)] if due > self.world.now else []
        if coming:
            due, name, anchor_id = data.draw(st.sampled_from(coming))
            for moment_ in (due - timedelta(seconds=1), due):
                self.world.now = max(self.world.now, moment_)
                before = self.world.ticket.history
                self.sweep_out()
                made = self.world.ticket.history[len(before) :]
                assert moment_ == due or all(
                    (e.rule, e.anchor) != (name, anchor_id) for e in made
                )

    def sweep_out(self) -> None:
        """Sweep until nothing more happens, which is after the first sweep that changes
        no status."""
        for _ in range(10):
            status, length = self.world.ticket.status, len(self.world.ticket.history)
            fired = self.world.sweep()
            for one in fired:
                assert isinstance(one.outcome, Decision), f"refused: {one}"
                assert one.outcome.entries, "what fires leaves its key"
                assert parse_instant(one.fire.due) <= self.world.now
            self.check_entries()
            if self.world.ticket.status == status:
                break
        else:
            raise AssertionError("sweeping does not come to an end")
        settled = self.world.ticket
        assert self.world.sweep() == []
        assert self.world.ticket is settled
        assert len(settled.history) >= length
        self.check_nothing_left()

    # --- promises

    def check_entries(self) -> None:
        """Every entry made since the last look is one that the profile has, in its
        time."""
        history = self.world.ticket.history
        for position in range(self.seen, len(history)):
            entry, before = history[position], history[:position]
            assert entry.id == event_id(
                entry.content(), predecessors(history, position)
            )
            assert entry.after == ()
            if entry.to is not None:
                self.check_move(entry, before, fold(history[: position + 1]))
            if entry.due is not None:
                self.check_timer(entry, before)
        self.seen = len(history)

    def check_move(self, entry: Entry, before: Sequence[Entry], after: Ticket) -> None:
        """The profile has this move, for this role."""
        profile = self.profile
        source = fold(before).status if before else CREATED
        assert (entry.from_ or CREATED) == source
        edges = profile.between(source, str(entry.to))
        if entry.for_ is not None:
            assert any(
                "customer" in edge.roles and entry.role in edge.on_behalf
                for edge in edges
            )
        else:
            assert any(entry.role in edge.roles for edge in edges)
        if before and profile.kind(entry.role) in ("customer", "agent"):
            assert not profile.statuses[after.status].set_by_system
            category = profile.categories.get(str(after.get("category")))
            assert category is None or after.status in category.statuses

    def check_timer(self, entry: Entry, before: Sequence[Entry]) -> None:
        """An automation acted when it was due, not before, counted from the right
        event, and not over the customer."""
        timer = self.profile.automation(str(entry.rule))
        anchor = next(e for e in before if e.id == entry.anchor)
        assert timer is not None
        assert entry.due is not None
        assert fold(before).status in timer.within
        assert anchor_of(self.profile, before, timer) == anchor
        due, nth = parse_instant(entry.due), entry.occurrence or 1
        assert due == due_of(self.profile, before, timer, anchor, nth)
        assert due <= parse_instant(entry.at)
        if timer.repeat:
            following = due_of(self.profile, before, timer, anchor, nth + 1)
            assert following > parse_instant(entry.at), (
                "missed repeats collapse into one"
            )
        if (
            entry.to
            and self.profile.state(entry.to) == "closed"
            and Event("customer_message") in timer.cancel_on
        ):
            assert not self.customer_waits(before)

    def customer_waits(self, history: Sequence[Entry]) -> bool:
        """Whether the last public word is the customer's (a notice to them is one of
        ours; so is a move made quietly)."""
        waits = False
        for entry in history:
            if raises(self.profile, entry, Event("customer_message")):
                waits = True
            elif raises(self.profile, entry, Event("staff_message")) or (
                entry.quiet and entry.to is not None
            ):
                waits = False
            elif entry.event == "notified" and CUSTOMER in entry.recipients:
                waits = waits and raises_any(
                    self.profile,
                    self.cause(history, entry),
                    [Event("customer_message")],
                )
        return waits

    def cause(self, history: Sequence[Entry], entry: Entry) -> Entry:
        """The entry to which a rule answered."""
        return next(e for e in history if e.id == entry.anchor)

    def check_nothing_left(self) -> None:
        """No automation that is due and whose conditions hold has been left out."""
        world, ticket = self.world, self.world.ticket
        system = self.profile.system
        context = EvalContext(
            self.profile,
            world.listed,
            world.now,
            ticket,
            ticket.history,
            system,
            system,
            system,
        )
        for timer in self.profile.automations:
            anchor = (
                anchor_of(self.profile, ticket.history, timer)
                if ticket.status in timer.within
                else None
            )
            if anchor is None or failures(timer.when, context):
                continue
            done = max(
                (
                    e.occurrence or 1
                    for e in ticket.history
                    if e.due and (e.rule, e.anchor) == (timer.name, anchor.id)
                ),
                default=0,
            )
            if done == 0 or timer.repeat:
                assert (
                    due_of(self.profile, ticket.history, timer, anchor, done + 1)
                    > world.now
                ), timer.name

    @invariant()
    def entries_are_lawful(self) -> None:
        """What was done was allowed, and done in time."""
        if self.world.ticket is not None:
            self.check_entries()

    @invariant()
    def ticket_is_its_history(self) -> None:
        """The ticket is the fold of its history, and no automation did the same twice."""
        if (ticket := self.world.ticket) is not None:
            assert ticket == fold(ticket.history)
            keys = [
                (e.rule, e.anchor, e.occurrence or 1)
                for e in ticket.history
                if e.due is not None
            ]
            assert len(set(keys)) == len(keys)
            instants = [e.at for e in ticket.history]
            assert instants == sorted(instants)

    @invariant()
    def status_keeps_what_it_keeps(self) -> None:
        """What a status keeps true is true, whoever did the last thing."""
        if (ticket := self.world.ticket) is not None:
            system = self.profile.system
            context = EvalContext(
                self.profile,
                self.world.listed,
                self.world.now,
                ticket,
                ticket.history,
                system,
                system,
                system,
            )
            assert (
                failures(self.profile.statuses[ticket.status].invariants, context) == []
            )

    @invariant()
    def rules_were_never_refused(self) -> None:
        """Point 6 of the checker is sound: no move of a rule was ever refused."""
        assert [
            words for words in self.world.warnings if words.startswith("rule ")
        ] == []

    @invariant()
    def follow_ups_can_be_made(self) -> None:
        """A ticket that a rule asks for can be opened."""
        for request in self.world.follow_ups:
            assert isinstance(
                decide(
                    Situation(self.profile, self.world.listed, self.world.now),
                    None,
                    request,
                ),
                Decision,
            )
        self.world.follow_ups.clear()

    def teardown(self) -> None:
        """The file of the ticket tells it again, whole and at every length of its
        history."""
        if (ticket := self.world.ticket) is not None:
            for length in {len(ticket.history), len(ticket.history) // 2 or 1}:
                then = fold(ticket.history[:length])
                data, path = emit(then), path_of(then.id)
                loaded = load_ticket(data, path, read_yaml(data, path), then.id)
                assert loaded.ticket == then
                assert loaded.differences == ()
                assert emit(loaded.ticket) == data
