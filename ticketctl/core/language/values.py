"""How profiles write values of fields, and where their entries come from. Mistakes become
findings of the symbol table; nothing is raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import assert_never

from ticketctl.core.entry import Value
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.profile import Field, Origin
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
