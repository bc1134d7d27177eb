"""Writing a country's holidays into a calendar, line by line: the rest of the file
stays as people wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

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


def write_holidays(
    workspace: Workspace,
    profile: str | None,
    calendar: str | None,
    country: str,
    region: str | None,
    year: int,
) -> tuple[str, int]:
    """Write a year's public holidays into a profile of the store, or into the store's
    settings.

    Args:
        profile: whose calendar; the settings' own list, if ``None``.
        calendar: which calendar; needed only if the profile has several.

    Returns:
        The file, and how many dates are new in it.

    Raises:
        UsageError: no such calendar, or the file is not in a form in which lines can be
            added.
        MissingError: the store has no such profile of its own.
    """
    days = public_holidays(country, region, year)
    path = NAME if profile is None else _own(workspace, profile)
    with writing(workspace):
        try:
            data = files.read_in(workspace.root, path, files.MAX_BYTES)
        except FileNotFoundError:
            raise MissingError(
                f"there is no {path} in this store", "ticketctl init makes one"
            ) from None
        top = read_yaml(data, path)
        inside = top if profile is None else _calendar(top, path, calendar)
        text = insert(data.decode(), inside, days)
        _verify(read_yaml(text.encode(), path), profile is None, path, days)
        if text.encode() != data:
            write_files(workspace, [journal.Write(path, text.encode(), data)])
            message = f"{path}: holidays of {country} in {year}"
            who = workspace.email or "ticketctl@localhost"
            commit_or_raise(workspace, message, who)
    return path, text.count("\n") - data.decode().count("\n") - (KEY not in inside.map)


def _own(workspace: Workspace, profile: str) -> str:
    found = workspace.registry.path(profile)
    if not found.startswith(f"{workspace.root}/profiles/"):
        raise MissingError(
            f'the profile "{profile}" is not this store\'s own',
            f"copy {found} into profiles/ first",
        )
    return found[len(workspace.root) + 1 :]


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


def insert(text: str, inside: Node, days: Mapping[date, str]) -> str:
    """The text of a YAML file with dates added to the ``holidays`` of one of its
    mappings, in order.

    Args:
        inside: the mapping, in block style.

    Raises:
        UsageError: it, or the list that is there, stands in brackets.
    """
    lines = text.removesuffix("\n").split("\n")
    held = inside.map.get(KEY)
    first = min((inside.keys or {}).values(), default=(0, 0))
    if inside.map and lines[first[0] - 1][: first[1] - 1].strip():
        raise UsageError(
            "the calendar stands in brackets", "write it in lines of its own"
        )
    if held is None or held.value is None:
        lead = " " * max(first[1] - 1, 0)
        new = [
            f"{lead}{KEY}:",
            *(f"{lead}  {_line(day, name)}" for day, name in days.items()),
        ]
        at = (
            first[0] - 1
            if inside.line and first != (0, 0) and first[1] > 1
            else len(lines)
        )
        if held is not None:
            raise UsageError(
                "the list of holidays is empty", f"take the line {KEY}: away first"
            )
        return "\n".join([*lines[:at], *new, *lines[at:]]) + "\n"
    listed = (
        [item for item in held.items if item.text]
        if isinstance(held.value, list)
        else []
    )
    spots = {item.text: (item.line, item.col) for item in listed} or dict(
        held.keys or {}
    )
    starts = {lines[line - 1][: col - 1] for line, col in spots.values()}
    if len(starts) != 1 or next(iter(starts)).strip() not in ("", "-"):
        raise UsageError(
            "the holidays stand in brackets", "write each in a line of its own"
        )
    lead = next(iter(starts))
    for day, name in sorted(days.items(), reverse=True):
        if str(day) not in spots:
            after = [line for known, (line, _) in spots.items() if known < str(day)]
            at = max(after) if after else min(line for line, _ in spots.values()) - 1
            lines.insert(
                at, lead + (f"{day}  # {name}" if lead.strip() else _line(day, name))
            )
    return "\n".join(lines) + "\n"


def _line(day: date, name: str) -> str:
    return f"{day}: {name if is_plain(name) else quoted(name)}"


def _verify(top: Node, settings: bool, path: str, days: Mapping[date, str]) -> None:
    """What was written must read as what was meant."""
    places = [top] if settings else list(top.map["calendars"].map.values())
    found = [
        {*place.map[KEY].map, *(item.text for item in place.map[KEY].items)}
        for place in places
        if KEY in place.map
    ]
    if not any({str(day) for day in days} <= held for held in found):
        raise SettingsError(f"the dates cannot be added to {path}", "add them by hand")
