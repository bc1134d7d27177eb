"""The texts of a profile, messages and templates; and that no internal note stands in
what a customer reads.

``$note`` is the internal note of the act that is told of. A message that holds it goes
to staff alone: whom the profile lets it reach is proved here where the profile alone
decides that (:func:`check_leaks`), else looked at when the message is to be sent
(:func:`readable`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ticketctl.core.actions import NotifyAction, notifications_among
from ticketctl.core.conditions import RoleCondition
from ticketctl.core.language.grammar import (
    EMPTY,
    INTERNAL,
    ORIGIN,
    SymbolTable,
    read_origin,
    read_sets,
)
from ticketctl.core.people import People, listed_spelling
from ticketctl.core.profile import Message, Profile, Template, Trigger
from ticketctl.core.templates import names_in
from ticketctl.core.ticket import Ticket
from ticketctl.core.yaml_node import Node


def read_message(names: SymbolTable, key: str, node: Node) -> Message:
    """A message, or its translation (``solved.de``)."""
    found = names.keys(
        node, f'message "{key}"', ("subject", "body", *ORIGIN), ("subject", "body")
    )
    subject, body = (
        names.filled(found.get(part, EMPTY), internal=True)
        for part in ("subject", "body")
    )
    for part in ("subject", "body"):
        if part in found and not found[part].text.strip():
            names.error(found[part], f'the {part} of message "{key}" must be a text')
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
    return Message(key, subject, body, read_origin(names, found))


def read_template(names: SymbolTable, key: str, node: Node) -> Template:
    """A preset for ``new`` and ``move``."""
    found = names.keys(
        node,
        f'template "{key}"',
        ("help", "title", "to", "text", "note", "set", *ORIGIN),
    )
    to = names.status(found["to"]) if "to" in found else ""
    text = {
        part: names.filled(found[part], part == "note") if part in found else ""
        for part in ("title", "text", "note")
    }
    sets, help_ = read_sets(names, found.get("set")), found.get("help", EMPTY).text
    return Template(
        key,
        help_,
        text["title"],
        to,
        text["text"],
        text["note"],
        sets,
        read_origin(names, found),
    )


def is_internal(message: Message) -> bool:
    """Whether a message holds an internal note."""
    return INTERNAL in (*names_in(message.subject), *names_in(message.body))


def _internal(profile: Profile) -> set[str]:
    """The messages that hold an internal note in any language."""
    return {
        name.partition(".")[0]
        for name, message in profile.messages.items()
        if is_internal(message)
    }


def check_leaks(names: SymbolTable, profile: Profile, node: Node) -> None:
    """Tell of every message that holds an internal note and may be sent to somebody who
    is not staff.

    Args:
        node: the whole file, for the places.
    """
    internal = _internal(profile)
    told: set[tuple[str, str]] = set()
    for rule in profile.rules if internal else ():
        for action in notifications_among(rule.do):
            if action.message not in internal:
                continue
            for who in _strangers(profile, rule, action):
                if (action.message, who) not in told:
                    told.add((action.message, who))
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
    """The text of a message that holds the note."""
    for key, item in node.map.get("messages", EMPTY).map.items():
        if key.partition(".")[0] == name and is_internal(profile.messages[key]):
            return next(
                part for part in item.map.values() if INTERNAL in names_in(part.text)
            )
    return node


def _strangers(profile: Profile, rule: object, action: NotifyAction) -> Iterator[str]:
    """Whom a notice goes to that are not staff, whatever the ticket. Who stands in
    ``assignee`` or in a field of the profile is known only when it is sent."""
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
    """Whether only staff, and not for a customer, can set off a rule: it tests the
    role."""
    if not isinstance(rule, Trigger):
        return True  # time alone did: nobody is the actor
    return any(
        isinstance(condition, RoleCondition)
        and all(profile.kind(role) == "agent" for role in condition.values)
        for condition in rule.when
    )


def readable(
    profile: Profile, message: str, ticket: Ticket, people: People, who: str
) -> bool:
    """Whether somebody may read a message about a ticket: one that holds an internal
    note is for staff alone.

    Where the store lists nobody, everybody is staff but those who are, or ever were,
    customers of the ticket, or may act as such.
    """
    variants = (
        held
        for name, held in profile.messages.items()
        if name.partition(".")[0] == message
    )
    if not any(map(is_internal, variants)):
        return True
    role = who.removeprefix("role:")
    if role != who:
        return profile.kind(role) == "agent"
    if people.roles is None:
        return listed_spelling(who, _ever_customers(profile, ticket)) is None
    known = listed_spelling(who, people.roles) or who
    return any(
        people.has(known, name)
        for name, held in profile.roles.items()
        if held.kind == "agent"
    )


def _ever_customers(profile: Profile, ticket: Ticket) -> Iterator[str]:
    """Those who are or were customer or watcher of a ticket, or acted on it as its
    customer."""
    yield from ticket.customers
    for entry in ticket.history:
        for name in ("customer", "watchers"):
            held = entry.sets.get(name)
            yield from held if isinstance(held, tuple) else (str(held),) if held else ()
        if profile.kind(entry.role) == "customer":
            yield entry.by
        if entry.for_:
            yield entry.for_
