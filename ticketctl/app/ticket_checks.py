"""What can be wrong with one ticket: small functions, each of which checks one thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.recorded_moves import illegal_reasons, recorded_moves
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.context import system_context
from ticketctl.core.engine.events import is_import
from ticketctl.core.engine.guards import failures
from ticketctl.core.engine.timers import future_event, in_future
from ticketctl.core.entry import Value
from ticketctl.core.history_graph import entry_id, is_linear, order, predecessors
from ticketctl.core.plural import counted
from ticketctl.core.profile import Field, Profile
from ticketctl.core.ticket import FIELDS, LINK, SETTABLE, flat_field
from ticketctl.core.vocabulary import short_id
from ticketctl.core.yaml_node import Node
from ticketctl.errors import (
    UNREAD,
    DiskError,
    Finding,
    Place,
    ShortageError,
    TicketctlError,
    UnreadError,
    closest,
)
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def check_at_path(
    workspace: Workspace, read: LoadedTicket | Finding | None
) -> list[Finding]:
    """Return everything that is wrong with what is at the path of a ticket.

    Args:
        read: the ticket; why it cannot be read; ``None`` if there is no file any more.
    """
    if isinstance(read, LoadedTicket):
        return [*check_ticket(workspace, read), *_check_attachments(workspace, read)]
    return [] if read is None else [read]


def check_ticket(workspace: Workspace, loaded: LoadedTicket) -> list[Finding]:
    """Return everything that is wrong with one ticket."""
    findings = [
        *_check_chain(loaded),
        *_check_order(loaded),
        *_check_future(workspace, loaded),
        *_check_imports(loaded),
        *_check_head(loaded),
    ]
    try:
        profile = workspace.registry.get(loaded.ticket.profile)
    except ShortageError:
        raise
    except TicketctlError as error:
        code = UNREAD if isinstance(error, UnreadError) else "schema"
        findings.append(
            Finding(_place_in_head(loaded, "profile"), code, error.message, error.hint)
        )
        return findings
    findings += _check_statuses(loaded, profile)
    findings += _check_fields(loaded, profile)
    if not any(finding.code == "schema" for finding in findings):
        findings += _check_moves(workspace, loaded)
        findings += _check_invariants(workspace, loaded, profile)
    if not findings and not loaded.canonical:
        findings.append(
            Finding(
                Place(loaded.path),
                "form",
                "not in the canonical form (comments or unknown keys?)",
                severity="warning",
            )
        )
    return findings


def _check_attachments(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that all attachments are there."""
    for position, entry in enumerate(loaded.ticket.history):
        for path in attachment_paths(loaded.ticket, entry):
            if not is_attached(workspace, path):
                yield Finding(
                    _place_of_entry(loaded, position, "files"),
                    "files",
                    f"the attachment {path} is missing",
                    severity="warning",
                )


def _place_in_head(loaded: LoadedTicket, key: str) -> Place:
    node = loaded.node.map.get(key, loaded.node)
    return Place(loaded.path, node.line, node.col)


def _place_of_entry(loaded: LoadedTicket, position: int, key: str = "") -> Place:
    node: Node = loaded.node.map["history"].items[position]
    node = node.map.get(key, node)
    return Place(loaded.path, node.line, node.col)


