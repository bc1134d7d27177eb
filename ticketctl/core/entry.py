"""One event of a ticket's history, as in the ticket file (docs/ticket-file.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketctl.record import EMPTY, Record

Value = str | int | bool | tuple[str, ...] | Mapping[str, str]
"""The value of a field. A checklist is a mapping from item to ``open`` or ``done``;
users are a tuple."""

EVENTS = (
    "created",
    "moved",
    "edited",
    "noted",
    "replied",
    "notified",
    "reminded",
    "linked",
    "adopted",
    "imported",
    "migrated",
)


HIDDEN = "internal"
"""The kind of an entry of which the reader may see nothing (``core/customer_view.py``);
no file holds one."""


class Entry(Record):
    """One event of a history; the keys and their order are those of the file
    (docs/ticket-file.md).

    ``for_`` and ``from_`` stand for the keys ``for`` and ``from``, ``occurrence`` for
    ``nth``, ``recipients`` for ``told``, ``sets`` for ``set``. ``sets`` and ``unset``
    hold flat names (``assignee``, ``fields.product``). ``rule``, ``anchor``,
    ``occurrence`` and ``due`` mark what an automation did; only what a rule does by
    time has ``due`` (rule 6 of the sweep: each (rule, anchor, occurrence) is done
    once). ``mail_digest`` is the same for one email in every clone, however often it
    came in, and differs from that of every other (``store/email/digest.py``).
    """

    at: str
    by: str
    role: str
    event: str
    id: str = ""
    for_: str | None = None
    via: str | None = None
    from_: str | None = None
    to: str | None = None
    rule: str | None = None
    anchor: str | None = None
    occurrence: int | None = None
    due: str | None = None
    message: str | None = None
    recipients: tuple[str, ...] = ()
    sets: Mapping[str, Value] = EMPTY
    unset: tuple[str, ...] = ()
    text: str | None = None
    note: str | None = None
    files: tuple[str, ...] = ()
    mail_id: str | None = None
    mail_digest: str | None = None
    quiet: bool = False
    after: tuple[str, ...] = ()
    extra: Mapping[str, Any] = EMPTY

    @property
    def key(self) -> tuple[str, str, int] | None:
        """(rule, anchor, occurrence) of what an automation did by time; else ``None``."""
        if self.due is None or self.rule is None or self.anchor is None:
            return None
        return (self.rule, self.anchor, self.occurrence or 1)

    def content(self) -> dict[str, Any]:
        """Return the entry as the file holds it: keys in their order, without those
        that have no value."""
        content: dict[str, Any] = {}
        values = self.__dict__
        for key, name in _KEYS:
            value = values.get(name)
            if not value and value != "":
                continue
            if name == "sets":
                value = {
                    k: list(v) if isinstance(v, tuple) else v
                    for k, v in value.items()
                    if v not in ((), {})
                }
            content[key] = list(value) if isinstance(value, tuple) else value
        return content | dict(self.extra) if self.extra else content

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Entry:
        """Return the entry of such content; unknown keys are kept in ``extra``."""
        named: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in content.items():
            name = ENTRY_NAMES.get(key)
            if name is None:
                extra[key] = value
            elif name == "sets":
                named[name] = {
                    k: tuple(v) if isinstance(v, list) else v for k, v in value.items()
                }
            else:
                named[name] = tuple(value) if isinstance(value, list) else value
        return cls(**named, extra=extra)


_RENAMED = {
    "for": "for_",
    "from": "from_",
    "nth": "occurrence",
    "told": "recipients",
    "set": "sets",
}
_KEYS = tuple(
    (key, _RENAMED.get(key, key))
    for key in (
        "id",
        "at",
        "by",
        "role",
        "for",
        "via",
        "event",
        "from",
        "to",
        "rule",
        "anchor",
        "nth",
        "due",
        "message",
        "told",
        "set",
        "unset",
        "text",
        "note",
        "files",
        "mail_id",
        "mail_digest",
        "quiet",
        "after",
    )
)
ENTRY_NAMES = dict(_KEYS)
"""The keys of an entry in the file, each with its name in :class:`Entry`."""
ENTRY_KEYS = tuple(ENTRY_NAMES)
"""The keys of an entry, in the order of the file."""
