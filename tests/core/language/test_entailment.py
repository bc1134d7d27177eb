"""Tests of ``ticketctl.core.language.entailment``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.profile_mutants import NOW, PROFILE, ticket
from ticketctl.core.actions import MoveAction, SetAction
from ticketctl.core.conditions import (
    AllowedCondition,
    AnyOfCondition,
    ChannelCondition,
    Condition,
    Event,
    FieldCheck,
    FieldCondition,
    MessageCondition,
    NotCondition,
    RoleCondition,
    SeenCondition,
    StateCondition,
    StatusCondition,
    TextCondition,
    WhenCondition,
)
from ticketctl.core.engine.context import EvalContext, Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.guards import failures
from ticketctl.core.engine.requests import Actor, Change, Decision
from ticketctl.core.language.assumptions import Assumptions
from ticketctl.core.language.entailment import exclusive, follows, impossible
from ticketctl.core.language.rule_checks import rules_can
from ticketctl.core.people import People
from ticketctl.core.profile import Profile, Trigger
from ticketctl.record import replace

ROLES, CHANNELS, SAID = (
    ("customer", "agent", "system"),
    ("cli", "mail"),
    (None, "hello", "bye"),
)


REPLY = Event("customer_message")


fields_ = st.one_of(
    st.builds(
        lambda word: FieldCondition("x", (FieldCheck(word),)),
        st.sampled_from(["present", "absent", "changed"]),
    ),
    st.builds(
        lambda values: FieldCondition("x", (FieldCheck("is", values),)),
        st.sampled_from([("p",), ("q",), ("p", "q")]),
    ),
    st.builds(
        lambda word: FieldCondition("y", (FieldCheck(word),)),
        st.sampled_from(["present", "absent"]),
    ),
    st.builds(
        lambda part: FieldCondition(
            "y", (FieldCheck("present"), FieldCheck("contains", (part,)))
        ),
        st.sampled_from("vw"),
    ),
)


others = st.one_of(
    st.builds(
        lambda names: StatusCondition(names),
        st.sampled_from([("A",), ("B",), ("A", "B"), ("B", "C")]),
    ),
    st.builds(
        lambda names: StateCondition(names),
        st.sampled_from([("new",), ("open", "closed")]),
    ),
    st.builds(
        lambda names: RoleCondition(names),
        st.sampled_from([("agent",), ("customer", "agent"), ("system",)]),
    ),
    st.builds(lambda name: ChannelCondition((name,)), st.sampled_from(CHANNELS)),
    st.builds(
        lambda name: MessageCondition((name,)),
        st.sampled_from(["public", "note", "any"]),
    ),
    st.builds(
        lambda names: TextCondition(names),
        st.sampled_from([("hell",), ("bye",), ("hell", "bye")]),
    ),
    st.just(SeenCondition(REPLY)),
)


allowed_ = st.builds(
    lambda name: AllowedCondition((name,)), st.sampled_from(["B", "C"])
)


def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Tests made of tests."""
    some = st.lists(inner, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(lambda tests: NotCondition(tests), some),
        st.builds(lambda tests: AnyOfCondition(tests), some),
        st.builds(lambda tests, then: WhenCondition(tests, then), some, some),
    )


needs_ = st.recursive(st.one_of(fields_, fields_, others), nested, max_leaves=4)


tests_ = st.recursive(
    st.one_of(fields_, fields_, others, allowed_), nested, max_leaves=4
)


lists_ = st.lists(tests_, max_size=3)


def scenes(status: str, role: str = "") -> Iterator[EvalContext]:
    """Every small scene in a status (in a role)."""
    for x, y, answered in itertools.product(
        (None, "p", "q"), (None, "v", "w"), (False, True)
    ):
        one = ticket(status, x, y, answered)
        for who, channel, text, note in itertools.product(
            [role] if role else ROLES, CHANNELS, SAID, (None, "n")
        ):
            for changed in (frozenset[str](), frozenset(["x"])):
                yield EvalContext(
                    PROFILE,
                    People(),
                    NOW,
                    one,
                    one.history,
                    who,
                    who,
                    who,
                    channel,
                    text,
                    note,
                    None,
                    changed,
                )


