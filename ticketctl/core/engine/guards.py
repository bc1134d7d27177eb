"""The workflow checker: whether a move or an edit may be made, and every reason why
not.

The same functions, :func:`judge`, :func:`refusals` and :func:`failures`, serve people,
triggers, the sweep and the lists of what is open to somebody (X2, X3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.core import dates
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import events_of, last_customer_text, latest
from ticketctl.core.engine.explanations import default_words, either, in_all_words
from ticketctl.core.entry import Entry, Value
from ticketctl.core.profile import CREATED, Status, Test, Transition
from ticketctl.core.templates import TooLongError, filled, shortened
from ticketctl.core.ticket import changed, flat
from ticketctl.record import Record, replace_unchecked


class Verdict(Record):
    """What the checker says of one move: no reasons means yes."""

    edge: Transition | None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fill(
    text: str,
    context: EvalContext,
    cause: Entry | None = None,
    more: Mapping[str, str] | None = None,
) -> str:
    """A text of the profile with its ``$names`` filled in, to be read: long values are
    cut where it would be too long.

    ``$text`` and ``$note`` are those of ``cause``.
    """
    return shortened(text, _values(context, cause, more)) if "$" in text else text


def fill_value(
    text: str, context: EvalContext, what: str, cause: Entry | None = None
) -> str:
    """The same for what becomes a part of the ticket, whole.

    Args:
        what: which value it is, for the error.

    Raises:
        TooLongError: it would be too long.
    """
    if "$" not in text:
        return text
    try:
        return filled(text, _values(context, cause))
    except TooLongError as error:
        raise TooLongError(error.length, what) from None


def _values(
    context: EvalContext, cause: Entry | None, more: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """What stands for each name."""
    ticket = context.ticket
    names: dict[str, object] = {
        name: _shown(value) for name, value in ticket.fields.items()
    }
    for name in ("assignee", "customer", "due", "title", "id", "follows", "watchers"):
        names[name] = _shown(ticket.get(name))
    names |= {
        "actor": context.actor,
        "now": dates.format_instant(context.now),
        "name": context.name,
    }
    names |= {
        "text": ((cause and cause.text) or "").strip(),
        "note": ((cause and cause.note) or "").strip(),
    }
    names |= {
        "last_reply": last_customer_text(context.profile, ticket.acts),
        "closes": "",
        "follow_up": "",
    }
    return {**names, **(more or {})}


def _shown(value: Value | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def fill_sets(
    sets: Mapping[str, Value | None], context: EvalContext
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """What a profile sets, filled in, as the ``set`` and ``unset`` of an entry (flat
    names).

    Raises:
        TooLongError: a value would be too long.
    """
    put: dict[str, Value] = {}
    cleared: list[str] = []
    for name, value in sets.items():
        value = fill_value(value, context, name) if isinstance(value, str) else value
        if value is None or value == "":
            if context.ticket.get(name) is not None:
                cleared.append(flat(name))
        elif context.ticket.get(name) != value:
            put[flat(name)] = value
    return put, tuple(cleared)


def judge(context: EvalContext, to: str) -> Verdict:
    """Whether the ticket may move to the status ``to``, every reason against it, and
    what to think of.

    ``context.ticket`` still has its old status; what the request sets is already in it.
    """
    edge, reasons = refusals(context, to)
    warnings = (
        failures((*edge.warns, *context.profile.statuses[to].warns), context)
        if edge
        else ()
    )
    return Verdict(edge, tuple(reasons), tuple(warnings))


def refusals(context: EvalContext, to: str) -> tuple[Transition | None, list[str]]:
    """The edge by which the ticket would move, if there is one, and every reason
    against the move."""
    profile, source = context.profile, context.ticket.status
    if to == source:
        return None, [f"it is already {to}"]
    edges, target = profile.between(source, to), profile.statuses[to]
    refused = [
        reason
        for reason in (_only_rules(context, target), _category(context, target))
        if reason
    ]
    if not edges:
        # That only rules set it says why there is no edge; else the profile's own
        # reason, or what there is instead.
        return None, refused if target.set_by_system and refused else [
            _no_edge(context, to),
            *refused,
        ]
    edge = next((edge for edge in edges if may(context, edge)), None)
    if edge is None:
        edge = edges[0]
        if not refused or not target.set_by_system:
            refused.insert(0, _wrong_role(context, edges))
    refused += failures((*edge.needs, *target.needs), context)
    if target.keeps:
        refused += failures(target.keeps, _after(context, edge))
    return edge, list(dict.fromkeys(refused))


def may(context: EvalContext, edge: Transition) -> bool:
    """Whether the move is this actor's: by their own role, or for the customer where
    that is allowed (A27)."""
    if context.role in edge.roles:
        return context.by == context.role or context.by in edge.on_behalf
    return False


def _only_rules(context: EvalContext, target: Status) -> str:
    """G2: a status that only rules and integrations set, and who does."""
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
        if any(action.kind == "move" and action.target == to for action in rule.do)
    ]
    setters = [role for role in machines if role != profile.system] + [
        f"the rule {name}" for name in rules
    ]
    return f"{to} is never set by hand: {either(setters) or 'the creation of a ticket'} sets it"


def _category(context: EvalContext, target: Status) -> str:
    """G15: the ticket's category decides what a person may choose."""
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


