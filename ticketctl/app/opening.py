"""Opening tickets: from the command line, or one for each row of a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketctl.app import values
from ticketctl.app.desk import Desk
from ticketctl.app.who import actors, person
from ticketctl.core.checker import Scene, fill
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile, Template
from ticketctl.core.requests import Create
from ticketctl.core.ticket import Ticket
from ticketctl.errors import TicketctlError, UsageError, closest
from ticketctl.store.paths import ID, new_id

KEYS = ("title", "profile", "customer", "assignee", "text", "due", "follows", "status", "template", "id", "fields")


def read_rows(text: str, name: str, common: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a file, each with the command line's options where it says nothing itself.

    Args:
        text: JSON Lines (an object a line) or CSV with a heading.
        name: of the file; ``.csv`` is CSV, ``.jsonl`` is JSON Lines, anything else is told by its first character.

    Raises:
        UsageError: a line is neither.
    """
    if name.endswith(".csv") or (not name.endswith(".jsonl") and not text.lstrip().startswith("{")):
        rows: list[dict[str, Any]] = [dict(row) for row in csv.DictReader(io.StringIO(text), strict=True)]
        if any(None in row or None in row.values() for row in rows):
            raise UsageError(f"{name}: a row has more or fewer cells than the heading")
    else:
        rows = [_object(line, f"{name}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not rows:
        raise UsageError(f"{name} holds no rows")
    given = {key: value for key, value in common.items() if value not in (None, ()) and key != "file"}
    return [{**given, **{key: value for key, value in row.items() if value not in (None, "")}} for row in rows]


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{place}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise UsageError(f"{place}: not an object")
    return row


def numbered(rows: Sequence[dict[str, Any]], name: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with what to call it in a message."""
    for number, row in enumerate(rows, 1):
        yield (f"{name}, row {number}: " if name else ""), row


def request(desk: Desk, row: Mapping[str, Any], place: str) -> tuple[Profile, list[Create]]:
    """What a row asks for: its profile, and one request per role that the user has.

    Raises:
        TicketctlError: with the row's place in front of the message.
    """
    try:
        return _request(desk, row)
    except TicketctlError as error:
        error.message = place + error.message
        raise


def _request(desk: Desk, row: Mapping[str, Any]) -> tuple[Profile, list[Create]]:
    name = row.get("profile") or desk.settings.profile
    if not name:
        raise UsageError(
            "say which profile", f"-p PROFILE ({', '.join(desk.shelf.names())}), or profile: in ticketctl.yaml"
        )
    profile = desk.shelf.get(str(name))
    template = _template(profile, row.get("template"))
    id_ = _id(desk, row.get("id"))
    who = actors(desk, profile, None)
    sets = _sets(desk, profile, row)
    text = row.get("text") or (template.text if template else "")
    title = row.get("title") or (template.title if template else "")
    if not title:
        raise UsageError("say what it is about", 'ticketctl new "TITLE"')
    note = None
    if template:
        scene = Scene(profile, desk.people_of(profile), desk.now, Ticket(id_, profile.name, str(title), ""), (),
                      who[0].role, who[0].role, who[0].who)  # fmt: skip
        sets = {**{key: value for key, value in template.sets.items() if value is not None}, **sets}
        title, text, note = fill(str(title), scene), fill(str(text), scene), fill(template.note, scene) or None
    to = (
        values.status(profile, str(row["status"])) if row.get("status") else (template.to or None) if template else None
    )
    requests = []
    for actor in who:
        own = sets
        if profile.kind(actor.role) == "customer" and "customer" not in sets:
            own = {"customer": actor.who, **sets}
        requests.append(Create(id_, actor, values.line(str(title), "the title"),
                               values.body(str(text), "the text") if text else None, note, to, own,
                               via=row.get("via"), quiet=bool(row.get("quiet"))))  # fmt: skip
    return profile, requests


def _template(profile: Profile, name: object) -> Template | None:
    if not name:
        return None
    if str(name) not in profile.templates:
        known = list(profile.templates)
        hint = closest(str(name), known) or f"it has: {', '.join(known) or 'none'}"
        raise UsageError(f'{profile.name} has no template "{name}"', hint)
    return profile.templates[str(name)]


def _id(desk: Desk, given: object) -> str:
    if not given:
        return new_id(desk.now)
    if not ID.match(str(given)):
        raise UsageError(f'"{given}" is not an id', "YYMMDD and five of 0-9 a-z without i l o u: 261121-k3qx9")
    return str(given)


def _sets(desk: Desk, profile: Profile, row: Mapping[str, Any]) -> dict[str, Value]:
    """The values that a row gives: its head keys, ``fields``, columns named like fields, and ``--set`` pairs."""
    sets: dict[str, Value] = {}
    fields = row.get("fields") or {}
    if not isinstance(fields, dict):
        raise UsageError("fields must be an object")
    own = (*KEYS, "pairs", "via", "quiet", "file")
    others = {key: held for key, held in row.items() if key not in own and held is not None}
    for key, held in {**others, **fields}.items():
        name, declared = values.field(profile, key)
        if isinstance(held, bool):
            held = "true" if held else "false"
        held = ",".join(map(str, held)) if isinstance(held, list) else str(held)
        sets[name] = values.value(desk, profile, declared, name, held)
    pairs, _ = values.assignments(desk, profile, row.get("pairs") or ())
    sets |= pairs
    for key in ("customer", "assignee"):
        if row.get(key) and str(row[key]).casefold() != "none":
            sets[key] = person(str(row[key]), desk)
    if row.get("due"):
        sets["due"] = values.when(desk, str(row["due"]))
    if row.get("follows"):
        sets["follows"] = desk.store.find(str(row["follows"]))
    return sets
