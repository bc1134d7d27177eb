"""Check the clock before a sweep relies on it (docs/sweep.md, rule 14)."""

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
    """Return why the clock is probably wrong; empty if it looks right.

    It is behind if this clone has swept later. Events do not count for that: they may
    come from others, and a forged one must not stop everything (only its own ticket is
    skipped). The clock is far ahead if nothing in the store is less than 400 days old.
    In a store without any date, every clock looks right.

    Args:
        newest: the instant of the newest event that is not in the future; empty if
            there is none.
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
    return f"the clock says {now}, {age.days:,} days after {what} ({at}), and nothing in this store is newer"


def _age(workspace: Workspace, traces: list[tuple[str, str]]) -> timedelta:
    """Return how old the newest trace is; zero if there is none."""
    at, _ = max(traces)
    return workspace.now - dates.parse_instant(at) if at else timedelta()


def _newest_commit(workspace: Workspace) -> str:
    """Return the instant of the newest commit that is not later than the clock.

    It is empty if there is no such commit, or no git.
    """
    from ticketctl.store.git.process import run_git

    until = dates.format_instant(workspace.now)
    with suppress(DiskError, ValueError, OverflowError, OSError):
        output = run_git(
            workspace.root,
            "log",
            "-1",
            "--format=%ct",
            f"--until={until}",
            "HEAD",
            check=False,
        ).stdout
        return dates.format_instant(
            dates.require_supported_year(datetime.fromtimestamp(int(output), UTC))
        )
    return ""
