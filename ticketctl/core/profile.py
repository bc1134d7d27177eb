"""A workflow profile as the engine uses it: frozen data, with every name resolved and
every list written out.

``core/language/parser.py`` reads it from a file.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args

from ticketctl.core import calendars, dates
from ticketctl.core.actions import Action, MoveAction
from ticketctl.core.calendars import Calendar
from ticketctl.core.conditions import Condition, Event
from ticketctl.core.dates import Duration
from ticketctl.core.entry import Value
from ticketctl.core.vocabulary import State
from ticketctl.errors import Place
from ticketctl.record import EMPTY, Record, replace

RoleKind = Literal["customer", "agent", "integration", "system"]
ROLE_KINDS: tuple[RoleKind, ...] = get_args(RoleKind)
FieldType = Literal[
    "string",
    "text",
    "enum",
    "boolean",
    "integer",
    "date",
    "datetime",
    "email",
    "user",
    "users",
    "checklist",
]
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)
DATE_TYPES: tuple[FieldType, ...] = ("date", "datetime")
PERSON_TYPES: tuple[FieldType, ...] = ("email", "user", "users")
CREATED = "created"
"""The source of the transitions by which tickets are created."""


class Origin(Record):
    """The source of an entry of a profile: demand numbers, the part of the document, or
    why it is assumed."""

    cites: tuple[str, ...] = ()
    source: str = ""
    assumed: str = ""


class Role(Record):
    """Who may act.

    Args:
        field: binds the role to the people whom that field of the ticket names.
    """

    name: str
    kind: RoleKind
    field: str = ""
    help: str = ""


class Field(Record):
    """A field of the tickets of a profile.

    Args:
        edit: the roles that may set it; empty for every agent and integration.
    """

    name: str
    type: FieldType
    values: tuple[str, ...] = ()
    default: Value | None = None
    help: str = ""
    edit: tuple[str, ...] = ()
    origin: Origin = Origin()
    place: Place = Place("")


class Status(Record):
    """A status, its state, the document's words for it, and the conditions bound to it."""

    name: str
    state: State
    description: str = ""
    aliases: tuple[str, ...] = ()
    set_by_system: bool = False
    preconditions: tuple[Condition, ...] = ()
    invariants: tuple[Condition, ...] = ()
    warns: tuple[Condition, ...] = ()
    origin: Origin = Origin()
    place: Place = Place("")


class Transition(Record):
    """One move that the profile lists, from one status to another.

    Args:
        order: its position in the file.
        criterion: when it may be made, in the words of the document.
    """

    source: str
    target: str
    order: int
    roles: tuple[str, ...]
    on_behalf: tuple[str, ...] = ()
    criterion: str = ""
    preconditions: tuple[Condition, ...] = ()
    warns: tuple[Condition, ...] = ()
    sets: Mapping[str, Value | None] = EMPTY
    origin: Origin = Origin()
    place: Place = Place("")

    def sets_besides(self, names: Container[str]) -> dict[str, Value | None]:
        """Return what the transition sets, without what a request sets or clears.

        Args:
            names: of the fields of the request.
        """
        return {
            name: value
            for name, value in self.sets.items()
            if name.partition(".")[0] not in names
        }


class Trigger(Record):
    """A rule that acts at once on an event."""

    name: str
    on: tuple[Event, ...]
    when: tuple[Condition, ...]
    do: tuple[Action, ...]
    origin: Origin = Origin()
    place: Place = Place("")

    @property
    def moves(self) -> bool:
        """Whether the trigger changes the status."""
        return any(isinstance(action, MoveAction) for action in self.do)


class Automation(Record):
    """A rule that acts when time has passed.

    Args:
        within: the statuses in which it acts.
        start: the event from which it counts; else ``at`` is given.
        at: the date field from which it counts.
        lead: how long before ``at`` it acts.
        after: how long after the start it acts.
        repeat: after how long it acts again; ``None`` for once.
        calendar: the calendar in whose working time these count; empty for real time.
        criterion: when it acts, in the words of the document.
        order: its position in the file.
    """

    name: str
    within: tuple[str, ...]
    do: tuple[Action, ...]
    start: Event | None = None
    at: str = ""
    lead: Duration = Duration()
    after: Duration = Duration()
    repeat: Duration | None = None
    calendar: str = ""
    cancel_on: tuple[Event, ...] = ()
    resume_on: tuple[Event, ...] = ()
    reset_on: tuple[Event, ...] = ()
    when: tuple[Condition, ...] = ()
    criterion: str = ""
    order: int = 0
    origin: Origin = Origin()
    place: Place = Place("")


Rule = Trigger | Automation


class Batch(Record):
    """A group move."""

    name: str
    source: str
    target: str
    sets: Mapping[str, Value | None]
    origin: Origin = Origin()
    place: Place = Place("")


class Category(Record):
    """Which statuses a person may choose in a kind of ticket, and whom to ask about it."""

    name: str
    statuses: tuple[str, ...]
    ask: str = ""
    origin: Origin = Origin()


class Queue(Record):
    """What the work queue shows, and its order as (field, descending) pairs."""

    when: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = (("created", False),)
    origin: Origin = Origin()


class Message(Record):
    """The text of a notification, as two templates."""

    name: str
    subject: str
    body: str
    origin: Origin = Origin()


