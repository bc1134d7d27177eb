"""How things are said: times, names, long lines. Light: every command loads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ticketctl.core import dates
from ticketctl.pattern import pattern
from ticketctl.record import Record
from ticketctl.render.color import Colors
from ticketctl.render.sanitize import safe

_INSTANT = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


class Formatter(Record):
    """How things are said: the clock and zone in which times are shown, the colours,
    how people are called."""

    now: datetime
    timezone: str
    paint: Colors
    names: dict[str, str]
    across: int = 100

    def time(self, instant: str) -> str:
        """``2026-11-21 09:14``; a date stays a date."""
        if len(instant) == 10:
            return instant
        return f"{dates.parse_instant(instant).astimezone(dates.zone(self.timezone)):%Y-%m-%d %H:%M}"

    def shown(self, text: str) -> str:
        """A value as people read it: an instant in their zone, anything else as it is."""
        return self.time(text) if len(text) == 20 and _INSTANT.match(text) else text

    def ago(self, instant: str) -> str:
        """``2 h``: how long ago, the larger unit alone."""
        return _first_unit(
            dates.span((self.now - dates.parse_instant(instant)).total_seconds())
        )

    def ahead(self, instant: str, long: bool = False) -> str:
        """``3 d``, or ``due`` if it has come."""
        # Zones are loaded where they are needed: most lists show none but lengths of
        # time.
        where = dates.zone(self.timezone) if len(instant) == 10 else UTC
        seconds = (dates.moment_of(instant, where) - self.now).total_seconds()
        if seconds <= 0:
            return "now"
        return dates.span(seconds) if long else _first_unit(dates.span(seconds))

    def who(self, address: str) -> str:
        """What people call somebody."""
        return safe(self.names.get(address) or address.partition("@")[0])


def _first_unit(span: str) -> str:
    return " ".join(span.split(" ")[:2])


def wrapped(text: str, indent: str, across: int) -> Iterator[str]:
    """A text broken into indented lines of at most ``across`` columns, at spaces."""
    line = indent
    for word in text.split(" "):
        if len(line) + len(word) > across and line.strip():
            yield line.replace(TIED, " ").rstrip()
            line = indent
        line += word + " "
    if line.strip():
        yield line.replace(TIED, " ").rstrip()


TIED = "\x1f"
"""Stands for a space at which a line is not broken."""
