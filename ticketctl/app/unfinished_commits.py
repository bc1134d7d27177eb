"""Commit the files that an earlier command wrote and could not commit.

The command was killed, or git did not commit. Its files are listed exactly
(``store/writing/uncommitted.py``). Only these are committed, with their author, and
never what somebody has changed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ticketctl.app.files_to_commit import changed_since_error, warn_if_detached
from ticketctl.app.workspace import Workspace
from ticketctl.core.plural import counted
from ticketctl.errors import BusyError, DiskError
from ticketctl.store.files import is_regular
from ticketctl.store.writing import uncommitted
from ticketctl.store.writing.uncommitted import UncommittedFile


def commit_unfinished(workspace: Workspace, finished: Iterable[str]) -> None:
    """Commit what earlier commands left, in one commit for each author.

    There is a warning for what cannot be committed. The store's lock is held.

    Args:
        finished: the paths of files that were put into their places after a crash.

    Raises:
        BusyError: git is locked.
    """
    lists = uncommitted.pending_lists(workspace.state)
    pending = {path: [UncommittedFile(path, "", "")] for path in finished}
    if not lists and not pending:
        return
    for row in _rows(workspace, lists):
        pending.setdefault(row.path, []).append(row)
    try:
        remaining = _commit(workspace, pending)
    except DiskError as error:
        workspace.warnings.append(
            f"what an earlier command wrote is still not committed: {error.message}"
        )
        return
    if remaining:
        _list_again(workspace, remaining)
    for path in lists:
        uncommitted.remove_list(path)


def _rows(workspace: Workspace, lists: Iterable[str]) -> Iterator[UncommittedFile]:
    """Yield the files of the lists.

    If a list is damaged by a power cut, git says which files are not committed. Of
    those, the tickets that are whole and in the canonical form are ours.
    """
    damaged = False
    for path in lists:
        try:
            yield from list(uncommitted.read_list(path))
        except ValueError:
            damaged = True
    if damaged:
        from ticketctl.app.attachments import attachment_paths
        from ticketctl.store.git.queries import uncommitted_files

        dirty = uncommitted_files(workspace.root)
        for path in sorted(dirty):
            if path.startswith("tickets/") and workspace.store.is_whole(path):
                ticket = workspace.store.read_path(path).ticket
                files = {
                    name
                    for entry in ticket.history
                    for name in attachment_paths(ticket, entry)
                }
                yield from (
                    UncommittedFile(name, "", "")
                    for name in (path, *sorted(files & dirty))
                )


def _commit(
    workspace: Workspace, pending: dict[str, list[UncommittedFile]]
) -> dict[str, list[UncommittedFile]]:
    """Commit the files that are as they were written.

    Args:
        pending: what the lists say of each file, by path.

    Returns:
        The files that somebody has changed since, and that HEAD does not have so.

    Raises:
        DiskError: git failed.
    """
    from ticketctl.store.git.commit import commit_files
    from ticketctl.store.git.queries import uncommitted_files
    from ticketctl.store.git.written_files import WrittenFile

    assert workspace.pending.lock is not None
    by_author: dict[str, list[WrittenFile]] = {}
    for path, rows in pending.items():
        if (now := _as_written(workspace, path, rows)) is not None:
            by_author.setdefault(now.who if "@" in now.who else "", []).append(
                WrittenFile(path, now.digest)
            )
    for author, written in by_author.items():
        message = (
            f"Commit what an earlier command wrote: {counted(len(written), 'file')}"
        )
        lines = [file.path for file in written[:_NAMED]]
        done = commit_files(
            workspace.state,
            written,
            "\n".join([message, "", *lines]),
            author or _RULES,
            workspace.pending.lock,
            author,
        )
        warn_if_detached(workspace, done.id)
    dirty = uncommitted_files(workspace.root, list(pending))
    # Whoever removed a file commits that.
    remaining = {
        path: rows
        for path, rows in pending.items()
        if path in dirty and is_regular(workspace.root, path)
    }
    if remaining:
        error = changed_since_error(list(remaining))
        workspace.warnings.append(f"{error.message}\n{error.hint}")
    return remaining


_RULES = "sweep@localhost"
"""The address to commit as, where git knows none, what rules or unknown users wrote."""
_NAMED = 200
"""How many files the message of a commit names."""


def _as_written(
    workspace: Workspace, path: str, rows: Iterable[UncommittedFile]
) -> UncommittedFile | None:
    """Return the row that says what a file now is, if there is one."""
    from ticketctl.core.hashing import sha256
    from ticketctl.store import files

    try:
        digest = sha256(files.read_in(workspace.root, path, files.LARGEST)).hex()
    except (FileNotFoundError, DiskError):
        return None
    matching = [row for row in rows if row.digest in ("", digest)]
    return matching[-1] if matching else None


def _list_again(
    workspace: Workspace, remaining: dict[str, list[UncommittedFile]]
) -> None:
    """List again what could not be committed."""
    new = uncommitted.UncommittedList(workspace.state)
    try:
        new.add(row for rows in remaining.values() for row in rows)
    except OSError as error:
        raise DiskError(
            f"cannot write to {workspace.state.folder}: {error.strerror}"
        ) from None
    new.leave()


def catch_up(workspace: Workspace) -> None:
    """Finish and commit what earlier commands left unfinished.

    For commands that may write nothing themselves.

    Raises:
        TicketctlError: as of :func:`ticketctl.app.transaction.writing`.
    """
    from ticketctl.app.transaction import writing
    from ticketctl.store.writing.recovery import is_interrupted

    is_uncommitted = workspace.settings.commit and uncommitted.pending_lists(
        workspace.state
    )
    if not is_uncommitted and not is_interrupted(workspace.state):
        return
    try:
        with writing(workspace):
            pass
    except BusyError as error:
        if is_uncommitted:
            error.message = (
                f"files that ticketctl wrote are not committed yet: {error.message}"
            )
        raise


def uncommitted_error(workspace: Workspace) -> BusyError | None:
    """Return the error for files that still wait to be committed, if there are any."""
    if workspace.settings.commit and uncommitted.pending_lists(workspace.state):
        return BusyError(
            "files that ticketctl wrote are not committed yet",
            "to see which, and why: ticketctl doctor",
        )
    return None