def _check_chain(loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that the id of each entry is that of its content and of its predecessors."""
    history = loaded.ticket.history
    ids = {entry.id for entry in history}
    if len(ids) < len(history):
        yield Finding(
            _place_of_entry(loaded, 0),
            "chain",
            "two entries of the history have the same id",
        )
    previous: tuple[str, ...] = ()
    for position, entry in enumerate(history):
        before = entry.after or previous
        previous = (entry.id,)
        for name in entry.after:
            if name not in ids:
                words = f"the entry {name}, on which this one is based, is missing"
                yield Finding(
                    _place_of_entry(loaded, position, "after"), "chain", words
                )
        if entry_id(entry, before) != entry.id:
            yield Finding(
                _place_of_entry(loaded, position, "id"),
                "chain",
                "this entry, or one before it, was changed after it was written",
                f"to see who changed it: git log -p {loaded.path}",
            )
            return


def _check_order(loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that the entries are in the one order in which a set of entries is written."""
    history = loaded.ticket.history
    if is_linear(history):
        return
    before = {
        entry.id: predecessors(history, position)
        for position, entry in enumerate(history)
    }
    for position, (entry, expected) in enumerate(
        zip(history, order(history, before), strict=False)
    ):
        if entry.id != expected.id:
            yield Finding(
                _place_of_entry(loaded, position),
                "order",
                f"wrong order: the entry {expected.id} belongs here",
            )
            return


def _check_future(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that no event is in the future; of several, the newest is reported."""
    event = future_event(loaded.ticket, workspace.present)
    if event is None:
        return
    horizon, history = dates.horizon(workspace.present), loaded.ticket.history
    others = sum(entry.at > horizon for entry in history) - 1
    more = (
        f", and so {'is' if others == 1 else 'are'} {counted(others, 'other')}"
        if others
        else ""
    )
    yield Finding(
        _place_of_entry(loaded, history.index(event), "at"),
        "future",
        in_future(event) + more,
        "sweeps skip the ticket until then; if your clock is wrong, correct it",
    )


def _check_imports(loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that an import below other entries has no other content.

    No rule checks such an entry.
    """
    for position, entry in enumerate(loaded.ticket.history):
        if is_import(entry) and (more := entry.content().keys() - _IMPORT_KEYS):
            words = (
                f"an import after other events cannot have {', '.join(sorted(more))}"
            )
            yield Finding(_place_of_entry(loaded, position, min(more)), "import", words)


_IMPORT_KEYS = frozenset(("id", "at", "by", "role", "event", "after"))


def _check_head(loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that the head is what the history gives."""
    for difference in loaded.differences:
        says = "missing" if difference.says is None else f'"{difference.says}"'
        gives = (
            "has none" if difference.gives is None else f'ends in "{difference.gives}"'
        )
        hint = f"if it was set by hand: ticketctl edit --adopt {short_id(loaded.ticket.id)}"
        yield Finding(
            difference.place,
            "fold",
            f"{difference.key} is {says}, but the history {gives}",
            hint,
        )


def _check_statuses(loaded: LoadedTicket, profile: Profile) -> Iterator[Finding]:
    """Check that the profile has every status of the ticket."""
    statuses = profile.statuses
    if (
        loaded.differences
        and (head := loaded.node.map.get("status")) is not None
        and head.text not in statuses
    ):
        hint = closest(head.text, list(statuses))
        yield Finding(
            _place_in_head(loaded, "status"),
            "schema",
            f'unknown status "{head.text}" in {profile.name}',
            hint,
        )
    for position, entry in enumerate(loaded.ticket.history):
        if (
            entry.to not in statuses
            and entry.to is not None
            and entry.sets.get("version", 0) in (0, profile.version)
        ):
            yield Finding(
                _place_of_entry(loaded, position, "to"),
                "schema",
                f'unknown status "{entry.to}" in {profile.name}',
                closest(entry.to, list(statuses)),
            )


def _check_fields(loaded: LoadedTicket, profile: Profile) -> Iterator[Finding]:
    """Check that each field that is set exists and has a value of its type."""
    for position, entry in enumerate(loaded.ticket.history):
        for key, value in entry.sets.items():
            if key not in _HEAD_KEYS and (words := _field_problem(profile, key, value)):
                item = loaded.node.map["history"].items[position].map["set"].map[key]
                yield Finding(Place(loaded.path, item.line, item.col), "schema", *words)


_HEAD_KEYS = frozenset((*SETTABLE, "ticket", "profile", "version", LINK))


def _field_problem(profile: Profile, key: str, value: Value) -> tuple[str, str] | None:
    """Return what is wrong with a field that an entry sets, and a hint.

    Args:
        key: as the entry has it; none of :data:`_HEAD_KEYS`.
    """
    if not key.startswith(FIELDS):
        return f'"{key}" cannot be set', closest(key, SETTABLE)
    name = flat_field(key)
    declared = profile.fields.get(name)
    if declared is None:
        return f'{profile.name} has no field "{name}"', closest(
            name, list(profile.fields)
        )
    problem = _type_problem(declared, value)
    return (f"{name} {problem}", "") if problem else None


def _type_problem(declared: Field, value: object) -> str:
    kind = declared.type
    match kind:
        case "enum":
            return (
                ""
                if value in declared.values
                else f'is "{value}", not {" or ".join(declared.values)}'
            )
        case "boolean":
            return (
                ""
                if isinstance(value, bool)
                else f'is "{value}", neither true nor false'
            )
        case "integer":
            return (
                ""
                if isinstance(value, int) and not isinstance(value, bool)
                else f'is "{value}", not a whole number'
            )
        case "date" | "datetime":
            try:
                dates.moment_of(str(value), dates.zone("UTC"))
            except ValueError:
                return f'is "{value}", neither a date nor an instant'
        case "users":
            return "" if isinstance(value, tuple) else f'is "{value}", not a list'
        case "string" | "text" | "email" | "user" | "checklist":
            return ""
        case _:
            assert_never(kind)
    return ""


def _check_moves(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """Check that each move was legal when it was made.

    It is judged by the profile's version of that time and by the recorded role.
    """
    history = loaded.ticket.history
    profile = None
    for position, ticket, (name, version) in recorded_moves(history):
        entry = history[position]
        if profile is None or (profile.name, profile.version) != (name, version):
            try:
                profile = workspace.registry.at_version(name, version)
            except DiskError:
                raise  # it is unknown what the rules say
            except TicketctlError as error:
                yield Finding(
                    _place_of_entry(loaded, position),
                    "unjudged",
                    error.message,
                    severity="warning",
                )
                return
        if profile is None:
            hint = f"save the old profile as profiles/{name}@{version}.yaml"
            words = f"made under version {version} of {name}, which this store does not have"
            yield Finding(
                _place_of_entry(loaded, position, "to"),
                "unjudged",
                words,
                hint,
                "warning",
            )
            return
        for reason in illegal_reasons(profile, ticket, entry):
            yield Finding(_place_of_entry(loaded, position, "to"), "illegal", reason)


def _check_invariants(
    workspace: Workspace, loaded: LoadedTicket, profile: Profile
) -> Iterator[Finding]:
    """Check that the invariants of the status hold."""
    ticket = loaded.ticket
    status = profile.statuses.get(ticket.status)
    if status is None or not status.invariants:
        return
    context = system_context(workspace.situation_of(profile), ticket)
    for reason in failures(status.invariants, context):
        yield Finding(
            _place_in_head(loaded, "status"),
            "keeps",
            f"a ticket can be {ticket.status} only if: {reason}",
        )
