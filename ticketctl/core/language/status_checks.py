"""The proofs about statuses: every one can be reached, left and closed, by those who may.

Each check is a small function from a profile to findings; its number is that of "What
profile check proves" in docs/profile-language.md."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.language.findings import proof_error
from ticketctl.core.language.reachability import (
    HUMAN_EVENTS,
    PERSONS,
    closing,
    moves_in,
    paths,
    person_moves,
    real_moves,
)
from ticketctl.core.profile import (
    CREATED,
    Profile,
    Trigger,
)
from ticketctl.errors import Finding


def reachable(profile: Profile) -> Iterator[Finding]:
    """2: every status is reachable from creation, by moves that some actor can really
    make."""
    ways = paths(real_moves(profile), CREATED)
    for status in profile.statuses.values():
        if status.name not in ways:
            yield proof_error(
                status.place,
                2,
                "unreachable",
                f'no ticket can ever become "{status.name}"',
            )


def closable(profile: Profile) -> Iterator[Finding]:
    """3: from every status a status of state closed can be reached."""
    moves = real_moves(profile)
    ways = paths(moves, CREATED)
    ends = closing(profile, moves)
    for status in profile.statuses.values():
        if status.name not in ends:
            example = (
                f"for example: {ways.get(status.name, '')}; from there it never closes"
            )
            yield proof_error(
                status.place,
                3,
                "never closed",
                f'from "{status.name}" no ticket can be closed',
                example,
            )


def role_dead_ends(profile: Profile) -> Iterator[Finding]:
    """4: from every status that is not closed some person can bring the ticket on, by a
    move or an act that triggers one."""
    ways = paths(real_moves(profile), CREATED)
    for status in profile.statuses.values():
        if status.state == "closed" or _person_leaves(profile, status.name):
            continue
        example = f"for example: {ways.get(status.name, '')}; there it stays"
        yield proof_error(
            status.place,
            4,
            "role dead end",
            f'nobody can move a ticket out of "{status.name}"',
            example,
        )


def _person_leaves(profile: Profile, status: str) -> bool:
    if any(person_moves(profile, edge) for edge in profile.leaving(status)):
        return True
    return any(
        isinstance(rule, Trigger)
        and any(event.kind in HUMAN_EVENTS for event in rule.on)
        for rule, _, _ in moves_in(profile, status)
    )


def system_only(profile: Profile) -> Iterator[Finding]:
    """5: a ``set_by: system`` status has no person's edge in, creation aside, and at
    least one machine's."""
    for status in profile.statuses.values():
        if not status.set_by_system:
            continue
        edges = [edge for edge in profile.edges if edge.target == status.name]
        for edge in edges:
            people = [role for role in edge.roles if profile.kind(role) in PERSONS]
            if people and edge.source != CREATED:
                yield proof_error(
                    edge.place,
                    5,
                    "set by system",
                    f'"{status.name}" is set by rules alone, but {", ".join(people)} '
                    "may move there",
                )
        machine = any(
            profile.kind(role) in ("integration", "system")
            for edge in edges
            for role in edge.roles
        )
        if not machine and not any(edge.source == CREATED for edge in edges):
            yield proof_error(
                status.place,
                5,
                "set by system",
                f'no rule or integration ever sets "{status.name}"',
            )


def closable_categories(profile: Profile) -> Iterator[Finding]:
    """10: every category can reach closed with the statuses that it offers."""
    for category in profile.categories.values():
        moves = real_moves(profile, category)
        ends = closing(profile, moves)
        for status in paths(moves, CREATED):
            if status != CREATED and status not in ends:
                yield proof_error(
                    profile.statuses[status].place,
                    10,
                    "category",
                    f'in the category "{category.name}" a ticket in '
                    f'"{status}" can never be closed',
                )
                break
