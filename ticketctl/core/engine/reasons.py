"""Why the rules of a profile do not let somebody make a move, in words."""

from __future__ import annotations

from collections.abc import Iterable

from ticketctl.core.actions import moves_among
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.explanations import either
from ticketctl.core.profile import CREATED, Status, Transition


def only_rules_reason(context: EvalContext, target: Status) -> str:
    """Return why this actor may not set a status that only rules and integrations set,
    and who does (G2); empty if they may."""
    profile, to = context.profile, target.name
    if not target.set_by_system or profile.kind(context.by) in (
        "system",
        "integration",
    ):
        return ""
    who = [
        role
        for edge in profile.edges
        if edge.target == to and edge.source != CREATED
        for role in edge.roles
    ]
    machines = [
        role
        for role in dict.fromkeys(who)
        if profile.kind(role) in ("system", "integration")
    ]
    rules = [
        rule.name
        for rule in profile.rules
        if any(action.status == to for action in moves_among(rule.do))
    ]
    setters = [role for role in machines if role != profile.system] + [
        f"the rule {name}" for name in rules
    ]
    return f"{to} is never set by hand: {either(setters) or 'the creation of a ticket'} sets it"


def category_reason(context: EvalContext, target: Status) -> str:
    """Return why the ticket's category does not let a person choose a status (G15);
    empty if it does."""
    profile, to = context.profile, target.name
    if not profile.categories:
        return ""
    category = profile.categories.get(str(context.ticket.get("category")))
    by_rule = target.set_by_system or profile.kind(context.by) in (
        "system",
        "integration",
    )
    if category is None or to in category.statuses or by_rule:
        return ""
    fitting = [
        other.name for other in profile.categories.values() if to in other.statuses
    ]
    advice = (
        f"; {either(fitting)} does (--set category={fitting[0]})" if fitting else ""
    )
    ask = f"; ask {category.ask}" if category.ask else ""
    return f'the category "{category.name}" does not offer {to}{advice}{ask}'


def no_transition_reason(context: EvalContext, to: str) -> str:
    """Return why no transition leads to a status, and where others lead."""
    profile, source = context.profile, context.ticket.status
    if reason := profile.excepts.get((source, to)):
        return reason
    targets = list(dict.fromkeys(edge.target for edge in profile.leaving(source)))
    whose = f"tickets of {profile.title}"
    if not targets:
        return f"{source} is final: {whose} never leave it"
    return f"from {source}, {whose} go to {either(targets)}, not to {to}"


def role_reason(context: EvalContext, edges: Iterable[Transition]) -> str:
    """Return why none of some transitions is open to this actor, and to whom they
    are."""
    edges = list(edges)
    source, target = edges[0].source, edges[0].target
    roles = list(dict.fromkeys(role for edge in edges for role in edge.roles))
    move = (
        f"make a {target} ticket" if source == CREATED else f"move {source} -> {target}"
    )
    roles = [
        role for role in roles if role != context.profile.system
    ] or roles  # no person is the system
    if context.by != context.role:
        return f"nobody acts for the {context.role} in this: only {either(roles)} may {move}"
    if any(context.by in edge.on_behalf for edge in edges):
        return f"only {either(roles)} may {move}; what the customer decided you may record (--for CUSTOMER)"
    return f"only {either(roles)} may {move}, not {context.by}"
