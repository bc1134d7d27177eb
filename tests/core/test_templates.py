"""Tests of ``ticketctl.core.templates``."""

from __future__ import annotations

from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.large_profiles import AMY, HEAD, JANE, NOW, many, opened, sound
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Change, Decision, Refusal
from ticketctl.core.people import NOBODY_LISTED
from ticketctl.core.templates import MOST, TooLongError, filled, names_in, shortened


@given(
    st.lists(
        st.sampled_from(
            ["$", "{", "}", "a", "title", "b_c", "A", " ", "5", "é", "$$", "\n", "${a}"]
        ),
        max_size=9,
    )
)
def test_names_are_filled_in_as_the_standard_library_does(parts: list[str]) -> None:
    """``string.Template`` would do; it takes a millisecond to load, which every move
    that tells somebody would pay."""
    text, values = "".join(parts), {"a": "1", "title": "$a", "b_c": "", "A": "2"}
    assert filled(text, values) == Template(text).safe_substitute(values)
    assert names_in(text) == [
        m["named"] or m["braced"]
        for m in Template.pattern.finditer(text)
        if m["named"] or m["braced"]
    ]


DOUBLING = (
    HEAD
    + "triggers:\n"
    + many("- {name: t#, on: customer_message, do: [{set: {a: $a$a}}]}\n", 40)
)


def test_a_value_that_doubles_is_refused_before_it_is_built() -> None:
    """40 triggers made 2.8 GB of one letter; the refusal names profile, rule and field."""
    profile = sound(DOUBLING)
    made = decide(
        Situation(profile, NOBODY_LISTED, NOW),
        opened(profile, a="x"),
        Change(Actor(JANE, "customer"), text="n"),
    )
    assert isinstance(made, Refusal)
    assert made.reasons[0].startswith("own, rule t1")
    assert " a " in made.reasons[0]
    assert "1,048,576" in made.reasons[0]


@pytest.mark.parametrize(
    "action",
    [
        "{set: {memo: BIG}}",
        "{note: BIG}",
        "{move: Done, text: BIG}",
        "{move: Done, note: BIG}",
        "{move: Done, set: {memo: BIG}}",
        "{follow_up: BIG}",
    ],
)
def test_wherever_a_value_is_filled_in(action: str) -> None:
    """Fields, notes, texts, titles."""
    rule = f"triggers:\n- {{name: big, on: customer_message, do: [{action.replace('BIG', '$a' * 5000)}]}}\n"
    profile = sound(HEAD + rule)
    ticket = opened(profile, a="x" * 1000)
    made = decide(
        Situation(profile, NOBODY_LISTED, NOW),
        ticket,
        Change(Actor(JANE, "customer"), text="t", follow_id="261102-bbbbb"),
    )
    assert isinstance(made, Refusal)
    assert "own, rule big: " in made.reasons[0]
    assert "5,000,000" in made.reasons[0]


def test_what_a_notification_or_a_refusal_says_is_cut() -> None:
    """Nobody's act fails because a message about it would be long."""
    text = "messages: {m: {subject: $title, body: BIG}}\ntriggers:\n"
    text += "- {name: big, on: staff_event, do: [{warn: BIG}, {notify: customer, message: m}]}\n"
    profile = sound(HEAD + text.replace("BIG", "$a" * 5000))
    made = decide(
        Situation(profile, NOBODY_LISTED, NOW),
        opened(profile, a="x" * 1000),
        Change(Actor(AMY, "agent"), note="n"),
    )
    assert isinstance(made, Decision)
    assert 500_000 < len(made.notifications[0].body) <= MOST
    assert "[...]" in made.notifications[0].body
    assert len(made.warnings[0]) <= MOST


def test_filling_in_itself() -> None:
    """What is short is as it was; what is long is measured first."""
    assert (
        filled("$a ${a} $$ $b $5", {"a": 1})
        == shortened("$a ${a} $$ $b $5", {"a": 1})
        == "1 1 $ $b $5"
    )
    with pytest.raises(TooLongError):
        filled("$a" * 30_000, {"a": "x" * 100_000})
    assert len(shortened("$a" * 30_000, {"a": "x" * 100_000})) <= MOST
