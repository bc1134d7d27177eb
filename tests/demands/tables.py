"""Holding a profile against literal tables: what the tests of every organisation's
demands have in common.

A table of moves is a list of rows ``(from, to, roles, needs, demands)``: the roles that
may make the move by hand, and what meets its needs, as words of ``World.ask``
(``{"text": ..., "assignee": ...}``). A ``due`` is written as ``--due`` takes it
(``+3d``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.lists import QUEUE, rows
from tests.support.world import CUSTOMER, REGISTRY, Refused, World
from ticketctl.core.dates import Duration, add, zone
from ticketctl.core.engine.requests import Decision, Refusal
from ticketctl.core.engine.sweep import FiredRule
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import Ticket
from ticketctl.record import replace

Words = dict[str, Any]
Row = tuple[str, str, tuple[str, ...], Words, tuple[str, ...]]
SECOND = timedelta(seconds=1)
CHANNELS = (None, "mail")


def listed(rows: Sequence[Row]) -> list[Any]:
    """The rows as parameters ``source, target, roles, needs``, each marked with its
    demands."""
    return [
        pytest.param(
            *row[:4], marks=pytest.mark.demand(*row[4]), id=f"{row[0]} -> {row[1]}"
        )
        for row in rows
    ]


def needs(rows: Sequence[Row]) -> list[Any]:
    """One parameter ``source, target, role, given, wanting`` for each need of each row,
    which leaves it out."""
    return [
        pytest.param(
            source,
            target,
            roles[0],
            {k: v for k, v in words.items() if k != wanting},
            wanting,
            marks=pytest.mark.demand(*numbers),
            id=f"{source} -> {target} without {wanting}",
        )
        for source, target, roles, words, numbers in rows
        for wanting in words
    ]


def unlisted(name: str, rows: Sequence[Row]) -> list[Any]:
    """The pairs of the profile's statuses, equal ones too, that no row lists, as
    parameters ``source, target``."""
    known = {row[:2] for row in rows}
    return [
        pytest.param(source, target, id=f"{source} -> {target}")
        for source in REGISTRY.get(name).statuses
        for target in REGISTRY.get(name).statuses
        if (source, target) not in known
    ]


def moves_of(world: World, role: str) -> set[tuple[str, str]]:
    """Every move, creation included, that the profile gives to a role."""
    return {
        (edge.source, edge.target) for edge in world.profile.edges if role in edge.roles
    }


def people_of(world: World) -> list[str]:
    """The roles of the profile that people take: kinds customer and agent."""
    return [
        role.name
        for role in world.profile.roles.values()
        if role.kind in ("customer", "agent")
    ]


def others(world: World, roles: Iterable[str]) -> Iterator[tuple[str, Words]]:
    """Every actor that a row does not list: all other roles, the system's too, and all
    staff for the customer."""
    for role in world.profile.roles.values():
        if role.name not in roles:
            yield role.name, {}
        if role.kind == "agent" and "customer" not in roles:
            yield role.name, {"for_": CUSTOMER}


def supply(world: World, words: Words) -> Words:
    """The words of a row as ``World.ask`` takes them."""
    return words | ({"due": world.when(words["due"])} if "due" in words else {})


def move(world: World, role: str, to: str, words: Words) -> Ticket:
    """Make a move with what its row supplies."""
    return world.ask(role, to, **supply(world, words))


def refusal(world: World, role: str, to: str | None = None, **words: Any) -> Refusal:
    """The whole answer to a request that must be refused."""
    with pytest.raises(Refused) as caught:
        world.ask(role, to, **words)
    return caught.value.refusal


def closed_to(world: World, role: str, to: str, words: Words) -> bool:
    """Whether a move is refused for want of a right: it is not even among what is open
    to this actor."""
    return to not in open_to(refusal(world, role, to, **supply(world, words)))


def open_to(answer: Refusal) -> set[str]:
    """The statuses that a refusal says are open to the actor."""
    return {one.to for one in answer.open}


def after(world: World, period: str) -> datetime:
    """The moment that long from now, in the profile's zone."""
    return add(world.now, Duration.parse(period), zone(world.profile.timezone))


def fires_at(world: World, moment: datetime) -> list[FiredRule]:
    """What fires at a moment: nothing does a second before it, something at it, and
    nothing more when swept again."""
    world.now = moment - SECOND
    assert not world.sweep(), "too early"
    return fires_once(world, moment)


def fires_once(world: World, moment: datetime) -> list[FiredRule]:
    """What the first sweep at a moment does, which nothing swept before; a second one
    does nothing."""
    world.now = moment
    fired = world.sweep()
    assert fired, "nothing fired"
    assert all(isinstance(one.outcome, Decision) for one in fired), fired
    assert not world.sweep(), "fired twice"
    return fired


def ages(world: World, period: str = "P400D") -> World:
    """The same world, so much later and swept; what the sweep does must be lawful."""
    world.wait(period)
    assert all(isinstance(one.outcome, Decision) for one in world.sweep())
    return world


def told_anew(world: World) -> list[str]:
    """Everybody told since the last look, in order; the world forgets its notices."""
    found = [who for notice in world.notifications for who in notice.recipients]
    world.notifications.clear()
    return found


def heard(world: World) -> str:
    """What the customer was shown or mailed since the warnings and notices were last
    cleared, in small letters."""
    bodies = [
        notice.body for notice in world.notifications if CUSTOMER in notice.recipients
    ]
    return " ".join((*world.warnings, *bodies)).casefold()


def entered(ticket: Ticket, status: str) -> Entry:
    """The entry that last brought a ticket into a status."""
    return [entry for entry in ticket.history if entry.to == status][-1]


def queue(world: World, *tickets: Ticket) -> list[str]:
    """The ids of those tickets that the work queue shows, in its order."""
    return [row.id for row in rows(QUEUE, world.profile, tickets, world.listed)]


def quoted(criterion: str, document: str) -> bool:
    """Whether a criterion is in the document's own words (parts may be left out:
    ``...``)."""
    text = " ".join(document.split())
    return bool(criterion) and all(
        part.strip() in text for part in " ".join(criterion.split()).split("...")
    )


def forbid(world: World, source: str, target: str) -> None:
    """Take a move out of this world's profile, for everybody and for the system."""
    kept = tuple(
        edge
        for edge in world.profile.edges
        if (edge.source, edge.target) != (source, target)
    )
    world.profile = replace(world.profile, edges=kept)
