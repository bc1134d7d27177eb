"""Bring the index up to date.

Only files that have changed are read. Whatever is wrong with the index, answers are the
same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ticketctl import __version__
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.hashing import object_id
from ticketctl.errors import (
    BrokenError,
    DiskError,
    Finding,
    MissingError,
    Place,
    SettingsError,
    ShortageError,
    UnreadError,
)
from ticketctl.store import files
from ticketctl.store.index.changes import find_changes, start_git_query
from ticketctl.store.index.database import (
    Index,
    IndexContents,
    IndexEntry,
    UnusableError,
)
from ticketctl.store.index.ids_by_prefix import folder_stamps
from ticketctl.store.index.stamps import (
    ChangeSet,
    FileStamp,
    FileToRead,
    is_young,
    take_stamp,
)

if TYPE_CHECKING:
    from ticketctl.core.summary import Summary
    from ticketctl.core.ticket import Ticket
    from ticketctl.store.index.git_changes import GitQuery

_TRIES = 4
_FORM = "watchers reachable, opening emails"
"""What was added to summaries since the first version: an older index is rebuilt."""
T = TypeVar("T")


def refreshed_index(workspace: Workspace, progress: Progress = no_progress) -> Index:
    """Return the index, brought up to date.

    Raises:
        SettingsError: the settings have errors.
    """
    places = folder_stamps(workspace.root)
    ahead = start_git_query(workspace.state)
    try:
        _ = workspace.settings
        for _ in range(_TRIES):
            try:
                index = Index.open(workspace.state)
                if not is_made_by(workspace, index):
                    break
                updated = _updated(workspace, index, places, ahead, progress)
                if updated is not None:
                    return updated
            except UnusableError:
                break
            places, ahead = folder_stamps(workspace.root), None
    finally:
        if ahead is not None:
            ahead.stop()
    return rebuild_index(workspace, progress)


def ask_index(
    workspace: Workspace,
    question: Callable[[Index], T],
    progress: Progress = no_progress,
) -> T:
    """Return the answer of the index, brought up to date.

    A damaged index is rebuilt. A customer gets the answer of an index of the tickets
    that they may see.

    Args:
        question: is called with the index; may be called twice.

    Raises:
        DiskError: the rebuilt index is damaged, too.
    """
    if workspace.view is not None:
        from ticketctl.app.index.customer import customer_index

        return question(customer_index(workspace, workspace.view, progress))
    return ask_whole_index(workspace, question, progress)


def ask_whole_index(
    workspace: Workspace,
    question: Callable[[Index], T],
    progress: Progress = no_progress,
) -> T:
    """Return the answer of the index of all tickets, whoever the user is.

    Args:
        question: as of :func:`ask_index`.

    Raises:
        DiskError: the rebuilt index is damaged, too.
    """
    try:
        return question(refreshed_index(workspace, progress))
    except UnusableError:
        try:
            return question(rebuild_index(workspace, progress))
        except UnusableError as error:
            raise DiskError(
                f"the index is damaged: {error}", "check the disk"
            ) from None


def _updated(
    workspace: Workspace,
    index: Index,
    places: list[FileStamp],
    ahead: GitQuery | None,
    progress: Progress,
) -> Index | None:
    """Return the index with all changes in it.

    It is ``None`` if another process has written the index meanwhile.

    Args:
        places: the stamps of the folders, taken before anything else was read.
        ahead: a query that git was asked after that.
    """
    generation = index.meta("generation")
    changes = find_changes(workspace.root, index, ahead)
    if not changes.is_changed:
        return index
    untrusted, gone = list(changes.untrusted), list(changes.gone)
    entries = list(
        _read(
            workspace,
            changes,
            str(changes.meta.get("head", index.meta("head"))),
            untrusted,
            gone,
            progress,
        )
    )
    contents = IndexContents(entries, changes.meta, untrusted, places)
    try:
        return index if index.save(contents, gone, generation) else None
    except UnusableError:  # locked, or not writable: a copy for this answer alone
        index = index.in_memory()
        is_saved = index.save(contents, gone, index.meta("generation"))
        return index if is_saved else None


def rebuild_index(
    workspace: Workspace, progress: Progress = no_progress, in_memory: bool = True
) -> Index:
    """Return a new index, made of all files.

    Args:
        in_memory: whether it may be only in memory if it cannot be written.

    Raises:
        DiskError: it cannot be written, and may not be only in memory.
    """
    from ticketctl.store.index.build import build_index

    places = folder_stamps(workspace.root)
    changes = find_changes(workspace.root, None)
    meta = {**changes.meta, "rules": _rules(workspace)}
    if not in_memory and not workspace.state.folder:
        raise _not_written(workspace, UnusableError("there is no place for it"))
    for state in (workspace.state if workspace.state.folder else None, None):
        untrusted = list(changes.untrusted)
        head = str(changes.meta["head"])
        entries = _read(workspace, changes, head, untrusted, [], progress)
        try:
            return build_index(IndexContents(entries, meta, untrusted, places), state)
        except (UnusableError, OSError) as error:
            if not in_memory:
                raise _not_written(workspace, error) from None
    raise AssertionError("an index in memory can be written")


def _not_written(workspace: Workspace, error: Exception) -> DiskError:
    words = (
        f"{error.strerror} ({error.filename or 'index'})"
        if isinstance(error, OSError)
        else str(error)
    )
    where = workspace.state.folder or "the state folder"
    hint = "lists work without it; to use another folder, set TICKETCTL_STATE"
    return DiskError(f"cannot write the index to {where}: {words}", hint)


def is_made_by(workspace: Workspace, index: Index) -> bool:
    """Return whether an index was made with the present settings and profiles.

    Raises:
        SettingsError: the settings have errors.
    """
    return index.meta("rules") == _rules(workspace)


def _rules(workspace: Workspace) -> bytes:
    """Return what a summary depends on besides the ticket.

    That is who has which role, the holidays, and the profiles byte for byte. No other
    setting makes it necessary to read all tickets again.
    """
    people, holidays = workspace.settings.people, workspace.settings.holidays
    parts = [
        f"{__version__} {_FORM}".encode(),
        repr((people and sorted(people.items()), sorted(holidays))).encode(),
    ]
    for path in workspace.registry.files():
        try:
            parts += [
                os.fsencode(os.path.basename(path)),
                files.read_bytes(path, 1 << 20),
            ]
        except ShortageError:
            raise
        except (FileNotFoundError, DiskError):
            # For example a link: tickets of that profile cannot be read.
            parts.append(b"!")
    return b"\0".join(parts)


def _read(
    workspace: Workspace,
    changes: ChangeSet,
    head: str,
    untrusted: list[FileStamp],
    gone: list[str],
    progress: Progress,
) -> Iterator[IndexEntry]:
    """Yield the entries of the files that have to be read.

    Args:
        head: HEAD's commit; empty where git was never asked.
        untrusted: is extended by the files that are not as git has them.
        gone: is extended by files that were removed before they were read.
    """
    if not changes.to_read:
        return
    from ticketctl.app.index.parallel import map_parallel

    for file, entry in zip(
        changes.to_read,
        map_parallel(
            workspace,
            parse_for_index,
            index_entry_of,
            changes.to_read,
            "reading",
            progress,
        ),
        strict=True,
    ):
        if entry is None:
            gone.append(file.path)
        if head and (
            entry is None
            or entry.blob.hex() != file.vouched
            or not entry.stamp
            or is_young(entry.stamp, entry.read)
        ):
            untrusted.append(
                FileStamp(file.path, entry.stamp, entry.read)
                if entry
                else FileStamp(file.path, "", 0)
            )
        if entry is not None:
            yield entry


class ParsedFile(NamedTuple):
    """A ticket file as it was read.

    Args:
        blob: the id that git gives to its bytes; empty if it cannot be read.
        stamp: as of :class:`IndexEntry`.
        read: as of :class:`IndexEntry`.
        content: its ticket; what is wrong with it; ``None`` if it was removed.
    """

    path: str
    blob: bytes
    stamp: str
    read: int
    content: Ticket | Finding | None


def parse_for_index(workspace: Workspace, file: FileToRead) -> ParsedFile:
    """Read a file for the index."""
    blob = b""
    # The stamp comes first, so that a change in between will be noticed.
    _, stamp, read = take_stamp(workspace.root, file.path)
    content: Ticket | Finding | None = None
    try:
        data = workspace.store.data_of(file.path)
        blob = object_id(b"blob", data, len(file.vouched))
        content = workspace.store.parse(file.path, data).ticket
    except MissingError:
        pass
    except (BrokenError, UnreadError) as error:
        content = error.finding
    return ParsedFile(file.path, blob, stamp, read, content)


def index_entry_of(workspace: Workspace, file: ParsedFile) -> IndexEntry | None:
    """Return the entry of the index for a file; ``None`` if it was removed."""
    from ticketctl.core.summary import summary_of

    path, blob, stamp, read, content = file
    if content is None:
        return None
    if not isinstance(content, Finding):
        try:
            profile = workspace.profile_of(content)
        except (BrokenError, SettingsError) as error:
            content = error.finding
        else:
            summary = summary_of(profile, content, workspace.people_of(profile))
            return IndexEntry(
                path, blob, stamp, read, cells_of(summary), message_ids=summary.found_by
            )
    place = content.place
    problem = (place.line, place.col, content.message, content.hint, content.code)
    # A file that cannot even be read may be readable next time: it gets no stamp.
    return IndexEntry(path, blob, stamp if blob else "", read, broken=problem)


def cells_of(summary: Summary) -> tuple[object, ...]:
    """Return a summary as a row of the index."""
    return (*summary.row, summary.row.state == "closed", *summary[1:-1])


def broken_in(index: Index) -> list[Finding]:
    """Return what is wrong with the tickets that cannot be read."""
    return [
        Finding(Place(path, line, col), code, message, hint)
        for path, line, col, message, hint, code in index.all(
            "SELECT * FROM broken ORDER BY path"
        )
    ]
