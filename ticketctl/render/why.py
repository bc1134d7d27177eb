"""Why a rule will act on a ticket, or will not, in lines for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ticketctl.core import dates
from ticketctl.core.engine.forecast import RuleForecast
from ticketctl.core.engine.timers import future_event, in_future
from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.render.format import Formatter, wrapped
from ticketctl.render.sanitize import safe
from ticketctl.render.text import deed, listed, short


def why(
    formatter: Formatter,
    ticket: Ticket,
    profile: Profile,
    found: Sequence[RuleForecast],
) -> Iterator[str]:
    """The lines about one ticket: each rule of its status, from which event it counts,
    when it acts, and what is wanting."""
    since = next(entry.at for entry in reversed(ticket.acts) if entry.to is not None)
    yield f"{formatter.paint(short(ticket.id), 'bold')}  {ticket.status} since {formatter.time(since)}"
    event = future_event(ticket, formatter.now)
    if event:
        yield from wrapped(
            f"{in_future(event)}: sweeps leave this ticket alone until then",
            "",
            formatter.across,
        )
    for outlook in found:
        yield ""
        rule = outlook.automation
        cites = f" ({', '.join(rule.origin.cites)})" if rule.origin.cites else ""
        yield f"{formatter.paint(rule.name, 'bold')}{cites}   {rule.place.path}:{rule.place.line}"
        words = rule.criterion.replace('"', "'")
        yield from wrapped(
            f'"{words}"' if words else rule.origin.assumed, "  ", formatter.across
        )
        for name, text in _facts(formatter, profile, outlook, event):
            head = f"  {name:<9}  "
            lines = list(wrapped(text, " " * len(head), formatter.across)) or [""]
            yield head + lines[0].strip()
            yield from lines[1:]
    names = {outlook.automation.name for outlook in found}
    others = [rule for rule in profile.automations if rule.name not in names]
    if not found:
        yield f"no rule acts by itself on a ticket that is {ticket.status}"
    if others:
        yield ""
        yield from wrapped(
            "in other statuses: "
            + ", ".join(f"{rule.name} ({listed(rule.within)})" for rule in others),
            "",
            formatter.across,
        )


def _facts(
    formatter: Formatter, profile: Profile, outlook: RuleForecast, ahead: Entry | None
) -> Iterator[tuple[str, str]]:
    """What is known of one rule; nothing of an event that the reader may not see, which
    may have started or stopped it.

    Args:
        ahead: the event of the future until which sweeps leave the ticket alone.
    """
    rule, clock = outlook.automation, outlook.clock
    if clock.anchor is None:
        missing = (
            f"{rule.at} is not set"
            if rule.at
            else f"there was no {rule.start} in this stay"
        )
        yield "starts", f"not yet: {missing}"
        return
    if clock.anchor.event != HIDDEN:
        yield "starts", _event(formatter, clock.anchor)
    if clock.stopper is not None:
        yield (
            "stopped",
            "yes"
            if clock.stopper.event == HIDDEN
            else _event(formatter, clock.stopper),
        )
        if again := [*rule.resume_on, *rule.reset_on]:
            yield "resumes", "with the next " + " or ".join(map(str, again))
        return
    if outlook.fire is not None:
        fire = outlook.fire
        missed = f" ({fire.missed} missed before)" if fire.missed else ""
        yield (
            "due",
            f"{formatter.time(fire.due)}, {_when(formatter, fire.due, ahead)}{missed}; {_period(profile, rule)}",
        )
    for words, holds in outlook.conditions:
        yield "condition", f"{safe(words)}: {'yes' if holds else 'no, so it waits'}"
    if outlook.fire is not None and clock.anchor.event != HIDDEN:
        yield "key", f"{rule.name} {clock.anchor.id} {outlook.fire.occurrence}"
    for words in outlook.unreachable:
        yield "notice", safe(words)
    done = f"occurrence {outlook.done}" if rule.repeat else "yes"
    yield "done", done if outlook.done else "not yet"


def _event(formatter: Formatter, entry: Entry) -> str:
    return f"{formatter.time(entry.at)}  {safe(deed(formatter, entry))} ({entry.id})"


def _when(formatter: Formatter, due: str, event: Entry | None) -> str:
    """When a sweep does what is due: not before an event of the future."""
    if event is not None and due < event.at:
        return "but sweeps wait until " + (
            "then" if event.event == HIDDEN else formatter.time(event.at)
        )
    ahead = formatter.ahead(due, long=True)
    return "the next sweep does it" if ahead == "now" else f"in {ahead}"


def _period(profile: Profile, rule: Automation) -> str:
    where = (
        profile.calendars[rule.calendar].timezone if rule.calendar else profile.timezone
    )
    of = f"working time ({rule.calendar}), {where}" if rule.calendar else where
    if rule.at:
        return f"{'at' if rule.lead == dates.Duration() else f'{rule.lead} before'} {rule.at}, {of}"
    again = f", then every {rule.repeat}" if rule.repeat else ""
    return f"{rule.after} after {rule.start}{again}, {of}"


def future(ticket: Ticket, now: datetime) -> dict[str, str | None] | None:
    """The event for which sweeps leave a ticket alone, for programs; nothing, if there
    is none. Of one that the reader may not see, neither its id nor its instant."""
    event = future_event(ticket, now)
    return (
        {"event": _id(event), "at": None if event.event == HIDDEN else event.at}
        if event
        else None
    )


def _id(event: Entry | None) -> str | None:
    return event.id if event is not None and event.event != HIDDEN else None


def document(outlook: RuleForecast) -> dict[str, Any]:
    """The same for programs."""
    rule, clock, fire = outlook.automation, outlook.clock, outlook.fire
    return {
        "rule": rule.name,
        "cites": list(rule.origin.cites),
        "criterion": rule.criterion or None,
        "assumed": rule.origin.assumed or None,
        "path": rule.place.path,
        "line": rule.place.line,
        "anchor": _id(clock.anchor),
        "stopped_by": _id(clock.stopper),
        "due": fire.due if fire else None,
        "nth": fire.occurrence if fire else None,
        "missed": fire.missed if fire else 0,
        "done": outlook.done,
        "unheard": list(outlook.unreachable),
        "conditions": [
            {"test": words, "holds": holds} for words, holds in outlook.conditions
        ],
    }
