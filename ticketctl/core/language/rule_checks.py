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
    effort,
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
    found: dict[tuple[Place, str], list[str]] = {}
    for rule, action, status in rule_moves(profile):
        for problem in _refusals(profile, rule, action, status):
            found.setdefault(
                (action.place, f"the rule {rule.name} {problem}"), []
            ).append(status)
    for (place, problem), statuses in found.items():
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
    known = [
        test
        for test in split(lasting((*rule.when, *profile.statuses[status].invariants)))
        if not mentions(test, fields=touched)
    ]
    facts = Assumptions(
        profile,
        status,
        tuple(known),
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
    kept = [
        test
        for test in known
        if not mentions(test, (StatusCondition, StateCondition), edge.sets)
    ]
    return follows(facts, (*edge.preconditions, *target.preconditions)) + follows(
        after.knowing(kept), target.invariants
    )


def _set_before(profile: Profile, rule: Rule, status: str) -> Iterator[str]:
    """Yield the fields that other triggers may have set since the event that a trigger
    answers was judged."""
    effort(profile, len(profile.triggers))
    for other in profile.triggers:
        if other is rule or not isinstance(rule, Trigger):
            break
        if any(
            may_coincide(one, two) for one in rule.on for two in other.on
        ) and may_fire_in(other, status):
            if not exclusive(Assumptions(profile, status), rule.when, other.when):
                yield from (name for action in other.do for name in sets_of(action))


def may_coincide(one: Event, other: Event) -> bool:
    """Return whether one entry can raise both events."""
    if one.kind == other.kind:
        return one == other or one.kind == "field_set"
    apart = ({"customer_message", "staff_message"}, {"mail_in", "field_set"})
    lone = {"created", "notified", "fired"}
    return {one.kind, other.kind} not in apart and not {one.kind, other.kind} & lone


def automatic_loops(profile: Profile) -> Iterator[Finding]:
    """7: no loop is made of automatic moves alone."""
    moves: dict[str, list[tuple[str, str]]] = {}
    for rule, action, status in rule_moves(profile):
        if isinstance(rule, Automation) or any(
            event.kind not in HUMAN_EVENTS for event in rule.on
        ):
            moves.setdefault(status, []).append((action.status, rule.name))
    reported: set[frozenset[str]] = set()
    told_from = {start: paths(moves, start) for start in profile.statuses}
    for start in [status for status in profile.statuses if status in moves]:
        for target, who in dict(moves[start]).items():
            told = told_from[target]
            loop = frozenset(name for name in told if start in told_from[name])
            if start in told and loop not in reported:
                reported.add(loop)
                way = f"{start}; {who} -> {target}; {told[start]}".rstrip("; ")
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
    for position, (one, to, _) in enumerate(moving):
        effort(profile, len(moving) - position)
        for other, elsewhere, _ in moving[position + 1 :]:
            if (
                other is one
                or to.status == elsewhere.status
                or not _same_instant(one, other)
            ):
                continue
            if not exclusive(Assumptions(profile, status), one.when, other.when):
                yield proof_error(
                    other.place,
                    8,
                    "rivals",
                    f"the rules {one.name} and {other.name} can both act on a ticket in "
                    f'"{status}", one to {to.status}, one to {elsewhere.status}',
                )


def _same_instant(one: Rule, other: Rule) -> bool:
    if isinstance(one, Trigger) and isinstance(other, Trigger):
        # A trigger that answers a message is skipped where the request itself moved, so
        # it never meets an answer to that.
        moves = ("entered", "left")
        return any(
            may_coincide(a, b) and (a.kind in moves) == (b.kind in moves)
            for a in one.on
            for b in other.on
        )
    if isinstance(one, Automation) and isinstance(other, Automation):
        if one.start and other.start:
            return may_coincide(one.start, other.start) and _length(
                one.after
            ) == _length(other.after)
        return (one.at, one.lead, one.after) == (
            other.at,
            other.lead,
            other.after,
        ) and not (one.start or other.start)
    return False


def _length(period: Duration) -> int:
    return (period.months * 30 + period.days) * 86400 + period.seconds
