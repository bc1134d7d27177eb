"""What a sweep is asked to do, and what it reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ticketctl.core.engine.requests import Decision, Fire, Refusal
from ticketctl.core.engine.sweep import FiredRule
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    Finding,
    TicketctlError,
)
from ticketctl.record import Record
from ticketctl.store.index.sql import FutureTicket


class SweepOptions(Record):
    """What a run of the sweep is asked to do.

    Args:
        rules: names of the automations to run; all, if empty.
        dry: the same without the writer (rule 15).
        limit: how many tickets are written at most, the longest due first (rule 10).
        confirm: up to how many changes of status are meant, whatever the guard thinks
            (rule 14).
        trust_clock: the clock is right, whatever the guard thinks. Tickets with an
            event of the future are left alone all the same.
    """

    rules: tuple[str, ...] = ()
    dry: bool = False
    limit: int | None = None
    confirm: int | None = None
    trust_clock: bool = False


class SweepAction(Record):
    """One thing that the sweep did, would do, or was refused."""

    ticket: Ticket
    profile: Profile
    automation: Automation
    fire: Fire
    decision: Decision | None
    reasons: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The status as it was."""
        return self.ticket.status

    @property
    def verb(self) -> str:
        """What it does, in a word: close, move, remind, change."""
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


@dataclass
class SweepReport:
    """What a run of the sweep came to.

    Args:
        moves: how many changes of status there would be, where the guard wants them
            confirmed (``allowed`` are not asked about); nothing was written then.
        left: how many tickets are due besides, past the limit.
        ahead: the tickets that were left alone, since an event of theirs is dated in
            the future.
        clock: why a run would be refused for its clock, told by a dry one.
    """

    acts: list[SweepAction] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    failed: list[TicketctlError] = field(default_factory=list)
    busy: bool = False
    moves: int = 0
    allowed: int = 0
    left: int = 0
    ahead: list[FutureTicket] = field(default_factory=list)
    clock: str = ""

    @property
    def done(self) -> list[SweepAction]:
        """The acts that were not refused."""
        return [act for act in self.acts if act.decision]

    @property
    def counts(self) -> dict[str, int]:
        """The sums of the run, for its sign of life."""
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
        """Whether there are more changes of status than are made without being
        confirmed."""
        return self.moves > self.allowed


def actions_of(profile: Profile, fired: Iterable[FiredRule]) -> Iterator[SweepAction]:
    """What fired, as it is told."""
    for one in fired:
        automation = profile.automation(one.fire.rule)
        assert automation is not None
        if isinstance(one.outcome, Refusal):
            yield SweepAction(
                one.before, profile, automation, one.fire, None, one.outcome.reasons
            )
        else:
            yield SweepAction(one.before, profile, automation, one.fire, one.outcome)
