"""Which events an entry of a history stands for (docs/profile-language.md, events)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ticketctl.core.conditions import Event
from ticketctl.core.entry import Entry
from ticketctl.core.profile import Profile

_OPENINGS = ("created", "imported")
"""The kinds of the first entry of a history, which alone of these has a status."""


def is_import(entry: Entry) -> bool:
    """Whether an entry says that the history above it came from another store: it
    stands in the middle of a history, and is no event for any rule
    (docs/ticket-file.md)."""
    return entry.event == "imported" and entry.to is None


def events_of(profile: Profile, entry: Entry) -> frozenset[Event]:
    """The events of one entry; they are simultaneous.

    Creation raises ``field_set`` but never a message or ``mail_in``. What staff enter
    for the customer is the customer's message and an event of staff. What rules and
    integrations do is neither.
    """
    return _events(
        (*entry.sets, *entry.unset),
        entry.to,
        entry.from_,
        entry.event,
        profile.kind(entry.role),
        entry.text is not None,
        entry.for_ is not None,
        entry.via == "mail",
        entry.message,
        None if entry.key is None else entry.rule,
    )


@lru_cache(maxsize=1 << 12)
def _events(
    names: tuple[str, ...],
    to: str | None,
    from_: str | None,
    event: str,
    kind: str,
    said: bool,
    for_: bool,
    mailed: bool,
    message: str | None,
    rule: str | None,
) -> frozenset[Event]:
    """The same of what matters of an entry, in which most are alike: every clock asks
    it of every entry."""
    if event == "imported" and to is None:
        return (
            frozenset()
        )  # as is_import: what the importer does with the file is no act on the ticket
    found = {Event("field_set", _field(name)) for name in names}
    if to is not None:
        found.add(Event("entered", to))
    if from_ is not None:
        found.add(Event("left", from_))
    if event in _OPENINGS:
        found.add(Event("created"))
    if kind == "agent":
        found.add(Event("staff_event"))
    if said and event not in _OPENINGS:
        if kind == "customer" or for_:
            found.add(Event("customer_message"))
        elif kind == "agent":
            found.add(Event("staff_message"))
        if mailed:
            found.add(
                Event("mail_in")
            )  # mail that a machine wrote is kept as a note, and is no event (X4)
    if event == "notified" and message:
        found.add(Event("notified", message))
    if rule:
        found.add(Event("fired", rule))
    return frozenset(found)


def _field(name: str) -> str:
    """``fields.checklist.verify-restore`` is about ``checklist``."""
    return name.removeprefix("fields.").partition(".")[0]


def latest(profile: Profile, history: Iterable[Entry], event: Event) -> int:
    """The position of the latest entry that raises an event, -1 if there is none."""
    found = -1
    for position, entry in enumerate(history):
        if event in events_of(profile, entry):
            found = position
    return found


def last_customer_text(profile: Profile, history: Iterable[Entry]) -> str:
    """What the customer wrote last: all of it since staff last wrote; the report itself
    if there is nothing else."""
    report, texts, answered = "", list[str](), 0
    for entry in history:
        events = events_of(profile, entry)
        if entry.event in _OPENINGS and not is_import(entry):
            report = (entry.text or "").strip()
        elif Event("customer_message") in events and entry.text:
            texts.append(entry.text.strip())
        elif Event("staff_message") in events:
            answered = len(texts)
    return "\n\n".join(texts[answered:] or texts[-1:] or [report])


_MESSAGES = (Event("customer_message"), Event("staff_message"))


def unanswered(profile: Profile, history: Sequence[Entry]) -> bool:
    """Whether the last public message is the customer's."""
    for entry in reversed(history):
        if entry.text is not None:  # or it is no message
            events = events_of(profile, entry)
            if not events.isdisjoint(_MESSAGES):
                return _MESSAGES[0] in events
    return False
