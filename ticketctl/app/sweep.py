"""The sweep: what time does to tickets (promises: docs/sweep.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ticketctl.app.change import not_by_hand, outbox
from ticketctl.app.clock_check import wrong_clock
from ticketctl.app.heartbeat import remember
from ticketctl.app.index.refresh import ask, broken_in
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.retry import retry
from ticketctl.app.transaction import may_write, record_run, write_together, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.requests import Decision, Fire, Refusal
from ticketctl.core.engine.sweep import FiredRule, sweep_ticket
from ticketctl.core.engine.timers import due_now, future_event
from ticketctl.core.plural import counted
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    BrokenError,
    BusyError,
    ChangedError,
    DiskError,
    Finding,
    MissingError,
    RefusedError,
    SettingsError,
    ShortageError,
    TicketctlError,
    UnreadError,
    UsageError,
    closest,
)
from ticketctl.record import Record, replace
from ticketctl.store.index.database import Index
from ticketctl.store.index.sql import Ahead, ahead, latest, sums, waking
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.loader import LoadedTicket

if TYPE_CHECKING:  # a dry run needs no journal
    from ticketctl.store.writing import journal


class SweepOptions(Record):
    """What a run of the sweep is asked to do.

    Args:
        rules: names of the automations to run; all, if empty.
        dry: the same without the writer (rule 15).
        limit: how many tickets are written at most, the longest due first (rule 10).
        confirm: up to how many changes of status are meant, whatever the guard thinks
            (rule 14).
        trust_clock: the clock is right, whatever the guard thinks. Tickets with an
            event of the future are left alone all the same.
    """

    rules: tuple[str, ...] = ()
    dry: bool = False
    limit: int | None = None
    confirm: int | None = None
    trust_clock: bool = False


class SweepAction(Record):
    """One thing that the sweep did, would do, or was refused."""

    ticket: Ticket
    profile: Profile
    automation: Automation
    fire: Fire
    decision: Decision | None
    reasons: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The status as it was."""
        return self.ticket.status

    @property
    def verb(self) -> str:
        """What it does, in a word: close, move, remind, change."""
        if self.decision is None:
            return "refused"
        after = self.decision.ticket
        if after.status != self.ticket.status:
            return "close" if self.profile.state(after.status) == "closed" else "move"
        return (
            "remind"
            if any(entry.message for entry in self.decision.entries)
            else "change"
        )


@dataclass
class SweepReport:
    """What a run of the sweep came to.

    Args:
        moves: how many changes of status there would be, where the guard wants them
            confirmed (``allowed`` are not asked about); nothing was written then.
        left: how many tickets are due besides, past the limit.
        ahead: the tickets that were left alone, since an event of theirs is dated in
            the future.
        clock: why a run would be refused for its clock, told by a dry one.
    """

    acts: list[SweepAction] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    failed: list[TicketctlError] = field(default_factory=list)
    busy: bool = False
    moves: int = 0
    allowed: int = 0
    left: int = 0
    ahead: list[Ahead] = field(default_factory=list)
    clock: str = ""

    @property
    def done(self) -> list[SweepAction]:
        """The acts that were not refused."""
        return [act for act in self.acts if act.decision]

    @property
    def counts(self) -> dict[str, int]:
        """The sums of the run, for its sign of life."""
        refused = len(self.acts) - len(self.done) + len(self.ahead)
        return {
            "done": len(self.done),
            "left": self.left,
            "refused": refused,
            "broken": len(self.broken),
            "failed": len(self.failed),
        }

    @property
    def guarded(self) -> bool:
        """Whether there are more changes of status than are made without being
        confirmed."""
        return self.moves > self.allowed


class _Scan(Record):
    """What the index knows: the tickets that may be due, the longest due first, and
    what the guards ask about."""

    due: Sequence[str]
    open: int
    newest: str


