"""Whether the profile allows a move that a history records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ticketctl.core import dates
from ticketctl.core.dag import is_linear, knowledge
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.guards import refusals
from ticketctl.core.engine.moves import creation_edges
from ticketctl.core.entry import Entry, Value
from ticketctl.core.people import NOBODY_LISTED
from ticketctl.core.profile import Profile, Transition
from ticketctl.core.ticket import Ticket, apply, changed, fold, stages


def recorded_moves(
    history: Sequence[Entry],
) -> Iterator[tuple[int, Ticket | None, tuple[str, int]]]:
    """For each move its place in the history, the ticket before it, and the rules after
    it."""
    return stages(history) if is_linear(history) else _merged_stages(history)


def _merged_stages(
    history: Sequence[Entry],
) -> Iterator[tuple[int, Ticket | None, tuple[str, int]]]:
    """The same where clones were merged: an act is judged by what its author could see."""
    known = knowledge(history)
    for position, entry in enumerate(history):
        if entry.to is None:
            continue
        before = [
            other
            for spot, other in enumerate(history[:position])
            if known[entry.id] >> spot & 1
        ]
        try:
            ticket = fold(before) if before else None
            after = apply(ticket, entry)
        except ValueError:
            continue  # built on what is missing, of which the chain tells
        yield position, ticket, (after.profile, after.version)


def illegal_reasons(profile: Profile, ticket: Ticket | None, entry: Entry) -> list[str]:
    """Why a recorded move was not one that the profile has."""
    assert entry.to is not None
    role = profile.role_of_kind("customer") if entry.for_ else entry.role
    if ticket is None and entry.event == "imported":
        return []  # what it was elsewhere, it is here: any status of the profile
    if ticket is None:
        edges = [
            edge for edge in creation_edges(profile, entry.to) if role in edge.roles
        ]
        return [] if edges else [f"{entry.role} may not create a ticket as {entry.to}"]
    if entry.from_ != ticket.status:
        return [f"it says from {entry.from_}, but the ticket was {ticket.status}"]
    if entry.to not in profile.statuses:
        return [
            f'version {profile.version} of {profile.name} has no status "{entry.to}"'
        ]
    edges = [
        edge for edge in profile.between(ticket.status, entry.to) if role in edge.roles
    ]
    sets, unset = _as_asked(entry, edges[0]) if edges else (entry.sets, entry.unset)
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
        changed=frozenset(
            [name.removeprefix("fields.").partition(".")[0] for name in (*sets, *unset)]
        ),
    )
    return refusals(context, entry.to)[1]


def _as_asked(
    entry: Entry, edge: Transition
) -> tuple[Mapping[str, Value], Sequence[str]]:
    """What an entry sets and clears, without what the edge itself does, since needs are
    tested before that."""
    if not edge.sets:
        return entry.sets, entry.unset
    asked = [
        name
        for name in (*entry.sets, *entry.unset)
        if name.removeprefix("fields.") not in edge.sets
    ]
    return {name: entry.sets[name] for name in asked if name in entry.sets}, [
        n for n in asked if n in entry.unset
    ]
