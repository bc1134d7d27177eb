"""``import``: bring in tickets of another store or another program."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.input import new_ticket, values
from ticketctl.app.input.identity import actors
from ticketctl.app.input.rows import Rows
from ticketctl.app.ticket_checks import check_ticket
from ticketctl.app.transaction import commit_written, write_files, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.decide import actor_reasons
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Actor
from ticketctl.core.engine.timers import due_now
from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import seal, union
from ticketctl.core.plural import counted
from ticketctl.core.profile import CREATED, Profile
from ticketctl.core.ticket import Ticket, flat, fold
from ticketctl.core.yaml_node import Node
from ticketctl.errors import (
    BrokenError,
    MissingError,
    RefusedError,
    TicketctlError,
    UncommittedError,
    UsageError,
)
from ticketctl.store import files
from ticketctl.store.paths import ID, path_of
from ticketctl.store.writing import journal
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket, load_ticket
from ticketctl.store.yaml.writer import emit


class ImportResult(NamedTuple):
    """The result of an import.

    Args:
        new: how many tickets were written.
        known: how many were imported before, whatever happened to them since.
        settled: how many had notifications to send where they came from; these are not
            sent.
        due: on how many tickets a rule is due at once.
        missing: how many attachments are named in the tickets and not in this store.
        unjudged: how many tickets cannot be checked in full, since they were made under
            a version of a profile that this store does not have.
        strangers: the assignees that have no role here, where the settings list people.
        failed: the error, if git did not commit.
    """

    new: int
    known: int
    settled: int
    due: int
    missing: int
    unjudged: int
    strangers: tuple[str, ...] = ()
    failed: UncommittedError | None = None


def import_tickets(
    workspace: Workspace, rows: Rows, source: str, dry: bool = False
) -> ImportResult:
    """Write the tickets of a file, all or none, in one commit.

    They are read one at a time and not kept in memory.

    Args:
        rows: of an export; or rows as of ``new --from``, which may also say when a
            ticket was ``created``, and give it any ``status``.
        source: the name of the file in the message of the commit.
        dry: whether to check all rows and write nothing.

    Raises:
        TicketctlError: a row cannot be imported; the message names it. Nothing was
            written.
    """
    run = _ImportRun(workspace)
    if dry:
        for _ in run.writes(rows):
            pass
        return run.result()
    with writing(workspace):
        write_files(workspace, run.writes(rows))
        return run.result(
            commit_written(workspace, run.message(source), _author(workspace))
        )


class _ImportRun:
    """One import: what it has written, and its counts so far."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.paths: list[str] = []
        self.taken: set[str] = set()
        self.who = ""
        self.known = self.settled = self.due = self.missing = self.unjudged = 0
        self.strangers: set[str] = set()

    def writes(self, rows: Rows) -> Iterator[journal.Write]:
        """Yield the files of the tickets that are not in the store yet, row by row."""
        for place, row in rows:
            try:
                write = self._write(row)
            except TicketctlError as error:
                error.message = place + error.message
                raise
            if write is None:
                self.known += 1
            else:
                self.paths.append(write.path)
                yield write

    def result(self, failed: UncommittedError | None = None) -> ImportResult:
        """Return the result so far."""
        return ImportResult(
            len(self.paths),
            self.known,
            self.settled,
            self.due,
            self.missing,
            self.unjudged,
            tuple(sorted(self.strangers)),
            failed,
        )

    def message(self, source: str) -> str:
        """Return the message of the commit.

        It says who imported the tickets, since git's author may be somebody else.
        """
        name, who = (
            "".join(char if char.isprintable() else "?" for char in text)[:100]
            for text in (source, self.who)
        )
        lines = [f"import: {counted(len(self.paths), 'ticket')} from {name} ({who})"]
        if self.settled:
            lines += [
                "",
                f"{counted(self.settled, 'ticket')} had notifications to send; these are not sent.",
            ]
        return "\n".join(lines)

    def _write(self, row: Mapping[str, Any]) -> journal.Write | None:
        """Return the file of a row's ticket; ``None`` if it was imported before.

        Raises:
            RefusedError: the rules do not allow the ticket, the user may not import it,
                or another ticket has its id.
        """
        workspace = self.workspace
        imported = (
            _restored(row)
            if "history" in row
            else _new_ticket(workspace, row, self.taken)
        )
        if imported.id in self.taken:
            raise RefusedError(f"another row has the id {imported.id}")
        self.taken.add(imported.id)
        path = path_of(imported.id)
        loaded = LoadedTicket(imported, _written(imported), path)
        findings = check_ticket(workspace, loaded)
        for finding in findings:
            if finding.severity == "error":
                raise RefusedError(
                    f"{imported.id} cannot be imported: {finding.message}", finding.hint
                )
        profile = workspace.registry.get(imported.profile)
        actor = importer(workspace, profile)
        self.who = self.who or actor.who
        if _is_there(workspace, imported):
            return None
        self.unjudged += any(finding.code == "unjudged" for finding in findings)
        ticket = _settled(workspace, imported, actor)
        self.settled += ticket is not imported
        self.due += (
            next(
                iter(due_now(workspace.situation_of(profile), ticket)),
                None,
            )
            is not None
        )
        people = workspace.people_of(profile).roles
        if people is not None and ticket.assignee and not people.get(ticket.assignee):
            self.strangers.add(ticket.assignee)
        self.missing += sum(
            not is_attached(workspace, name)
            for entry in ticket.history
            for name in attachment_paths(ticket, entry)
        )
        return journal.Write(
            path, loaded.data if ticket is imported else _written(ticket)
        )


