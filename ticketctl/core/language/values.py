"""How profiles write values of fields, and where their entries come from. Mistakes become
findings of the symbol table; nothing is raised."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ticketctl.core.entry import Value
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.profile import Field, Origin
from ticketctl.core.yaml_node import Node


def read_value(names: SymbolTable, declared: Field, node: Node) -> Value:
    """A value for a field, of the field's type; texts with ``$names`` are filled in
    later."""
    if "$" in node.text:
        return names.filled(node)
    kind, value = declared.type, node.value
    if kind == "enum" and node.text not in declared.values:
        return names.known(
            node, f"value of {declared.name}", node.text, declared.values
        )
    if kind == "boolean" and not isinstance(value, bool):
        names.error(node, f"{declared.name} is true or false")
    if kind == "integer" and (not isinstance(value, int) or isinstance(value, bool)):
        names.error(node, f"{declared.name} is a whole number")
    if kind in ("boolean", "integer") and isinstance(value, int):
        return value
    if kind == "users":
        return tuple(item.text for item in node.items)
    if kind == "checklist" and isinstance(value, dict):
        return {item_slug(key): item.text for key, item in value.items()}
    if kind == "checklist" and isinstance(value, list):
        return {item_slug(item.text): "open" for item in value}
    return node.text


def read_sets(names: SymbolTable, node: Node | None) -> dict[str, Value | None]:
    """``{field: value}``, null clearing."""
    found: dict[str, Value | None] = {}
    for key, value in (node.map if node else {}).items():
        declared = names.field(names.at_key(node, key), key)
        _, dot, item = key.partition(".")
        found[declared.name + dot + item] = (
            None if value.value is None else read_value(names, declared, value)
        )
    return found


def item_slug(text: str) -> str:
    """The slug of a checklist item: ``Verify restore`` is ``verify-restore``."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "item"


ORIGIN = ("cites", "source", "assumed")


SOURCES = ("next", "previous", "text")


def read_origin(names: SymbolTable, found: Mapping[str, Node]) -> Origin:
    """Where an entry of a profile comes from, of the keys of the entry."""
    source = found.get("source", NO_NODE)
    if source.value is not None:
        names.known(source, "source", source.text, SOURCES)
    cites = tuple(item.text for item in found.get("cites", NO_NODE).items)
    return Origin(cites, source.text, found.get("assumed", NO_NODE).text)
