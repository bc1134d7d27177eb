"""Tests of ``ticketctl.app.email.ticket_reader``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.emails import LATER, A, desk_of, raw_email, store, taken
from ticketctl.app.email.inbound import receive
from ticketctl.app.email.ticket_reader import TicketReader
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def test_a_ticket_is_read_once_for_an_email(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thread, duplicates, the same email and follow-ups are looked for in one state of
    each ticket."""
    root = store(tmp_path)
    first = raw_email("Message-ID: <1@x>", f"Subject: [{A}] more", body="More.")
    assert taken(root, first)
    reads: Counter[str] = Counter()
    read_path = Store.read_path

    def counted(self: Store, path: str) -> LoadedTicket:
        reads[path] += 1
        return read_path(self, path)

    monkeypatch.setattr(Store, "read_path", counted)
    answer = raw_email(
        "Message-ID: <2@x>",
        "In-Reply-To: <1@x>",
        f"Subject: Re: [{A}] more",
        body="And more.",
    )
    receipt = receive(desk_of(root, LATER), answer)
    assert (receipt.fate, receipt.id) == ("added", A)
    assert reads == {path_of(A): 1}


def test_what_is_no_id_is_no_ticket(tmp_path: Path) -> None:
    """An email can refer to anything."""
    tickets = TicketReader(desk_of(store(tmp_path)))
    assert tickets.read_if_there("../../etc/passwd") is None
    assert tickets.read_if_there("261102-zzzzz") is None
    loaded = tickets.read_if_there(A)
    assert loaded is not None and loaded is tickets.read_if_there(A)
