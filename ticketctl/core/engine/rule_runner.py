"""What rules do about the entries of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from ticketctl.core.actions import (
    Action,
    FollowUpAction,
    MoveAction,
    NoteAction,
    NotifyAction,
    RefuseAction,
    SetAction,
    WarnAction,
)
from ticketctl.core.engine.context import EvalContext, fill, fill_sets, fill_value
from ticketctl.core.engine.draft import DecisionDraft
from ticketctl.core.engine.events import events_of
from ticketctl.core.engine.guards import holds, judge
from ticketctl.core.engine.internal_notes import readable
from ticketctl.core.engine.notification_text import compose
from ticketctl.core.engine.recipients import recipients_of, unreachable_reason
from ticketctl.core.engine.requests import Actor, Change, Create
from ticketctl.core.entry import Entry, Value
from ticketctl.core.profile import Trigger
from ticketctl.core.templates import INTERNAL
from ticketctl.core.ticket import LINK, Ticket, apply
from ticketctl.record import Record, replace


class RuleRun(Record):
    """One rule that acts.

    Args:
        name: of the rule.
        marks: what its entries bear: the anchor; where time set it off, its key, too.
        ticket: as it stood when the rule was set off.
        cause: the entry that the rule answers, if it answers one.
    """

    name: str
    marks: Mapping[str, Any]
    ticket: Ticket
    cause: Entry | None = None


class RuleRunner:
    """What runs the rules of a profile on a decision under way.

    Args:
        draft: the decision; entries, warnings and notifications are added to it.
    """

    def __init__(self, draft: DecisionDraft) -> None:
        self.draft = draft
        self._fired: set[str] = set()

    def follow(self, causes: Sequence[Entry]) -> None:
        """Run the triggers that entries set off, and those that their entries set off
        in turn, each once a request."""
        draft = self.draft
        pending = [(cause, draft.ticket_after(cause)) for cause in causes]
        while pending:
            entry, ticket = pending.pop(0)
            start = len(draft.entries)
            for trigger in draft.profile.triggers:
                if not self._sets_off(trigger, entry, ticket):
                    continue
                self._fired.add(trigger.name)
                has_moved = any(new.to for new in draft.entries[start:])
                if not (trigger.moves and has_moved):
                    run = RuleRun(trigger.name, {"anchor": entry.id}, ticket, entry)
                    for action in trigger.do:
                        self.run(action, run)
            pending += [(new, draft.ticket_after(new)) for new in draft.entries[start:]]

    def _sets_off(self, trigger: Trigger, entry: Entry, ticket: Ticket) -> bool:
        """Return whether an entry sets off a trigger.

        Args:
            ticket: just after the entry.
        """
        events, request = events_of(self.draft.profile, entry), self.draft.request
        matches = events.intersection(trigger.on)
        if not matches or trigger.name in self._fired:
            return False
        asks_to_move = isinstance(request, Change) and request.to is not None
        if (
            trigger.moves
            and asks_to_move
            and not any(event.kind in ("entered", "left") for event in matches)
        ):
            return False
        changed = frozenset(
            event.about for event in events if event.kind == "field_set"
        )
        return holds(trigger.when, self.draft.context(ticket, changed))

    def run(self, action: Action, run: RuleRun) -> None:
        """Do one action of a rule."""
        draft = self.draft
        draft.rule = run.name
        context = draft.context(run.ticket)
        match action:
            case MoveAction():
                self._move(action, run)
            case SetAction():
                put, cleared = fill_sets(
                    action.sets, replace(context, ticket=draft.current)
                )
                if put or cleared:
                    self._append("edited", run, sets=put, unset=cleared)
            case NoteAction():
                note = fill_value(action.text, context, "the note", run.cause)
                self._append("noted", run, note=note)
            case NotifyAction():
                self._notify(action, run)
            case RefuseAction():
                draft.reasons.append(self._words(action.text, context, run))
            case WarnAction():
                draft.warnings.append(self._words(action.text, context, run))
            case FollowUpAction():
                title = fill_value(
                    action.title, context, "the title of the follow-up", run.cause
                )
                self._follow_up(title, run)
            case _:
                assert_never(action)

    def _append(self, event: str, run: RuleRun, **content: Any) -> Entry:
        """Append an entry of a rule."""
        draft = self.draft
        return draft.append(draft.system_entry(event, run.name, run.marks, **content))

    def _words(self, text: str, context: EvalContext, run: RuleRun) -> str:
        """Return a reason or a warning for whoever makes the request; customers never
        read an internal note, not even one that a rule has made."""
        is_staff = self.draft.profile.kind(self.draft.actor.role) in ("agent", "system")
        return fill(text, context, run.cause, {} if is_staff else {INTERNAL: ""})

    def _move(self, action: MoveAction, run: RuleRun) -> None:
        """Move the ticket, if the checker lets the system do so."""
        draft, ticket = self.draft, self.draft.current
        context, cause = draft.context(ticket), run.cause
        put, cleared = fill_sets(action.sets, context)
        entry = draft.system_entry(
            "moved",
            run.name,
            run.marks,
            from_=ticket.status,
            to=action.status,
            sets=put,
            unset=cleared,
            text=fill_value(action.text, context, "the text", cause) or None,
            note=fill_value(action.note, context, "the note", cause) or None,
        )
        system = draft.profile.system
        context = replace(
            context,
            role=system,
            by=system,
            actor=system,
            text=entry.text,
            note=entry.note,
            ticket=apply(ticket, replace(entry, to=None)),
            changed=frozenset(action.sets),
        )
        verdict = judge(context, action.status)
        if verdict.reasons or verdict.edge is None:
            words = [
                f"rule {run.name}, {ticket.status} -> {action.status}: {reason}"
                for reason in verdict.reasons
            ]
            # A sweep reports it and writes nothing; a person's own change is not lost
            # for a rule that cannot follow.
            (draft.reasons if run.marks.get("due") else draft.warnings).extend(words)
            return
        more = verdict.edge.sets_besides(context.changed)
        edge_put, edge_cleared = fill_sets(more, context)
        draft.append(replace(entry, sets=put | edge_put, unset=cleared + edge_cleared))

    def _notify(self, action: NotifyAction, run: RuleRun) -> None:
        """Record that a notification is due; where only scripts deliver it, it counts
        as sent in the same write."""
        draft, message = self.draft, action.message
        if draft.request is not None and draft.request.quiet:
            return
        recipients = self._readers(action, run)
        if not recipients and (
            reason := unreachable_reason(action, draft.current, draft.people)
        ):
            draft.unreachable.append(reason)
        if run.marks.get("due") or (recipients and draft.by_mail):
            due = self._append("reminded", run, message=message, recipients=recipients)
            run = replace(run, marks={"anchor": due.id})
        if not recipients:
            return
        if not draft.by_mail:
            due = self._append("notified", run, message=message, recipients=recipients)
        draft.notifications.append(
            compose(draft.profile, draft.current, due, draft.people)
        )

    def _readers(self, action: NotifyAction, run: RuleRun) -> tuple[str, ...]:
        """Return whom a rule notifies; a message with an internal note goes to staff
        alone."""
        draft, message = self.draft, action.message
        ticket, people = draft.current, draft.people
        recipients = recipients_of(action, ticket, people, draft.actor)
        readers = tuple(
            who
            for who in recipients
            if readable(draft.profile, message, ticket, people, who)
        )
        draft.warnings += [
            f"{who} is not notified: the message {message} ({run.name}) contains "
            "an internal note, which only staff may read"
            for who in recipients
            if who not in readers
        ]
        return readers

    def _follow_up(self, title: str, run: RuleRun) -> None:
        """Create a linked new ticket with the message of this request (B8, H10)."""
        draft, request, ticket = self.draft, self.draft.request, self.draft.current
        if not isinstance(request, Change):
            return
        actor = Actor(draft.actor.for_ or draft.actor.who, draft.role)
        sets: dict[str, Value] = {"follows": ticket.id}
        if ticket.customer:
            sets["customer"] = ticket.customer
        # The digest alone: the email itself stands on this ticket.
        draft.follow_ups.append(
            Create(
                request.follow_id,
                actor,
                title,
                request.text,
                sets=sets,
                via=request.via,
                mail_digest=request.mail_digest,
            )
        )
        self._append("linked", run, sets={LINK: request.follow_id})
