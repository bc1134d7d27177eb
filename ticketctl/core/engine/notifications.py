"""Notices: their text, made from the history alone, and what is still owed
(docs/mail.md).

An entry with a ``message`` owes a notice to those whom it names as ``told``. A
``notified`` entry, anchored on it, says that the notice was handed over. So no notice
is lost with anything but the ticket itself. An ``imported`` entry
below others settles, unsent, what they owed: a ticket of another store brings no debts
to strangers.
"""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core import dates
from ticketctl.core.actions import moves_among
from ticketctl.core.dag import is_linear, knowledge
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import is_import
from ticketctl.core.engine.messages import readable
from ticketctl.core.engine.placeholders import fill
from ticketctl.core.engine.requests import Notification
from ticketctl.core.engine.timers import timers
from ticketctl.core.entry import Entry
from ticketctl.core.language.grammar import INTERNAL
from ticketctl.core.people import People, is_address
from ticketctl.core.profile import Message, Profile
from ticketctl.core.ticket import LINK, Ticket, apply, fold
from ticketctl.errors import BrokenError
from ticketctl.record import Record, replace


class DueNotification(Record):
    """A notice that an entry owes to the people in ``told`` (those of the entry who
    have not had it yet)."""

    entry: Entry
    recipients: tuple[str, ...]


def due_notifications(ticket: Ticket) -> Iterator[DueNotification]:
    """What a ticket still owes, oldest first; an entry without effect owes nothing,
    twins owe one notice between them."""
    return (one for one, settled in _undelivered(ticket) if not settled)


def unsent(ticket: Ticket) -> Iterator[DueNotification]:
    """What a ticket owed when it was imported, oldest first, and what nobody will send."""
    return (one for one, settled in _undelivered(ticket) if settled)


def _undelivered(ticket: Ticket) -> Iterator[tuple[DueNotification, bool]]:
    """Every notice that was not handed over to all, and whether an import has settled
    it."""
    if not [entry for entry in ticket.history if entry.message is not None]:
        return  # as most: nobody was ever to be told of anything
    delivered: dict[str, set[str]] = {}
    for entry in ticket.history:
        if entry.event == "notified" and entry.anchor is not None:
            delivered.setdefault(entry.anchor, set()).update(entry.recipients)
    settled = _settled(ticket)
    told = {entry.id: set(entry.recipients) for entry in ticket.history}
    for entry in ticket.acts:
        if entry.message is None or entry.event == "notified":
            continue
        same = [one.id for one in _same(ticket, entry)]
        had = set().union(*(delivered.get(name, set()) for name in same))
        if entry.id in ticket.twins:  # it stands for those whom the other does not name
            had |= told[ticket.twins[entry.id]]
        # A role, or a name without an address, as earlier versions wrote them: nobody
        # can be sent that, ever.
        left = tuple(
            who for who in entry.recipients if who not in had and is_address(who)
        )
        if left:
            yield DueNotification(entry, left), not settled.isdisjoint(same)


def _settled(ticket: Ticket) -> frozenset[str]:
    """The entries above an import: those of which its author knew. What another clone
    did meanwhile is not among them."""
    history = ticket.history
    imports = [position for position, entry in enumerate(history) if is_import(entry)]
    if not imports:
        return frozenset()
    if is_linear(history):
        return frozenset(entry.id for entry in history[: imports[-1]])
    known = knowledge(history)
    seen = 0
    for position in imports:
        seen |= known[history[position].id]
    return frozenset(
        entry.id for position, entry in enumerate(history) if seen >> position & 1
    )


def _same(ticket: Ticket, entry: Entry) -> Iterator[Entry]:
    """The entry and its twins: in another clone the notice may have been given for one
    of those."""
    yield entry
    yield from (
        other for other in ticket.history if ticket.twins.get(other.id) == entry.id
    )
    keys = {other.id: _key(ticket, other) for other in ticket.history if other.key}
    mark = keys.get(entry.id) or keys.get(entry.anchor or "")
    for other in ticket.history:
        if (
            other.id in ticket.idle
            and mark
            and mark == (keys.get(other.id) or keys.get(other.anchor or ""))
        ):
            if (other.rule, other.message) == (entry.rule, entry.message):
                yield other


