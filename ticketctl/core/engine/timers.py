"""When automations act on a ticket: rules 2 to 7 of the sweep (docs/sweep.md).

Sweep, list, why and the forecast all ask here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from ticketctl.core import dates
from ticketctl.core.actions import moves_among
from ticketctl.core.conditions import depends_on_time
from ticketctl.core.engine.context import Situation, system_context
from ticketctl.core.engine.events import events_of
from ticketctl.core.engine.recipients import unreachable_reasons
from ticketctl.core.engine.requests import Fire
from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.people import People
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket, flat
from ticketctl.record import Record


class Clock(Record):
    """From which event a rule counts for a ticket.

    It runs if it has been started and not stopped since.

    Args:
        anchor: the entry that started it.
        stopper: the entry that has stopped it since.
    """

    anchor: Entry | None
    stopper: Entry | None = None


class Timer(Record):
    """A clock that runs for a ticket.

    Args:
        automation: its rule.
        anchor: the id of the entry that it counts from.
        first: the instant of the first occurrence, in UTC.
        done: the number of the last occurrence that was done; missed ones before it
            count as done.
    """

    automation: Automation
    anchor: str
    first: datetime
    done: int

    def occurrence(self, number: int, profile: Profile) -> datetime:
        """Return the instant of an occurrence, in UTC; the first has number 1."""
        if self.automation.repeat is None or number == 1:
            return self.first
        return profile.later(
            self.automation, self.first, self.automation.repeat, number - 1
        )

    def next(self, profile: Profile, now: datetime | None = None) -> Fire | None:
        """Return what is to be done next; ``None`` if all is done.

        Args:
            now: the latest occurrence that is due by then stands for all that were
                missed before it (rule 8); without it, the earliest that is not done.
        """
        if self.done and self.automation.repeat is None:
            return None
        number = self.done + 1
        try:
            if now is not None and self.automation.repeat is not None:
                number = self._latest(number, profile, now)
            due = dates.format_instant(
                dates.require_supported_year(self.occurrence(number, profile))
            )
        except (OverflowError, ValueError):
            return None  # past the end of the calendar, or before its beginning
        return Fire(
            self.automation.name, self.anchor, number, due, number - self.done - 1
        )

    def _latest(self, number: int, profile: Profile, now: datetime) -> int:
        """Return the number of the latest occurrence that is due by ``now``, at least
        ``number``."""
        step = 1  # doubled, then halved: there may be years of occurrences
        while self.occurrence(number + step, profile) <= now:
            number, step = number + step, step * 2
        while step > 1:
            step //= 2
            if self.occurrence(number + step, profile) <= now:
                number += step
        return number


def future_event(ticket: Ticket, now: datetime) -> Entry | None:
    """Return the newest entry of a ticket, if it is dated in the future: more than an
    hour later than ``now``.

    Any entry counts, not only the last one: a merged history is not in the order of
    time. No rule acts by time on such a ticket, since its other instants may be wrong,
    too.
    """
    newest = max(ticket.history, key=lambda entry: entry.at)
    return newest if newest.at > dates.horizon(now) else None


def in_future(event: Entry) -> str:
    """Return a sentence about an entry dated in the future; without its id and its
    instant for those who may not see it."""
    if event.event == HIDDEN:
        return "an event is dated in the future"
    return f"event {event.id} is dated in the future ({event.at})"


def timers(profile: Profile, ticket: Ticket) -> Iterator[Timer]:
    """Yield the clocks that run for a ticket, in the profile's order, whether their
    conditions hold or not."""
    for automation in profile.timed(ticket.status):
        clock = clock_of(profile, ticket, automation)
        if clock.anchor is None or clock.stopper is not None:
            continue
        first = _first(profile, ticket, automation, clock.anchor)
        if first is not None:
            yield Timer(
                automation,
                clock.anchor.id,
                first,
                _done(ticket, automation, clock.anchor.id),
            )


def clock_of(profile: Profile, ticket: Ticket, automation: Automation) -> Clock:
    """Return the clock of a rule for a ticket that is in one of the rule's statuses."""
    if automation.at:
        return Clock(_field_anchor(ticket, automation))
    return _event_clock(profile, ticket, automation)


