"""How profiles write the actions of rules (docs/profile-language.md). Mistakes become
findings of the symbol table; nothing is raised."""

from __future__ import annotations

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
from ticketctl.core.language.symbols import (
    SymbolTable,
)
from ticketctl.core.language.values import read_sets
from ticketctl.core.profile import PERSON_TYPES
from ticketctl.core.yaml_node import Node

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
