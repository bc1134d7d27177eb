"""Tests of ``ticketctl.core.entry``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.drafts import drafts, histories
from tests.support.ticket_files import entries
from ticketctl.core.entry import ENTRY_KEYS, Entry
from ticketctl.core.history_graph import entry_id, event_id, predecessors
from ticketctl.record import replace


@given(drafts())
def test_content_and_back(draft: Entry) -> None:
    """An entry is its content, key by key in the file's order; what it does not know,
    it keeps."""
    one = replace(draft, extra={"mood": "good"})
    content = one.content()
    assert Entry.from_content(content) == one
    assert [key for key in content if key != "mood"] == [
        key for key in ENTRY_KEYS if key in content
    ]
    assert event_id(content, ["b", "a"]) == event_id(
        dict(reversed(content.items())), ["a", "b"]
    )


OTHER: dict[str, Any] = {
    "nth": 7,
    "quiet": True,
    "told": ["x"],
    "unset": ["x"],
    "files": ["x"],
    "set": {"x": "y"},
    "version": 2,
}


def edits(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every way to set, change, or take away one key of an entry, or one key of what it
    sets."""
    found = []
    for key in (*ENTRY_KEYS, "mood"):
        if key in ("id", "after"):
            continue
        if key in content:
            found.append({k: v for k, v in content.items() if k != key})
        value = content.get(key)
        if isinstance(value, str):
            found += [
                {**content, key: value + "x"},
                {**content, key: value + "\n"},
                {**content, key: value[1:]},
            ]
        elif isinstance(value, bool):
            found += [{**content, key: False}, {**content, key: 1}]
        elif isinstance(value, int):
            found += [{**content, key: value + 1}, {**content, key: str(value)}]
        elif isinstance(value, list):
            found += [
                {**content, key: [*value, "z"]},
                {**content, key: value[::-1]},
                {**content, key: value[1:]},
            ]
        elif isinstance(value, Mapping):
            found += [{**content, key: {**value, "z": "z"}}]
            for name, item in value.items():
                found.append(
                    {**content, key: {k: v for k, v in value.items() if k != name}}
                )
                found.append(
                    {
                        **content,
                        key: {**value, name: 99 if isinstance(item, str) else "99"},
                    }
                )
                found.append(
                    {
                        **content,
                        key: {**value, name: not item}
                        if isinstance(item, bool)
                        else {**value, name: [item]},
                    }
                )
        else:
            found.append({**content, key: OTHER.get(key, "x")})
    return [edit for edit in found if edit != content or repr(edit) != repr(content)]


@settings(max_examples=60)
@given(histories)
def test_every_edit_breaks_the_chain(history: tuple[Entry, ...]) -> None:
    """Whatever single key of whatever entry is edited, its id is no longer that of its
    content."""
    for position, one in enumerate(history):
        before = predecessors(history, position)
        for edit in edits(one.content()):
            assert event_id(edit, before) != one.id
        assert event_id(one.content(), [*before, "e000000000009"]) != one.id
        assert not before or event_id(one.content(), before[1:]) != one.id


@given(histories, st.data())
def test_every_shift_breaks_the_chain(
    history: tuple[Entry, ...], data: st.DataObject
) -> None:
    """Taking an entry out, or two neighbours for each other, shows in the ids of what
    follows."""

    def broken(entries: Sequence[Entry]) -> bool:
        return any(
            event_id(e.content(), predecessors(entries, i)) != e.id
            for i, e in enumerate(entries)
        )

    assert not broken(history)
    if len(history) > 2:
        place = data.draw(st.integers(0, len(history) - 2))
        assert broken(history[:place] + history[place + 1 :])
        if history[place].id != history[place + 1].id:
            assert broken(
                (
                    *history[:place],
                    history[place + 1],
                    history[place],
                    *history[place + 2 :],
                )
            )


def test_ids_do_not_depend_on_the_way_of_writing() -> None:
    """A tuple is a list, the order of keys is none, and true is not 1."""
    assert event_id({"told": ["a"], "by": "x"}, []) == event_id(
        {"by": "x", "told": ["a"]}, ()
    )
    assert event_id({"set": {"a": True}}, []) != event_id({"set": {"a": 1}}, [])
    assert event_id({"set": {"a": "1"}}, []) != event_id({"set": {"a": 1}}, [])
    assert event_id({"id": "e1", "after": ["x"], "by": "x"}, []) == event_id(
        {"by": "x"}, []
    )


# --- the fast reader ---


@given(entries(), st.lists(st.text(max_size=3), max_size=2))
def test_the_short_way_to_the_id_of_an_entry(one: Entry, before: list[str]) -> None:
    """It is that of the content, whatever the content is."""
    assert entry_id(one, before) == event_id(one.content(), before)
    more = replace(
        one,
        extra={"odd": [1]},
        sets={**one.sets, "fields.list": ("a",), "fields.none": (), "fields.n": 7},
    )
    assert entry_id(more, before) == event_id(more.content(), before)
    assert entry_id(replace(more, extra={}), before) == event_id(
        replace(more, extra={}).content(), before
    )