class Template(Record):
    """A preset for ``new`` and ``move``."""

    name: str
    help: str = ""
    title: str = ""
    to: str = ""
    text: str = ""
    note: str = ""
    sets: Mapping[str, Value | None] = EMPTY
    origin: Origin = Origin()


class Profile(Record):
    """One organisation's workflow."""

    name: str
    title: str
    version: int
    source: str
    timezone: str
    path: str
    roles: Mapping[str, Role]
    fields: Mapping[str, Field]
    statuses: Mapping[str, Status]
    edges: tuple[Transition, ...]
    excepts: Mapping[tuple[str, str], str]
    triggers: tuple[Trigger, ...] = ()
    automations: tuple[Automation, ...] = ()
    calendars: Mapping[str, Calendar] = EMPTY
    batches: Mapping[str, Batch] = EMPTY
    categories: Mapping[str, Category] = EMPTY
    queue: Queue = Queue()
    messages: Mapping[str, Message] = EMPTY
    templates: Mapping[str, Template] = EMPTY

    @cached_property
    def _between(self) -> dict[tuple[str, str], list[Transition]]:
        transitions: dict[tuple[str, str], list[Transition]] = {}
        for edge in self.edges:
            transitions.setdefault((edge.source, edge.target), []).append(edge)
        return transitions

    @cached_property
    def _spellings(self) -> dict[str, str]:
        spellings = {
            squash(alias): status.name
            for status in self.statuses.values()
            for alias in status.aliases
        }
        return spellings | {squash(name): name for name in self.statuses}

    @cached_property
    def _timed(self) -> dict[str, list[Automation]]:
        return {
            name: [rule for rule in self.automations if name in rule.within]
            for name in self.statuses
        }

    def timed(self, status: str) -> Sequence[Automation]:
        """Return the automations whose clocks may run in a status, in file order; none
        for a status that the profile does not have."""
        return self._timed.get(status, ())

    @cached_property
    def remembered(self) -> dict[str, Any]:
        """What the proofs have found out about the profile, by name, so that each is done
        once (``core/language/assumptions.py``, ``core/language/reachability.py``)."""
        return {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Triggers and automations, in the file's order."""
        return (*self.triggers, *self.automations)

    @cached_property
    def system(self) -> str:
        """The name of the role in which rules act."""
        return self.role_of_kind("system")

    def role_of_kind(self, kind: RoleKind) -> str:
        """Return the first role of a kind, in file order.

        A checked profile has one of each kind but integration.
        """
        return next(
            (role.name for role in self.roles.values() if role.kind == kind), kind
        )

    def kind(self, role: str) -> RoleKind:
        """Return the kind of a role; a role that the profile no longer has counts as an
        integration, which is neutral."""
        declared = self.roles.get(role)
        return declared.kind if declared else "integration"

    def between(self, source: str, target: str) -> Sequence[Transition]:
        """Return all transitions from a status (or ``CREATED``) to another, in file
        order."""
        return self._between.get((source, target), ())

    def leaving(self, source: str) -> Iterator[Transition]:
        """Return all transitions from a status."""
        return (edge for edge in self.edges if edge.source == source)

    def find_status(self, text: str) -> str | None:
        """Return the status that a text names, whatever the case, spaces, hyphens and
        punctuation."""
        return self._spellings.get(squash(text))

    def find_field(self, text: str) -> Field | None:
        """Return the field that a text names, whatever the case and punctuation."""
        return next(
            (f for f in self.fields.values() if squash(f.name) == squash(text)), None
        )

    def state(self, status: str) -> State:
        """Return the state of a status; an unknown status (of an old profile) counts as
        open."""
        declared = self.statuses.get(status)
        return declared.state if declared else "open"

    def later(
        self, rule: Automation, moment: datetime, period: Duration, times: int = 1
    ) -> datetime:
        """Return the instant that is ``times`` periods of a rule after ``moment``.

        Periods count in the rule's working time, else by the clock of the profile's
        zone (rule 4 of the sweep).

        Args:
            moment: an instant in UTC.
            times: how many periods; negative for before ``moment``.
        """
        if rule.calendar:
            return calendars.add(moment, period, self.calendars[rule.calendar], times)
        return dates.add(moment, period, dates.zone(self.timezone), times)

    def closed_on(self, days: Collection[date]) -> Profile:
        """Return the profile with more holidays in every calendar (those of the store)."""
        if not days or not self.calendars:
            return self
        more = {
            name: replace(calendar, holidays=calendar.holidays.union(days))
            for name, calendar in self.calendars.items()
        }
        return replace(self, calendars=more)

    def automation(self, name: str) -> Automation | None:
        """Return the automation of a name; ``None`` if there is none."""
        return next((rule for rule in self.automations if rule.name == name), None)


@lru_cache(maxsize=4096)
def squash(text: str) -> str:
    """Return a name without case, spaces, hyphens and punctuation, for matching."""
    return "".join(char for char in text.casefold() if char.isalnum())


def unreadable_profile(name: str, path: str) -> Profile:
    """Return a profile of which only the name could be read."""
    return Profile(name, "", 1, "", "UTC", path, EMPTY, EMPTY, EMPTY, (), {})