def _no_edge(context: EvalContext, to: str) -> str:
    profile, source = context.profile, context.ticket.status
    if reason := profile.excepts.get((source, to)):
        return reason
    targets = list(dict.fromkeys(edge.target for edge in profile.leaving(source)))
    whose = f"tickets of {profile.title}"
    if not targets:
        return f"{source} is final: {whose} never leave it"
    return f"from {source}, {whose} go to {either(targets)}, not to {to}"


def _wrong_role(context: EvalContext, edges: Iterable[Transition]) -> str:
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


def _after(context: EvalContext, edge: Transition) -> EvalContext:
    """The scene as the move would leave it, for the tests that the status keeps."""
    sets = {
        name: value
        for name, value in edge.sets.items()
        if name.partition(".")[0] not in context.changed
    }
    try:
        put, cleared = fill_sets(sets, context)
    except TooLongError:
        put, cleared = {}, ()  # the move itself is refused for it
    return replace_unchecked(
        context, {"ticket": changed(context.ticket, put, cleared, status=edge.target)}
    )


def failures(tests: Iterable[Test], context: EvalContext) -> list[str]:
    """The words of every test that does not pass, in order."""
    return [words for test in tests for words in _fails(test, context)]


def holds(tests: Iterable[Test], context: EvalContext) -> bool:
    """Whether all tests pass."""
    return not failures(tests, context)


def _fails(test: Test, context: EvalContext) -> list[str]:
    """Why one test does not pass; empty if it does."""
    if test.kind == "when":
        if failures(test.inner, context):
            return []
        found = failures(test.then, context)
    elif test.kind == "not":
        found = (
            []
            if failures(test.inner, context)
            else ["not the case: " + in_all_words(test.inner)]
        )
    elif test.kind == "any_of":
        branches = [_fails(inner, context) for inner in test.inner]
        found = (
            []
            if not all(branches)
            else ["either " + ", or ".join("; ".join(branch) for branch in branches)]
        )
    elif test.kind == "field":
        found = [
            _field_words(test.name, word, argument, context)
            for word, argument in test.checks
            if not _field_passes(test.name, word, argument, context)
        ]
    else:
        found = [] if _passes(test, context) else [default_words(test)]
    return [fill(test.say, context)] if found and test.say else found


