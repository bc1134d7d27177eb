"""Find tickets by the beginning of an id, without listing every folder.

A folder that has not changed since the index was written has the files that the index
has there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from ticketctl.errors import DiskError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.stamps import FileStamp, is_unchanged, take_stamp
from ticketctl.store.paths import id_of, walk_tickets
from ticketctl.store.state_folder import StateFolder

_DAY = 3
"""How many slashes the path of a day's folder has: ``tickets/2026/11/21``."""


def folder_stamps(root: str) -> list[FileStamp]:
    """Return the stamps of ``tickets/`` and of every folder of a year, month or day.

    Raises:
        DiskError: a folder cannot be read.
    """
    return [take_stamp(root, path) for path in _below(root, "tickets")]


def _below(root: str, path: str) -> Iterator[str]:
    """Yield a folder and all below it, as deep as tickets lie."""
    yield path
    if path.count("/") < _DAY:
        try:
            with os.scandir(f"{root}/{path}") as entries:
                inside = [
                    entry.name
                    for entry in entries
                    if entry.name.isdigit() and entry.is_dir(follow_symlinks=False)
                ]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise DiskError(f"cannot read {root}/{path}: {error.strerror}") from None
        for name in inside:
            yield from _below(root, f"{path}/{name}")


def ids_beginning(state: StateFolder, start: str) -> Iterable[str] | None:
    """Return the ids that begin, or whose random half begins, with some characters.

    Args:
        start: the characters, in lower case.

    Returns:
        The ids, or names of files that cannot be read; ``None``, if the index cannot
        tell.
    """
    root = state.root
    try:
        index = Index.open(state)
        stamps = {
            path: (stamp, read)
            for path, stamp, read in index.all("SELECT path, stamp, read FROM folders")
        }
        if "tickets" not in stamps:
            return None
        changed = [
            path
            for path, stamp in stamps.items()
            if not is_unchanged(root, path, *stamp)
        ]
        to_list = {path for path in changed if path.count("/") == _DAY}
        for path in changed:
            if path.count("/") < _DAY:
                to_list.update(
                    path
                    for path in _below(root, path)
                    if path.count("/") == _DAY and path not in stamps
                )
        ids = [
            id_
            for path, id_ in _indexed(index, start)
            if path.rpartition("/")[0] not in to_list
        ]
    except UnusableError:
        return None
    ids += [id_of(path) for folder in to_list for path in walk_tickets(root, folder)]
    return sorted(set(ids))


def _indexed(index: Index, start: str) -> Iterator[tuple[str, str]]:
    """Yield (path, id) of the tickets in the index, with those that cannot be read."""
    end = start + "\x7f"
    yield from index.all(
        "SELECT path, id FROM tickets WHERE id >= ? AND id < ?", start, end
    )
    yield from index.all(
        "SELECT path, id FROM tickets WHERE substr(id, 8) >= ? AND substr(id, 8) < ?",
        start,
        end,
    )
    yield from ((path, id_of(path)) for (path,) in index.all("SELECT path FROM broken"))
