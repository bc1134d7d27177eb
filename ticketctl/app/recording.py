"""Writing inside the store's lock, and the commit that follows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ticketctl.app.desk import Desk
from ticketctl.app.outcome import Outcome, describe, what
from ticketctl.core import dates
from ticketctl.core.requests import Decision
from ticketctl.errors import BusyError, ChangedError, DiskError, RefusedError, TicketctlError, UncommittedError
from ticketctl.store import files

if TYPE_CHECKING:  # a command that only looks needs no journal
    from ticketctl.store import journal
    from ticketctl.store.index_lock import IndexLock
    from ticketctl.store.uncommitted import Uncommitted


_LISTED = 1000
"""How many files are listed at a time."""


def _are_many_new(rows: Iterable[journal.Row]) -> bool:
    """Whether so many files are new and replace none that git would be locked out for long
    for nothing: nobody else knows of them yet."""
    some = list(islice(rows, _LISTED))
    return len(some) == _LISTED and all(row.replaces is None for row in some)


def _is_committed(row: journal.Row) -> bool:
    """Whether a file is one that git holds: notifications and quarantined email are not."""
    return row.area == "store" and not row.target.startswith("dead-letters/")


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


def may_write(desk: Desk) -> None:
    """See that a command may write now. Those ask it themselves that do something else first:
    open an editor, send an email.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: git is in the middle of something.
    """
    refuse_future(desk)
    if desk.state.repository is not None:
        from ticketctl.store.operations import must_be_finished

        must_be_finished(desk.state.repository)


@contextmanager
def writing(desk: Desk) -> Iterator[None]:
    """Hold the store's lock, first finishing what an earlier command left unfinished.

    Every command that writes asks here whether it may write into the repository now.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: another command holds the store, git is in the middle of something, or it
            is locked.
    """
    may_write(desk)  # before anything is made
    from ticketctl.store import locks

    tickets = f"{desk.root}/tickets"
    if not os.path.lexists(tickets):
        # Git keeps no empty folder, so a clone of an empty store has none.
        files.make_folder(tickets, desk.state.access)
    with locks.lock(tickets), desk.pending.open():
        from ticketctl.store.recovery import recover

        finished = recover(desk.state, desk.store.extends)
        if desk.settings.commit:
            from ticketctl.app.leftovers import commit_left

            commit_left(desk, finished)
        yield


class Pending:
    """What a command has written and not yet committed, and the lock on git's index that it
    holds meanwhile."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: dict[str, str] = {}
        self._prepared: dict[str, str] = {}
        self.lock: IndexLock | None = None
        if desk.state.repository is not None:
            from ticketctl.store.index_lock import IndexLock

            self.lock = IndexLock(desk.state.repository, desk.state.access)

    @cached_property
    def _list(self) -> Uncommitted:
        from ticketctl.store.uncommitted import Uncommitted

        return Uncommitted(self._desk.state)

    def __bool__(self) -> bool:
        return bool(self._written)

    @contextmanager
    def open(self) -> Iterator[None]:
        """See that nothing of git's is in the way; let go of its index at the end.

        Raises:
            BusyError: git is in the middle of something, or locked.
        """
        if self.lock is None:
            yield
            return
        from ticketctl.store.operations import must_be_free

        must_be_free(self.lock.repository)
        try:
            yield
        finally:
            self.lock.release()

    def ready(self, rows: journal.Rows) -> None:
        """Take the lock on git's index, unless it would be held for long and for nothing, and
        list what is about to be written.

        Raises:
            BusyError: git is locked, or in the middle of something.
            DiskError: the git directory cannot be written.
        """
        self._prepared = {}
        if self.lock is not None and not _are_many_new(rows()):
            self.lock.acquire()
        if not self._desk.settings.commit:
            return
        from ticketctl.store.uncommitted import Left

        rest = (row for row in rows() if _is_committed(row))
        try:
            while some := list(islice(rest, _LISTED)):
                if self.lock is not None:
                    self._list.add(Left(row.target, row.digest, row.by) for row in some)
                self._prepared.update((row.target, row.digest) for row in some)
        except OSError as error:
            words = f"cannot write to {self._desk.state.folder}: {error.strerror}"
            raise DiskError(words, "nothing was changed") from None

    def took_place(self) -> None:
        """What was prepared last is in its place, and to be committed."""
        self._written |= self._prepared
        self._prepared = {}

    def commit(self, message: str, who: str) -> None:
        """Commit it, the store's lock being held.

        Raises:
            BusyError: git is locked, or in the middle of something.
            DiskError: git would not, or somebody has changed a file meanwhile.
        """
        written, self._written = self._written, {}
        if not written:
            return
        try:
            if self.lock is None:
                raise DiskError("this is not a git repository", "git init, or commit: off in ticketctl.yaml")
            from ticketctl.store.committing import Written, commit

            files = [Written(path, digest) for path, digest in written.items()]
            done = commit(self._desk.state, files, message, who, self.lock)
            warn_if_detached(self._desk, done.id)
            if done.left_out:
                self._leave_out(done.left_out, written)
        except BaseException:
            self._list.leave()
            raise
        self._list.remove()

    def _leave_out(self, paths: Sequence[str], written: Mapping[str, str]) -> None:
        """Tell of files that are not as they were written, unless HEAD has them as they are.

        Raises:
            DiskError: there are such.
        """
        from ticketctl.store import git

        if left := [path for path in git.uncommitted(self._desk.root, paths) if path in written]:
            raise changed_since(left)


