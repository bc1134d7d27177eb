"""Check that sweeps run, and that no event is dated in the future."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ticketctl.app.doctor.findings import problem, warning
from ticketctl.app.heartbeat import last_sweep
from ticketctl.app.index.refresh import ask_index
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import (
    DiskError,
    Finding,
)
from ticketctl.store.index.sql import tickets_ahead
from ticketctl.store.paths import path_of

_STALE = timedelta(days=2)


def check_last_sweep(workspace: Workspace) -> Iterator[Finding]:
    """Check that a clone that has swept before still does."""
    last = last_sweep(workspace)
    if last > dates.horizon(workspace.present):
        yield problem(
            "sweep",
            f"the last sweep of this clone was at {last}, which is later than the clock",
            "correct the clock; if it is right, run once: ticketctl sweep --trust-clock",
        )
    if last and workspace.now - dates.parse_instant(last) > _STALE:
        yield warning(
            "sweep",
            f"the last sweep of this clone was at {last}",
            "is cron still running?",
        )


def check_future_events(workspace: Workspace) -> Iterator[Finding]:
    """Check that no ticket has an event in the future."""
    try:
        tickets = ask_index(
            workspace,
            lambda index: tickets_ahead(index, dates.horizon(workspace.present)),
        )
    except DiskError:
        return  # ticketctl check reports each ticket
    for ticket in tickets[:20]:
        yield problem(
            path_of(ticket.id),
            f"an event is dated in the future ({ticket.at})",
            f"sweeps skip the ticket until then; for details: ticketctl check {short_id(ticket.id)}",
        )
    if len(tickets) > 20:
        yield problem(
            "tickets", f"and {len(tickets) - 20:,} more tickets have such an event"
        )
