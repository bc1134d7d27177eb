"""Many emails to one store, and what they leave there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.support.addresses import JANE
from tests.support.emails import LATER, SETTINGS, A, desk_of, history, raw_email, store
from tests.support.hostile_emails import fill
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.core.entry import Entry
from ticketctl.record import replace

TOMORROW = "2026-11-04T10:00:00Z"


def settled(tmp_path: Path, more: str = "") -> Path:
    """A store that gets email, with further settings of it."""
    return store(tmp_path, SETTINGS + more)


def numbered(
    number: int, body: str, sender: str = JANE, subject: str = f"[{A}]"
) -> bytes:
    """One of many emails to a ticket."""
    return raw_email(
        f"Subject: {subject}",
        f"Message-ID: <{number}@many.example>",
        body=body,
        sender=sender,
    )


def flood(
    root: Path,
    bodies: Callable[[int], str],
    number: int,
    sender: str = JANE,
    now: str = LATER,
) -> list[Receipt]:
    """So many emails of somebody to one ticket, a minute apart."""
    found = []
    for turn in range(number):
        workspace = desk_of(root, now)
        workspace = replace(workspace, now=workspace.now + timedelta(minutes=2 * turn))
        found.append(receive(workspace, numbered(turn, bodies(turn), sender)))
    return found


def notes(root: Path, words: str, id_: str = A) -> list[Entry]:
    """The internal notes of a ticket that say something."""
    return [entry for entry in history(root, id_) if words in (entry.note or "")]


SMALL = 1000


def lines(turn: int) -> str:
    """A text that is large in the file: every line is set in."""
    return f"{turn} {fill(b'a' + bytes([10]), SMALL - 100).decode()}"


def full(root: Path, sender: str = JANE) -> list[Receipt]:
    """Fill somebody's share of a ticket."""
    return flood(root, lines, 25, sender)
