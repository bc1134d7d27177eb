"""The ticket file that docs/ticket-file.md shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.paths import ALPHABET, path_of
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket, load_ticket

SAMPLE = """\
id: 261121-k3qx9
profile: biztech
title: Invoice shows the wrong address
status: Open
customer: jane@customer.example
assignee: amy@support.example
fields:
  product: billing
history:
- id: eeba3f33c553d
  at: 2026-11-21T09:14:03Z
  by: jane@customer.example
  role: customer
  event: created
  to: New
  set:
    ticket: 261121-k3qx9
    profile: biztech
    version: 1
    title: Invoice shows the wrong address
    customer: jane@customer.example
    fields.product: billing
  text: |
    The June invoice has our old address.
    It went to Elm Street.
- id: e3ad11d10c7d8
  at: 2026-11-21T09:20:41Z
  by: amy@support.example
  role: agent
  event: moved
  from: New
  to: Open
  set:
    assignee: amy@support.example
"""


ID = "261121-k3qx9"


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
        occurrence=nth,
        due=draw(instants) if rule and draw(st.booleans()) else None,
        message=draw(st.one_of(st.none(), texts)),
        recipients=draw(st.one_of(st.just(()), lists)),
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
    return load_ticket(data, path, read_yaml(data, path), id_)
