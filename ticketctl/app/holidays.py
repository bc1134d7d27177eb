"""Write the public holidays of a country into a calendar.

Only their lines are added; the rest of the file stays as people wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from ticketctl.app.transaction import commit_or_raise, write_files, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core.yaml_node import Node
from ticketctl.errors import MissingError, SettingsError, UsageError, closest
from ticketctl.store import files
from ticketctl.store.public_holidays import public_holidays
from ticketctl.store.settings import NAME
from ticketctl.store.writing import journal
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.writer import is_plain, quoted

KEY = "holidays"


class HolidayList(NamedTuple):
    """A list of holidays.

    Args:
        profile: the profile that has it; ``None`` for the list of the settings.
        calendar: the calendar of the profile; ``None`` if the profile has only one.
    """

    profile: str | None = None
    calendar: str | None = None


def write_holidays(
    workspace: Workspace,
    target: HolidayList,
    country: str,
    region: str | None,
    year: int,
) -> tuple[str, int]:
    """Write the public holidays of a year into a profile, or into the settings.

    Args:
        target: where to write them.
        country: its ISO code.
        region: its code; ``None`` for the holidays of the whole country.

    Returns:
        The path of the file in the store, and how many dates are new in it.

    Raises:
        UsageError: there is no such calendar, or its list is in a form to which no
            lines can be added.
        MissingError: the store has no such profile of its own.
        UncommittedError: the dates are written, but git does not commit them.
    """
    days = public_holidays(country, region, year)
    profile = target.profile
    path = NAME if profile is None else _own_profile(workspace, profile)
    with writing(workspace):
        try:
            data = files.read_in(workspace.root, path, files.MAX_BYTES)
        except FileNotFoundError:
            raise MissingError(
                f"there is no {path} in this store", "to make one: ticketctl init"
            ) from None
        top = read_yaml(data, path)
        mapping = top if profile is None else _calendar(top, path, target.calendar)
        text = insert_holidays(data.decode(), mapping, days)
        _verify(read_yaml(text.encode(), path), profile is None, path, days)
        if text.encode() != data:
            write_files(workspace, [journal.Write(path, text.encode(), data)])
            message = f"{path}: holidays of {country} in {year}"
            who = workspace.email or "ticketctl@localhost"
            commit_or_raise(workspace, message, who)
    return path, text.count("\n") - data.decode().count("\n") - (KEY not in mapping.map)


def _own_profile(workspace: Workspace, profile: str) -> str:
    """Return the path of a profile of the store, relative to it.

    Raises:
        MissingError: the profile is not one of the store.
    """
    path = workspace.registry.path(profile)
    if not path.startswith(f"{workspace.root}/profiles/"):
        raise MissingError(
            f'the profile "{profile}" is not this store\'s own',
            f"copy {path} into profiles/ first",
        )
    return path[len(workspace.root) + 1 :]


def _calendar(top: Node, path: str, name: str | None) -> Node:
    known = top.map.get("calendars", Node(None, 1, 1)).map
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        what = (
            f'has no calendar "{name}"'
            if name
            else "has several calendars"
            if known
            else "has no calendars"
        )
        raise UsageError(
            f"{path} {what}",
            closest(name or "", list(known))
            or f"--calendar {'|'.join(known) or 'NAME'}",
        )
    return known[name]


def insert_holidays(text: str, mapping: Node, days: Mapping[date, str]) -> str:
    """Return a YAML file with dates added to the ``holidays`` of a mapping, in order.

    Args:
        text: the file.
        mapping: a mapping of it, in block style.
        days: the dates to add, with their names.

    Raises:
        UsageError: the mapping or its list is in flow style (brackets).
    """
    lines = text.removesuffix("\n").split("\n")
    holidays = mapping.map.get(KEY)
    first = min((mapping.keys or {}).values(), default=(0, 0))
    if mapping.map and lines[first[0] - 1][: first[1] - 1].strip():
        raise UsageError(
            "the calendar is written in brackets", "write each key on a line of its own"
        )
    if holidays is None or holidays.value is None:
        lead = " " * max(first[1] - 1, 0)
        new = [
            f"{lead}{KEY}:",
            *(f"{lead}  {_line(day, name)}" for day, name in days.items()),
        ]
        at = (
            first[0] - 1
            if mapping.line and first != (0, 0) and first[1] > 1
            else len(lines)
        )
        if holidays is not None:
            raise UsageError(
                "the list of holidays is empty", f"remove the line {KEY}: first"
            )
        return "\n".join([*lines[:at], *new, *lines[at:]]) + "\n"
    listed = (
        [item for item in holidays.items if item.text]
        if isinstance(holidays.value, list)
        else []
    )
    places = {item.text: (item.line, item.col) for item in listed} or dict(
        holidays.keys or {}
    )
    starts = {lines[line - 1][: col - 1] for line, col in places.values()}
    if len(starts) != 1 or next(iter(starts)).strip() not in ("", "-"):
        raise UsageError(
            "the holidays are written in brackets", "write each on a line of its own"
        )
    lead = next(iter(starts))
    for day, name in sorted(days.items(), reverse=True):
        if str(day) not in places:
            after = [
                line for known_day, (line, _) in places.items() if known_day < str(day)
            ]
            at = max(after) if after else min(line for line, _ in places.values()) - 1
            lines.insert(
                at, lead + (f"{day}  # {name}" if lead.strip() else _line(day, name))
            )
    return "\n".join(lines) + "\n"


def _line(day: date, name: str) -> str:
    return f"{day}: {name if is_plain(name) else quoted(name)}"


def _verify(top: Node, settings: bool, path: str, days: Mapping[date, str]) -> None:
    """Check that the file reads as it should.

    Raises:
        SettingsError: it does not have the dates.
    """
    mappings = [top] if settings else list(top.map["calendars"].map.values())
    lists = [
        {*mapping.map[KEY].map, *(item.text for item in mapping.map[KEY].items)}
        for mapping in mappings
        if KEY in mapping.map
    ]
    if not any({str(day) for day in days} <= listed for listed in lists):
        raise SettingsError(f"the dates cannot be added to {path}", "add them by hand")