ALL = {
    (status, role): list(scenes(status, role))
    for status in "AB"
    for role in ("", "system")
}


@settings(max_examples=150)
@given(st.sampled_from("AB"), lists_, tests_, st.sampled_from(["", "system"]))
def test_what_follows_is_so(
    status: str, known: list[Condition], need: Condition, role: str
) -> None:
    """If a test is said to follow from others, it passes in every scene in which those
    pass."""
    if follows(Assumptions(PROFILE, status, role=role).knowing(known), [need]):
        return
    for context in ALL[status, role]:
        assert failures(known, context) or not failures([need], context), context


@settings(max_examples=150)
@given(st.sampled_from("AB"), lists_, lists_)
def test_what_excludes_excludes(
    status: str, one: list[Condition], other: list[Condition]
) -> None:
    """If two lists of tests are said to exclude each other, they never pass together."""
    if not exclusive(Assumptions(PROFILE, status), one, other):
        return
    for context in ALL[status, ""]:
        assert failures([*one, *other], context), context


@settings(max_examples=150)
@given(st.sampled_from("AB"), lists_)
def test_what_is_impossible_never_is(status: str, tests: list[Condition]) -> None:
    """If a list of tests is said to be impossible, it never passes."""
    if not impossible(Assumptions(PROFILE, status), tests):
        return
    for context in ALL[status, ""]:
        assert failures(tests, context), context


sets_ = st.dictionaries(
    st.sampled_from(["x", "y"]),
    st.sampled_from([None, "p", "$assignee", "$title"]),
    max_size=2,
)


said_ = st.sampled_from(["", "so"])


moves_ = st.builds(
    lambda sets, text, note: MoveAction("B", text, note, sets), sets_, said_, said_
)


firsts_ = st.one_of(st.just(()), sets_.map(lambda sets: (SetAction(sets),)))


needed_ = st.lists(st.one_of(fields_, needs_), max_size=2).map(tuple)


@st.composite
def tiny_profiles(draw: st.DrawFn) -> Profile:
    """A profile in which one rule moves from A to B, with any tests anywhere."""
    when = (StatusCondition(("A",)), *draw(lists_))
    rule = Trigger(
        "mover", (REPLY, Event("staff_event")), when, (*draw(firsts_), draw(moves_))
    )
    statuses = dict(PROFILE.statuses)
    keeps = [test for test in draw(needed_) if isinstance(test, FieldCondition)]
    statuses["A"] = replace(statuses["A"], invariants=tuple(keeps))
    statuses["B"] = replace(
        statuses["B"], preconditions=draw(needed_), invariants=draw(needed_)
    )
    before, edge, after = PROFILE.edges
    edge = replace(edge, preconditions=draw(needed_), sets=draw(sets_))
    return replace(
        PROFILE, statuses=statuses, edges=(before, edge, after), triggers=(rule,)
    )


REQUESTS = [
    Change(Actor(who, role), text=text, note=note, via=via, sets=sets, unset=unset)
    for who, role in (("jane", "customer"), ("amy", "agent"))
    for text, note in (("hello", None), (None, "n"), ("bye", "n"), (None, None))
    for via in (None, "mail")
    for sets, unset in (({}, ()), ({"x": "q"}, ()), ({}, ("x",)))
]


@settings(max_examples=150)
@given(tiny_profiles())
def test_a_proved_rule_is_never_refused(profile: Profile) -> None:
    """Point 6: if the checker has nothing to say of a rule's move, then it is allowed
    whenever the rule acts."""
    if list(rules_can(profile)):
        return
    for x, y, answered in itertools.product(
        (None, "p", "q"), (None, "v", "w"), (False, True)
    ):
        one = ticket("A", x, y, answered, profile)
        context = EvalContext(
            profile, People(), NOW, one, one.history, "system", "system", "system"
        )
        if failures(profile.statuses["A"].invariants, context):
            continue
        for request in REQUESTS:
            outcome = decide(Situation(profile, People(), NOW), one, request)
            if isinstance(outcome, Decision):
                assert [
                    words for words in outcome.warnings if words.startswith("rule ")
                ] == [], request
