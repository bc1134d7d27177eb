"""Lists, compared with a second implementation of the query language.

The tickets are random lives of tickets of the five profiles with odd values put into
them. The order of the queue and what the sweep finds are compared in the same way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.lists import DEFAULT, index_of
from tests.support.lives import PROFILES, Life, dates
from tests.support.world import REGISTRY
from ticketctl.app.index.refresh import cells_of
from ticketctl.core.dates import format_instant, parse_instant
from ticketctl.core.engine.context import EvalContext, Situation
from ticketctl.core.engine.events import unanswered
from ticketctl.core.engine.guards import failures
from ticketctl.core.engine.timers import coming, due_now, next_due, timers, wake_of
from ticketctl.core.language.parser import read_profile
from ticketctl.core.people import People
from ticketctl.core.profile import Profile, Queue
from ticketctl.core.query import (
    COLUMNS,
    NEWEST,
    WHEN,
    BetweenTerm,
    ColumnTerm,
    ContainsTerm,
    OneOfTerm,
    PresentTerm,
    Query,
    Term,
    field_of,
)
from ticketctl.core.summary import _rank, summary_of
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace
from ticketctl.store.index.build import build_index
from ticketctl.store.index.database import Index, IndexContents, IndexEntry
from ticketctl.store.index.sql import count_by_state, count_matching, select_rows
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.ruamel import read_yaml

CLOCKS = """\
profile: clocks
title: Rules that time alone wakes
version: 1
timezone: America/New_York
roles: {customer: customer, agent: agent, system: system}
fields: {visit: {type: datetime}, day: {type: date}, urgent: {type: boolean}, size: {type: integer}}
statuses: {New: {state: new}, Open: {state: open}, Waiting: {state: pending}, Closed: {state: closed}}
transitions:
- {from: created, to: New, roles: [customer, agent]}
- {from: [New, Waiting], to: Open, roles: [agent, system]}
- {from: [New, Open], to: Waiting, roles: [agent]}
- {from: [Open, Waiting], to: Closed, roles: [agent, system], needs: [{not: {within: P1D, of: customer_message}}]}
automations:
- {name: fresh, in: [New, Open], start: created, after: P2D, repeat: P1D,
   when: [{within: P5D, of: customer_message}], do: [{notify: "role:agent", message: look}]}
- {name: stale, in: [New, Open], start: created, after: PT4H, repeat: PT9H, calendar: office,
   when: [{not: {within: P3D, of: staff_event}}], do: [{notify: "role:agent", message: look}]}
- {name: past, in: [New, Open, Waiting], start: created, after: PT1H,
   when: [{field: due, present: true}, {not: {field: due, in_future: true}}], do: [{notify: "role:agent", message: look}]}
- {name: coming, in: [New, Open], at: visit, lead: PT2H, calendar: office,
   when: [{any_of: [{field: day, in_future: true}, {field: urgent, is: true}]}], do: [{notify: "role:agent", message: look}]}
- {name: nested, in: [New, Waiting], at: day,
   when: [{when: [{field: due, in_future: true}], need: [{field: size, present: true}]}],
   do: [{notify: "role:agent", message: look}]}
- {name: close, in: [Waiting], start: entered(Waiting), after: P1D, when: [{allowed: Closed}], do: [{move: Closed}]}
calendars:
  office: {hours: {mon-fri: "09:00-12:30, 13:30-17:30"}, holidays: [2026-12-25]}
messages:
  look: {subject: "Look: $title", body: "Please."}
