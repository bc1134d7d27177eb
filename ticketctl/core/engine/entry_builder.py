"""What a request makes of a ticket: its entry, and all that rules make of that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ticketctl.core.conditions import Event
from ticketctl.core.engine.context import fill_sets
from ticketctl.core.engine.draft import DecisionDraft
from ticketctl.core.engine.guards import failures, holds, judge
from ticketctl.core.engine.requests import Change, Create, Deliver, Fire, Keep
from ticketctl.core.engine.rule_runner import RuleRun, RuleRunner
from ticketctl.core.entry import Entry, Value
from ticketctl.core.profile import Automation, Transition
from ticketctl.core.templates import TooLongError
from ticketctl.core.ticket import Ticket, apply, flat, flat_field
from ticketctl.record import replace


class EntryBuilder:
    """What makes the entries of one request.

    Args:
        draft: the decision under way; entries, reasons and warnings are added to it.
    """

    def __init__(self, draft: DecisionDraft) -> None:
        self.draft = draft
        self.rules = RuleRunner(draft)

    def create(self, request: Create) -> None:
        """Make the ticket's first entry (A3, B1, S1 ...), then what follows from it."""
        draft, profile = self.draft, self.draft.profile
        edge = self._creation(request)
        if edge is None:
            return
        draft.edge = edge
        empty = Ticket(
            request.id, profile.name, request.title, edge.target, customer=None
        )
        context = draft.context(empty, changed=frozenset(request.sets))
        defaults = {
            field.name: field.default
            for field in profile.fields.values()
            if field.default is not None
        }
        put, _ = fill_sets({**defaults, **edge.sets, **request.sets}, context)
        opening: dict[str, Value] = {
            "ticket": request.id,
            "profile": profile.name,
            "version": profile.version,
            "title": request.title,
        }
        sets = opening | {key: put[key] for key in sorted(put, key=_head_order)}
        entry = self._request_entry("created", request, to=edge.target, sets=sets)
        context = replace(context, ticket=apply(None, entry))
        target = profile.statuses[edge.target]
        draft.reasons += failures(
            (*edge.preconditions, *target.preconditions, *target.invariants), context
        )
        draft.warnings += failures((*edge.warns, *target.warns), context)
        self._commit(entry)

    def _creation(self, request: Create) -> Transition | None:
        """Return the transition by which a ticket is created; ``None``, with a reason
        on the draft, if the role has none."""
        from ticketctl.core.engine.moves import creation_edges

        draft = self.draft
        edges = creation_edges(draft.profile, request.to)
        for edge in edges:
            if draft.role in edge.roles:
                return edge
        what = f"as {request.to}" if request.to else f"of {draft.profile.title}"
        roles = " or ".join(
            dict.fromkeys(role for edge in edges for role in edge.roles)
        )
        draft.reasons.append(
            f"only {roles} may create a ticket {what}"
            if edges
            else f"nobody may create a ticket {what}"
        )
        return None

    def change(self, request: Change) -> None:
        """Move, write, note, edit: one entry, then what follows from it."""
        ticket = self.draft.current
        # Setting what it is already is no change by itself, but a move may ask that it
        # be given in the same act, and a rule may wait for it (assigning a reopened
        # ticket to whom it was assigned before).
        put = {
            flat(name): value
            for name, value in request.sets.items()
            if request.to is not None
            or ticket.get(name) != value
            or self._awaited(name)
        }
        cleared = tuple(
            flat(name) for name in request.unset if ticket.get(name) is not None
        )
        entry = self._request_entry(
            _event_of(request), request, sets=put, unset=cleared
        )
        names = _base_names((*request.sets, *request.unset))
        if request.to is not None:
            moved = self._moved(request.to, entry, names)
            if moved is None:
                return
            entry = moved
        elif put or cleared:
            invariants = self.draft.profile.statuses[ticket.status].invariants
            context = self.draft.context(apply(ticket, entry), changed=names)
            self.draft.reasons += failures(invariants, context)
        if entry.to or entry.sets or entry.unset or entry.text or entry.note:
            self._commit(replace(entry, event=request.event or entry.event))

    def _moved(self, to: str, entry: Entry, names: frozenset[str]) -> Entry | None:
        """Return an entry with a change of status, and what the transition sets; add
        the reasons and warnings to the draft. ``None`` if there is no transition.

        Args:
            names: of the fields that the request sets or clears.
        """
        draft, ticket = self.draft, self.draft.current
        context = draft.context(apply(ticket, entry), changed=names)
        verdict = judge(context, to)
        draft.edge = verdict.edge
        draft.reasons += verdict.reasons
        draft.warnings += verdict.warnings
        if verdict.edge is None:
            return None
        put, cleared = fill_sets(verdict.edge.sets_besides(names), context)
        return replace(
            entry,
            event="moved",
            from_=ticket.status,
            to=to,
            sets={**entry.sets, **put},
            unset=entry.unset + cleared,
        )

    def _awaited(self, name: str) -> bool:
        """Return whether setting a field, to whatever value, would make a rule move the
        ticket now."""
        event = Event("field_set", name.partition(".")[0])
        context = self.draft.context(self.draft.current)
        return any(
            rule.moves and event in rule.on and holds(rule.when, context)
            for rule in self.draft.profile.triggers
        )

    def fire(self, automation: Automation, request: Fire) -> None:
        """Do what an automation does, as the system; its first entry bears the key
        (rule 6)."""
        draft = self.draft
        marks: dict[str, Any] = {"anchor": request.anchor, "due": request.due}
        if request.occurrence > 1:
            marks["occurrence"] = request.occurrence
        first, ticket = len(draft.entries), draft.current
        for action in automation.do:
            # The first entry bears the key; what else is done hangs on it, so that it
            # shares its fate (rule 9).
            fresh = (
                {**marks}
                if len(draft.entries) == first
                else {"anchor": draft.entries[first].id}
            )
            self.rules.run(action, RuleRun(automation.name, fresh, ticket))
        if len(draft.entries) == first and not draft.reasons:
            # Nobody to notify: it has fired all the same, or it would come back at
            # every sweep.
            draft.append(draft.system_entry("reminded", automation.name, marks))
        self.rules.follow(list(draft.entries))

    def deliver(self, request: Deliver) -> None:
        """Record that a notification was sent, then what follows from it."""
        draft = self.draft
        due = next(
            entry for entry in draft.current.history if entry.id == request.due_entry
        )
        sent = draft.system_entry(
            "notified",
            due.rule or "",
            {"anchor": due.id},
            message=due.message,
            recipients=request.recipients,
        )
        self.rules.follow([draft.append(sent)])

    def keep(self, request: Keep) -> None:
        """Record what came in as a note; no rule answers it."""
        entry = self.draft.system_entry(
            "noted",
            None,
            {},
            note=request.note,
            files=request.files,
            mail_id=request.mail_id,
            mail_digest=request.mail_digest,
        )
        self.draft.append(replace(entry, by=request.who, via=request.via))

    def give_up(self, error: TooLongError) -> None:
        """Refuse what would set more than a ticket can hold."""
        rule = f", rule {self.draft.rule}" if self.draft.rule else ""
        self.draft.reasons.append(f"{self.draft.profile.name}{rule}: {error}")

    def _request_entry(
        self, event: str, request: Create | Change, **content: Any
    ) -> Entry:
        """Return the entry of a request, with the text and the files that came with
        it."""
        return self.draft.actor_entry(
            event,
            text=request.text,
            note=request.note,
            quiet=request.quiet,
            files=request.files,
            mail_id=request.mail_id,
            mail_digest=request.mail_digest,
            **content,
        )

    def _commit(self, entry: Entry) -> None:
        """Append an entry that nothing stands against, and run the rules."""
        if not self.draft.reasons:
            self.rules.follow([self.draft.append(entry)])


def _event_of(request: Change) -> str:
    """Return the kind of the entry of a request that moves nothing."""
    if request.text:
        return "replied"
    return "noted" if request.note else "edited"


def _base_names(names: Iterable[str]) -> frozenset[str]:
    """Return names of fields without the items of checklists."""
    return frozenset(flat_field(name) for name in names)


def _head_order(name: str) -> tuple[int, str]:
    """Return what sorts the names that a first entry sets: head keys first."""
    heads = ("customer", "assignee", "due", "follows", "watchers")
    return (heads.index(name), "") if name in heads else (len(heads), name)
