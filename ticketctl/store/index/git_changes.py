"""Find the ticket files that differ from what the index has, by asking git.

The index remembers HEAD's commit, and the files for which git does not vouch. Every
other file is as it is in that commit, or is missing there too. So only these files are
looked at: those that differ between that commit and HEAD, those that git finds changed
or does not track, those that git was told not to look at (skip-worktree,
assume-unchanged), and the untrusted ones.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from ticketctl.errors import DiskError
from ticketctl.store.files import link_above, may_exist
from ticketctl.store.index.database import Index
from ticketctl.store.index.stamps import (
    ChangeSet,
    FileStamp,
    FileToRead,
    is_settled,
    is_unchanged,
    stamp_of,
)
from ticketctl.store.paths import PLACE

_STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "-uall",
    "--ignored=traditional",
    "--no-renames",
    "--ignore-submodules=dirty",
    "--",
    "tickets",
)
_PLACES = ("rev-parse", "--show-prefix", "--git-path", "index")
_TRIES = 10
_ANY_TICKET = "tickets/2000/01/01/000101-00000.yaml"
"""The path of a ticket like any other, where the index has none yet."""


class GitQuery:
    """Two running processes of git: one looks at the work tree, one names its places.

    Args:
        root: the folder of the store.

    Raises:
        DiskError: git is missing.
    """

    def __init__(self, root: str) -> None:
        from ticketctl.store.git.process import start_git

        self.status = start_git(root, *_STATUS)
        self.places = start_git(root, *_PLACES)

    def stop(self) -> None:
        """Stop the processes if they are still running."""
        for process in (self.status, self.places):
            if process.poll() is None:
                process.kill()
            process.communicate()


class _Status(NamedTuple):
    """What git says of the work tree.

    Args:
        head: HEAD's commit; empty before the first.
        dirty: the files that are not as they are there.
    """

    head: str
    dirty: frozenset[str]


class _Places(NamedTuple):
    """Where things are.

    Args:
        prefix: the place of the store in the repository.
        git_index: the path of git's index.
    """

    prefix: str
    git_index: str


def state_in_head(root: str) -> tuple[Mapping[str, object], dict[str, str]] | None:
    """Return what an index of all files remembers of git, and the blobs of HEAD.

    Files at which git does not look have no blob. ``None``, if git cannot be asked.
    """
    from ticketctl.store.git.process import start_git, wait_for_answer
    from ticketctl.store.git.queries import (
        blobs_in_commit,
        head_commit,
        is_converting,
        start_attribute_query,
    )

    try:
        if is_converting(wait_for_answer(start_attribute_query(root, [_ANY_TICKET]))):
            return None
        places = _parse_places(wait_for_answer(start_git(root, *_PLACES)))
        head = head_commit(root)
        meta = _meta(root, None, head, places)
        if meta is None:
            return None
        blobs = dict(blobs_in_commit(root, head)) if head else {}
        for path in _hidden_in(meta):
            blobs.pop(path, None)
        return meta, blobs
    except DiskError:
        return None


def changes_by_git(
    root: str, index: Index, query: GitQuery | None = None
) -> ChangeSet | None:
    """Return the changes that git knows of; ``None``, if git cannot be asked.

    Args:
        query: what git has been asked already.
    """
    from ticketctl.store.git.process import wait_for_answer
    from ticketctl.store.git.queries import (
        head_commit,
        is_converting,
        start_attribute_query,
    )

    try:
        for _ in range(_TRIES):
            current, query = query or GitQuery(root), None
            try:
                attributes = start_attribute_query(root, _some_paths(index))
                converts = is_converting(wait_for_answer(attributes))
                places = _parse_places(wait_for_answer(current.places))
                status = _parse_status(wait_for_answer(current.status), places.prefix)
            finally:
                current.stop()
            # Where git converts, it compares what it would store, not the file.
            if status is None or converts:
                return None
            changes = _compare(root, index, status, places)
            if head_commit(root) == status.head:
                return changes
    except DiskError:
        pass
    return None


def _some_paths(index: Index) -> list[str]:
    """Return a few files whose attributes stand for those of all."""
    ends = ("SELECT min(path) FROM tickets", "SELECT max(path) FROM tickets")
    paths = [str(path) for sql in ends if (path := index.one(sql)) is not None]
    return paths or [_ANY_TICKET]


def _parse_places(answer: bytes) -> _Places:
    """Parse the answer to :data:`_PLACES`."""
    prefix, git_index = os.fsdecode(answer).split("\n")[:2]
    return _Places(prefix, git_index)


def _parse_status(answer: bytes, prefix: str) -> _Status | None:
    """Parse the answer to :data:`_STATUS`; ``None`` if there are nested repositories.

    Args:
        prefix: the place of the store in the repository.
    """
    head, dirty = "", set[str]()
    for line in os.fsdecode(answer).split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "#" and rest.startswith("branch.oid "):
            head = rest.removeprefix("branch.oid ").replace("(initial)", "")
        elif kind in ("1", "u", "?", "!"):
            # "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path",
            # "? path"
            words = rest.split(" ", {"1": 7, "u": 9}.get(kind, 0))
            if words[-1].endswith("/") or (len(words) > 1 and words[1].startswith("S")):
                return None
            if path := ticket_path(words[-1], prefix):
                dirty.add(path)
    return _Status(head, frozenset(dirty))


def ticket_path(path: str, prefix: str = "") -> str:
    """Return the path of a ticket file in the store; empty for any other path.

    Args:
        path: as git names it.
        prefix: the place of the store in the repository.
    """
    if not path.startswith(prefix):
        return ""
    path = path[len(prefix) :]
    if path.count("/") > 4:
        path = "/".join(path.split("/")[:5])
    return path if PLACE.match(path) else ""


def _meta(
    root: str, index: Index | None, head: str, places: _Places
) -> dict[str, object] | None:
    """Return what the index remembers of git; ``None``, if there are submodules."""
    stamp, latest = stamp_of(os.path.join(root, places.git_index))
    git_index = f"{places.prefix} {stamp}"
    if index is not None and stamp and index.meta("git_index") == git_index:
        hidden: str | None = str(index.meta("hidden"))
    else:
        hidden = _hidden_files(root)
    if hidden is None:
        return None
    return {
        "head": f"{places.prefix} {head}",
        "git_index": git_index if is_settled(latest) else "",
        "hidden": hidden,
    }


def _hidden_files(root: str) -> str | None:
    """Return the files at which git was told not to look, NUL between them.

    ``None``, if there are submodules.
    """
    from ticketctl.store.git.queries import unusual_files

    hidden = []
    for file in unusual_files(root, ["tickets"]):
        if file.mode == "160000":
            return None
        is_hidden = file.tag.islower() or file.tag == "S"
        if is_hidden and (path := ticket_path(file.path)):
            hidden.append(path)
    return "\0".join(hidden)


def _hidden_in(meta: Mapping[str, object]) -> list[str]:
    hidden = str(meta["hidden"])
    return hidden.split("\0") if hidden else []


def _compare(
    root: str, index: Index, status: _Status, places: _Places
) -> ChangeSet | None:
    """Return what has to be read, given what git says; ``None``, if that is unclear."""
    from ticketctl.store.git.queries import blobs_at

    meta = _meta(root, index, status.head, places)
    if meta is None:
        return None
    untrusted = index.untrusted_files()
    differing, vouched = _since_last_head(root, index, status.head, places.prefix)
    unsure = status.dirty.union(_hidden_in(meta))
    links: dict[str, bool] = {}
    unchanged = {
        path: FileStamp(path, *untrusted[path])
        for path in unsure & (untrusted.keys() - differing)
        if _is_present(root, path, links) and is_unchanged(root, path, *untrusted[path])
    }
    paths = sorted(
        path
        for path in dict.fromkeys((*differing, *unsure, *untrusted))
        if path not in unchanged
    )
    present = [path for path in paths if _is_present(root, path, links)]
    missing = (
        sorted(set(paths).difference(present)) if len(present) < len(paths) else []
    )
    if paths and vouched is None:
        vouched = blobs_at(root, status.head, places.prefix, paths)
    vouched = vouched or {}
    trusted = {path: blob for path, blob in vouched.items() if path not in unsure}
    removed = [FileStamp(path, "", 0) for path in missing if vouched.get(path)]
    is_changed = bool(present) or _is_outdated(index, meta, missing, removed)
    to_read = [FileToRead(path, trusted.get(path, "")) for path in present]
    return ChangeSet(
        to_read, missing, [*unchanged.values(), *removed], meta, is_changed
    )


def _is_present(root: str, path: str, links: dict[str, bool]) -> bool:
    """Return whether a walk through the folders would find a file, or another thing.

    Args:
        links: whether a folder is behind a link, by its path; takes that of this file.
    """
    folder, full = path.rpartition("/")[0], f"{root}/{path}"
    if not may_exist(full):
        return False
    is_file = path.endswith(".yaml")
    if not is_file and os.path.isdir(full) and not os.path.islink(full):
        return False
    if folder not in links:
        links[folder] = bool(link_above(root, path))
    return not links[folder]


def _is_outdated(
    index: Index,
    meta: dict[str, object],
    missing: list[str],
    removed: list[FileStamp],
) -> bool:
    """Return whether the index lacks what git says, or which files are missing."""
    if {key: index.meta(key) for key in meta} != meta:
        return True
    if any(index.has(path) for path in missing):
        return True
    recorded = {
        path for path, (stamp, _) in index.untrusted_files().items() if not stamp
    }
    return recorded != {file.path for file in removed}


def _since_last_head(
    root: str, index: Index, head: str, prefix: str
) -> tuple[Collection[str], dict[str, str] | None]:
    """Return the files that differ between the commit of the index and HEAD.

    Where that commit is unknown, those that the index has otherwise than HEAD; then
    with all blobs of HEAD, by path.
    """
    from ticketctl.store.git.queries import blobs_in_commit, files_between

    # Before the first commit HEAD is empty; without the space git was never asked.
    old_prefix, was_asked, old = str(index.meta("head") or "").rpartition(" ")
    if was_asked and old_prefix == prefix and old == head:
        return set(), None
    if old and old_prefix == prefix:
        try:
            names = files_between(root, old, head)
        except DiskError:
            pass  # that commit is gone
        else:
            return {path for name in names if (path := ticket_path(name))}, None
    listed = blobs_in_commit(root, head) if head else ()
    tree = {path: blob for name, blob in listed if (path := ticket_path(name))}
    blobs = index.blobs()
    return [path for path in tree | blobs if tree.get(path) != blobs.get(path)], tree
