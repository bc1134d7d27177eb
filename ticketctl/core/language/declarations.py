"""How profiles declare roles, fields and statuses: the names that all other parts of a
profile refer to."""

from __future__ import annotations

import re
from collections.abc import Callable

from ticketctl.core import profile as p
from ticketctl.core.language.actions import ORIGIN, read_origin, read_value
from ticketctl.core.language.conditions import (
    read_conditions,
)
from ticketctl.core.language.symbols import (
    HEAD_FIELDS,
    NO_NODE,
    SymbolTable,
    read_entries,
)
from ticketctl.core.vocabulary import STATES, State
from ticketctl.core.yaml_node import Node


def read_declarations(
    names: SymbolTable, part: Callable[[str], Node]
) -> tuple[dict[str, p.Role], dict[str, p.Field], dict[str, p.Status]]:
    """Read roles, fields and statuses.

    All their names are declared before the first condition is read.
    """
    roles = dict(
        read_entries(part("roles"), lambda key, item: _read_role(names, key, item))
    )
    names.roles = {role.name: role.kind for role in roles.values()}
    _check_roles(names, part("roles"))
    names.categories = set(part("categories").map)
    fields = dict(
        read_entries(part("fields"), lambda key, item: _read_field(names, key, item))
    )
    if names.categories and "category" not in fields:
        offered = tuple(part("categories").map)
        fields["category"] = p.Field(
            "category", "enum", offered, offered[0], "what kind of ticket it is"
        )
    names.fields = fields
    for role, item in part("roles").map.items():
        if role in roles and roles[role].field:
            names.field(item.map["field"])
    # All names come first: the conditions of one status may name another.
    for key, item in part("statuses").map.items():
        names.statuses[key] = _read_status_name(names, key, item)
    names.messages = {name for name in part("messages").map if "." not in name}
    names.calendars = set(part("calendars").map)
    names.automations = {
        item.map["name"].text
        for item in part("automations").items
        if "name" in item.map
    }
    statuses = dict(
        read_entries(part("statuses"), lambda key, item: _read_status(names, key, item))
    )
    return roles, fields, statuses


def _read_role(names: SymbolTable, key: str, node: Node) -> p.Role:
    keys = (
        names.keys(node, f'role "{key}"', ("kind", "field", "help"), ("kind",))
        if node.map
        else {"kind": node}
    )
    kind = keys.get("kind", NO_NODE)
    bound = keys["field"].text if "field" in keys else ""
    help_ = keys.get("help", NO_NODE).text
    return p.Role(
        key,
        names.choice(kind, "kind of role", p.ROLE_KINDS, "integration"),
        bound,
        help_,
    )


def _check_roles(names: SymbolTable, node: Node) -> None:
    for kind in ("customer", "agent", "system"):
        of_kind = [role for role, role_kind in names.roles.items() if role_kind == kind]
        if not of_kind or (kind == "system" and len(of_kind) > 1):
            names.error(
                node,
                f"there must be {'one role' if kind == 'system' else 'a role'} of kind {kind}",
            )


def _read_field(names: SymbolTable, key: str, node: Node) -> p.Field:
    keys = names.keys(
        node,
        f'field "{key}"',
        ("type", "values", "default", "help", "edit", *ORIGIN),
        ("type",),
    )
    if key in HEAD_FIELDS or not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        names.error(
            node,
            f'invalid field name "{key}"',
            "use lower-case letters, digits and _, and no name of a head key",
        )
    node_of_type = keys.get("type", NO_NODE)
    values = tuple(item.text for item in keys.get("values", NO_NODE).items)
    type_ = names.choice(node_of_type, "type", p.FIELD_TYPES, "string")
    if (type_ == "enum") != bool(values):
        names.error(
            node, f'field "{key}": values are given for an enum, and only there'
        )
    declared = p.Field(key, type_, values, place=names.place(node))
    default = (
        read_value(names, declared, keys["default"]) if "default" in keys else None
    )
    edit = tuple(names.role(item) for item in keys.get("edit", NO_NODE).items)
    help_ = keys.get("help", NO_NODE).text
    return p.Field(
        key,
        type_,
        values,
        default,
        help_,
        edit,
        read_origin(names, keys),
        names.place(node),
    )


_STATUS_KEYS = (
    "state",
    "description",
    "aliases",
    "set_by",
    "needs",
    "keeps",
    "warns",
    *ORIGIN,
)


def _read_status_name(names: SymbolTable, key: str, node: Node) -> p.Status:
    """Read a status without its conditions, which may name statuses that come later."""
    state: State = "open"
    if "state" in node.map:
        state = names.choice(node.map["state"], "state", STATES, "open")
    aliases = tuple(item.text for item in node.map.get("aliases", NO_NODE).items)
    for item in (
        Node(key, node.line, node.col),
        *node.map.get("aliases", NO_NODE).items,
    ):
        if (owner := names.spellings.get(p.squash(item.text))) is not None:
            names.error(item, f'duplicate name "{item.text}": the same as "{owner}"')
    names.spellings |= dict.fromkeys(map(p.squash, (key, *aliases)), key)
    return p.Status(key, state, aliases=aliases)


def _read_status(names: SymbolTable, key: str, node: Node) -> p.Status:
    keys = names.keys(node, f'status "{key}"', _STATUS_KEYS, ("state",))
    set_by = keys.get("set_by", NO_NODE)
    if set_by.text not in ("", "system"):
        names.error(set_by, '"set_by" can only be "system"')
    return p.Status(
        key,
        names.statuses[key].state,
        description=keys.get("description", NO_NODE).text,
        aliases=names.statuses[key].aliases,
        set_by_system=set_by.text == "system",
        preconditions=read_conditions(names, keys.get("needs")),
        invariants=read_conditions(names, keys.get("keeps")),
        warns=read_conditions(names, keys.get("warns")),
        origin=read_origin(names, keys),
        place=names.place(node),
    )
