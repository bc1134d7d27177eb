"""Times, names and long lines as people read them. Every command loads this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ticketctl.core import dates
from ticketctl.core.escaping import safe
from ticketctl.pattern import pattern
from ticketctl.record import Record
from ticketctl.render.color import Colors, unbroken, visible
from ticketctl.render.columns import width

_INSTANT = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


class Formatter(Record):
    """The time, the time zone, the colors, the names of people and the width with which
    answers are written.

    Args:
        now: the time of the command, in UTC.
        timezone: the IANA zone in which times are shown.
        names: addresses -> what people are called.
        across: how many columns a line may have.
    """

    now: datetime
    timezone: str
    paint: Colors
    names: dict[str, str]
    across: int = 100

    def time(self, instant: str) -> str:
        """Return an instant in the user's zone: ``2026-11-21 09:14``; a date stays a
        date."""
        if len(instant) == 10:
            return instant
        return f"{dates.parse_instant(instant).astimezone(dates.zone(self.timezone)):%Y-%m-%d %H:%M}"

    def shown(self, text: str) -> str:
        """Return a value as people read it: an instant in their zone, anything else
        unchanged."""
        return self.time(text) if len(text) == 20 and _INSTANT.match(text) else text

    def ago(self, instant: str) -> str:
        """Return how long ago an instant is, in its larger unit: ``2 h``."""
        return _first_unit(
            dates.span((self.now - dates.parse_instant(instant)).total_seconds())
        )

    def ahead(self, instant: str, long: bool = False) -> str:
        """Return how far ahead an instant or date is: ``3 d``; ``now`` if it is past.

        Args:
            long: whether the smaller unit is given, too: ``3 d 4 h``.
        """
        # Zones are loaded where they are needed: most lists show none but lengths of
        # time.
        where = dates.zone(self.timezone) if len(instant) == 10 else UTC
        seconds = (dates.moment_of(instant, where) - self.now).total_seconds()
        if seconds <= 0:
            return "now"
        return dates.span(seconds) if long else _first_unit(dates.span(seconds))

    def wrap(self, text: str, indent: str, first: str | None = None) -> Iterator[str]:
        """Break a text into lines that fit the terminal, as :func:`wrapped` does."""
        return wrapped(text, indent, self.across, first)

    def who(self, address: str) -> str:
        """Return what people call somebody."""
        return safe(self.names.get(address) or address.partition("@")[0])


def _first_unit(span: str) -> str:
    return " ".join(span.split(" ")[:2])


TIED = "\x1f"
"""Stands for a space at which a line is not broken."""


def tied(text: str) -> str:
    """Return a text that :func:`wrapped` keeps on one line."""
    return text.replace(" ", TIED)


def listed(names: Iterable[str]) -> str:
    """Return names with commas, each of them kept on one line."""
    return ", ".join(tied(safe(name)) for name in names)


def wrapped(
    text: str, indent: str, across: int, first: str | None = None
) -> Iterator[str]:
    """Break a text into lines, at spaces. A word that is too long has its own line.

    Args:
        text: a safe text, with the marks of :class:`Colors`; spaces in a row are kept
            within a line.
        indent: what each line begins with.
        across: how many columns a line may have; 0 for any number.
        first: what the first line begins with, if it is not ``indent``.
    """
    start = indent if first is None else first
    if not across or width(visible(start + text)) <= across:
        if (start + text).strip():
            yield (start + text).replace(TIED, " ").rstrip()
        return
    yield from unbroken(_broken(text, indent, across, start))


def _broken(text: str, indent: str, across: int, start: str) -> Iterator[str]:
    line, columns, has_word = start, width(visible(start)), False
    for word in text.split(" "):
        size = width(visible(word))
        if has_word and size and columns + size > across:
            yield line.replace(TIED, " ").rstrip()
            line, columns, has_word = indent, width(indent), False
        if not word and not has_word and line is indent:
            continue  # spaces at which a line was broken
        line += word + " "
        columns += size + 1
        has_word = has_word or bool(word)
    if line.strip():
        yield line.replace(TIED, " ").rstrip()
