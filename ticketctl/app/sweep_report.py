"""What a sweep is asked to do, and what it reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ticketctl.core.engine.requests import Decision, Fire, Refusal
from ticketctl.core.engine.sweep import FiredRule
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    Finding,
    TicketctlError,
)
from ticketctl.store.index.sql import FutureTicket


class SweepOptions(NamedTuple):
    """What the user asks of a sweep.

    Args:
        rules: the names of the automations to run; empty for all.
        dry: whether to write nothing (rule 15).
        limit: how many tickets to write at most, the longest due first (rule 10).
        confirm: how many changes of status to allow, even if they are unusually many
            (rule 14).
        trust_clock: whether to skip the clock check. Tickets with an event in the
            future are skipped all the same.
    """

    rules: tuple[str, ...] = ()
    dry: bool = False
    limit: int | None = None
    confirm: int | None = None
    trust_clock: bool = False


class SweepAction(NamedTuple):
    """What a rule did to a ticket, would do, or was refused.

    Args:
        ticket: the ticket before.
        decision: ``None`` if it was refused, for ``reasons``.
    """

    ticket: Ticket
    profile: Profile
    automation: Automation
    fire: Fire
    decision: Decision | None
    reasons: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The status before."""
        return self.ticket.status

    @property
    def verb(self) -> str:
        """What it does, in a word: close, move, remind, change, or refused."""
        if self.decision is None:
            return "refused"
        after = self.decision.ticket
        if after.status != self.ticket.status:
            return "close" if self.profile.state(after.status) == "closed" else "move"
        return (
            "remind"
            if any(entry.message for entry in self.decision.entries)
            else "change"
        )


class SweepReport:
    """The result of a sweep.

    Args:
        acts: what the rules did.
        broken: the tickets that cannot be read.
        failed: what else went wrong.
        busy: whether another sweep is running.
        moves: how many changes of status there would be, if they are more than
            ``allowed``; then nothing is written until the user confirms them.
        allowed: how many changes of status need no confirmation.
        left: how many more tickets are due, past the limit.
        ahead: the tickets that are skipped, since an event of theirs is in the future.
        clock: why a real run would be refused because of its clock; only of a dry run.
    """

    def __init__(self, allowed: int = 0) -> None:
        self.acts: list[SweepAction] = []
        self.broken: list[Finding] = []
        self.failed: list[TicketctlError] = []
        self.ahead: list[FutureTicket] = []
        self.busy = False
        self.moves = 0
        self.allowed = allowed
        self.left = 0
        self.clock = ""

    @property
    def done(self) -> list[SweepAction]:
        """The actions that were not refused."""
        return [act for act in self.acts if act.decision]

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the run, for the heartbeat file."""
        refused = len(self.acts) - len(self.done) + len(self.ahead)
        return {
            "done": len(self.done),
            "left": self.left,
            "refused": refused,
            "broken": len(self.broken),
            "failed": len(self.failed),
        }

    @property
    def guarded(self) -> bool:
        """Whether there are so many changes of status that the user must confirm them."""
        return self.moves > self.allowed


def actions_of(profile: Profile, fired: Iterable[FiredRule]) -> Iterator[SweepAction]:
    """Yield the actions of rules that fired on a ticket."""
    for rule in fired:
        automation = profile.automation(rule.fire.rule)
        assert automation is not None
        if isinstance(rule.outcome, Refusal):
            yield SweepAction(
                rule.before, profile, automation, rule.fire, None, rule.outcome.reasons
            )
        else:
            yield SweepAction(rule.before, profile, automation, rule.fire, rule.outcome)
