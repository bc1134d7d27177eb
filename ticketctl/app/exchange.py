"""Tickets of another store, or of another program, as tickets of this one: ``import``."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from typing import Any

from ticketctl.app import opening, values
from ticketctl.app.audit import check_ticket
from ticketctl.app.desk import Desk
from ticketctl.app.recording import record, writing
from ticketctl.app.rows import Rows
from ticketctl.app.who import actors
from ticketctl.core import dates
from ticketctl.core.chain import seal
from ticketctl.core.entry import Entry, Value
from ticketctl.core.located import Node
from ticketctl.core.profile import CREATED, Profile
from ticketctl.core.requests import Actor
from ticketctl.core.ticket import Ticket, flat, fold
from ticketctl.core.words import counted
from ticketctl.core.workflow import actor_reasons
from ticketctl.errors import BrokenError, DiskError, RefusedError, TicketctlError, UncommittedError, UsageError
from ticketctl.record import Record
from ticketctl.store import files, journal
from ticketctl.store.codec import emit
from ticketctl.store.paths import ID, path_of
from ticketctl.store.reading import Loaded, load


class Imported(Record):
    """What became of a file of tickets.

    Args:
        new: how many were written, ``known`` how many were there already, just so.
        failed: that git would not commit them.
    """

    new: int
    known: int
    failed: UncommittedError | None = None


def bring_in(desk: Desk, rows: Rows, dry: bool = False) -> Imported:
    """Write the tickets of a file, all or none, in one commit. They are taken one at a time and not kept.

    Args:
        rows: what ``export`` gave, or rows as of ``new --from`` that may say when a ticket was ``created`` and name any
            ``status``.
        dry: look at them all, and write nothing.

    Raises:
        TicketctlError: with the row in front of the message, if one cannot be; nothing was written then.
    """
    paths: list[str] = []
    taken = set[str]()
    known = 0

    def writes() -> Iterator[journal.Write]:
        nonlocal known
        for place, row in rows:
            try:
                write = _write(desk, row, taken)
            except TicketctlError as error:
                error.message = place + error.message
                raise
            if write is None:
                known += 1
            else:
                paths.append(write.path)
                yield write

    if dry:
        return Imported(sum(1 for _ in writes()), known)
    with writing(desk):
        number = journal.write_all(desk.state, writes())
        failed = record(desk, paths, f"import: {counted(number, 'ticket')}", _author(desk))
    return Imported(number, known, failed)


def _author(desk: Desk) -> str:
    """Whose commit it is, where git knows nobody."""
    _, _, who = (desk.as_ or "").rpartition(":")
    return who if "@" in who else desk.email or "import@localhost"


def _write(desk: Desk, row: Mapping[str, Any], taken: set[str]) -> journal.Write | None:
    """The file of a row's ticket; nothing, if it is there already.

    Args:
        taken: the ids of the rows before; takes this one's.

    Raises:
        RefusedError: the rules do not let it be, it is not the user's to bring in, or there is another of that id.
    """
    ticket = _restored(row) if "history" in row else _made(desk, row, taken)
    if ticket.id in taken:
        raise RefusedError(f"another row has the id {ticket.id}")
    taken.add(ticket.id)
    path, data = path_of(ticket.id), emit(ticket)
    for finding in check_ticket(desk, Loaded(ticket, data, path)):
        if finding.severity == "error":
            raise RefusedError(f"{ticket.id} cannot be: {finding.message}", finding.hint)
    importer(desk, desk.shelf.get(ticket.profile))
    try:
        there = files.read_in(desk.root, path, files.MAX_BYTES)
    except FileNotFoundError:
        return journal.Write(path, data)
    except DiskError as error:
        raise RefusedError(error.message, error.hint) from None
    if there != data:
        raise RefusedError(f"there is a ticket {ticket.id} already, and it is another", "ticketctl show has it")
    return None


def importer(desk: Desk, profile: Profile) -> Actor:
    """Who the user is in bringing in tickets of a profile: staff, in a role that is theirs.

    Raises:
        RefusedError: they are not.
    """
    people = desk.people_of(profile)
    reasons: list[str] = []
    for actor in actors(desk, profile, None):
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
        return load(b"", path_of(id_), _node({"id": id_, "history": row["history"]}), id_).ticket
    except BrokenError as error:
        raise UsageError(f"{id_}: {error.message}") from None


_DEEPEST = 20


def _node(value: Any, depth: int = 0) -> Node:
    """A JSON value as the readers of ticket files take it; it stands nowhere.

    Raises:
        UsageError: it is nested deeper than a ticket.
    """
    if depth > _DEEPEST:
        raise UsageError("nested too deeply to be a ticket")
    if isinstance(value, dict):
        return Node({str(key): _node(item, depth + 1) for key, item in value.items()}, 1, 1)
    if isinstance(value, list):
        return Node([_node(item, depth + 1) for item in value], 1, 1)
    return Node(value if isinstance(value, str | int) or value is None else str(value), 1, 1)


def _made(desk: Desk, row: Mapping[str, Any], taken: Container[str]) -> Ticket:
    """A ticket that was kept elsewhere: one entry, of the time at which it was opened."""
    created = _created(desk, row)
    own = {key: value for key, value in row.items() if key not in ("schema", "created", "status")}
    profile, (request, *_) = opening.request(desk, {"id": opening.fresh_id(desk, created, taken), **own}, "", taken)
    actor = importer(desk, profile)
    start = next(edge.target for edge in profile.edges if edge.source == CREATED)
    status = values.status(profile, str(row["status"])) if row.get("status") else start
    sets: dict[str, Value] = {"ticket": request.id, "profile": profile.name, "version": profile.version,
                              "title": request.title}  # fmt: skip
    entry = Entry(
        dates.format_instant(created), actor.who, actor.role, "imported", to=status, text=request.text, note=request.note,
        sets=sets | {flat(name): value for name, value in request.sets.items()},
    )  # fmt: skip
    return fold([seal((), entry)])


def _created(desk: Desk, row: Mapping[str, Any]) -> datetime:
    """When a row says that its ticket was opened; now, if it does not.

    Raises:
        UsageError: it is no moment, lies ahead, or before 2000, where ids do not reach.
    """
    if "created" not in row:
        return desk.now
    text = str(row["created"])
    moment = dates.moment_of(values.when(desk, text), dates.zone(desk.settings.timezone))
    if moment > desk.now or moment.year < 2000:
        raise UsageError(f'a ticket cannot be created at "{text}"', "between the year 2000 and now")
    return moment
