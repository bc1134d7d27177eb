"""What people read: the tool's voice, short, exact and calm. Times are people's times;
machines have JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ticketctl.core.engine.events import is_import
from ticketctl.core.engine.timers import NextRule, NextRules, in_future
from ticketctl.core.entry import Entry, Value
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.render.format import TIED, Formatter, wrapped
from ticketctl.render.sanitize import safe

if TYPE_CHECKING:
    from ticketctl.core.engine.moves import OpenMove, Step
    from ticketctl.core.engine.requests import Actor, Decision, Refusal

_BEGINNING = ("ticket", "profile", "version", "title")
"""What the first entry sets and every screen shows elsewhere."""


def listed(names: Iterable[str]) -> str:
    """Names with commas, none of them broken over two lines by :func:`wrapped`."""
    return ", ".join(safe(name).replace(" ", TIED) for name in names)


def short(id_: str) -> str:
    """The random half of an id."""
    return id_.partition("-")[2] or id_


def done(
    formatter: Formatter,
    before: Ticket | None,
    decision: Decision,
    profile: Profile,
    upcoming: NextRules,
) -> str:
    """The line that says what was done: ``k3qx9: Open -> Solved   jane@customer.example
    is told; closes by itself ...``"""
    after = decision.ticket
    name = formatter.paint(short(after.id), "bold")
    if before is None:
        return after.id
    if before.status != after.status:
        head = f"{name}: {before.status} -> {formatter.paint.state(after.status, profile.state(after.status))}"
    elif not decision.entries:
        return f"{name}: nothing to do"
    else:
        head = f"{name}: {deed(formatter, decision.entries[0])}"
    told = list(
        dict.fromkeys(
            who for notice in decision.notifications for who in notice.recipients
        )
    )
    tail = (
        [f"{', '.join(map(safe, told))} {'is' if len(told) == 1 else 'are'} told"]
        if told
        else []
    )
    tail += map(safe, decision.unreachable)
    was, promise = (coming(formatter, one) for one in (upcoming.before, upcoming.after))
    if promise and (before.status != after.status or promise != was):
        tail.append(promise)
    elif was and not promise and before.status == after.status:
        tail.append("its clock is stopped")
    tail += [f"continued in {request.id}" for request in decision.follow_ups]
    return f"{head}     {'; '.join(tail)}" if tail else head


def coming(formatter: Formatter, upcoming: NextRule | None) -> str:
    """Return what will happen next by time: ``closes by itself in 4 d (2026-11-25
    12:05)``; nothing if nothing will."""
    if upcoming is None:
        return ""
    if upcoming.future:
        return f"no rule acts by time: {in_future(upcoming.future)}"
    if upcoming.closes:
        verb = "closes by itself"
    else:
        verb = (
            f"goes to {upcoming.to} by itself" if upcoming.to else "a reminder goes out"
        )
    due = upcoming.due
    if upcoming.is_due:
        return f"{verb} at the next sweep (due {formatter.time(due)})"
    return f"{verb} in {formatter.ahead(due, long=True)} ({formatter.time(due)})"


def deed(formatter: Formatter, entry: Entry) -> str:
    """One event in few words: ``moved to Solved``, ``reply added``, ``due 2026-12-01``."""
    if entry.to is not None:
        return f"moved to {entry.to}" if entry.from_ else f"{entry.event} as {entry.to}"
    if entry.event in ("notified", "reminded"):
        return f"told {', '.join(map(formatter.who, entry.recipients)) or 'nobody'} ({entry.message})"
    said = [
        word
        for word, text in (("reply added", entry.text), ("note added", entry.note))
        if text
    ]
    changes = _changes(formatter, entry)
    return ", ".join([*([changes] if changes else []), *said]) or entry.event


def _changes(formatter: Formatter, entry: Entry, hidden: Collection[str] = ()) -> str:
    """``assignee amy@support.example, due cleared``."""
    parts = [
        f"{_bare(name)} {_value(formatter, value)}"
        for name, value in entry.sets.items()
        if name not in hidden
    ]
    return ", ".join(parts + [f"{_bare(name)} cleared" for name in entry.unset])


def _bare(name: str) -> str:
    return safe(name.removeprefix("fields."))


def _value(formatter: Formatter, value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(safe, value))
    if isinstance(value, str | int):
        return safe(formatter.shown(str(value)))
    done_ = sum(1 for state in value.values() if state == "done")
    items = ", ".join(
        f"[{'x' if state == 'done' else ' '}] {safe(item)}"
        for item, state in value.items()
    )
    return f"{done_} of {len(value)} done: {items}"


def refusal(
    formatter: Formatter, refused: Refusal, profile: Profile | None
) -> Iterator[str]:
    """The lines of a refusal (X2): what, why (all of it), the document's words, what
    else, how."""
    paint = formatter.paint
    move = (
        f"{refused.from_} -> {refused.to}"
        if refused.from_ and refused.to
        else refused.to or refused.from_ or "new"
    )
    yield f"{paint('refused', 'red')}  {paint(short(refused.id), 'bold')}  {move}: {safe(refused.title)}"
    for reason in refused.reasons:
        lines = list(wrapped(safe(reason), "    ", formatter.across))
        yield from [f"  - {lines[0].strip()}", *lines[1:]]
    if refused.criterion:
        cites = ", ".join([refused.profile, *refused.cites])
        words = safe(refused.criterion).replace('"', "'")  # a quotation within ours
        yield from wrapped(f'"{words}"   ({cites})', "  ", formatter.across)
    if len(refused.way) > 1:
        yield f"  the way there: {_way(refused.from_, refused.way)}"
    others = [move.to for move in refused.open if move.to != refused.to]
    if refused.to and refused.role:
        targets = (
            listed(others)
            or "nothing else; a message is always welcome (ticketctl reply ID)"
        )
        yield from wrapped(
            f"open to you now ({refused.role}): {targets}", "  ", formatter.across
        )
    if line := _hint(refused, profile):
        yield f"hint: {line}"


def _hint(refused: Refusal, profile: Profile | None) -> str:
    """The command that would be the next step, where one can be told that will not be
    refused again."""
    targets = {move.to: move for move in refused.open}
    first = refused.way[0].to if refused.way else ""
    step = (
        refused.to
        if refused.to in targets
        else first
        if first in targets
        else refused.to
    )
    if not step or profile is None:
        return ""
    needs = (
        targets[step].needs
        if step in targets and step != refused.to
        else refused.reasons
    )
    for need in needs:
        if command := re.search(r"\((reply) ID ([^)]*)\)", need):
            return f"ticketctl {command[1]} {short(refused.id)} {command[2]}"
    options = list(dict.fromkeys(map(_option, needs)))
    if not all(options) or (step == refused.to and not options):
        return ""
    if refused.gave and step == refused.to:
        return f"the same with {' '.join(options)}"
    return " ".join(
        [
            "ticketctl",
            "move",
            short(refused.id),
            f'"{step}"' if " " in step else step,
            *options,
        ]
    )


def _option(reason: str) -> str:
    """The option that a reason's words name in brackets, without what is said about it:
    ``(--reply TEXT)``."""
    start = reason.find("(-")
    end = reason.find(")", start)
    return re.split(r",|:| or ", reason[start + 1 : end])[0] if 0 <= start < end else ""


def show(
    formatter: Formatter,
    ticket: Ticket,
    profile: Profile,
    upcoming: NextRule | None,
) -> Iterator[str]:
    """Yield the lines of one ticket with its history."""
    paint, state = formatter.paint, profile.state(ticket.status)
    yield f"{paint(ticket.id, 'bold')}  {paint(safe(ticket.title), 'bold')}"
    parts = [f"{paint.state(ticket.status, state)} ({state})", ticket.profile]
    for key in ("customer", "assignee", "due", "follows", "watchers"):
        if (value := ticket.get(key)) is not None:
            parts.append(
                f"{key} {formatter.time(str(value)) if key == 'due' else _value(formatter, value)}"
            )
    yield "   ".join(parts)
    yield from (
        f"{name}: {_value(formatter, value)}"
        for name, value in sorted(ticket.fields.items())
    )
    if upcoming is not None:
        promise = coming(formatter, upcoming)
        yield (
            promise
            if upcoming.future
            else f"{promise}   ({_with_demands(upcoming.rule)})"
        )
        yield from map(safe, upcoming.unreachable)
    yield ""
    yield from log(formatter, ticket)


def _with_demands(rule: Automation) -> str:
    """Return the name of a rule, with its demands."""
    return ", ".join([rule.name, *rule.origin.cites])


def log(formatter: Formatter, ticket: Ticket) -> Iterator[str]:
    """The history, oldest first; what rules made of an entry at once is told in its
    line."""
    for entry, answers in _acts(ticket.shown):
        words = "; ".join(
            part
            for part in (
                _event(formatter, entry),
                *(_answer(formatter, answer) for answer in answers),
            )
            if part
        )
        told = dict.fromkeys(
            who
            for answer in answers
            if answer.event == "notified"
            for who in answer.recipients
        )
        words += f"; told {', '.join(map(formatter.who, told))}" if told else ""
        words += _WITHOUT_EFFECT.get(
            "same email"
            if _is_repeated(ticket, entry)
            else ticket.idle.get(entry.id, ""),
            "",
        )
        yield f"{formatter.paint(formatter.time(entry.at), 'dim')}  {_actor(formatter, entry)}   {words}"
        for one in (entry, *answers):
            if _is_repeated(ticket, one):
                continue  # its text and what is attached stand at the other
            for text, mark in ((one.text, "    "), (one.note, "  # ")):
                for line in (text or "").rstrip("\n").split("\n") if text else ():
                    yield (mark + safe(line)).rstrip()
            yield from (
                f"    attached: attachments/{ticket.id}/{one.id}-{safe(name)}"
                for name in one.files
            )


_WITHOUT_EFFECT = {
    "twin": "   (without effect: another clone had done it too)",
    "same email": "   (without effect: the same email was taken in by another clone)",
    "void": "   (without effect: somebody had acted meanwhile)",
}


def _is_repeated(ticket: Ticket, entry: Entry) -> bool:
    """Whether an entry came of an email that another clone had put there, too."""
    return entry.id in ticket.twins and entry.id in ticket.idle


def _acts(history: Sequence[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """Entries, each with those that rules made of it in the same instant."""
    acts: list[tuple[Entry, list[Entry]]] = []
    ids: set[str] = set()
    for entry in history:
        if (
            acts
            and entry.at == acts[-1][0].at
            and entry.rule
            and entry.due is None
            and entry.anchor in ids
        ):
            acts[-1][1].append(entry)
        else:
            acts.append((entry, []))
            ids = set()
        ids.add(entry.id)
    return acts


def _answer(formatter: Formatter, entry: Entry) -> str:
    """What a rule made of the entry before: ``Pending -> Open by rule
    customer-replied``; who was told comes last."""
    if entry.event in ("notified", "reminded"):
        return ""
    words = _event(formatter, entry)
    return f"{words} by rule {safe(entry.rule or '')}" if words else ""


def _actor(formatter: Formatter, entry: Entry) -> str:
    if entry.rule:
        return f"rule {safe(entry.rule)}"
    via = f", by {safe(entry.via)}" if entry.via else ""
    whose = f" for {formatter.who(entry.for_)}" if entry.for_ else ""
    return f"{formatter.who(entry.by)} ({safe(entry.role)}{via}){whose}"


def _event(formatter: Formatter, entry: Entry) -> str:
    opening = entry.to is not None and entry.from_ is None
    if opening:
        words = f"{safe(entry.event)} as {safe(entry.to or '')}"
    elif is_import(entry):
        words = "imported; notices owed until then are not sent"
    elif entry.to is not None:
        words = f"{safe(entry.from_ or '')} -> {safe(entry.to)}"
    elif entry.event in ("notified", "reminded"):
        told = ", ".join(map(formatter.who, entry.recipients)) or "nobody"
        words = f"{'told' if entry.event == 'notified' else 'reminded'} {told}"
    else:
        words = {
            "replied": "replied",
            "noted": "note",
            "edited": "",
            "linked": "linked",
        }.get(entry.event, entry.event)
    own = ("customer",) if entry.sets.get("customer") == entry.by else ()
    if changes := _changes(formatter, entry, (*_BEGINNING, *own) if opening else ()):
        words = f"{words}   {changes}".strip()
    late = (
        f"   (due {formatter.time(entry.due)})"
        if entry.due and entry.due != entry.at
        else ""
    )
    return words + late + ("   (nobody was told)" if entry.quiet else "")


def next_lines(
    formatter: Formatter,
    ticket: Ticket,
    actor: Actor,
    moves: Sequence[OpenMove],
    others: Iterable[tuple[str, Sequence[str]]],
    upcoming: NextRule | None,
) -> Iterator[str]:
    """Yield the statuses that are open to somebody now, with criteria and what each
    still needs; then what others and rules can do.

    Args:
        others: by whom or what (``agent or customer``), and to which statuses.
    """
    name = formatter.paint(short(ticket.id), "bold")
    head = f"as {formatter.who(actor.who)} ({actor.role}), {name} is {ticket.status}. "
    yield head + ("You may move it to" if moves else "No move is open to you")
    column = max((len(move.to) for move in moves), default=0)
    for move in moves:
        lines = list(
            wrapped(safe(move.criterion), " " * (column + 5), formatter.across)
        ) or [""]
        yield f"  {move.to:<{column}}   {lines[0].strip()}".rstrip()
        yield from lines[1:]
        yield from (f"  {'':<{column}}   - {safe(need)}" for need in move.needs)
    rest = [
        f"{listed(targets)} {how if how.startswith('by ') else 'by ' + how}"
        for how, targets in others
    ]
    if promise := coming(formatter, upcoming):
        rest.append(promise)
    if rest:
        yield from wrapped("others: " + "; ".join(rest), "", formatter.across)


def way_lines(
    formatter: Formatter, status: str, target: str, steps: Sequence[Step]
) -> Iterator[str]:
    """Yield the shortest way between two statuses, or that there is none."""
    if not steps:
        yield f"no way leads from {status} to {target}"
        return
    yield from wrapped(_way(status, steps), "", formatter.across)


def _way(status: str, steps: Iterable[Step]) -> str:
    """Return ``New -> Open (agent) -> Solved (agent)``."""
    return " -> ".join([status] + [f"{step.to} ({step.how})" for step in steps])
