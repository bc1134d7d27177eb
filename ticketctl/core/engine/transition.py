"""One act under way: the entry that a request makes, and all that rules make of it.

An :class:`TransitionBuilder` lives inside one call of ``decide`` and is thrown away;
what it was given is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketctl.core import dates
from ticketctl.core.dag import seal
from ticketctl.core.engine.context import EvalContext, Situation
from ticketctl.core.engine.events import events_of
from ticketctl.core.engine.guards import failures, holds, judge
from ticketctl.core.engine.messages import readable
from ticketctl.core.engine.moves import creation_edges
from ticketctl.core.engine.notifications import compose
from ticketctl.core.engine.placeholders import fill, fill_sets, fill_value
from ticketctl.core.engine.recipients import can_be_notified, named, unreachable_reason
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Deliver,
    Fire,
    Keep,
    Notification,
)
from ticketctl.core.entry import Entry, Value
from ticketctl.core.language.grammar import INTERNAL
from ticketctl.core.profile import (
    Action,
    Automation,
    Event,
    Transition,
    Trigger,
)
from ticketctl.core.templates import MOST, TooLongError
from ticketctl.core.ticket import LINK, Ticket, apply, flat, fold
from ticketctl.record import replace


class TransitionBuilder:
    """The working state of one decision.

    Args:
        situation: as of ``decide``.
        ticket: the ticket before the request; ``None`` for a new one.
        actor: who makes the request, or the system.
    """

    def __init__(
        self,
        situation: Situation,
        ticket: Ticket | None,
        actor: Actor,
        via: str | None,
    ) -> None:
        self.situation, self.actor = situation, actor
        self.profile, self.people, self.now, self.by_mail = situation
        self.before = ticket.acts if ticket else ()
        self.ticket = ticket
        self.via = via
        self.entries: list[Entry] = []
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self.notices: list[Notification] = []
        self.unheard: list[str] = []
        self.follow_ups: list[Create] = []
        self.edge: Transition | None = None
        self._fired: set[str] = set()
        self._request: Change | Create | None = None
        self._rule = ""
        self._written = 0

    # --- what people ask ---

    def create(self, request: Create) -> None:
        """Make the ticket's first entry (A3, B1, S1 ...), then what follows from it."""
        self._request = request
        defaults = {
            f.name: f.default
            for f in self.profile.fields.values()
            if f.default is not None
        }
        edges = creation_edges(self.profile, request.to)
        mine = [edge for edge in edges if self._role in edge.roles]
        if not mine:
            roles = " or ".join(
                dict.fromkeys(role for edge in edges for role in edge.roles)
            )
            what = f"as {request.to}" if request.to else "here"
            self.reasons.append(
                f"only {roles} may create a ticket {what}"
                if edges
                else f"no ticket is created {what}"
            )
            return
        self.edge = edge = mine[0]
        empty = Ticket(
            request.id, self.profile.name, request.title, edge.target, customer=None
        )
        context = self._context(empty, changed=frozenset(request.sets))
        put, _ = fill_sets({**defaults, **edge.sets, **request.sets}, context)
        opening: dict[str, Value] = {
            "ticket": request.id,
            "profile": self.profile.name,
            "version": self.profile.version,
            "title": request.title,
        }
        sets = opening | {key: put[key] for key in sorted(put, key=_head_order)}
        draft = self._entry(
            "created",
            to=edge.target,
            sets=sets,
            text=request.text,
            note=request.note,
            quiet=request.quiet,
            files=request.files,
            mail_id=request.mail_id,
            mail_digest=request.mail_digest,
        )
        context = replace(context, ticket=apply(None, draft))
        target = self.profile.statuses[edge.target]
        self.reasons += failures((*edge.needs, *target.needs, *target.keeps), context)
        self.warnings += failures((*edge.warns, *target.warns), context)
        self._commit(draft)

    def change(self, request: Change) -> None:
        """Move, write, note, edit: one entry, then what follows from it."""
        assert self.ticket is not None
        self._request = request
        # Setting what it is already is no change by itself, but a move may ask that it
        # be given in the same act, and a rule may wait for it (assigning a reopened
        # ticket to whom it was assigned before).
        put = {
            flat(name): value
            for name, value in request.sets.items()
            if request.to is not None
            or self.ticket.get(name) != value
            or self._awaited(name)
        }
        cleared = tuple(
            flat(name) for name in request.unset if self.ticket.get(name) is not None
        )
        given = frozenset(
            name.removeprefix("fields.").partition(".")[0]
            for name in (*request.sets, *request.unset)
        )
        draft = self._entry(
            "edited",
            sets=put,
            unset=cleared,
            text=request.text,
            note=request.note,
            quiet=request.quiet,
            files=request.files,
            mail_id=request.mail_id,
            mail_digest=request.mail_digest,
        )
        asked = self._context(apply(self.ticket, draft), changed=given)
        if request.to is not None:
            verdict = judge(asked, request.to)
            self.edge = verdict.edge
            self.reasons += verdict.reasons
            self.warnings += verdict.warnings
            if verdict.edge is None:
                return
            more = {
                k: v
                for k, v in verdict.edge.sets.items()
                if k.partition(".")[0] not in given
            }
            edge_put, edge_cleared = fill_sets(more, asked)
            draft = replace(
                draft,
                event="moved",
                from_=self.ticket.status,
                to=request.to,
                sets=put | edge_put,
                unset=cleared + edge_cleared,
            )
        else:
            if put or cleared:
                self.reasons += failures(
                    self.profile.statuses[self.ticket.status].keeps, asked
                )
            draft = replace(
                draft,
                event="replied"
                if request.text
                else "noted"
                if request.note
                else "edited",
            )
        if not (draft.to or draft.sets or draft.unset or draft.text or draft.note):
            return
        self._commit(replace(draft, event=request.event or draft.event))

    def _awaited(self, name: str) -> bool:
        """Whether setting a field, to whatever value, would make a rule move the ticket
        now."""
        event, context = (
            Event("field_set", name.partition(".")[0]),
            self._context(self._now),
        )
        return any(
            rule.moves and event in rule.on and holds(rule.when, context)
            for rule in self.profile.triggers
        )

    def fire(self, automation: Automation, request: Fire) -> None:
        """Do what an automation does, as the system; its first entry bears the key
        (rule 6)."""
        assert self.ticket is not None
        marks: dict[str, Any] = {"anchor": request.anchor, "due": request.due}
        if request.nth > 1:
            marks["nth"] = request.nth
        first = len(self.entries)
        stood = self.ticket
        for action in automation.do:
            # The first entry bears the key; what else is done hangs on it, so that it
            # shares its fate (rule 9).
            fresh = (
                {**marks}
                if len(self.entries) == first
                else {"anchor": self.entries[first].id}
            )
            self._do(action, automation.name, fresh, stood, None)
        if len(self.entries) == first and not self.reasons:
            # Nobody to tell: it has fired all the same, or it would come back at every
            # sweep.
            self._append(self._system_entry("reminded", automation.name, marks))
        self._follow(list(self.entries))

    def deliver(self, request: Deliver) -> None:
        """Write down that a notice was handed over, then what follows from it."""
        entry = next(entry for entry in self._now.history if entry.id == request.owed)
        marks = {"anchor": entry.id}
        told = self._system_entry(
            "notified",
            entry.rule or "",
            marks,
            message=entry.message,
            told=request.told,
        )
        self._follow([self._append(told)])

    def keep(self, request: Keep) -> None:
        """Note what came in; no rule answers it."""
        draft = self._system_entry(
            "noted",
            None,
            {},
            note=request.note,
            files=request.files,
            mail_id=request.mail_id,
            mail_digest=request.mail_digest,
        )
        self._append(replace(draft, by=request.who, via=request.via))

    def give_up(self, error: TooLongError) -> None:
        """Refuse what would set more than a ticket can hold."""
        rule = f", rule {self._rule}" if self._rule else ""
        self.reasons.append(f"{self.profile.name}{rule}: {error}")

    # --- what rules make of it ---

    def _commit(self, draft: Entry) -> None:
        if not self.reasons:
            self._follow([self._append(draft)])

    def _follow(self, causes: Sequence[Entry]) -> None:
        """The triggers that entries set off, and those that their entries set off in
        turn, each once a request."""
        waiting = [(cause, self._as_of(cause)) for cause in causes]
        while waiting:
            entry, stood = waiting.pop(0)
            start = len(self.entries)
            for trigger in self.profile.triggers:
                if self._set_off(trigger, entry, stood):
                    self._fired.add(trigger.name)
                    moved_already = any(made.to for made in self.entries[start:])
                    if not (trigger.moves and moved_already):
                        for action in trigger.do:
                            self._do(
                                action, trigger.name, {"anchor": entry.id}, stood, entry
                            )
            waiting += [(made, self._as_of(made)) for made in self.entries[start:]]

    def _set_off(self, trigger: Trigger, entry: Entry, stood: Ticket) -> bool:
        matched = events_of(self.profile, entry).intersection(trigger.on)
        if not matched or trigger.name in self._fired:
            return False
        if (
            trigger.moves
            and self._asked_to_move
            and not any(e.kind in ("entered", "left") for e in matched)
        ):
            return False
        changed = frozenset(
            event.about
            for event in events_of(self.profile, entry)
            if event.kind == "field_set"
        )
        return holds(trigger.when, self._context(stood, changed))

    def _as_of(self, entry: Entry) -> Ticket:
        """The ticket just after one of this act's entries."""
        left = len(self.entries) - self.entries.index(entry) - 1
        return (
            fold(self._now.history[: len(self._now.history) - left])
            if left
            else self._now
        )

    def _do(
        self,
        action: Action,
        rule: str,
        marks: Mapping[str, Any],
        stood: Ticket,
        cause: Entry | None,
    ) -> None:
        """One action of a rule. ``cause`` is the entry that it answers, if it answers
        one."""
        context, self._rule = self._context(stood), rule
        match action.kind:
            case "move":
                self._move(action, rule, marks, cause)
            case "set":
                put, cleared = fill_sets(
                    action.sets, replace(context, ticket=self._now)
                )
                if put or cleared:
                    self._append(
                        self._system_entry(
                            "edited", rule, marks, sets=put, unset=cleared
                        )
                    )
            case "note":
                self._append(
                    self._system_entry(
                        "noted",
                        rule,
                        marks,
                        note=fill_value(action.target, context, "the note", cause),
                    )
                )
            case "notify":
                self._notify(action, rule, marks)
            case "refuse":
                self.reasons.append(self._said(action.target, context, cause))
            case "warn":
                self.warnings.append(self._said(action.target, context, cause))
            case _:  # follow_up
                self._follow_up(
                    fill_value(
                        action.target, context, "the title of the follow-up", cause
                    ),
                    rule,
                    marks,
                )

    def _said(self, text: str, context: EvalContext, cause: Entry | None) -> str:
        """What whoever asks is told; customers never read an internal note, not even
        one that a rule has made."""
        is_staff = self.profile.kind(self.actor.role) in ("agent", "system")
        return fill(text, context, cause, {} if is_staff else {INTERNAL: ""})

    def _move(
        self, action: Action, rule: str, marks: Mapping[str, Any], cause: Entry | None
    ) -> None:
        ticket = self._now
        context = self._context(ticket)
        put, cleared = fill_sets(action.sets, context)
        draft = self._system_entry(
            "moved",
            rule,
            marks,
            from_=ticket.status,
            to=action.target,
            sets=put,
            unset=cleared,
            text=fill_value(action.text, context, "the text", cause) or None,
            note=fill_value(action.note, context, "the note", cause) or None,
        )
        system = self.profile.system
        asked = replace(
            context,
            role=system,
            by=system,
            actor=system,
            text=draft.text,
            note=draft.note,
            ticket=apply(ticket, replace(draft, to=None)),
            changed=frozenset(action.sets),
        )
        verdict = judge(asked, action.target)
        if verdict.reasons or verdict.edge is None:
            words = [
                f"rule {rule}, {ticket.status} -> {action.target}: {reason}"
                for reason in verdict.reasons
            ]
            # A sweep reports it and writes nothing; a person's own act is not lost for
            # a rule that cannot follow.
            (self.reasons if marks.get("due") else self.warnings).extend(words)
            return
        more = {
            k: v
            for k, v in verdict.edge.sets.items()
            if k.partition(".")[0] not in asked.changed
        }
        edge_put, edge_cleared = fill_sets(more, asked)
        self._append(replace(draft, sets=put | edge_put, unset=cleared + edge_cleared))

    def _notify(self, action: Action, rule: str, marks: Mapping[str, Any]) -> None:
        """Owe a notice; where nothing delivers it but scripts, it counts as given in
        the same write."""
        if self._request is not None and self._request.quiet:
            return
        told = self._readers(action, rule)
        if not told and (words := unreachable_reason(action, self._now, self.people)):
            self.unheard.append(words)
        if marks.get("due") or (told and self.by_mail):
            owing = self._append(
                self._system_entry(
                    "reminded", rule, marks, message=action.target, told=told
                )
            )
            marks = {"anchor": owing.id}
        if not told:
            return
        if not self.by_mail:
            owing = self._append(
                self._system_entry(
                    "notified", rule, marks, message=action.target, told=told
                )
            )
        self.notices.append(compose(self.profile, self._now, owing, self.people))

    def _readers(self, action: Action, rule: str) -> tuple[str, ...]:
        """Who is told by a rule; a message that holds an internal note goes to staff
        alone."""
        told = self._resolve(
            action.told if self._concerned(action.told) else action.otherwise
        )
        may_read = tuple(
            who
            for who in told
            if readable(self.profile, action.target, self._now, self.people, who)
        )
        for who in told:
            if who not in may_read:
                self.warnings.append(
                    f"{who} is not told: {action.target} ({rule}) holds an internal note, for staff alone"
                )
        return may_read

    def _resolve(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The addresses that a notice goes to; who acts is told only as ``actor`` or
        ``customer``."""
        found: list[str] = []
        for target in targets:
            silent = () if target in ("actor", "customer") else (self.actor.who,)
            found += [who for who in self._concerned((target,)) if who not in silent]
        return tuple(dict.fromkeys(found))

    def _concerned(self, targets: Sequence[str]) -> list[str]:
        """Everybody whom a notice is about to reach, who acts among them. Nothing is
        owed to who cannot be reached."""
        found: list[str] = []
        for target in targets:
            acts = (self.actor.for_ or self.actor.who,)
            found += (
                acts if target == "actor" else named(target, self._now, self.people)
            )
        return [who for who in found if can_be_notified(who, self.people)]

    def _follow_up(self, title: str, rule: str, marks: Mapping[str, Any]) -> None:
        """A linked new ticket with the message of this request (B8, H10)."""
        request, ticket = self._request, self._now
        if not isinstance(request, Change):
            return
        actor = Actor(self.actor.for_ or self.actor.who, self._role)
        sets: dict[str, Value] = {"follows": ticket.id}
        if ticket.customer:
            sets["customer"] = ticket.customer
        # The digest alone: the email itself stands on this ticket.
        self.follow_ups.append(
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
        self._append(
            self._system_entry("linked", rule, marks, sets={LINK: request.follow_id})
        )

    # --- the pieces ---

    @property
    def _now(self) -> Ticket:
        assert self.ticket is not None
        return self.ticket

    @property
    def _role(self) -> str:
        """The role in which the request is made: the customer's, where staff act for
        the customer."""
        return (
            self.profile.role_of_kind("customer")
            if self.actor.for_
            else self.actor.role
        )

    @property
    def _asked_to_move(self) -> bool:
        return isinstance(self._request, Change) and self._request.to is not None

    def _context(
        self, ticket: Ticket, changed: frozenset[str] = frozenset()
    ) -> EvalContext:
        request = self._request
        return EvalContext(
            self.profile,
            self.people,
            self.now,
            ticket,
            self.before,
            self._role,
            self.actor.role,
            self.actor.who,
            channel="mail" if self.via == "mail" else "cli",
            text=request.text if request else None,
            note=request.note if request else None,
            subject=request.subject if request else None,
            changed=changed,
            name=request.name if isinstance(request, Change) else "",
        )

    def _entry(self, event: str, **content: Any) -> Entry:
        at = dates.format_instant(self.now)
        return Entry(
            at,
            self.actor.who,
            self.actor.role,
            event,
            for_=self.actor.for_,
            via=self.via,
            **content,
        )

    def _system_entry(
        self, event: str, rule: str | None, marks: Mapping[str, Any], **content: Any
    ) -> Entry:
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

    def _append(self, draft: Entry) -> Entry:
        sizes = {
            name: len(str(value))
            for name, value in (
                *draft.sets.items(),
                ("text", draft.text or ""),
                ("note", draft.note or ""),
            )
        }
        self._written += sum(sizes.values())
        if self._written > MOST:
            largest = max(sizes, key=lambda name: sizes[name]).removeprefix("fields.")
            raise TooLongError(
                self._written, f"what is set at once, {largest} the last,"
            )
        history = self.ticket.history if self.ticket else ()
        entry = seal(history, draft)
        self.ticket = apply(self.ticket, entry)
        self.entries.append(entry)
        return entry


def _head_order(name: str) -> tuple[int, str]:
    heads = ("customer", "assignee", "due", "follows", "watchers")
    return (heads.index(name), "") if name in heads else (len(heads), name)
