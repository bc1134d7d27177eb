"""Write files inside the store's lock, and commit them: the one way to a commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from ticketctl.app.outcome import Outcome, commit_line, summarize_change
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.requests import Decision
from ticketctl.errors import (
    BusyError,
    ChangedError,
    DiskError,
    RefusedError,
    TicketctlError,
    UncommittedError,
)
from ticketctl.store import files

if TYPE_CHECKING:  # a command that only looks needs no journal
    from ticketctl.store.writing import journal


def refuse_future(workspace: Workspace) -> None:
    """Refuse to write events of the future.

    Such an event stops the time-based rules of its ticket until then. Every command
    that writes comes through here, by :func:`writing`. Commands that do something else
    before they write call it themselves. The system's clock and TICKETCTL_NOW are
    trusted; only ``--now`` is checked.

    Raises:
        RefusedError: ``--now`` is more than an hour later than the clock, and the user
            does not say ``--trust-clock``.
    """
    clock = workspace.clock or workspace.now
    if workspace.now - clock > dates.TOLERANCE and not workspace.trust_clock:
        now, later = (
            dates.format_instant(workspace.now),
            dates.span((workspace.now - clock).total_seconds()),
        )
        raise RefusedError(
            f"--now {now} is {later} later than the clock ({dates.format_instant(clock)}); nothing was written",
            f"if you mean it: ticketctl --now {now} --trust-clock COMMAND ...",
        )


def require_writable(workspace: Workspace) -> None:
    """Check that a command may write now.

    :func:`writing` checks it, too. Commands that do something else first, such as
    opening an editor or sending an email, call it themselves.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: git is in the middle of a merge, rebase or the like.
    """
    from ticketctl.store.git.environment import OWN

    refuse_future(workspace)
    if os.environ.get(OWN):
        words = "a hook of a commit that ticketctl makes cannot write: the store is locked; nothing was written"
        raise BusyError(
            words,
            "let the hook start it in the background, to run when the commit is done",
        )
    if workspace.state.repository is not None:
        from ticketctl.store.git.operations import require_finished

        require_finished(workspace.state.repository)


@contextmanager
def writing(workspace: Workspace) -> Iterator[None]:
    """Hold the store's lock, and first finish what an earlier command left unfinished.

    Every command that writes comes through here.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: another command holds the store, git is locked, or in the middle of a
            merge, rebase or the like.
    """
    require_writable(workspace)  # before anything is made
    from ticketctl.store.writing import locks

    tickets = f"{workspace.root}/tickets"
    if not os.path.lexists(tickets):
        # Git keeps no empty folder, so a clone of an empty store has none.
        files.make_folder(tickets, workspace.state.access)
    with locks.lock_folder(tickets), workspace.pending.open():
        from ticketctl.store.writing.recovery import recover

        finished = recover(workspace.state, workspace.store.extends)
        if workspace.settings.commit:
            from ticketctl.app.unfinished_commits import commit_unfinished

            commit_unfinished(workspace, finished)
        yield


T = TypeVar("T")


def write_together(
    workspace: Workspace,
    items: Sequence[T],
    writes: Callable[[T], Iterable[journal.Write]],
) -> Iterator[tuple[T, TicketctlError | None]]:
    """Write the files of some items. The store's lock is held.

    They are written all at once, or, where one cannot be written, in smaller parts.

    Args:
        writes: returns the files of an item.

    Yields:
        Each item, and the error that stopped it, if any.

    Raises:
        PartialWriteError: the disk failed when some files were in their places; the
            next command finishes it.
    """
    from ticketctl.store.writing import journal

    try:
        write_files(workspace, (write for item in items for write in writes(item)))
    except journal.PartialWriteError:
        raise
    except TicketctlError as error:
        if isinstance(error, BusyError) and not isinstance(error, ChangedError):
            raise  # git is locked, for all items
        if len(items) == 1:
            yield items[0], error
            return
        half = len(items) // 2
        yield from write_together(workspace, items[:half], writes)
        yield from write_together(workspace, items[half:], writes)
        return
    yield from ((item, None) for item in items)


def write_files(workspace: Workspace, writes: Iterable[journal.Write]) -> None:
    """Write files, all or none. The store's lock is held.

    They are committed by :func:`commit_written`.

    Raises:
        TicketctlError: as of ``transaction.write_all``.
    """
    from ticketctl.store.writing.journal import PartialWriteError
    from ticketctl.store.writing.write_all import write_all

    try:
        write_all(workspace.state, writes, workspace.pending.ready)
    except PartialWriteError:
        workspace.pending.took_place()
        raise
    workspace.pending.took_place()


def commit_written(
    workspace: Workspace, message: str, who: str
) -> UncommittedError | None:
    """Commit what a command has written. The store's lock is held.

    This is the only way to a commit: whatever a command does, a commit that fails is
    reported in the same words. The files stay written, and the next command that writes
    commits them.

    Args:
        message: the message of the commit; its first line is the subject.
        who: the address to commit as, where git knows none.

    Returns:
        The error, if git does not commit; the caller reports or raises it.
    """
    try:
        workspace.pending.commit(message, who)
    except (BusyError, DiskError) as error:
        return _uncommitted(error)
    return None


def _uncommitted(error: TicketctlError) -> UncommittedError:
    """Return the error for files that are written, and that git does not commit."""
    return UncommittedError(f"written, but not committed: {error.message}", error.hint)


def commit_or_raise(workspace: Workspace, message: str, who: str) -> None:
    """Commit what a command has written, like :func:`commit_written`.

    Raises:
        UncommittedError: the files are written, but git does not commit them.
    """
    if failed := commit_written(workspace, message, who):
        raise failed


def commit_run(workspace: Workspace, message: str, who: str) -> UncommittedError | None:
    """Take the store's lock and commit what a run has written, like :func:`commit_written`."""
    if not workspace.pending:
        return None
    try:
        with writing(workspace):
            return commit_written(workspace, message, who)
    except (BusyError, DiskError) as error:
        return _uncommitted(error)


