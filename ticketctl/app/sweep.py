"""``sweep``: run the time-based rules that are due (promises: docs/sweep.md)."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ticketctl.app.clock_check import explain_wrong_clock
from ticketctl.app.heartbeat import record_sweep
from ticketctl.app.index.refresh import ask_index
from ticketctl.app.outcome import outbox
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.retry import retry_if_changed
from ticketctl.app.sweep_plan import (
    Scan,
    check_rules,
    exceeds_limit,
    fire_rules,
    plan_actions,
    scan_index,
    skip_future,
)
from ticketctl.app.sweep_report import SweepOptions, SweepReport, actions_of
from ticketctl.app.transaction import (
    commit_run,
    require_writable,
    write_together,
    writing,
)
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Decision
from ticketctl.core.engine.sweep import FiredRule
from ticketctl.core.plural import counted
from ticketctl.core.profile import Profile
from ticketctl.errors import (
    BrokenError,
    BusyError,
    ChangedError,
    DiskError,
    MissingError,
    RefusedError,
    SettingsError,
    ShortageError,
    TicketctlError,
    UnreadError,
)
from ticketctl.record import Record, replace
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.loader import LoadedTicket

if TYPE_CHECKING:  # a dry run needs no journal
    from ticketctl.store.writing import journal


def sweep(
    workspace: Workspace, options: SweepOptions, progress: Progress = no_progress
) -> SweepReport:
    """Apply what is due at ``workspace.now`` to every ticket, the longest due first,
    and commit once.

    Raises:
        UsageError: a rule of ``orders`` does not exist.
        RefusedError: the clock cannot be right (rule 14), or it is not that of the
            system (``--now``).
    """
    check_rules(workspace, options)
    report = SweepReport()
    if not options.dry:
        require_writable(workspace)
    if options.dry:
        scan = ask_index(
            workspace,
            lambda index: scan_index(workspace, options, report, index),
            progress,
        )
        report.clock = (
            "" if options.trust_clock else explain_wrong_clock(workspace, scan.newest)
        )
        plan_actions(workspace, options, scan, report, progress)
        return report
    from ticketctl.app.unfinished_commits import catch_up, uncommitted_error
    from ticketctl.store.writing import locks

    with ExitStack() as held:
        try:
            held.enter_context(locks.lock_folder(workspace.root, wait=0))
        except BusyError:
            report.busy = True
            return report
        catch_up(workspace)
        scan = ask_index(
            workspace,
            lambda index: scan_index(workspace, options, report, index),
            progress,
        )
        if not options.trust_clock and (
            wrong := explain_wrong_clock(workspace, scan.newest)
        ):
            hint = "set the clock right; if it is right: ticketctl sweep --trust-clock"
            raise RefusedError(f"{wrong}; nothing was written", hint)
        if not exceeds_limit(workspace, options, scan, progress, report):
            _apply(workspace, options, scan, report, progress)
            record_sweep(workspace)
        if not report.failed and (left := uncommitted_error(workspace)):
            report.failed.append(left)
    return report


def _apply(
    workspace: Workspace,
    options: SweepOptions,
    scan: Scan,
    report: SweepReport,
    progress: Progress,
) -> None:
    """Each ticket judged as it is at that moment, and written with its notices or not
    at all; one commit for the run (rules 12, 13)."""
    paths: list[str] = []
    left = list(scan.due)
    while left and len(paths) != options.limit:
        room = (
            _TOGETHER
            if options.limit is None
            else min(_TOGETHER, options.limit - len(paths))
        )
        some, left = left[:room], left[room:]
        progress("sweeping", len(scan.due) - len(left), len(scan.due))
        try:
            with writing(workspace):
                turns = [
                    turn
                    for id_ in some
                    if (turn := _ticket_writes(workspace, options, report, id_))
                    is not None
                ]
                for turn, error in write_together(
                    workspace, turns, lambda turn: turn.writes
                ):
                    if isinstance(error, ChangedError):
                        turn, error = _anew(workspace, options, report, turn)
                    if error is not None:
                        report.failed.append(error)
                        continue
                    report.acts += actions_of(turn.profile, turn.fired)
                    paths += [path_of(turn.id)] if turn.writes else []
        except (BusyError, DiskError) as stopped:
            report.failed.append(stopped)
            break
    report.left = len(left)
    if failed := commit_run(workspace, _message(report), "sweep@localhost"):
        report.failed.append(failed)


_TOGETHER = 500
"""How many tickets are written while the lock is held: more cost less, and others wait
longer."""


class _TicketWrites(Record):
    """What a sweep makes of one ticket, and what is to be written for it."""

    id: str
    profile: Profile
    fired: list[FiredRule]
    writes: list[journal.Write]


def _ticket_writes(
    workspace: Workspace, options: SweepOptions, report: SweepReport, id_: str
) -> _TicketWrites | None:
    try:
        was = workspace.store.read(id_)
        if skip_future(workspace, was, report):
            return None
        fired = fire_rules(workspace, was, options)
        return _TicketWrites(
            id_, workspace.profile_of(was.ticket), fired, _writes(workspace, was, fired)
        )
    except MissingError:
        pass  # it went meanwhile
    except (BrokenError, SettingsError, UnreadError) as error:
        report.broken.append(error.finding)
    except ShortageError:
        raise  # the next ticket could not be read either
    except TicketctlError as error:
        report.failed.append(error)
    return None


def _anew(
    workspace: Workspace,
    options: SweepOptions,
    report: SweepReport,
    turn: _TicketWrites,
) -> tuple[_TicketWrites, TicketctlError | None]:
    """The turn of a ticket that was just changed by another program, decided anew and
    written; or what stops it."""

    def act() -> _TicketWrites:
        was = workspace.store.read(turn.id)
        if skip_future(workspace, was, report):
            return replace(turn, fired=[], writes=[])
        fired = fire_rules(workspace, was, options)
        new = _TicketWrites(
            turn.id,
            workspace.profile_of(was.ticket),
            fired,
            _writes(workspace, was, fired),
        )
        for _, error in write_together(workspace, [new], lambda turn: turn.writes):
            if error is not None:
                raise error
        return new

    try:
        return retry_if_changed(act, changed=True), None
    except MissingError:
        return replace(turn, fired=[], writes=[]), None  # it went meanwhile
    except ShortageError:
        raise
    except (BrokenError, SettingsError, UnreadError) as error:
        report.broken.append(error.finding)
        return replace(turn, fired=[], writes=[]), None
    except TicketctlError as error:
        return turn, error


def _writes(
    workspace: Workspace, was: LoadedTicket, fired: list[FiredRule]
) -> list[journal.Write]:
    """The ticket and its notices, to be written together (rule 12)."""
    decisions = [one.outcome for one in fired if isinstance(one.outcome, Decision)]
    if not decisions:
        return []
    notices = [notice for decision in decisions for notice in decision.notifications]
    return [
        workspace.store.writes(decisions[-1].ticket, was),
        *outbox(workspace, notices),
    ]


def _message(report: SweepReport) -> str:
    """``sweep: 2 tickets`` and the counts by rule (rule 12)."""
    counts = Counter(f"{act.profile.name} {act.automation.name}" for act in report.done)
    tickets = len({act.ticket.id for act in report.done})
    lines = [f"{number} by {rule}" for rule, number in sorted(counts.items())]
    return "\n".join([f"sweep: {counted(tickets, 'ticket')}", "", *lines])
