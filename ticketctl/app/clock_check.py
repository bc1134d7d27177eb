"""What tells that the clock is wrong before a sweep acts on what it says
(docs/sweep.md, rule 14)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ticketctl.app.heartbeat import last_sweep
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.errors import DiskError

FAR = timedelta(days=400)
"""How far the clock may be ahead of everything that tells the time in a store."""


def explain_wrong_clock(workspace: Workspace, newest: str) -> str:
    """Say what is odd about the clock, or nothing.

    It is behind if this clone has swept later: events come from others, and one that is
    forged must not stop everything (the tickets with such events are left alone, each
    for itself). It is far ahead if nothing in the store is less than 400 days old.
    Where nothing tells the time, there is nothing to protect.

    Args:
        newest: the instant of the newest event that is not dated in the future; empty
            if there is none.
    """
    now, last = dates.format_instant(workspace.now), last_sweep(workspace)
    if last > dates.horizon(workspace.now):
        return f"the clock says {now}, but the last sweep of this clone was at {last}"
    traces = [(last, "the last sweep"), (newest, "the newest event")]
    if _age(workspace, traces) > FAR:  # only then: git is a process
        traces.append((_newest_commit(workspace), "the newest commit"))
    if (age := _age(workspace, traces)) <= FAR:
        return ""
    at, what = max(traces)
    return f"the clock says {now}, {age.days:,} days after {what} ({at}), the newest trace of time in this store"


def _age(workspace: Workspace, traces: list[tuple[str, str]]) -> timedelta:
    """How old the newest trace is; no time at all, where there is none."""
    at, _ = max(traces)
    return workspace.now - dates.parse_instant(at) if at else timedelta()


def _newest_commit(workspace: Workspace) -> str:
    """The instant of the newest commit that is not later than the clock; empty if there
    is none, or no git."""
    from ticketctl.store.git.process import run_git

    until = dates.format_instant(workspace.now)
    with suppress(DiskError, ValueError, OverflowError, OSError):
        said = run_git(
            workspace.root,
            "log",
            "-1",
            "--format=%ct",
            f"--until={until}",
            "HEAD",
            check=False,
        ).stdout
        return dates.format_instant(dates.near(datetime.fromtimestamp(int(said), UTC)))
    return ""
