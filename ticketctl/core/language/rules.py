"""Read the transitions and rules of a profile: who may move a ticket, and what follows
from an event or from time.
"""

from __future__ import annotations

from collections.abc import Callable

from ticketctl.core import profile as p
from ticketctl.core.conditions import AllowedCondition, walk
from ticketctl.core.dates import Duration
from ticketctl.core.language.actions import ORIGIN, read_actions, read_origin, read_sets
from ticketctl.core.language.conditions import (
    read_conditions,
    read_event,
    read_events,
)
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.yaml_node import Node


def check_rule_names(names: SymbolTable, items: list[Node]) -> None:
    """Report rules that have the same name."""
    seen: set[str] = set()
    for item in items:
        name = item.map.get("name", NO_NODE)
        if name.text in seen:
            names.error(name, f'duplicate rule name "{name.text}"')
        seen.add(name.text)


def read_trigger(names: SymbolTable, item: Node) -> p.Trigger:
    """Read one trigger."""
    keys = names.keys(
        item, "a trigger", ("name", "on", "when", "do", *ORIGIN), ("name", "on", "do")
    )
    return p.Trigger(
        keys.get("name", NO_NODE).text,
        read_events(names, keys.get("on")),
        read_conditions(names, keys.get("when")),
        read_actions(names, keys.get("do")),
        read_origin(names, keys),
        names.place(item),
    )


_AUTOMATION_KEYS = (
    "name",
    "in",
    "start",
    "at",
    "lead",
    "after",
    "repeat",
    "calendar",
    "cancel_on",
    "resume_on",
    "reset_on",
    "when",
    "do",
    "criterion",
    *ORIGIN,
)


def read_automation(names: SymbolTable, item: Node, order: int) -> p.Automation:
    """Read one automation; ``order`` is its position in the file."""
    keys = names.keys(item, "an automation", _AUTOMATION_KEYS, ("name", "in", "do"))
    if ("start" in keys) == ("at" in keys):
        names.error(
            item, 'an automation has either "start" (an event) or "at" (a date field)'
        )
    if "repeat" in keys and names.duration(keys["repeat"]) == Duration():
        names.error(keys["repeat"], '"repeat" must be longer than zero')
    if "start" in keys and "after" not in keys:
        names.error(item, 'an automation with "start" says how long "after" it acts')
    if "at" in keys and names.field(keys["at"]).type not in p.DATE_TYPES:
        names.error(keys["at"], f'"{keys["at"].text}" is not a date field')
    zero = Node("PT0S", item.line, item.col)
    calendar = ""
    if "calendar" in keys:
        calendar = names.known(
            keys["calendar"],
            "calendar",
            keys["calendar"].text,
            sorted(names.calendars),
        )
        _working_time(
            names, [keys[key] for key in ("lead", "after", "repeat") if key in keys]
        )
    return p.Automation(
        keys.get("name", NO_NODE).text,
        tuple(names.status(status) for status in keys.get("in", NO_NODE).items),
        read_actions(names, keys.get("do")),
        start=read_event(names, keys["start"]) if "start" in keys else None,
        at=names.field(keys["at"]).name if "at" in keys else "",
        lead=names.duration(keys.get("lead", zero)),
        after=names.duration(keys.get("after", zero)),
        repeat=names.duration(keys["repeat"]) if "repeat" in keys else None,
        calendar=calendar if calendar in names.calendars else "",
        cancel_on=read_events(names, keys.get("cancel_on")),
        resume_on=read_events(names, keys.get("resume_on")),
        reset_on=read_events(names, keys.get("reset_on")),
        when=read_conditions(names, keys.get("when")),
        criterion=keys.get("criterion", NO_NODE).text,
        order=order,
        origin=read_origin(names, keys),
        place=names.place(item),
    )


def _working_time(names: SymbolTable, durations: list[Node]) -> None:
    """Report durations that cannot be counted in working time: months, and more than a
    year."""
    for node in durations:
        period = names.duration(node)
        if period.months or period.days * 86400 + period.seconds > 366 * 86400:
            names.error(
                node,
                f"{node.text} cannot be counted in working time",
                "days, hours and minutes, up to P366D",
            )


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
