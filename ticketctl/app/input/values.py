"""What people type for a field, as the value that a ticket holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ticketctl.app.input.identity import parse_person
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.entry import Value
from ticketctl.core.language.grammar import HEAD_FIELDS, squash_item
from ticketctl.core.profile import Field, Profile, Template, squash
from ticketctl.core.ticket import SETTABLE
from ticketctl.errors import UsageError, closest

MAX_TEXT = 256 * 1024


def find_status(profile: Profile, text: str) -> str:
    """The status that a person means.

    Raises:
        UsageError: the profile has none like it.
    """
    if found := profile.find_status(text):
        return found
    known = list(profile.statuses)
    raise UsageError(
        f'{profile.name} has no status "{text}"',
        closest(text, known) or f"it has: {', '.join(known)}",
    )


def find_template(profile: Profile, name: str) -> Template:
    """The preset of that name.

    Raises:
        UsageError: the profile has none.
    """
    if name not in profile.templates:
        known = list(profile.templates)
        hint = closest(name, known) or f"it has: {', '.join(known) or 'none'}"
        raise UsageError(f'{profile.name} has no template "{name}"', hint)
    return profile.templates[name]


def parse_assignments(
    workspace: Workspace, profile: Profile, pairs: Iterable[str]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """``K=V`` ... as values by name, and the names to clear (``K=``).

    Raises:
        UsageError: an unknown field, or a value not of its type.
    """
    sets: dict[str, Value] = {}
    unset: list[str] = []
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(
                f'"{pair}" is not of the form FIELD=VALUE', "FIELD= clears"
            )
        name, declared = find_field(profile, key.strip())
        if text == "":
            unset.append(name)
        else:
            sets[name] = parse_value(workspace, profile, declared, name, text)
    return sets, tuple(unset)


def find_field(profile: Profile, text: str) -> tuple[str, Field]:
    """The field (or head key, or item of a checklist) that a person means.

    Raises:
        UsageError: there is none like it.
    """
    base, dot, item = text.partition(".")
    found = profile.find_field(base)
    if found is None and base.casefold() in SETTABLE:
        found = HEAD_FIELDS[base.casefold()]
    if found is None or (dot and found.type != "checklist"):
        known = [*profile.fields, *SETTABLE]
        raise UsageError(
            f'{profile.name} has no field "{text}"',
            closest(text, known) or f"it has: {', '.join(known)}",
        )
    return (f"{found.name}.{squash_item(item)}" if dot else found.name), found


def parse_value(
    workspace: Workspace, profile: Profile, declared: Field, name: str, text: str
) -> Value:
    """One value, of its field's type.

    Raises:
        UsageError: it is not.
    """
    kind = declared.type
    if kind == "checklist":
        if "." in name:
            return _one_of(name, ("open", "done"), text)
        return {squash_item(item): "open" for item in text.split(",") if item.strip()}
    if kind == "enum":
        return _one_of(name, declared.values, text)
    if kind == "boolean":
        words = {
            "true": True,
            "yes": True,
            "1": True,
            "false": False,
            "no": False,
            "0": False,
        }
        if text.casefold() not in words:
            raise UsageError(f'{name} is true or false, not "{text}"')
        return words[text.casefold()]
    if kind == "integer":
        if not re.fullmatch(r"[-+]?[0-9]{1,18}", text):
            raise UsageError(f'{name} is a whole number, not "{text}"')
        return int(text)
    if kind in ("date", "datetime"):
        held = parse_moment(workspace, text)
        where = dates.zone(workspace.settings.timezone)
        return (
            held
            if kind == "datetime"
            else f"{dates.moment_of(held, where).astimezone(where):%Y-%m-%d}"
        )
    if kind in ("user", "email"):
        return parse_person(text, workspace)
    if kind == "users":
        return tuple(
            parse_person(part.strip(), workspace)
            for part in text.split(",")
            if part.strip()
        )
    if name == "follows":
        return workspace.id_of(text)
    return clean_text(text, name) if kind == "text" else clean_line(text, name)


def _one_of(name: str, known: tuple[str, ...], text: str) -> str:
    for one in known:
        if squash(one) == squash(text):
            return one
    raise UsageError(
        f'{name} is {" or ".join(known)}, not "{text}"', closest(text, known)
    )


def parse_moment(workspace: Workspace, text: str) -> str:
    """A moment as typed, as files hold it. Times are typed as they are shown: in the
    store's zone.

    Raises:
        UsageError: it is not understood.
    """
    where = dates.zone(workspace.settings.timezone)
    try:
        return dates.parse_when(text, workspace.now, where)
    except (ValueError, OverflowError) as error:
        hint = "2026-12-01, 2026-12-01T09:00, tomorrow, mon, +3d, +2w"
        raise UsageError(str(error), hint) from None


def clean_line(text: str, what: str) -> str:
    """A text of one line.

    Raises:
        UsageError: it is empty, has several lines, or is not text.
    """
    held = clean_text(text, what)
    if "\n" in held:
        raise UsageError(f"{what} must be one line")
    if len(held) > 1000:
        raise UsageError(f"{what} is longer than 1,000 characters")
    return held


def clean_text(text: str, what: str) -> str:
    """A text as files hold it: LF, exactly one final newline if it has several lines,
    none if it has one.

    Raises:
        UsageError: it is empty, too long, or not text.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} is not UTF-8") from None
    held = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
    if not held.strip():
        raise UsageError(f"{what} is empty")
    if len(held) > MAX_TEXT:
        raise UsageError(
            f"{what} is longer than {MAX_TEXT // 1024} KiB",
            "attach it instead of pasting it",
        )
    if "\0" in held:
        raise UsageError(f"{what} holds a NUL byte")
    return held + "\n" if "\n" in held else held
