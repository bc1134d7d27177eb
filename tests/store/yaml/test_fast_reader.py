"""Tests of ``ticketctl.store.yaml.fast_reader``."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ticket_files import tickets
from ticketctl.core.ticket import Ticket
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.located_reader import read_strict
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.ticket_from_nodes import load_ticket
from ticketctl.store.yaml.writer import emit


@given(tickets())
def test_both_readers_agree(ticket: Ticket) -> None:
    """On what we write the fast reader gives ruamel's nodes, places included."""
    data = emit(ticket)
    assert read_strict(data) == read_yaml(data, "x")
    assert read_canonical(data) == ticket


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
        slow = load_ticket(mutated, "x", node, fast.id)
        assert (fast, ()) == (slow.ticket, slow.differences)
        assert read_strict(mutated) == node
        assert emit(fast) == mutated
