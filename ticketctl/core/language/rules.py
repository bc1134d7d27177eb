"""How profiles write rules: triggers and automations."""

from __future__ import annotations

from ticketctl.core import profile as p
from ticketctl.core.dates import Duration
from ticketctl.core.language.actions import read_actions
from ticketctl.core.language.conditions import (
    read_conditions,
    read_event,
    read_events,
)
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
)
from ticketctl.core.language.values import ORIGIN, read_origin
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
