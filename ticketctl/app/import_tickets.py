"""Tickets of another store, or of another program, as tickets of this one: ``import``."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.findings import check_ticket
from ticketctl.app.input import new_ticket, values
from ticketctl.app.input.identity import actors
from ticketctl.app.input.rows import Rows
from ticketctl.app.transaction import commit_written, write_files, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.dag import seal, union
from ticketctl.core.engine.decide import actor_reasons
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import Actor
from ticketctl.core.engine.timers import due_now
from ticketctl.core.entry import Entry, Value
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
from ticketctl.record import Record
from ticketctl.store import files
from ticketctl.store.paths import ID, path_of
from ticketctl.store.writing import journal
from ticketctl.store.yaml.loader import LoadedTicket, load_ticket
from ticketctl.store.yaml.writer import emit


class ImportResult(Record):
    """What became of a file of tickets.

    Args:
        new: how many were written, ``known`` how many were there already, whatever
            happened to them since.
        settled: how many owed notices where they came from; nobody sends those.
        due: on how many the next sweep may act at once.
        missing: how many attachments are named in them that are not here.
        unjudged: how many cannot be judged in full: they were made under rules that are
            not here.
        strangers: those who work on them and have no role here, where people are
            listed.
        failed: that git would not commit them.
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
    """Write the tickets of a file, all or none, in one commit. They are taken one at a
    time and not kept.

    Args:
        rows: what ``export`` gave, or rows as of ``new --from`` that may say when a
            ticket was ``created`` and name any ``status``.
        source: what the commit calls the file.
        dry: look at them all, and write nothing.

    Raises:
        TicketctlError: with the row in front of the message, if one cannot be; nothing
            was written then.
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
    """One import: what it has written, and what there is to say of it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.paths: list[str] = []
        self.taken: set[str] = set()
        self.who = ""
        self.known = self.settled = self.due = self.missing = self.unjudged = 0
        self.strangers: set[str] = set()

    def writes(self, rows: Rows) -> Iterator[journal.Write]:
        """The files of the tickets that are not there yet, row by row."""
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
        """What became of the file."""
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
        """The commit's: how many tickets, from which file, brought by whom (git's
        author may be somebody else)."""
        name, who = (
            "".join(char if char.isprintable() else "?" for char in text)[:100]
            for text in (source, self.who)
        )
        lines = [f"import: {counted(len(self.paths), 'ticket')} from {name} ({who})"]
        if self.settled:
            lines += [
                "",
                f"{counted(self.settled, 'ticket')} owed notices, which are not sent from here.",
            ]
        return "\n".join(lines)

    def _write(self, row: Mapping[str, Any]) -> journal.Write | None:
        """The file of a row's ticket; nothing, if it is there already.

        Raises:
            RefusedError: the rules do not let it be, it is not the user's to bring in,
                or there is another of that id.
        """
        workspace = self.workspace
        came = _restored(row) if "history" in row else _made(workspace, row, self.taken)
        if came.id in self.taken:
            raise RefusedError(f"another row has the id {came.id}")
        self.taken.add(came.id)
        path = path_of(came.id)
        loaded = LoadedTicket(came, _written(came), path)
        findings = check_ticket(workspace, loaded)
        for finding in findings:
            if finding.severity == "error":
                raise RefusedError(
                    f"{came.id} cannot be: {finding.message}", finding.hint
                )
        profile = workspace.registry.get(came.profile)
        actor = importer(workspace, profile)
        self.who = self.who or actor.who
        if _is_there(workspace, came):
            return None
        self.unjudged += any(finding.code == "unjudged" for finding in findings)
        ticket = _settled(workspace, came, actor)
        self.settled += ticket is not came
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
        return journal.Write(path, loaded.data if ticket is came else _written(ticket))


def _written(ticket: Ticket) -> bytes:
    """The file of a ticket.

    Raises:
        RefusedError: it is too large to be read again.
    """
    data = emit(ticket)
    if len(data) > files.MAX_BYTES:
        raise RefusedError(
            f"{ticket.id} is larger than {files.MAX_BYTES >> 20} MiB",
            "no ticket can be",
        )
    return data