def _key(ticket: Ticket, entry: Entry) -> tuple[str, str, int] | None:
    """The key of what an automation did, counted from what its anchor repeats, if it is
    a twin."""
    if entry.key is None:
        return None
    rule, anchor, number = entry.key
    return rule, ticket.twins.get(anchor, anchor), number


def compose(
    profile: Profile,
    ticket: Ticket,
    entry: Entry,
    people: People,
    reader: str | None = None,
    at: str | None = None,
) -> Notification:
    """The notice of an entry, with its text as the ticket stood then.

    Args:
        ticket: with the entry in its history.
        reader: in whose language, if the message has it; else that which all the people
            told have in common.
        at: when it is handed over; when it was owed, if not given. Clocks that wait for
            it count from then.
    """
    history = ticket.history
    position = next(number for number, one in enumerate(history) if one.id == entry.id)
    then = ticket if position == len(history) - 1 else fold(history[: position + 1])
    by_id = {one.id: one for one in then.history}
    cause = (
        None if profile.automation(entry.rule or "") else by_id.get(entry.anchor or "")
    )
    system = profile.system
    context = EvalContext(
        profile,
        people,
        dates.parse_instant(entry.at),
        then,
        then.acts,
        system,
        system,
        _actor(entry, by_id, system),
    )
    languages = {
        people.languages.get(who, "")
        for who in ([reader] if reader else entry.recipients)
    }
    message = in_language(
        profile, entry.message or "", languages.pop() if len(languages) == 1 else ""
    )
    links = [str(one.sets[LINK]) for one in then.acts if LINK in one.sets]
    more = {
        "closes": _closes(profile, then, entry, at or entry.at),
        "follow_up": links[-1] if links else "",
    }
    readers = [reader] if reader else list(entry.recipients)
    if not all(
        readable(profile, entry.message or "", ticket, people, who) for who in readers
    ):
        more[INTERNAL] = (
            ""  # whatever a history says: an internal note is for staff alone
        )
    subject, body = (
        fill(part, context, cause, more).strip()
        for part in (message.subject, message.body)
    )
    return Notification(
        ticket.id,
        entry.id,
        entry.message or "",
        entry.recipients,
        subject,
        body,
        entry.at,
    )


def in_language(profile: Profile, name: str, language: str) -> Message:
    """A message in a language (``de``, or ``de-AT`` and failing that ``de``), else in
    the profile's own.

    Raises:
        BrokenError: a history names a message that the profile no longer has.
    """
    for tag in (language, language.partition("-")[0]):
        if tag and f"{name}.{tag}" in profile.messages:
            return profile.messages[f"{name}.{tag}"]
    if name not in profile.messages:
        raise BrokenError(
            f'{profile.name} has no message "{name}" any more',
            "put it back into the profile's messages",
        )
    return profile.messages[name]


def _actor(entry: Entry, by_id: dict[str, Entry], system: str) -> str:
    """Who set off the chain of rules that made an entry; the system, where time did."""
    while entry.rule is not None and entry.due is None and entry.anchor in by_id:
        entry = by_id[entry.anchor]
    return system if entry.rule is not None else entry.by


def _closes(profile: Profile, ticket: Ticket, entry: Entry, at: str) -> str:
    """When the ticket closes by itself if nothing happens, in the profile's zone,
    counting this notice as given."""
    if entry.event != "notified":
        ticket = apply(
            ticket,
            replace(
                entry,
                id="-",
                at=at,
                event="notified",
                anchor=entry.id,
                due=None,
                occurrence=None,
            ),
        )
    for timer in timers(profile, ticket):
        fire = timer.next(profile)
        moves = moves_among(timer.automation.do)
        if fire and moves and profile.state(moves[-1].status) == "closed":
            where = dates.zone(profile.timezone)
            return f"{dates.parse_instant(fire.due).astimezone(where):%Y-%m-%d %H:%M} ({profile.timezone})"
    return ""
