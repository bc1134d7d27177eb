"""The moves that are open to an actor, and the shortest way to a status (X2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import assert_never

from ticketctl.core.actions import moves_among
from ticketctl.core.conditions import (
    Condition,
    Event,
    NotCondition,
    StatusCondition,
)
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.guards import judge, may
from ticketctl.core.profile import (
    CREATED,
    Automation,
    Category,
    Profile,
    Transition,
    Trigger,
)
from ticketctl.record import Record


class OpenMove(Record):
    """A move that the actor may make, and what it still needs."""

    to: str
    criterion: str
    needs: tuple[str, ...]
    cites: tuple[str, ...]


class Step(Record):
    """One step of a way to a status.

    Args:
        to: the status that it leads to.
        how: the roles that make it, or when a rule does (``by itself after 4 days``).
    """

    to: str
    how: str


def open_moves(context: EvalContext) -> list[OpenMove]:
    """Return the moves that the actor may make now, in the profile's order, with what
    each still needs.

    A move to a status that the ticket's category does not allow is not among them.
    """
    moves = []
    for to in context.profile.statuses:
        edges = context.profile.between(context.ticket.status, to)
        mine = [edge for edge in edges if may(context, edge)]
        if not mine or not offered(context, to):
            continue
        verdict = judge(context, to)
        edge = verdict.edge or mine[0]
        moves.append(OpenMove(to, edge.criterion, verdict.reasons, edge.origin.cites))
    return moves


def offered(context: EvalContext, to: str) -> bool:
    """Return whether lists and completion show a status to this actor (G2, G15)."""
    if context.profile.kind(context.by) in ("system", "integration"):
        return True
    category = context.profile.categories.get(str(context.ticket.get("category")))
    return not context.profile.statuses[to].set_by_system and (
        category is None or to in category.statuses
    )


def way(
    profile: Profile, start: str, to: str, role: str, category: str = ""
) -> tuple[Step, ...]:
    """Return the shortest way between two statuses by moves that some person,
    integration or rule makes; empty if there is none.

    Args:
        role: of ways of equal length, one with steps for this role is preferred.
        category: of the ticket; people move only to the statuses that it allows (G15).
    """
    reached: dict[str, tuple[str, Step]] = {}
    pending = deque([start])
    while pending and to not in reached:
        status = pending.popleft()
        for step in sorted(
            _steps(profile, status, profile.categories.get(category)),
            key=lambda step: role not in step.how.split(" or "),
        ):
            if step.to not in reached and step.to != start:
                reached[step.to] = (status, step)
                pending.append(step.to)
    steps: list[Step] = []
    while to in reached:
        to, step = reached[to]
        steps.append(step)
    return tuple(reversed(steps))


def _steps(profile: Profile, status: str, category: Category | None) -> Iterator[Step]:
    """Yield one step to each next status: by people if they may, else by a rule."""
    people: dict[str, list[str]] = {}
    for edge in profile.leaving(status):
        if not profile.statuses[edge.target].set_by_system or any(
            profile.kind(role) == "integration" for role in edge.roles
        ):
            offered = category is None or edge.target in category.statuses
            roles = [
                role
                for role in edge.roles
                if profile.kind(role) == "integration"
                or (offered and role != profile.system)
            ]
            people.setdefault(edge.target, []).extend(
                role for role in roles if role not in people.get(edge.target, [])
            )
    for target, roles in people.items():
        if roles:
            yield Step(target, " or ".join(roles))
    for target, how in automatic(profile, status):
        yield Step(target, how)


def automatic(profile: Profile, status: str) -> Iterator[tuple[str, str]]:
    """Yield the statuses to which rules move a ticket from a status, and when, in
    words: ``by itself after 4 days``."""
    for automation in profile.automations:
        if status in automation.within:
            for action in moves_among(automation.do):
                if profile.between(status, action.status):
                    yield action.status, f"by itself {_after(automation)}"
    for trigger in profile.triggers:
        if may_fire_in(trigger, status):
            for action in moves_among(trigger.do):
                if profile.between(status, action.status):
                    yield action.status, f"by itself on {_event(trigger.on[0])}"


def _after(rule: Automation) -> str:
    """Return when a rule acts, in words: ``after 4 days``, ``1 day before due``, ``after
    8 hours of office``."""
    lead, after = str(rule.lead), str(rule.after)
    of = f" of {rule.calendar}" if rule.calendar else ""
    if rule.at:
        return f"at {rule.at}" if lead == "at once" else f"{lead}{of} before {rule.at}"
    return after if after == "at once" else f"after {after}{of}"


def _event(event: Event) -> str:
    """Return on what a trigger acts, in words."""
    kind = event.kind
    match kind:
        case "customer_message":
            return "the customer's reply"
        case "staff_message":
            return "a public message"
        case "mail_in":
            return "a mail"
        case "entered":
            return "entering it"
        case "field_set":
            return f"setting {event.about}"
        case "created" | "staff_event" | "left" | "notified" | "fired":
            return str(event)
        case _:
            assert_never(kind)


def may_fire_in(trigger: Trigger, status: str) -> bool:
    """Return whether a trigger can fire while the ticket has a status, by its events
    and its conditions on the status."""
    entered = [event.about for event in trigger.on if event.kind == "entered"]
    if len(entered) == len(trigger.on) and status not in entered:
        return False
    return all(_admits(condition, status) for condition in trigger.when)


def _admits(condition: Condition, status: str) -> bool:
    """Return whether a condition can hold in a status, as far as it names statuses."""
    if isinstance(condition, StatusCondition):
        return status in condition.values
    if isinstance(condition, NotCondition):
        return not any(
            isinstance(inner, StatusCondition) and status in inner.values
            for inner in condition.conditions
        )
    return True


def creation_edges(profile: Profile, to: str | None = None) -> Sequence[Transition]:
    """Return the transitions by which a ticket is created, in file order.

    Args:
        to: only those to this status.
    """
    return (
        list(profile.leaving(CREATED)) if to is None else profile.between(CREATED, to)
    )
