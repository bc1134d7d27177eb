"""The answer to a change: what was done, or why it was refused and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ticketctl.core.escaping import safe
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.core.vocabulary import short_id
from ticketctl.render.color import visible
from ticketctl.render.columns import width
from ticketctl.render.format import Formatter, listed
from ticketctl.render.next import rule_in_words, way_in_words

if TYPE_CHECKING:
    from ticketctl.core.engine.requests import Decision, Refusal
    from ticketctl.core.engine.timers import NextRules


def done_lines(
    formatter: Formatter,
    before: Ticket | None,
    decision: Decision,
    profile: Profile,
    upcoming: NextRules,
    dry: bool,
) -> Iterator[str]:
    """Yield what was done: ``k3qx9: Open -> Solved     jane@customer.example will be
    notified; closes by itself in 4 d (2026-11-25 12:05)``. For a new ticket, its id.

    Args:
        before: the ticket as it was; ``None`` if it is new.
        upcoming: the rule that acts next, before the change and after.
        dry: whether nothing was written.
    """
    if before is None:
        yield decision.ticket.id
        return
    name = short_id(decision.ticket.id)
    first = f"{'dry run  ' if dry else ''}{formatter.paint(name, 'bold')}: "
    indent = " " * width(visible(first))
    head = _what(formatter, before, decision, profile)
    tail = "; ".join(_consequences(formatter, before, decision, upcoming))
    line = f"{head}     {tail}" if tail else head
    if width(visible(first + line)) <= formatter.across:
        yield first + line
        return
    yield from formatter.wrap(head, indent, first)
    yield from formatter.wrap(tail, indent)


def _what(
    formatter: Formatter, before: Ticket, decision: Decision, profile: Profile
) -> str:
    """Return the change itself: ``Open -> Solved``, ``reply added``."""
    status = decision.ticket.status
    if before.status != status:
        painted = formatter.paint.state(status, profile.state(status))
        return f"{before.status} -> {painted}"
    if not decision.entries:
        return "nothing to do"
    from ticketctl.render.entries import event_summary

    return event_summary(formatter, decision.entries[0])


def _consequences(
    formatter: Formatter, before: Ticket, decision: Decision, upcoming: NextRules
) -> Iterator[str]:
    """Yield who will be notified, or why no one is; what a rule will do next, if that
    has changed; the tickets in which this one continues."""
    recipients = dict.fromkeys(
        address
        for notification in decision.notifications
        for address in notification.recipients
    )
    if recipients:
        yield f"{', '.join(map(safe, recipients))} will be notified"
    yield from map(safe, decision.unreachable)
    earlier, later = (
        rule_in_words(formatter, rule) for rule in (upcoming.before, upcoming.after)
    )
    has_moved = before.status != decision.ticket.status
    if later and (has_moved or later != earlier):
        yield later
    elif earlier and not later and not has_moved:
        yield "its timer is stopped"
    for request in decision.follow_ups:
        yield f"continued in {request.id}"


def refusal_lines(
    formatter: Formatter, refused: Refusal, profile: Profile | None
) -> Iterator[str]:
    """Yield the lines of a refusal (X2): what was refused, every reason, the criterion
    of the document, the way, what is possible instead, and the next command."""
    paint = formatter.paint
    move = (
        f"{refused.from_} -> {refused.to}"
        if refused.from_ and refused.to
        else refused.to or refused.from_ or "new"
    )
    name = paint(short_id(refused.id), "bold")
    head = f"{paint('refused', 'red')}  {name}  {move}: {safe(refused.title)}"
    yield from formatter.wrap(head, " " * 9, first="")
    for reason in refused.reasons:
        yield from formatter.wrap(safe(reason), "    ", first="  - ")
    if refused.criterion:
        cites = ", ".join([refused.profile, *refused.cites])
        words = safe(refused.criterion).replace('"', "'")  # a quotation within ours
        yield from formatter.wrap(f'"{words}"   ({cites})', "  ")
    if len(refused.way) > 1:
        way = way_in_words(refused.from_, refused.way)
        yield from formatter.wrap(f"the way there: {way}", "    ", first="  ")
    others = [move.to for move in refused.open if move.to != refused.to]
    if refused.to and refused.role:
        targets = listed(others) or "nothing else, but you can add a message (reply)"
        words = f"open to you now ({refused.role}): {targets}"
        yield from formatter.wrap(words, "    ", first="  ")
    if command := _hint(refused, profile):
        yield from formatter.wrap(f"hint: {command}", "    ", first="")


def _hint(refused: Refusal, profile: Profile | None) -> str:
    """Return the command that would be the next step, if one is known that will not be
    refused again."""
    targets = {move.to: move for move in refused.open}
    first = refused.way[0].to if refused.way else ""
    step = first if refused.to not in targets and first in targets else refused.to
    if not step or profile is None:
        return ""
    needs = (
        targets[step].needs
        if step in targets and step != refused.to
        else refused.reasons
    )
    for need in needs:
        if command := re.search(r"\((reply) ID ([^)]*)\)", need):
            return f"ticketctl {command[1]} {short_id(refused.id)} {command[2]}"
    options = list(dict.fromkeys(map(_option, needs)))
    if not all(options) or (step == refused.to and not options):
        return ""
    if refused.gave and step == refused.to:
        return f"the same with {' '.join(options)}"
    status = f'"{step}"' if " " in step else step
    return " ".join(["ticketctl", "move", short_id(refused.id), status, *options])


def _option(reason: str) -> str:
    """Return the option that a reason names in brackets, without what is said about it:
    ``(--reply TEXT)``."""
    start = reason.find("(-")
    end = reason.find(")", start)
    return re.split(r",|:| or ", reason[start + 1 : end])[0] if 0 <= start < end else ""
