"""The group move of a profile: move all tickets, or none (A26)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ticketctl.app.change import change_all
from ticketctl.app.index.find import read_matches
from ticketctl.app.input.identity import actors
from ticketctl.app.outcome import Outcome
from ticketctl.app.transaction import require_writable
from ticketctl.app.workspace import Workspace
from ticketctl.core.conditions import Event
from ticketctl.core.engine.context import EvalContext, fill_sets
from ticketctl.core.engine.events import latest
from ticketctl.core.engine.requests import Change
from ticketctl.core.entry import Value
from ticketctl.core.plural import counted
from ticketctl.core.profile import Batch, Profile
from ticketctl.core.query import OneOfTerm, Query
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import Ticket, unflat
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import (
    UNREAD,
    BrokenError,
    Finding,
    RefusedError,
    UnreadError,
    UsageError,
    closest,
)
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def find_batch(
    workspace: Workspace, name: str, profile: str | None
) -> tuple[Profile, Batch]:
    """Return the batch of a name, and its profile.

    Args:
        profile: the profile to look in; ``None`` for the only one that has the batch.

    Raises:
        UsageError: there is no such batch, or several profiles have one.
    """
    profiles = (
        [workspace.registry.get(profile)] if profile else list(workspace.registry.all())
    )
    matches = [(each, each.batches[name]) for each in profiles if name in each.batches]
    if not matches:
        known = [batch for each in profiles for batch in each.batches]
        raise UsageError(
            f'there is no batch "{name}"',
            closest(name, known) or f"there are: {', '.join(known) or 'none'}",
        )
    if len(matches) > 1:
        raise UsageError(f'several profiles have a batch "{name}"', "name one with -p")
    return matches[0]


class BatchRequest(NamedTuple):
    """A request to move tickets together.

    Args:
        name: the name given to this batch, ``$name`` of the profile.
        ids: the tickets to move, as the user types them; if empty, all that are in the
            first status of the batch.
        without: whole ids of tickets to leave out.
        reply: a message on each ticket.
        note: an internal note on each ticket.
    """

    name: str
    ids: Sequence[str] = ()
    without: Collection[str] = ()
    reply: str | None = None
    note: str | None = None


def run_batch(
    workspace: Workspace, profile: Profile, batch: Batch, request: BatchRequest
) -> list[Outcome]:
    """Put tickets into a batch and move them together, in one commit.

    Raises:
        RefusedError: a ticket belongs to the batch and is not ready yet, or there is
            nothing to move.
        BrokenError: a ticket cannot be read, so it is unknown whether all are ready.
        BusyError: git is in the middle of a merge, rebase or the like.
    """
    require_writable(workspace)  # in a merge, tickets hold conflict markers
    tickets = _candidates(workspace, profile, batch)
    ids = [workspace.id_of(text) for text in request.ids] or [
        ticket.id for ticket in tickets if ticket.status == batch.source
    ]
    ids = [id_ for id_ in dict.fromkeys(ids) if id_ not in request.without]
    late = [
        ticket
        for ticket in tickets
        if ticket.id not in ids
        and ticket.id not in request.without
        and _belongs(workspace, profile, batch, ticket, request.name)
    ]
    if late:
        named = [f"{short_id(ticket.id)} is {ticket.status}" for ticket in late[:10]]
        raise RefusedError(
            f"not all tickets of {request.name} are {batch.source}: {'; '.join(named)}"
            + ("; ..." if len(late) > 10 else ""),
            f"to leave it out: --without {short_id(late[0].id)}",
        )
    if not ids:
        raise RefusedError(
            f"no ticket of {profile.title} is {batch.source}; nothing to move"
        )

    def ask(loaded: LoadedTicket, its_profile: Profile) -> list[Change]:
        ticket = loaded.ticket
        if its_profile.name != profile.name:
            raise UsageError(
                f"{short_id(ticket.id)} is a ticket of {its_profile.name}, not of {profile.name}"
            )
        values, _ = _values(workspace, its_profile, batch, ticket, request.name)
        sets = {unflat(name): value for name, value in values.items()}
        return [
            Change(
                actor,
                batch.target,
                request.reply,
                request.note,
                sets,
                name=request.name,
            )
            for actor in actors(workspace, its_profile, ticket)
        ]

    subject = f"{batch.name} {request.name}: {counted(len(ids), 'ticket')}"
    return change_all(workspace, ids, ask, subject)


def _candidates(workspace: Workspace, profile: Profile, batch: Batch) -> list[Ticket]:
    """Return the tickets of a profile that could be in a batch.

    Raises:
        BrokenError, UnreadError: a ticket cannot be read.
    """
    broken: list[Finding] = []
    of_profile = OneOfTerm("profile", (profile.name,))
    ready = Query((of_profile, OneOfTerm("status", (batch.source,))))
    live = Query((of_profile, OneOfTerm("closed", (0,))))
    matches = read_matches(workspace, broken, [ready, live])
    tickets = [loaded.ticket for loaded, _ in matches]
    for finding in broken:
        if finding.code == UNREAD:
            raise UnreadError(finding.message, finding.hint, finding.place)
        raise BrokenError(finding.message, finding.hint, finding.place)
    return tickets


def _belongs(
    workspace: Workspace, profile: Profile, batch: Batch, ticket: Ticket, name: str
) -> bool:
    """Return whether a ticket is in a batch and has not reached its target since.

    It is in the batch if its fields have the values that the batch sets.
    """
    sets, unset = _values(workspace, profile, batch, ticket, name)
    if sets or unset or profile.state(ticket.status) == "closed":
        return False
    joined = max(
        latest(profile, ticket.acts, Event("field_set", field.partition(".")[0]))
        for field in batch.sets
    )
    return latest(profile, ticket.acts, Event("entered", batch.target)) < joined


def _values(
    workspace: Workspace, profile: Profile, batch: Batch, ticket: Ticket, name: str
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the values that a batch sets on a ticket, and the names that it clears.

    Values that the ticket has already are left out.

    Raises:
        RefusedError: a value would be too long.
    """
    context = EvalContext(
        profile,
        workspace.people_of(profile),
        workspace.now,
        ticket,
        ticket.acts,
        name=name,
    )
    try:
        return fill_sets(batch.sets, context)
    except TooLongError as error:
        raise RefusedError(f"{profile.name}, batch {batch.name}: {error}") from None
