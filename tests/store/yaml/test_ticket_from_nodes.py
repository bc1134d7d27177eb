"""Tests of ``ticketctl.store.yaml.ticket_from_nodes``."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ticket_files import ID, SAMPLE, read
from ticketctl.errors import BrokenError
from ticketctl.store.paths import path_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SAMPLE.replace("status: Open", "status: &a Open"), "anchors"),
        (SAMPLE.replace("status: Open", "status: !x Open"), "tags"),
        (SAMPLE.replace("assignee: amy@support.example", "assignee: *a", 1), "alias"),
        (SAMPLE.replace("fields:\n", "fields:\n  <<: {a: b}\n"), "merge keys"),
        ("%YAML 1.1\n---\n" + SAMPLE, "directives"),
        (SAMPLE + "---\na: b\n", "more than one document"),
        (
            SAMPLE.replace("status: Open", "status: Open\nstatus: New"),
            'duplicate key "status"',
        ),
        ("a: " + "[" * 5000, "nested deeper"),
        ("a: " + "[" * 21 + "]" * 21 + "\n" + SAMPLE, "nested deeper"),
        (SAMPLE + "<<<<<<< ours\n", "unresolved merge"),
        (SAMPLE.replace("id: 261121-k3qx9", "id: 261121-k3qx8"), "is named"),
        (
            SAMPLE.replace("ticket: 261121-k3qx9", "ticket: 261121-k3qx8"),
            "the history belongs to",
        ),
        (SAMPLE.partition("history:")[0], 'missing "history"'),
        ("", "empty"),
        ("- a\n", "not a ticket file"),
        (SAMPLE.replace("event: moved", "event: movd"), "is unknown"),
        (
            SAMPLE.replace("at: 2026-11-21T09:20:41Z", "at: 2026-11-31T09:20:41Z"),
            "at is wrong",
        ),
        (SAMPLE.replace("role: agent\n", "role:\n"), "role must be a text"),
        (
            SAMPLE.replace("    assignee: amy@support.example", "    assignee:"),
            "an invalid value",
        ),
        (
            SAMPLE.replace(
                "title: Invoice shows the wrong address\n    customer", "customer"
            ),
            "does not set title",
        ),
    ],
)
def test_broken_files(text: str, words: str) -> None:
    """What is not a ticket is named as such, with its file; nothing else is ever
    raised."""
    with pytest.raises(BrokenError, match=words) as caught:
        read(text.encode(), ID)
    assert caught.value.place is not None
    assert caught.value.place.path == path_of(ID)


@settings(max_examples=150)
@given(st.data())
def test_damaged_files(data: st.DataObject) -> None:
    """Any damage to the bytes gives a ticket or a located "broken ticket"."""
    whole = bytearray(SAMPLE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 8)))
        damage = st.sampled_from([b"[", b"{", b"- ", b"\n", b": ", b'"', b"?"])
        whole[start:end] = data.draw(st.one_of(st.binary(max_size=4), damage))
    try:
        assert read(bytes(whole), ID).ticket.id == ID
    except BrokenError as error:
        assert error.place is not None
        assert error.place.path == path_of(ID)
