"""Working time: weekly hours in a zone, less holidays, and durations counted in it
(rule 4 of the sweep).

A working duration begins to count at the first working moment at or after its start.
Its days are working days (the same wall-clock time, that many days later on which there
are hours at all), its hours and minutes are real ones inside the hours; what then falls
outside the hours moves on to the next opening. Backwards (a ``lead``) it is the mirror
image.
Nothing comes early by it: an end that could be 17:00 or the next morning's 09:00 is the
earlier, the full time having passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from ticketctl.core.dates import Duration, to_utc, zone
from ticketctl.record import Record

DAY = 24 * 60
Hours = tuple[tuple[int, int], ...]
"""The openings of one weekday, as minutes from midnight: begin and end, in order."""


class Calendar(Record):
    """When work is done.

    Args:
        hours: the openings of the seven weekdays, Monday first; at least an hour in the
            week.
        holidays: local dates on which there are none.
        timezone: the IANA zone of both.
    """

    name: str
    hours: tuple[Hours, ...]
    holidays: frozenset[date]
    timezone: str

    def works_on(self, day: date) -> bool:
        """Return whether there are working hours on a day."""
        return bool(self.hours[day.weekday()]) and day not in self.holidays

    def openings(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the openings of a local day, as instants in UTC."""
        if not self.works_on(day):
            return []
        where = zone(self.timezone)
        return [
            (_instant(day, begin, where), _instant(day, end, where))
            for begin, end in self.hours[day.weekday()]
        ]


@lru_cache(maxsize=4096)
def _instant(day: date, minutes: int, where: tzinfo) -> datetime:
    day += timedelta(days=minutes // DAY)
    return to_utc(datetime.combine(day, time(minutes % DAY // 60, minutes % 60)), where)


def add(
    moment: datetime, period: Duration, calendar: Calendar, times: int = 1
) -> datetime:
    """Return the instant ``times`` working periods after ``moment`` (before, if negative).

    Args:
        moment: an instant in UTC.
        period: days and seconds; months are no working time (the language refuses
            them).
    """
    forward = times >= 0
    where = zone(calendar.timezone)
    moment = _working(moment, calendar, forward)
    if period.days:
        local = moment.astimezone(where).replace(tzinfo=None)
        day = _count_days(local.date(), period.days * abs(times), calendar, forward)
        moment = _working(
            to_utc(datetime.combine(day, local.time()), where), calendar, forward
        )
    return _count_seconds(moment, period.seconds * abs(times), calendar, forward)


def _days(start: date, forward: bool) -> Iterator[date]:
    step = timedelta(days=1 if forward else -1)
    while True:
        yield start
        start += step


def _working(moment: datetime, calendar: Calendar, forward: bool) -> datetime:
    """Return the first working moment from ``moment`` on (backwards, the last until it);
    the end of an opening counts as one."""
    for day in _days(moment.astimezone(zone(calendar.timezone)).date(), forward):
        openings = calendar.openings(day)
        for begin, end in openings if forward else reversed(openings):
            if forward and moment <= end:
                return max(moment, begin)
            if not forward and moment >= begin:
                return min(moment, end)
    raise AssertionError("the days do not end")


def _count_days(start: date, number: int, calendar: Calendar, forward: bool) -> date:
    days = _days(start, forward)
    day = next(days)
    while number:
        day = next(days)
        number -= calendar.works_on(day)
    return day


def _count_seconds(
    moment: datetime, seconds: int, calendar: Calendar, forward: bool
) -> datetime:
    """Count working seconds, opening by opening.

    Each opening is as long as it really is: with daylight saving, an hour more or less
    on two days a year.
    """
    left = timedelta(seconds=seconds)
    for day in _days(moment.astimezone(zone(calendar.timezone)).date(), forward):
        if not left:
            return moment
        openings = calendar.openings(day)
        for begin, end in openings if forward else reversed(openings):
            begin, end = (
                (max(begin, moment), end) if forward else (begin, min(end, moment))
            )
            if begin >= end:
                continue
            if left <= end - begin:
                return (begin + left if forward else end - left).astimezone(UTC)
            left -= end - begin
    raise AssertionError("the days do not end")