def _passes(test: Test, context: EvalContext) -> bool:
    """The tests that look at one thing."""
    wanted = test.wanted
    match test.kind:
        case "message":
            has = {
                "public": bool(context.text),
                "note": bool(context.note),
                "any": bool(context.text or context.note),
            }
            return has[str(wanted[0])]
        case "text" | "subject":
            text = context.text if test.kind == "text" else context.subject
            return (
                _has_line(text, wanted)
                if test.name == "line"
                else _contains(text, wanted)
            )
        case "seen":
            assert test.event is not None
            start = (
                latest(context.profile, context.history, test.since)
                if test.since
                else -1
            )
            after = context.history[max(start, 0) :]
            return any(
                test.event in events_of(context.profile, entry) for entry in after
            )
        case "within":
            return _within(test, context)
        case "status":
            return context.ticket.status in wanted
        case "state":
            return context.profile.state(context.ticket.status) in wanted
        case "category":
            return context.ticket.get("category") in wanted
        case "role":
            return context.role in wanted
        case "channel":
            return context.channel in wanted
        case _:  # allowed
            return any(not refusals(context, str(to))[1] for to in wanted)


def _within(test: Test, context: EvalContext) -> bool:
    assert test.event is not None and test.period is not None
    position = latest(context.profile, context.history, test.event)
    if position < 0:
        return False
    since = dates.parse_instant(context.history[position].at)
    return context.now <= dates.add(
        since, test.period, dates.zone(context.profile.timezone)
    )


def _has_line(text: str | None, wanted: Iterable[object]) -> bool:
    """Whether one of these is a whole line of the text; quoted lines (``>``) do not
    count, nor do case and spaces."""
    lines = {" ".join(line.casefold().split()) for line in (text or "").split("\n")}
    return any(" ".join(str(line).casefold().split()) in lines for line in wanted)


def _contains(text: object, parts: Iterable[object]) -> bool:
    return any(str(part).casefold() in str(text or "").casefold() for part in parts)


def _field_passes(name: str, word: str, argument: Value, context: EvalContext) -> bool:
    value = context.ticket.get(name)
    match word:
        case "present":
            return value not in (None, "")
        case "absent":
            return value in (None, "")
        case "is":
            return (
                isinstance(argument, tuple)
                and value is not None
                and _shown(value) in argument
            )
        case "contains":
            return isinstance(argument, tuple) and _contains(_shown(value), argument)
        case "in_future":
            return isinstance(value, str) and _later(value, context)
        case "changed":
            return name.partition(".")[0] in context.changed
        case "complete":
            return not isinstance(value, Mapping) or "open" not in value.values()
        case _:  # has_role
            roles = argument if isinstance(argument, tuple) else ()
            people = (
                value
                if isinstance(value, tuple)
                else (value,)
                if isinstance(value, str)
                else ()
            )
            return bool(people) and all(
                any(context.people.has(who, role) for role in roles) for who in people
            )


def _later(value: str, context: EvalContext) -> bool:
    """Whether a date or instant is still to come; what is none (a file changed by hand)
    never comes."""
    try:
        return (
            dates.moment_of(value, dates.zone(context.profile.timezone)) > context.now
        )
    except ValueError:
        return False


_OPTIONS = {"assignee": "-a WHO", "due": "--due WHEN", "customer": "-c CUSTOMER"}


def _field_words(name: str, word: str, argument: Value, context: EvalContext) -> str:
    if word == "complete":
        return _open_items(name, context.ticket.get(name))
    shown = either(argument) if isinstance(argument, tuple) else ""
    option = _OPTIONS.get(name, f"--set {name}=...")
    return {
        "present": f"{name} is not set ({option})",
        "absent": f"{name} is set",
        "is": f"{name} is not {shown}",
        "contains": f"{name} does not hold {shown}",
        "in_future": f"{name} is not in the future ({option})",
        "changed": f"{name} must be given in the same move ({option})",
        "has_role": f"{name} does not have the role {shown}",
    }[word]


def _open_items(name: str, value: Value | None) -> str:
    items = value if isinstance(value, Mapping) else {}
    left = [item for item, state in items.items() if state == "open"]
    named = ", ".join(f'"{item}"' for item in left)
    verb = "item is" if len(left) == 1 else "items are"
    options = " ".join(f"--set {name}.{item}=done" for item in left)
    return f"{len(left)} of {len(items)} {name} {verb} open: {named} ({options})"
