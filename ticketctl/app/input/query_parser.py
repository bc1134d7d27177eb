"""Parse queries: the search terms of lists (docs/guide.md, finding tickets).

For example ``status:pending assignee:@me due:<+3d -product:billing "paper jam"``. A
ticket must match all terms; ``-`` before a term negates it. The options of ``list``
mean the same terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar, assert_never

from ticketctl.app.workspace import Workspace
from ticketctl.core.dates import format_instant, moment_of, to_utc, zone
from ticketctl.core.query import (
    WHEN,
    BetweenTerm,
    ContainsTerm,
    OneOfTerm,
    PhraseTerm,
    PresentTerm,
    Term,
    WordTerm,
    field_column,
    field_of,
)
from ticketctl.core.vocabulary import OPEN_STATES, STATES, State
from ticketctl.errors import UsageError, closest
from ticketctl.pattern import pattern

if TYPE_CHECKING:
    from ticketctl.core.profile import Field

_TOKEN = pattern(r'(-)?(?:([^\s":<>]+):)?(?:"([^"]*)"|((?:[<>]=?"[^"]*"|[^\s"])+))')
_MOMENTS = {
    "created": "created",
    "updated": "updated",
    "due": WHEN,
    "date": "due",
    "next_due": "next_due",
}
_WHOSE = ("assignee", "customer")
_Is = State | Literal["due", "overdue", "queue", "unanswered"]
_IS: tuple[_Is, ...] = (*STATES, "due", "overdue", "queue", "unanswered")
_NAMES = (
    "status",
    "state",
    "profile",
    "assignee",
    "customer",
    "title",
    "follows",
    "is",
    *_MOMENTS,
)
_FEW = ("enum", "boolean")
Option = TypeVar("Option", bound=str)
Bounds = tuple[str, str, str, str]
_SECOND = timedelta(seconds=1)
_MOST = 100


def read_query(workspace: Workspace, text: str) -> Iterator[Term]:
    """Yield the terms of a query as the user types it.

    Raises:
        UsageError: a part of it is not a valid term.
    """
    _utf8(text)
    if text.count('"') % 2:
        raise UsageError(
            "a quotation mark is not closed",
            "for a phrase: '\"paper jam\"'",
        )
    for minus, name, phrase, word in _TOKEN.findall(text):
        value, negated = phrase or word.replace('"', ""), bool(minus)
        if not value:
            raise UsageError("there is nothing between the quotation marks")
        if name:
            yield parse_term(workspace, name, value, negated)
        elif value.endswith(":") and not phrase:
            raise UsageError(
                f'missing value after "{value}"', f"{value}VALUE, without a space"
            )
        else:
            yield PhraseTerm(value, negated) if phrase else WordTerm(value, negated)


def is_term(workspace: Workspace, text: str) -> bool:
    """Return whether an argument that begins with ``-`` is a term, not an option."""
    name, colon, value = text.removeprefix("-").partition(":")
    if not (colon and value and name):
        return False
    from ticketctl.core.profile import squash

    own = (field for profile in workspace.registry.all() for field in profile.fields)
    return name.casefold() in _NAMES or any(
        squash(name) == squash(field) for field in own
    )


def word_terms(text: str) -> list[Term]:
    """Return the terms for words that must all occur, or their beginnings.

    Raises:
        UsageError: they are not valid UTF-8.
    """
    _utf8(text)
    return [WordTerm(word) for word in dict.fromkeys(text.split())]


def require_few_terms(terms: Sequence[Term]) -> None:
    """Check that there are not more terms than SQLite can take.

    Raises:
        UsageError: there are too many.
    """
    if len(terms) > _MOST:
        raise UsageError(f"too many search terms (max {_MOST})")


def parse_term(
    workspace: Workspace, name: str, value: str, negated: bool = False
) -> Term:
    """Return the term ``name:value``.

    Args:
        negated: whether tickets must not match it.

    Raises:
        UsageError: there is no such name, or it takes no such value.
    """
    name = name.casefold()
    _utf8(value)
    if value.casefold() in ("none", "any") and name not in (
        "status",
        "state",
        "profile",
        "is",
        "title",
    ):
        column = _column(workspace, name)
        return PresentTerm(column, negated != (value.casefold() == "none"))
    if name in _MOMENTS:
        return BetweenTerm(_MOMENTS[name], *_bounds(workspace, value), negated)
    if name in _WHOSE:
        return OneOfTerm(name, (_person(workspace, value),), negated)
    if name == "is":
        return _is(workspace, value, negated)
    if name == "status":
        return status_term(workspace, [value], negated)
    if name == "state":
        return state_term([value], negated)
    if name == "profile":
        return OneOfTerm("profile", (workspace.registry.get(value).name,), negated)
    if name == "title":
        return ContainsTerm("title", value, negated)
    if name == "follows":
        return OneOfTerm("follows", (workspace.id_of(value),), negated)
    return _field_term(workspace, name, value, negated)


def status_term(
    workspace: Workspace, texts: Sequence[str], negated: bool = False
) -> OneOfTerm:
    """Return the term for tickets in one of some statuses, of any profile.

    Raises:
        UsageError: no profile has such a status.
    """
    _utf8("".join(texts))
    statuses = (status for text in texts for status in _statuses(workspace, text))
    return OneOfTerm("status", tuple(statuses), negated)


def state_term(texts: Sequence[str], negated: bool = False) -> OneOfTerm:
    """Return the term for tickets in one of some states.

    Raises:
        UsageError: there is no such state.
    """
    _utf8("".join(texts))
    states = (_known('state "{}"', text.casefold(), STATES) for text in texts)
    return OneOfTerm("state", tuple(states), negated)


def _field_term(workspace: Workspace, name: str, value: str, negated: bool) -> Term:
    """Return the term for a field of a profile, by its type."""
    from ticketctl.core.profile import DATE_TYPES, PERSON_TYPES

    declared = _declared(workspace, name)
    column = field_column(declared.name)
    if declared.type in DATE_TYPES:
        return BetweenTerm(column, *_bounds(workspace, value), negated)
    if value[0] in "<>":
        raise UsageError(
            f"{declared.name} is neither a date nor an instant",
            f"{declared.name}:VALUE",
        )
    if declared.type in PERSON_TYPES:
        value = _person(workspace, value)
    yes = {"yes": "true", "no": "false"} if declared.type == "boolean" else {}
    return OneOfTerm(column, (yes.get(value.casefold(), value),), negated)


def explain_no_match(workspace: Workspace, terms: Iterable[Term]) -> str:
    """Return why perhaps no ticket matches: no profile has a value for its field.

    Such a term is no error, since old tickets may still have the value.
    """
    for term in terms:
        name = field_of(term.column) if isinstance(term, OneOfTerm) else None
        if not isinstance(term, OneOfTerm) or name is None:
            continue
        fields = [
            field
            for profile in workspace.registry.all()
            if (field := profile.find_field(name))
        ]
        known = list(
            dict.fromkeys(
                value for field in fields for value in field.values or ("true", "false")
            )
        )
        value = str(term.values[0])
        if all(field.type in _FEW for field in fields) and value.casefold() not in map(
            str.casefold, known
        ):
            return f'{name} is not "{value}" in any profile: {closest(value, known) or "it is " + " or ".join(known)}'
    return ""


def _utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the query is not valid UTF-8") from None


def _column(workspace: Workspace, name: str) -> str:
    """Return the column of a name, or the field of some profile."""
    if name in (*_WHOSE, "follows", *_MOMENTS):
        return "due" if name == "due" else _MOMENTS.get(name, name)
    return field_column(find_field_name(workspace, name))


def find_field_name(workspace: Workspace, name: str) -> str:
    """Return the name of a field of any profile, as the profile spells it.

    Raises:
        UsageError: no profile has such a field.
    """
    return _declared(workspace, name).name


def _declared(workspace: Workspace, name: str) -> Field:
    profiles = list(workspace.registry.all())
    for profile in profiles:
        if declared := profile.find_field(name):
            return declared
    known = [
        *_NAMES,
        *dict.fromkeys(field for profile in profiles for field in profile.fields),
    ]
    raise UsageError(
        f'unknown field "{name}"',
        closest(name, known) or f"there are: {', '.join(known)}",
    )


def _person(workspace: Workspace, value: str) -> str:
    from ticketctl.app.input.identity import own_address

    return own_address(workspace) if value == "@me" else value


def _is(workspace: Workspace, value: str, negated: bool) -> Term:
    word = _known('term "is:{}"', value.casefold(), _IS)
    match word:
        case "open":
            return OneOfTerm("state", tuple(sorted(OPEN_STATES)), negated)
        case "closed":
            return OneOfTerm("closed", (1,), negated)
        case "due":
            return PresentTerm("next_due", negated)
        case "overdue":
            bounds = instant_bounds(workspace, None, workspace.now)
            return BetweenTerm(WHEN, *bounds, negated)
        case "queue":
            return OneOfTerm("queued", (1,), negated)
        case "unanswered":
            return OneOfTerm("unanswered", (1,), negated)
        case "new" | "pending" | "on_hold" | "solved":
            return OneOfTerm("state", (word,), negated)
        case _:
            assert_never(word)


def _known(what: str, text: str, options: Sequence[Option]) -> Option:
    """Return the option that a text names.

    Args:
        what: what the text is, for the message; ``{}`` stands for the text.

    Raises:
        UsageError: it names none.
    """
    for option in options:
        if option == text:
            return option
    raise UsageError(
        f"unknown {what.format(text)}", closest(text, options) or ", ".join(options)
    )


def _statuses(workspace: Workspace, text: str) -> list[str]:
    """Return the statuses of any profile that the user can mean.

    Raises:
        UsageError: no profile has such a status.
    """
    registry = list(workspace.registry.all())
    statuses = dict.fromkeys(
        name for profile in registry if (name := profile.find_status(text))
    )
    if not statuses:
        known = sorted({name for profile in registry for name in profile.statuses})
        hint = closest(text, known) or "ticketctl profile show NAME lists them"
        raise UsageError(f'no profile has a status "{text}"', hint)
    return list(statuses)


def _bounds(workspace: Workspace, value: str) -> Bounds:
    """Return the first and last instant, then the first and last date.

    Empty stands for no bound.

    Args:
        value: ``<X``, ``<=X``, ``>X``, ``>=X``, ``X..Y`` (either may be left out), or
            ``X``, which for a date is the whole day.
    """
    low: datetime | None = None
    high: datetime | None = None
    if match := re.match(r"([<>]=?)(.+)", value):
        first, last = _day(workspace, match[2])
        low = {">": last + _SECOND, ">=": first}.get(match[1])
        high = {"<": first - _SECOND, "<=": last}.get(match[1])
    else:
        begin, dots, end = value.partition("..")
        if not begin and not end:
            raise UsageError(
                'missing date before or after ".."',
                "such as 2026-11-01..2026-11-30 or -7d..",
            )
        low = _day(workspace, begin)[0] if begin else None
        high = _day(workspace, end if dots else begin)[1] if end or not dots else None
    return instant_bounds(workspace, low, high)


def instant_bounds(
    workspace: Workspace, low: datetime | None, high: datetime | None
) -> Bounds:
    """Return two instants as the bounds of a term.

    A date in a ticket means its local 00:00, so it is compared as a date: with the
    first day that begins at ``low`` or later, and the last that begins by ``high``.
    """
    where = zone(workspace.settings.timezone)
    first_day = last_day = ""
    if low is not None:
        first_day = f"{(low - _SECOND).astimezone(where) + timedelta(days=1):%Y-%m-%d}"
    if high is not None:
        last_day = f"{high.astimezone(where):%Y-%m-%d}"
    return (
        format_instant(low) if low else "",
        format_instant(high) if high else "",
        first_day,
        last_day,
    )


def _day(workspace: Workspace, text: str) -> tuple[datetime, datetime]:
    """Return the first and the last second of an instant or a local day as typed."""
    from ticketctl.app.input.values import parse_moment

    where = zone(workspace.settings.timezone)
    value = parse_moment(workspace, text)
    try:
        first = moment_of(value, where)
        if len(value) > 10:
            return first, first
        return first, to_utc(
            datetime.fromisoformat(value) + timedelta(days=1), where
        ) - _SECOND
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f'"{text}": {error}', "use a date between 1900 and 2999"
        ) from None
