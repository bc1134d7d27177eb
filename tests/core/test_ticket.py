"""A ticket is the fold of its events; ids and order survive merges."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.drafts import ID, ROOT, entry, histories, sealed
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import event_id, heads, order, predecessors, seal
from ticketctl.core.ticket import Ticket, apply, flat, fold
from ticketctl.record import replace

# --- the fold ---


def by_hand(history: Sequence[Entry]) -> dict[str, Any]:
    """The head that a history gives, told in other words than the program's: a
    dictionary that is written over."""
    head: dict[str, Any] = {}
    done = set()
    for one in history:
        key = (
            (one.rule, one.anchor, one.occurrence or 1)
            if one.rule and one.anchor and one.due
            else None
        )
        if key and key in done:
            continue
        done.add(key)
        for name in one.unset:
            base, _, item = name.removeprefix("fields.").partition(".")
            if name == "title":
                continue
            if not item:
                head.pop(name, None)
            elif isinstance(head.get(f"fields.{base}"), Mapping):
                head[f"fields.{base}"] = {
                    k: v for k, v in head[f"fields.{base}"].items() if k != item
                }
                if not head[f"fields.{base}"]:
                    del head[f"fields.{base}"]
            else:
                head.pop(f"fields.{base}", None)
        for name, value in one.sets.items():
            base, _, item = name.removeprefix("fields.").partition(".")
            if item:
                old = head.get(f"fields.{base}")
                value = {**(old if isinstance(old, Mapping) else {}), item: str(value)}
            head[f"fields.{base}" if name.startswith("fields.") else name] = value
        if one.to:
            head["status"] = one.to
    return head


@given(histories)
def test_fold_is_stepwise_apply(history: tuple[Entry, ...]) -> None:
    """Where no key comes twice, folding is applying one after the other."""
    keys = [one.key for one in history if one.key]
    if len(set(keys)) == len(keys):
        assert fold(history) == reduce(apply, history, None)


@given(histories, st.data())
def test_fold_goes_on(history: tuple[Entry, ...], data: st.DataObject) -> None:
    """A fold can be interrupted anywhere where what follows has new keys."""
    cut = data.draw(st.integers(1, len(history)))
    old = {one.key for one in history[:cut] if one.key}
    keys = [one.key for one in history[cut:] if one.key]
    if not old.intersection(keys) and len(set(keys)) == len(keys):
        assert reduce(apply, history[cut:], fold(history[:cut])) == fold(history)


@given(histories)
def test_fold_by_hand(history: tuple[Entry, ...]) -> None:
    """The head is what every entry's effect, written down one over the other, leaves."""
    ticket = fold(history)
    head = by_hand(history)
    assert ticket.history == history
    assert (ticket.id, ticket.profile, ticket.version) == (
        head["ticket"],
        head["profile"],
        head["version"],
    )
    for name in (
        "title",
        "status",
        "customer",
        "assignee",
        "due",
        "follows",
        "watchers",
    ):
        assert ticket.get(name) == head.get(name)
    assert ticket.fields == {
        k.removeprefix("fields."): v for k, v in head.items() if k.startswith("fields.")
    }


@given(histories)
def test_head_keys(history: tuple[Entry, ...]) -> None:
    """The head has its keys in order, fields by name, and no key without a value."""
    head = fold(history).head()
    known = [
        "id",
        "profile",
        "title",
        "status",
        "customer",
        "assignee",
        "due",
        "follows",
        "watchers",
        "fields",
    ]
    assert list(head) == [key for key in known if key in head]
    assert list(head.get("fields", {})) == sorted(head.get("fields", {}))
    assert all(value not in (None, (), [], {}) for value in head.values())


@given(histories)
def test_applying_changes_nothing_given(history: tuple[Entry, ...]) -> None:
    """What was given to a step stays as it was."""
    ticket = fold(history[:-1] or history)
    before = copy.deepcopy(ticket)
    apply(ticket, history[-1])
    assert ticket == before


def test_checklist_items() -> None:
    """One item of a checklist is set and cleared by its own name; a checklist without
    items is none."""
    history = sealed(
        ROOT,
        entry(sets={"fields.checklist": {"a": "open", "b": "open"}}),
        entry(sets={"fields.checklist.a": "done", "fields.checklist.c": "open"}),
        entry(unset=("fields.checklist.b",)),
    )
    assert fold(history).fields == {"checklist": {"a": "done", "c": "open"}}
    assert fold(history[:2]).fields == {"checklist": {"a": "open", "b": "open"}}
    assert fold(history).get("checklist.a") == "done"
    assert fold(history).get("checklist.b") is None
    rest = entry(unset=("fields.checklist.a", "fields.checklist.c"))
    assert fold((*history, seal(history, rest))).fields == {}
    assert [flat(name) for name in ("title", "due", "release", "fields.x")] == [
        "title",
        "due",
        "fields.release",
        "fields.x",
    ]


