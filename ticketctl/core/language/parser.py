"""From the YAML of a profile to a :class:`Profile`, with every mistake located
(docs/profile-language.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from ticketctl.core import profile as p
from ticketctl.core.conditions import AllowedCondition, depends_on_time, walk
from ticketctl.core.dates import Duration, zone
from ticketctl.core.language.actions import read_actions
from ticketctl.core.language.calendars import read_calendar
from ticketctl.core.language.conditions import (
    read_conditions,
    read_event,
    read_events,
)
from ticketctl.core.language.grammar import (
    EMPTY,
    HEAD_FIELDS,
    ORIGIN,
    SymbolTable,
    TooManyFindingsError,
    read_origin,
    read_sets,
    read_value,
)
from ticketctl.core.language.limits import too_large
from ticketctl.core.language.messages import check_leaks, read_message, read_template
from ticketctl.core.states import STATES, State
from ticketctl.core.yaml_node import Node
from ticketctl.errors import Finding

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
TYPES = (
    "string",
    "text",
    "enum",
    "boolean",
    "integer",
    "date",
    "datetime",
    "email",
    "user",
    "users",
    "checklist",
)
T = TypeVar("T")


def read_profile(node: Node, path: str) -> tuple[p.Profile, list[Finding]]:
    """Compile a profile.

    Args:
        node: the whole file.
        path: its name, for the places of findings.

    Returns:
        The profile and what is wrong with it. It is fit for use only if nothing is.
    """
    names = SymbolTable(path)
    found = too_large(node, path)
    profile = None
    if not found:
        with suppress(TooManyFindingsError):
            profile = _profile(names, node)
            check_leaks(names, profile, node)
        found = list(dict.fromkeys(names.findings))
    return profile or p.nothing(node.map.get("profile", EMPTY).text, path), found


def _profile(names: SymbolTable, node: Node) -> p.Profile:
    """The profile, whatever is wrong with it, which ``names`` is told.

    Raises:
        EnoughError: so much is wrong with it that nobody need read on.
    """
    top = names.keys(node, "the profile", PARTS, REQUIRED)

    def part(name: str) -> Node:
        return top.get(name, EMPTY)

    roles, fields, statuses = _declare(names, part)
    edges, excepts = _edges(names, part("transitions"))
    timezone = _zone(names, part("timezone"))
    calendars = dict(
        _named(
            part("calendars"),
            lambda key, item: read_calendar(names, key, item, timezone),
        )
    )
    _no_circles(names, statuses, edges)
    _unique(names, [*part("triggers").items, *part("automations").items])
    return p.Profile(
        name=_slug(names, part("profile")),
        title=part("title").text,
        version=_version(names, part("version")),
        source=part("source").text,
        timezone=timezone,
        path=names.path,
        roles=roles,
        fields=fields,
        statuses=statuses,
        edges=tuple(edges),
        excepts=excepts,
        triggers=tuple(_trigger(names, item) for item in part("triggers").items),
        automations=tuple(
            _automation(names, item, i)
            for i, item in enumerate(part("automations").items)
        ),
        calendars=calendars,
        batches=dict(
            _named(part("batches"), lambda key, item: _batch(names, key, item))
        ),
        categories=dict(
            _named(part("categories"), lambda key, item: _category(names, key, item))
        ),
        queue=_queue(names, top.get("queue")),
        messages=dict(
            _named(part("messages"), lambda key, item: read_message(names, key, item))
        ),
        templates=dict(
            _named(part("templates"), lambda key, item: read_template(names, key, item))
        ),
    )


def _declare(
    names: SymbolTable, part: Callable[[str], Node]
) -> tuple[dict[str, p.Role], dict[str, p.Field], dict[str, p.Status]]:
    """Roles, fields and statuses; all their names are known before the first test is
    read."""
    roles = dict(_named(part("roles"), lambda key, item: _role(names, key, item)))
    names.roles = {role.name: role.kind for role in roles.values()}
    _check_roles(names, part("roles"))
    names.categories = set(part("categories").map)
    fields = dict(_named(part("fields"), lambda key, item: _field(names, key, item)))
    if names.categories and "category" not in fields:
        offered = tuple(part("categories").map)
        fields["category"] = p.Field(
            "category", "enum", offered, offered[0], "what kind of ticket it is"
        )
    names.fields = fields
    for role, item in part("roles").map.items():
        if role in roles and roles[role].field:
            names.field(item.map["field"])
    # The names come first, so that the tests of one status may speak of another.
    for key, item in part("statuses").map.items():
        names.statuses[key] = _status_name(names, key, item)
    names.messages = {name for name in part("messages").map if "." not in name}
    names.calendars = set(part("calendars").map)
    names.automations = {
        item.map["name"].text
        for item in part("automations").items
        if "name" in item.map
    }
    statuses = dict(
        _named(part("statuses"), lambda key, item: _status(names, key, item))
    )
    return roles, fields, statuses


def _named(node: Node, read: Callable[[str, Node], T]) -> Iterator[tuple[str, T]]:
    return ((key, read(key, item)) for key, item in node.map.items())


def _slug(names: SymbolTable, node: Node) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", node.text):
        names.error(
            node,
            f'"{node.text}" is no name for a profile',
            "lower-case letters, digits and hyphens",
        )
    return node.text


def _version(names: SymbolTable, node: Node) -> int:
    if (
        isinstance(node.value, int)
        and not isinstance(node.value, bool)
        and node.value > 0
    ):
        return node.value
    names.error(node, "the version is a whole number from 1")
    return 1


def _zone(names: SymbolTable, node: Node) -> str:
    try:
        zone(node.text)
    except ValueError as error:
        names.error(node, str(error), "an IANA name such as Europe/London")
        return "UTC"
    return node.text


def _role(names: SymbolTable, key: str, node: Node) -> p.Role:
    found = (
        names.keys(node, f'role "{key}"', ("kind", "field", "help"), ("kind",))
        if node.map
        else {"kind": node}
    )
    kind = found.get("kind", EMPTY)
    bound = found["field"].text if "field" in found else ""
    help_ = found.get("help", EMPTY).text
    return p.Role(
        key,
        names.choice(kind, "kind of role", p.ROLE_KINDS, "integration"),
        bound,
        help_,
    )


def _check_roles(names: SymbolTable, node: Node) -> None:
    for kind in ("customer", "agent", "system"):
        of_kind = [role for role, known in names.roles.items() if known == kind]
        if not of_kind or (kind == "system" and len(of_kind) > 1):
            names.error(
                node,
                f"there must be {'one role' if kind == 'system' else 'a role'} of kind {kind}",
            )


def _field(names: SymbolTable, key: str, node: Node) -> p.Field:
    found = names.keys(
        node,
        f'field "{key}"',
        ("type", "values", "default", "help", "edit", *ORIGIN),
        ("type",),
    )
    if key in HEAD_FIELDS or not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        names.error(
            node,
            f'"{key}" cannot be the name of a field',
            "lower-case letters, digits, _; not a head key",
        )
    kind = found.get("type", EMPTY)
    values = tuple(item.text for item in found.get("values", EMPTY).items)
    names.known(kind, "type", kind.text, TYPES)
    if (kind.text == "enum") != bool(values):
        names.error(
            node, f'field "{key}": values are given for an enum, and only there'
        )
    declared = p.Field(key, kind.text, values, place=names.place(node))
    default = (
        read_value(names, declared, found["default"]) if "default" in found else None
    )
    edit = tuple(names.role(item) for item in found.get("edit", EMPTY).items)
    help_ = found.get("help", EMPTY).text
    return p.Field(
        key,
        kind.text,
        values,
        default,
        help_,
        edit,
        read_origin(names, found),
        names.place(node),
    )


_STATUS_KEYS = (
    "state",
    "description",
    "aliases",
    "set_by",
    "needs",
    "keeps",
    "warns",
    *ORIGIN,
)


def _status_name(names: SymbolTable, key: str, node: Node) -> p.Status:
    """The status without its tests, which may speak of statuses that come later."""
    state: State = "open"
    if "state" in node.map:
        state = names.choice(node.map["state"], "state", STATES, "open")
    aliases = tuple(item.text for item in node.map.get("aliases", EMPTY).items)
    for item in (Node(key, node.line, node.col), *node.map.get("aliases", EMPTY).items):
        if (other := names.spellings.get(p.squash(item.text))) is not None:
            names.error(item, f'"{item.text}" and "{other}" are one name')
    names.spellings |= dict.fromkeys(map(p.squash, (key, *aliases)), key)
    return p.Status(key, state, aliases=aliases)


def _status(names: SymbolTable, key: str, node: Node) -> p.Status:
    found = names.keys(node, f'status "{key}"', _STATUS_KEYS, ("state",))
    set_by = found.get("set_by", EMPTY)
    if set_by.text not in ("", "system"):
        names.error(set_by, '"set_by" can only be "system"')
    return p.Status(
        key,
        names.statuses[key].state,
        description=found.get("description", EMPTY).text,
        aliases=names.statuses[key].aliases,
        set_by_system=set_by.text == "system",
        preconditions=read_conditions(names, found.get("needs")),
        invariants=read_conditions(names, found.get("keeps")),
        warns=read_conditions(names, found.get("warns")),
        origin=read_origin(names, found),
        place=names.place(node),
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


def _edges(
    names: SymbolTable, node: Node
) -> tuple[list[p.Transition], dict[tuple[str, str], str]]:
    """The transitions with ``any``, lists and ``except`` expanded."""
    edges: list[p.Transition] = []
    excepts: dict[tuple[str, str], str] = {}
    for item in node.items:
        found = names.keys(item, "a transition", _EDGE_KEYS, ("from", "to", "roles"))
        left_out = {
            names.status(names.at_key(found["except"], key)): value.text
            for key, value in found.get("except", EMPTY).map.items()
        }
        common = _edge(names, item)
        for target in (names.status(t) for t in found.get("to", EMPTY).items):
            excepts |= {(source, target): reason for source, reason in left_out.items()}
            for source in _sources(names, found.get("from", EMPTY), target):
                if source not in left_out:
                    edges.append(common(source, target, len(edges)))
    return edges, excepts


def _edge(names: SymbolTable, item: Node) -> Callable[[str, str, int], p.Transition]:
    found = item.map
    roles = tuple(names.role(role) for role in found.get("roles", EMPTY).items)
    on_behalf = tuple(names.role(role) for role in found.get("on_behalf", EMPTY).items)
    criterion = found.get("criterion", EMPTY).text
    needs, warns = (
        read_conditions(names, found.get("needs")),
        read_conditions(names, found.get("warns")),
    )
    sets, origin, place = (
        read_sets(names, found.get("sets")),
        read_origin(names, found),
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


def _no_circles(
    names: SymbolTable, statuses: dict[str, p.Status], edges: list[p.Transition]
) -> None:
    """What a move needs cannot be asked of whether moves are allowed: the answer could
    go round in circles."""
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
            '"allowed" is for rules; a move cannot need it',
        )


def _unique(names: SymbolTable, items: list[Node]) -> None:
    seen: set[str] = set()
    for item in items:
        name = item.map.get("name", EMPTY)
        if name.text in seen:
            names.error(name, f'there are two rules named "{name.text}"')
        seen.add(name.text)


def _trigger(names: SymbolTable, item: Node) -> p.Trigger:
    found = names.keys(
        item, "a trigger", ("name", "on", "when", "do", *ORIGIN), ("name", "on", "do")
    )
    return p.Trigger(
        found.get("name", EMPTY).text,
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


def _automation(names: SymbolTable, item: Node, order: int) -> p.Automation:
    found = names.keys(item, "an automation", _AUTOMATION_KEYS, ("name", "in", "do"))
    if ("start" in found) == ("at" in found):
        names.error(
            item, 'an automation has either "start" (an event) or "at" (a date field)'
        )
    if "repeat" in found and names.duration(found["repeat"]) == Duration():
        names.error(found["repeat"], "it would repeat without end")
    if "start" in found and "after" not in found:
        names.error(item, 'an automation with "start" says how long "after" it acts')
    if "at" in found and names.field(found["at"]).type not in ("date", "datetime"):
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
        found.get("name", EMPTY).text,
        tuple(names.status(status) for status in found.get("in", EMPTY).items),
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
        criterion=found.get("criterion", EMPTY).text,
        order=order,
        origin=read_origin(names, found),
        place=names.place(item),
    )


def _working_time(names: SymbolTable, durations: list[Node]) -> None:
    """Months are no working time, and who waits for more than a year of it waits for
    ever."""
    for node in durations:
        period = names.duration(node)
        if period.months or period.days * 86400 + period.seconds > 366 * 86400:
            names.error(
                node,
                f"{node.text} cannot be counted in working time",
                "days, hours and minutes, up to P366D",
            )


def _batch(names: SymbolTable, key: str, node: Node) -> p.Batch:
    found = names.keys(
        node, f'batch "{key}"', ("from", "to", "set", *ORIGIN), ("from", "to", "set")
    )
    source, target = (
        names.status(found.get("from", EMPTY)),
        names.status(found.get("to", EMPTY)),
    )
    sets = read_sets(names, found.get("set"))
    return p.Batch(
        key, source, target, sets, read_origin(names, found), names.place(node)
    )


def _category(names: SymbolTable, key: str, node: Node) -> p.Category:
    found = names.keys(
        node, f'category "{key}"', ("statuses", "ask", *ORIGIN), ("statuses",)
    )
    statuses = tuple(names.status(item) for item in found.get("statuses", EMPTY).items)
    return p.Category(
        key, statuses, found.get("ask", EMPTY).text, read_origin(names, found)
    )


def _queue(names: SymbolTable, node: Node | None) -> p.Queue:
    if node is None:
        return p.Queue()
    found = names.keys(node, "the queue", ("when", "order", *ORIGIN))
    order = []
    for item in found.get("order", EMPTY).items:
        name, _, direction = item.text.partition(":")
        if name not in ("created", "updated"):
            name = names.field(item, name).name
        if direction not in ("", "desc"):
            names.error(item, f'"{item.text}" is not an order', "FIELD or FIELD:desc")
        order.append((name, direction == "desc"))
    tests = read_conditions(names, found.get("when"))
    for item, test in zip(found.get("when", EMPTY).items, tests, strict=True):
        if depends_on_time(
            test
        ):  # the index remembers who is in the queue, until the ticket changes
            names.error(
                item,
                "the queue cannot ask for what time alone changes",
                "not: within, in_future, allowed",
            )
    return p.Queue(tests, tuple(order), read_origin(names, found))
