"""What can be wrong with one ticket: small functions, each of which checks one thing."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.recorded_moves import illegal_reasons, recorded_moves
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.dag import entry_id, is_linear, order, predecessors
from ticketctl.core.engine.context import system_context
from ticketctl.core.engine.events import is_import
from ticketctl.core.engine.guards import failures
from ticketctl.core.engine.timers import future_event, in_future
from ticketctl.core.entry import Value
from ticketctl.core.plural import counted
from ticketctl.core.profile import Field, Profile
from ticketctl.core.ticket import LINK, SETTABLE
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
from ticketctl.store.paths import short_id
from ticketctl.store.yaml.loader import LoadedTicket


def check_found(
    workspace: Workspace, found: LoadedTicket | Finding | None
) -> list[Finding]:
    """Everything that is wrong with what lies at the path of a ticket."""
    if isinstance(found, LoadedTicket):
        return [*check_ticket(workspace, found), *_attachments(workspace, found)]
    return [] if found is None else [found]


def check_ticket(workspace: Workspace, loaded: LoadedTicket) -> list[Finding]:
    """Everything that is wrong with one ticket."""
    findings = [
        *_chain(loaded),
        *_order(loaded),
        *_future(workspace, loaded),
        *_imports(loaded),
        *_fold(loaded),
    ]
    try:
        profile = workspace.registry.get(loaded.ticket.profile)
    except ShortageError:
        raise
    except TicketctlError as error:
        code = UNREAD if isinstance(error, UnreadError) else "schema"
        findings.append(
            Finding(_head(loaded, "profile"), code, error.message, error.hint)
        )
        return findings
    findings += _status(loaded, profile)
    findings += _fields(loaded, profile)
    if not any(finding.code == "schema" for finding in findings):
        findings += _moves(workspace, loaded)
        findings += _keeps(workspace, loaded, profile)
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


def _attachments(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """What the history says is attached is there."""
    for position, entry in enumerate(loaded.ticket.history):
        for path in attachment_paths(loaded.ticket, entry):
            if not is_attached(workspace, path):
                yield Finding(
                    _entry(loaded, position, "files"),
                    "files",
                    f"{path} is not there",
                    severity="warning",
                )


def _head(loaded: LoadedTicket, key: str) -> Place:
    node = loaded.node.map.get(key, loaded.node)
    return Place(loaded.path, node.line, node.col)


def _entry(loaded: LoadedTicket, position: int, key: str = "") -> Place:
    node: Node = loaded.node.map["history"].items[position]
    node = node.map.get(key, node)
    return Place(loaded.path, node.line, node.col)


def _chain(loaded: LoadedTicket) -> Iterator[Finding]:
    """Every entry's id is that of its content and of what it was built on."""
    history = loaded.ticket.history
    known = {entry.id for entry in history}
    if len(known) < len(history):
        yield Finding(
            _entry(loaded, 0), "chain", "two entries of the history have one id"
        )
    above: tuple[str, ...] = ()
    for position, entry in enumerate(history):
        before = entry.after or above
        above = (entry.id,)
        for name in entry.after:
            if name not in known:
                words = f"the entry {name} before this one is missing"
                yield Finding(_entry(loaded, position, "after"), "chain", words)
        if entry_id(entry, before) != entry.id:
            yield Finding(
                _entry(loaded, position, "id"),
                "chain",
                "this entry, or one before it, is not what was written (rewritten history?)",
                "git log -p shows who changed it",
            )
            return


def _order(loaded: LoadedTicket) -> Iterator[Finding]:
    """The entries stand in the one order in which a set of entries is written."""
    history = loaded.ticket.history
    if is_linear(history):
        return
    before = {
        entry.id: predecessors(history, position)
        for position, entry in enumerate(history)
    }
    for position, (stands, belongs) in enumerate(
        zip(history, order(history, before), strict=False)
    ):
        if stands.id != belongs.id:
            yield Finding(
                _entry(loaded, position),
                "order",
                f"here belongs the entry {belongs.id}",
            )
            return


def _future(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """No event is dated in the future; of several the newest is named."""
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
        _entry(loaded, history.index(event), "at"),
        "future",
        in_future(event) + more,
        "sweeps leave the ticket alone until then; if the clock is wrong, set it right",
    )


def _imports(loaded: LoadedTicket) -> Iterator[Finding]:
    """An import below other entries says that and nothing else, since no rule looks at
    it."""
    for position, entry in enumerate(loaded.ticket.history):
        if is_import(entry) and (more := entry.content().keys() - _OF_IMPORT):
            words = (
                f"an import below other events cannot hold {', '.join(sorted(more))}"
            )
            yield Finding(_entry(loaded, position, min(more)), "import", words)


