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
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

if TYPE_CHECKING:  # a dry run needs no journal
    from ticketctl.store.writing import journal


def sweep(
    workspace: Workspace, options: SweepOptions, progress: Progress = no_progress
) -> SweepReport:
    """Run the rules that are due at ``workspace.now``, and commit once.

    The ticket that is longest due comes first.

    Raises:
        UsageError: a rule of ``options`` does not exist.
        RefusedError: the clock is probably wrong (rule 14), or ``--now`` is later than
            the clock.
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

    with ExitStack() as stack:
        try:
            stack.enter_context(locks.lock_folder(workspace.root, wait=0))
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
            hint = "correct the clock; if it is right: ticketctl sweep --trust-clock"
            raise RefusedError(f"{wrong}; nothing was written", hint)
        if not exceeds_limit(workspace, options, scan, progress, report):
            _apply(workspace, options, scan, report, progress)
            record_sweep(workspace)
        if not report.failed and (uncommitted := uncommitted_error(workspace)):
            report.failed.append(uncommitted)
    return report


def _apply(
    workspace: Workspace,
    options: SweepOptions,
    scan: Scan,
    report: SweepReport,
    progress: Progress,
) -> None:
    """Run the rules, and write each ticket with its notifications or not at all.

    Each ticket is judged as it is at that moment. There is one commit for the run (rules
    12, 13).
    """
    paths: list[str] = []
    remaining = list(scan.due)
    while remaining and len(paths) != options.limit:
        room = (
            _TOGETHER
            if options.limit is None
            else min(_TOGETHER, options.limit - len(paths))
        )
        batch, remaining = remaining[:room], remaining[room:]
        progress("sweeping", len(scan.due) - len(remaining), len(scan.due))
        try:
            with writing(workspace):
                decided = [
                    swept
                    for id_ in batch
                    if (swept := _decide(workspace, options, report, id_)) is not None
                ]
                for ticket, error in write_together(
                    workspace, decided, lambda ticket: ticket.writes
                ):
                    if isinstance(error, ChangedError):
                        ticket, error = _write_anew(workspace, options, report, ticket)
                    if error is not None:
                        report.failed.append(error)
                        continue
                    report.acts += actions_of(ticket.profile, ticket.fired)
                    paths += [path_of(ticket.id)] if ticket.writes else []
        except (BusyError, DiskError) as stopped:
            report.failed.append(stopped)
            break
    report.left = len(remaining)
    if failed := commit_run(workspace, _message(report), "sweep@localhost"):
        report.failed.append(failed)


_TOGETHER = 500
"""How many tickets are written while the lock is held: more are cheaper, but others
wait longer."""


class _SweptTicket(Record):
    """What a sweep does to one ticket, and the files to write for it."""

    id: str
    profile: Profile
    fired: list[FiredRule]
    writes: list[journal.Write]


def _decide(
    workspace: Workspace, options: SweepOptions, report: SweepReport, id_: str
) -> _SweptTicket | None:
    try:
        loaded = workspace.store.read(id_)
        if skip_future(workspace, loaded, report):
            return None
        fired = fire_rules(workspace, loaded, options)
        return _SweptTicket(
            id_,
            workspace.profile_of(loaded.ticket),
            fired,
            _writes(workspace, loaded, fired),
        )
    except MissingError:
        pass  # it was removed meanwhile
    except (BrokenError, SettingsError, UnreadError) as error:
        report.broken.append(error.finding)
    except ShortageError:
        raise  # no other ticket could be read either
    except TicketctlError as error:
        report.failed.append(error)
    return None


def _write_anew(
    workspace: Workspace,
    options: SweepOptions,
    report: SweepReport,
    ticket: _SweptTicket,
) -> tuple[_SweptTicket, TicketctlError | None]:
    """Decide anew on a ticket that another program has changed, and write it.

    Returns:
        The ticket as written, and the error that stopped it, if any.
    """

    def act() -> _SweptTicket:
        loaded = workspace.store.read(ticket.id)
        if skip_future(workspace, loaded, report):
            return replace(ticket, fired=[], writes=[])
        fired = fire_rules(workspace, loaded, options)
        new = _SweptTicket(
            ticket.id,
            workspace.profile_of(loaded.ticket),
            fired,
            _writes(workspace, loaded, fired),
        )
        for _, error in write_together(workspace, [new], lambda ticket: ticket.writes):
            if error is not None:
                raise error
        return new

    try:
        return retry_if_changed(act, changed=True), None
    except MissingError:
        return replace(ticket, fired=[], writes=[]), None  # it was removed meanwhile
    except ShortageError:
        raise
    except (BrokenError, SettingsError, UnreadError) as error:
        report.broken.append(error.finding)
        return replace(ticket, fired=[], writes=[]), None
    except TicketctlError as error:
        return ticket, error


def _writes(
    workspace: Workspace, loaded: LoadedTicket, fired: list[FiredRule]
) -> list[journal.Write]:
    """Return the files of a ticket and its notifications, to be written together (rule 12)."""
    decisions = [rule.outcome for rule in fired if isinstance(rule.outcome, Decision)]
    if not decisions:
        return []
    notifications = [
        notification
        for decision in decisions
        for notification in decision.notifications
    ]
    return [
        workspace.store.writes(decisions[-1].ticket, loaded),
        *outbox(workspace, notifications),
    ]


def _message(report: SweepReport) -> str:
    """Return the message of the commit: ``sweep: 2 tickets`` and counts by rule (rule 12)."""
    counts = Counter(f"{act.profile.name} {act.automation.name}" for act in report.done)
    tickets = len({act.ticket.id for act in report.done})
    lines = [f"{number} by {rule}" for rule, number in sorted(counts.items())]
    return "\n".join([f"sweep: {counted(tickets, 'ticket')}", "", *lines])
