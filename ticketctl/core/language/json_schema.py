"""The JSON Schema of a ticket file, with which editors complete and check it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from ticketctl.core import vocabulary
from ticketctl.core.entry import ENTRY_KEYS, EVENTS
from ticketctl.core.profile import Field, Profile
from ticketctl.core.ticket import HEAD

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_ID = {"type": "string", "pattern": f"^{vocabulary.TICKET_ID}$"}
_EVENT = {"type": "string", "pattern": f"^{vocabulary.EVENT_ID}$"}
_INSTANT = {"type": "string", "pattern": f"^{vocabulary.INSTANT}$"}
_DATE = {
    "type": "string",
    "pattern": f"^{vocabulary.DATE}({vocabulary.INSTANT.removeprefix(vocabulary.DATE)})?$",
}
_OF_HEAD: dict[str, Any] = {
    "id": _ID,
    "due": _DATE,
    "follows": _ID,
    "watchers": _TEXTS,
    "fields": {"type": "object"},
}
_OF_ENTRY: dict[str, Any] = {
    "id": _EVENT,
    "at": _INSTANT,
    "event": {"enum": list(EVENTS)},
    "anchor": _EVENT,
    "due": _INSTANT,
    "nth": {"type": "integer", "minimum": 2},
    "quiet": {"const": True},
    "set": {"type": "object", "minProperties": 1},
    "mail_digest": {"type": "string", "pattern": "^m[0-9a-f]{32}$"},
    "unset": _TEXTS,
    "told": _TEXTS,
    "files": _TEXTS,
    "after": {"type": "array", "items": _EVENT},
}


def ticket_schema(profiles: Iterable[Profile]) -> dict[str, Any]:
    """Return the schema (draft 7, which YAML language servers read) of a store's tickets.

    Args:
        profiles: those that tickets may name; statuses and fields are those of a
            ticket's own.
    """
    profiles = list(profiles)
    head = {key: _OF_HEAD.get(key, _TEXT) for key in HEAD}
    entry = {key: _OF_ENTRY.get(key, _TEXT) for key in ENTRY_KEYS}
    history = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": entry,
            "required": ["id", "at", "by", "role", "event"],
        },
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A ticket",
        "type": "object",
        "properties": head
        | {
            "profile": {"enum": [profile.name for profile in profiles]},
            "history": history,
        },
        "required": ["id", "profile", "title", "status", "history"],
        "allOf": [_of_profile(profile) for profile in profiles],
    }


def _of_profile(profile: Profile) -> dict[str, Any]:
    fields = {name: _of_field(declared) for name, declared in profile.fields.items()}
    statuses = [
        {"const": status.name, "description": status.description}
        for status in profile.statuses.values()
    ]
    return {
        "if": {"properties": {"profile": {"const": profile.name}}},
        "then": {
            "properties": {
                "status": {"oneOf": statuses},
                "fields": {
                    "type": "object",
                    "properties": fields,
                    "additionalProperties": False,
                },
            }
        },
    }


def _of_field(declared: Field) -> dict[str, Any]:
    schema = _of_type(declared)
    return {**schema, "description": declared.help} if declared.help else dict(schema)


def _of_type(declared: Field) -> dict[str, Any]:
    kind = declared.type
    match kind:
        case "enum":
            return {"enum": list(declared.values)}
        case "boolean":
            return {"type": "boolean"}
        case "integer":
            return {"type": "integer"}
        case "date" | "datetime":
            return _DATE
        case "users":
            return _TEXTS
        case "checklist":
            states = {"enum": ["open", "done"]}
            return {"type": "object", "additionalProperties": states}
        case "string" | "text" | "email" | "user":
            return _TEXT
        case _:
            assert_never(kind)
