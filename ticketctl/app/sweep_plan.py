"""Plan a sweep: which tickets are due, what happens to them, and is it too much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
from ticketctl.store.index.database import Index
from ticketctl.store.index.sql import (
    FutureTicket,
    count_by_state,
    latest_update,
    tickets_ahead,
    tickets_to_wake,
)
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


class Scan(NamedTuple):
    """What the index knows before a sweep.

    Args:
        due: the ids of tickets that may be due, the longest due first.
        open: how many tickets of the store are not closed.
        newest: the instant of the newest event; empty if there is none.
    """

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
    """Ask the index which tickets may be due.

    Whether they are due is decided when they are read. The report gets the tickets that
    are broken or have an event in the future.
    """
    broken, counts = broken_in(index), count_by_state(index)
    due = tickets_to_wake(index, dates.format_instant(workspace.now))
    horizon = dates.horizon(workspace.now)
    newest, skipped = latest_update(index, horizon), tickets_ahead(index, horizon)
    # Only now that the index has answered everything: it may have to be asked again.
    report.broken += broken
    report.ahead += skipped
    if skipped:
        skipped_ids = {ticket.id for ticket in skipped}
        due = [id_ for id_ in due if id_ not in skipped_ids]
    if options.limit or options.rules:
        due = _by_instant(workspace, options, due, report)
    return Scan(due, sum(counts.values()) - counts.get("closed", 0), newest)


def _by_instant(
    workspace: Workspace, options: SweepOptions, ids: Sequence[str], report: SweepReport
) -> list[str]:
    """Return the tickets that are due by the rules to run, the longest due first.

    Needed where not all tickets are handled: then it matters which.
    """
    due_ids = []
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
            due_ids.append((due, id_))
    return [id_ for _, id_ in sorted(due_ids)]


# --- the guards (rule 14) ---


def exceeds_limit(
    workspace: Workspace,
    options: SweepOptions,
    scan: Scan,
    progress: Progress,
    report: SweepReport,
) -> bool:
    """Return whether a sweep would change the status of unusually many tickets.

    The report then gets the plan, and nothing is written.
    """
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
    """Add to the report what a sweep would do, without writing it (rule 15)."""
    report.allowed = _allowed(workspace, options, scan)
    written = 0
    for number, id_ in enumerate(scan.due, 1):
        if written == options.limit:
            report.left = len(scan.due) - number + 1
            break
        progress("planning", number, len(scan.due))
        try:
            loaded = workspace.store.read(id_)
            if skip_future(workspace, loaded, report):
                continue
            acts = list(
                actions_of(
                    workspace.profile_of(loaded.ticket),
                    fire_rules(workspace, loaded, options),
                )
            )
            report.acts += acts
            written += any(act.decision for act in acts)
        except MissingError:
            continue  # it was removed meanwhile
        except (BrokenError, SettingsError, UnreadError) as error:
            report.broken.append(error.finding)
    report.moves = sum(act.verb in ("close", "move") for act in report.acts)


def skip_future(
    workspace: Workspace, loaded: LoadedTicket, report: SweepReport
) -> bool:
    """Return whether a ticket is to be skipped, since it has an event in the future.

    The index knows most of these; this is for an event that came later. The report
    gets the ticket.
    """
    ticket, event = loaded.ticket, future_event(loaded.ticket, workspace.now)
    if event is not None:
        report.ahead.append(
            FutureTicket(ticket.id, ticket.profile, ticket.status, event.at)
        )
    return event is not None


def fire_rules(
    workspace: Workspace, loaded: LoadedTicket, options: SweepOptions
) -> list[FiredRule]:
    """Return what the rules that are due now do to a ticket.

    Raises:
        BrokenError: the head of the ticket was changed by hand, or the ticket names a
            profile or status that does not exist.
    """
    require_unchanged_head(loaded)
    profile = workspace.profile_of(loaded.ticket)
    return sweep_ticket(workspace.situation_of(profile), loaded.ticket, options.rules)