def sweep(
    workspace: Workspace, orders: SweepOptions, progress: Progress = no_progress
) -> SweepReport:
    """Apply what is due at ``workspace.now`` to every ticket, the longest due first,
    and commit once.

    Raises:
        UsageError: a rule of ``orders`` does not exist.
        RefusedError: the clock cannot be right (rule 14), or it is not that of the
            system (``--now``).
    """
    _check_rules(workspace, orders)
    report = SweepReport()
    if not orders.dry:
        may_write(workspace)
    if orders.dry:
        scan = ask(
            workspace, lambda index: _scan(workspace, orders, report, index), progress
        )
        report.clock = "" if orders.trust_clock else wrong_clock(workspace, scan.newest)
        _plan(workspace, orders, scan, report, progress)
        return report
    from ticketctl.app.unfinished_commits import catch_up, waiting
    from ticketctl.store.writing import locks

    with ExitStack() as held:
        try:
            held.enter_context(locks.lock(workspace.root, wait=0))
        except BusyError:
            report.busy = True
            return report
        catch_up(workspace)
        scan = ask(
            workspace, lambda index: _scan(workspace, orders, report, index), progress
        )
        if not orders.trust_clock and (wrong := wrong_clock(workspace, scan.newest)):
            hint = "set the clock right; if it is right: ticketctl sweep --trust-clock"
            raise RefusedError(f"{wrong}; nothing was written", hint)
        if not _too_many(workspace, orders, scan, progress, report):
            _apply(workspace, orders, scan, report, progress)
            remember(workspace)
        if not report.failed and (left := waiting(workspace)):
            report.failed.append(left)
    return report


def _check_rules(workspace: Workspace, orders: SweepOptions) -> None:
    if orders.rules:
        known = [
            rule.name
            for profile in workspace.registry.all()
            for rule in profile.automations
        ]
        for name in orders.rules:
            if name not in known:
                raise UsageError(
                    f'there is no automation "{name}"',
                    closest(name, known) or ", ".join(known),
                )


def _scan(
    workspace: Workspace, orders: SweepOptions, report: SweepReport, index: Index
) -> _Scan:
    """Ask the index which tickets may be due; whether they are is seen when they are
    read."""
    broken, number = broken_in(index), sums(index)
    due = waking(index, dates.format_instant(workspace.now))
    horizon = dates.horizon(workspace.now)
    newest, skipped = latest(index, horizon), ahead(index, horizon)
    report.broken += (
        broken  # not before the index has answered everything: it may be asked again
    )
    report.ahead += skipped
    if skipped:
        alone = {one.id for one in skipped}
        due = [id_ for id_ in due if id_ not in alone]
    if orders.limit or orders.rules:
        due = _by_instant(workspace, orders, due, report)
    return _Scan(due, sum(number.values()) - number.get("closed", 0), newest)


def _by_instant(
    workspace: Workspace, orders: SweepOptions, ids: Sequence[str], report: SweepReport
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
                if not orders.rules or fire.rule in orders.rules
            ),
            None,
        )
        if due is not None:
            found.append((due, id_))
    return [id_ for _, id_ in sorted(found)]


# --- the guards (rule 14) ---


def _too_many(
    workspace: Workspace,
    orders: SweepOptions,
    scan: _Scan,
    progress: Progress,
    report: SweepReport,
) -> bool:
    """Whether the run would change the status of more tickets than is usual; its acts
    are then only planned."""
    report.allowed = _allowed(workspace, orders, scan)
    if len(scan.due) <= report.allowed:
        return False
    plan = SweepReport(allowed=report.allowed)
    _plan(workspace, orders, scan, plan, progress)
    if plan.guarded:
        report.acts, report.moves, report.left = plan.acts, plan.moves, plan.left
        report.broken += plan.broken
        report.ahead += plan.ahead
    return plan.guarded


def _allowed(workspace: Workspace, orders: SweepOptions, scan: _Scan) -> int:
    usual = max(
        workspace.settings.max_moves, scan.open * workspace.settings.max_share // 100
    )
    return max(usual, orders.confirm or 0)


# --- planning and doing ---


def _plan(
    workspace: Workspace,
    orders: SweepOptions,
    scan: _Scan,
    report: SweepReport,
    progress: Progress,
) -> None:
    """What would be done, exactly as it would be (rule 15)."""
    report.allowed = _allowed(workspace, orders, scan)
    written = 0
    for number, id_ in enumerate(scan.due, 1):
        if written == orders.limit:
            report.left = len(scan.due) - number + 1
            break
        progress("planning", number, len(scan.due))
        try:
            was = workspace.store.read(id_)
            if _left_alone(workspace, was, report):
                continue
            acts = list(
                acts_of(
                    workspace.profile_of(was.ticket), _fired(workspace, was, orders)
                )
            )
            report.acts += acts
            written += any(act.decision for act in acts)
        except MissingError:
            continue  # it went meanwhile
        except (BrokenError, SettingsError, UnreadError) as error:
            report.broken.append(error.finding)
    report.moves = sum(act.verb in ("close", "move") for act in report.acts)


