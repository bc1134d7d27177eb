"""The ticket file (docs/ticket-file.md): one text for a ticket, for every YAML reader."""

from __future__ import annotations

import gc
import io
import re
import tracemalloc
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.support.ticket_files import ID, SAMPLE, TRICKY, read, texts, tickets
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import entry_id, event_id, predecessors, seal
from ticketctl.core.ticket import Ticket, fold
from ticketctl.core.yaml_node import plain
from ticketctl.record import replace
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.writer import emit, is_literal, is_plain


def ruamel(version: tuple[int, int] | None = None) -> YAML:
    """The YAML library as an oracle: without a version its round trip, else its safe
    reader of that version."""
    yaml = YAML(typ="safe" if version else "rt", pure=True)
    if version:
        yaml.version = version
    else:
        yaml.preserve_quotes = True
        yaml.width = 2**31
    return yaml


def round_trip(data: bytes) -> bytes:
    """The bytes after ruamel.yaml has loaded and dumped them."""
    out = io.StringIO()
    yaml = ruamel()
    yaml.dump(yaml.load(data.decode()), out)
    return out.getvalue().encode()


def as_texts(value: Any) -> Any:
    """What a YAML library made of a file, with its instants and dates as the file has
    them."""
    if isinstance(value, dict):
        return {str(key): as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    if isinstance(value, datetime):
        return (
            value.replace(tzinfo=None) - (value.utcoffset() or UTC.utcoffset(None))
        ).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


# --- the sample ---


def test_sample_ids() -> None:
    """Both event ids of the documented sample are those of their content and of what
    stands before them."""
    history = read(SAMPLE.encode(), ID).ticket.history
    found = [
        event_id(entry.content(), predecessors(history, i))
        for i, entry in enumerate(history)
    ]
    assert found == ["eeba3f33c553d", "e3ad11d10c7d8"]


def test_sample_bytes() -> None:
    """The sample is canonical: its head agrees with its history, and what is emitted is
    the sample, byte for byte."""
    loaded = read(SAMPLE.encode(), ID)
    assert loaded.differences == ()
    assert emit(loaded.ticket).decode() == SAMPLE


def test_sample_round_trip() -> None:
    """ruamel.yaml leaves the sample as it is."""
    assert round_trip(SAMPLE.encode()).decode() == SAMPLE


def test_sample_values() -> None:
    """What the sample says."""
    ticket = read(SAMPLE.encode(), ID).ticket
    assert (ticket.id, ticket.profile, ticket.version, ticket.status) == (
        ID,
        "biztech",
        1,
        "Open",
    )
    assert (ticket.customer, ticket.assignee) == (
        "jane@customer.example",
        "amy@support.example",
    )
    assert ticket.fields == {"product": "billing"}
    assert (
        ticket.history[0].text
        == "The June invoice has our old address.\nIt went to Elm Street.\n"
    )


@pytest.mark.parametrize("text", TRICKY, ids=ascii)
def test_tricky_texts(text: str) -> None:
    """Texts that a YAML reader could take for something else come back, from us and
    from YAML 1.1 and 1.2 readers."""
    first = read(SAMPLE.encode(), ID).ticket.history[0]
    sets = {
        **first.sets,
        "title": text,
        "fields.product": text,
        "watchers": (text, text),
    }
    ticket = fold([seal((), replace(first, text=text, note=text, sets=sets))])
    data = emit(ticket)
    assert read(data, ID).ticket == ticket
    assert round_trip(data) == data
    for version in ((1, 1), (1, 2)):
        found = ruamel(version).load(data.decode())
        assert (found["title"], found["watchers"], found["fields"]) == (
            text,
            [text, text],
            {"product": text},
        )
        assert (found["history"][0]["text"], found["history"][0]["note"]) == (
            text,
            text,
        )


# --- any ticket ---


@settings(max_examples=150)
@given(tickets())
def test_emit_and_load(ticket: Ticket) -> None:
    """What is written is what is read, head and history; and writing it again gives the
    same bytes."""
    data = emit(ticket)
    loaded = read(data, ticket.id)
    assert loaded.ticket == ticket
    assert loaded.differences == ()
    assert emit(loaded.ticket) == data
    history = loaded.ticket.history
    assert [
        event_id(e.content(), predecessors(history, i)) for i, e in enumerate(history)
    ] == [e.id for e in history]


@settings(max_examples=80)
@given(tickets())
def test_ruamel_leaves_it(ticket: Ticket) -> None:
    """ruamel.yaml's round trip does not change a byte."""
    data = emit(ticket)
    assert round_trip(data) == data


@settings(max_examples=50)
@given(tickets(), st.sampled_from([(1, 1), (1, 2)]))
def test_other_readers_agree(ticket: Ticket, version: tuple[int, int]) -> None:
    """Readers of YAML 1.1 and 1.2 read the values that we read."""
    data = emit(ticket)
    assert as_texts(ruamel(version).load(data.decode())) == plain(read_yaml(data, "x"))


@settings(max_examples=300)
@given(texts)
def test_styles(text: str) -> None:
    """Three styles and no other: plain, literal, double-quoted; a text has exactly one."""
    ticket = fold(
        [
            Entry(
                "2026-11-21T09:14:03Z",
                "a",
                "b",
                "created",
                "e3ad11d10c7d8",
                to="c",
                note=text,
                sets={"ticket": ID, "profile": "x", "title": "y"},
            )
        ]
    )
    shown = emit(ticket).decode().partition("\n  note: ")[2]
    style = (
        "literal"
        if shown.startswith(("|\n", "|-\n"))
        else "quoted"
        if shown.startswith('"')
        else "plain"
    )
    assert style == (
        "plain" if is_plain(text) else "literal" if is_literal(text) else "quoted"
    )
    assert style == "literal" or shown.count("\n") == 1
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", shown
    )