def _settled(workspace: Workspace, ticket: Ticket, actor: Actor) -> Ticket:
    """The ticket as it is written here: as it came or, where it owes notices, with one
    more entry that settles them unsent. Nobody is written to because of an import."""
    if next(due_notifications(ticket), None) is None:
        return ticket
    entry = Entry(
        dates.format_instant(workspace.now), actor.who, actor.role, "imported"
    )
    return fold((*ticket.history, seal(ticket.history, entry)))


def _is_there(workspace: Workspace, came: Ticket) -> bool:
    """Whether a ticket that came has been imported before: each of its events is here.
    Others may have been added since, by the import itself, by people, by a merge.

    Raises:
        RefusedError: there is a ticket of its id that lacks an event of it, or cannot
            be read.
    """
    try:
        there = workspace.store.read(came.id).ticket
    except MissingError:
        return False
    except BrokenError as error:
        raise RefusedError(
            f"there is a ticket {came.id} already, which is broken: {error.message}",
            error.hint,
        ) from None
    with suppress(ValueError):  # they do not even begin alike
        if len(union(there.history, came.history)) == len(there.history):
            return True
    raise RefusedError(
        f"there is a ticket {came.id} already, and it is another",
        "ticketctl show has it",
    )


def _author(workspace: Workspace) -> str:
    """Whose commit it is, where git knows nobody."""
    _, _, who = (workspace.as_ or "").rpartition(":")
    return who if "@" in who else workspace.email or "import@localhost"


def importer(workspace: Workspace, profile: Profile) -> Actor:
    """Who the user is in bringing in tickets of a profile: staff, in a role that is
    theirs.

    Raises:
        RefusedError: they are not.
    """
    people = workspace.people_of(profile)
    reasons: list[str] = []
    for actor in actors(workspace, profile, None):
        found = actor_reasons(profile, None, actor, people)
        if profile.kind(actor.role) == "customer":
            found = [f"only staff import tickets, not {actor.role}"]
        if not found:
            return actor
        reasons += found
    raise RefusedError("; ".join(dict.fromkeys(reasons)))


def _restored(row: Mapping[str, Any]) -> Ticket:
    """A ticket with its history, as ``export`` gives it."""
    id_ = str(row.get("id"))
    if not ID.match(id_):
        raise UsageError(f'"{id_}" is not an id', "what export gives has one")
    try:
        node = _node({"id": id_, "history": row["history"]}, [MOST])
        return load_ticket(b"", path_of(id_), node, id_).ticket
    except BrokenError as error:
        raise UsageError(f"{id_}: {error.message}") from None


_DEEPEST = 20


MOST = 200_000
"""How many values a ticket may have: twice what fits into the largest file."""


def _node(value: Any, left: list[int], depth: int = 0) -> Node:
    """A JSON value as the readers of ticket files take it; it stands nowhere.

    Args:
        left: how many values there may still be; the number in it is counted down.

    Raises:
        UsageError: it is nested deeper than a ticket, or has more values, or one that
            no ticket has.
    """
    left[0] -= 1
    if left[0] < 0:
        raise UsageError(f"more than {MOST:,} values: too large to be a ticket")
    if depth > _DEEPEST:
        raise UsageError("nested too deeply to be a ticket")
    if isinstance(value, dict):
        return Node(
            {str(key): _node(item, left, depth + 1) for key, item in value.items()},
            1,
            1,
        )
    if isinstance(value, list):
        return Node([_node(item, left, depth + 1) for item in value], 1, 1)
    if isinstance(value, float):
        raise UsageError(f"{value} is in no ticket", "numbers of tickets are whole")
    return Node(value, 1, 1)


def _made(
    workspace: Workspace, row: Mapping[str, Any], taken: Container[str]
) -> Ticket:
    """A ticket that was kept elsewhere: one entry, of the time at which it was opened."""
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
    """When a row says that its ticket was opened; now, if it does not.

    Raises:
        UsageError: it is no moment, lies ahead, or before 2000, where ids do not reach.
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
