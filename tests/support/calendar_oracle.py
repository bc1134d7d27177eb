"""A second implementation of local times and durations, to compare with."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from ticketctl.core.dates import Duration

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


# --- the oracle ---


def offset(moment: datetime, name: str) -> timedelta:
    """How far the clocks of a zone are from UTC at an instant."""
    found = moment.astimezone(ZoneInfo(name)).utcoffset()
    assert found is not None
    return found


@cache
def changes(name: str, year: int, month: int) -> list[datetime]:
    """The first instants of new offsets in a zone, in a month and a day around it."""
    found = []
    low = datetime(year, month, 1, tzinfo=UTC) - 2 * DAY
    end = low + 36 * DAY
    while low < end:
        high = low + timedelta(hours=3)
        if offset(low, name) != offset(high, name):
            left, right = low, high
            while right - left > SECOND:
                middle = left + (right - left) // 2
                middle = middle.replace(microsecond=0)
                left, right = (
                    (middle, right)
                    if offset(middle, name) == offset(low, name)
                    else (left, middle)
                )
            found.append(right)
        low = high
    return found


def oracle(local: datetime, name: str) -> datetime:
    """The instant of a wall-clock time: the first that shows it; if none does, the
    first that shows a later one."""
    turns = changes(name, local.year, local.month)
    shifts = {
        offset(local.replace(tzinfo=UTC) + n * DAY, name) for n in (-2, -1, 0, 1, 2)
    }
    shifts |= {offset(turn, name) for turn in turns} | {
        offset(turn - SECOND, name) for turn in turns
    }
    candidates = sorted((local - shift).replace(tzinfo=UTC) for shift in shifts)
    for moment in candidates:
        if offset(moment, name) == local.replace(tzinfo=UTC) - moment:
            return moment
    return next(
        turn
        for turn in turns
        if turn.replace(tzinfo=None) + offset(turn, name) > local
        and turn.replace(tzinfo=None) + offset(turn - SECOND, name) <= local
    )


def months_later(local: datetime, months: int) -> datetime:
    """The same day some months later, clamped to the month's end."""
    count = local.year * 12 + local.month - 1 + months
    year, month = divmod(count, 12)
    return local.replace(
        year=year,
        month=month + 1,
        day=min(local.day, calendar.monthrange(year, month + 1)[1]),
    )


def oracle_add(moment: datetime, period: Duration, name: str, times: int) -> datetime:
    """Rule 4 of the sweep in other words: months and days on the wall, then seconds on
    the stop-watch."""
    if period.months or period.days:
        local = (moment + offset(moment, name)).replace(tzinfo=None)
        moment = oracle(
            months_later(local, period.months * times) + period.days * times * DAY, name
        )
    return moment + period.seconds * times * SECOND
