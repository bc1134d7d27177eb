"""Edit the head of a ticket as text, and adopt what was changed by hand."""

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
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket
from ticketctl.store.yaml.writer import quoted


def edit_page(ticket: Ticket, profile: Profile, wrong: str = "") -> str:
    """Return the head of a ticket as YAML, to be edited.

    Args:
        wrong: what was wrong with the last attempt; shown above.
    """
    lines = [f"# {line}" for line in wrong.splitlines()]
    lines += [
        f"# {ticket.id}, {profile.title}. Edit the values below; the history stays. To clear a value, remove its line."
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
    workspace: Workspace, loaded: LoadedTicket, profile: Profile, text: str
) -> list[Change]:
    """Return the requests of an edited page: its differences to the ticket.

    There is one request for each role of the user.

    Raises:
        BrokenError: the page is not YAML.
        UsageError: it has an unknown key, or a value not of its type.
    """
    from ticketctl.store.yaml.ruamel import read_yaml

    node = read_yaml(text.encode(), "your edit")
    for key in node.map:
        if key not in (*SETTABLE, "status", "fields"):
            raise UsageError(
                f'"{key}" cannot be edited',
                f"title, status, {', '.join(SETTABLE[1:])}, fields",
            )
    return _requests(workspace, loaded, profile, node, None)


def adopt_head(
    workspace: Workspace, loaded: LoadedTicket, profile: Profile
) -> list[Change]:
    """Return the requests to adopt what was changed by hand in the head of a file.

    Raises:
        UsageError: nothing was changed, or a key that cannot be adopted.
    """
    if not loaded.differences:
        raise UsageError(
            f"{loaded.ticket.id} agrees with its history; there is nothing to adopt"
        )
    for difference in loaded.differences:
        if difference.key in ("id", "profile"):
            raise UsageError(
                f"the {difference.key} of a ticket cannot be changed",
                f"it is {difference.gives}",
            )
    return _requests(workspace, loaded, profile, loaded.node, "adopted")


def _requests(
    workspace: Workspace,
    loaded: LoadedTicket,
    profile: Profile,
    node: Node,
    event: str | None,
) -> list[Change]:
    ticket, sets, unset = loaded.ticket, dict[str, Value](), list[str]()
    nodes = {key: node.map[key] for key in SETTABLE if key in node.map}
    fields = node.map.get("fields", Node(None, 1, 1))
    nodes |= fields.map
    for name in dict.fromkeys([*SETTABLE, *ticket.fields, *nodes]):
        new = plain(nodes[name]) if name in nodes else None
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