def test_empty_values_are_never_written() -> None:
    """No key without a value and no empty map: such a file could not be read again."""
    first = read(SAMPLE.encode(), ID).ticket.history[0]
    for nothing in ((), {}):
        ticket = fold(
            [seal((), replace(first, sets={**first.sets, "fields.resources": nothing}))]
        )
        data = emit(ticket)
        assert not re.search(rb"(?m)^ *fields\.resources:$", data)
        assert read(data, ID).ticket.id == ID


@pytest.mark.parametrize(
    "mark",
    ["|- # note", "|+", "|2", "|2-", "| ", "|-x", "|\t", "||", ">", ">-", "|- |"],
)
def test_a_block_is_marked_as_we_would_mark_it(mark: str) -> None:
    """Nothing but ``|`` and ``|-`` stands before the lines of a text, whatever YAML
    would make of it."""
    at = Entry(
        "2026-11-21T09:14:03Z",
        "amy",
        "agent",
        "created",
        to="New",
        text="a\nb",
        sets={
            "ticket": "261121-k3qx9",
            "profile": "biztech",
            "version": 1,
            "title": "T",
        },
    )
    data = emit(fold([seal((), at)]))
    assert read_canonical(data) is not None
    assert data.count(b"text: |-\n") == 1
    assert (
        read_canonical(data.replace(b"text: |-\n", f"text: {mark}\n".encode())) is None
    )


def test_what_is_long_is_not_kept() -> None:
    """To read, write and seal a million long tickets must not fill the memory: only
    what is short is kept in caches."""

    def look(number: int) -> None:
        long = f"{number} " + "long " * 4000 + "x"
        who, name = "w" + long, "fields." + long.replace(" ", "-")
        head = {
            "ticket": ID,
            "profile": "biztech",
            "version": 1,
            "title": long,
            "customer": who,
            "due": "2026-12-01",
        }
        history: list[Entry] = []
        for entry in (
            Entry(
                "2026-11-21T09:14:03Z",
                who,
                long,
                "created",
                to=long,
                via=long,
                for_=long,
                sets={**head, name: long},
            ),
            Entry(
                "2026-11-21T09:15:03Z",
                who,
                long,
                "moved",
                to=who,
                from_=long,
                rule=long,
                text=f"{long}\n{long}",
            ),
            Entry(
                "2026-11-21T09:16:03Z",
                who,
                long,
                "edited",
                sets={name: who},
                unset=(name,),
                note=long,
            ),
            Entry(
                "2026-11-21T09:17:03Z",
                who,
                long,
                "noted",
                files=(long,),
                mail_id=long,
                recipients=(long,),
                message=long,
            ),
        ):
            history.append(seal(history, entry))
        ticket = read_canonical(emit(fold(history)))
        assert ticket is not None
        for spot, entry in enumerate(ticket.history):
            assert entry_id(entry, predecessors(history, spot)) == entry.id

    look(0)
    tracemalloc.start()
    try:
        for number in range(1, 21):
            look(number)
        gc.collect()
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 100_000, (
        "less than five of twenty thousand characters; one kept of each would be 400,000"
    )
