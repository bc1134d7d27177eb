"""Why a time-based rule will act on a ticket, or not: lines for people, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ticketctl.core import dates
from ticketctl.core.engine.forecast import RuleForecast
from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.escaping import safe
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.core.vocabulary import short_id
from ticketctl.render.entries import event_summary
from ticketctl.render.format import Formatter, listed
from ticketctl.render.next import future_in_words


def why_lines(
    formatter: Formatter,
    ticket: Ticket,
    profile: Profile,
    forecasts: Sequence[RuleForecast],
    future: Entry | None,
) -> Iterator[str]:
    """Yield the lines about the time-based rules of one ticket: from which event each
    counts, when it acts, and which conditions hold.

    Args:
        forecasts: the rules of the ticket's status.
        future: the event dated in the future for which sweeps skip the ticket.
    """
    since = next(entry.at for entry in reversed(ticket.acts) if entry.to is not None)
    name = formatter.paint(short_id(ticket.id), "bold")
    yield f"{name}  {ticket.status} since {formatter.time(since)}"
    if future:
        words = future_in_words(formatter, future)
        yield from formatter.wrap(
            f"{words}: sweeps skip this ticket until then", "  ", first=""
        )
    for forecast in forecasts:
        yield ""
        yield from _rule_lines(formatter, profile, forecast, future)
    if not forecasts:
        yield from formatter.wrap(
            f"no rule acts by itself on a ticket that is {ticket.status}",
            "  ",
            first="",
        )
    names = {forecast.automation.name for forecast in forecasts}
    others = [rule for rule in profile.automations if rule.name not in names]
    if others:
        rules = ", ".join(f"{rule.name} ({listed(rule.within)})" for rule in others)
        yield ""
        yield from formatter.wrap(f"in other statuses: {rules}", "  ", first="")


def _rule_lines(
    formatter: Formatter,
    profile: Profile,
    forecast: RuleForecast,
    future: Entry | None,
) -> Iterator[str]:
    rule = forecast.automation
    cites = f" ({', '.join(rule.origin.cites)})" if rule.origin.cites else ""
    name = formatter.paint(rule.name, "bold")
    place = f"{rule.place.path}:{rule.place.line}"
    yield from formatter.wrap(f"{name}{cites}   {place}", "  ", first="")
    criterion = rule.criterion.replace('"', "'")
    yield from formatter.wrap(
        f'"{criterion}"' if criterion else rule.origin.assumed, "  "
    )
    for fact, text in _facts(formatter, profile, forecast, future):
        yield from formatter.wrap(text, " " * 13, first=f"  {fact:<9}  ")


def _facts(
    formatter: Formatter,
    profile: Profile,
    forecast: RuleForecast,
    future: Entry | None,
) -> Iterator[tuple[str, str]]:
    """Yield what is known of one rule: nothing of an event that the reader may not see,
    which may have started or stopped it.

    Args:
        future: the event dated in the future for which sweeps skip the ticket.
    """
    rule, clock = forecast.automation, forecast.clock
    if clock.anchor is None:
        event = f"there was no {rule.start} in this status"
        yield "starts", f"not yet: {f'{rule.at} is not set' if rule.at else event}"
        return
    if clock.anchor.event != HIDDEN:
        yield "starts", _event(formatter, clock.anchor)
    if clock.stopper is not None:
        is_hidden = clock.stopper.event == HIDDEN
        yield "stopped", "yes" if is_hidden else _event(formatter, clock.stopper)
        if again := [*rule.resume_on, *rule.reset_on]:
            yield "resumes", "on the next " + " or ".join(map(str, again))
        return
    if forecast.fire is not None:
        fire = forecast.fire
        missed = f" ({fire.missed} missed before)" if fire.missed else ""
        when = f"{formatter.time(fire.due)}, {_when(formatter, fire.due, future)}"
        yield "due", f"{when}{missed}; {_period(profile, rule)}"
    for words, holds in forecast.conditions:
        yield "condition", f"{safe(words)}: {'yes' if holds else 'no, so it waits'}"
    if forecast.fire is not None and clock.anchor.event != HIDDEN:
        yield "key", f"{rule.name} {clock.anchor.id} {forecast.fire.occurrence}"
    for words in forecast.unreachable:
        yield "warning", safe(words)
    done = f"occurrence {forecast.done}" if rule.repeat else "yes"
    yield "done", done if forecast.done else "not yet"


def _event(formatter: Formatter, entry: Entry) -> str:
    summary = event_summary(formatter, entry)
    return f"{formatter.time(entry.at)}  {summary} ({entry.id})"


def _when(formatter: Formatter, due: str, event: Entry | None) -> str:
    """Return when a sweep does what is due: not before an event in the future."""
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
        lead = "at" if rule.lead == dates.Duration() else f"{rule.lead} before"
        return f"{lead} {rule.at}, {of}"
    again = f", then every {rule.repeat}" if rule.repeat else ""
    return f"{rule.after} after {rule.start}{again}, {of}"


def future_document(event: Entry | None) -> dict[str, str | None] | None:
    """Return the event for which sweeps skip a ticket, for programs; of one that the
    reader may not see, neither its id nor its instant."""
    if event is None:
        return None
    return {"event": _id(event), "at": None if event.event == HIDDEN else event.at}


def _id(event: Entry | None) -> str | None:
    return event.id if event is not None and event.event != HIDDEN else None


def rule_document(forecast: RuleForecast) -> dict[str, Any]:
    """Return what is known of one rule, for programs."""
    rule, clock, fire = forecast.automation, forecast.clock, forecast.fire
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
        "done": forecast.done,
        "unheard": list(forecast.unreachable),
        "conditions": [
            {"test": words, "holds": holds} for words, holds in forecast.conditions
        ],
    }
