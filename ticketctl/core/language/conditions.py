"""How profiles write events and conditions (docs/profile-language.md). Mistakes become
findings of the symbol table; nothing is raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, assert_never

from ticketctl.core.conditions import (
    CHANNELS,
    FIELD_WORDS,
    MESSAGE_KINDS,
    PLAIN_EVENT_KINDS,
    SPECIFIC_EVENT_KINDS,
    AllowedCondition,
    AnyOfCondition,
    CategoryCondition,
    ChannelCondition,
    Condition,
    Event,
    FieldCheck,
    FieldCondition,
    MessageCondition,
    NotCondition,
    RoleCondition,
    SeenCondition,
    SpecificEventKind,
    StateCondition,
    StatusCondition,
    SubjectCondition,
    TextCondition,
    WhenCondition,
    WithinCondition,
)
from ticketctl.core.language.actions import read_value
from ticketctl.core.language.symbols import (
    SymbolTable,
)
from ticketctl.core.vocabulary import STATES
from ticketctl.core.yaml_node import Node
from ticketctl.errors import Place
from ticketctl.pattern import pattern

_CALL = pattern(r"([a-z_]+)(?:\((.*)\))?\Z", re.DOTALL)


def read_event(names: SymbolTable, node: Node) -> Event:
    """Read an event: ``customer_message``, ``entered(Solved)``."""
    call = _CALL.match(node.text)
    name, about = (call[1], call[2]) if call else (node.text, None)
    for plain in PLAIN_EVENT_KINDS:
        if name == plain and about is None:
            return Event(plain)
    for specific in SPECIFIC_EVENT_KINDS:
        if name == specific and about:
            inner = Node(about, node.line, node.col)
            return Event(specific, _event_subject(names, specific, inner))
        if name == specific:
            names.error(node, f'the event "{name}" needs a name: {name}(...)')
            return Event(specific)
    forms = [*PLAIN_EVENT_KINDS, *(f"{kind}(...)" for kind in SPECIFIC_EVENT_KINDS)]
    names.known(node, "event", node.text, forms)
    return Event("created")


def _event_subject(names: SymbolTable, kind: SpecificEventKind, node: Node) -> str:
    """The name of what an event is about."""
    match kind:
        case "entered" | "left":
            return names.status(node)
        case "field_set":
            return names.field(node).name
        case "notified":
            return names.known(node, "message", node.text, names.messages)
        case "fired":
            return names.known(node, "automation", node.text, names.automations)
        case _:
            assert_never(kind)


def read_events(names: SymbolTable, node: Node | None) -> tuple[Event, ...]:
    """A list of events, or one."""
    return tuple(read_event(names, item) for item in node.items) if node else ()


ValuesKind = Literal[
    "message",
    "text",
    "subject",
    "status",
    "state",
    "category",
    "role",
    "channel",
    "allowed",
]
"""The keys of conditions that compare one thing with a list of values."""
ConditionKind = ValuesKind | Literal["field", "seen", "within", "not", "any_of", "when"]
CONDITION_KINDS: tuple[ConditionKind, ...] = (
    "field",
    "message",
    "text",
    "subject",
    "seen",
    "within",
    "status",
    "state",
    "category",
    "role",
    "channel",
    "allowed",
    "not",
    "any_of",
    "when",
)
"""The keys that tell which condition it is, in the order in which they are looked for;
each is the ``kind`` of one class."""
_MORE_KEYS: Mapping[ConditionKind, tuple[str, ...]] = {
    "field": FIELD_WORDS,
    "seen": ("since",),
    "within": ("of",),
    "when": ("need",),
}


def read_conditions(names: SymbolTable, node: Node | None) -> tuple[Condition, ...]:
    """Read a list of conditions, or one."""
    return tuple(read_condition(names, item) for item in node.items) if node else ()


def read_condition(names: SymbolTable, node: Node) -> Condition:
    """Read one condition."""
    kind = next((kind for kind in CONDITION_KINDS if kind in node.map), None)
    place = names.place(node)
    if kind is None:
        names.error(
            node,
            "unknown condition",
            f"a condition begins with one of: {', '.join(CONDITION_KINDS)}",
        )
        return AnyOfCondition((), place=place)
    keys = names.keys(
        node, f'a condition "{kind}"', (kind, "say", *_MORE_KEYS.get(kind, ()))
    )
    say = names.filled(keys["say"], internal=True) if "say" in keys else ""
    head = keys[kind]
    if not head.items:
        names.error(node, f'missing value for "{kind}"')
    match kind:
        case "field":
            name = _field_name(names, head)
            return FieldCondition(name, _checks(names, head, keys), say, place)
        case "seen":
            since = read_event(names, keys["since"]) if "since" in keys else None
            return SeenCondition(read_event(names, head), since, say, place)
        case "within":
            if "of" not in keys:
                names.error(node, 'missing key "of" in a condition "within"')
                return AnyOfCondition((), place=place)
            event = read_event(names, keys["of"])
            return WithinCondition(event, names.duration(head), say, place)
        case "not":
            return NotCondition(read_conditions(names, head), say, place)
        case "any_of":
            return AnyOfCondition(read_conditions(names, head), say, place)
        case "when":
            consequences = read_conditions(names, keys.get("need"))
            if not consequences:
                names.error(node, 'missing key "need" in a condition "when"')
            conditions = read_conditions(names, head)
            return WhenCondition(conditions, consequences, say, place)
        case _:
            return _read_values(names, kind, head, say, place)


def _read_values(
    names: SymbolTable, kind: ValuesKind, node: Node, say: str, place: Place
) -> Condition:
    """Read a condition that compares one thing with a list of values."""
    match kind:
        case "message":
            kinds = (names.choice(i, kind, MESSAGE_KINDS, "any") for i in node.items)
            return MessageCondition(tuple(kinds), say, place)
        case "text":
            return TextCondition(*_texts(names, kind, node), say, place)
        case "subject":
            return SubjectCondition(*_texts(names, kind, node), say, place)
        case "status":
            return StatusCondition(tuple(map(names.status, node.items)), say, place)
        case "state":
            states = (names.choice(i, kind, STATES, "open") for i in node.items)
            return StateCondition(tuple(states), say, place)
        case "category":
            known = sorted(names.categories)
            categories = (names.known(i, kind, i.text, known) for i in node.items)
            return CategoryCondition(tuple(categories), say, place)
        case "role":
            return RoleCondition(tuple(map(names.role, node.items)), say, place)
        case "channel":
            channels = (names.choice(i, kind, CHANNELS, "cli") for i in node.items)
            return ChannelCondition(tuple(channels), say, place)
        case "allowed":
            return AllowedCondition(tuple(map(names.status, node.items)), say, place)
        case _:
            assert_never(kind)


def _field_name(names: SymbolTable, node: Node) -> str:
    _, dot, item = node.text.partition(".")
    return names.field(node).name + dot + item


def _texts(names: SymbolTable, kind: str, node: Node) -> tuple[tuple[str, ...], bool]:
    """The texts that are looked for, and whether each is a whole line."""
    keys = names.keys(node, f'"{kind}"', ("contains", "line"))
    if len(keys) != 1 or not all(texts.items for texts in keys.values()):
        names.error(node, f'"{kind}" needs either "contains" or "line"')
    values = tuple(item.text for texts in keys.values() for item in texts.items)
    return values, "line" in node.map


def _checks(
    names: SymbolTable, head: Node, keys: Mapping[str, Node]
) -> tuple[FieldCheck, ...]:
    """The words of a field condition with their values."""
    declared = names.field(head)
    checks: list[FieldCheck] = []
    for word in [word for key in keys for word in FIELD_WORDS if word == key]:
        node = keys[word]
        match word:
            case "is" | "contains" | "has_role":
                if not node.items:
                    names.error(node, f'missing value for "{word}"')
                if word == "is":
                    for item in node.items:
                        read_value(names, declared, item)
                values = (
                    names.role(item) if word == "has_role" else item.text
                    for item in node.items
                )
                checks.append(FieldCheck(word, tuple(values)))
            case "present" | "absent" | "in_future" | "changed" | "complete":
                if node.value is True:
                    checks.append(FieldCheck(word))
                else:
                    names.error(
                        node,
                        f'"{word}" takes only "true"',
                        'for the reverse use "not" or the opposite word',
                    )
            case _:
                assert_never(word)
    if not checks:
        names.error(
            head,
            f'missing check of the field "{head.text}"',
            f"use one of: {', '.join(FIELD_WORDS)}",
        )
    return tuple(checks)
