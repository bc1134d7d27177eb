"""What a list shows of a ticket, and the terms by which it selects tickets.

This module loads nothing of the rules, so that lists start quickly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ticketctl.record import Record

COLUMNS = (
    "id",
    "profile",
    "title",
    "status",
    "state",
    "customer",
    "assignee",
    "created",
    "updated",
    "due",
    "next_due",
    "next_rule",
    "unanswered",
    "follows",
    "fields",
)
NEWEST = (("updated", True), ("id", True))
"""The default order of a list: the newest change first."""


class Row(NamedTuple):
    """One line of a list. Instants are in the form of the file; what is not set is
    empty; ``packed`` has the fields as JSON."""

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
    unanswered: int
    follows: str
    packed: str

    @property
    def fields(self) -> Mapping[str, object]:
        """The fields of the profile, as JSON has them."""
        if self.packed == "{}":
            return {}
        import json

        fields: Mapping[str, object] = json.loads(self.packed)
        return fields

    def column(self, name: str) -> object:
        """Return the value of a column, or of a field of the profile."""
        if name not in COLUMNS:
            return self.fields.get(name)
        value: object = getattr(self, name)
        return bool(value) if name == "unanswered" else value


FIELD = "field."
"""What a column begins with that is a field of a profile: ``field.NAME``."""
WHEN = "when"
"""The column for the ticket's date or the moment at which a rule will act."""


def field_column(name: str) -> str:
    """Return the column of a field of a profile."""
    return FIELD + name


def field_of(column: str) -> str | None:
    """Return the field that a column is; ``None`` for another column."""
    return column.removeprefix(FIELD) if column.startswith(FIELD) else None


class OneOfTerm(Record):
    """A column is equal to one of the values; texts are compared without case."""

    column: str
    values: tuple[str | int, ...]
    negated: bool = False


class BetweenTerm(Record):
    """A column holds a moment between two, both included; an empty one is no bound.

    Args:
        column: a column, or ``WHEN``.
        low: an instant.
        high: an instant.
        first_day: the date from which a column that holds a date is meant.
        last_day: the date until which it is.
    """

    column: str
    low: str = ""
    high: str = ""
    first_day: str = ""
    last_day: str = ""
    negated: bool = False


class PresentTerm(Record):
    """A column is set."""

    column: str
    negated: bool = False


class ContainsTerm(Record):
    """A column contains a text, in whatever case."""

    column: str
    text: str
    negated: bool = False


class WordTerm(Record):
    """The texts of the ticket have a word that begins with ``text``."""

    text: str
    negated: bool = False


class PhraseTerm(Record):
    """The texts of the ticket have these words, one after the other."""

    text: str
    negated: bool = False


ColumnTerm = OneOfTerm | BetweenTerm | PresentTerm | ContainsTerm
TextTerm = WordTerm | PhraseTerm
Term = ColumnTerm | TextTerm
"""One thing that a list asks of its tickets. A column is one of ``COLUMNS``, a field
(``field_column``), or ``closed``, ``queued``, ``wake``, ``owes``."""


class Query(NamedTuple):
    """Which tickets a list shows, all of the terms holding, and in which order.

    Args:
        sort: (column, descending) pairs.
        queue: in the order of the profiles' work queues instead.
        limit: how many at most; 0 for all.
    """

    terms: tuple[Term, ...] = ()
    sort: tuple[tuple[str, bool], ...] = NEWEST
    queue: bool = False
    limit: int = 0

    @property
    def text_terms(self) -> tuple[TextTerm, ...]:
        """The terms that search texts."""
        return tuple(term for term in self.terms if isinstance(term, TextTerm))