"""


DEEDS = (
    "move",
    "move",
    "go",
    "jump",
    "customer_writes",
    "staff_write",
    "edit",
    "wait",
    "wait",
    "sweep",
)


class Known(NamedTuple):
    """A ticket, and what its row is made by."""

    profile: Profile
    ticket: Ticket
    people: People


def live(data: Any, profile: Profile, steps: int) -> list[Known]:
    """A random life by a profile, and some part of it."""
    life = Life("biztech" if profile.name == "clocks" else profile.name)
    life.profile = life.world.profile = profile
    if (
        profile.name == "clocks"
    ):  # the promises held against every step there know no calendars
        life.check_entries = life.check_nothing_left = lambda: None  # type: ignore[method-assign]
    draw = data.draw
    life.begin(
        data,
        draw(st.booleans()),
        draw(st.sampled_from([datetime(2026, 11, d, 9, tzinfo=UTC) for d in (2, 4)])),
    )
    if profile.name == "clocks":
        names = draw(st.lists(st.sampled_from(["visit", "day", "due"]), unique=True))
        life.act(
            "agent",
            draw(st.sampled_from([None, "Waiting", "Open"])),
            **{name: draw(dates(life.world)) for name in names},
        )
    for deed in draw(st.lists(st.sampled_from(DEEDS), min_size=steps, max_size=steps)):
        match deed:
            case "wait":
                life.wait(
                    draw(st.sampled_from([1, 5, 26, 50, 170])),
                    draw(st.sampled_from([0, 31])),
                )
            case "sweep":
                life.world.sweep()
            case "customer_writes" | "staff_write":
                getattr(life, deed)(data, draw(st.sampled_from([None, "mail"])))
            case "edit":
                life.edit(data, False)
            case _:
                getattr(life, deed)(data)
    history = life.world.ticket.history
    lengths = {len(history), draw(st.integers(1, len(history)))}
    return [
        Known(profile, fold(history[:length]), life.world.listed) for length in lengths
    ]


def clocks() -> Profile:
    """The profile above, which has no mistake."""
    profile, findings = read_profile(
        read_yaml(CLOCKS.encode(), "profiles/clocks.yaml"), "profiles/clocks.yaml"
    )
    assert findings == []
    return profile


@pytest.fixture(scope="module")
def lives() -> list[Known]:
    """Tickets of the five profiles, and of one whose rules wait for time."""
    found: list[Known] = []
    profiles = [*map(REGISTRY.get, PROFILES), clocks()]

    @settings(
        max_examples=100,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def grow(data: Any) -> None:
        found.extend(known for profile in profiles for known in live(data, profile, 7))

    grow()
    assert len({known.ticket.status for known in found}) > 30
    return found


# --- the second opinion ---


def lower(text: str) -> str:
    """Without the case of the 26 letters."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def value(known: Known, name: str) -> Any:
    """What a ticket has in a column or field; nothing where it is not set."""
    profile, ticket, people = known
    state = profile.statuses[ticket.status].state
    fire = next_due(profile, ticket, people)
    if name.startswith("field."):
        return ticket.fields.get(name[6:])
    match name:
        case "state":
            return state
        case "closed":
            return int(state == "closed")
        case "unanswered":
            return int(state != "closed" and unanswered(profile, ticket.acts))
        case "queued":
            now = parse_instant(ticket.updated)
            context = EvalContext(profile, people, now, ticket, ticket.acts, "", "", "")
            return int(
                not failures(profile.queue.when, context)
                if profile.queue.when
                else state in ("new", "open")
            )
        case "next_due" | "next_rule":
            return (fire.due if name == "next_due" else fire.rule) if fire else None
    return getattr(ticket, name)


def texts(held: Any) -> list[Any]:
    """What a term compares: each of several values, truth as a word."""
    several = (
        list(held.values() if isinstance(held, dict) else held)
        if isinstance(held, tuple | dict)
        else [held]
    )
    return [
        {True: "true", False: "false"}[one] if isinstance(one, bool) else one
        for one in several
        if one is not None
    ]


def matches(term: Term, known: Known) -> bool:
    """Whether one thing is so, by the words of ``core/query.py``."""
    assert isinstance(term, ColumnTerm)
    if term.column == WHEN:
        either = (replace(term, column=name) for name in ("due", "next_due"))
        plain = (replace(one, negated=False) for one in either)
        return any(matches(one, known) for one in plain) != term.negated
    held = texts(value(known, term.column)) or (
        [] if field_of(term.column) is not None else [""]
    )
    match term:
        case OneOfTerm():
            found = bool(
                {lower(str(one)) for one in held}
                & {lower(str(one)) for one in term.values}
            )
        case PresentTerm():
            found = any(one != "" for one in held)
        case ContainsTerm():
            found = lower(term.text) in lower(str(held[0]))
        case BetweenTerm():
            low, high, moment = term.low, term.high, str(held[0])
            moment += (
                "T00:00:00Z" if len(moment) == 10 else ""
            )  # a date means its 00:00, here that of UTC
            found = (
                bool(moment)
                and (not low or moment >= low)
                and (not high or moment <= high)
            )
    return found != term.negated


def days(low: str, high: str) -> tuple[str, str, str, str]:
    """Two instants with the first date and the last that begin between them, in UTC."""
    first = (
        f"{parse_instant(low.upper()) + timedelta(days=1, seconds=-1):%Y-%m-%d}"
        if low
        else ""
    )
    return low, high, first, high[:10]


