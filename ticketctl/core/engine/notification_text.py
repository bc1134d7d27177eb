"""The text of a notification, from the history of its ticket."""

from __future__ import annotations

from ticketctl.core import dates
from ticketctl.core.actions import moves_among
from ticketctl.core.engine.context import EvalContext, fill
from ticketctl.core.engine.internal_notes import readable
from ticketctl.core.engine.requests import Notification
from ticketctl.core.engine.timers import timers
from ticketctl.core.entry import Entry
from ticketctl.core.people import People
from ticketctl.core.profile import Message, Profile
from ticketctl.core.templates import INTERNAL
from ticketctl.core.ticket import LINK, Ticket, apply, fold
from ticketctl.errors import BrokenError
from ticketctl.record import replace


def compose(
    profile: Profile,
    ticket: Ticket,
    entry: Entry,
    people: People,
    reader: str | None = None,
    at: str | None = None,
) -> Notification:
    """Return the notification that is due by an entry, with its text as the ticket
    was then.

    Args:
        ticket: with the entry in its history.
        reader: for whom, in whose language; else for all recipients, in the language
            that they have in common.
        at: the instant at which it is sent, as in the file; without it, that of the
            entry. Clocks that start with the notification count from then.

    Raises:
        BrokenError: the profile no longer has the message.
    """
    history, name = ticket.history, entry.message or ""
    position = next(
        place for place, other in enumerate(history) if other.id == entry.id
    )
    then = ticket if position == len(history) - 1 else fold(history[: position + 1])
    by_id = {other.id: other for other in then.history}
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
    readers = (reader,) if reader else entry.recipients
    languages = {people.languages.get(who, "") for who in readers}
    language = languages.pop() if len(languages) == 1 else ""
    message = _in_language(profile, name, language)
    links = [str(other.sets[LINK]) for other in then.acts if LINK in other.sets]
    more = {
        "closes": _closes(profile, then, entry, at or entry.at),
        "follow_up": links[-1] if links else "",
    }
    if not all(readable(profile, name, ticket, people, who) for who in readers):
        more[INTERNAL] = ""  # even if somebody else wrote the history
    subject, body = (
        fill(part, context, cause, more).strip()
        for part in (message.subject, message.body)
    )
    return Notification(
        ticket.id, entry.id, name, entry.recipients, subject, body, entry.at
    )


def _in_language(profile: Profile, name: str, language: str) -> Message:
    """Return a message in a language (``de``; for ``de-AT``, else in ``de``), else in
    the profile's own.

    Raises:
        BrokenError: a history names a message that the profile no longer has.
    """
    for tag in (language, language.partition("-")[0]):
        if tag and f"{name}.{tag}" in profile.messages:
            return profile.messages[f"{name}.{tag}"]
    if name not in profile.messages:
        raise BrokenError(
            f'{profile.name} no longer has the message "{name}"',
            "add it to the profile's messages again",
        )
    return profile.messages[name]


def _actor(entry: Entry, by_id: dict[str, Entry], system: str) -> str:
    """Return who set off the rules that made an entry; the system, if time did."""
    while entry.rule is not None and entry.due is None and entry.anchor in by_id:
        entry = by_id[entry.anchor]
    return system if entry.rule is not None else entry.by


def _closes(profile: Profile, ticket: Ticket, entry: Entry, at: str) -> str:
    """Return when the ticket closes by itself if nobody does anything, in the profile's
    zone; empty if it does not.

    Args:
        entry: the notification is counted as sent.
        at: the instant at which it is sent, as in the file.
    """
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
            zone = dates.zone(profile.timezone)
            local = dates.parse_instant(fire.due).astimezone(zone)
            return f"{local:%Y-%m-%d %H:%M} ({profile.timezone})"
    return ""
