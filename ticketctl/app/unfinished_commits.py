"""Committing what an earlier command wrote and could not commit.

It was killed, or git would not commit. What it wrote is known exactly
(``store/writing/uncommitted.py``); only that is committed, as its author's, never what somebody has
changed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ticketctl.app.pending import changed_since, warn_if_detached
from ticketctl.app.workspace import Desk
from ticketctl.core.plural import counted
from ticketctl.errors import BusyError, DiskError
from ticketctl.store.files import is_regular
from ticketctl.store.writing import uncommitted
from ticketctl.store.writing.uncommitted import Left


def commit_left(desk: Desk, finished: Iterable[str]) -> None:
    """Commit what earlier commands left, one commit for each author; what cannot be committed
    is told in a warning. The store's lock is held.

    Args:
        finished: the files that were put into their places after a crash.

    Raises:
        BusyError: git is locked.
    """
    lists = uncommitted.lists_left(desk.state)
    left = {path: [Left(path, "", "")] for path in finished}
    if not lists and not left:
        return
    for row in _rows(desk, lists):
        left.setdefault(row.path, []).append(row)
    try:
        remaining = _committed(desk, left)
    except DiskError as error:
        desk.warnings.append(f"what an earlier command wrote is still not committed: {error.message}")
        return
    if remaining:
        _list_again(desk, remaining)
    for path in lists:
        uncommitted.remove_list(path)


def _rows(desk: Desk, lists: Iterable[str]) -> Iterator[Left]:
    """What the lists name. Where one is damaged, as a power cut leaves it, git knows which
    files are not committed; of those, what is whole and in our own form is ours."""
    damaged = False
    for path in lists:
        try:
            yield from list(uncommitted.rows_in(path))
        except ValueError:
            damaged = True
    if damaged:
        from ticketctl.app.check import attached
        from ticketctl.store.git import process as git

        dirty = git.uncommitted(desk.root)
        for path in sorted(dirty):
            if path.startswith("tickets/") and desk.store.is_whole(path):
                ticket = desk.store.read_path(path).ticket
                files = {name for entry in ticket.history for name in attached(ticket, entry)}
                yield from (Left(name, "", "") for name in (path, *sorted(files & dirty)))


def _committed(desk: Desk, left: dict[str, list[Left]]) -> dict[str, list[Left]]:
    """Commit what is as it was written; what somebody has changed since, and HEAD has not.

    Raises:
        DiskError: git would not.
    """
    from ticketctl.store.git import process as git
    from ticketctl.store.git.commit import Written, commit

    assert desk.pending.lock is not None
    by_author: dict[str, list[Written]] = {}
    for path, rows in left.items():
        if (now := _as_written(desk, path, rows)) is not None:
            by_author.setdefault(now.who if "@" in now.who else "", []).append(Written(path, now.digest))
    for author, written in by_author.items():
        message = f"Commit what an earlier command wrote: {counted(len(written), 'file')}"
        lines = [one.path for one in written[:_NAMED]]
        done = commit(
            desk.state, written, "\n".join([message, "", *lines]), author or _RULES, desk.pending.lock, author
        )
        warn_if_detached(desk, done.id)
    dirty = git.uncommitted(desk.root, list(left))
    # What somebody has removed is theirs to commit.
    remaining = {path: rows for path, rows in left.items() if path in dirty and is_regular(desk.root, path)}
    if remaining:
        error = changed_since(list(remaining))
        desk.warnings.append(f"{error.message}\n{error.hint}")
    return remaining


_RULES = "sweep@localhost"
"""Who commits what rules did, or nobody is known to have done, where git knows nobody."""
_NAMED = 200
"""How many files the message of a commit names."""


def _as_written(desk: Desk, path: str, rows: Iterable[Left]) -> Left | None:
    """The row that says what a file now is, if one does."""
    from ticketctl.core.hashing import sha256
    from ticketctl.store import files

    try:
        digest = sha256(files.read_in(desk.root, path, files.LARGEST)).hex()
    except (FileNotFoundError, DiskError):
        return None
    matching = [row for row in rows if row.digest in ("", digest)]
    return matching[-1] if matching else None


def _list_again(desk: Desk, remaining: dict[str, list[Left]]) -> None:
    """Keep in mind what could not be committed."""
    new = uncommitted.Uncommitted(desk.state)
    try:
        new.add(row for rows in remaining.values() for row in rows)
    except OSError as error:
        raise DiskError(f"cannot write to {desk.state.folder}: {error.strerror}") from None
    new.leave()


def catch_up(desk: Desk) -> None:
    """Finish and commit what earlier commands left unfinished, where nothing else is written.

    Raises:
        TicketctlError: as of ``recording.writing``.
    """
    from ticketctl.app.transaction import writing
    from ticketctl.store.writing.recovery import interrupted

    left = desk.settings.commit and uncommitted.lists_left(desk.state)
    if not left and not interrupted(desk.state):
        return
    try:
        with writing(desk):
            pass
    except BusyError as error:
        if left:
            error.message = f"files that ticketctl wrote wait to be committed: {error.message}"
        raise


def waiting(desk: Desk) -> BusyError | None:
    """What to say where files that commands wrote still wait to be committed."""
    if desk.settings.commit and uncommitted.lists_left(desk.state):
        return BusyError("files that ticketctl wrote wait to be committed", "ticketctl doctor says which, and why")
    return None
