"""The messages and the templates of a profile, read; messages with an internal note
that may be sent to somebody who is not staff.

``$note`` is the internal note of the entry that a message is about. What the profile
alone decides is checked here; the rest when a message is sent
(``core/engine/internal_notes.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ticketctl.core.actions import NotifyAction, notifications_among
from ticketctl.core.conditions import RoleCondition
from ticketctl.core.engine.internal_notes import internal_messages, is_internal
from ticketctl.core.language.actions import ORIGIN, read_origin, read_sets
from ticketctl.core.language.symbols import NO_NODE, SymbolTable
from ticketctl.core.profile import Message, Profile, Template, Trigger
from ticketctl.core.templates import INTERNAL, names_in
from ticketctl.core.yaml_node import Node


def read_message(names: SymbolTable, key: str, node: Node) -> Message:
    """Read a message, or its translation (``solved.de``)."""
    keys = names.keys(
        node, f'message "{key}"', ("subject", "body", *ORIGIN), ("subject", "body")
    )
    subject, body = (
        names.filled(keys.get(part, NO_NODE), internal=True)
        for part in ("subject", "body")
    )
    for part in ("subject", "body"):
        if part in keys and not keys[part].text.strip():
            names.error(keys[part], f'the {part} of message "{key}" must be a text')
    base, dot, language = key.partition(".")
    if dot and not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", language):
        names.error(
            node,
            f'"{language}" is not a language',
            "two letters: solved.de, solved.pt-BR",
        )
    if dot and base not in names.messages:
        names.error(
            node,
            f'there is no message "{base}" of which this could be the translation',
            code="name",
        )
    return Message(key, subject, body, read_origin(names, keys))


def read_template(names: SymbolTable, key: str, node: Node) -> Template:
    """Read a preset for ``new`` and ``move``."""
    keys = names.keys(
        node,
        f'template "{key}"',
        ("help", "title", "to", "text", "note", "set", *ORIGIN),
    )
    to = names.status(keys["to"]) if "to" in keys else ""
    text = {
        part: names.filled(keys[part], part == "note") if part in keys else ""
        for part in ("title", "text", "note")
    }
    sets, help_ = read_sets(names, keys.get("set")), keys.get("help", NO_NODE).text
    return Template(
        key,
        help_,
        text["title"],
        to,
        text["text"],
        text["note"],
        sets,
        read_origin(names, keys),
    )


def check_leaks(names: SymbolTable, profile: Profile, node: Node) -> None:
    """Report every message with an internal note that may be sent to somebody who is
    not staff.

    Args:
        node: the whole file, for the places.
    """
    internal = internal_messages(profile)
    reported: set[tuple[str, str]] = set()
    for rule in profile.rules if internal else ():
        for action in notifications_among(rule.do):
            if action.message not in internal:
                continue
            for who in _strangers(profile, rule, action):
                if (action.message, who) not in reported:
                    reported.add((action.message, who))
                    place = _where(node, profile, action.message)
                    message = (
                        f'the message "{action.message}" holds an internal note '
                        f"($note), and {rule.name} sends it to {who}"
                    )
                    names.error(
                        place,
                        message,
                        "$text is the public text; a message of its own for staff may hold $note",
                        "leak",
                    )


def _where(node: Node, profile: Profile, name: str) -> Node:
    """Return the text of a message that contains the note."""
    for key, item in node.map.get("messages", NO_NODE).map.items():
        if key.partition(".")[0] == name and is_internal(profile.messages[key]):
            return next(
                part for part in item.map.values() if INTERNAL in names_in(part.text)
            )
    return node


def _strangers(profile: Profile, rule: object, action: NotifyAction) -> Iterator[str]:
    """Yield the recipients of a notification who are not staff, whatever the ticket.

    Whom ``assignee`` or a field of the profile names is known only when it is sent.
    """
    bound = {
        role.field
        for role in profile.roles.values()
        if role.kind == "customer" and role.field
    }
    for who in dict.fromkeys((*action.recipients, *action.otherwise)):
        role = who.removeprefix("role:")
        if role != who:
            if profile.kind(role) != "agent":
                yield who
        elif who in ("customer", "watchers", *bound) or (
            who == "actor" and not _by_staff(profile, rule)
        ):
            yield who


def _by_staff(profile: Profile, rule: object) -> bool:
    """Return whether only staff, and not for a customer, can set off a rule: it has a
    condition on the role."""
    if not isinstance(rule, Trigger):
        return True  # time alone did: nobody is the actor
    return any(
        isinstance(condition, RoleCondition)
        and all(profile.kind(role) == "agent" for role in condition.values)
        for condition in rule.when
    )