def test_no_ticket() -> None:
    """A history begins with a creation that says of what."""
    with pytest.raises(ValueError, match="the history is empty"):
        fold([])
    with pytest.raises(ValueError, match="does not set ticket, profile, title"):
        fold([entry(to="New")])
    with pytest.raises(ValueError, match="does not set to"):
        fold([replace(ROOT, to=None)])


# --- twins ---

FIRED: dict[str, Any] = {
    "rule": "r",
    "anchor": "e000000000001",
    "due": "2026-11-21T09:00:00Z",
}


@given(st.integers(1, 4), st.integers(1, 4))
def test_twins_have_one_effect(before: int, after: int) -> None:
    """Of entries with one key only the first does something; all of them stay in the
    history."""
    one, other = (
        entry(1, to="Closed", **FIRED),
        entry(2, to="Open", sets={"assignee": "joe"}, **FIRED),
    )
    between = [entry(3 + i, note=str(i)) for i in range(before)]
    later = [entry(9 + i, sets={"fields.a": str(i)}) for i in range(after)]
    with_twin = fold(sealed(ROOT, one, *between, other, *later))
    without = fold(sealed(ROOT, one, *between, *later))
    assert replace(with_twin, history=(), idle={}) == replace(without, history=())
    assert list(with_twin.idle.values()) == ["twin"]
    assert len(with_twin.history) == len(without.history) + 1
    assert with_twin.status == "Closed"


@pytest.mark.parametrize(
    "other",
    [{"rule": "s"}, {"anchor": "e000000000002"}, {"occurrence": 2}, {"due": None}],
    ids=["another rule", "another anchor", "another occurrence", "not by time"],
)
def test_no_twins(other: dict[str, Any]) -> None:
    """A key is rule, anchor and occurrence; what a trigger did has none."""
    history = sealed(
        ROOT, entry(1, to="Closed", **FIRED), entry(2, to="Open", **{**FIRED, **other})
    )
    assert fold(history).status == "Open"


@given(histories)
def test_repeating_automatic_entries_is_harmless(history: tuple[Entry, ...]) -> None:
    """Every automatic entry once more at the end changes nothing of the head."""
    again = list(history)
    for one in history:
        if one.key:
            again.append(seal(again, one))
    assert replace(fold(again), history=(), idle={}) == replace(
        fold(history), history=(), idle={}
    )


# --- ids ---


@given(histories)
def test_linear_histories_have_no_after(history: tuple[Entry, ...]) -> None:
    """Who sees one head names no predecessors; each entry was built on the one above."""
    assert all(one.after == () for one in history)
    assert heads(history) == (history[-1].id,)
    for position, one in enumerate(history):
        assert predecessors(history, position) == (
            (history[position - 1].id,) if position else ()
        )
        assert one.id == event_id(one.content(), predecessors(history, position))
        assert len(one.id) == 13


# --- merging ---