def answer(query: Query, lot: Sequence[Known]) -> list[str]:
    """The ids that a query wants, in its order; what is not set comes last, ties go by
    age."""
    found = [
        known for known in lot if all(matches(term, known) for term in query.terms)
    ]

    def before(one: Known, other: Known) -> int:
        for name, descending in query.sort:
            first, second = sortable(one, name), sortable(other, name)
            if first[0] != second[0] and 2 in (first[0], second[0]):
                return 1 if first[0] == 2 else -1
            if first != second:
                return (1 if first > second else -1) * (-1 if descending else 1)
        return 1 if one.ticket.id > other.ticket.id else -1

    found.sort(key=cmp_to_key(before))
    return [known.ticket.id for known in found][: query.limit or None]


def sortable(known: Known, name: str) -> tuple[int, int, str]:
    """Numbers, then texts, then what is not set; several values are their JSON."""
    held = value(known, name)
    if isinstance(held, tuple | dict):
        held = json.dumps(
            list(held) if isinstance(held, tuple) else held,
            ensure_ascii=False,
            separators=(",", ":"),
        )
    if held in (None, ""):
        return (2, 0, "")
    return (0, int(held), "") if isinstance(held, int) else (1, 0, str(held))


# --- what is drawn ---

ODD = st.sampled_from(
    [
        "",
        "a",
        "A",
        "ab",
        "äb",
        "Äb",
        "it's",
        'a"b',
        "[]",
        "{}",
        "none",
        "null",
        "true",
        "1",
        "%_",
        "日本",
        "🎉",
        "\\",
        "a\nb",
        "jane@customer.example",
        "x" * 300,
    ]
)


VALUES = st.one_of(
    ODD,
    st.integers(-3, 12),
    st.sampled_from([2**62, -(2**63)]),
    st.booleans(),
    st.lists(ODD, min_size=1, max_size=3).map(tuple),
    st.dictionaries(
        st.sampled_from(["call", "b'ill", "日"]),
        st.sampled_from(["open", "done"]),
        min_size=1,
    ),
)


DATES = st.sampled_from(
    [
        "2026-11-01",
        "2026-11-04",
        "2026-11-20",
        "2026-11-04T09:00:00Z",
        "2026-11-19T23:59:59Z",
    ]
)


FIELDS = ("product", "queue", "urgent", "size", "odd name", "日")


TEXTS = (
    "title",
    "status",
    "state",
    "profile",
    "customer",
    "assignee",
    "follows",
    "id",
    "next_rule",
)


@st.composite
def lots(draw: Any, lives: list[Known]) -> list[Known]:
    """Some tickets, odd values in them."""
    halves = draw(st.lists(st.integers(0, 99), max_size=9, unique=True))
    lot = []
    for half in halves:
        known = draw(st.sampled_from(lives))
        head = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "title": ODD,
                    "customer": st.none() | ODD,
                    "assignee": st.none() | ODD,
                    "due": st.none() | DATES,
                    "follows": st.sampled_from([None, "261102-00001"]),
                    "fields": st.dictionaries(
                        st.sampled_from(FIELDS), VALUES, max_size=4
                    ),
                },
            )
        )
        day = draw(st.sampled_from(["261102", "261103"]))
        lot.append(
            Known(
                known.profile,
                replace(known.ticket, id=f"{day}-{half:05}", **head),
                known.people,
            )
        )
    return lot


@st.composite
def queries(draw: Any, lot: list[Known]) -> Query:
    """Something to ask of some tickets, likely to concern them."""
    fields = [
        f"field.{name}"
        for name in dict.fromkeys(
            [*FIELDS, *(name for k in lot for name in k.ticket.fields)]
        )
    ]

    def near(name: str) -> st.SearchStrategy[str]:
        there = sorted({str(one) for known in lot for one in texts(value(known, name))})
        return (
            st.one_of(
                ODD, st.sampled_from(there), st.sampled_from(there).map(str.swapcase)
            )
            if there
            else ODD
        )

    def term() -> Term:
        negated = draw(st.booleans())
        match draw(st.sampled_from(["is", "is", "set", "has", "between", "number"])):
            case "is":
                name = draw(st.sampled_from([*TEXTS, *fields]))
                return OneOfTerm(
                    name,
                    tuple(draw(st.lists(near(name), min_size=1, max_size=3))),
                    negated,
                )
            case "set":
                name = draw(
                    st.sampled_from(
                        [
                            "assignee",
                            "customer",
                            "follows",
                            "due",
                            "next_due",
                            "next_rule",
                            *fields,
                        ]
                    )
                )
                return PresentTerm(name, negated)
            case "has":
                name = draw(st.sampled_from(TEXTS))
                return ContainsTerm(name, draw(near(name)), negated)
            case "between":
                name = draw(
                    st.sampled_from(["created", "updated", "due", "next_due", "when"])
                )
                bound = st.one_of(
                    st.just(""),
                    near(name if name != "when" else "due").filter(
                        lambda text: len(text) == 20
                    ),
                    st.just("2026-11-04T09:00:00Z"),
                )
                return BetweenTerm(name, *days(draw(bound), draw(bound)), negated)
        return OneOfTerm(
            draw(st.sampled_from(["closed", "queued", "unanswered"])),
            (draw(st.integers(0, 1)),),
            negated,
        )

    terms = (
        tuple(term() for _ in range(draw(st.integers(0, 3))))
        if draw(st.integers(0, 5))
        else DEFAULT
    )
    columns = st.sampled_from([name for name in COLUMNS if name != "fields"] + fields)
    sort = draw(
        st.just(NEWEST)
        | st.lists(
            st.tuples(columns, st.booleans()), max_size=3, unique_by=lambda s: s[0]
        ).map(tuple)
    )
    return Query(terms, sort, limit=draw(st.sampled_from([0, 0, 1, 3, 2**40])))


