"""From the YAML of a profile to a :class:`~ticketctl.core.profile.Profile`, with every
mistake located (docs/profile-language.md)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ticketctl.core import profile as p
from ticketctl.core.conditions import depends_on_time
from ticketctl.core.dates import zone
from ticketctl.core.language.actions import ORIGIN, read_origin, read_sets
from ticketctl.core.language.conditions import (
    read_conditions,
)
from ticketctl.core.language.declarations import read_declarations
from ticketctl.core.language.limits import too_large
from ticketctl.core.language.messages import check_leaks, read_message, read_template
from ticketctl.core.language.rules import (
    check_rule_names,
    forbid_allowed,
    read_automation,
    read_transitions,
    read_trigger,
)
from ticketctl.core.language.symbols import (
    NO_NODE,
    SymbolTable,
    TooManyFindingsError,
    read_entries,
)
from ticketctl.core.yaml_node import Node
from ticketctl.errors import Finding

if TYPE_CHECKING:
    from ticketctl.core.calendars import Calendar

PARTS = (
    "profile",
    "title",
    "version",
    "source",
    "timezone",
    "roles",
    "fields",
    "statuses",
    "transitions",
    "triggers",
    "automations",
    "calendars",
    "batches",
    "categories",
    "queue",
    "messages",
    "templates",
)


REQUIRED = (
    "profile",
    "title",
    "version",
    "timezone",
    "roles",
    "statuses",
    "transitions",
)


def read_profile(node: Node, path: str) -> tuple[p.Profile, list[Finding]]:
    """Read a profile.

    Args:
        node: the whole file.
        path: its name, for the places of findings.

    Returns:
        The profile and its findings. It can only be used if there are none.
    """
    names = SymbolTable(path)
    findings = too_large(node, path)
    profile = None
    if not findings:
        with suppress(TooManyFindingsError):
            profile = _read_profile(names, node)
            check_leaks(names, profile, node)
        findings = list(dict.fromkeys(names.findings))
    return profile or p.unreadable_profile(
        node.map.get("profile", NO_NODE).text, path
    ), findings


def _read_profile(names: SymbolTable, node: Node) -> p.Profile:
    """Return the profile, whatever is wrong with it; mistakes go to ``names``.

    Raises:
        TooManyFindingsError: there are too many mistakes.
    """
    top = names.keys(node, "the profile", PARTS, REQUIRED)

    def part(name: str) -> Node:
        return top.get(name, NO_NODE)

    roles, fields, statuses = read_declarations(names, part)
    edges, excepts = read_transitions(names, part("transitions"))
    timezone = _read_zone(names, part("timezone"))
    calendars = _read_calendars(names, part("calendars"), timezone)
    forbid_allowed(names, statuses, edges)
    check_rule_names(names, [*part("triggers").items, *part("automations").items])
    return p.Profile(
        name=_read_name(names, part("profile")),
        title=part("title").text,
        version=_read_version(names, part("version")),
        source=part("source").text,
        timezone=timezone,
        path=names.path,
        roles=roles,
        fields=fields,
        statuses=statuses,
        edges=tuple(edges),
        excepts=excepts,
        triggers=tuple(read_trigger(names, item) for item in part("triggers").items),
        automations=tuple(
            read_automation(names, item, i)
            for i, item in enumerate(part("automations").items)
        ),
        calendars=calendars,
        batches=dict(
            read_entries(
                part("batches"), lambda key, item: _read_batch(names, key, item)
            )
        ),
        categories=dict(
            read_entries(
                part("categories"), lambda key, item: _read_category(names, key, item)
            )
        ),
        queue=_read_queue(names, top.get("queue")),
        messages=dict(
            read_entries(
                part("messages"), lambda key, item: read_message(names, key, item)
            )
        ),
        templates=dict(
            read_entries(
                part("templates"), lambda key, item: read_template(names, key, item)
            )
        ),
    )


def _read_name(names: SymbolTable, node: Node) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", node.text):
        names.error(
            node,
            f'invalid profile name "{node.text}"',
            "use lower-case letters, digits and hyphens",
        )
    return node.text


def _read_version(names: SymbolTable, node: Node) -> int:
    if (
        isinstance(node.value, int)
        and not isinstance(node.value, bool)
        and node.value > 0
    ):
        return node.value
    names.error(node, f'invalid version "{node.text}": use a whole number from 1')
    return 1


def _read_calendars(
    names: SymbolTable, node: Node, timezone: str
) -> dict[str, Calendar]:
    """Return the calendars of a profile by name; few profiles have any."""
    if not node.map:
        return {}
    from ticketctl.core.language.calendars import read_calendar

    return dict(
        read_entries(node, lambda key, item: read_calendar(names, key, item, timezone))
    )


def _read_zone(names: SymbolTable, node: Node) -> str:
    try:
        zone(node.text)
    except ValueError as error:
        names.error(node, str(error), "an IANA name such as Europe/London")
        return "UTC"
    return node.text


def _read_batch(names: SymbolTable, key: str, node: Node) -> p.Batch:
    keys = names.keys(
        node, f'batch "{key}"', ("from", "to", "set", *ORIGIN), ("from", "to", "set")
    )
    source, target = (
        names.status(keys.get("from", NO_NODE)),
        names.status(keys.get("to", NO_NODE)),
    )
    sets = read_sets(names, keys.get("set"))
    return p.Batch(
        key, source, target, sets, read_origin(names, keys), names.place(node)
    )


def _read_category(names: SymbolTable, key: str, node: Node) -> p.Category:
    keys = names.keys(
        node, f'category "{key}"', ("statuses", "ask", *ORIGIN), ("statuses",)
    )
    statuses = tuple(names.status(item) for item in keys.get("statuses", NO_NODE).items)
    return p.Category(
        key, statuses, keys.get("ask", NO_NODE).text, read_origin(names, keys)
    )


def _read_queue(names: SymbolTable, node: Node | None) -> p.Queue:
    if node is None:
        return p.Queue()
    keys = names.keys(node, "the queue", ("when", "order", *ORIGIN))
    order = []
    for item in keys.get("order", NO_NODE).items:
        name, _, direction = item.text.partition(":")
        if name not in ("created", "updated"):
            name = names.field(item, name).name
        if direction not in ("", "desc"):
            names.error(item, f'unknown order "{item.text}"', "use FIELD or FIELD:desc")
        order.append((name, direction == "desc"))
    tests = read_conditions(names, keys.get("when"))
    for item, test in zip(keys.get("when", NO_NODE).items, tests, strict=True):
        if depends_on_time(
            test
        ):  # the index remembers who is in the queue, until the ticket changes
            names.error(
                item,
                "the queue cannot test what changes with time alone",
                "not: within, in_future, allowed",
            )
    return p.Queue(tests, tuple(order), read_origin(names, keys))
