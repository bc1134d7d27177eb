"""The ticket file (docs/ticket-file.md): one text for a ticket, the same for every YAML
reader, kept by every editor."""

from __future__ import annotations

import difflib
import gc
import io
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.support.ticket_files import SAMPLE
from tests.support.world import CUSTOMER, World
from ticketctl.core.dag import entry_id, event_id, heads, predecessors, seal
from ticketctl.core.entry import Entry, Value
from ticketctl.core.ticket import Ticket, fold
from ticketctl.core.yaml_node import plain
from ticketctl.errors import BrokenError
from ticketctl.record import replace
from ticketctl.store.paths import ALPHABET, path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.loader import LoadedTicket, load
from ticketctl.store.yaml.located_reader import read_strict
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.writer import emit, extend, is_literal, is_plain

ID = "261121-k3qx9"


STORE = Store("/nowhere")


TRICKY = (
    "yes",
    "No",
    "ON",
    "off",
    "y",
    "N",
    "~",
    "null",
    "Null",
    "true",
    "False",
    "1e5",
    "1_000",
    "0x1f",
    "0o17",
    "017",
    "12:30:45",
    "1.5",
    ".5",
    ".inf",
    ".nan",
    "-",
    "- a",
    "-1",
    "a: b",
    "a:",
    ":a",
    "a:b",
    "#x",
    "a #x",
    "a#x",
    "? a",
    "!x",
    "&x",
    "*x",
    "|",
    ">",
    "%x",
    "@x",
    "`x",
    "'",
    '"',
    "'q'",
    '"q"',
    "\\",
    "a\\nb",
    "{a: 1}",
    "[a]",
    "}",
    "]",
    ",",
    "a, b",
    "=",
    "<<",
    "---",
    "...",
    "--- a",
    " a",
    "a ",
    "a\t",
    "\ta",
    "a\tb",
    "\n",
    "\n\n",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n",
    "a\n b\n",
    "a\n\tb\n",
    "a\n \nb\n",
    "a \nb\n",
    "a\nb \n",
    "a\nb\t",
    " a\nb\n",
    "\ta\nb\n",
    "a\n\n\nb",
    "---\na\n",
    "a\n---\nb\n",
    "a\n...\nb\n",
    "# a\nb\n",
    "- a\n- b\n",
    "a: 1\nb: 2\n",
    "a\n# b\n",
    "a\n  # b\nc\n",
    "%a\nb\n",
    "2026-11-21",
    "2026-11-21T09:14:03Z",
    ID,
    "e3ad11d10c7d8",
    "2026-11-21 09:14:03",
    "261121",
    "+1",
    "0",
    "_",
    "_a",
    "\x00",
    "\x07",
    "\x1b[31m",
    "\x7f",
    "\x80",
    "\x85",
    "a\x85b",
    "\xa0",
    "a\xa0b",
    "a: \xa0",
    "\u2028",
    "a\u2029b\nc\n",
    "\ufeff",
    "a\ufeffb",
    "\u200b",
    "\u200d",
    "a\u202eb",
    "\u2066x\u2069",
    "\U0001f600",
    "\U0001f469\u200d\U0001f4bb ok",
    "\U0010ffff",
    "\ufffe",
    "\uffff",
    "\ue000",
    "ä",
    "é: b",
    "日本語",
    "日本: 語",
    "\u0301",
    "ﬀ",
    "Ünïcode #1",
    "ʼn",
    "\xad",
    "a\rb",
    "\r",
    "a\r",
    "ſ",
    "\u212a",
    "ＹＥＳ",
    "\xbd",
    "٣",
    "²",
    "=== x ===",
    "<<<<<<< a",
    "a\n<<<<<<< b\n",
    "a\n>>>>>>> b\n",
    ">>>>>>> a",
    "x" * 300,
    "word " * 60,
)


# --- tickets of every kind ---

wild = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


bits = st.sampled_from(["a", " ", "\t", "\n", ": ", " #", "-"])


pieces = st.lists(st.one_of(st.sampled_from(TRICKY), wild, bits), min_size=1)