_OF_IMPORT = frozenset(("id", "at", "by", "role", "event", "after"))


def _fold(loaded: LoadedTicket) -> Iterator[Finding]:
    """The head is what replaying the history gives."""
    for wrong in loaded.differences:
        says = "missing" if wrong.says is None else f'"{wrong.says}"'
        gives = "has none" if wrong.gives is None else f'ends in "{wrong.gives}"'
        hint = f"set by hand? ticketctl edit --adopt {short_id(loaded.ticket.id)}"
        yield Finding(
            wrong.place, "fold", f"{wrong.key} is {says}, but the history {gives}", hint
        )


def _status(loaded: LoadedTicket, profile: Profile) -> Iterator[Finding]:
    """Every status that is named exists in the profile."""
    known = profile.statuses
    if (
        loaded.differences
        and (head := loaded.node.map.get("status")) is not None
        and head.text not in known
    ):
        hint = closest(head.text, list(known))
        yield Finding(
            _head(loaded, "status"),
            "schema",
            f'unknown status "{head.text}" in {profile.name}',
            hint,
        )
    for position, entry in enumerate(loaded.ticket.history):
        if (
            entry.to not in known
            and entry.to is not None
            and entry.sets.get("version", 0) in (0, profile.version)
        ):
            yield Finding(
                _entry(loaded, position, "to"),
                "schema",
                f'unknown status "{entry.to}" in {profile.name}',
                closest(entry.to, list(known)),
            )


def _fields(loaded: LoadedTicket, profile: Profile) -> Iterator[Finding]:
    """Every field that is set exists and has a value of its type."""
    for position, entry in enumerate(loaded.ticket.history):
        for key, value in entry.sets.items():
            if key not in _SET and (found := _wrong(profile, key, value)):
                item = loaded.node.map["history"].items[position].map["set"].map[key]
                yield Finding(Place(loaded.path, item.line, item.col), "schema", *found)


_SET = frozenset((*SETTABLE, "ticket", "profile", "version", LINK))


def _wrong(profile: Profile, key: str, value: Value) -> tuple[str, str] | None:
    """What is wrong with something that an entry sets and that is none of :data:`_SET`,
    and a hint."""
    if not key.startswith("fields."):
        return f'"{key}" cannot be set', closest(key, SETTABLE)
    name = key.removeprefix("fields.").partition(".")[0]
    declared = profile.fields.get(name)
    if declared is None:
        return f'{profile.name} has no field "{name}"', closest(
            name, list(profile.fields)
        )
    problem = _type_problem(declared, value)
    return (f"{name} {problem}", "") if problem else None


def _type_problem(declared: Field, value: object) -> str:
    match declared.type:
        case "enum":
            return (
                ""
                if value in declared.values
                else f'is "{value}", not {" or ".join(declared.values)}'
            )
        case "boolean":
            return "" if isinstance(value, bool) else "is neither true nor false"
        case "integer":
            return (
                ""
                if isinstance(value, int) and not isinstance(value, bool)
                else "is not a whole number"
            )
        case "date" | "datetime":
            try:
                dates.moment_of(str(value), dates.zone("UTC"))
            except ValueError:
                return f'is "{value}", neither a date nor an instant'
        case "users":
            return "" if isinstance(value, tuple) else "is not a list"
    return ""


def _moves(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """Every move was legal when it was made, by the rules of its version and the role
    that the history records."""
    history = loaded.ticket.history
    profile = None
    for position, ticket, (name, version) in recorded_moves(history):
        entry = history[position]
        if profile is None or (profile.name, profile.version) != (name, version):
            try:
                profile = workspace.registry.at_version(name, version)
            except DiskError:
                raise  # nobody knows what the rules say
            except TicketctlError as error:
                yield Finding(
                    _entry(loaded, position),
                    "unjudged",
                    error.message,
                    severity="warning",
                )
                return
        if profile is None:
            hint = f"keep the old rules as profiles/{name}@{version}.yaml"
            words = f"made under version {version} of {name}, which is not here"
            yield Finding(
                _entry(loaded, position, "to"), "unjudged", words, hint, "warning"
            )
            return
        for reason in illegal_reasons(profile, ticket, entry):
            yield Finding(_entry(loaded, position, "to"), "illegal", reason)


def _keeps(
    workspace: Workspace, loaded: LoadedTicket, profile: Profile
) -> Iterator[Finding]:
    """What a status keeps true is true."""
    ticket = loaded.ticket
    status = profile.statuses.get(ticket.status)
    if status is None or not status.keeps:
        return
    context = system_context(workspace.situation_of(profile), ticket)
    for reason in failures(status.keeps, context):
        yield Finding(
            _head(loaded, "status"),
            "keeps",
            f"{ticket.status} is kept only while: {reason}",
        )