def kept(known: Known) -> IndexEntry:
    """A ticket as the index takes it."""
    return IndexEntry(
        path_of(known.ticket.id), b"", "-", 0, cells_of(summary_of(*known))
    )


def agrees(index: Index, query: Query, lot: Sequence[Known]) -> None:
    """The index answers as the second opinion does."""
    assert [row.id for row in select_rows(index, query)] == answer(query, lot), query
    assert count_matching(index, query) == len(answer(query._replace(limit=0), lot)), (
        query
    )
    assert count_by_state(index) == Counter(str(value(known, "state")) for known in lot)


@settings(max_examples=200)
@given(st.data())
def test_lists_agree_with_the_second_implementation(
    lives: list[Known], data: Any
) -> None:
    """Any query gives exactly the tickets for which its terms hold, in its order; the
    sums are right. So after tickets were replaced and removed."""
    lot = data.draw(lots(lives))
    index = build_index(IndexContents(map(kept, lot)), None)
    agrees(index, data.draw(queries(lot)), lot)
    now = {known.ticket.id: known for known in lot}
    for generation in (1, 2):
        changed = data.draw(lots(lives))
        gone = (
            data.draw(st.lists(st.sampled_from(sorted(now)), unique=True))
            if now
            else []
        )
        now = {id_: known for id_, known in now.items() if id_ not in gone} | {
            k.ticket.id: k for k in changed
        }
        assert index.save(
            IndexContents([kept(k) for k in changed]),
            [path_of(id_) for id_ in gone],
            generation,
        )
        agrees(index, data.draw(queries(list(now.values()))), list(now.values()))
    assert not index.save(IndexContents([]), sorted(map(path_of, now)), 1), (
        "somebody else has written it since"
    )
    agrees(index, Query(), list(now.values()))


@pytest.mark.parametrize("name", ["assignee", "field.size"])
@pytest.mark.parametrize("descending", [False, True])
def test_what_is_not_set_comes_last(
    lives: list[Known], name: str, descending: bool
) -> None:
    """Whichever way a list is sorted, what is not set comes last
    (``selection._order``)."""
    dressed = [("a", None, {}), ("b", "x", {"size": 3}), ("c", "y", {"size": 4})]
    heads = [
        replace(lives[0].ticket, id=f"261102-aaaa{end}", assignee=who, fields=held)
        for end, who, held in dressed
    ]
    rows = select_rows(
        index_of(lives[0].profile, heads, lives[0].people),
        Query(sort=((name, descending),)),
    )
    assert "".join(row.id[-1] for row in rows) == ("cba" if descending else "bca")


@pytest.mark.parametrize("text", ["[]", "{}", "0", "none", "null", " "])
def test_any_text_is_a_value(lives: list[Known], text: str) -> None:
    """A field or a customer called ``[]`` is set."""
    head = replace(lives[0].ticket, fields={"label": text}, customer=text)
    index = index_of(lives[0].profile, [head], lives[0].people)
    for name in ("field.label", "customer"):
        assert [
            count_matching(index, Query((PresentTerm(name, not wanted),)))
            for wanted in (True, False)
        ] == [1, 0], name


