"""What the coming sweeps will do, over a whole store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketctl.app.change import require_unchanged_head
from ticketctl.app.index.find import read_matches
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.sweep_report import SweepAction, actions_of
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.forecast import forecast
from ticketctl.core.engine.timers import future_event
from ticketctl.core.entry import HIDDEN, Entry
from ticketctl.core.query import Query, Term
from ticketctl.errors import BrokenError, Finding
from ticketctl.store.index.sql import FutureTicket


@dataclass
class Forecast:
    """What is to come: (instant, act), earliest first; the tickets that cannot be read;
    those that sweeps leave alone, since an event of theirs is dated in the future."""

    acts: list[tuple[datetime, SweepAction]] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    ahead: list[FutureTicket] = field(default_factory=list)


def forecast_store(
    workspace: Workspace, days: int, progress: Progress = no_progress
) -> Forecast:
    """Everything that sweeps will do in the next ``days`` times 24 hours, if nobody
    does anything."""
    found = Forecast()
    until = workspace.now + timedelta(days=days)
    for loaded, profile in read_matches(
        workspace, found.broken, [Query((Term("wake", "set"),))], progress
    ):
        try:
            require_unchanged_head(loaded)
        except BrokenError as error:  # sweeps will refuse it, too
            found.broken.append(error.finding)
            continue
        start = workspace.now
        if event := future_event(loaded.ticket, workspace.now):
            found.ahead.append(
                FutureTicket(
                    loaded.ticket.id,
                    loaded.ticket.profile,
                    loaded.ticket.status,
                    _told(event),
                )
            )
            start = dates.parse_instant(event.at) - dates.TOLERANCE
            if start > until:
                continue
        for at, fired in forecast(
            workspace.situation_of(profile)._replace(now=start), loaded.ticket, until
        ):
            found.acts += ((at, act) for act in actions_of(profile, [fired]))
    found.acts.sort(key=lambda one: (one[0], one[1].fire.due, one[1].ticket.id))
    return found


def _told(event: Entry) -> str:
    """The instant of an event; nothing of one that its reader may not see."""
    return "" if event.event == HIDDEN else event.at
