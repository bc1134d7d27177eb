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
    found = names.keys(
        item, "a trigger", ("name", "on", "when", "do", *ORIGIN), ("name", "on", "do")
    )
    return p.Trigger(
        found.get("name", NO_NODE).text,
        read_events(names, found.get("on")),
        read_conditions(names, found.get("when")),
        read_actions(names, found.get("do")),
        read_origin(names, found),
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
    found = names.keys(item, "an automation", _AUTOMATION_KEYS, ("name", "in", "do"))
    if ("start" in found) == ("at" in found):
        names.error(
            item, 'an automation has either "start" (an event) or "at" (a date field)'
        )
    if "repeat" in found and names.duration(found["repeat"]) == Duration():
        names.error(found["repeat"], '"repeat" must be longer than zero')
    if "start" in found and "after" not in found:
        names.error(item, 'an automation with "start" says how long "after" it acts')
    if "at" in found and names.field(found["at"]).type not in p.DATE_TYPES:
        names.error(found["at"], f'"{found["at"].text}" is not a date field')
    zero = Node("PT0S", item.line, item.col)
    calendar = ""
    if "calendar" in found:
        calendar = names.known(
            found["calendar"],
            "calendar",
            found["calendar"].text,
            sorted(names.calendars),
        )
        _working_time(
            names, [found[key] for key in ("lead", "after", "repeat") if key in found]
        )
    return p.Automation(
        found.get("name", NO_NODE).text,
        tuple(names.status(status) for status in found.get("in", NO_NODE).items),
        read_actions(names, found.get("do")),
        start=read_event(names, found["start"]) if "start" in found else None,
        at=names.field(found["at"]).name if "at" in found else "",
        lead=names.duration(found.get("lead", zero)),
        after=names.duration(found.get("after", zero)),
        repeat=names.duration(found["repeat"]) if "repeat" in found else None,
        calendar=calendar if calendar in names.calendars else "",
        cancel_on=read_events(names, found.get("cancel_on")),
        resume_on=read_events(names, found.get("resume_on")),
        reset_on=read_events(names, found.get("reset_on")),
        when=read_conditions(names, found.get("when")),
        criterion=found.get("criterion", NO_NODE).text,
        order=order,
        origin=read_origin(names, found),
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
