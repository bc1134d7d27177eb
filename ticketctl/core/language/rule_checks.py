"""The proofs about rules: they are never refused, never loop, never compete."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.actions import (
    MoveAction,
    sets_of,
)
from ticketctl.core.conditions import (
    Condition,
    Event,
    FieldCondition,
    StateCondition,
    StatusCondition,
)
from ticketctl.core.dates import Duration
from ticketctl.core.engine.moves import may_fire_in
from ticketctl.core.entry import Value
from ticketctl.core.language.assumptions import (
    Assumptions,
    count_steps,
    mentions,
    split,
)
from ticketctl.core.language.entailment import exclusive, follows, lasting
from ticketctl.core.language.findings import proof_error
from ticketctl.core.language.reachability import (
    HUMAN_EVENTS,
    moves_in,
    paths,
    rule_moves,
)
from ticketctl.core.profile import (
    Automation,
    Profile,
    Rule,
    Transition,
    Trigger,
)
from ticketctl.errors import Finding, Place


def rules_can(profile: Profile) -> Iterator[Finding]:
    """6: every move of a rule has an edge for the system, whose needs follow from its
    ``when`` and what it supplies."""
    problems: dict[tuple[Place, str], list[str]] = {}
    for rule, action, status in rule_moves(profile):
        for problem in _refusals(profile, rule, action, status):
            problems.setdefault(
                (action.place, f"the rule {rule.name} {problem}"), []
            ).append(status)
    for (place, problem), statuses in problems.items():
        more = (
            f", and in {len(statuses) - 1} other statuses" if len(statuses) > 1 else ""
        )
        yield proof_error(
            place,
            6,
            "rule refused",
            problem,
            f"for example: it acts in {statuses[0]}{more}",
        )


def _refusals(
    profile: Profile, rule: Rule, action: MoveAction, status: str
) -> Iterator[str]:
    """Yield why the workflow checker would refuse a rule's move from one status."""
    target = action.status
    if status == target:
        yield f"may move a ticket to {target} that is there already; add {{not: {{status: {target}}}}}"
        return
    edges = [
        edge for edge in profile.between(status, target) if profile.system in edge.roles
    ]
    if not edges:
        yield f"moves a ticket to {target}, but no transition lets {profile.system} do that"
        return
    for missing in _wanting(profile, rule, action, status, edges[0]):
        name = missing.name if isinstance(missing, FieldCondition) else missing.kind
        text = missing.say or name
        yield f"moves a ticket to {target}, but does not make sure of what that needs: {text}"


def _wanting(
    profile: Profile,
    rule: Rule,
    action: MoveAction,
    status: str,
    edge: Transition,
) -> list[Condition]:
    """Return the preconditions and invariants of a rule's move that do not follow from
    what the rule knows when it moves."""
    sets: dict[str, Value | None] = {}
    for earlier in rule.do[: rule.do.index(action)]:
        sets |= sets_of(earlier)
    sets |= action.sets
    target = profile.statuses[action.status]
    touched = {
        name.partition(".")[0] for name in (*sets, *_set_before(profile, rule, status))
    }
    conditions = [
        test
        for test in split(lasting((*rule.when, *profile.statuses[status].invariants)))
        if not mentions(test, fields=touched)
    ]
    facts = Assumptions(
        profile,
        status,
        tuple(conditions),
        sets,
        bool(action.text),
        bool(action.note),
        profile.system,
    )
    after = Assumptions(
        profile,
        action.status,
        (),
        {**edge.sets, **sets},
        facts.text,
        facts.note,
        profile.system,
    )
    remaining = [
        test
        for test in conditions
        if not mentions(test, (StatusCondition, StateCondition), edge.sets)
    ]
    return follows(facts, (*edge.preconditions, *target.preconditions)) + follows(
        after.knowing(remaining), target.invariants
    )


def _set_before(profile: Profile, rule: Rule, status: str) -> Iterator[str]:
    """Yield the fields that other triggers may have set since the event that a trigger
    answers was judged."""
    count_steps(profile, len(profile.triggers))
    for trigger in profile.triggers:
        if trigger is rule or not isinstance(rule, Trigger):
            break
        if any(
            may_coincide(event, other_event)
            for event in rule.on
            for other_event in trigger.on
        ) and may_fire_in(trigger, status):
            if not exclusive(Assumptions(profile, status), rule.when, trigger.when):
                yield from (name for action in trigger.do for name in sets_of(action))


def may_coincide(first: Event, second: Event) -> bool:
    """Return whether one entry can raise both events."""
    if first.kind == second.kind:
        return first == second or first.kind == "field_set"
    apart = ({"customer_message", "staff_message"}, {"mail_in", "field_set"})
    lone = {"created", "notified", "fired"}
    return {first.kind, second.kind} not in apart and not {
        first.kind,
        second.kind,
    } & lone


def automatic_loops(profile: Profile) -> Iterator[Finding]:
    """7: no loop is made of automatic moves alone."""
    moves: dict[str, list[tuple[str, str]]] = {}
    for rule, action, status in rule_moves(profile):
        if isinstance(rule, Automation) or any(
            event.kind not in HUMAN_EVENTS for event in rule.on
        ):
            moves.setdefault(status, []).append((action.status, rule.name))
    reported: set[frozenset[str]] = set()
    ways_from = {start: paths(moves, start) for start in profile.statuses}
    for start in [status for status in profile.statuses if status in moves]:
        for target, actor in dict(moves[start]).items():
            ways = ways_from[target]
            loop = frozenset(name for name in ways if start in ways_from[name])
            if start in ways and loop not in reported:
                reported.add(loop)
                way = f"{start}; {actor} -> {target}; {ways[start]}".rstrip("; ")
                place = profile.statuses[start].place
                yield proof_error(
                    place,
                    7,
                    "automatic loop",
                    "rules can move a ticket in a circle without end",
                    f"for example: {way}",
                )


def rivals(profile: Profile) -> Iterator[Finding]:
    """8: no two rules can move one ticket from one status to different statuses at the
    same instant."""
    for status in profile.statuses:
        yield from _rivals_in(profile, status)


def _rivals_in(profile: Profile, status: str) -> Iterator[Finding]:
    moving = moves_in(profile, status)
    for position, (first, to, _) in enumerate(moving):
        count_steps(profile, len(moving) - position)
        for second, elsewhere, _ in moving[position + 1 :]:
            if (
                second is first
                or to.status == elsewhere.status
                or not _same_instant(first, second)
            ):
                continue
            if not exclusive(Assumptions(profile, status), first.when, second.when):
                yield proof_error(
                    second.place,
                    8,
                    "rivals",
                    f"the rules {first.name} and {second.name} can both act on a ticket in "
                    f'"{status}", one to {to.status}, one to {elsewhere.status}',
                )


def _same_instant(first: Rule, second: Rule) -> bool:
    if isinstance(first, Trigger) and isinstance(second, Trigger):
        # A trigger that answers a message is skipped where the request itself moved, so
        # it never meets an answer to that.
        moves = ("entered", "left")
        return any(
            may_coincide(a, b) and (a.kind in moves) == (b.kind in moves)
            for a in first.on
            for b in second.on
        )
    if isinstance(first, Automation) and isinstance(second, Automation):
        if first.start and second.start:
            return may_coincide(first.start, second.start) and _length(
                first.after
            ) == _length(second.after)
        return (first.at, first.lead, first.after) == (
            second.at,
            second.lead,
            second.after,
        ) and not (first.start or second.start)
    return False


def _length(period: Duration) -> int:
    return (period.months * 30 + period.days) * 86400 + period.seconds
