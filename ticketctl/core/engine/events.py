"""The events that an entry of a history raises (docs/profile-language.md, events)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketctl.core.conditions import Event
from ticketctl.core.entry import Entry
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import flat_field

_OPENINGS = ("created", "imported")
"""The kinds of the first entry of a history: of these, only that entry has a status."""


def is_import(entry: Entry) -> bool:
    """Return whether an entry says that the history above it came from another store.

    Such an entry is not the first one, and raises no event (docs/ticket-file.md).
    """
    return entry.event == "imported" and entry.to is None


_CREATED, _MAIL_IN = Event("created"), Event("mail_in")
_STAFF_EVENT, _STAFF_MESSAGE = Event("staff_event"), Event("staff_message")
_CUSTOMER_MESSAGE = Event("customer_message")


def events_of(profile: Profile, entry: Entry) -> set[Event]:
    """Return the events of one entry; they are simultaneous.

    Creation raises ``field_set`` but never a message or ``mail_in``. What staff enter
    for the customer is the customer's message and an event of staff. What rules and
    integrations do is neither.
    """
    events: set[Event] = set()
    if entry.sets or entry.unset:
        events.update(
            [
                Event("field_set", flat_field(name))
                for name in (*entry.sets, *entry.unset)
            ]
        )
    if entry.to is not None:
        events.add(Event("entered", entry.to))
    elif entry.event == "imported":
        return set()  # as is_import; but `to` was tested already, and this is hot
    if entry.from_ is not None:
        events.add(Event("left", entry.from_))
    is_opening, kind = entry.event in _OPENINGS, profile.kind(entry.role)
    if is_opening:
        events.add(_CREATED)
    if kind == "agent":
        events.add(_STAFF_EVENT)
    if entry.text is not None and not is_opening:
        if kind == "customer" or entry.for_ is not None:
            events.add(_CUSTOMER_MESSAGE)
        elif kind == "agent":
            events.add(_STAFF_MESSAGE)
        if entry.via == "mail":
            # Email that a machine wrote is kept as a note, and is no event (X4).
            events.add(_MAIL_IN)
    if entry.event == "notified" and entry.message:
        events.add(Event("notified", entry.message))
    if entry.rule and entry.key is not None:
        events.add(Event("fired", entry.rule))
    return events


def latest(profile: Profile, history: Iterable[Entry], event: Event) -> int:
    """Return the position of the latest entry that raises an event; -1 if none does."""
    last = -1
    for position, entry in enumerate(history):
        if event in events_of(profile, entry):
            last = position
    return last


def last_customer_text(profile: Profile, history: Iterable[Entry]) -> str:
    """Return what the customer wrote since staff last wrote, else the customer's last
    message, else the text of the first entry."""
    report, texts, answered = "", list[str](), 0
    for entry in history:
        events = events_of(profile, entry)
        if entry.event in _OPENINGS and not is_import(entry):
            report = (entry.text or "").strip()
        elif _CUSTOMER_MESSAGE in events and entry.text:
            texts.append(entry.text.strip())
        elif _STAFF_MESSAGE in events:
            answered = len(texts)
    return "\n\n".join(texts[answered:] or texts[-1:] or [report])


_MESSAGES = (_CUSTOMER_MESSAGE, _STAFF_MESSAGE)


def unanswered(profile: Profile, history: Sequence[Entry]) -> bool:
    """Return whether the last public message is the customer's."""
    for entry in reversed(history):
        if entry.text is not None:  # only messages have one
            events = events_of(profile, entry)
            if not events.isdisjoint(_MESSAGES):
                return _MESSAGES[0] in events
    return False