texts = st.one_of(st.sampled_from(TRICKY), wild, pieces.map("".join)).filter(
    lambda text: len(text) < 700
)


instants = st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31)).map(
    lambda m: f"{m:%Y-%m-%dT%H:%M:%SZ}"
)


event_ids = st.from_regex(r"\Ae[0-9a-f]{12}\Z")


ticket_ids = st.builds(
    lambda day, half: f"{day:%y%m%d}-{half}",
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.text(ALPHABET, min_size=5, max_size=5),
)


names = st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z")


slugs = st.from_regex(r"\A[a-z0-9]+(-[a-z0-9]+)?\Z")


moments = st.one_of(
    instants, st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(date.isoformat)
)


integers = st.integers(-(10**18) + 1, 10**18 - 1)


checklists = st.dictionaries(
    slugs, st.sampled_from(["open", "done"]), min_size=1, max_size=3
)


lists = st.lists(texts, min_size=1, max_size=3).map(tuple)


field_values: st.SearchStrategy[Value] = st.one_of(
    texts, moments, integers, st.booleans(), lists, checklists
)


@st.composite
def assignments(draw: st.DrawFn) -> dict[str, Value]:
    """What an entry sets."""
    heads_: dict[str, st.SearchStrategy[Any]] = {
        "title": texts,
        "customer": texts,
        "assignee": texts,
        "due": moments,
        "follows": ticket_ids,
        "watchers": lists,
    }
    found: dict[str, Value] = {}
    for name in draw(st.lists(st.sampled_from(list(heads_)), unique=True, max_size=2)):
        found[name] = draw(heads_[name])
    for name in draw(st.lists(names, unique=True, max_size=2)):
        found[f"fields.{name}"] = draw(field_values)
    return found


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """An entry with any of the keys that one may have, not sealed."""
    key = draw(
        st.one_of(
            st.none(),
            st.tuples(texts, event_ids, st.one_of(st.none(), st.integers(2, 9))),
        )
    )
    rule, anchor, nth = key or (None, None, None)
    return Entry(
        draw(instants),
        draw(texts),
        draw(texts),
        draw(st.sampled_from(["moved", "edited", "replied", "notified", "imported"])),
        for_=draw(st.one_of(st.none(), texts)),
        via=draw(st.sampled_from([None, "mail"])),
        from_=draw(st.one_of(st.none(), texts)),
        to=draw(st.one_of(st.none(), texts)),
        rule=rule,
        anchor=anchor,
        nth=nth,
        due=draw(instants) if rule and draw(st.booleans()) else None,
        message=draw(st.one_of(st.none(), texts)),
        told=draw(st.one_of(st.just(()), lists)),
        sets=draw(assignments()),
        unset=draw(
            st.sampled_from(
                [(), ("assignee",), ("due", "watchers"), ("fields.product",)]
            )
        ),
        text=draw(st.one_of(st.none(), texts)),
        note=draw(st.one_of(st.none(), texts)),
        files=draw(st.one_of(st.just(()), lists)),
        mail_id=draw(st.one_of(st.none(), texts)),
        quiet=draw(st.booleans()),
    )


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Any ticket: an opening and up to three entries more."""
    opening: dict[str, Value] = {
        "ticket": draw(ticket_ids),
        "profile": draw(names),
        "version": 1,
        "title": draw(texts),
        **draw(assignments()),
    }
    history: tuple[Entry, ...] = ()
    first = Entry(
        draw(instants),
        draw(texts),
        draw(texts),
        "created",
        to=draw(texts),
        sets=opening,
        text=draw(texts),
    )
    for entry in [first, *draw(st.lists(entries(), max_size=3))]:
        history = (*history, seal(history, entry))
    return fold(history)


def read(data: bytes, id_: str) -> LoadedTicket:
    """A ticket file as the store reads it."""
    path = path_of(id_)
    return load(data, path, read_yaml(data, path), id_)


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
    ("text", "words"),
    [
        (SAMPLE.replace("status: Open", "status: &a Open"), "anchors"),
        (SAMPLE.replace("status: Open", "status: !x Open"), "tags"),
        (SAMPLE.replace("assignee: amy@support.example", "assignee: *a", 1), "alias"),
        (SAMPLE.replace("fields:\n", "fields:\n  <<: {a: b}\n"), "merge keys"),
        ("%YAML 1.1\n---\n" + SAMPLE, "directives"),
        (SAMPLE + "---\na: b\n", "more than one document"),
        (SAMPLE.replace("status: Open", "status: Open\nstatus: New"), "stands twice"),
        ("a: " + "[" * 5000, "nested deeper"),
        ("a: " + "[" * 21 + "]" * 21 + "\n" + SAMPLE, "nested deeper"),
        (SAMPLE + "<<<<<<< ours\n", "half-merged"),
        (SAMPLE.replace("id: 261121-k3qx9", "id: 261121-k3qx8"), "is named"),
        (
            SAMPLE.replace("ticket: 261121-k3qx9", "ticket: 261121-k3qx8"),
            "the history is that of",
        ),
        (SAMPLE.partition("history:")[0], "no history"),
        ("", "empty"),
        ("- a\n", "not a ticket"),
        (SAMPLE.replace("event: moved", "event: movd"), "is unknown"),
        (
            SAMPLE.replace("at: 2026-11-21T09:20:41Z", "at: 2026-11-31T09:20:41Z"),
            "at is wrong",
        ),
        (SAMPLE.replace("role: agent\n", "role:\n"), "role must be a text"),
        (
            SAMPLE.replace("    assignee: amy@support.example", "    assignee:"),
            "no usable value",
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
        assert error.place is not None and error.place.path == path_of(ID)


# --- files that people have touched ---

BY_HAND = """\
# Jane called about this one, too.
id: 261121-k3qx9
title: Invoice shows the wrong address # as in her mail
profile: biztech
priority: high          # ours, not the tool's

