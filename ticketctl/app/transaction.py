"""Writing inside the store's lock, and the commit that follows."""

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
from ticketctl.store.git.environment import OWN

if TYPE_CHECKING:  # a command that only looks needs no journal
    from ticketctl.store.writing import journal


def refuse_future(workspace: Workspace) -> None:
    """Refuse to write events of the future. Whatever writes comes through here, by way
    of :func:`writing`; those commands call it themselves that do something else before
    they write.

    An event of the future stops the rules by time of its ticket until then. The
    system's clock is trusted here, and
    so is TICKETCTL_NOW, which stands for it: only ``--now`` is questioned.

    Raises:
        RefusedError: ``--now`` is more than an hour later than the clock, and the user
            does not vouch for it.
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
    """See that a command may write now. Those ask it themselves that do something else
    first: open an editor, send an email.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: git is in the middle of something.
    """
    refuse_future(workspace)
    if os.environ.get(OWN):
        words = "a hook of a commit that ticketctl makes cannot write: the store is locked; nothing was written"
        raise BusyError(
            words,
            "let the hook start it in the background, to run when the commit is done",
        )
    if workspace.state.repository is not None:
        from ticketctl.store.git.operations import must_be_finished

        must_be_finished(workspace.state.repository)


@contextmanager
def writing(workspace: Workspace) -> Iterator[None]:
    """Hold the store's lock, first finishing what an earlier command left unfinished.

    Every command that writes asks here whether it may write into the repository now.

    Raises:
        RefusedError: as :func:`refuse_future`.
        BusyError: another command holds the store, git is in the middle of something,
            or it is locked.
    """
    require_writable(workspace)  # before anything is made
    from ticketctl.store.writing import locks

    tickets = f"{workspace.root}/tickets"
    if not os.path.lexists(tickets):
        # Git keeps no empty folder, so a clone of an empty store has none.
        files.make_folder(tickets, workspace.state.access)
    with locks.lock(tickets), workspace.pending.open():
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
    """Write what belongs to each of some items, the store's lock being held: all at
    once or, where one of them cannot be written, each for itself.

    Returns:
        Each item, with what stopped it, if anything did.

    Raises:
        PartlyError: the disk failed when some were in their places; the next command
            finishes it.
    """
    from ticketctl.store.writing import journal

    try:
        write_files(workspace, (write for item in items for write in writes(item)))
    except journal.PartialWriteError:
        raise
    except TicketctlError as error:
        if isinstance(error, BusyError) and not isinstance(error, ChangedError):
            raise  # git is locked: not for one of them alone
        if len(items) == 1:
            yield items[0], error
            return
        half = len(items) // 2
        yield from write_together(workspace, items[:half], writes)
        yield from write_together(workspace, items[half:], writes)
        return
    yield from ((item, None) for item in items)


def write_files(workspace: Workspace, writes: Iterable[journal.Write]) -> None:
    """Write files, all or none, to be committed by :func:`record`. The store's lock is
    held.

    Raises:
        TicketctlError: as of ``transaction.write_all``.
    """
    from ticketctl.store.writing.journal import PartialWriteError
    from ticketctl.store.writing.transaction import write_all

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
    """Commit what a command has written, like :func:`record`.

    Raises:
        UncommittedError: the files are written, but git does not commit them.
    """
    if failed := commit_written(workspace, message, who):
        raise failed


def commit_run(workspace: Workspace, message: str, who: str) -> UncommittedError | None:
    """Take the store's lock and commit what a run has written, like :func:`record`."""
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
    """Commit what was changed, the store's lock being held; if git would not, that is
    one more outcome: the tickets are written all the same."""
    log = CommitLog(workspace)
    log.note(outcomes)
    failed = log.commit(subject, locked=True)
    return [Outcome("git", None, failed)] if failed else []


class CommitLog:
    """What a command has written, for its commit."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
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
                self._lines.append(commit_line(outcome))
                self._deeds.add(summarize_change(outcome))

    def commit(
        self, subject: str = "", locked: bool = False
    ) -> UncommittedError | None:
        """Commit it; if git would not, that."""
        if not self._lines or not self._workspace.pending:
            return None
        if len(self.ids) == 1 and not subject:
            message = self._lines[0]
        else:
            same = f": {next(iter(self._deeds))}" if len(self._deeds) == 1 else ""
            more = (
                [f"and {len(self.ids) - _TOLD:,} more"] if len(self.ids) > _TOLD else []
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


_TOLD = 200
"""How many tickets the message of a commit names."""
