"""Which tickets a sweep has to look at, what it would do, and whether that is too much."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.app.change import require_unchanged_head
from ticketctl.app.index.refresh import broken_in
from ticketctl.app.progress import Progress
from ticketctl.app.sweep_report import SweepOptions, SweepReport, actions_of
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.sweep import FiredRule, sweep_ticket
from ticketctl.core.engine.timers import due_now, future_event
from ticketctl.errors import (
    BrokenError,
    MissingError,
    SettingsError,
    UnreadError,
    UsageError,
    closest,
)
from ticketctl.record import Record
from ticketctl.store.index.database import Index
from ticketctl.store.index.sql import (
    FutureTicket,
    count_by_state,
    latest_update,
    tickets_ahead,
    tickets_to_wake,
)
from ticketctl.store.yaml.loader import LoadedTicket


class Scan(Record):
    """What the index knows: the tickets that may be due, the longest due first, and
    what the guards ask about."""

    due: Sequence[str]
    open: int
    newest: str


def check_rules(workspace: Workspace, options: SweepOptions) -> None:
    """Refuse the name of a rule that no profile has.

    Raises:
        UsageError: there is no such rule.
    """
    if options.rules:
        known = [
            rule.name
            for profile in workspace.registry.all()
            for rule in profile.automations
        ]
        for name in options.rules:
            if name not in known:
                raise UsageError(
                    f'there is no automation "{name}"',
                    closest(name, known) or ", ".join(known),
                )


def scan_index(
    workspace: Workspace, options: SweepOptions, report: SweepReport, index: Index
) -> Scan:
    """Ask the index which tickets may be due; whether they are is seen when they are
    read."""
    broken, number = broken_in(index), count_by_state(index)
    due = tickets_to_wake(index, dates.format_instant(workspace.now))
    horizon = dates.horizon(workspace.now)
    newest, skipped = latest_update(index, horizon), tickets_ahead(index, horizon)
    report.broken += (
        broken  # not before the index has answered everything: it may be asked again
    )
    report.ahead += skipped
    if skipped:
        alone = {one.id for one in skipped}
        due = [id_ for id_ in due if id_ not in alone]
    if options.limit or options.rules:
        due = _by_instant(workspace, options, due, report)
    return Scan(due, sum(number.values()) - number.get("closed", 0), newest)


def _by_instant(
    workspace: Workspace, options: SweepOptions, ids: Sequence[str], report: SweepReport
) -> list[str]:
    """Those that are due by the rules that are asked for, the longest due first: where
    not all are done, which are matters."""
    found = []
    for id_ in ids:
        try:
            ticket = workspace.store.read(id_).ticket
            profile = workspace.profile_of(ticket)
        except MissingError:
            continue
        except (BrokenError, SettingsError, UnreadError) as error:
            report.broken.append(error.finding)
            continue
        fires = due_now(workspace.situation_of(profile), ticket)
        due = next(
            (
                fire.due
                for fire in fires
                if not options.rules or fire.rule in options.rules
            ),
            None,
        )
        if due is not None:
            found.append((due, id_))
    return [id_ for _, id_ in sorted(found)]


# --- the guards (rule 14) ---


def exceeds_limit(
    workspace: Workspace,
    options: SweepOptions,
    scan: Scan,
    progress: Progress,
    report: SweepReport,
) -> bool:
    """Whether the run would change the status of more tickets than is usual; its acts
    are then only planned."""
    report.allowed = _allowed(workspace, options, scan)
    if len(scan.due) <= report.allowed:
        return False
    plan = SweepReport(allowed=report.allowed)
    plan_actions(workspace, options, scan, plan, progress)
    if plan.guarded:
        report.acts, report.moves, report.left = plan.acts, plan.moves, plan.left
        report.broken += plan.broken
        report.ahead += plan.ahead
    return plan.guarded


def _allowed(workspace: Workspace, options: SweepOptions, scan: Scan) -> int:
    usual = max(
        workspace.settings.max_moves, scan.open * workspace.settings.max_share // 100
    )
    return max(usual, options.confirm or 0)


# --- planning and doing ---


def plan_actions(
    workspace: Workspace,
    options: SweepOptions,
    scan: Scan,
    report: SweepReport,
    progress: Progress,
) -> None:
    """What would be done, exactly as it would be (rule 15)."""
    report.allowed = _allowed(workspace, options, scan)
    written = 0
    for number, id_ in enumerate(scan.due, 1):
        if written == options.limit:
            report.left = len(scan.due) - number + 1
            break
        progress("planning", number, len(scan.due))
        try:
            was = workspace.store.read(id_)
            if skip_future(workspace, was, report):
                continue
            acts = list(
                actions_of(
                    workspace.profile_of(was.ticket),
                    fire_rules(workspace, was, options),
                )
            )
            report.acts += acts
            written += any(act.decision for act in acts)
        except MissingError:
            continue  # it went meanwhile
        except (BrokenError, SettingsError, UnreadError) as error:
            report.broken.append(error.finding)
    report.moves = sum(act.verb in ("close", "move") for act in report.acts)


def skip_future(workspace: Workspace, was: LoadedTicket, report: SweepReport) -> bool:
    """Whether a ticket has got an event of the future since the index was asked; it is
    noted then."""
    ticket, event = was.ticket, future_event(was.ticket, workspace.now)
    if event is not None:
        report.ahead.append(
            FutureTicket(ticket.id, ticket.profile, ticket.status, event.at)
        )
    return event is not None


def fire_rules(
    workspace: Workspace, was: LoadedTicket, options: SweepOptions
) -> list[FiredRule]:
    """Return what the rules that are due now do to a ticket.

    Raises:
        BrokenError: the head of the ticket was changed by hand, or the ticket names a
            profile or status that does not exist.
    """
    require_unchanged_head(was)
    profile = workspace.profile_of(was.ticket)
    return sweep_ticket(workspace.situation_of(profile), was.ticket, options.rules)
