"""What the index holds of a ticket: its row, and what lists, queues, sweeps and email
find it by."""

from __future__ import annotations

import json
from typing import NamedTuple

from ticketctl.core.dates import parse_instant
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import unanswered
from ticketctl.core.engine.guards import holds
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Fire
from ticketctl.core.engine.timers import coming, next_due, next_of, wake_of
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.query import Row
from ticketctl.core.ticket import Ticket, thaw

_HUGE = 1 << 127
"""Larger numbers sort like this one."""
_BETWEEN = "\n\ue000\n"
"""Between two texts: a word that nobody writes, so that no phrase is found across
them."""


class Summary(NamedTuple):
    """A ticket in the index.

    Args:
        queued: whether it is in the work queue.
        rank: what sorts it there.
        wake: the first instant at which a sweep must look at it; empty for never.
        fired: the instant at which a rule last acted by time; empty for none.
        owes: whether a notification of it is due.
        found_by: the Message-IDs of its emails, what :func:`opened_by` returns for the
            email that opened it, and what :func:`watched_by` returns for each watcher.
    """

    row: Row
    queued: bool
    rank: bytes
    wake: str
    fired: str
    owes: bool
    found_by: tuple[str, ...]


def watched_by(who: str) -> str:
    """Return the key by which the tickets are found that somebody watches."""
    # No Message-ID has a line break.
    return f"watcher\n{who}"


def opened_by(digest: str) -> str:
    """Return the key by which the tickets are found that one email opened."""
    return f"opened\n{digest}"


def _found_by(ticket: Ticket) -> tuple[str, ...]:
    """Return the keys by which a ticket is found by its emails and its watchers."""
    keys = dict.fromkeys([entry.mail_id for entry in ticket.history if entry.mail_id])
    if digest := ticket.history[0].mail_digest:
        keys[opened_by(digest)] = None
    return (*keys, *map(watched_by, ticket.watchers))


def summary_of(profile: Profile, ticket: Ticket, people: People) -> Summary:
    """Return everything that the index holds of a ticket."""
    clocks, history = coming(profile, ticket, people), ticket.history
    queued = _is_queued(profile, ticket, people)
    return Summary(
        _row(profile, ticket, next_of(clocks)),
        queued,
        _rank(profile, ticket) if queued else b"",
        wake_of(clocks),
        max([entry.at for entry in history if entry.due and entry.key], default=""),
        next(iter(due_notifications(ticket)), None) is not None,
        _found_by(ticket),
    )


def row_of(profile: Profile, ticket: Ticket, people: People) -> Row:
    """Return the row of a ticket."""
    return _row(profile, ticket, next_due(profile, ticket, people))


def _is_queued(profile: Profile, ticket: Ticket, people: People) -> bool:
    """Return whether a ticket is in the work queue of its profile."""
    if not profile.queue.when:
        return profile.state(ticket.status) in ("new", "open")
    context = EvalContext(
        profile, people, parse_instant(ticket.updated), ticket, ticket.acts
    )
    return holds(profile.queue.when, context)


def _row(profile: Profile, ticket: Ticket, fire: Fire | None) -> Row:
    """Return the row of a ticket.

    Args:
        fire: what a rule does next by time.
    """
    state = profile.state(ticket.status)
    fields = {key: thaw(value) for key, value in ticket.fields.items()}
    return Row(
        ticket.id,
        ticket.profile,
        ticket.title,
        ticket.status,
        state,
        ticket.customer or "",
        ticket.assignee or "",
        ticket.created,
        ticket.updated,
        ticket.due or "",
        fire.due if fire else "",
        fire.rule if fire else "",
        int(state != "closed" and unanswered(profile, ticket.acts)),
        ticket.follows or "",
        json.dumps(fields, ensure_ascii=False) if fields else "{}",
    )


def words_of(ticket: Ticket) -> str:
    """Return what is searched: the title, and every message and note."""
    parts = [ticket.title]
    for entry in ticket.history:
        parts += [text for text in (entry.text, entry.note) if text]
    return _BETWEEN.join(parts)


def _rank(profile: Profile, ticket: Ticket) -> bytes:
    """Return what sorts a ticket in its profile's queue, byte by byte.

    What is not set comes last. The bytes of a descending part are inverted.
    """
    key = b""
    for name, descending in profile.queue.order:
        value = (
            getattr(ticket, name)
            if name in ("created", "updated")
            else ticket.get(name)
        )
        if isinstance(value, bool | int):
            part = b"\0" + (max(min(int(value), _HUGE), -_HUGE) + _HUGE).to_bytes(
                17, "big"
            )
            key += part[:1] + _turned(part[1:]) if descending else part
        elif value is None:
            key += b"\2"
        else:
            text = str(value).replace("\0", "").encode() + b"\0"
            key += b"\1" + (_turned(text) if descending else text)
    return key


def _turned(part: bytes) -> bytes:
    """Return the bytes that sort in the reverse order."""
    return bytes(255 - byte for byte in part)
