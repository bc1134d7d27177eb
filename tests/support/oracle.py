"""Durations counted the slow way, minute by minute, from nothing but a zone: what the
real arithmetic is held against.

``python -m tests.support.oracle`` writes tests/support/durations.tsv, 200 cases that a person can check
with a calendar.
"""

from __future__ import annotations

import calendar as months
import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ticketctl.core.calendars import Calendar
from ticketctl.core.dates import Duration

TABLE = Path(__file__).with_name("durations.tsv")
MINUTE = timedelta(minutes=1)
OFFICE = (((540, 750), (810, 1050)),) * 4 + (((540, 900),), (), ())
"""Monday to Thursday 09:00-12:30 and 13:30-17:30, Friday 09:00-15:00."""
NIGHT = (((0, 360), (1320, 1440)),) * 7
"""Every night from 22:00 to 06:00: across every change of the clocks."""
HOLIDAYS = frozenset(
    {date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1), date(2028, 2, 29)}
)
ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Chatham",
)


def office(zone: str) -> Calendar:
    """Days with a gap at noon, and holidays."""
    return Calendar("office", OFFICE, HOLIDAYS, zone)


def night(zone: str) -> Calendar:
    """Hours over midnight, no holidays."""
    return Calendar("night", NIGHT, frozenset(), zone)


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks of a zone show at an instant."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_at(wanted: datetime, zone: str) -> datetime:
    """The first instant at which the clocks of a zone show a time, or a later one (they
    may jump over it)."""
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=30)
    while local(moment, zone) < wanted:
        moment += MINUTE
    return moment


def nominal(moment: datetime, period: Duration, zone: str) -> datetime:
    """An instant and a period: months and days by the calendar of a zone, the rest by
    the clock."""
    there = local(moment, zone)
    if period.months or period.days:
        month = there.month - 1 + period.months
        year, month = there.year + month // 12, month % 12 + 1
        day = min(there.day, months.monthrange(year, month)[1])
        moment = first_at(
            there.replace(year=year, month=month, day=day)
            + timedelta(days=period.days),
            zone,
        )
    return moment + timedelta(seconds=period.seconds)


def works(moment: datetime, calendar: Calendar) -> bool:
    """Whether the minute that begins then is worked."""
    there = local(moment, calendar.timezone)
    minute = there.hour * 60 + there.minute
    openings = (
        calendar.hours[there.weekday()] if there.date() not in calendar.holidays else ()
    )
    return any(begin <= minute < end for begin, end in openings)


def working(
    moment: datetime, period: Duration, calendar: Calendar, forward: bool = True
) -> datetime:
    """An instant and a period of working time, minute by minute."""
    step = MINUTE if forward else -MINUTE

    def open_at(moment: datetime) -> bool:
        return works(moment, calendar) or works(moment - MINUTE, calendar)

    while not open_at(moment):
        moment += step
    if period.days:
        there = local(moment, calendar.timezone)
        left = period.days
        while left:
            there += timedelta(days=1 if forward else -1)
            left -= (
                bool(calendar.hours[there.weekday()])
                and there.date() not in calendar.holidays
            )
        moment = first_at(there, calendar.timezone)
        while not open_at(moment):
            moment += step
    left = period.seconds // 60
    while left:
        left -= works(moment if forward else moment - MINUTE, calendar)
        moment += step
    return moment


def due(zone: str, start: str, duration: str, calendar: str) -> str:
    """One row of the table, counted slowly; all times are local."""
    moment = first_at(datetime.fromisoformat(start), zone)
    period = Duration.parse(duration)
    if calendar == "-":
        found = nominal(moment, period, zone)
    else:
        found = working(
            moment, period, {"office": office, "night": night}[calendar](zone)
        )
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


STARTS = {
    # the evening and the hour before a change of the clocks, in spring and in autumn
    "Europe/London": (
        "2027-03-27T01:30",
        "2027-10-30T01:30",
        "2026-12-24T16:00",
        "2028-02-28T10:00",
    ),
    "America/New_York": (
        "2027-03-13T02:30",
        "2027-11-06T01:30",
        "2026-12-31T12:45",
        "2028-01-31T09:00",
    ),
    "Australia/Lord_Howe": (
        "2026-10-03T02:15",
        "2027-04-03T01:45",
        "2026-12-26T11:00",
        "2027-08-31T17:30",
    ),
    "America/St_Johns": (
        "2027-03-13T02:15",
        "2027-11-06T01:30",
        "2026-12-24T08:59",
        "2028-02-29T23:59",
    ),
    "Asia/Kathmandu": (
        "2026-11-27T14:59",
        "2027-05-31T13:00",
        "2026-12-27T00:00",
        "2028-02-29T12:00",
    ),
    "Pacific/Chatham": (
        "2026-09-26T03:00",
        "2027-04-03T03:15",
        "2026-12-31T17:30",
        "2028-02-25T15:00",
    ),
}
PERIODS = ("P1D", "P4D", "P1M", "PT24H", "PT168H", "P1DT4H")
WORKING = (("P1D", "office"), ("PT8H", "office"), ("PT9H", "night"))


def rows() -> list[tuple[str, str, str, str]]:
    """200 cases: each start with nominal, exact and working durations."""
    every = [
        (zone, start, *what)
        for zone in ZONES
        for start in STARTS[zone]
        for what in [*((period, "-") for period in PERIODS), *WORKING]
    ]
    return list(itertools.islice(every, 200))


if __name__ == "__main__":
    lines = ["zone\tstart (local)\tduration\tcalendar\tdue (UTC)"]
    lines += ["\t".join([*row, due(*row)]) for row in rows()]
    TABLE.write_text("\n".join(lines) + "\n")