def _written(ticket: Ticket) -> bytes:
    """Return the file of a ticket.

    Raises:
        RefusedError: it is too large to be read again.
    """
    data = emit(ticket)
    if len(data) > files.MAX_BYTES:
        raise RefusedError(
            f"{ticket.id} is larger than {files.MAX_BYTES >> 20} MiB",
            "attach what is long",
        )
    return data


def _settled(workspace: Workspace, ticket: Ticket, actor: Actor) -> Ticket:
    """Return a ticket as it is written here.

    Nobody gets a notification because of an import: if the ticket has notifications to
    send, it gets one more entry that says that they are not sent.
    """
    if next(due_notifications(ticket), None) is None:
        return ticket
    entry = Entry(
        dates.format_instant(workspace.now), actor.who, actor.role, "imported"
    )
    return fold((*ticket.history, seal(ticket.history, entry)))


def _is_there(workspace: Workspace, imported: Ticket) -> bool:
    """Return whether a ticket was imported before: all of its events are here.

    Others may have been added since, by the import itself, by people, by a merge.

    Raises:
        RefusedError: the ticket here lacks an event of it, or cannot be read.
    """
    try:
        present = workspace.store.read(imported.id).ticket
    except MissingError:
        return False
    except BrokenError as error:
        raise RefusedError(
            f"there is a ticket {imported.id} already, which is broken: {error.message}",
            error.hint,
        ) from None
    with suppress(ValueError):  # their first events differ
        if len(union(present.history, imported.history)) == len(present.history):
            return True
    raise RefusedError(
        f"there is a ticket {imported.id} already, and it is another one",
        f"to see it: ticketctl show {imported.id}",
    )


def _author(workspace: Workspace) -> str:
    """Return the address to commit as, where git knows none."""
    _, _, who = (workspace.as_ or "").rpartition(":")
    return who if "@" in who else workspace.email or "import@localhost"


