"""The files that a command has written and not yet committed, and its lock on git."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ticketctl.app.workspace import Workspace
from ticketctl.errors import BrokenError, DiskError

if TYPE_CHECKING:  # a command that only looks needs none of it
    from ticketctl.store.git.index_lock import IndexLock
    from ticketctl.store.git.written_files import CommitResult, MissingEventsError
    from ticketctl.store.writing import journal
    from ticketctl.store.writing.uncommitted import UncommittedList

_LISTED = 1000
"""How many files are listed at a time."""


def _are_many_new(rows: Iterable[journal.JournalRow]) -> bool:
    """Return whether there are very many files, all of them new.

    Then the lock on git's index is not taken for so long: nobody else knows of these
    files yet.
    """
    first = list(islice(rows, _LISTED))
    return len(first) == _LISTED and all(row.replaces is None for row in first)


def _is_committed(row: journal.JournalRow) -> bool:
    """Return whether a file is committed; notifications and quarantined email are not."""
    return row.area == "store" and not row.target.startswith("dead-letters/")


class PreparedFile(NamedTuple):
    """A file that is written, or about to be.

    Args:
        digest: the SHA-256 of its bytes, in hex.
        blob_before: the id that git gives to what was there before; empty if there was
            nothing.
    """

    digest: str
    blob_before: str


class Pending:
    """The files that a command has written and not yet committed.

    Meanwhile it holds the lock on git's index.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._written: dict[str, PreparedFile] = {}
        self._prepared: dict[str, PreparedFile] = {}
        self.lock: IndexLock | None = None
        if workspace.state.repository is not None:
            from ticketctl.store.git.index_lock import IndexLock

            self.lock = IndexLock(workspace.state.repository, workspace.state.access)

    @cached_property
    def _list(self) -> UncommittedList:
        from ticketctl.store.writing.uncommitted import UncommittedList

        return UncommittedList(self._workspace.state)

    def __bool__(self) -> bool:
        return bool(self._written)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Check that git can commit; at the end, release the lock on its index.

        Raises:
            BusyError: git is locked, or in the middle of a merge, rebase or the like.
        """
        if self.lock is None:
            yield
            return
        from ticketctl.store.git.operations import require_free

        require_free(self.lock.repository)
        try:
            yield
        finally:
            self.lock.release()

    def ready(self, rows: journal.Rows) -> None:
        """Lock git's index, and list the files that are about to be written.

        With very many new files the lock is taken later.

        Args:
            rows: returns the rows of the files, each time from the first on.

        Raises:
            BusyError: git is locked, or in the middle of a merge, rebase or the like.
            DiskError: the git directory cannot be written.
        """
        self._prepared = {}
        if self.lock is not None and not _are_many_new(rows()):
            self.lock.acquire()
        if not self._workspace.settings.commit:
            return
        from ticketctl.store.writing.uncommitted import UncommittedFile

        rest = (row for row in rows() if _is_committed(row))
        try:
            while batch := list(islice(rest, _LISTED)):
                if self.lock is not None:
                    self._list.add(
                        UncommittedFile(row.target, row.digest, row.by) for row in batch
                    )
                self._prepared.update(
                    (row.target, PreparedFile(row.digest, row.was)) for row in batch
                )
        except OSError as error:
            raise self._not_listed(error) from None

    def add_written(self, paths: Iterable[str]) -> None:
        """Add files that are in their places already, as they are now.

        Args:
            paths: relative to the store.

        Raises:
            DiskError: a file cannot be read, or the git directory cannot be written.
        """
        from ticketctl.core.hashing import sha256
        from ticketctl.store import files
        from ticketctl.store.writing.uncommitted import UncommittedFile

        root = self._workspace.root
        digests = {
            path: sha256(files.read_in(root, path, files.LARGEST)).hex()
            for path in paths
        }
        try:
            self._list.add(
                UncommittedFile(path, digest, "") for path, digest in digests.items()
            )
        except OSError as error:
            raise self._not_listed(error) from None
        for path, digest in digests.items():
            self._written[path] = PreparedFile(digest, "")

    def _not_listed(self, error: OSError) -> DiskError:
        folder = self._workspace.state.folder
        return DiskError(
            f"cannot write to {folder}: {error.strerror}", "nothing was changed"
        )

    def took_place(self) -> None:
        """Record that the files prepared last are in their places."""
        for path, file in self._prepared.items():
            first = self._written.get(path, file)
            self._written[path] = PreparedFile(file.digest, first.blob_before)
        self._prepared = {}

    def commit(self, message: str, who: str) -> None:
        """Commit the files. The store's lock is held.

        Args:
            message: the message of the commit.
            who: the address to commit as, where git knows none.

        Raises:
            BusyError: git is locked, or in the middle of a merge, rebase or the like.
            DiskError: git failed, or somebody has changed a file meanwhile.
        """
        written, self._written = self._written, {}
        if not written:
            return
        try:
            if self.lock is None:
                raise DiskError(
                    "this is not a git repository",
                    "git init, or commit: off in ticketctl.yaml",
                )
            done = self._committed(written, message, who, self.lock)
            warn_if_detached(self._workspace, done.id)
            if done.left_out:
                self._leave_out(done.left_out, written)
        except BaseException:
            self._list.leave()
            raise
        self._list.remove()

    def _committed(
        self, written: dict[str, PreparedFile], message: str, who: str, lock: IndexLock
    ) -> CommitResult:
        """Commit files.

        If the last commit has events of their tickets that they lack, these are added.
        """
        from ticketctl.store.git.commit import commit_files
        from ticketctl.store.git.written_files import MissingEventsError, WrittenFile

        def attempt() -> CommitResult:
            files = [
                WrittenFile(path, file.digest, file.blob_before)
                for path, file in written.items()
            ]
            return commit_files(self._workspace.state, files, message, who, lock)

        try:
            return attempt()
        except MissingEventsError as error:
            self._join(error)
            written |= self._prepared
            return attempt()

    def _join(self, error: MissingEventsError) -> None:
        """Write the tickets that lack events of the last commit, with all events.

        Raises:
            DiskError: they cannot be joined automatically.
        """
        from ticketctl.app.merge import join_versions
        from ticketctl.store import files
        from ticketctl.store.writing.journal import Write
        from ticketctl.store.writing.write_all import write_all

        workspace, writes = self._workspace, []
        for path, old in error.head.items():
            now = files.read_in(workspace.root, path, files.LARGEST)
            try:
                writes.append(
                    Write(path, join_versions(workspace.store, path, now, old), now)
                )
            except (BrokenError, ValueError):
                raise error from None
            words = f"git had replaced {path} by an older state; its missing events are added again"
            workspace.warnings.append(words)
        write_all(workspace.state, writes, self.ready)

    def _leave_out(self, paths: Sequence[str], written: Collection[str]) -> None:
        """Check that git has all files that were left out of a commit as they are.

        Raises:
            DiskError: somebody has changed a file since it was written.
        """
        from ticketctl.store.git.queries import uncommitted_files

        if changed := [
            path
            for path in uncommitted_files(self._workspace.root, paths)
            if path in written
        ]:
            raise changed_since_error(changed)


def changed_since_error(paths: Sequence[str]) -> DiskError:
    """Return the error for files that somebody has changed since they were written."""
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    verb = "were" if more else "was"
    return DiskError(
        f"{paths[0]}{more} {verb} changed by hand after ticketctl wrote it",
        f"look at it (git diff), then commit it: git commit {paths[0]}",
    )


def warn_if_detached(workspace: Workspace, commit: str) -> None:
    """Warn of a commit that is on no branch, and say how to keep it."""
    from ticketctl.store.git.repository import is_detached

    if (
        commit
        and workspace.state.repository is not None
        and is_detached(workspace.state.repository)
    ):
        short = commit[:12]
        workspace.warnings.append(
            f"HEAD is detached: commit {short} is on no branch; to keep it: git branch NAME {short}"
        )
