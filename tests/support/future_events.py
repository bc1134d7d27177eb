"""Stores with an event that lies in the future."""

from __future__ import annotations

from pathlib import Path

from tests.support.stores import files_of, make_store
from tests.support.sweeps import solved_store
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import fold
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.writer import emit

FAR = "2099-01-01T00:00:00Z"


def forge(root: Path, half: str, *events: Entry, id_: str = "") -> str:
    """Append events to a ticket, as somebody with an editor (or another clone) could;
    their ids."""
    store = Store(str(root))
    ticket = store.read(id_ or f"261102-{half}").ticket
    history = list(ticket.history)
    for event in events:
        history.append(seal(history, event))
    next(root.glob(f"tickets/*/*/*/*-{half}.yaml")).write_bytes(emit(fold(history)))
    return " ".join(entry.id for entry in history[-len(events) :])


MAIL = "mail: {from: help@support.example, addresses: {help@support.example: biztech}, smtp: {host: 127.0.0.1, port: 1}}\n"


_MADE: dict[int, dict[str, bytes]] = {}
"""The tickets of the first store of so many: the others get them, since making them
takes longer than most tests."""


def solved(root: Path, number: int, settings: str = "") -> Path:
    """The same as in the tests of the sweep: tickets that close by themselves four days
    later."""
    if number not in _MADE:
        _MADE[number] = files_of(
            solved_store(root.parent / f"first-{number}", number), "tickets"
        )
    make_store(root, f"commit: off\n{settings}")
    for path, data in _MADE[number].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root
