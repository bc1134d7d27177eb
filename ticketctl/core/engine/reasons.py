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
    roles = [
        role
        for edge in profile.edges
        if edge.target == to and edge.source != CREATED
        for role in edge.roles
    ]
    machines = [
        role
        for role in dict.fromkeys(roles)
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
    setter = either(setters) or "the creation of a ticket"
    return f"{to} is never set by hand: {setter} sets it"


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
    names = [name for name, each in profile.categories.items() if to in each.statuses]
    advice = f"; {either(names)} does (--set category={names[0]})" if names else ""
    ask = f"; ask {category.ask}" if category.ask else ""
    return f'the category "{category.name}" does not allow {to}{advice}{ask}'


def no_transition_reason(context: EvalContext, to: str) -> str:
    """Return why no transition leads to a status, and where others lead."""
    profile, source = context.profile, context.ticket.status
    if reason := profile.excepts.get((source, to)):
        return reason
    targets = list(dict.fromkeys(edge.target for edge in profile.leaving(source)))
    if not targets:
        return f"{source} is final: a ticket never leaves it"
    return f"from {source} you can go to {either(targets)}, not to {to}"


def role_reason(context: EvalContext, edges: Iterable[Transition]) -> str:
    """Return why none of some transitions is open to this actor, and to whom they
    are."""
    edges = list(edges)
    source, target = edges[0].source, edges[0].target
    roles = list(dict.fromkeys(role for edge in edges for role in edge.roles))
    move = (
        f"create a ticket as {target}"
        if source == CREATED
        else f"move {source} -> {target}"
    )
    # No person is the system.
    persons = [role for role in roles if role != context.profile.system]
    only = f"only {either(persons or roles)} may {move}"
    if context.by != context.role:
        return f"{only}, and nobody may do so for the {context.role}"
    if any(context.by in edge.on_behalf for edge in edges):
        return f"{only}; you can record what the customer decided (--for CUSTOMER)"
    return f"{only}, not {context.by}"
