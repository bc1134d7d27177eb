"""Bringing the index up to date: only what has changed is read, and whatever is wrong
with the index, the answer is the same."""

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
from ticketctl.store.index.build import build_index
from ticketctl.store.index.change_set import ChangeSet, FileToRead
from ticketctl.store.index.changes import find_changes, start_git_query
from ticketctl.store.index.database import (
    Index,
    IndexContents,
    IndexEntry,
    UnusableError,
)
from ticketctl.store.index.folders import folder_stamps
from ticketctl.store.index.git_changes import GitQuery
from ticketctl.store.index.stamps import FileStamp, is_young, take_stamp

if TYPE_CHECKING:
    from ticketctl.core.summary import Summary
    from ticketctl.core.ticket import Ticket

_TRIES = 4
_FORM = "watchers reachable, opening emails"
"""What summaries hold since the first version: an index without it is made anew."""
T = TypeVar("T")


def refreshed_index(workspace: Workspace, progress: Progress = no_progress) -> Index:
    """The index, as the files are now.

    Raises:
        SettingsError: the settings have mistakes.
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
                if (
                    now := _updated(workspace, index, places, ahead, progress)
                ) is not None:
                    return now
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
    """The answer of the index, as the files are now; where it turns out to be damaged,
    that of a new one.

    Who may not see every ticket gets the answer of an index of those that they may.

    Raises:
        DiskError: the new one is damaged, too.
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
    """The same of all tickets, whoever asks.

    Raises:
        DiskError: the new one is damaged, too.
    """
    try:
        return question(refreshed_index(workspace, progress))
    except UnusableError:
        try:
            return question(rebuild_index(workspace, progress))
        except UnusableError as error:
            raise DiskError(
                f"the index is damaged: {error}", "look at the disk"
            ) from None


def _updated(
    workspace: Workspace,
    index: Index,
    places: list[FileStamp],
    ahead: GitQuery | None,
    progress: Progress,
) -> Index | None:
    """The index with what has changed in it; nothing, if somebody else has written it
    meanwhile.

    Args:
        places: the folders, before anything else was looked at.
        ahead: what git was asked after that.
    """
    generation = index.meta("generation")
    found = find_changes(workspace.root, index, ahead)
    if not found.is_changed:
        return index
    untrusted, gone = list(found.untrusted), list(found.gone)
    kept = list(
        _read(
            workspace,
            found,
            str(found.meta.get("head", index.meta("head"))),
            untrusted,
            gone,
            progress,
        )
    )
    contents = IndexContents(kept, found.meta, untrusted, places)
    try:
        return index if index.save(contents, gone, generation) else None
    except UnusableError:  # locked, or not writable: a copy for this answer alone
        index = index.in_memory()
        is_saved = index.save(contents, gone, index.meta("generation"))
        return index if is_saved else None


def rebuild_index(
    workspace: Workspace, progress: Progress = no_progress, in_memory: bool = True
) -> Index:
    """A new index, from all files.

    Args:
        in_memory: whether it may be in memory alone, where the disk does not let us
            keep it.

    Raises:
        DiskError: it cannot be kept, and may not be in memory.
    """
    places = folder_stamps(workspace.root)
    found = find_changes(workspace.root, None)
    meta = {**found.meta, "rules": _rules(workspace)}
    if not in_memory and not workspace.state.folder:
        raise _not_kept(workspace, UnusableError("there is no place for it"))
    for state in (workspace.state if workspace.state.folder else None, None):
        untrusted = list(found.untrusted)
        kept = _read(workspace, found, str(found.meta["head"]), untrusted, [], progress)
        try:
            return build_index(IndexContents(kept, meta, untrusted, places), state)
        except (UnusableError, OSError) as error:
            if not in_memory:
                raise _not_kept(workspace, error) from None
    raise AssertionError("what is in memory can be written")


def _not_kept(workspace: Workspace, error: Exception) -> DiskError:
    words = (
        f"{error.strerror} ({error.filename or 'index'})"
        if isinstance(error, OSError)
        else str(error)
    )
    where = workspace.state.folder or "the state folder"
    hint = "lists work without it; TICKETCTL_STATE names another folder"
    return DiskError(f"cannot write the index to {where}: {words}", hint)


