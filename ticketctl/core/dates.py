"""Instants, durations and what people type for a moment. The one door to
python-dateutil.

An *instant* is an aware datetime in UTC with whole seconds; all comparing and
subtracting is done there, since two datetimes of one zone ignore daylight saving in
Python (23 real hours show as a day).
"""

from __future__ import annotations

import errno
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from ticketctl.core.vocabulary import DATE, INSTANT
from ticketctl.pattern import pattern
from ticketctl.record import Record

_INSTANT = pattern(rf"{INSTANT}\Z")
_DATE = pattern(rf"{DATE}\Z")
_DURATION = pattern(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?\Z",
    re.ASCII,
)
_OFFSET = pattern(r"([+-])(\d{1,5})(min|mo|h|d|w|m|y)\Z", re.ASCII)
_CLOCK = pattern(r"(\d\d):(\d\d)(?::(\d\d))?\Z", re.ASCII)
_LONGEST = 40
"""How many characters a duration may have."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_DAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


TOLERANCE = timedelta(hours=1)
"""How far an event may be dated ahead of the clock, since clocks differ."""


def horizon(now: datetime) -> str:
    """Return the instant after which an event is dated in the future, as in ticket files."""
    return format_instant(now + TOLERANCE)


def parse_instant(text: str) -> datetime:
    """Return an instant from its form in ticket files, ``2026-11-21T09:14:03Z``.

    Raises:
        ValueError: any other form, or no such moment.
    """
    if not _INSTANT.match(text):
        raise ValueError(f'"{text}" is not an instant like 2026-11-21T09:14:03Z')
    return require_supported_year(datetime.fromisoformat(text))


def format_instant(moment: datetime) -> str:
    """Return an instant in the form of ticket files."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


