"""Which tickets there are by name, without listing every folder: a folder that has not
changed since the index was written holds the files that the index knows there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from ticketctl.errors import DiskError
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.stamps import FileStamp, is_unchanged, take_stamp
from ticketctl.store.paths import id_of, walk_tickets
from ticketctl.store.state import StateFolder

_DAY = 3
"""How many slashes the path of a day's folder has: ``tickets/2026/11/21``."""


def folder_stamps(root: str) -> list[FileStamp]:
    """(path, stamp, read) of ``tickets/`` and every folder of a year, month or day
    below it.

    Raises:
        DiskError: a folder cannot be read.
    """
    return [take_stamp(root, path) for path in _below(root, "tickets")]


def _below(root: str, path: str) -> Iterator[str]:
    """A folder and all below it, as deep as tickets lie."""
    yield path
    if path.count("/") < _DAY:
        try:
            with os.scandir(f"{root}/{path}") as found:
                inside = [
                    entry.name
                    for entry in found
                    if entry.name.isdigit() and entry.is_dir(follow_symlinks=False)
                ]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise DiskError(f"cannot read {root}/{path}: {error.strerror}") from None
        for name in inside:
            yield from _below(root, f"{path}/{name}")


def ids_beginning(state: StateFolder, wanted: str) -> Iterable[str] | None:
    """The ids, or whole files, whose id or random half begins so; nothing, where the
    index cannot tell.

    Args:
        wanted: the beginning, in small letters.
    """
    root = state.root
    try:
        index = Index.open(state)
        known = {
            path: (stamp, read)
            for path, stamp, read in index.all("SELECT path, stamp, read FROM folders")
        }
        if "tickets" not in known:
            return None
        changed = [
            path for path, held in known.items() if not is_unchanged(root, path, *held)
        ]
        again = {path for path in changed if path.count("/") == _DAY}
        for path in changed:
            if path.count("/") < _DAY:
                again.update(
                    found
                    for found in _below(root, path)
                    if found.count("/") == _DAY and found not in known
                )
        ids = [
            id_
            for path, id_ in _indexed(index, wanted)
            if path.rpartition("/")[0] not in again
        ]
    except UnusableError:
        return None
    ids += [id_of(path) for folder in again for path in walk_tickets(root, folder)]
    return sorted(set(ids))


def _indexed(index: Index, wanted: str) -> Iterator[tuple[str, str]]:
    """(path, id) of what the index has, what cannot be read among it."""
    end = wanted + "\x7f"
    yield from index.all(
        "SELECT path, id FROM tickets WHERE id >= ? AND id < ?", wanted, end
    )
    yield from index.all(
        "SELECT path, id FROM tickets WHERE substr(id, 8) >= ? AND substr(id, 8) < ?",
        wanted,
        end,
    )
    yield from ((path, id_of(path)) for (path,) in index.all("SELECT path FROM broken"))
