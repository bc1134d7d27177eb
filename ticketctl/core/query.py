"""What a list shows of a ticket, and what can be asked for. Pure, and light: a list
loads nothing of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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
"""The order of a list for which none is named: the newest change first."""


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

        found: Mapping[str, object] = json.loads(self.packed)
        return found

    def column(self, name: str) -> object:
        """The value of a column, or of a field of the profile."""
        if name not in COLUMNS:
            return self.fields.get(name)
        value: object = getattr(self, name)
        return bool(value) if name == "unanswered" else value


class Term(NamedTuple):
    """One thing that a list asks of its tickets.

    Args:
        name: a column, ``field.NAME`` for a field of the profile, ``when`` for the
            ticket's date or the moment at which a rule will act, ``closed``,
            ``queued``, or ``words``.
        test: ``is`` one of the values; ``between`` two moments (as instants, then as
            dates; an empty one is no bound); ``set`` to anything; ``has`` the text;
            ``word`` beginning so, or ``phrase``, for ``words``.
        values: what it is compared with.
        wanted: whether it must be so, or must not.
    """

    name: str
    test: str
    values: tuple[str | int, ...] = ()
    wanted: bool = True


class Query(NamedTuple):
    """Which tickets are wanted, all of the terms holding, and in which order.

    Args:
        sort: (column or ``field.NAME``, descending) pairs.
        queue: in the order of the profiles' work queues instead.
        limit: how many at most; 0 for all.
    """

    terms: tuple[Term, ...] = ()
    sort: tuple[tuple[str, bool], ...] = NEWEST
    queue: bool = False
    limit: int = 0

    @property
    def words(self) -> tuple[Term, ...]:
        """The terms that search texts."""
        return tuple(term for term in self.terms if term.name == "words")
