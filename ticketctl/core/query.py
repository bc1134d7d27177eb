"""Rows of a list: what is shown of a ticket, which are wanted, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ticketctl.core.checker import Scene, holds
from ticketctl.core.dates import parse_instant
from ticketctl.core.events import unanswered
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, thaw
from ticketctl.core.timers import next_due

OPEN = frozenset(("new", "open", "pending"))
COLUMNS = (
    "id", "profile", "title", "status", "state", "customer", "assignee", "created", "updated", "due", "next_due",
    "next_rule", "unanswered", "follows", "fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. Instants are in the form of the file; ``order`` is the profile's queue order."""

    id: str
    profile: str
    title: str
    status: str
    state: str
    customer: str
    assignee: str
    created: str
    updated: str
    due: str
    next_due: str
    next_rule: str
    unanswered: bool
    follows: str
    fields: Mapping[str, object]
    queued: bool = False
    order: tuple[object, ...] = ()
    words: str = ""

    def column(self, name: str) -> object:
        """The value of a column, or of a field of the profile."""
        return getattr(self, name) if name in COLUMNS else self.fields.get(name)


def row_of(profile: Profile, ticket: Ticket, people: People) -> Row:
    """The row of a ticket."""
    fire = next_due(profile, ticket, people)
    scene = Scene(profile, people, parse_instant(ticket.updated), ticket, ticket.acts, "", "", "")
    state = profile.state(ticket.status)
    queued = holds(profile.queue.when, scene) if profile.queue.when else state in ("new", "open")
    return Row(
        ticket.id, ticket.profile, ticket.title, ticket.status, state, ticket.customer or "", ticket.assignee or "",
        ticket.created, ticket.updated, ticket.due or "", fire.due if fire else "", fire.rule if fire else "",
        state != "closed" and unanswered(profile, ticket.acts), ticket.follows or "",
        {key: thaw(value) for key, value in ticket.fields.items()},
        queued, _order(profile, ticket),
        " ".join([ticket.title, *(entry.text or "" for entry in ticket.history), *(e.note or "" for e in ticket.history)]),
    )  # fmt: skip


def _order(profile: Profile, ticket: Ticket) -> tuple[object, ...]:
    """A key that sorts by the queue's order, descending parts turned round; what is not set comes last."""
    key: list[object] = []
    for name, descending in profile.queue.order:
        value = getattr(ticket, name) if name in ("created", "updated") else ticket.get(name)
        if isinstance(value, bool | int):
            key += [(0, -int(value) if descending else int(value))]
        else:
            text = "" if value is None else str(value)
            key += [(1 if value is None else 0, tuple(-ord(char) for char in text) if descending else text)]
    return tuple(key)


@dataclass(frozen=True, slots=True)
class Query:
    """Which tickets are wanted; empty parts want everything.

    Args:
        states: of the tickets wanted; ``None`` hides only closed ones, unless ``statuses`` names some.
        assignee: an address, or ``none``.
        due: only tickets on which a rule will act.
        overdue: only tickets whose date, or a rule's instant, has passed at this instant.
        created, updated: (from, until) instants or dates, either may be empty.
    """

    states: frozenset[str] | None = None
    statuses: frozenset[str] = frozenset()
    profile: str = ""
    assignee: str = ""
    customer: str = ""
    due: bool = False
    overdue: str = ""
    queue: bool = False
    search: str = ""
    created: tuple[str, str] = ("", "")
    updated: tuple[str, str] = ("", "")
    sort: tuple[tuple[str, bool], ...] = field(default=(("updated", True), ("id", True)))


def matches(query: Query, row: Row) -> bool:
    """Whether a row is wanted."""
    states = query.states
    if states is None and not query.statuses:
        states = frozenset(("new", "open", "pending", "on_hold", "solved"))
    return (
        (states is None or row.state in states)
        and (not query.statuses or row.status in query.statuses)
        and (not query.profile or row.profile == query.profile)
        and (not query.assignee or row.assignee == ("" if query.assignee == "none" else query.assignee))
        and (not query.customer or row.customer == query.customer)
        and (not query.due or bool(row.next_due))
        and (not query.overdue or any(moment and moment <= query.overdue for moment in (row.due, row.next_due)))
        and (not query.queue or row.queued)
        and all(word in row.words.casefold() for word in query.search.casefold().split())
        and _between(row.created, query.created)
        and _between(row.updated, query.updated)
    )


def _between(moment: str, limits: tuple[str, str]) -> bool:
    low, high = limits
    return (not low or moment >= low) and (not high or moment[: len(high)] <= high)


def arrange(query: Query, rows: Iterable[Row]) -> list[Row]:
    """The rows in the order asked for: the queue's own, or by columns."""
    found = list(rows)
    if query.queue:
        return sorted(found, key=lambda row: (row.profile, row.order, row.id))
    for name, descending in reversed(query.sort):
        found.sort(key=lambda row: _sortable(row.column(name)), reverse=descending)
    return found


def _sortable(value: object) -> tuple[int, object]:
    return (1, "") if value in (None, "") else (0, value if isinstance(value, int) else str(value))


def counts(rows: Sequence[Row]) -> tuple[int, int]:
    """How many of the open tickets wait on the customer, and how many on us."""
    waiting = sum(1 for row in rows if row.state == "pending")
    return waiting, sum(1 for row in rows if row.state in OPEN) - waiting
