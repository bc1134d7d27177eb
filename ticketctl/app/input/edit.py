"""Editing the head of a ticket as text, and adopting what was changed by hand."""

from __future__ import annotations

from typing import Any

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Change
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import SETTABLE, Ticket, thaw
from ticketctl.core.yaml_node import Node, plain
from ticketctl.errors import UsageError
from ticketctl.store.yaml.loader import LoadedTicket
from ticketctl.store.yaml.writer import quoted


def edit_page(ticket: Ticket, profile: Profile, wrong: str = "") -> str:
    """The head of a ticket as YAML to be edited, with what was wrong with the last try
    above it."""
    lines = [f"# {line}" for line in wrong.splitlines()]
    lines += [
        f"# {ticket.id}, {profile.title}. Change what stands here; the history stays. A line removed is cleared."
    ]
    head: dict[str, Any] = {"title": ticket.title, "status": ticket.status}
    head |= {key: thaw(ticket.get(key)) for key in SETTABLE[1:]}
    for key, value in head.items():
        lines += _lines(key, value, "")
    lines.append("fields:")
    for name in profile.fields:
        lines += _lines(name, thaw(ticket.fields.get(name)), "  ")
    return "\n".join(lines) + "\n"


def _lines(key: str, value: Any, indent: str) -> list[str]:
    if value is None:
        return [f"{indent}{key}:"]
    if isinstance(value, dict):
        return [
            f"{indent}{key}:",
            *(f"{indent}  {item}: {state}" for item, state in value.items()),
        ]
    if isinstance(value, list):
        return [f"{indent}{key}:", *(f"{indent}- {quoted(item)}" for item in value)]
    shown = (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int)
        else quoted(value)
    )
    return [f"{indent}{key}: {shown}"]


def read_edit_page(
    workspace: Workspace, was: LoadedTicket, profile: Profile, text: str
) -> list[Change]:
    """What an edited page asks for: the differences to the ticket, one request per role
    of the user.

    Raises:
        BrokenError: it is not YAML.
        UsageError: an unknown key, or a value not of its type.
    """
    from ticketctl.store.yaml.ruamel import read_yaml

    node = read_yaml(text.encode(), "your edit")
    for key in node.map:
        if key not in (*SETTABLE, "status", "fields"):
            raise UsageError(
                f'"{key}" cannot be edited',
                f"title, status, {', '.join(SETTABLE[1:])}, fields",
            )
    return _request(workspace, was, profile, node, None)


def adopt_head(
    workspace: Workspace, was: LoadedTicket, profile: Profile
) -> list[Change]:
    """What the head of the file says otherwise than the history, as a request of its
    own kind.

    Raises:
        UsageError: there is nothing to adopt, or what cannot be adopted was changed.
    """
    if not was.differences:
        raise UsageError(
            f"{was.ticket.id} agrees with its history; there is nothing to adopt"
        )
    for difference in was.differences:
        if difference.key in ("id", "profile"):
            raise UsageError(
                f"the {difference.key} of a ticket cannot be changed",
                f"it is {difference.gives}",
            )
    return _request(workspace, was, profile, was.node, "adopted")


def _request(
    workspace: Workspace,
    was: LoadedTicket,
    profile: Profile,
    node: Node,
    event: str | None,
) -> list[Change]:
    ticket, sets, unset = was.ticket, dict[str, Value](), list[str]()
    wanted = {key: node.map[key] for key in SETTABLE if key in node.map}
    fields = node.map.get("fields", Node(None, 1, 1))
    wanted |= fields.map
    for name in dict.fromkeys([*SETTABLE, *ticket.fields, *wanted]):
        new = plain(wanted[name]) if name in wanted else None
        if new in (None, [], {}):
            if ticket.get(name) is not None:
                unset.append(name)
        elif new != thaw(ticket.get(name)):
            name, declared = values.find_field(profile, name)
            sets |= _values(workspace, profile, ticket, name, declared, new)
    status = node.map.get("status")
    to = (
        values.find_status(profile, status.text)
        if status and status.text != ticket.status
        else None
    )
    return [
        Change(actor, to, sets=sets, unset=tuple(unset), event=event)
        for actor in actors(workspace, profile, ticket)
    ]


def _values(
    workspace: Workspace,
    profile: Profile,
    ticket: Ticket,
    name: str,
    declared: Any,
    new: Any,
) -> dict[str, Value]:
    if isinstance(new, dict):
        return {
            f"{name}.{item}": str(state)
            for item, state in new.items()
            if ticket.get(f"{name}.{item}") != state
        }
    if isinstance(new, bool):
        new = "true" if new else "false"
    text = ",".join(map(str, new)) if isinstance(new, list) else str(new)
    return {name: values.parse_value(workspace, profile, declared, name, text)}
