"""How profiles write transitions, with ``any``, lists and ``except`` written out."""

from __future__ import annotations

from collections.abc import Callable

from ticketctl.core import profile as p
from ticketctl.core.conditions import AllowedCondition, walk
from ticketctl.core.language.conditions import (
    read_conditions,
)
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.language.values import ORIGIN, read_origin, read_sets
from ticketctl.core.yaml_node import Node

_EDGE_KEYS = (
    "from",
    "except",
    "to",
    "roles",
    "on_behalf",
    "criterion",
    "needs",
    "warns",
    "sets",
    *ORIGIN,
)


def read_transitions(
    names: SymbolTable, node: Node
) -> tuple[list[p.Transition], dict[tuple[str, str], str]]:
    """Read the transitions, with ``any``, lists and ``except`` written out.

    Returns:
        The transitions, and the reason for each (from, to) of ``except``.
    """
    edges: list[p.Transition] = []
    excepts: dict[tuple[str, str], str] = {}
    for item in node.items:
        keys = names.keys(item, "a transition", _EDGE_KEYS, ("from", "to", "roles"))
        left_out = {
            names.status(names.at_key(keys["except"], key)): value.text
            for key, value in keys.get("except", NO_NODE).map.items()
        }
        common = _read_transition(names, item)
        for target in (names.status(t) for t in keys.get("to", NO_NODE).items):
            excepts |= {(source, target): reason for source, reason in left_out.items()}
            for source in _sources(names, keys.get("from", NO_NODE), target):
                if source not in left_out:
                    edges.append(common(source, target, len(edges)))
    return edges, excepts


def _read_transition(
    names: SymbolTable, item: Node
) -> Callable[[str, str, int], p.Transition]:
    keys = item.map
    roles = tuple(names.role(role) for role in keys.get("roles", NO_NODE).items)
    on_behalf = tuple(names.role(role) for role in keys.get("on_behalf", NO_NODE).items)
    criterion = keys.get("criterion", NO_NODE).text
    needs, warns = (
        read_conditions(names, keys.get("needs")),
        read_conditions(names, keys.get("warns")),
    )
    sets, origin, place = (
        read_sets(names, keys.get("sets")),
        read_origin(names, keys),
        names.place(item),
    )

    def make(source: str, target: str, order: int) -> p.Transition:
        return p.Transition(
            source,
            target,
            order,
            roles,
            on_behalf,
            criterion,
            needs,
            warns,
            sets,
            origin,
            place,
        )

    return make


def _sources(names: SymbolTable, node: Node, target: str) -> list[str]:
    if node.text == "any":
        return [status for status in names.statuses if status != target]
    sources = [
        p.CREATED if item.text == p.CREATED else names.status(item)
        for item in node.items
    ]
    if target in sources and len(sources) == 1:
        names.error(node, f'a move from "{target}" to itself')
    return [source for source in sources if source != target]


def forbid_allowed(
    names: SymbolTable, statuses: dict[str, p.Status], edges: list[p.Transition]
) -> None:
    """Report ``allowed`` in what a move needs: the answer could depend on itself."""
    bound = [
        test
        for status in statuses.values()
        for test in (*status.preconditions, *status.invariants, *status.warns)
    ]
    bound += [test for edge in edges for test in (*edge.preconditions, *edge.warns)]
    for place in {
        inner.place
        for test in bound
        for inner in walk(test)
        if isinstance(inner, AllowedCondition)
    }:
        names.error(
            Node(None, place.line, place.col),
            '"allowed" can only be used in rules',
        )