def _first(
    profile: Profile, ticket: Ticket, automation: Automation, anchor: Entry
) -> datetime | None:
    """Return the instant of a rule's first occurrence, in UTC; ``None`` if its field
    has no date."""
    if not automation.at:
        return profile.later(
            automation, dates.parse_instant(anchor.at), automation.after
        )
    moment = ticket.get(automation.at)
    if not isinstance(moment, str):
        return None
    try:
        at = dates.moment_of(moment, dates.zone(profile.timezone))
    except ValueError:
        return None  # not a date, in a file changed by hand: check reports it
    if automation.lead != dates.Duration():
        at = profile.later(automation, at, automation.lead, -1)
    return profile.later(automation, at, automation.after)


def _done(ticket: Ticket, automation: Automation, anchor: str) -> int:
    """Return the highest occurrence with this key in the history, 0 if there is none; a
    twin of the anchor counts as the anchor."""
    names = {anchor, *(name for name, other in ticket.twins.items() if other == anchor)}
    return max(
        (
            entry.occurrence or 1
            for entry in ticket.acts
            if entry.due is not None
            and entry.rule == automation.name
            and entry.anchor in names
        ),
        default=0,
    )


def _field_anchor(ticket: Ticket, automation: Automation) -> Entry | None:
    """Return the entry that last set the date, in any status."""
    names = {automation.at, flat(automation.at)}
    setters = [entry for entry in ticket.acts if names.intersection(entry.sets)]
    return setters[-1] if setters and ticket.get(automation.at) is not None else None


def _event_clock(profile: Profile, ticket: Ticket, automation: Automation) -> Clock:
    """Return the latest start (or reset) of the present stay in the rule's statuses,
    and what has stopped the clock since."""
    anchor: Entry | None = None
    stopper: Entry | None = None
    inside = False
    stay: set[str] = set()
    for entry in ticket.history if ticket.twins else ticket.acts:
        if entry.id in ticket.idle:
            if entry.id in ticket.twins:
                stay.add(entry.id)  # what was due by it is a notification of this stay
            continue
        if entry.to is not None:
            stays = entry.to in automation.within
            if not (inside and stays):
                anchor = stopper = None
                stay = set()
            inside = stays
        if not inside:
            continue
        stay.add(entry.id)
        events = events_of(profile, entry)
        if automation.start in events and not _is_late(entry, stay):
            # Where the rule says what resumes a stopped clock, nothing else does: a
            # notification that is sent late does not close a ticket over the
            # customer's message before it.
            stopper = stopper if automation.resume_on else None
            anchor = entry
        elif events.intersection(automation.reset_on) or (
            stopper and events.intersection(automation.resume_on)
        ):
            anchor, stopper = entry if anchor else None, None
        elif events.intersection(automation.cancel_on):
            stopper = entry
    return Clock(anchor, stopper)


def _is_late(entry: Entry, stay: Container[str]) -> bool:
    """Return whether an entry records a notification that was due in an earlier stay:
    it is about that one.

    Args:
        stay: the ids of the entries of the present stay.
    """
    return (
        entry.event == "notified"
        and entry.anchor is not None
        and entry.anchor not in stay
    )


def _unmet_conditions(situation: Situation, ticket: Ticket, timer: Timer) -> list[str]:
    """Return the conditions of a timer that do not hold, in words."""
    conditions = timer.automation.when
    if not conditions:
        return []
    from ticketctl.core.engine.guards import failures

    return failures(conditions, system_context(situation, ticket))


def due_now(situation: Situation, ticket: Ticket) -> Iterator[Fire]:
    """Return what is due for a ticket at ``situation.now``, ordered by instant, then by
    place in the profile (rules 5 and 7)."""
    profile, now = situation.profile, situation.now
    due = []
    for timer in timers(profile, ticket):
        fire = timer.next(profile, now)
        if (
            fire
            and dates.parse_instant(fire.due) <= now
            and not _unmet_conditions(situation, ticket, timer)
        ):
            due.append((fire.due, timer.automation.order, fire))
    return (fire for _, _, fire in sorted(due, key=lambda item: item[:2]))


