"""Whether a profile allows the moves that a history records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ticketctl.core import dates
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.guards import refusals
from ticketctl.core.engine.moves import creation_edges
from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import is_linear, knowledge
from ticketctl.core.people import NOBODY_LISTED
from ticketctl.core.profile import Profile, Transition
from ticketctl.core.ticket import (
    Ticket,
    apply,
    changed,
    flat_field,
    fold,
    stages,
    unflat,
)


def recorded_moves(
    history: Sequence[Entry],
) -> Iterator[tuple[int, Ticket | None, tuple[str, int]]]:
    """Yield the moves of a history.

    Yields:
        The position of the move in the history, the ticket before it (``None`` if the
        move creates it), and name and version of the profile after it.
    """
    return stages(history) if is_linear(history) else _merged_moves(history)


def _merged_moves(
    history: Sequence[Entry],
) -> Iterator[tuple[int, Ticket | None, tuple[str, int]]]:
    """Yield the moves of a merged history.

    The ticket before a move is the one that its author could see.
    """
    seen = knowledge(history)
    for position, entry in enumerate(history):
        if entry.to is None:
            continue
        before = [
            earlier
            for index, earlier in enumerate(history[:position])
            if seen[entry.id] >> index & 1
        ]
        try:
            ticket = fold(before) if before else None
            after = apply(ticket, entry)
        except ValueError:
            continue  # a predecessor is missing, which the check of the chain reports
        yield position, ticket, (after.profile, after.version)


def illegal_reasons(profile: Profile, ticket: Ticket | None, entry: Entry) -> list[str]:
    """Return why a recorded move was not legal; empty if it was.

    Args:
        ticket: the ticket before the move; ``None`` if the move creates it.
    """
    assert entry.to is not None
    role = profile.role_of_kind("customer") if entry.for_ else entry.role
    if ticket is None and entry.event == "imported":
        return []  # an imported ticket may have any status of the profile
    if ticket is None:
        edges = [
            edge for edge in creation_edges(profile, entry.to) if role in edge.roles
        ]
        return [] if edges else [f"{entry.role} cannot create a ticket as {entry.to}"]
    if entry.from_ != ticket.status:
        return [f"the move is from {entry.from_}, but the ticket was {ticket.status}"]
    if entry.to not in profile.statuses:
        return [
            f'version {profile.version} of {profile.name} has no status "{entry.to}"'
        ]
    edges = [
        edge for edge in profile.between(ticket.status, entry.to) if role in edge.roles
    ]
    sets, unset = _as_requested(entry, edges[0]) if edges else (entry.sets, entry.unset)
    context = EvalContext(
        profile,
        NOBODY_LISTED,
        dates.parse_instant(entry.at),
        changed(ticket, sets, unset),
        ticket.history,
        role,
        entry.role,
        entry.by,
        channel="mail" if entry.via == "mail" else "cli",
        text=entry.text,
        note=entry.note,
        changed=frozenset([flat_field(name) for name in (*sets, *unset)]),
    )
    return refusals(context, entry.to)[1]


def _as_requested(
    entry: Entry, edge: Transition
) -> tuple[Mapping[str, Value], Sequence[str]]:
    """Return what an entry sets and clears, without what the transition itself sets.

    The preconditions of a transition are checked before it sets anything.
    """
    if not edge.sets:
        return entry.sets, entry.unset
    names = [
        name for name in (*entry.sets, *entry.unset) if unflat(name) not in edge.sets
    ]
    return {name: entry.sets[name] for name in names if name in entry.sets}, [
        name for name in names if name in entry.unset
    ]
