"""What one sweep does to one ticket, decided purely (rules 5, 7, 11 of the sweep)."""

from __future__ import annotations

from collections.abc import Collection

from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Decision, Fire, Refusal
from ticketctl.core.engine.timers import due_now
from ticketctl.core.ticket import Ticket
from ticketctl.record import Record


class FiredRule(Record):
    """One automation that came due, and what the checker made of it."""

    fire: Fire
    before: Ticket
    outcome: Decision | Refusal


def sweep_ticket(
    situation: Situation, ticket: Ticket, rules: Collection[str] = ()
) -> list[FiredRule]:
    """Everything that is due for a ticket at ``situation.now``, one after the other, each judged
    against what the last left.

    It stops after the first change of status; an act of this run cannot start the clock
    of another in the same run; a refused act writes nothing and is not tried again in
    the run.

    Args:
        rules: the names of the automations to run; all, if empty.
    """
    known = {entry.id for entry in ticket.history}
    done: list[FiredRule] = []
    tried: set[tuple[str, str, int]] = set()
    while True:
        fire = next(
            (
                fire
                for fire in due_now(situation, ticket)
                if fire.anchor in known
                and (fire.rule, fire.anchor, fire.occurrence) not in tried
                and (not rules or fire.rule in rules)
            ),
            None,
        )
        if fire is None:
            return done
        tried.add((fire.rule, fire.anchor, fire.occurrence))
        outcome = decide(situation, ticket, fire)
        done.append(FiredRule(fire, ticket, outcome))
        if isinstance(outcome, Decision):
            moved = outcome.ticket.status != ticket.status
            ticket = outcome.ticket
            if moved:
                return done