class Upcoming(NamedTuple):
    """What a clock that runs for a ticket does next.

    Args:
        fire: what it does, and when.
        order: the place of its rule in the profile.
        holds: whether the rule's conditions hold at that instant.
        passing: whether they do not, but can come to hold by time alone.
    """

    fire: Fire
    order: int
    holds: bool
    passing: bool


def coming(profile: Profile, ticket: Ticket, people: People) -> list[Upcoming]:
    """Return what each clock does next to a ticket as it stands."""
    upcoming = []
    for timer in timers(profile, ticket):
        if fire := timer.next(profile):
            then = Situation(profile, people, dates.parse_instant(fire.due))
            holds = not _unmet_conditions(then, ticket, timer)
            passing = not holds and any(map(depends_on_time, timer.automation.when))
            upcoming.append(Upcoming(fire, timer.automation.order, holds, passing))
    return upcoming


def next_of(clocks: Iterable[Upcoming]) -> Fire | None:
    """Return the earliest of what clocks do, of those whose conditions hold then."""
    acting = [clock for clock in clocks if clock.holds]
    if not acting:
        return None
    return min(acting, key=lambda clock: (clock.fire.due, clock.order)).fire


def next_due(
    profile: Profile, ticket: Ticket, people: People, after: datetime | None = None
) -> Fire | None:
    """Return what a rule does next by time to a ticket as it stands: the earliest whose
    conditions hold at its instant.

    Args:
        after: only what is due later than this.
    """
    clocks = coming(profile, ticket, people)
    return next_of(
        clock
        for clock in clocks
        if after is None or dates.parse_instant(clock.fire.due) > after
    )


class NextRule(Record):
    """The rule that acts next on a ticket if nobody does anything.

    Args:
        rule: the rule.
        due: when it is due, as in the file.
        is_due: whether that is past, so that the next sweep does it.
        to: the status to which it moves the ticket; empty if it does not.
        closes: whether that status is a closed one.
        future: the event dated in the future for which no rule acts by time yet.
        unreachable: why its notifications reach nobody, if they do not.
    """

    rule: Automation
    due: str
    is_due: bool
    to: str
    closes: bool
    future: Entry | None
    unreachable: tuple[str, ...]


class NextRules(Record):
    """What acts next on a ticket, before a change of it and after."""

    before: NextRule | None
    after: NextRule | None


def next_rule(situation: Situation, ticket: Ticket) -> NextRule | None:
    """Return the rule that acts next on a ticket as it stands; ``None`` if none will.

    This is the one answer for ``show``, ``next`` and what ``move`` promises, and it is
    :func:`next_due`, which the index keeps for lists: conditions are tested at the
    instant at which the rule is due, with the people of the store. Callers only word
    it.
    """
    profile, people, now, _ = situation
    fire = next_due(profile, ticket, people)
    automation = profile.automation(fire.rule) if fire else None
    if fire is None or automation is None:
        return None
    targets = [action.status for action in moves_among(automation.do)]
    to = targets[-1] if targets else ""
    return NextRule(
        automation,
        fire.due,
        dates.parse_instant(fire.due) <= now,
        to,
        bool(to) and profile.state(to) == "closed",
        future_event(ticket, now),
        unreachable_reasons(automation, ticket, people),
    )


def next_rules(situation: Situation, before: Ticket | None, after: Ticket) -> NextRules:
    """Return what acts next on a ticket, before a change of it and after; nothing for a
    new ticket."""
    if before is None:
        return NextRules(None, None)
    return NextRules(next_rule(situation, before), next_rule(situation, after))


def wake_of(clocks: Iterable[Upcoming]) -> str:
    """Return the first instant at which a sweep may have to act on a ticket as it
    stands; empty for never. The index finds by it what is due.

    A rule whose conditions do not hold counts, if they can come to hold by time alone.
    """
    return min(
        [clock.fire.due for clock in clocks if clock.holds or clock.passing], default=""
    )
