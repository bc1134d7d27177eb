"""What people ask of a list, as terms: the options and the query language say the same (docs/guide.md, finding tickets).

``status:pending assignee:@me due:<+3d -product:billing "paper jam"``: all must hold; ``-`` before one turns it round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ticketctl.app.desk import Desk
from ticketctl.core.dates import format_instant, moment_of, zone
from ticketctl.core.query import OPEN, STATES, Term
from ticketctl.errors import UsageError, closest

_TOKEN = re.compile(r'(-)?(?:([^\s":]+):)?(?:"([^"]*)"|(\S+))')
_MOMENTS = {"created": "created", "updated": "updated", "due": "when", "date": "due", "next_due": "next_due"}
_WHOSE = ("assignee", "customer")
_IS = (*STATES, "closed", "due", "overdue", "queue", "unanswered")
_NAMES = ("status", "state", "profile", "assignee", "customer", "title", "follows", "is", *_MOMENTS)
_SECOND = timedelta(seconds=1)


def read_query(desk: Desk, text: str) -> Iterator[Term]:
    """The terms of a query as people type it.

    Raises:
        UsageError: a part of it is not understood.
    """
    _utf8(text)
    if text.count('"') % 2:
        raise UsageError("a quotation mark is not closed", "'\"paper jam\"' for words that stand together")
    for minus, name, phrase, word in _TOKEN.findall(text):
        value = phrase or word
        if not value:
            raise UsageError("there is nothing between the quotation marks")
        if name:
            yield term(desk, name, value, not minus)
        else:
            yield Term("words", "phrase" if phrase else "word", (value,), not minus)


def words(text: str) -> list[Term]:
    """Words that must all be there, or the beginnings of such.

    Raises:
        UsageError: they are not text.
    """
    _utf8(text)
    return [Term("words", "word", (word,)) for word in text.split()]


def term(desk: Desk, name: str, value: str, wanted: bool = True) -> Term:
    """One ``name:value``.

    Raises:
        UsageError: there is no such name, or it takes no such value.
    """
    name = name.casefold()
    _utf8(value)
    if value.casefold() in ("none", "any") and name not in ("status", "state", "profile", "is", "title"):
        test = _moments_or_field(desk, name)
        return Term(test, "set", (), wanted == (value.casefold() == "any"))
    if name in _MOMENTS:
        return _moment(desk, name, value, wanted)
    if name in _WHOSE:
        return Term(name, "is", (_person(desk, value),), wanted)
    if name == "is":
        return _is(desk, value, wanted)
    if name == "status":
        return Term("status", "is", tuple(_statuses(desk, value)), wanted)
    if name == "state":
        return Term("state", "is", (_known("state", value, STATES),), wanted)
    if name == "profile":
        return Term("profile", "is", (desk.shelf.get(value).name,), wanted)
    if name == "title":
        return Term("title", "has", (value,), wanted)
    if name == "follows":
        return Term("follows", "is", (desk.store.find(value),), wanted)
    yes = {"yes": "true", "no": "false"}.get(value.casefold(), value)
    return Term(_moments_or_field(desk, name), "is", (yes,), wanted)


def _utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("what is asked is not UTF-8") from None


def _moments_or_field(desk: Desk, name: str) -> str:
    """The column of a name, or the field of some profile."""
    if name in (*_WHOSE, "follows", *_MOMENTS):
        return "due" if name == "due" else _MOMENTS.get(name, name)
    return f"field.{field(desk, name)}"


def field(desk: Desk, name: str) -> str:
    """The field of that name, of any profile.

    Raises:
        UsageError: no profile has one.
    """
    profiles = list(desk.shelf.all())
    for profile in profiles:
        if found := profile.find_field(name):
            return found.name
    known = [*_NAMES, *dict.fromkeys(field for profile in profiles for field in profile.fields)]
    raise UsageError(f'nothing is called "{name}"', closest(name, known) or f"there are: {', '.join(known)}")


def _person(desk: Desk, value: str) -> str:
    from ticketctl.app.who import me

    return me(desk) if value == "@me" else value


def _is(desk: Desk, value: str, wanted: bool) -> Term:
    what = _known("is:", value.casefold(), _IS)
    match what:
        case "open":
            return Term("state", "is", tuple(sorted(OPEN)), wanted)
        case "closed":
            return Term("closed", "is", (1,), wanted)
        case "due":
            return Term("next_due", "set", (), wanted)
        case "overdue":
            return Term("when", "between", ("", format_instant(desk.now)), wanted)
        case "queue":
            return Term("queued", "is", (1,), wanted)
        case "unanswered":
            return Term("unanswered", "is", (1,), wanted)
        case _:
            return Term("state", "is", (what,), wanted)


def _known(what: str, text: str, names: Iterable[str]) -> str:
    names = list(dict.fromkeys(names))
    if text not in names:
        raise UsageError(f'there is no {what} "{text}"', closest(text, names) or ", ".join(names))
    return text


def _statuses(desk: Desk, text: str) -> list[str]:
    """The statuses that a word means, in any profile."""
    shelf = list(desk.shelf.all())
    found = dict.fromkeys(name for each in shelf if (name := each.find_status(text)))
    if not found:
        known = sorted({name for each in shelf for name in each.statuses})
        hint = closest(text, known) or "ticketctl profile show NAME lists them"
        raise UsageError(f'no profile has a status "{text}"', hint)
    return list(found)


def _moment(desk: Desk, name: str, value: str, wanted: bool) -> Term:
    """``<X``, ``<=X``, ``>X``, ``>=X``, ``X..Y`` (either may be left out), or ``X``, which for a date is the day."""
    column = _MOMENTS[name]
    low: datetime | None = None
    high: datetime | None = None
    if found := re.match(r"([<>]=?)(.+)", value):
        first, last = _day(desk, found[2])
        low = {">": last + _SECOND, ">=": first}.get(found[1])
        high = {"<": first - _SECOND, "<=": last}.get(found[1])
    else:
        begin, dots, end = value.partition("..")
        low = _day(desk, begin)[0] if begin else None
        high = _day(desk, end if dots else begin)[1] if end or not dots else None
    return Term(column, "between", tuple(format_instant(one) if one else "" for one in (low, high)), wanted)


def _day(desk: Desk, text: str) -> tuple[datetime, datetime]:
    """The first and the last second of what was typed: the same for an instant, the local day for a date."""
    from ticketctl.app.values import when

    where = zone(desk.settings.timezone)
    held = when(desk, text)
    first = moment_of(held, where)
    if len(held) > 10:
        return first, first
    return first, moment_of(f"{(first.astimezone(where) + timedelta(hours=36)):%Y-%m-%d}", where) - _SECOND
