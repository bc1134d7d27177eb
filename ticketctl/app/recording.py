"""Writing inside the store's lock, and the commit that follows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from ticketctl.app.desk import Desk
from ticketctl.app.outcome import Outcome, describe, what
from ticketctl.core import dates
from ticketctl.core.requests import Decision
from ticketctl.errors import BusyError, DiskError, RefusedError, TicketctlError, UncommittedError
from ticketctl.store import files
from ticketctl.store.paths import path_of

if TYPE_CHECKING:  # a command that only looks needs no journal
    from ticketctl.store import journal
    from ticketctl.store.index import Index


def refuse_future(desk: Desk) -> None:
    """Refuse to write events of the future. Whatever writes comes through here, by way of :func:`writing`; those
    commands call it themselves that do something else before they write.

    An event of the future stops the rules by time of its ticket until then. The system's clock is trusted here, and
    so is TICKETCTL_NOW, which stands for it: only ``--now`` is questioned.

    Raises:
        RefusedError: ``--now`` is more than an hour later than the clock, and the user does not vouch for it.
    """
    clock = desk.clock or desk.now
    if desk.now - clock > dates.TOLERANCE and not desk.trust_clock:
        now, later = dates.format_instant(desk.now), dates.span((desk.now - clock).total_seconds())
        raise RefusedError(
            f"--now {now} is {later} later than the clock ({dates.format_instant(clock)}); nothing was written",
            f"if you mean it: ticketctl --now {now} --trust-clock COMMAND ...",
        )


@contextmanager
def writing(desk: Desk) -> Iterator[None]:
    """Hold the store's lock, first finishing what a crash interrupted.

    Raises:
        RefusedError: as :func:`refuse_future`.
    """
    refuse_future(desk)
    from ticketctl.store import locks

    tickets = f"{desk.root}/tickets"
    if not os.path.lexists(tickets):
        # Git keeps no empty folder, so a clone of an empty store has none.
        files.make_folder(tickets, desk.state.access)
    with locks.lock(tickets):
        from ticketctl.store.recovery import recover

        if (finished := recover(desk.state, desk.store.extends)) and desk.settings.commit:
            _record_left(desk, finished)
        yield


def caught_up(desk: Desk, index: Index) -> Index:
    """Commit what a command that was killed after writing left uncommitted: whole tickets in our own form.

    Args:
        index: as the files are now; where git has been asked about all of them, it need not be asked again.

    Returns:
        The index: no file has changed.
    """
    if not desk.settings.commit or (index.meta("head") and not index.suspects()):
        return index
    from ticketctl.store import git

    with suppress(DiskError), writing(desk):
        _record_left(desk, sorted(git.uncommitted(desk.root)))
    return index


def _record_left(desk: Desk, paths: Iterable[str]) -> None:
    """Commit what is whole of what an interrupted command left."""
    whole = [path for path in paths if path.startswith("attachments/") or
             (path.startswith("tickets/") and desk.store.is_whole(path))]  # fmt: skip
    record(desk, whole, "What an interrupted command had written", "ticketctl@localhost")


T = TypeVar("T")


def write_together(
    desk: Desk, items: Sequence[T], writes: Callable[[T], Iterable[journal.Write]]
) -> Iterator[tuple[T, TicketctlError | None]]:
    """Write what belongs to each of some items, the store's lock being held: all at once or, where one of them cannot be
    written, each for itself.

    Returns:
        Each item, with what stopped it, if anything did.

    Raises:
        PartlyError: the disk failed when some were in their places; the next command finishes it.
    """
    from ticketctl.store import journal

    try:
        journal.write_all(desk.state, (write for item in items for write in writes(item)))
    except journal.PartlyError:
        raise
    except TicketctlError as error:
        if len(items) == 1:
            yield items[0], error
            return
        for item in items:
            yield from write_together(desk, [item], writes)
        return
    yield from ((item, None) for item in items)


def record(desk: Desk, paths: Sequence[str], message: str, who: str) -> UncommittedError | None:
    """Commit what was written, where the store does so; if git would not, that: it is written all the same."""
    if not desk.settings.commit or not paths:
        return None
    from ticketctl.store import committing

    try:
        committing.commit(desk.root, paths, message, who)
    except DiskError as error:
        return UncommittedError(f"written, but not committed: {error.message}", error.hint)
    return None


def record_run(desk: Desk, paths: Sequence[str], message: str, who: str) -> UncommittedError | None:
    """The same for a run over many tickets, each of which held the store's lock for itself alone."""
    if not (paths and desk.settings.commit):
        return None
    try:
        with writing(desk):
            return record(desk, paths, message, who)
    except (BusyError, DiskError) as error:
        return UncommittedError(f"written, but not committed: {error.message}", error.hint)


def commit(desk: Desk, outcomes: Sequence[Outcome], subject: str = "") -> list[Outcome]:
    """Commit what was changed, the store's lock being held; if git would not, that is one more outcome: the tickets are
    written all the same."""
    log = Log(desk)
    log.note(outcomes)
    failed = log.commit(subject, locked=True)
    return [Outcome("git", None, failed)] if failed else []


class Log:
    """What a command has written, for its commit."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.ids: list[str] = []
        self._paths: list[str] = []
        self._lines: list[str] = []
        self._deeds: set[str] = set()
        self._who = ""

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Take note of outcomes; of those alone that were written."""
        for outcome in outcomes:
            if not outcome.changed:
                continue
            assert isinstance(outcome.result, Decision)
            self.ids.append(outcome.id)
            self._paths += [path_of(ticket.id) for ticket in (outcome.result.ticket, *outcome.also)]
            self._paths += outcome.paths
            self._who = self._who or outcome.result.entries[0].by
            if len(self._lines) < _TOLD:
                self._lines.append(describe(outcome))
                self._deeds.add(what(outcome))

    def commit(self, subject: str = "", locked: bool = False) -> UncommittedError | None:
        """Commit it; if git would not, that."""
        if not self._paths:
            return None
        paths, self._paths = self._paths, []
        if len(self.ids) == 1 and not subject:
            message = self._lines[0]
        else:
            same = f": {next(iter(self._deeds))}" if len(self._deeds) == 1 else ""
            more = [f"and {len(self.ids) - _TOLD:,} more"] if len(self.ids) > _TOLD else []
            message = "\n".join([subject or f"{len(self.ids):,} tickets{same} ({self._who})", "", *self._lines, *more])
        return (record if locked else record_run)(self._desk, paths, message, self._who)


_TOLD = 200
"""How many tickets the message of a commit names."""