@pytest.mark.parametrize("column", COLUMNS)
def test_a_list_sorts_by_every_column(lives: list[Known], column: str) -> None:
    """``--sort`` takes all that ``COLUMNS`` names."""
    index = index_of(lives[0].profile, [lives[0].ticket], lives[0].people)
    assert len(list(select_rows(index, Query(sort=((column, True),))))) == 1


# --- the queue ---

PIECES = st.text(
    st.sampled_from(["a", "b", "\x01", "\x7f", "ä", "日", "\uffff", "🎉", "-", "0"]),
    max_size=4,
)


KINDS = {
    "created": DATES,
    "updated": DATES,
    "due": DATES,
    "title": PIECES,
    "size": st.integers(-(2**63), 2**63 - 1),
    "label": PIECES,
    "urgent": st.booleans(),
    "due_now": st.booleans(),
    "queued_at": DATES,
}


ORDERS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.booleans()), min_size=1, max_size=3
).map(tuple)


@settings(max_examples=400)
@given(st.sampled_from(PROFILES), st.none() | ORDERS, st.data())
def test_the_queue_sorts_as_documented(name: str, order: Any, data: Any) -> None:
    """Byte by byte as value by value: what is not set comes last, descending parts are
    turned round."""
    profile = (
        REGISTRY.get(name)
        if order is None
        else replace(REGISTRY.get(name), queue=Queue((), order))
    )
    assert {part for part, _ in profile.queue.order} <= set(KINDS)
    optional = {
        part: kind for part, kind in KINDS.items() if part not in ("created", "updated")
    }
    shape = st.fixed_dictionaries(
        {"created": DATES, "updated": DATES}, optional=optional
    )
    one, other = data.draw(shape), data.draw(shape)
    expected = 0
    for part, descending in profile.queue.order:
        first, second = one.get(part), other.get(part)
        if expected == 0 and first != second:
            unset = (first is None) - (second is None)
            expected = unset or (1 if first > second else -1) * (
                -1 if descending else 1
            )
    ranks = [
        _rank(profile, SimpleNamespace(**held, get=held.get)) for held in (one, other)
    ]  # type: ignore[arg-type]
    assert (ranks[0] > ranks[1]) - (ranks[0] < ranks[1]) == expected


@pytest.mark.parametrize("number", [2**63, 10**30, -(2**63) - 1])
def test_a_number_may_be_of_any_size(lives: list[Known], number: int) -> None:
    """A file changed by hand may hold a number that no machine word does; it stops no
    list."""
    profile = replace(lives[0].profile, queue=Queue((), (("size", True),)))
    head = replace(lives[0].ticket, fields={"size": number})
    assert [
        row.id
        for row in select_rows(
            index_of(profile, [head], lives[0].people), Query(queue=True)
        )
    ] == [head.id]
    assert _rank(profile, head) != _rank(profile, replace(head, fields={"size": 0}))


# --- what a sweep finds by ---


@settings(max_examples=400)
@given(st.data())
def test_a_sweep_finds_what_is_due_by_its_waking(lives: list[Known], data: Any) -> None:
    """Whatever is due at some instant, the ticket was to wake by then; one that never
    wakes has nothing due, ever."""
    name = data.draw(st.sampled_from([*PROFILES, *["clocks"] * 5]))
    profile, ticket, people = data.draw(
        st.sampled_from([known for known in lives if known.profile.name == name])
    )
    moments = DATES | st.sampled_from(["2026-12-25T15:00:00Z", "2026-11-09T14:00:00Z"])
    for name, field in [*profile.fields.items(), ("due", None)]:
        if (field is None or field.type in ("date", "datetime")) and data.draw(
            st.booleans()
        ):
            held = data.draw(st.none() | moments | st.just("soon"))
            fields = (
                {**ticket.fields, name: held} if field and held else dict(ticket.fields)
            )
            ticket = (
                replace(ticket, due=held)
                if field is None
                else replace(ticket, fields=fields)
            )
    hours = [
        *data.draw(st.lists(st.integers(0, 24 * 90), min_size=8, max_size=8)),
        20000,
    ]
    instants = [
        parse_instant(ticket.updated) + timedelta(hours=hour, minutes=hour % 60)
        for hour in hours
    ]
    for timer in timers(profile, ticket):
        for number in (timer.done + 1, timer.done + 2):
            instants += [
                timer.occurrence(number, profile) + timedelta(seconds=more)
                for more in (-1, 0, 1, 86400 * 3)
            ]
    waking = wake_of(coming(profile, ticket, people))
    for now in instants:
        if fires := list(due_now(Situation(profile, people, now), ticket)):
            assert waking and waking <= format_instant(now), (waking, now, fires)
