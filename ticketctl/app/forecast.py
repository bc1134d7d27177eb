"""What the next sweeps will do in a store."""

from __future__ import annotations

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
from ticketctl.core.query import PresentTerm, Query
from ticketctl.errors import BrokenError, Finding
from ticketctl.store.index.sql import FutureTicket


class Forecast:
    """What the next sweeps will do.

    Args:
        acts: each action with its instant, the earliest first.
        broken: the tickets that cannot be read.
        ahead: the tickets that sweeps skip, since an event of theirs is in the future.
    """

    def __init__(self) -> None:
        self.acts: list[tuple[datetime, SweepAction]] = []
        self.broken: list[Finding] = []
        self.ahead: list[FutureTicket] = []


def forecast_store(
    workspace: Workspace, days: int, progress: Progress = no_progress
) -> Forecast:
    """Return what sweeps will do if nobody changes anything.

    Args:
        days: how far to look ahead, in days of 24 hours.
    """
    result = Forecast()
    until = workspace.now + timedelta(days=days)
    for loaded, profile in read_matches(
        workspace, result.broken, [Query((PresentTerm("wake"),))], progress
    ):
        try:
            require_unchanged_head(loaded)
        except BrokenError as error:  # sweeps refuse it, too
            result.broken.append(error.finding)
            continue
        start = workspace.now
        if event := future_event(loaded.ticket, workspace.now):
            result.ahead.append(
                FutureTicket(
                    loaded.ticket.id,
                    loaded.ticket.profile,
                    loaded.ticket.status,
                    _visible_instant(event),
                )
            )
            start = dates.parse_instant(event.at) - dates.TOLERANCE
            if start > until:
                continue
        for at, fired in forecast(
            workspace.situation_of(profile)._replace(now=start), loaded.ticket, until
        ):
            result.acts += ((at, act) for act in actions_of(profile, [fired]))
    result.acts.sort(key=lambda item: (item[0], item[1].fire.due, item[1].ticket.id))
    return result


def _visible_instant(event: Entry) -> str:
    """Return the instant of an event; empty if the user may not see the event."""
    return "" if event.event == HIDDEN else event.at