# the head
status: Open # since Saturday
customer: 'jane@customer.example'
# the watchers
watchers:
- joe@customer.example # her boss
# the fields
fields:
  # what it is about
  product: billing # not sales
  # where it is
  zone: north # of the river
  # no more fields
# the assignee
assignee: "amy@support.example" # until Friday
# the history
history:
# how it began
- id: eeba3f33c553d
  at: 2026-11-21T09:14:03Z
  by: jane@customer.example
  role: customer
  event: created
  to: New
  set:
    ticket: 261121-k3qx9
    profile: biztech # at first
    version: 1
    title: "Invoice shows the wrong address"
    customer: jane@customer.example
    watchers:
    - joe@customer.example
    fields.product: billing
    fields.zone: north
  text: |
    The June invoice has our old address.
    It went to Elm Street.

# how it went on
- id: e3ad11d10c7d8
  at: 2026-11-21T09:20:41Z
  by: amy@support.example # Amy
  role: agent
  event: moved
  from: New
  to: Open
  set:
    assignee: amy@support.example
# the end
"""


NEXT = Entry(
    "2026-11-21T10:00:00Z",
    "amy@support.example",
    "agent",
    "moved",
    from_="Open",
    to="Pending",
    text="Which address is right?",
)


def then(ticket: Ticket, *more: Entry) -> Ticket:
    """The ticket after more entries."""
    history = ticket.history
    for entry in more:
        history = (*history, seal(history, entry))
    return fold(history)


def rewritten(data: bytes, *more: Entry) -> tuple[LoadedTicket, Ticket]:
    """A file after the store has put entries into it, as it is read again, and the
    ticket that it ought to be."""
    was = read(data, ID)
    wanted = then(was.ticket, *more)
    return read(STORE.writes(wanted, was).data, ID), wanted


def comments(data: bytes) -> list[str]:
    """The comments of a file, in order (no text in these tests holds a ``#``)."""
    return re.findall(r"#.*", data.decode())


def test_by_hand_agrees() -> None:
    """The hand-written file tells what the sample tells, and two things more."""
    loaded, sample = read(BY_HAND.encode(), ID), read(SAMPLE.encode(), ID)
    assert loaded.differences == ()
    more = {
        "watchers": ["joe@customer.example"],
        "fields": {"product": "billing", "zone": "north"},
    }
    assert loaded.ticket.head() == sample.ticket.head() | more


def test_by_hand_move() -> None:
    """A move in a hand-written file changes the status line, appends the entry, and
    nothing else."""
    found, wanted = rewritten(BY_HAND.encode(), NEXT)
    assert found.ticket == wanted
    assert found.differences == ()
    assert comments(found.data) == comments(BY_HAND.encode())
    lines = list(difflib.ndiff(BY_HAND.splitlines(), found.data.decode().splitlines()))
    assert [line for line in lines if line[0] == "-"] == [
        "- status: Open # since Saturday"
    ]
    assert (
        next(line for line in lines if line[0] == "+")
        == "+ status: Pending # since Saturday"
    )
    assert found.data.decode().index("e3ad11d10c7d8") < found.data.decode().index(
        wanted.history[2].id
    )


def test_canonical_is_written_anew() -> None:
    """A file in canonical form stays in canonical form."""
    was = STORE.parse(path_of(ID), SAMPLE.encode())
    wanted = then(was.ticket, NEXT)
    assert was.canonical
    assert STORE.writes(wanted, was).data == emit(wanted)
    assert STORE.writes(wanted, was).expected == SAMPLE.encode()


@given(tickets(), st.data())
def test_a_file_is_extended_as_it_would_be_written(
    ticket: Ticket, data: st.DataObject
) -> None:
    """The splice of a canonical file, head and new entries, gives the bytes of writing
    the whole."""
    kept = data.draw(st.integers(1, len(ticket.history)))
    before = fold(ticket.history[:kept])
    assert extend(emit(before), ticket, len(ticket.history) - kept) == emit(ticket)


# What an entry changes, and the comments that may go with it: those beside what goes,
# and just above it.
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a head key is set": ({"sets": {"assignee": "ben@support.example"}}, set()),
    "a head key is new": ({"sets": {"due": "2026-12-01"}}, set()),
    "a list is set": (
        {"sets": {"watchers": ("ann@customer.example",)}},
        {"# her boss"},
    ),
    "a list grows": (
        {"sets": {"watchers": ("joe@customer.example", "ann@customer.example")}},
        {"# her boss"},
    ),
    "a field is set": ({"sets": {"fields.product": "sales"}}, set()),
    "a field is new": ({"sets": {"fields.area": "east"}}, set()),
    "a title of several lines": ({"sets": {"title": "One\nTwo\n"}}, set()),
    "a note": ({"note": "yes"}, set()),
    "a text of several lines": ({"text": "One\n\n- two\n"}, set()),
    "a head key goes": ({"unset": ("assignee",)}, {"# the assignee", "# until Friday"}),
    "a list goes": ({"unset": ("watchers",)}, {"# the watchers", "# her boss"}),
    "a field goes": (
        {"unset": ("fields.product",)},
        {"# what it is about", "# not sales"},
    ),
    "the last field goes": (
        {"unset": ("fields.zone",)},
        {"# where it is", "# of the river"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_by_hand_changes(change: str) -> None:
    """Each kind of change to a hand-written file keeps its comments, unknown keys and
    order."""
    content, own = CHANGES[change]
    found, wanted = rewritten(
        BY_HAND.encode(),
        Entry("2026-11-21T10:00:00Z", "amy@x.example", "agent", "edited", **content),
    )
    assert found.ticket == wanted
    assert found.differences == ()
    assert found.node.map["priority"].text == "high"
    before = list(read(BY_HAND.encode(), ID).node.map)
    assert [key for key in found.node.map if key in before] == [
        key for key in before if key in found.node.map
    ]
    assert [c for c in comments(found.data) if c not in own] == [
        c for c in comments(BY_HAND.encode()) if c not in own
    ]
    again, wanted = rewritten(found.data, NEXT)
    assert again.ticket == wanted


def _commentable(lines: list[str]) -> Iterator[int]:
    """The lines of a canonical file above which a comment can stand (not inside a block
    of text)."""
    block: int | None = None
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line or indent > block):
            continue
        block = (
            (indent + 2 if line.lstrip().startswith("- ") else indent)
            if line.endswith((": |", ": |-"))
            else None
        )
        yield number


@settings(max_examples=25)
@given(tickets(), entries(), st.data())
@example(read(SAMPLE.encode(), ID).ticket, NEXT, None)
def test_rewrite_any(ticket: Ticket, entry: Entry, data: st.DataObject | None) -> None:
    """Whatever the ticket, a file with comments and an unknown key keeps them in every
    change that takes no key away."""
    lines = emit(ticket).decode().split("\n")[:-1]
    spots = list(_commentable(lines))
    chosen = sorted(
        data.draw(st.lists(st.sampled_from(spots), unique=True, max_size=4))
        if data
        else spots
    )
    for count, spot in enumerate(reversed(chosen)):
        indent = "" if not lines[spot].startswith(" ") else "  "
        lines.insert(spot, f"{indent}# comment {count}")
    lines.insert(1, "priority: high")
    before = ("\n".join(lines) + "\n").encode()
    path = path_of(ticket.id)
    was = load(before, path, read_yaml(before, path), ticket.id)
    assert was.ticket == ticket
    wanted = then(ticket, replace(entry, unset=()))
    after = STORE.writes(wanted, was).data
    found = load(after, path, read_yaml(after, path), ticket.id)
    assert found.ticket == wanted
    assert found.differences == ()
    assert found.node.map["priority"].text == "high"
    marks = re.compile(rb"# comment \d")
    assert marks.findall(after) == marks.findall(before)
    order = [key for key in found.node.map if key in was.node.map]
    assert order == list(was.node.map)


def test_a_comment_between_the_items_of_a_list_that_changes() -> None:
    """It stays with the list, whichever items go and come."""
    ticket = then(
        read(SAMPLE.encode(), ID).ticket,
        replace(NEXT, sets={"watchers": ("ann@x.example", "bob@x.example")}),
    )
    path = path_of(ticket.id)
    before = emit(ticket).replace(
        b"\n- bob@x.example", b"\n# she asked for it\n- bob@x.example", 1
    )
    was = load(before, path, read_yaml(before, path), ticket.id)
    wanted = then(ticket, replace(NEXT, sets={"watchers": ("cid@x.example",)}))
    after = STORE.writes(wanted, was).data
    assert b"watchers:\n# she asked for it\n- cid@x.example\n" in after
    found = load(after, path, read_yaml(after, path), ticket.id)
    assert (found.ticket, found.differences) == (wanted, ())


# --- small differences ---


def changed_lines(before: Ticket, after: Ticket) -> int:
    """How many lines ``git diff`` would show as gone or new."""
    lines = difflib.unified_diff(
        *(emit(t).decode().splitlines() for t in (before, after)), lineterm="", n=0
    )
    return sum(1 for line in list(lines)[2:] if line[0] in "+-")


MOVES: list[tuple[str, str, str, dict[str, Any], int]] = [
    ("biztech", "agent", "Open", {"assignee": "amy@staff.example"}, 12),
    ("biztech", "agent", "Pending", {"text": "Which browser is it?"}, 20),
    ("biztech", "agent", "Solved", {}, 20),
    ("hosting", "technician", "In Progress", {"assignee": "amy@staff.example"}, 12),
    ("hosting", "technician", "Answered", {"text": "Please try again."}, 20),
    ("aerosoft", "agent", "Investigation Underway", {}, 12),
    (
        "aerosoft",
        "agent",
        "Waiting for Customer Response",
        {"text": "Which version?"},
        20,
    ),
    ("assima", "support", "Postponed", {"note": "It could not be reproduced."}, 12),
    ("ggit", "technician", "Waiting Vendor", {}, 12),
    ("ggit", "technician", "Waiting Customer", {}, 12),
    ("ggit", "technician", "Complete", {}, 20),
]


START: dict[str, list[tuple[str, str | None, dict[str, Any]]]] = {
    "Pending": [("agent", None, {"assignee": "amy@staff.example"})],
    "Solved": [("agent", None, {"assignee": "amy@staff.example"})],
    "Answered": [("technician", "In Progress", {"assignee": "amy@staff.example"})],
    "Investigation Underway": [("agent", None, {"assignee": "amy@staff.example"})],
    "Waiting for Customer Response": [
        ("agent", None, {"assignee": "amy@staff.example"}),
        ("agent", "Investigation Underway", {}),
    ],
}


@pytest.mark.parametrize(
    ("profile", "role", "to", "words", "limit"),
    MOVES,
    ids=lambda value: str(value)[:24],
)
def test_diff_of_a_move(
    profile: str, role: str, to: str, words: dict[str, Any], limit: int
) -> None:
    """The difference of a move is at most a dozen lines, twenty with one notice."""
    world = World(profile)
    world.new()
    for who, step, more in START.get(to, []):
        world.ask(who, step, **more)
    before, told = world.ticket, len(world.notices)
    after = world.ask(role, to, **words)
    assert len(world.notices) - told == (1 if limit == 20 else 0), (
        "one notice makes the difference"
    )
    assert changed_lines(before, after) <= limit
    assert len(heads(after.history)) == 1
    assert after.customer == CUSTOMER


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


@given(tickets())
def test_both_readers_agree(ticket: Ticket) -> None:
    """On what we write the fast reader gives ruamel's nodes, places included."""
    data = emit(ticket)
    assert read_strict(data) == read_yaml(data, "x")
    assert read_canonical(data) == ticket


@given(
    st.one_of(texts, texts.map("fields.{}".format), st.just("watchers")), field_values
)
@example("fields.a:b", "1")
@example('v"x', "1")
@example("watchers", 0)
@example("<<", "1")
@example("fields.<<", "1")
def test_whatever_is_set_under_whatever_name(name: str, value: Value) -> None:
    """What the fast reader takes the strict one reads, since findings get their places
    from it; nobody sees a head that is not the history's."""
    at = Entry(
        "2026-11-21T09:14:03Z",
        "amy",
        "agent",
        "created",
        to="New",
        sets={
            "ticket": ID,
            "profile": "biztech",
            "version": 1,
            "title": "T",
            name: value,
        },
    )
    data = emit(fold([seal((), at)]))
    assert not read(data, ID).differences
    if read_canonical(data) is not None:
        assert read_strict(data) == read_yaml(data, "x")


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
    assert read_canonical(data) is not None and data.count(b"text: |-\n") == 1
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
                told=(long,),
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


MUTATIONS = ("cut", "double", "swap", "change", "indent", "join", "comment", "crlf")


@settings(max_examples=400)
@given(tickets(), st.sampled_from(MUTATIONS), st.data())
def test_the_fast_reader_never_differs(
    ticket: Ticket, mutation: str, data: st.DataObject
) -> None:
    """Whatever is done to a file: what is read fast is read alike by ruamel, and never
    what ruamel refuses."""
    text = emit(ticket).decode()
    lines = text.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    spot = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(st.sampled_from(" :#\"'|>-&*!%@`{}[],?\t\\~0nyx\u2028\n"))
    mutated = {
        "cut": text[:spot] + text[spot + 1 :],
        "double": "\n".join([*lines[: at + 1], *lines[at:]]),
        "swap": "\n".join(
            [*lines[:at], *reversed(lines[at : at + 2]), *lines[at + 2 :]]
        ),
        "change": text[:spot] + char + text[spot + 1 :],
        "indent": "\n".join([*lines[:at], " " + lines[at], *lines[at + 1 :]]),
        "join": "\n".join(
            [*lines[:at], " ".join(lines[at : at + 2]), *lines[at + 2 :]]
        ),
        "comment": "\n".join([*lines[:at], lines[at] + " # note", *lines[at + 1 :]]),
        "crlf": text.replace("\n", "\r\n"),
    }[mutation].encode()
    fast = read_canonical(mutated)
    if fast is not None:
        node = read_yaml(mutated, "x")
        slow = load(mutated, "x", node, fast.id)
        assert (fast, ()) == (slow.ticket, slow.differences)
        assert read_strict(mutated) == node
        assert emit(fast) == mutated
