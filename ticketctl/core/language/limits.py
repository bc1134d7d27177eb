"""How large a profile may be, checked before it is written out or proved.

The limits are several times the size of the largest built-in profile (20 statuses, 383
moves, 26 triggers). A larger profile would make every command slow.
"""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.yaml_node import Node
from ticketctl.errors import Finding, Place

PARTS = {
    "roles": 50,
    "fields": 200,
    "statuses": 200,
    "transitions": 1000,
    "triggers": 200,
    "automations": 100,
    "calendars": 20,
    "batches": 50,
    "categories": 100,
    "messages": 500,
    "templates": 200,
}
"""How many of each a profile may have."""
WITHIN = {
    "values": 500,
    "holidays": 2000,
    "roles": 50,
    "on_behalf": 50,
    "edit": 50,
    "aliases": 20,
    "on": 50,
    "do": 50,
    "when": 100,
    "needs": 100,
    "keeps": 100,
    "warns": 100,
    "need": 100,
    "any_of": 50,
    "not": 50,
    "notify": 50,
    "else": 50,
    "cancel_on": 50,
    "resume_on": 50,
    "reset_on": 50,
    "order": 20,
    "hours": 20,
}
"""How many entries a key inside those parts may have."""
OTHERS = 200
"""How many entries any other key may have: statuses, fields that are set, items of a
checklist."""
MOVES = 5000
"""How many transitions there may be once ``any`` and lists are written out."""
LENGTH = 1 << 16
"""How long a text may be."""
NAME = 100
"""How long a name (any key) may be."""
FINDINGS = 100
"""How many findings are reported at most."""


def too_large(node: Node, path: str) -> list[Finding]:
    """Return where a profile is too large: at most 20 places."""
    findings: list[Finding] = []
    excesses = _moves(node) if _has_small_parts(node) else _excesses(node)
    for item, message in excesses:
        findings.append(Finding(Place(path, item.line, item.col), "limit", message))
        if len(findings) == 20:
            break
    return findings


_SMALL = min(*WITHIN.values(), OTHERS)


def _has_small_parts(node: Node) -> bool:
    """Return whether no limit can be exceeded, since every part is small.

    This is so of nearly every profile, and quick to find out.
    """
    return all(
        _size(part) <= PARTS.get(key, OTHERS)
        and max(map(len, part.keys or ("",))) <= NAME
        and all(map(_is_small, _below(part)))
        and (not isinstance(part.value, str) or len(part.value) <= LENGTH)
        for key, part in node.map.items()
    )


def _is_small(node: Node) -> bool:
    value = node.value
    if isinstance(value, str):
        return len(value) <= LENGTH
    if isinstance(value, dict):
        short = not value or max(map(len, value)) <= NAME
        return short and len(value) <= _SMALL and all(map(_is_small, value.values()))
    if isinstance(value, list):
        return len(value) <= _SMALL and all(map(_is_small, value))
    return True


def _excesses(node: Node) -> Iterator[tuple[Node, str]]:
    for key, part in node.map.items():
        number = _size(part)
        if number > PARTS.get(key, OTHERS):
            yield (
                _beyond(part, PARTS.get(key, OTHERS)),
                f"{number:,} {key}: a profile has at most {PARTS.get(key, OTHERS)}",
            )
            continue
        yield from _names(part)
        for item in _below(part):
            yield from _inside(item, key)
        if not isinstance(part.value, dict | list):
            yield from _inside(part, key)
    yield from _moves(node)


def _inside(node: Node, key: str) -> Iterator[tuple[Node, str]]:
    """Yield what is too large in one entry of a part, or below a key of it."""
    if isinstance(node.value, str) and len(node.value) > LENGTH:
        yield node, f"a text of {len(node.value):,} characters: it may have {LENGTH:,}"
    yield from _names(node)
    for name, item in node.map.items():
        most = WITHIN.get(name, OTHERS)
        if _size(item) > most:
            yield (
                _beyond(item, most),
                f'{_size(item):,} under "{name}": there may be {most}',
            )
        else:
            yield from _inside(item, name)
    for item in node.value if isinstance(node.value, list) else ():
        yield from _inside(item, key)


def _names(node: Node) -> Iterator[tuple[Node, str]]:
    for name, (line, col) in (node.keys or {}).items():
        if len(name) > NAME:
            yield (
                Node(None, line, col),
                f"a name of {len(name):,} characters: it may have {NAME}",
            )


def _size(node: Node) -> int:
    return len(node.value) if isinstance(node.value, dict | list) else 1


def _below(node: Node) -> list[Node]:
    return list(node.value.values()) if isinstance(node.value, dict) else node.items


def _beyond(node: Node, most: int) -> Node:
    """Return the first entry beyond the limit."""
    if isinstance(node.value, dict) and node.keys:
        return Node(None, *list(node.keys.values())[most])
    return _below(node)[most]


def _moves(node: Node) -> Iterator[tuple[Node, str]]:
    """Yield a finding if there are too many transitions once they are written out."""
    statuses = _size(node.map["statuses"]) if "statuses" in node.map else 0
    total = 0
    for item in node.map["transitions"].items if "transitions" in node.map else ():
        source, left_out = item.map.get("from"), item.map.get("except")
        sources = (
            0
            if source is None
            else statuses
            if source.text == "any"
            else len(source.items)
        )
        targets = len(item.map["to"].items) if "to" in item.map else 0
        total += targets * max(sources, len(left_out.map) if left_out else 0)
        if total > MOVES:
            yield (
                item,
                f"with this transition there are {total:,} moves: a profile has at most {MOVES:,}",
            )
            return
