"""The names that a profile declares, and the findings so far: what every reader of a part
of a profile looks its names up in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from ticketctl.core.dates import Duration
from ticketctl.core.language.limits import FINDINGS
from ticketctl.core.profile import Field, Status, squash
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


PLACEHOLDERS = (
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


T = TypeVar("T")


NO_NODE = Node(None, 0, 0)


def read_entries(node: Node, read: Callable[[str, Node], T]) -> Iterator[tuple[str, T]]:
    """Yield the entries of a mapping: the key, and what ``read`` makes of it."""
    return ((key, read(key, item)) for key, item in node.map.items())


class TooManyFindingsError(Exception):
    """There are as many findings as are reported at most."""


class SymbolTable:
    """The names that a profile declares, and the findings so far."""

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
        """Return the place of a node."""
        return Place(self.path, node.line, node.col)

    def error(
        self, node: Node, message: str, hint: str = "", code: str = "language"
    ) -> None:
        """Add a finding.

        Raises:
            TooManyFindingsError: there are too many.
        """
        self.findings.append(Finding(self.place(node), code, message, hint))
        if len(self.findings) >= FINDINGS:
            raise TooManyFindingsError

    def known(self, node: Node, what: str, name: str, names: Collection[str]) -> str:
        """Return the declared name that ``name`` stands for, whatever its case.

        An unknown name becomes a finding, and is returned as it is.
        """
        if name in names:
            return name
        listed = sorted(names) if isinstance(names, set) else list(names)
        same = next((one for one in listed if squash(one) == squash(name)), None)
        if same is not None:
            return same
        some = ", ".join(listed[:_TOLD]) + (", ..." if len(listed) > _TOLD else "")
        # Finding the closest name is slow; ten hints are enough.
        near = closest(name, listed) if len(self.findings) < 10 else ""
        self.error(node, f'unknown {what} "{name}"', near or f"known: {some}", "name")
        return name

    def choice(
        self, node: Node, what: str, options: Sequence[Option], default: Option
    ) -> Option:
        """Return the option that a node names; an unknown one becomes a finding, and the
        default is returned."""
        name = self.known(node, what, node.text, options)
        return next((option for option in options if option == name), default)

    def keys(
        self,
        node: Node,
        what: str,
        allowed: Sequence[str],
        required: Sequence[str] = (),
    ) -> Mapping[str, Node]:
        """Return the mapping of a node; unknown and missing keys become findings.

        Args:
            what: the part of the profile, for the messages.
        """
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
                self.error(node, f'missing key "{key}" in {what}')
        return node.value

    def at_key(self, node: Node | None, key: str) -> Node:
        """Return a key of a mapping as a node of its own, for the places of findings."""
        line, col = ((node.keys if node else None) or {}).get(key, (0, 0))
        return Node(key, line, col)

    def status(self, node: Node) -> str:
        """Return the status that a node names, by its name or an alias."""
        if node.text in self.statuses:
            return node.text
        if (meant := self.spellings.get(squash(node.text))) is not None:
            return meant
        return self.known(node, "status", node.text, self.statuses)

    def role(self, node: Node) -> str:
        """Return the role that a node names."""
        return self.known(node, "role", node.text, self.roles)

    def field(self, node: Node, name: str | None = None) -> Field:
        """Return the field or head key that a node names; an item of a checklist counts
        as its checklist."""
        base = (name or node.text).partition(".")[0]
        known = HEAD_FIELDS | self.fields
        return known.get(self.known(node, "field", base, known), HEAD_FIELDS["title"])

    def duration(self, node: Node) -> Duration:
        """Return the ISO 8601 duration that a node holds."""
        try:
            return Duration.parse(node.text)
        except ValueError as error:
            self.error(node, str(error))
            return Duration()

    def filled(self, node: Node, internal: bool = False) -> str:
        """Return a text with ``$names``; each unknown name becomes a finding.

        Args:
            internal: whether customers never read it, so that it may hold the internal
                note of a request.
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
            if name not in PLACEHOLDERS:
                self.known(
                    node,
                    "placeholder",
                    name,
                    [*PLACEHOLDERS, *HEAD_FIELDS, *self.fields],
                )
        return node.text
