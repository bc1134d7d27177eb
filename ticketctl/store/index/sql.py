"""Query the index in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, assert_never

from ticketctl.core.query import (
    COLUMNS,
    WHEN,
    BetweenTerm,
    ColumnTerm,
    ContainsTerm,
    OneOfTerm,
    PhraseTerm,
    PresentTerm,
    Query,
    Row,
    Term,
    TextTerm,
    WordTerm,
    field_of,
)
from ticketctl.store.index.database import Index

_ROW = ", ".join(Row._fields)
_WHEN = ("due", "next_due")
_ALL = 2**62
_FIELD_VALUE = (
    "CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " ELSE CAST(value AS TEXT) END"
)
_OTHERS = ("closed", "queued", "wake", "owes")


def select_rows(index: Index, query: Query) -> Iterator[Row]:
    """Return the rows that a query selects, in its order, one at a time."""
    where, values = _where(query)
    limit = f" LIMIT {min(query.limit, _ALL)}" if query.limit else ""
    order, sorted_by = _order(query)
    sql = f"SELECT {_ROW} FROM tickets WHERE {where} ORDER BY {order}{limit}"
    return (Row(*cells) for cells in index.all(sql, *values, *sorted_by))


def select_ids(index: Index, query: Query) -> Iterator[str]:
    """Return the ids of the tickets that a query selects, oldest day first."""
    where, values = _where(query)
    return (
        id_
        for (id_,) in index.all(
            f"SELECT id FROM tickets WHERE {where} ORDER BY path", *values
        )
    )


def count_matching(index: Index, query: Query) -> int:
    """Return how many tickets a query selects, without its limit."""
    if query.terms in ((), (OneOfTerm("closed", (0,)),)):
        return sum(
            number
            for state, number in count_by_state(index).items()
            if not query.terms or state != "closed"
        )
    where, values = _where(query)
    return index.number(f"SELECT count(*) FROM tickets WHERE {where}", *values)


def count_by_state(index: Index) -> dict[str, int]:
    """Return how many tickets there are in each state."""
    return dict(index.all("SELECT state, number FROM sums WHERE number > 0"))


def tickets_to_wake(index: Index, now: str) -> list[str]:
    """Return the ids of the tickets that a sweep must look at, the most overdue first.

    Args:
        now: the instant of the sweep.
    """
    return [
        id_
        for (id_,) in index.all(
            "SELECT id FROM tickets WHERE wake > '' AND wake <= ? ORDER BY wake, id",
            now,
        )
    ]


def latest_update(index: Index, until: str) -> str:
    """Return the instant of the latest change of a ticket up to ``until``.

    It is empty if there is none.
    """
    sql = "SELECT updated FROM tickets WHERE id IS NOT NULL AND updated <= ? ORDER BY updated DESC LIMIT 1"
    return str(index.one(sql, until) or "")


class FutureTicket(NamedTuple):
    """A ticket with an event that is dated in the future.

    Args:
        at: the instant of its latest event.
    """

    id: str
    profile: str
    status: str
    at: str


def tickets_ahead(index: Index, until: str) -> list[FutureTicket]:
    """Return the tickets with an event later than ``until``, in their order."""
    sql = """SELECT id, profile, status, updated FROM tickets WHERE id IS NOT NULL AND updated > ?
             ORDER BY updated, id"""
    return [FutureTicket(*cells) for cells in index.all(sql, until)]


def paths_with_emails(index: Index, names: Iterable[str]) -> list[str]:
    """Return the files of the tickets that have an email with one of some Message-IDs."""
    results = (
        index.all("SELECT path FROM letters WHERE name = ?", name) for name in names
    )
    return list(dict.fromkeys(path for rows in results for (path,) in rows))


def paths_with_shared_emails(index: Index) -> list[str]:
    """Return the files of the tickets that have an email which another ticket has, too."""
    sql = """SELECT path FROM letters WHERE instr(name, 'watcher' || char(10)) != 1 AND name IN
             (SELECT name FROM letters GROUP BY name HAVING count(*) > 1)"""
    return sorted({str(path) for (path,) in index.all(sql)})


def paths_of_customer(index: Index, who: str, profiles: Iterable[str]) -> list[str]:
    """Return the files of a customer's tickets, and of all tickets of some profiles.

    Args:
        who: the address of the customer, in any case.
    """
    names = list(profiles)
    is_customer = _folded("customer")
    sql = f"SELECT path FROM tickets WHERE {is_customer} OR profile IN ({', '.join('?' * len(names))})"
    return [path for (path,) in index.all(sql, *[who.casefold()] * 2, *names)]


def paths_watched_by(index: Index, watcher: str) -> list[str]:
    """Return the files of the tickets that a person watches.

    Args:
        watcher: what :func:`ticketctl.core.summary.watching` gives for them.
    """
    head = watcher.partition("\n")[0]
    sql = f"SELECT path FROM letters WHERE name > ? AND name < ? AND {_folded('name')}"
    return [
        path
        for (path,) in index.all(
            sql, f"{head}\n", f"{head}\v", *[watcher.casefold()] * 2
        )
    ]


def _folded(column: str) -> str:
    """Return the condition that a column is a text, in any case.

    The text is given twice, in lower case. Only columns that are not ASCII are folded
    by our own, slower function.
    """
    return f"({column} = ? COLLATE NOCASE OR ({column} GLOB '*[^ -~]*' AND fold({column}) = ?))"


def _where(query: Query) -> tuple[str, list[Any]]:
    """Return the condition of a query, and the values in it."""
    parts, values = ["id IS NOT NULL"], list[Any]()
    for term in query.terms:
        sql, parameters = _term(term)
        parts.append(f"NOT ({sql})" if term.negated else sql)
        values += parameters
    return " AND ".join(parts), values


def _term(term: Term) -> tuple[str, list[Any]]:
    """Return one term as a condition, and the values in it."""
    match term:
        case WordTerm() | PhraseTerm():
            sql = "path IN (SELECT path FROM temp.hits WHERE term = ?)"
            return sql, [hits_of(term)]
        case OneOfTerm() | BetweenTerm() | PresentTerm() | ContainsTerm():
            return _column_term(term)
        case _:
            assert_never(term)


def _column_term(term: ColumnTerm) -> tuple[str, list[Any]]:
    column = term.column
    if column == WHEN:
        due, next_due = (_compare(name, term) for name in _WHEN)
        return f"({due[0]} OR {next_due[0]})", [*due[1], *next_due[1]]
    if (field := field_of(column)) is not None:
        test, values = _compare(_FIELD_VALUE, term)
        sql = f"EXISTS (SELECT 1 FROM json_each(packed, ?) WHERE {test})"
        return sql, [_json_path(field), *values]
    assert column in COLUMNS or column in _OTHERS
    return _compare(column, term)


def hits_of(term: TextTerm) -> str:
    """Return the name of a term that searches texts in the table of hits."""
    match term:
        case WordTerm():
            return f"word {term.text}"
        case PhraseTerm():
            return f"phrase {term.text}"
        case _:
            assert_never(term)


def _compare(what: str, term: ColumnTerm) -> tuple[str, list[Any]]:
    """Return what a term asks of an SQL expression, and the values in it."""
    match term:
        case OneOfTerm():
            values = term.values
            fold = any(isinstance(value, str) for value in values)
            places = ", ".join("?" * len(values))
            return f"{what}{' COLLATE NOCASE' if fold else ''} IN ({places})", [*values]
        case PresentTerm():
            return f"{what} != ''", []
        case ContainsTerm():
            return f"instr(fold({what}), ?) > 0", [term.text.casefold()]
        case BetweenTerm():
            bounds = (term.first_day, term.last_day, term.low, term.high)
            day, instant = _bounded(what, *bounds[:2]), _bounded(what, *bounds[2:])
            sql = f"({what} != '' AND CASE length({what}) WHEN 10 THEN {day} ELSE {instant} END)"
            return sql, [bound for bound in bounds if bound]
        case _:
            assert_never(term)


def _bounded(what: str, low: str, high: str) -> str:
    parts = [f"{what} >= ?"] * bool(low) + [f"{what} <= ?"] * bool(high)
    return " AND ".join(parts) or "1"


def _json_path(field: str) -> str:
    return f"$.{json.dumps(field, ensure_ascii=False)}"


def _order(query: Query) -> tuple[str, list[Any]]:
    """Return the order of a query, and the values in it.

    What is not set comes last; among equals, the older ticket comes first.
    """
    if query.queue:
        return "profile, rank, id", []
    parts, values = list[str](), list[Any]()
    for name, descending in query.sort:
        direction = " DESC" if descending else ""
        if name in ("updated", "created", "id", "unanswered"):
            parts.append(f"{name}{direction}")
            continue
        what = "packed" if name == "fields" else name
        if (field := field_of(name)) is not None:
            what = "json_extract(packed, ?)"
            values += [_json_path(field)] * 2
        parts += [f"ifnull({what}, '') = ''", f"{what}{direction}"]
    return ", ".join([*parts, *([] if "id" in dict(query.sort) else ["id"])]), values


def profiles_in_use(index: Index) -> list[str]:
    """Return the profiles of all tickets."""
    return [
        str(name)
        for (name,) in index.all(
            "SELECT DISTINCT profile FROM tickets WHERE id IS NOT NULL"
        )
    ]


def count_by_assignee(index: Index) -> list[tuple[str, int]]:
    """Return (assignee, how many open tickets are assigned to them)."""
    sql = "SELECT assignee, count(*) FROM tickets WHERE closed = 0 AND assignee > '' GROUP BY assignee"
    return [(str(assignee), int(number)) for assignee, number in index.all(sql)]