def changed_since(paths: Sequence[str]) -> DiskError:
    """What to say of files that somebody has changed after a command wrote them."""
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    verb = "were" if more else "was"
    return DiskError(
        f"{paths[0]}{more} {verb} changed by hand after ticketctl wrote it",
        f"look at it (git diff), then commit it: git commit {paths[0]}",
    )


def warn_if_detached(desk: Desk, commit: str) -> None:
    """Warn of a commit that is on no branch, and say how to keep it."""
    from ticketctl.store.repository import is_detached

    if commit and desk.state.repository is not None and is_detached(desk.state.repository):
        short = commit[:12]
        desk.warnings.append(f"HEAD is detached: commit {short} is on no branch; to keep it: git branch NAME {short}")


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
        write(desk, (write for item in items for write in writes(item)))
    except journal.PartlyError:
        raise
    except TicketctlError as error:
        if isinstance(error, BusyError) and not isinstance(error, ChangedError):
            raise  # git is locked: not for one of them alone
        if len(items) == 1:
            yield items[0], error
            return
        half = len(items) // 2
        yield from write_together(desk, items[:half], writes)
        yield from write_together(desk, items[half:], writes)
        return
    yield from ((item, None) for item in items)


def write(desk: Desk, writes: Iterable[journal.Write]) -> None:
    """Write files, all or none, to be committed by :func:`record`. The store's lock is held.

    Raises:
        TicketctlError: as of ``transaction.write_all``.
    """
    from ticketctl.store.journal import PartlyError
    from ticketctl.store.transaction import write_all

    try:
        write_all(desk.state, writes, desk.pending.ready)
    except PartlyError:
        desk.pending.took_place()
        raise
    desk.pending.took_place()


def record(desk: Desk, message: str, who: str) -> UncommittedError | None:
    """Commit what was written, where the store does so; if git would not, that: it is written
    all the same, and the next command that writes commits it."""
    try:
        desk.pending.commit(message, who)
    except (BusyError, DiskError) as error:
        return UncommittedError(f"written, but not committed: {error.message}", error.hint)
    return None


def record_run(desk: Desk, message: str, who: str) -> UncommittedError | None:
    """The same for a run over many tickets, each of which held the store's lock for itself alone."""
    if not desk.pending:
        return None
    try:
        with writing(desk):
            return record(desk, message, who)
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
            self._who = self._who or outcome.result.entries[0].by
            if len(self._lines) < _TOLD:
                self._lines.append(describe(outcome))
                self._deeds.add(what(outcome))

    def commit(self, subject: str = "", locked: bool = False) -> UncommittedError | None:
        """Commit it; if git would not, that."""
        if not self._lines or not self._desk.pending:
            return None
        if len(self.ids) == 1 and not subject:
            message = self._lines[0]
        else:
            same = f": {next(iter(self._deeds))}" if len(self._deeds) == 1 else ""
            more = [f"and {len(self.ids) - _TOLD:,} more"] if len(self.ids) > _TOLD else []
            message = "\n".join([subject or f"{len(self.ids):,} tickets{same} ({self._who})", "", *self._lines, *more])
        return (record if locked else record_run)(self._desk, message, self._who)


_TOLD = 200
"""How many tickets the message of a commit names."""
