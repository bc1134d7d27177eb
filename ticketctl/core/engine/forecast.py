"""What rules do to a ticket by time if nobody does anything, and why or why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ticketctl.core import dates
from ticketctl.core.engine.condition_words import in_words
from ticketctl.core.engine.context import Situation, system_context
from ticketctl.core.engine.guards import holds
from ticketctl.core.engine.recipients import unreachable_reasons
from ticketctl.core.engine.requests import Decision, Fire
from ticketctl.core.engine.sweep import FiredRule, sweep_ticket
from ticketctl.core.engine.timers import Clock, Timer, clock_of, next_due, timers
from ticketctl.core.profile import Automation
from ticketctl.core.ticket import Ticket
from ticketctl.record import Record

MOST = 1000
"""How many automatic actions on one ticket are forecast at most."""


class RuleForecast(Record):
    """One rule and one ticket that is in one of the rule's statuses.

    Args:
        clock: from which event it counts, and what stopped it.
        fire: what it does next, if the clock runs and not all is done.
        done: the number of the last occurrence that was done.
        unreachable: why its notifications reach nobody, if they do not.
        conditions: each condition in words, and whether it holds when the rule is due
            (now, if that is past).
    """

    automation: Automation
    clock: Clock
    fire: Fire | None
    done: int
    conditions: tuple[tuple[str, bool], ...]
    unreachable: tuple[str, ...] = ()


def rule_forecasts(situation: Situation, ticket: Ticket) -> Iterator[RuleForecast]:
    """Yield every rule that acts by time in the ticket's status, in the profile's
    order, and how it stands."""
    profile = situation.profile
    running = {timer.automation.name: timer for timer in timers(profile, ticket)}
    for automation in profile.automations:
        if ticket.status in automation.within:
            timer = running.get(automation.name)
            yield _rule_forecast(situation, ticket, automation, timer)


def _rule_forecast(
    situation: Situation, ticket: Ticket, automation: Automation, timer: Timer | None
) -> RuleForecast:
    """Return how a rule stands for a ticket.

    Args:
        timer: its clock, if it runs.
    """
    profile, people, now, _ = situation
    clock = clock_of(profile, ticket, automation)
    fire = timer.next(profile) if timer else None
    if timer and fire and dates.parse_instant(fire.due) < now:
        fire = timer.next(profile, now)
    at = max(now, dates.parse_instant(fire.due)) if fire else now
    context = system_context(situation._replace(now=at), ticket)
    tests = tuple((in_words(test), holds((test,), context)) for test in automation.when)
    unreachable = unreachable_reasons(automation, ticket, people)
    return RuleForecast(
        automation, clock, fire, timer.done if timer else 0, tests, unreachable
    )


def forecast(
    situation: Situation, ticket: Ticket, until: datetime
) -> Iterator[tuple[datetime, FiredRule]]:
    """Yield what the sweeps from ``situation.now`` to ``until`` will do to a ticket if
    nobody does anything, each at its instant."""
    profile, people, at, _ = situation
    for _ in range(MOST):
        done = sweep_ticket(Situation(profile, people, at), ticket)
        yield from ((at, fired) for fired in done)
        decided = [
            fired.outcome.ticket
            for fired in done
            if isinstance(fired.outcome, Decision)
        ]
        if decided:
            ticket = decided[-1]
            continue  # at the same instant: what one sweep does starts clocks
        fire = next_due(profile, ticket, people, after=at)
        if fire is None or dates.parse_instant(fire.due) > until:
            return
        at = dates.parse_instant(fire.due)
