"""What one sweep does to one ticket (rules 5, 7, 11 of the sweep, docs/sweep.md)."""

from __future__ import annotations

from collections.abc import Collection

from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Decision, Fire, Refusal
from ticketctl.core.engine.timers import due_now
from ticketctl.core.ticket import Ticket
from ticketctl.record import Record


class FiredRule(Record):
    """One automation that was due, and what was decided."""

    fire: Fire
    before: Ticket
    outcome: Decision | Refusal


def sweep_ticket(
    situation: Situation, ticket: Ticket, rules: Collection[str] = ()
) -> list[FiredRule]:
    """Return what a sweep does to a ticket: all that is due at ``situation.now``, one
    after the other, each decided on the ticket as the last has left it.

    It stops after the first change of status. What one sweep does cannot start the
    clock of another rule in the same sweep. What is refused writes nothing and is not
    tried again in the same sweep.

    Args:
        rules: the names of the automations to run; all, if empty.
    """
    anchors = {entry.id for entry in ticket.history}
    fired: list[FiredRule] = []
    tried: set[tuple[str, str, int]] = set()
    while True:
        fire = next(
            (
                fire
                for fire in due_now(situation, ticket)
                if fire.anchor in anchors
                and fire.key not in tried
                and (not rules or fire.rule in rules)
            ),
            None,
        )
        if fire is None:
            return fired
        tried.add(fire.key)
        outcome = decide(situation, ticket, fire)
        fired.append(FiredRule(fire, ticket, outcome))
        if isinstance(outcome, Decision):
            has_moved = outcome.ticket.status != ticket.status
            ticket = outcome.ticket
            if has_moved:
                return fired
