"""The events that the rules of a profile answer, and the conditions that they test.

There is one class for each kind of condition. ``Condition`` is the union of all; a
``match`` over it ends in ``assert_never``, so that mypy finds every place where a new
kind is not handled yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, assert_never, get_args

from ticketctl.core.dates import Duration
from ticketctl.core.vocabulary import State
from ticketctl.errors import Place
from ticketctl.record import Record

NOWHERE = Place("")
"""The place of what no file says."""


PlainEventKind = Literal[
    "created",
    "customer_message",
    "staff_message",
    "staff_event",
    "mail_in",
]
PLAIN_EVENT_KINDS: tuple[PlainEventKind, ...] = get_args(PlainEventKind)
SpecificEventKind = Literal["entered", "left", "field_set", "notified", "fired"]
SPECIFIC_EVENT_KINDS: tuple[SpecificEventKind, ...] = get_args(SpecificEventKind)
"""The kinds of events that are about a status, a field, a message or an automation."""
EventKind = PlainEventKind | SpecificEventKind


class Event(NamedTuple):
    """A kind of event and what it is about: ``Event("entered", "Solved")``,
    ``Event("mail_in")``."""

    kind: EventKind
    about: str = ""

    def __str__(self) -> str:
        return f"{self.kind}({self.about})" if self.about else self.kind


FieldWord = Literal[
    "present",
    "absent",
    "is",
    "contains",
    "in_future",
    "changed",
    "complete",
    "has_role",
]
FIELD_WORDS: tuple[FieldWord, ...] = get_args(FieldWord)
MessageKind = Literal["public", "note", "any"]
MESSAGE_KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
Channel = Literal["cli", "mail"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class FieldCheck(NamedTuple):
    """One word of a field condition, with its values.

    Args:
        word: what is checked.
        values: texts for ``is`` and ``contains``, roles for ``has_role``, else empty.
    """

    word: FieldWord
    values: tuple[str, ...] = ()


class FieldCondition(Record):
    """All checks of a field of the ticket pass; ``fields.checklist.ITEM`` is written
    ``checklist.ITEM``."""

    kind = "field"
    name: str
    checks: tuple[FieldCheck, ...]
    say: str = ""
    place: Place = NOWHERE


class MessageCondition(Record):
    """The request has a public message, an internal note, or either."""

    kind = "message"
    values: tuple[MessageKind, ...]
    say: str = ""
    place: Place = NOWHERE


class TextCondition(Record):
    """The text of the request contains one of the values, or has one as a whole line."""

    kind = "text"
    values: tuple[str, ...]
    whole_line: bool = False
    say: str = ""
    place: Place = NOWHERE


class SubjectCondition(Record):
    """The same for the subject of the email that the request comes from."""

    kind = "subject"
    values: tuple[str, ...]
    whole_line: bool = False
    say: str = ""
    place: Place = NOWHERE


class SeenCondition(Record):
    """An event is in the history (after the latest ``since``, where that is given)."""

    kind = "seen"
    event: Event
    since: Event | None = None
    say: str = ""
    place: Place = NOWHERE


class WithinCondition(Record):
    """The latest event of a kind is at most ``period`` ago."""

    kind = "within"
    event: Event
    period: Duration
    say: str = ""
    place: Place = NOWHERE


class StatusCondition(Record):
    """The ticket has one of these statuses."""

    kind = "status"
    values: tuple[str, ...]
    say: str = ""
    place: Place = NOWHERE


class StateCondition(Record):
    """The status of the ticket has one of these states."""

    kind = "state"
    values: tuple[State, ...]
    say: str = ""
    place: Place = NOWHERE


class CategoryCondition(Record):
    """The ticket has one of these categories."""

    kind = "category"
    values: tuple[str, ...]
    say: str = ""
    place: Place = NOWHERE


class RoleCondition(Record):
    """The request is made in one of these roles."""

    kind = "role"
    values: tuple[str, ...]
    say: str = ""
    place: Place = NOWHERE


class ChannelCondition(Record):
    """The request comes from one of these channels."""

    kind = "channel"
    values: tuple[Channel, ...]
    say: str = ""
    place: Place = NOWHERE


class AllowedCondition(Record):
    """A move to one of these statuses would not be refused."""

    kind = "allowed"
    values: tuple[str, ...]
    say: str = ""
    place: Place = NOWHERE


class NotCondition(Record):
    """Not all of the conditions hold."""

    kind = "not"
    conditions: tuple[Condition, ...]
    say: str = ""
    place: Place = NOWHERE


class AnyOfCondition(Record):
    """At least one of the conditions holds."""

    kind = "any_of"
    conditions: tuple[Condition, ...]
    say: str = ""
    place: Place = NOWHERE


class WhenCondition(Record):
    """If all of ``conditions`` hold, all of ``consequences`` (``need``) hold as well."""

    kind = "when"
    conditions: tuple[Condition, ...]
    consequences: tuple[Condition, ...]
    say: str = ""
    place: Place = NOWHERE


SimpleCondition = (
    MessageCondition
    | TextCondition
    | SubjectCondition
    | SeenCondition
    | WithinCondition
    | StatusCondition
    | StateCondition
    | CategoryCondition
    | RoleCondition
    | ChannelCondition
    | AllowedCondition
)
"""What looks at one thing beside the fields."""
CompoundCondition = NotCondition | AnyOfCondition | WhenCondition
"""What is made of other conditions."""
Condition = FieldCondition | SimpleCondition | CompoundCondition


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and all conditions inside it."""
    yield condition
    for inner in _parts(condition):
        yield from walk(inner)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, FieldCondition | SimpleCondition):
        return ()
    match condition:
        case NotCondition() | AnyOfCondition():
            return condition.conditions
        case WhenCondition():
            return (*condition.conditions, *condition.consequences)
        case _:
            assert_never(condition)


def depends_on_time(condition: Condition) -> bool:
    """Return whether the answer can change without the ticket changing.

    ``allowed`` counts, since the conditions of the move may depend on time.
    """
    return any(
        isinstance(inner, WithinCondition | AllowedCondition)
        or (
            isinstance(inner, FieldCondition)
            and any(check.word == "in_future" for check in inner.checks)
        )
        for inner in walk(condition)
    )
