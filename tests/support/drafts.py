"""Histories that Hypothesis draws, and the entries in them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import seal

ID = "261121-k3qx9"


ROOT = Entry(
    "2026-11-21T09:14:03Z",
    "jane",
    "customer",
    "created",
    to="New",
    sets={
        "ticket": ID,
        "profile": "biztech",
        "version": 1,
        "title": "T",
        "customer": "jane",
    },
)


def entry(second: int = 0, **content: Any) -> Entry:
    """An entry of staff, some seconds after the first."""
    return Entry(
        f"2026-11-21T09:{20 + second // 60 % 40:02d}:{second % 60:02d}Z",
        "amy",
        "agent",
        "edited",
        **content,
    )


def sealed(*drafts: Entry) -> tuple[Entry, ...]:
    """A linear history."""
    history: tuple[Entry, ...] = ()
    for draft in drafts:
        history = (*history, seal(history, draft))
    return history


# --- what may stand in a history ---

words = st.sampled_from(["a", "b", "yes", "ä\n", "😀", "1"])


checklist = st.dictionaries(
    st.sampled_from(["a", "b", "2-c"]), st.sampled_from(["open", "done"]), min_size=1
)


values: st.SearchStrategy[Value] = st.one_of(
    words,
    st.integers(-9, 9),
    st.booleans(),
    st.lists(words, min_size=1, max_size=2).map(tuple),
    checklist,
)


NAMES = [
    "title",
    "customer",
    "assignee",
    "due",
    "follows",
    "watchers",
    "fields.a",
    "fields.b",
    "fields.c.x",
    "fields.c.y",
    "fields.c",
]


@st.composite
def drafts(draw: st.DrawFn) -> Entry:
    """Any entry but the first, not sealed. Keys of automations come from few, so that
    twins occur."""
    key = draw(
        st.one_of(
            st.none(),
            st.tuples(words, st.sampled_from(["e000000000001", "e000000000002"])),
        )
    )
    sets: dict[str, Value] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)):
        texts = (
            st.lists(words, min_size=1, max_size=2).map(tuple)
            if name == "watchers"
            else words
        )
        sets[name] = draw(
            values if name.startswith("fields.") and name.count(".") == 1 else texts
        )
    return entry(
        draw(st.integers(0, 2000)),
        to=draw(st.sampled_from([None, "Open", "Closed"])),
        sets=sets,
        unset=tuple(
            draw(st.lists(st.sampled_from([*NAMES[1:]]), unique=True, max_size=2))
        ),
        text=draw(st.one_of(st.none(), words)),
        note=draw(st.one_of(st.none(), words)),
        quiet=draw(st.booleans()),
        recipients=draw(st.sampled_from([(), ("jane",), ("jane", "joe")])),
        occurrence=draw(st.sampled_from([None, 2])) if key else None,
        **(
            {"rule": key[0], "anchor": key[1], "due": "2026-11-21T09:00:00Z"}
            if key
            else {}
        ),
    )


histories = st.lists(drafts(), max_size=6).map(lambda more: sealed(ROOT, *more))
