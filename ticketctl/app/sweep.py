"""The sweep: what time does to tickets (promises: docs/sweep.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from ticketctl.app.change import outbox, writing
from ticketctl.app.desk import Desk
from ticketctl.core import dates
from ticketctl.core.profile import Automation, Profile
from ticketctl.core.requests import Decision, Refusal
from ticketctl.core.sweeping import Fired, sweep_ticket
from ticketctl.core.ticket import Ticket
from ticketctl.core.timers import due_now
from ticketctl.errors import (
    BrokenError,
    BusyError,
    DiskError,
    Finding,
    SettingsError,
    TicketctlError,
    UncommittedError,
    UsageError,
    closest,
)
from ticketctl.store import files, git
from ticketctl.store.reading import Loaded
from ticketctl.store.tickets import path_of, short


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the sweep did, would do, or was refused."""

    ticket: Ticket
    profile: Profile
    automation: Automation
    due: str
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
        return "remind" if any(entry.event == "notified" for entry in self.decision.entries) else "change"


@dataclass
class Report:
    """What a run of the sweep came to."""

    acts: list[Act] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    failed: list[TicketctlError] = field(default_factory=list)
    busy: bool = False

    @property
    def done(self) -> list[Act]:
        """The acts that were not refused."""
        return [act for act in self.acts if act.decision]


def sweep(desk: Desk, rules: Collection[str] = (), dry: bool = False) -> Report:
    """Apply what is due at ``desk.now`` to every ticket, earliest first, and commit once.

    Args:
        rules: names of the automations to run; all, if empty.
        dry: the same without the writer (rule 15).

    Raises:
        UsageError: a rule of ``rules`` does not exist.
    """
    _ = desk.settings  # a mistake there is not the tickets'
    _check_rules(desk, rules)
    report = Report()
    if dry:
        _run(desk, rules, report, dry=True)
        return report
    state = desk.root / files.STATE
    state.mkdir(exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(files.lock(state, wait=0))
        except BusyError:
            report.busy = True
            return report
        if files.interrupted(desk.root):
            with writing(desk):
                pass  # finishes what a killed run left, even where nothing more is due
        _run(desk, rules, report, dry=False)
    return report


def _check_rules(desk: Desk, rules: Collection[str]) -> None:
    if rules:
        known = [rule.name for profile in desk.shelf.all() for rule in profile.automations]
        for name in rules:
            if name not in known:
                raise UsageError(f'there is no automation "{name}"', closest(name, known) or ", ".join(known))


def _run(desk: Desk, rules: Collection[str], report: Report, dry: bool) -> None:
    paths: list[str] = []
    for _, id_ in sorted(_due(desk, rules, report)):
        try:
            if dry:
                was = desk.store.read(id_)
                report.acts += _acts(desk, was, _fired(desk, was, rules))
                continue
            with writing(desk):
                was = desk.store.read(id_)
                fired = _fired(desk, was, rules)
                if _write(desk, was, fired):
                    paths.append(path_of(id_))
            report.acts += _acts(desk, was, fired)
        except (BrokenError, SettingsError) as error:
            report.broken.append(error.finding)
        except TicketctlError as error:
            report.failed.append(error)
    if paths and desk.settings.commit:
        try:
            with writing(desk):
                git.commit(desk.root, paths, _message(report), "sweep@localhost")
        except (DiskError, BusyError) as error:
            report.failed.append(UncommittedError(f"written, but not committed: {error.message}", error.hint))


def _due(desk: Desk, rules: Collection[str], report: Report) -> Iterator[tuple[str, str]]:
    """(due, id) of every ticket for which something is due (rule 9's order, once sorted)."""
    for loaded in desk.store.read_all():
        try:
            if isinstance(loaded, BrokenError):
                raise loaded
            profile = desk.profile_of(loaded.ticket)
            fires = due_now(profile, loaded.ticket, desk.now, desk.people_of(profile))
            due = next((fire.due for fire in fires if not rules or fire.rule in rules), None)
        except (BrokenError, SettingsError) as error:
            report.broken.append(error.finding)
            continue
        if due is not None:
            yield due, loaded.ticket.id


def _fired(desk: Desk, was: Loaded, rules: Collection[str]) -> list[Fired]:
    if was.differences:
        first = was.differences[0]
        hint = f"ticketctl edit --adopt {short(was.ticket.id)}"
        raise BrokenError(f"{first.key} does not agree with the history (set by hand?)", hint, first.place)
    profile = desk.profile_of(was.ticket)
    return sweep_ticket(profile, was.ticket, desk.now, desk.people_of(profile), rules)


def _write(desk: Desk, was: Loaded, fired: list[Fired]) -> bool:
    """One atomic write for the ticket and its notices (rule 12)."""
    decisions = [one.outcome for one in fired if isinstance(one.outcome, Decision)]
    if not decisions:
        return False
    notices = [notice for decision in decisions for notice in decision.notices]
    files.write_all(desk.root, [desk.store.writes(decisions[-1].ticket, was), *map(outbox, notices)])
    return True


def _acts(desk: Desk, was: Loaded, fired: list[Fired]) -> Iterator[Act]:
    profile = desk.profile_of(was.ticket)
    for one in fired:
        automation = profile.automation(one.fire.rule)
        assert automation is not None
        refused = isinstance(one.outcome, Refusal)
        yield Act(
            one.before, profile, automation, one.fire.due,
            None if isinstance(one.outcome, Refusal) else one.outcome,
            one.outcome.reasons if refused and isinstance(one.outcome, Refusal) else (),
        )  # fmt: skip


def _message(report: Report) -> str:
    """``sweep: 2 tickets at 2026-11-25T12:51:00Z`` and the counts by rule (rule 12)."""
    counts = Counter(f"{act.profile.name} {act.automation.name}" for act in report.done)
    tickets = len({act.ticket.id for act in report.done})
    lines = [f"{number} by {rule}" for rule, number in sorted(counts.items())]
    return "\n".join([f"sweep: {tickets} ticket{'s' if tickets != 1 else ''}", "", *lines])


def overdue(act: Act, desk: Desk) -> str:
    """How long ago an act was due, for people."""
    return dates.span((desk.now - dates.parse_instant(act.due)).total_seconds())
