"""A little world to play a profile in: one clock, people, tickets in memory. Pure: no
file is written."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ticketctl.core.dates import Duration, add, parse_when, zone
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Decision,
    Notification,
    Refusal,
)
from ticketctl.core.engine.sweep import FiredRule, sweep_ticket
from ticketctl.core.people import People
from ticketctl.core.ticket import Ticket
from ticketctl.store.profiles import ProfileRegistry

REGISTRY = ProfileRegistry(None)
CUSTOMER = "jane@customer.example"


class Refused(Exception):
    """A request was refused; ``reasons`` has every reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("; ".join(refusal.reasons))
        self.refusal, self.reasons = refusal, refusal.reasons


@dataclass
class World:
    """Play requests against one profile.

    ``people`` maps addresses to role names; ``None`` is a store that lists nobody. The
    default actor of a role is ``ROLE@staff.example`` (the customer's is
    jane@customer.example).
    """

    name: str
    people: dict[str, set[str]] | None = None
    now: datetime = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    ticket: Ticket = None  # type: ignore[assignment]
    warnings: list[str] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    follow_ups: list[Create] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.profile = REGISTRY.get(self.name)
        self._numbers = itertools.count(1)

    @property
    def listed(self) -> People:
        """The people of the store; everybody, if it lists nobody."""
        if self.people is None:
            return People()
        return People({who: frozenset(roles) for who, roles in self.people.items()})

    def who(self, role: str) -> str:
        """The address of whoever acts in a role."""
        return CUSTOMER if role == "customer" else f"{role}@staff.example"

    def wait(self, period: str) -> None:
        """Let time pass: an ISO 8601 duration in the profile's zone."""
        self.now = add(self.now, Duration.parse(period), zone(self.profile.timezone))

    def when(self, text: str) -> str:
        """A moment as --due takes it (+3d, 2026-12-01T09:00), as the file holds it."""
        return parse_when(text, self.now, zone(self.profile.timezone))

    def new(
        self,
        role: str = "customer",
        title: str = "It does not work",
        text: str | None = "Please help.",
        to: str | None = None,
        customer: str | None = CUSTOMER,
        who: str | None = None,
        **sets: Any,
    ) -> Ticket:
        """Create a ticket; it becomes ``self.ticket``."""
        values = {"customer": customer, **sets} if customer else sets
        actor = Actor(who or self.who(role), role)
        return self._take(
            Create(
                f"261102-{next(self._numbers):05d}",
                actor,
                title,
                text,
                to=to,
                sets=values,
            ),
            None,
        )

    def ask(
        self,
        role: str,
        to: str | None = None,
        *,
        text: str | None = None,
        note: str | None = None,
        for_: str | None = None,
        who: str | None = None,
        unset: tuple[str, ...] = (),
        via: str | None = None,
        subject: str | None = None,
        quiet: bool = False,
        name: str = "",
        **sets: Any,
    ) -> Ticket:
        """Move, reply (text), note or set as ``role``; raises Refused. Time goes on by
        a second each time."""
        actor = Actor(who or self.who(role), role, for_)
        change = Change(
            actor,
            to,
            text,
            note,
            sets,
            unset,
            via,
            subject,
            quiet=quiet,
            name=name,
            follow_id=f"261102-f{next(self._numbers):04d}",
        )
        return self._take(change, self.ticket)

    def refused(
        self, role: str, to: str | None = None, **words: Any
    ) -> tuple[str, ...]:
        """The reasons of a request that must be refused; the ticket stays as it was."""
        before = self.ticket
        try:
            self.ask(role, to, **words)
        except Refused as refused:
            self.ticket = before
            return refused.reasons
        raise AssertionError(f"not refused: {before.status} -> {to} as {role}")

    def sweep(self) -> list[FiredRule]:
        """Run the sweep at ``self.now``."""
        fired = sweep_ticket(
            Situation(self.profile, self.listed, self.now), self.ticket
        )
        for one in fired:
            if isinstance(one.outcome, Decision):
                self._keep(one.outcome)
        return fired

    def recipients(
        self, message: str | None = None
    ) -> list[tuple[str, tuple[str, ...]]]:
        """The notices so far, as (message, told)."""
        return [
            (n.message, n.recipients)
            for n in self.notifications
            if message in (None, n.message)
        ]

    def _take(self, request: Create | Change, ticket: Ticket | None) -> Ticket:
        self.now += timedelta(seconds=1)
        outcome = decide(
            Situation(self.profile, self.listed, self.now), ticket, request
        )
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        return self._keep(outcome)

    def _keep(self, decision: Decision) -> Ticket:
        self.ticket = decision.ticket
        self.warnings += decision.warnings
        self.notifications += decision.notifications
        self.follow_ups += decision.follow_ups
        return self.ticket