_LACKING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Return the IANA zone of a name: from the system, else from the copy in dateutil.

    Raises:
        ValueError: there is none.
        OSError: the process has too many files open, or too little memory, to load it.
    """
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (
        Exception
    ) as error:  # there is none, or its file is damaged, which shows in many ways
        if getattr(error, "errno", None) in _LACKING:
            raise  # the zone is not what is wrong
        from dateutil.zoneinfo import get_zonefile_instance

        fallback: tzinfo | None = get_zonefile_instance().get(name)
        if fallback is None:
            raise ValueError(f'unknown time zone "{name}"') from None
        return fallback


class Duration(Record):
    """A nominal part (months and days, counted in a zone) and an exact one (seconds)."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ISO 8601: ``P4D``, ``P2W``, ``P1M``, ``PT4H``, ``P1DT12H``.

        Raises:
            ValueError: any other form.
        """
        match = _DURATION.match(text) if len(text) <= _LONGEST else None
        if not match:
            raise ValueError(
                f'"{text[:_LONGEST]}" is not a duration like P4D, P2W, P1M or PT4H'
            )
        years, months, weeks, days, hours, minutes, seconds = (
            int(part or 0) for part in match.groups()
        )
        if (
            years * 366
            + months * 31
            + weeks * 7
            + days
            + (hours * 3600 + minutes * 60 + seconds) // 86400
            > 36600
        ):
            raise ValueError(f'"{text}" is longer than a hundred years')
        return cls(
            years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds
        )

    def __str__(self) -> str:
        parts = [_count(self.months, "month"), _count(self.days, "day")]
        parts += [
            _count(self.seconds // 3600, "hour"),
            _count(self.seconds % 3600 // 60, "minute"),
        ]
        parts.append(_count(self.seconds % 60, "second"))
        return " ".join(part for part in parts if part) or "at once"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def add(moment: datetime, period: Duration, where: tzinfo, times: int = 1) -> datetime:
    """Return the instant ``times`` periods after ``moment`` (before it, if negative), by
    rule 4 of the sweep.

    Months and days keep the wall-clock time of ``where``; a month is clamped to its
    end; a local time that does not exist moves forward to the first that does; of two
    equal ones the first is meant. Seconds are exact.
    """
    moved = moment
    if period.months or period.days:
        local = moment.astimezone(where).replace(tzinfo=None)
        if period.months:
            from dateutil.relativedelta import relativedelta

            local += relativedelta(months=period.months * times)
        moved = to_utc(local + timedelta(days=period.days * times), where)
    return moved + timedelta(seconds=period.seconds * times)


def to_utc(local: datetime, where: tzinfo) -> datetime:
    """Return the instant of a wall-clock time: the first of two, the first after a gap."""
    early = local.replace(tzinfo=where, fold=0)
    moment = early.astimezone(UTC)
    if moment.astimezone(where).replace(tzinfo=None) == local:
        return moment
    # In a gap the earlier offset lands past it and the later one before it: the change
    # lies between the two.
    low, high = sorted((moment, local.replace(tzinfo=where, fold=1).astimezone(UTC)))
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(where).replace(tzinfo=None) < local:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def moment_of(text: str, where: tzinfo) -> datetime:
    """Return the instant of a date field; a date means its local 00:00 (rule 4).

    Raises:
        ValueError: it is neither.
    """
    if _DATE.match(text):
        return to_utc(
            require_supported_year(datetime.combine(date.fromisoformat(text), time())),
            where,
        )
    return parse_instant(text)


def require_supported_year(moment: datetime) -> datetime:
    """Return a moment of the years 1900 to 2999, to which periods can safely be added.

    Raises:
        ValueError: the moment is in another year.
    """
    if not 1900 <= moment.year <= 2999:
        raise ValueError(f"the year {moment.year} is too far away")
    return moment


def parse_when(text: str, now: datetime, where: tzinfo) -> str:
    """Return what a person typed for a moment as a date or instant of ticket files.

    The grammar is small, and nothing is guessed: ``2026-12-01``, ``2026-12-01T09:00``,
    the same with ``:SS``, ``Z`` or an offset, ``today``, ``tomorrow``, ``mon`` ..
    ``sun`` (the next one after today) and those with a time (``tomorrow 09:00``),
    ``+3d``, ``+2w``, ``+4h``, ``+30min``, ``+1mo``, ``+1y``.

    Raises:
        ValueError: anything else, with the forms that are understood.
    """
    word = text.strip().casefold()
    if offset := _OFFSET.match(word):
        return _from_offset(offset, now, where)
    head, sign, tail = (
        word.replace("t", " ", 1).partition(" ")
        if word[:4].isdigit()
        else word.partition(" ")
    )
    day = _day(head, now.astimezone(where).date())
    if day is None or bool(sign) != bool(tail) or not 1900 <= day.year <= 2999:
        raise ValueError(f'unknown date "{text}"')
    if not tail:
        return day.isoformat()
    if clock := _CLOCK.match(tail):
        hour, minute, second = (int(part or 0) for part in clock.groups())
        return format_instant(
            to_utc(datetime.combine(day, time(hour, minute, second)), where)
        )
    if head[:4].isdigit():
        moment = datetime.fromisoformat(f"{head}T{tail}".upper())
        if moment.tzinfo is not None:
            return format_instant(moment)
    raise ValueError(f'unknown date "{text}"')


def _from_offset(match: re.Match[str], now: datetime, where: tzinfo) -> str:
    sign, amount, unit = match.groups()
    if unit == "m":
        raise ValueError(
            f'"{match.group()}" is ambiguous: min is minutes, mo is months'
        )
    number = int(amount)
    period = {
        "min": Duration(seconds=60 * number),
        "h": Duration(seconds=3600 * number),
        "d": Duration(days=number),
        "w": Duration(days=7 * number),
        "mo": Duration(months=number),
        "y": Duration(months=12 * number),
    }[unit]
    return format_instant(add(now, period, where, 1 if sign == "+" else -1))


def _day(word: str, today: date) -> date | None:
    if _DATE.match(word):
        return date.fromisoformat(word)
    if word in ("today", "tomorrow", "yesterday"):
        return today + timedelta(
            days={"today": 0, "tomorrow": 1, "yesterday": -1}[word]
        )
    for names in (_DAYS, _FULL_DAYS):
        if word in names:
            return today + timedelta(
                days=(names.index(word) - today.weekday() - 1) % 7 + 1
            )
    return None


def parse_now(text: str, real: datetime) -> datetime:
    """Return the instant of ``--now`` or TICKETCTL_NOW; UTC where it has no zone.

    Raises:
        ValueError: it is not understood.
    """
    value = text if _INSTANT.match(text) else parse_when(text, real, UTC)
    return moment_of(value, UTC)


def span(seconds: float) -> str:
    """Return a length of time in words, in at most two units: ``46 min``, ``3 d 22 h``."""
    total = int(abs(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min"
    if total < 86400:
        hours, minutes = total // 3600, total % 3600 // 60
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = total // 86400, total % 86400 // 3600
    return f"{days} d {hours} h" if hours and days < 30 else f"{days} d"
