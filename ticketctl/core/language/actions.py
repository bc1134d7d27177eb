"""Read the values that a profile sets, and the actions of its rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, assert_never

from ticketctl.core.actions import (
    Action,
    FollowUpAction,
    MoveAction,
    NoteAction,
    NotifyAction,
    RefuseAction,
    SetAction,
    WarnAction,
)
from ticketctl.core.entry import Value
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.profile import PERSON_TYPES, Field, Origin
from ticketctl.core.yaml_node import Node


def read_value(names: SymbolTable, declared: Field, node: Node) -> Value:
    """Read a value for a field, by the type of the field.

    A text with ``$names`` is returned as it is; it is filled in when a rule acts.
    """
    if "$" in node.text:
        return names.filled(node)
    value, kind = node.value, declared.type
    match kind:
        case "enum":
            if node.text in declared.values:
                return node.text
            what = f"value of {declared.name}"
            return names.known(node, what, node.text, declared.values)
        case "boolean":
            if isinstance(value, bool):
                return value
            names.error(node, f"{declared.name} is true or false")
        case "integer":
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            names.error(node, f"{declared.name} is a whole number")
        case "users":
            return tuple(item.text for item in node.items)
        case "checklist":
            if isinstance(value, dict):
                return {item_slug(key): item.text for key, item in value.items()}
            if isinstance(value, list):
                return {item_slug(item.text): "open" for item in value}
        case "string" | "text" | "date" | "datetime" | "email" | "user":
            pass
        case _:
            assert_never(kind)
    return node.text


def read_sets(names: SymbolTable, node: Node | None) -> dict[str, Value | None]:
    """Read ``{field: value}``; null clears a field and is ``None``."""
    sets: dict[str, Value | None] = {}
    for key, value in (node.map if node else {}).items():
        declared = names.field(names.at_key(node, key), key)
        _, dot, item = key.partition(".")
        sets[declared.name + dot + item] = (
            None if value.value is None else read_value(names, declared, value)
        )
    return sets


def item_slug(text: str) -> str:
    """Return the slug of a checklist item: ``verify-restore`` for ``Verify restore``."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "item"


ORIGIN = ("cites", "source", "assumed")


SOURCES = ("next", "previous", "text")


def read_origin(names: SymbolTable, keys: Mapping[str, Node]) -> Origin:
    """Read where an entry of a profile comes from."""
    source = keys.get("source", NO_NODE)
    if source.value is not None:
        names.known(source, "source", source.text, SOURCES)
    cites = tuple(item.text for item in keys.get("cites", NO_NODE).items)
    return Origin(cites, source.text, keys.get("assumed", NO_NODE).text)


ActionKind = Literal["move", "notify", "set", "note", "refuse", "follow_up", "warn"]
_KEYS: Mapping[ActionKind, tuple[str, ...]] = {
    "move": ("text", "note", "set"),
    "notify": ("message", "else"),
    "set": (),
    "note": (),
    "refuse": (),
    "follow_up": (),
    "warn": (),
}
"""The key that tells which action it is -> the other keys that it may have."""
ACTION_KINDS: tuple[ActionKind, ...] = tuple(_KEYS)


def read_actions(names: SymbolTable, node: Node | None) -> tuple[Action, ...]:
    """Read a list of actions, or one."""
    return tuple(_read_action(names, item) for item in node.items) if node else ()


def _read_action(names: SymbolTable, node: Node) -> Action:
    kind = next((kind for kind in ACTION_KINDS if kind in node.map), None)
    place = names.place(node)
    if kind is None:
        names.error(
            node,
            "unknown action",
            f"an action begins with one of: {', '.join(ACTION_KINDS)}",
        )
        return WarnAction("", place)
    keys = names.keys(node, f'an action "{kind}"', (kind, *_KEYS[kind]))
    head = keys[kind]
    match kind:
        case "move":
            text, note = (
                names.filled(keys[key], key == "note") if key in keys else ""
                for key in ("text", "note")
            )
            sets = read_sets(names, keys.get("set"))
            return MoveAction(names.status(head), text, note, sets, place)
        case "notify":
            name = keys.get("message", head)
            message = names.known(name, "message", name.text, names.messages)
            recipients = _recipients(names, head)
            otherwise = _recipients(names, keys.get("else"))
            return NotifyAction(message, recipients, otherwise, place)
        case "set":
            return SetAction(read_sets(names, head), place)
        case "note":
            return NoteAction(names.filled(head, internal=True), place)
        case "refuse":
            return RefuseAction(names.filled(head, internal=True), place)
        case "follow_up":
            return FollowUpAction(names.filled(head), place)
        case "warn":
            return WarnAction(names.filled(head, internal=True), place)
        case _:
            assert_never(kind)


def _recipients(names: SymbolTable, node: Node | None) -> tuple[str, ...]:
    """Read whom a notification goes to: customer, actor, user fields, ``role:R``."""
    recipients: list[str] = []
    for item in node.items if node else ():
        if item.text.startswith("role:"):
            role = names.known(
                item, "role", item.text.removeprefix("role:").strip(), names.roles
            )
            recipients.append(f"role:{role}")
        elif item.text == "actor":
            recipients.append("actor")
        elif names.field(item).type in PERSON_TYPES:
            recipients.append(names.field(item).name)
        else:
            names.error(
                item,
                f'unknown recipient "{item.text}"',
                "use customer, actor, a field of type user, or role:NAME",
            )
    return tuple(recipients)
