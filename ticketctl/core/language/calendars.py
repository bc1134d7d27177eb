"""The notation of calendars: weekly hours (``mon-fri: 09:00-17:30``) and holidays
(docs/profile-language.md)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from ticketctl.core.calendars import DAY, Calendar, Hours
from ticketctl.core.dates import zone
from ticketctl.core.language.symbols import (
    SymbolTable,
)
from ticketctl.core.vocabulary import DATE
from ticketctl.core.yaml_node import Node
from ticketctl.pattern import pattern

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = pattern(r"([01]\d|2[0-4]):([0-5]\d) ?- ?([01]\d|2[0-4]):([0-5]\d)\Z", re.ASCII)


def read_calendar(names: SymbolTable, key: str, node: Node, timezone: str) -> Calendar:
    """Read a calendar of a profile.

    Args:
        timezone: that of the profile, for a calendar without its own.
    """
    keys = names.keys(
        node, f'calendar "{key}"', ("hours", "holidays", "timezone"), ("hours",)
    )
    if "timezone" in keys:
        try:
            zone(keys["timezone"].text)
            timezone = keys["timezone"].text
        except ValueError as error:
            names.error(
                keys["timezone"], str(error), "an IANA name such as Europe/London"
            )
    week: list[Hours] = [()] * 7
    hours = keys.get("hours", Node(None, node.line, node.col))
    for days, item in hours.map.items():
        for day in _days(names, names.at_key(hours, days)):
            if week[day]:
                names.error(
                    names.at_key(hours, days), f'duplicate day "{WEEKDAYS[day]}"'
                )
            week[day] = _spans(names, item)
    if sum(end - begin for openings in week for begin, end in openings) < 60:
        names.error(
            hours,
            f'calendar "{key}" has less than an hour of work a week',
            "hours: {mon-fri: 09:00-17:00}",
        )
    holidays = read_holidays(keys.get("holidays"), names.error)
    return Calendar(key, tuple(week), holidays, timezone)


def read_holidays(
    node: Node | None, wrong: Callable[[Node, str], None]
) -> frozenset[date]:
    """Read a list of dates, or a mapping from date to its name.

    Args:
        wrong: is called for each item that is no date.
    """
    holidays = set()
    items = (
        [Node(key, *(node.keys or {})[key]) for key in node.map]
        if node and node.map
        else node.items
        if node
        else []
    )
    for item in items:
        try:
            holidays.add(
                date.fromisoformat(item.text)
                if re.fullmatch(DATE, item.text)
                else _no_date()
            )
        except ValueError:
            wrong(item, f'"{item.text}" is not a date like 2026-12-25')
    return frozenset(holidays)


def _no_date() -> date:
    raise ValueError


def _days(names: SymbolTable, node: Node) -> list[int]:
    """Return ``mon-fri, sun`` as numbers, Monday 0."""
    days: list[int] = []
    for part in node.text.replace(" ", "").casefold().split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            names.error(node, f'unknown day "{part}"', "use mon, mon-fri, or mon, wed")
            continue
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += (
            range(begin, end + 1)
            if begin <= end
            else [*range(begin, 7), *range(end + 1)]
        )
    return days


def _spans(names: SymbolTable, node: Node) -> Hours:
    """Return ``09:00-12:30, 13:30-17:00`` as minutes from midnight."""
    spans: list[tuple[int, int]] = []
    for part in [] if node.value is None else node.text.split(","):
        match = _SPAN.match(part.strip())
        begin, end = (
            (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
            if match
            else (0, 0)
        )
        if begin >= end or end > DAY or (spans and begin < spans[-1][1]):
            names.error(
                node,
                f'invalid hours "{part.strip()}"',
                "use 09:00-12:30, 13:30-17:00, in order",
            )
        else:
            spans.append((begin, end))
    return tuple(spans)
