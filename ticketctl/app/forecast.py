"""What the coming sweeps will do, over a whole store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketctl.app.change import not_by_hand
from ticketctl.app.index.find import look
from ticketctl.app.progress import Watch, unwatched
from ticketctl.app.sweep import Act, acts_of
from ticketctl.app.workspace import Desk
from ticketctl.core import dates
from ticketctl.core.engine.forecast import forecast
from ticketctl.core.engine.timers import future_event
from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.query import Query, Term
from ticketctl.errors import BrokenError, Finding
from ticketctl.store.index.sql import Ahead


@dataclass
class Forecast:
    """What is to come: (instant, act), earliest first; the tickets that cannot be read; those that sweeps leave alone,
    since an event of theirs is dated in the future."""

    acts: list[tuple[datetime, Act]] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    ahead: list[Ahead] = field(default_factory=list)


def foresee(desk: Desk, days: int, watch: Watch = unwatched) -> Forecast:
    """Everything that sweeps will do in the next ``days`` times 24 hours, if nobody does anything."""
    found = Forecast()
    until = desk.now + timedelta(days=days)
    for loaded, profile in look(desk, found.broken, [Query((Term("wake", "set"),))], watch):
        try:
            not_by_hand(loaded)
        except BrokenError as error:  # sweeps will refuse it, too
            found.broken.append(error.finding)
            continue
        start = desk.now
        if event := future_event(loaded.ticket, desk.now):
            found.ahead.append(Ahead(loaded.ticket.id, loaded.ticket.profile, loaded.ticket.status, _told(event)))
            start = dates.parse_instant(event.at) - dates.TOLERANCE
            if start > until:
                continue
        for at, fired in forecast(profile, loaded.ticket, start, until, desk.people_of(profile)):
            found.acts += ((at, act) for act in acts_of(profile, [fired]))
    found.acts.sort(key=lambda one: (one[0], one[1].fire.due, one[1].ticket.id))
    return found


def _told(event: Entry) -> str:
    """The instant of an event; nothing of one that its reader may not see."""
    return "" if event.event == HIDDEN else event.at