def _apply(
    workspace: Workspace,
    orders: SweepOptions,
    scan: _Scan,
    report: SweepReport,
    progress: Progress,
) -> None:
    """Each ticket judged as it is at that moment, and written with its notices or not
    at all; one commit for the run (rules 12, 13)."""
    paths: list[str] = []
    left = list(scan.due)
    while left and len(paths) != orders.limit:
        room = (
            _TOGETHER
            if orders.limit is None
            else min(_TOGETHER, orders.limit - len(paths))
        )
        some, left = left[:room], left[room:]
        progress("sweeping", len(scan.due) - len(left), len(scan.due))
        try:
            with writing(workspace):
                turns = [
                    turn
                    for id_ in some
                    if (turn := _turn(workspace, orders, report, id_)) is not None
                ]
                for turn, error in write_together(
                    workspace, turns, lambda turn: turn.writes
                ):
                    if isinstance(error, ChangedError):
                        turn, error = _anew(workspace, orders, report, turn)
                    if error is not None:
                        report.failed.append(error)
                        continue
                    report.acts += acts_of(turn.profile, turn.fired)
                    paths += [path_of(turn.id)] if turn.writes else []
        except (BusyError, DiskError) as stopped:
            report.failed.append(stopped)
            break
    report.left = len(left)
    if failed := record_run(workspace, _message(report), "sweep@localhost"):
        report.failed.append(failed)


_TOGETHER = 500
"""How many tickets are written while the lock is held: more cost less, and others wait
longer."""


class _Turn(Record):
    """What a sweep makes of one ticket, and what is to be written for it."""

    id: str
    profile: Profile
    fired: list[FiredRule]
    writes: list[journal.Write]


def _turn(
    workspace: Workspace, orders: SweepOptions, report: SweepReport, id_: str
) -> _Turn | None:
    try:
        was = workspace.store.read(id_)
        if _left_alone(workspace, was, report):
            return None
        fired = _fired(workspace, was, orders)
        return _Turn(
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
    workspace: Workspace, orders: SweepOptions, report: SweepReport, turn: _Turn
) -> tuple[_Turn, TicketctlError | None]:
    """The turn of a ticket that was just changed by another program, decided anew and
    written; or what stops it."""

    def act() -> _Turn:
        was = workspace.store.read(turn.id)
        if _left_alone(workspace, was, report):
            return replace(turn, fired=[], writes=[])
        fired = _fired(workspace, was, orders)
        new = _Turn(
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
        return retry(act, changed=True), None
    except MissingError:
        return replace(turn, fired=[], writes=[]), None  # it went meanwhile
    except ShortageError:
        raise
    except (BrokenError, SettingsError, UnreadError) as error:
        report.broken.append(error.finding)
        return replace(turn, fired=[], writes=[]), None
    except TicketctlError as error:
        return turn, error


def _left_alone(workspace: Workspace, was: LoadedTicket, report: SweepReport) -> bool:
    """Whether a ticket has got an event of the future since the index was asked; it is
    noted then."""
    ticket, event = was.ticket, future_event(was.ticket, workspace.now)
    if event is not None:
        report.ahead.append(Ahead(ticket.id, ticket.profile, ticket.status, event.at))
    return event is not None


def _fired(
    workspace: Workspace, was: LoadedTicket, orders: SweepOptions
) -> list[FiredRule]:
    not_by_hand(was)
    profile = workspace.profile_of(was.ticket)
    return sweep_ticket(workspace.situation_of(profile), was.ticket, orders.rules)


def _writes(
    workspace: Workspace, was: LoadedTicket, fired: list[FiredRule]
) -> list[journal.Write]:
    """The ticket and its notices, to be written together (rule 12)."""
    decisions = [one.outcome for one in fired if isinstance(one.outcome, Decision)]
    if not decisions:
        return []
    notices = [notice for decision in decisions for notice in decision.notices]
    return [
        workspace.store.writes(decisions[-1].ticket, was),
        *outbox(workspace, notices),
    ]


def acts_of(profile: Profile, fired: Iterable[FiredRule]) -> Iterator[SweepAction]:
    """What fired, as it is told."""
    for one in fired:
        automation = profile.automation(one.fire.rule)
        assert automation is not None
        if isinstance(one.outcome, Refusal):
            yield SweepAction(
                one.before, profile, automation, one.fire, None, one.outcome.reasons
            )
        else:
            yield SweepAction(one.before, profile, automation, one.fire, one.outcome)


def _message(report: SweepReport) -> str:
    """``sweep: 2 tickets`` and the counts by rule (rule 12)."""
    counts = Counter(f"{act.profile.name} {act.automation.name}" for act in report.done)
    tickets = len({act.ticket.id for act in report.done})
    lines = [f"{number} by {rule}" for rule, number in sorted(counts.items())]
    return "\n".join([f"sweep: {counted(tickets, 'ticket')}", "", *lines])
