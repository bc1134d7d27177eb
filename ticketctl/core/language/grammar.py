"""The small grammars of the profile language: actions, values. They collect findings,
never raise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from ticketctl.core.dates import Duration
from ticketctl.core.entry import Value
from ticketctl.core.language.limits import FINDINGS
from ticketctl.core.profile import Field, Origin, Status, squash
from ticketctl.core.templates import INTERNAL, names_in
from ticketctl.core.yaml_node import Node
from ticketctl.errors import Finding, Place, closest

HEAD_FIELDS: dict[str, Field] = {
    "title": Field("title", "string", help="one line that says what it is about"),
    "customer": Field("customer", "user", help="the person who asked"),
    "assignee": Field("assignee", "user", help="who works on it"),
    "due": Field("due", "datetime", help="a date, or a date and time"),
    "follows": Field("follows", "string", help="the ticket that it continues"),
    "watchers": Field("watchers", "users", help="others who may act as the customer"),
}
NAMES_FILLED = (
    "actor",
    "assignee",
    "customer",
    "now",
    "due",
    "name",
    "title",
    "id",
    "text",
    "note",
    "last_reply",
    "closes",
    "follow_up",
)
Option = TypeVar("Option", bound=str)
_TOLD = 40
"""How many names a hint lists."""


class TooManyFindingsError(Exception):
    """So many mistakes have been found that nobody need read on."""


class SymbolTable:
    """What a profile has declared, and the findings so far; every grammar looks its
    names up here."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.roles: dict[str, str] = {}
        self.fields: dict[str, Field] = {}
        self.statuses: dict[str, Status] = {}
        self.spellings: dict[str, str] = {}
        self.messages: set[str] = set()
        self.categories: set[str] = set()
        self.automations: set[str] = set()
        self.calendars: set[str] = set()

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.path, node.line, node.col)

    def error(
        self, node: Node, message: str, hint: str = "", code: str = "language"
    ) -> None:
        """Note a mistake and go on.

        Raises:
            EnoughError: there are too many.
        """
        self.findings.append(Finding(self.place(node), code, message, hint))
        if len(self.findings) >= FINDINGS:
            raise TooManyFindingsError

    def known(self, node: Node, what: str, name: str, names: Collection[str]) -> str:
        """The declared name that ``name`` stands for; a finding, and the name as it is,
        if there is none."""
        if name in names:
            return name
        listed = sorted(names) if isinstance(names, set) else list(names)
        same = next((one for one in listed if squash(one) == squash(name)), None)
        if same is not None:
            return same
        some = ", ".join(listed[:_TOLD]) + (", ..." if len(listed) > _TOLD else "")
        # Looking for what was meant takes longer than all else: who has made so many
        # mistakes is helped enough.
        near = closest(name, listed) if len(self.findings) < 10 else ""
        self.error(node, f'unknown {what} "{name}"', near or f"known: {some}", "name")
        return name

    def choice(
        self, node: Node, what: str, options: Sequence[Option], default: Option
    ) -> Option:
        """The option that the text of a node names; a finding, and the default, if
        there is none."""
        name = self.known(node, what, node.text, options)
        return next((option for option in options if option == name), default)

    def keys(
        self,
        node: Node,
        what: str,
        allowed: Sequence[str],
        required: Sequence[str] = (),
    ) -> Mapping[str, Node]:
        """The mapping of a node, with findings for unknown and missing keys."""
        if not isinstance(node.value, dict):
            self.error(node, f"{what} must be a mapping (key: value)")
            return {}
        for key in node.value:
            if key not in allowed:
                line, col = (node.keys or {}).get(key, (node.line, node.col))
                near = closest(key, allowed) if len(self.findings) < 10 else ""
                hint = near or f"known: {', '.join(allowed)}"
                self.error(
                    Node(None, line, col), f'unknown key "{key}" in {what}', hint
                )
        for key in required:
            if key not in node.value:
                self.error(node, f'{what} has no "{key}"')
        return node.value

    def at_key(self, node: Node | None, key: str) -> Node:
        """A key of a mapping as a node of its own, for the places of findings."""
        line, col = ((node.keys if node else None) or {}).get(key, (0, 0))
        return Node(key, line, col)

    def status(self, node: Node) -> str:
        """A status by name or alias."""
        if node.text in self.statuses:
            return node.text
        if (meant := self.spellings.get(squash(node.text))) is not None:
            return meant
        return self.known(node, "status", node.text, self.statuses)

    def role(self, node: Node) -> str:
        """A role by name."""
        return self.known(node, "role", node.text, self.roles)

    def field(self, node: Node, name: str | None = None) -> Field:
        """A field or head key by name; an item of a checklist counts as its checklist."""
        base = (name or node.text).partition(".")[0]
        known = HEAD_FIELDS | self.fields
        return known.get(self.known(node, "field", base, known), HEAD_FIELDS["title"])

    def duration(self, node: Node) -> Duration:
        """An ISO 8601 duration."""
        try:
            return Duration.parse(node.text)
        except ValueError as error:
            self.error(node, str(error))
            return Duration()

    def filled(self, node: Node, internal: bool = False) -> str:
        """A text with ``$names``, each of which must exist.

        Args:
            internal: whether customers never read it, so that it may hold the internal
                note of an act.
        """
        if not internal and INTERNAL in names_in(node.text):
            hint = "$text is the public text; a note, refuse, warn, or a message to staff may hold $note"
            self.error(
                node,
                "$note is an internal note, and customers read what is set or said here",
                hint,
                "leak",
            )
        for name in dict.fromkeys(names_in(node.text)):
            if name not in NAMES_FILLED:
                self.known(
                    node,
                    "name to fill in",
                    name,
                    [*NAMES_FILLED, *HEAD_FIELDS, *self.fields],
                )
        return node.text


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
        return {squash_item(key): item.text for key, item in value.items()}
    if kind == "checklist" and isinstance(value, list):
        return {squash_item(item.text): "open" for item in value}
    return node.text


ORIGIN = ("cites", "source", "assumed")
SOURCES = ("next", "previous", "text")
EMPTY = Node(None, 0, 0)


def read_origin(names: SymbolTable, found: Mapping[str, Node]) -> Origin:
    """Where an entry of a profile comes from, of the keys of the entry."""
    source = found.get("source", EMPTY)
    if source.value is not None:
        names.known(source, "source", source.text, SOURCES)
    cites = tuple(item.text for item in found.get("cites", EMPTY).items)
    return Origin(cites, source.text, found.get("assumed", EMPTY).text)


def squash_item(text: str) -> str:
    """The slug of a checklist item: ``Verify restore`` is ``verify-restore``."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "item"


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