def before_of(*histories_: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """What every entry of some histories was built on."""
    return {one.id: predecessors(h, i) for h in histories_ for i, one in enumerate(h)}


def merge(*histories_: Sequence[Entry]) -> tuple[Entry, ...]:
    """The union of some histories as a file would have it: in order, with ``after``
    where it is needed."""
    before = before_of(*histories_)
    union = {one.id: one for history in histories_ for one in history}
    ordered = order(list(union.values()), before)
    written: list[Entry] = []
    for one in ordered:
        linear = before[one.id] == ((written[-1].id,) if written else ())
        written.append(replace(one, after=() if linear else before[one.id]))
    return tuple(written)


def grown(history: tuple[Entry, ...], *more: Entry) -> tuple[Entry, ...]:
    """A history after more entries, each made with all heads in sight."""
    for draft in more:
        history = (*history, seal(history, draft))
    return history


@st.composite
def clones(draw: st.DrawFn) -> list[tuple[Entry, ...]]:
    """The histories of some clones of one ticket that wrote and merged in any order."""
    found = [grown(sealed(ROOT), entry(draw(st.integers(0, 9))))] * draw(
        st.integers(2, 4)
    )
    for number in range(draw(st.integers(1, 9))):
        who = draw(st.integers(0, len(found) - 1))
        if draw(st.booleans()):
            found[who] = merge(found[who], found[draw(st.integers(0, len(found) - 1))])
        else:
            found[who] = grown(
                found[who], entry(draw(st.integers(0, 30)), note=f"{who}.{number}")
            )
    return found


@given(clones(), st.randoms(use_true_random=False))
def test_order_is_of_the_set(
    found: list[tuple[Entry, ...]], rng: random.Random
) -> None:
    """Whatever the order in which the entries come, one order comes out, and no entry
    stands before what it was built on."""
    before = before_of(*found)
    entries = list({one.id: one for history in found for one in history}.values())
    ordered = order(entries, before)
    assert sorted(one.id for one in ordered) == sorted(one.id for one in entries)
    place = {one.id: i for i, one in enumerate(ordered)}
    for one in ordered:
        assert all(place[name] < place[one.id] for name in before[one.id])
    for _ in range(3):
        rng.shuffle(entries)
        assert order(entries, before) == ordered


@given(clones())
def test_clones_converge(found: list[tuple[Entry, ...]]) -> None:
    """Merging is the same whoever does it, in whatever order and grouping, and as often
    as one likes."""
    whole = merge(*found)
    assert merge(*reversed(found)) == whole
    assert merge(whole, *found) == whole
    assert reduce(merge, found) == whole
    assert before_of(whole) == {
        name: tuple(sorted(ids)) for name, ids in before_of(*found).items()
    }
    assert all(
        event_id(e.content(), predecessors(whole, i)) == e.id
        for i, e in enumerate(whole)
    )
    assert replace(fold(whole), history=()).id == ID


@given(clones())
def test_after_is_written_where_it_must(found: list[tuple[Entry, ...]]) -> None:
    """``after`` stands exactly where an entry was not built on just the one above it,
    and names all heads in sight."""
    whole = merge(*found)
    for position, one in enumerate(whole):
        above = (whole[position - 1].id,) if position else ()
        assert (one.after == ()) == (before_of(*found)[one.id] == above)
    tops = heads(whole)
    assert tops == tuple(
        sorted(
            {one.id for one in whole}
            - {name for names in before_of(whole).values() for name in names}
        )
    )
    following = seal(whole, entry(note="next"))
    assert following.after == (() if tops == (whole[-1].id,) else tops)
    assert heads((*whole, following)) == (following.id,)


def test_two_branches() -> None:
    """After a merge of two branches the next entry names both heads; the one after it
    names none."""
    base = sealed(ROOT, entry(1))
    ours, theirs = (
        grown(base, entry(2, note="ours")),
        grown(base, entry(3, note="theirs"), entry(4, note="more")),
    )
    whole = merge(ours, theirs)
    assert [one.note for one in whole] == [None, None, "ours", "theirs", "more"]
    assert [one.after for one in whole] == [(), (), (), (base[-1].id,), ()]
    assert heads(whole) == tuple(sorted([ours[-1].id, theirs[-1].id]))
    both = seal(whole, entry(5))
    assert both.after == heads(whole)
    assert both.id == event_id(both.content(), heads(whole))
    alone = seal((*whole, both), entry(6))
    assert alone.after == ()


def test_branches_are_not_mixed() -> None:
    """A branch is written to its end before the other goes on, whatever the clocks say;
    the earlier branch comes first."""
    base = sealed(ROOT)
    one = grown(base, entry(2, note="1a"), entry(50, note="1b"))
    other = grown(base, entry(1, note="2a"), entry(40, note="2b"))
    assert [e.note for e in merge(one, other)] == [None, "2a", "2b", "1a", "1b"]
    third = grown(merge(one, other), entry(0, note="end"))
    assert [e.note for e in merge(third, one)] == [None, "2a", "2b", "1a", "1b", "end"]


def test_same_second() -> None:
    """Of two entries of one second the smaller id comes first."""
    base = sealed(ROOT)
    branches = [grown(base, entry(1, note=str(number))) for number in range(5)]
    for some in itertools.permutations(branches, 3):
        ids = [e.id for e in merge(*some)[1:]]
        assert ids == sorted(ids)


def test_twins_of_two_clones() -> None:
    """Two clones that both swept hold two entries of one key: both are kept, and they
    have one effect."""
    base = sealed(ROOT, entry(1))
    fired = {**FIRED, "anchor": base[-1].id}
    one, other = (
        grown(base, entry(5, to="Closed", **fired)),
        grown(base, entry(6, to="Closed", **fired)),
    )
    ticket: Ticket = fold(merge(one, other))
    assert len(ticket.history) == 4
    assert ticket.status == "Closed"
    reopened = grown(merge(one, other), entry(9, to="Open"))
    assert fold(reopened).status == "Open"
    assert fold(merge(reopened, other)) == fold(reopened)
