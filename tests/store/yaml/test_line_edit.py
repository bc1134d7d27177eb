"""Tests of ``ticketctl.store.yaml.line_edit``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.ticket_files import (
    ID,
    SAMPLE,
    entries,
    field_values,
    read,
    texts,
    tickets,
)
from tests.support.world import CUSTOMER, World
from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import heads, seal
from ticketctl.core.ticket import Ticket, fold
from ticketctl.record import replace
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.located_reader import read_strict
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket, load_ticket
from ticketctl.store.yaml.writer import emit, extend

STORE = Store("/nowhere")


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
    was = load_ticket(before, path, read_yaml(before, path), ticket.id)
    assert was.ticket == ticket
    wanted = then(ticket, replace(entry, unset=()))
    after = STORE.writes(wanted, was).data
    found = load_ticket(after, path, read_yaml(after, path), ticket.id)
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
    was = load_ticket(before, path, read_yaml(before, path), ticket.id)
    wanted = then(ticket, replace(NEXT, sets={"watchers": ("cid@x.example",)}))
    after = STORE.writes(wanted, was).data
    assert b"watchers:\n# she asked for it\n- cid@x.example\n" in after
    found = load_ticket(after, path, read_yaml(after, path), ticket.id)
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
    before, told = world.ticket, len(world.notifications)
    after = world.ask(role, to, **words)
    assert len(world.notifications) - told == (1 if limit == 20 else 0), (
        "one notice makes the difference"
    )
    assert changed_lines(before, after) <= limit
    assert len(heads(after.history)) == 1
    assert after.customer == CUSTOMER


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