def commit_outcomes(
    workspace: Workspace, outcomes: Sequence[Outcome], subject: str = ""
) -> list[Outcome]:
    """Commit the tickets of some outcomes. The store's lock is held.

    Returns:
        One more outcome, if git does not commit. The tickets stay written.
    """
    log = CommitLog(workspace)
    log.note(outcomes)
    failed = log.commit(subject, locked=True)
    return [Outcome("git", None, failed)] if failed else []


class CommitLog:
    """The changes that a command has written, for the message of its commit."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.ids: list[str] = []
        self._lines: list[str] = []
        self._changes: set[str] = set()
        self._who = ""

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Add those outcomes that were written."""
        for outcome in outcomes:
            if not outcome.changed:
                continue
            assert isinstance(outcome.result, Decision)
            self.ids.append(outcome.id)
            self._who = self._who or outcome.result.entries[0].by
            if len(self._lines) < _NAMED:
                self._lines.append(commit_line(outcome))
                self._changes.add(summarize_change(outcome))

    def commit(
        self, subject: str = "", locked: bool = False
    ) -> UncommittedError | None:
        """Commit the changes, and return the error if git does not commit.

        Args:
            subject: the first line of the message; empty for one made of the changes.
            locked: whether the store's lock is held.
        """
        if not self._lines or not self._workspace.pending:
            return None
        if len(self.ids) == 1 and not subject:
            message = self._lines[0]
        else:
            same = f": {next(iter(self._changes))}" if len(self._changes) == 1 else ""
            more = (
                [f"and {len(self.ids) - _NAMED:,} more"]
                if len(self.ids) > _NAMED
                else []
            )
            message = "\n".join(
                [
                    subject or f"{len(self.ids):,} tickets{same} ({self._who})",
                    "",
                    *self._lines,
                    *more,
                ]
            )
        return (commit_written if locked else commit_run)(
            self._workspace, message, self._who
        )


_NAMED = 200
"""How many tickets the message of a commit names."""
