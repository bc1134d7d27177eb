"""The group move of a profile: all tickets, or none (A26)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ticketctl.app.change import change_all
from ticketctl.app.index.find import read_matches
from ticketctl.app.input.identity import actors
from ticketctl.app.outcome import Outcome
from ticketctl.app.transaction import require_writable
from ticketctl.app.workspace import Workspace
from ticketctl.core.conditions import Event
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import latest
from ticketctl.core.engine.placeholders import fill_sets
from ticketctl.core.engine.requests import Change
from ticketctl.core.entry import Value
from ticketctl.core.profile import Batch, Profile
from ticketctl.core.query import Query, Term
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    UNREAD,
    BrokenError,
    Finding,
    RefusedError,
    UnreadError,
    UsageError,
    closest,
)
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket


def find_batch(
    workspace: Workspace, name: str, profile: str | None
) -> tuple[Profile, Batch]:
    """The batch of that name: of the profile named, else of the only one that has it.

    Raises:
        UsageError: there is none, or several profiles have one.
    """
    registry = (
        [workspace.registry.get(profile)] if profile else list(workspace.registry.all())
    )
    found = [(each, each.batches[name]) for each in registry if name in each.batches]
    if not found:
        known = [batch for each in registry for batch in each.batches]
        raise UsageError(
            f'there is no batch "{name}"',
            closest(name, known) or f"there are: {', '.join(known) or 'none'}",
        )
    if len(found) > 1:
        raise UsageError(f'several profiles have a batch "{name}"', "name one with -p")
    return found[0]


def run_batch(
    workspace: Workspace,
    profile: Profile,
    batch: Batch,
    value: str,
    ids: Sequence[str],
    without: Collection[str],
    reply: str | None = None,
    note: str | None = None,
) -> list[Outcome]:
    """Put tickets into a batch and move them together, in one commit.

    Args:
        value: the name given to the batch, ``$name`` of the profile.
        ids: the tickets to move; all that are in the batch's first status, if empty.
        without: whole ids to leave out.

    Raises:
        RefusedError: a ticket belongs to the batch and is not yet ready, or there is
            nothing to move.
        BrokenError: a ticket cannot be read, so nobody knows whether all are ready.
        BusyError: git is in the middle of something.
    """
    require_writable(
        workspace
    )  # in the middle of a merge, tickets hold conflict markers
    tickets = _tickets(workspace, profile, batch)
    chosen = [workspace.id_of(text) for text in ids] or [
        t.id for t in tickets if t.status == batch.source
    ]
    chosen = [id_ for id_ in dict.fromkeys(chosen) if id_ not in without]
    late = [
        t
        for t in tickets
        if t.id not in chosen
        and t.id not in without
        and _belongs(workspace, profile, batch, t, value)
    ]
    if late:
        named = "; ".join(f"{short(t.id)} is {t.status}" for t in late[:10]) + (
            "; ..." if len(late) > 10 else ""
        )
        raise RefusedError(
            f"not all tickets of {value} are {batch.source}: {named}",
            f"--without {short(late[0].id)} leaves it out",
        )
    if not chosen:
        raise RefusedError(
            f"no ticket of {profile.title} is {batch.source}; nothing to move"
        )

    def ask(was: LoadedTicket, its: Profile) -> list[Change]:
        if its.name != profile.name:
            raise UsageError(
                f"{short(was.ticket.id)} is a ticket of {its.name}, not of {profile.name}"
            )
        put, _ = _filled(workspace, its, batch, was.ticket, value)
        sets = {name.removeprefix("fields."): held for name, held in put.items()}
        return [
            Change(actor, batch.target, reply, note, sets, name=value)
            for actor in actors(workspace, its, was.ticket)
        ]

    return change_all(
        workspace,
        chosen,
        ask,
        f"{batch.name} {value}: {len(chosen)} ticket{'s' if len(chosen) > 1 else ''}",
    )


def _tickets(workspace: Workspace, profile: Profile, batch: Batch) -> list[Ticket]:
    """The tickets of a profile that could be in a batch."""
    broken: list[Finding] = []
    own = Term("profile", "is", (profile.name,))
    ready, live = (
        Query((own, Term("status", "is", (batch.source,)))),
        Query((own, Term("closed", "is", (0,)))),
    )
    found = [
        loaded.ticket for loaded, _ in read_matches(workspace, broken, [ready, live])
    ]
    for finding in broken:
        if finding.code == UNREAD:
            raise UnreadError(finding.message, finding.hint, finding.place)
        raise BrokenError(finding.message, finding.hint, finding.place)
    return found


def _belongs(
    workspace: Workspace, profile: Profile, batch: Batch, ticket: Ticket, value: str
) -> bool:
    """Whether a ticket already says that it is in this batch, and has not reached its
    target since it says so."""
    put, cleared = _filled(workspace, profile, batch, ticket, value)
    if put or cleared or profile.state(ticket.status) == "closed":
        return False
    said = max(
        latest(profile, ticket.acts, Event("field_set", name.partition(".")[0]))
        for name in batch.sets
    )
    return latest(profile, ticket.acts, Event("entered", batch.target)) < said


def _filled(
    workspace: Workspace, profile: Profile, batch: Batch, ticket: Ticket, value: str
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """What the batch sets on a ticket, and clears.

    Raises:
        RefusedError: a value would be too long.
    """
    context = EvalContext(
        profile,
        workspace.people_of(profile),
        workspace.now,
        ticket,
        ticket.acts,
        name=value,
    )
    try:
        return fill_sets(batch.sets, context)
    except TooLongError as error:
        raise RefusedError(f"{profile.name}, batch {batch.name}: {error}") from None