def importer(workspace: Workspace, profile: Profile) -> Actor:
    """Return the staff role in which the user imports tickets of a profile.

    Raises:
        RefusedError: the user has no such role.
    """
    people = workspace.people_of(profile)
    reasons: list[str] = []
    for actor in actors(workspace, profile, None):
        refusals = actor_reasons(profile, None, actor, people)
        if profile.kind(actor.role) == "customer":
            refusals = [f"only staff can import tickets, not {actor.role}"]
        if not refusals:
            return actor
        reasons += refusals
    raise RefusedError("; ".join(dict.fromkeys(reasons)))


def _restored(row: Mapping[str, Any]) -> Ticket:
    """Return the ticket of a row of an export, with its history."""
    id_ = str(row.get("id"))
    if not ID.match(id_):
        raise UsageError(
            f'"{id_}" is not an id',
            "each row of an export has one, such as 261121-k3qx9",
        )
    try:
        node = _node({"id": id_, "history": row["history"]}, [MAX_VALUES])
        return load_ticket(b"", path_of(id_), node, id_).ticket
    except BrokenError as error:
        raise UsageError(f"{id_}: {error.message}") from None


_MAX_DEPTH = 20


MAX_VALUES = 200_000
"""How many values a ticket may have: twice what fits into the largest file."""


def _node(value: Any, budget: list[int], depth: int = 0) -> Node:
    """Return a JSON value as a node of a ticket file, without a real place.

    Args:
        budget: a list of one number: how many more values there may be. It is counted
            down.

    Raises:
        UsageError: the value is nested too deeply, has too many values, or is one that
            no ticket has.
    """
    budget[0] -= 1
    if budget[0] < 0:
        raise UsageError(f"more than {MAX_VALUES:,} values: too large to be a ticket")
    if depth > _MAX_DEPTH:
        raise UsageError("nested too deeply to be a ticket")
    if isinstance(value, dict):
        return Node(
            {str(key): _node(item, budget, depth + 1) for key, item in value.items()},
            1,
            1,
        )
    if isinstance(value, list):
        return Node([_node(item, budget, depth + 1) for item in value], 1, 1)
    if isinstance(value, float):
        raise UsageError(
            f"a ticket cannot have the value {value}", "numbers of tickets are whole"
        )
    return Node(value, 1, 1)


def _new_ticket(
    workspace: Workspace, row: Mapping[str, Any], taken: Container[str]
) -> Ticket:
    """Return a ticket of another program: one entry, of the time when it was opened."""
    new_ticket.check_texts(row)
    created = _created(workspace, row)
    columns = {
        key: value
        for key, value in row.items()
        if key not in ("schema", "created", "status")
    }
    defaults = new_ticket.NewTicketInput(id=workspace.store.fresh_id(created, taken))
    profile, (request, *_) = new_ticket.create_requests(
        workspace, new_ticket.from_row(columns, defaults), taken
    )
    actor = importer(workspace, profile)
    start = next(edge.target for edge in profile.edges if edge.source == CREATED)
    status = (
        values.find_status(profile, str(row["status"])) if row.get("status") else start
    )
    sets: dict[str, Value] = {
        "ticket": request.id,
        "profile": profile.name,
        "version": profile.version,
        "title": request.title,
    }
    entry = Entry(
        dates.format_instant(created),
        actor.who,
        actor.role,
        "imported",
        to=status,
        text=request.text,
        note=request.note,
        sets=sets | {flat(name): value for name, value in request.sets.items()},
    )
    return fold([seal((), entry)])


def _created(workspace: Workspace, row: Mapping[str, Any]) -> datetime:
    """Return when a row says that its ticket was opened; now, if it does not say.

    Raises:
        UsageError: it is not an instant, is in the future, or before 2000, where ids
            begin.
    """
    if "created" not in row:
        return workspace.now
    text = str(row["created"])
    moment = dates.moment_of(
        values.parse_moment(workspace, text), dates.zone(workspace.settings.timezone)
    )
    if moment > workspace.now or moment.year < 2000:
        raise UsageError(
            f'a ticket cannot be created at "{text}"', "between the year 2000 and now"
        )
    return moment
