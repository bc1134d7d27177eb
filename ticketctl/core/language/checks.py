"""The proofs of ``profile check``: what holds of every ticket that will ever live by a
profile.

Names and types (point 1) are proved while the profile is read; here are the points that
need the whole of it. Each check is a small function from a profile to findings; the
number is that of "What profile check proves" in the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ticketctl.core.actions import (
    MoveAction,
    moves_among,
    notifications_among,
    sets_of,
)
from ticketctl.core.conditions import (
    Condition,
    Event,
    FieldCheck,
    FieldCondition,
    StateCondition,
    StatusCondition,
)
from ticketctl.core.dates import Duration
from ticketctl.core.engine.moves import may_fire_in
from ticketctl.core.entry import Value
from ticketctl.core.language.entailment import (
    Assumptions,
    TooLargeError,
    effort,
    exclusive,
    follows,
    lasting,
    mentions,
    opposite,
    split,
)
from ticketctl.core.language.limits import FINDINGS
from ticketctl.core.language.reachability import (
    PERSONS,
    closing,
    fires_in,
    moves_in,
    paths,
    person_moves,
    real_moves,
    rule_moves,
)
from ticketctl.core.profile import (
    CREATED,
    Automation,
    Profile,
    Rule,
    Status,
    Transition,
    Trigger,
)
from ticketctl.errors import Finding, Place

ASKED = (
    "customer_message",
    "staff_message",
    "staff_event",
    "field_set",
    "mail_in",
    "created",
)
"""Events that need somebody to act."""


def profile_findings(profile: Profile) -> list[Finding]:
    """What is wrong with a profile whose language is right, errors first; no more than
    people read (``FINDINGS``)."""
    found: list[Finding] = []
    try:
        for check in CHECKS:
            found += check(profile)
    except TooLargeError:
        found.append(
            Finding(
                Place(profile.path, 1, 1),
                "limit",
                "error: the profile is too large to be proved sound",
                "fewer rules in fewer statuses, and fewer tests in each",
            )
        )
    found.sort(key=lambda finding: (finding.severity == "warning", finding.place.line))
    if len(found) > FINDINGS:
        more = len(found) - FINDINGS + 1
        kind = found[FINDINGS - 1].severity
        words = (
            f"{'error: ' if kind == 'error' else ''}there are {more:,} more findings"
        )
        found[FINDINGS - 1 :] = [
            Finding(
                Place(profile.path, 1, 1),
                "limit",
                words,
                "mend those above first",
                kind,
            )
        ]
    return found


def _error(
    place: Place, point: int, title: str, message: str, example: str = ""
) -> Finding:
    return Finding(
        place,
        f"proof-{point}",
        f"error: {message} ({point}: {title})" + (f"; {example}" if example else ""),
    )


def _warning(place: Place, message: str) -> Finding:
    return Finding(place, "doubt", message, severity="warning")


# --- the points ---


def reachable(profile: Profile) -> Iterator[Finding]:
    """2: every status is reachable from creation, by moves that some actor can really
    make."""
    told = paths(real_moves(profile), CREATED)
    for status in profile.statuses.values():
        if status.name not in told:
            yield _error(
                status.place,
                2,
                "unreachable",
                f'no ticket can ever become "{status.name}"',
            )


def closable(profile: Profile) -> Iterator[Finding]:
    """3: from every status a status of state closed can be reached."""
    moves = real_moves(profile)
    told = paths(moves, CREATED)
    ends = closing(profile, moves)
    for status in profile.statuses.values():
        if status.name not in ends:
            example = (
                f"for example: {told.get(status.name, '')}; from there it never closes"
            )
            yield _error(
                status.place,
                3,
                "never closed",
                f'from "{status.name}" no ticket can be closed',
                example,
            )


def role_dead_ends(profile: Profile) -> Iterator[Finding]:
    """4: from every status that is not closed some person can bring the ticket on, by a
    move or an act that triggers one."""
    told = paths(real_moves(profile), CREATED)
    for status in profile.statuses.values():
        if status.state == "closed" or _person_leaves(profile, status.name):
            continue
        example = f"for example: {told.get(status.name, '')}; there it stays"
        yield _error(
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
        isinstance(rule, Trigger) and any(event.kind in ASKED for event in rule.on)
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
                yield _error(
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
            yield _error(
                status.place,
                5,
                "set by system",
                f'no rule or integration ever sets "{status.name}"',
            )


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
        yield _error(
            place,
            6,
            "rule refused",
            problem,
            f"for example: it acts in {statuses[0]}{more}",
        )


def _refusals(
    profile: Profile, rule: Rule, action: MoveAction, status: str
) -> Iterator[str]:
    """Why the checker would refuse a rule's move from one status."""
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
    """The needs of a rule's move that do not follow from what the rule knows when it
    moves."""
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
    """The fields that other triggers may have set since the event that a trigger
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
    """Whether one entry can raise both events."""
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
            event.kind not in ASKED for event in rule.on
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
                yield _error(
                    place,
                    7,
                    "automatic loop",
                    "rules alone can move a ticket round for ever",
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
                yield _error(
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


_TELLING = ("staff_message", "notified", "entered")
"""Events by which a closing clock may start anew: the customer hears of them."""


def fair_closing(profile: Profile) -> Iterator[Finding]:
    """9: an automatic close counts from something that the customer was told, and never
    closes over their message."""
    for rule in profile.automations:
        targets = [action.status for action in moves_among(rule.do)]
        if not any(profile.state(target) == "closed" for target in targets):
            continue
        if rule.start is None or not _tells_customer(profile, rule, rule.start):
            yield _error(
                rule.place,
                9,
                "unfair closing",
                f"the automation {rule.name} closes a ticket, but its clock "
                "does not start with anything that the customer is told",
            )
        for event in (*rule.resume_on, *rule.reset_on):
            if event.kind not in _TELLING:
                yield _error(
                    rule.place,
                    9,
                    "unfair closing",
                    f"the automation {rule.name} closes a ticket, but {event} "
                    "starts its clock anew, of which the customer hears nothing",
                )
        for status in rule.within:
            if Event("customer_message") not in rule.cancel_on and not _reply_leaves(
                profile, rule, status
            ):
                yield _error(
                    rule.place,
                    9,
                    "unfair closing",
                    f"the automation {rule.name} can close a ticket over the "
                    f'customer\'s last message in "{status}"',
                    "add cancel_on: [customer_message]",
                )


def _reply_leaves(profile: Profile, rule: Automation, status: str) -> bool:
    """Whether every customer's message takes a ticket out of the statuses of an
    automation."""
    return any(
        isinstance(other, Trigger)
        and Event("customer_message") in other.on
        and action.status not in rule.within
        and not follows(Assumptions(profile, status), other.when)
        for other, action, _ in moves_in(profile, status)
    )


def _tells_customer(profile: Profile, rule: Automation, start: Event) -> bool:
    if start.kind == "staff_message":
        return True
    notices = [
        (sender, action)
        for sender in profile.rules
        for action in notifications_among(sender.do)
        if "customer" in action.recipients
    ]
    if start.kind == "notified":
        return any(action.message == start.about for _, action in notices)
    status = start.about if start.kind == "entered" else rule.within[0]
    telling = [
        trigger.when
        for trigger, _ in notices
        if isinstance(trigger, Trigger) and start in trigger.on
    ]
    facts = Assumptions(profile, status)
    # One that always tells, or several of which one tells whenever another does not.
    return any(
        all(
            any(
                not follows(facts.knowing([opposite(unmet)]), other)
                for other in telling
            )
            for unmet in follows(facts, when)
        )
        for when in telling
    )


def closable_categories(profile: Profile) -> Iterator[Finding]:
    """10: every category can reach closed with the statuses that it offers."""
    for category in profile.categories.values():
        moves = real_moves(profile, category)
        ends = closing(profile, moves)
        for status in paths(moves, CREATED):
            if status != CREATED and status not in ends:
                yield _error(
                    profile.statuses[status].place,
                    10,
                    "category",
                    f'in the category "{category.name}" a ticket in '
                    f'"{status}" can never be closed',
                )
                break


# --- doubts ---


def forgotten(profile: Profile) -> Iterator[Finding]:
    """A pending or on_hold status in which a ticket can lie for ever unnoticed."""
    for status in profile.statuses.values():
        if status.state not in ("pending", "on_hold"):
            continue
        timed = any(status.name in rule.within for rule in profile.automations)
        if not timed and not _owned(status):
            yield _warning(status.place, f'"{status.name}" has no timer and no owner')


def _owned(status: Status) -> bool:
    conditions = (*status.invariants, *status.preconditions)
    return any(
        isinstance(condition, FieldCondition)
        and condition.name == "assignee"
        and FieldCheck("present") in condition.checks
        for condition in conditions
    )


def never_fires(profile: Profile) -> Iterator[Finding]:
    """A rule that can never act, and a message that is never sent."""
    for rule in profile.rules:
        if not fires_in(profile, rule):
            yield _warning(rule.place, f"the rule {rule.name} can never act")
    for rule in profile.automations:
        if (
            rule.start is not None
            and rule.start.kind == "entered"
            and rule.start.about not in rule.within
        ):
            yield _warning(
                rule.place,
                f"the automation {rule.name} starts with {rule.start}, which is not among its statuses",
            )
    sent = {
        action.message
        for rule in profile.rules
        for action in notifications_among(rule.do)
    }
    for message in profile.messages.values():
        if message.name.partition(".")[0] not in sent:
            yield _warning(
                Place(profile.path), f'the message "{message.name}" is never sent'
            )


CHECKS: tuple[Callable[[Profile], Iterator[Finding]], ...] = (
    reachable,
    closable,
    role_dead_ends,
    system_only,
    rules_can,
    automatic_loops,
    rivals,
    fair_closing,
    closable_categories,
    forgotten,
    never_fires,
)
