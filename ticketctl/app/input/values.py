"""Parse what the user types for a field into the value that a ticket has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import assert_never

from ticketctl.app.input.identity import parse_person
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.entry import Value
from ticketctl.core.language.actions import item_slug
from ticketctl.core.language.symbols import HEAD_FIELDS
from ticketctl.core.profile import Field, Profile, Template, squash
from ticketctl.core.ticket import SETTABLE
from ticketctl.errors import UsageError, closest

MAX_TEXT = 256 * 1024
"""The longest text, in characters."""


def find_status(profile: Profile, text: str) -> str:
    """Return the status that the user means.

    Raises:
        UsageError: the profile has no such status.
    """
    if status := profile.find_status(text):
        return status
    known = list(profile.statuses)
    raise UsageError(
        f'{profile.name} has no status "{text}"',
        closest(text, known) or f"it has: {', '.join(known)}",
    )


def find_template(profile: Profile, name: str) -> Template:
    """Return the template of a name.

    Raises:
        UsageError: the profile has no such template.
    """
    if name not in profile.templates:
        known = list(profile.templates)
        hint = closest(name, known) or f"it has: {', '.join(known) or 'none'}"
        raise UsageError(f'{profile.name} has no template "{name}"', hint)
    return profile.templates[name]


def parse_assignments(
    workspace: Workspace, profile: Profile, pairs: Iterable[str]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the values of ``K=V`` pairs by name, and the names to clear (``K=``).

    Raises:
        UsageError: an unknown field, or a value not of its type.
    """
    sets: dict[str, Value] = {}
    unset: list[str] = []
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(
                f'"{pair}" is not of the form FIELD=VALUE', "to clear a field: FIELD="
            )
        name, declared = find_field(profile, key.strip())
        if text == "":
            unset.append(name)
        else:
            sets[name] = parse_value(workspace, profile, declared, name, text)
    return sets, tuple(unset)


def find_field(profile: Profile, text: str) -> tuple[str, Field]:
    """Return the field, head key or checklist item that the user means.

    Returns:
        Its name, with the item of a checklist after a dot; and its declaration.

    Raises:
        UsageError: there is no such field.
    """
    base, dot, item = text.partition(".")
    field = profile.find_field(base)
    if field is None and base.casefold() in SETTABLE:
        field = HEAD_FIELDS[base.casefold()]
    if field is None or (dot and field.type != "checklist"):
        known = [*profile.fields, *SETTABLE]
        raise UsageError(
            f'{profile.name} has no field "{text}"',
            closest(text, known) or f"it has: {', '.join(known)}",
        )
    return (f"{field.name}.{item_slug(item)}" if dot else field.name), field


def parse_value(
    workspace: Workspace, profile: Profile, declared: Field, name: str, text: str
) -> Value:
    """Return the value of a field as typed.

    Args:
        declared: the declaration of the field.
        name: the name of the field, with the item of a checklist after a dot.

    Raises:
        UsageError: the text is no value of the field's type.
    """
    kind = declared.type
    match kind:
        case "checklist":
            if "." in name:
                return _one_of(name, ("open", "done"), text)
            return {item_slug(item): "open" for item in text.split(",") if item.strip()}
        case "enum":
            return _one_of(name, declared.values, text)
        case "boolean":
            return _parse_boolean(name, text)
        case "integer":
            if not re.fullmatch(r"[-+]?[0-9]{1,18}", text):
                raise UsageError(f'{name} is a whole number, not "{text}"')
            return int(text)
        case "datetime":
            return parse_moment(workspace, text)
        case "date":
            where = dates.zone(workspace.settings.timezone)
            moment = dates.moment_of(parse_moment(workspace, text), where)
            return f"{moment.astimezone(where):%Y-%m-%d}"
        case "user" | "email":
            return parse_person(text, workspace)
        case "users":
            parts = [part.strip() for part in text.split(",")]
            return tuple(parse_person(part, workspace) for part in parts if part)
        case "string":
            if name == "follows":
                return workspace.id_of(text)
            return clean_line(text, name)
        case "text":
            return clean_text(text, name)
        case _:
            assert_never(kind)


_BOOLEANS = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


def _parse_boolean(name: str, text: str) -> bool:
    if text.casefold() not in _BOOLEANS:
        raise UsageError(f'{name} is true or false, not "{text}"')
    return _BOOLEANS[text.casefold()]


def _one_of(name: str, known: tuple[str, ...], text: str) -> str:
    for value in known:
        if squash(value) == squash(text):
            return value
    raise UsageError(
        f'{name} is {" or ".join(known)}, not "{text}"', closest(text, known)
    )


def parse_moment(workspace: Workspace, text: str) -> str:
    """Return a date or instant as typed, in the form of ticket files.

    Times are typed as they are shown, in the store's time zone.

    Raises:
        UsageError: the text is neither a date nor an instant.
    """
    where = dates.zone(workspace.settings.timezone)
    try:
        return dates.parse_when(text, workspace.now, where)
    except (ValueError, OverflowError) as error:
        words = str(error)
        if text not in words:  # Python's own words
            words = f'unknown date "{text}"'
        hint = "use 2026-12-01, 2026-12-01T09:00, tomorrow, mon, +3d, +2w"
        raise UsageError(words, hint) from None


def clean_line(text: str, what: str) -> str:
    """Return a text of one line in the form of ticket files.

    Args:
        what: what the text is, for messages.

    Raises:
        UsageError: it is empty, has several lines, or is not text.
    """
    line = clean_text(text, what)
    if "\n" in line:
        raise UsageError(f"{what} must be one line")
    if len(line) > 1000:
        raise UsageError(f"{what} is longer than 1,000 characters")
    return line


def clean_text(text: str, what: str) -> str:
    """Return a text in the form of ticket files.

    Lines end in LF. A text of several lines ends in one newline; a text of one line has
    none.

    Args:
        what: what the text is, for messages.

    Raises:
        UsageError: it is empty, too long, or not text.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} is not valid UTF-8") from None
    clean = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
    if not clean.strip():
        raise UsageError(f"{what} is empty")
    if len(clean) > MAX_TEXT:
        raise UsageError(
            f"{what} is longer than {MAX_TEXT // 1024} KiB",
            "attach it instead of pasting it",
        )
    if "\0" in clean:
        raise UsageError(f"{what} holds a NUL byte")
    return clean + "\n" if "\n" in clean else clean
