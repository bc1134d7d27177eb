"""The working state of one decision: its entries, reasons, warnings, notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketctl.core import dates
from ticketctl.core.engine.context import EvalContext, Situation
from ticketctl.core.engine.requests import Actor, Change, Create, Notification
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.profile import Transition
from ticketctl.core.templates import MOST, TooLongError
from ticketctl.core.ticket import Ticket, apply, fold, unflat


class DecisionDraft:
    """A decision while it is made, inside one call of ``decide``; it is thrown away
    then.

    Args:
        situation: as of ``decide``.
        ticket: the ticket before the request; ``None`` for a new one.
        actor: who makes the request, or the system.
        via: the channel of the request, as its entry names it.
        request: what a person requests; ``None`` for what the system does.

    Attributes:
        ticket: the ticket with the entries so far; what was passed in never changes.
        before: the history before the request, without entries that have no effect.
        edge: the transition that the request makes, if it makes one.
        unreachable: why notifications reach nobody.
        rule: the name of the rule that acted last.
    """

    def __init__(
        self,
        situation: Situation,
        ticket: Ticket | None,
        actor: Actor,
        via: str | None,
        request: Change | Create | None = None,
    ) -> None:
        self.situation, self.actor = situation, actor
        self.profile, self.people, self.now, self.by_mail = situation
        self.before = ticket.acts if ticket else ()
        self.ticket = ticket
        self.via, self.request = via, request
        self.entries: list[Entry] = []
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self.notifications: list[Notification] = []
        self.unreachable: list[str] = []
        self.follow_ups: list[Create] = []
        self.edge: Transition | None = None
        self.rule = ""
        self._written = 0

    @property
    def current(self) -> Ticket:
        """The ticket with the entries so far; there must be one."""
        assert self.ticket is not None
        return self.ticket

    @property
    def role(self) -> str:
        """The role in which the request is made: the customer's, where staff act for
        the customer."""
        if self.actor.for_:
            return self.profile.role_of_kind("customer")
        return self.actor.role

    def context(
        self, ticket: Ticket, changed: frozenset[str] = frozenset()
    ) -> EvalContext:
        """Return what tests may look at.

        Args:
            ticket: as the tests are to see it.
            changed: names of the fields that are set or cleared.
        """
        request = self.request
        return EvalContext(
            self.profile,
            self.people,
            self.now,
            ticket,
            self.before,
            self.role,
            self.actor.role,
            self.actor.who,
            channel="mail" if self.via == "mail" else "cli",
            text=request.text if request else None,
            note=request.note if request else None,
            subject=request.subject if request else None,
            changed=changed,
            name=request.name if isinstance(request, Change) else "",
        )

    def actor_entry(self, event: str, **content: Any) -> Entry:
        """Return a new entry of whoever acts; it has no id yet."""
        return Entry(
            dates.format_instant(self.now),
            self.actor.who,
            self.actor.role,
            event,
            for_=self.actor.for_,
            via=self.via,
            **content,
        )

    def system_entry(
        self, event: str, rule: str | None, marks: Mapping[str, Any], **content: Any
    ) -> Entry:
        """Return a new entry of the system; it has no id yet.

        Args:
            rule: the name of the rule that makes it.
            marks: its anchor; where time set off the rule, what is its key, too.
        """
        system = self.profile.system
        return Entry(
            dates.format_instant(self.now),
            system,
            system,
            event,
            rule=rule,
            **marks,
            **content,
        )

    def append(self, entry: Entry) -> Entry:
        """Append an entry to the ticket, and return it with its id.

        Raises:
            TooLongError: the decision would write more than a ticket can hold.
        """
        sizes = {
            name: len(str(value))
            for name, value in (
                *entry.sets.items(),
                ("text", entry.text or ""),
                ("note", entry.note or ""),
            )
        }
        self._written += sum(sizes.values())
        if self._written > MOST:
            largest = unflat(max(sizes, key=lambda name: sizes[name]))
            raise TooLongError(
                self._written, f"what is set at once, {largest} the last,"
            )
        sealed = seal(self.ticket.history if self.ticket else (), entry)
        self.ticket = apply(self.ticket, sealed)
        self.entries.append(sealed)
        return sealed

    def ticket_after(self, entry: Entry) -> Ticket:
        """Return the ticket as it was just after one of this decision's entries."""
        later = len(self.entries) - self.entries.index(entry) - 1
        history = self.current.history
        return fold(history[: len(history) - later]) if later else self.current
