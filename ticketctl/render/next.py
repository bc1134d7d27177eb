"""What can be done with a ticket now, and what a rule will do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.escaping import safe
from ticketctl.core.ticket import Ticket
from ticketctl.core.vocabulary import short_id
from ticketctl.render.columns import pad, width
from ticketctl.render.format import Formatter, listed

if TYPE_CHECKING:  # a ticket is shown without what looks for moves
    from ticketctl.core.engine.moves import OpenMove, Step
    from ticketctl.core.engine.requests import Actor
    from ticketctl.core.engine.timers import NextRule


def rule_in_words(formatter: Formatter, upcoming: NextRule | None) -> str:
    """Return what a rule will do next: ``closes by itself in 4 d (2026-11-25 12:05)``;
    nothing if none will."""
    if upcoming is None:
        return ""
    if upcoming.future:
        return f"no rule acts by time: {future_in_words(formatter, upcoming.future)}"
    if upcoming.closes:
        verb = "closes by itself"
    elif upcoming.to:
        verb = f"goes to {upcoming.to} by itself"
    else:
        verb = "a reminder goes out"
    time = formatter.time(upcoming.due)
    if upcoming.is_due:
        return f"{verb} at the next sweep (due {time})"
    return f"{verb} in {formatter.ahead(upcoming.due, long=True)} ({time})"


def future_in_words(formatter: Formatter, event: Entry) -> str:
    """Return that an event is dated in the future, with its id and time if the reader
    may see them."""
    if event.event == HIDDEN:
        return "an event is dated in the future"
    return f"event {event.id} is dated in the future ({formatter.time(event.at)})"


def next_lines(
    formatter: Formatter,
    ticket: Ticket,
    actor: Actor,
    moves: Sequence[OpenMove],
    others: Iterable[tuple[str, Sequence[str]]],
    upcoming: NextRule | None,
) -> Iterator[str]:
    """Yield the statuses that are open to somebody now, with criteria and what each
    still needs; then what others and rules can do.

    Args:
        others: by whom or what (``agent or customer``), and to which statuses.
    """
    name = formatter.paint(short_id(ticket.id), "bold")
    who = f"As {formatter.who(actor.who)} ({actor.role})"
    can = "you can change it to:" if moves else "you cannot change its status."
    yield from formatter.wrap(f"{name} is {ticket.status}. {who} {can}", "  ", first="")
    longest = max((width(move.to) for move in moves), default=0)
    column = min(longest, formatter.across // 3)
    for move in moves:
        yield from _move_lines(formatter, move, column)
    rest = [
        f"{listed(targets)} {how if how.startswith('by ') else 'by ' + how}"
        for how, targets in others
    ]
    if rest:
        yield from formatter.wrap(f"others: {'; '.join(rest)}", "  ", first="")
    if upcoming:
        head = "" if upcoming.future else "next rule: "
        words = rule_in_words(formatter, upcoming)
        yield from formatter.wrap(head + words, "  ", first="")


def _move_lines(formatter: Formatter, move: OpenMove, column: int) -> Iterator[str]:
    """Yield a status, its criterion beside it, and what it still needs.

    Args:
        column: how many columns the status may have; a longer one has its own line.
    """
    name, indent = safe(move.to), " " * (column + 5)
    head = f"  {pad(name, column)}   "
    if width(name) > column:
        yield f"  {name}"
        head = indent
    if move.criterion or head != indent:
        yield from formatter.wrap(safe(move.criterion), indent, first=head)
    for need in move.needs:
        yield from formatter.wrap(safe(need), f"{indent}  ", first=f"{indent}- ")


def way_lines(
    formatter: Formatter, status: str, target: str, steps: Sequence[Step]
) -> Iterator[str]:
    """Yield the shortest way between two statuses, or that there is none."""
    words = way_in_words(status, steps)
    if not steps:
        words = f"no transitions lead from {status} to {target}"
    yield from formatter.wrap(words, "  ", first="")


def way_in_words(status: str, steps: Iterable[Step]) -> str:
    """Return ``New -> Open (agent) -> Solved (agent)``."""
    return " -> ".join([status] + [f"{step.to} ({step.how})" for step in steps])