def is_made_by(workspace: Workspace, index: Index) -> bool:
    """Whether an index was made by the present settings and profiles.

    Raises:
        SettingsError: the settings have mistakes.
    """
    return index.meta("rules") == _rules(workspace)


def _rules(workspace: Workspace) -> bytes:
    """What a summary is made by besides the ticket: who has which role, the holidays,
    and the profiles byte for byte.

    Whatever else the settings say, a million tickets need not be read again for it.
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
            # A link, say: tickets of that profile cannot be read.
            parts.append(b"!")
    return b"\0".join(parts)


def _read(
    workspace: Workspace,
    found: ChangeSet,
    head: str,
    untrusted: list[FileStamp],
    gone: list[str],
    progress: Progress,
) -> Iterator[IndexEntry]:
    """Read what is to be read.

    Args:
        head: HEAD's commit; empty where git was never asked, and nobody needs to know
            whom it vouches for.
        untrusted: takes the files for which git does not vouch.
        gone: takes those that went between being seen and being read.
    """
    if not found.to_read:
        return
    from ticketctl.app.index.parallel import spread

    for look, kept in zip(
        found.to_read,
        spread(
            workspace,
            parse_for_index,
            index_entry_of,
            found.to_read,
            "reading",
            progress,
        ),
        strict=True,
    ):
        if kept is None:
            gone.append(look.path)
        if head and (
            kept is None
            or kept.blob.hex() != look.vouched
            or not kept.stamp
            or is_young(kept.stamp, kept.read)
        ):
            untrusted.append(
                FileStamp(look.path, kept.stamp, kept.read)
                if kept
                else FileStamp(look.path, "", 0)
            )
        if kept is not None:
            yield kept


class ParsedFile(NamedTuple):
    """A ticket file as it was seen.

    Args:
        blob: the id that git gives to its bytes; empty, if those could not be read.
        stamp, read: as of :class:`IndexEntry`.
        found: its ticket; what is wrong with it; nothing, if it is gone.
    """

    path: str
    blob: bytes
    stamp: str
    read: int
    found: Ticket | Finding | None


def parse_for_index(workspace: Workspace, look: FileToRead) -> ParsedFile:
    """Read a file that the index is to hold."""
    blob = b""
    _, stamp, read = take_stamp(
        workspace.root, look.path
    )  # before it is read: what changes in between will be seen
    found: Ticket | Finding | None = None
    try:
        data = workspace.store.data_of(look.path)
        blob = object_id(b"blob", data, len(look.vouched))
        found = workspace.store.parse(look.path, data).ticket
    except MissingError:
        pass
    except (BrokenError, UnreadError) as error:
        found = error.finding
    return ParsedFile(look.path, blob, stamp, read, found)


def index_entry_of(workspace: Workspace, seen: ParsedFile) -> IndexEntry | None:
    """What the index is to hold of a file; nothing, if it is gone by now."""
    from ticketctl.core.summary import summary_of

    path, blob, stamp, read, found = seen
    if found is None:
        return None
    if not isinstance(found, Finding):
        try:
            profile = workspace.profile_of(found)
        except (BrokenError, SettingsError) as error:
            found = error.finding
        else:
            summary = summary_of(profile, found, workspace.people_of(profile))
            return IndexEntry(
                path, blob, stamp, read, cells_of(summary), message_ids=summary.letters
            )
    place = (found.place.line, found.place.col, found.message, found.hint, found.code)
    # What could not even be read may be readable next time.
    return IndexEntry(path, blob, stamp if blob else "", read, broken=place)


def cells_of(summary: Summary) -> tuple[object, ...]:
    """A summary as the index's table has it."""
    return (*summary.row, summary.row.state == "closed", *summary[1:-1])


def broken_in(index: Index) -> list[Finding]:
    """The tickets that cannot be read."""
    return [
        Finding(Place(path, line, col), code, message, hint)
        for path, line, col, message, hint, code in index.all(
            "SELECT * FROM broken ORDER BY path"
        )
    ]
