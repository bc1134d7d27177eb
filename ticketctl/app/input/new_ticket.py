"""Opening tickets: what the command line, or a row of a file (``app/input/rows.py``),
asks for."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors, person
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.placeholders import fill
from ticketctl.core.engine.requests import Create
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import TicketctlError, UsageError
from ticketctl.store.paths import ID

KEYS = (
    "title",
    "profile",
    "customer",
    "assignee",
    "text",
    "due",
    "follows",
    "status",
    "template",
    "id",
    "fields",
)


def request(
    workspace: Workspace, row: Mapping[str, Any], place: str, taken: Container[str] = ()
) -> tuple[Profile, list[Create]]:
    """What a row asks for: its profile, and one request per role that the user has.

    Args:
        taken: the ids of the rows before.

    Raises:
        TicketctlError: with the row's place in front of the message.
    """
    try:
        return _request(workspace, row, taken)
    except TicketctlError as error:
        error.message = place + error.message
        raise


def check_texts(row: Mapping[str, Any]) -> None:
    """Refuse a row of JSON in which something that is a text is none; its fields are
    looked at by their types.

    Raises:
        UsageError: with the key.
    """
    for key in ("created", *KEYS):
        if key != "fields" and not isinstance(row.get(key, ""), str | None):
            raise _not_so(key, "a text", row[key])


def _not_so(key: str, what: str, held: object) -> UsageError:
    shown = json.dumps(held, ensure_ascii=False)
    return UsageError(
        f"{key} must be {what}, not {shown if len(shown) < 60 else shown[:57] + '...'}"
    )


def _request(
    workspace: Workspace, row: Mapping[str, Any], taken: Container[str]
) -> tuple[Profile, list[Create]]:
    check_texts(row)
    name = row.get("profile") or workspace.settings.profile
    if not name:
        raise UsageError(
            "say which profile",
            f"-p PROFILE ({', '.join(workspace.registry.names())}), or profile: in ticketctl.yaml",
        )
    profile = workspace.registry.get(str(name))
    template = (
        values.template(profile, str(row["template"])) if row.get("template") else None
    )
    id_ = _id(workspace, row.get("id"), taken)
    who = actors(workspace, profile, None)
    sets = _sets(workspace, profile, row)
    text = row.get("text") or (template.text if template else "")
    title = row.get("title") or (template.title if template else "")
    if not title:
        raise UsageError("say what it is about", 'ticketctl new "TITLE"')
    note = None
    if template:
        context = EvalContext(
            profile,
            workspace.people_of(profile),
            workspace.now,
            Ticket(id_, profile.name, str(title), ""),
            (),
            who[0].role,
            who[0].role,
            who[0].who,
        )
        sets = {
            **{key: value for key, value in template.sets.items() if value is not None},
            **sets,
        }
        title, text, note = (
            fill(str(title), context),
            fill(str(text), context),
            fill(template.note, context) or None,
        )
    to = (
        values.status(profile, str(row["status"]))
        if row.get("status")
        else (template.to or None)
        if template
        else None
    )
    requests = []
    for actor in who:
        own = sets
        if profile.kind(actor.role) == "customer" and "customer" not in sets:
            own = {"customer": actor.who, **sets}
        requests.append(
            Create(
                id_,
                actor,
                values.line(str(title), "the title"),
                values.body(str(text), "the text") if text else None,
                note,
                to,
                own,
                via=row.get("via"),
                quiet=bool(row.get("quiet")),
            )
        )
    return profile, requests


def _id(workspace: Workspace, given: object, taken: Container[str]) -> str:
    if not given:
        return workspace.store.fresh_id(workspace.now, taken)
    if not ID.match(str(given)):
        raise UsageError(
            f'"{given}" is not an id',
            "YYMMDD and five of 0-9 a-z without i l o u: 261121-k3qx9",
        )
    if str(given) in taken:
        raise UsageError(f"another row has the id {given}")
    return str(given)


_LISTS = ("users", "checklist")


def _typed(key: str, kind: str, held: object) -> str:
    """What a row of JSON gives for a field, as it would be typed.

    Raises:
        UsageError: it is of another type than the field.
    """
    if isinstance(held, str):
        return held
    if kind == "boolean" and isinstance(held, bool):
        return "true" if held else "false"
    if kind == "integer" and isinstance(held, int) and not isinstance(held, bool):
        return str(held)
    if (
        kind in _LISTS
        and isinstance(held, list)
        and all(isinstance(one, str) for one in held)
    ):
        return ",".join(held)
    what = {"boolean": "true or false", "integer": "a whole number"}.get(kind, "a text")
    raise _not_so(key, "a list of texts" if kind in _LISTS else what, held)


def _sets(
    workspace: Workspace, profile: Profile, row: Mapping[str, Any]
) -> dict[str, Value]:
    """The values that a row gives: its head keys, ``fields``, columns named like
    fields, and ``--set`` pairs."""
    sets: dict[str, Value] = {}
    fields = row.get("fields") or {}
    if not isinstance(fields, dict):
        raise UsageError("fields must be an object")
    own = (*KEYS, "pairs", "via", "quiet", "file")
    others = {
        key: held for key, held in row.items() if key not in own and held is not None
    }
    for key, held in {**others, **fields}.items():
        name, declared = values.field(profile, key)
        sets[name] = values.value(
            workspace, profile, declared, name, _typed(key, declared.type, held)
        )
    pairs, _ = values.assignments(workspace, profile, row.get("pairs") or ())
    sets |= pairs
    for key in ("customer", "assignee"):
        if row.get(key) and str(row[key]).casefold() != "none":
            sets[key] = person(str(row[key]), workspace)
    if row.get("due"):
        sets["due"] = values.when(workspace, str(row["due"]))
    if row.get("follows"):
        sets["follows"] = workspace.id_of(str(row["follows"]))
    return sets
