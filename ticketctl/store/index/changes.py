"""Which ticket files are no longer what the index says of them: asked of git in a large
repository, of every file's stat elsewhere.

*By stat* a file is as it was if its size, times and inode are, and it was at least two
seconds old when it was read (else it could have been changed in the same tick: git's
racy rule).

*By git* the index remembers HEAD's commit and the *suspects*. It holds that whatever is
no suspect is, or is missing, as
in that commit. So only these are looked at: what differs between that commit and HEAD,
what git finds changed or does not know, what it was told not to look at (skip-worktree,
assume-unchanged), and the suspects.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import NamedTuple

from ticketctl.errors import DiskError
from ticketctl.store.files import link_above, remains
from ticketctl.store.index.database import Index
from ticketctl.store.paths import PLACE, walk
from ticketctl.store.state import StateFolder

LARGE = 2000
"""From how many tickets on it is faster to ask git than to stat every file."""
_LARGE_BYTES = LARGE * 600
_RACY = 2_000_000_000
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
_PLACE = ("rev-parse", "--show-prefix", "--git-path", "index")
_TRIES = 10


class UntrustedFile(NamedTuple):
    """A file for which git does not vouch, and its stamp when it was read."""

    path: str
    stamp: str
    read: int


class FileToRead(NamedTuple):
    """A file to be read.

    Args:
        vouched: the blob that HEAD has there, in hex, if git thinks the file to be
            that; else empty.
    """

    path: str
    vouched: str = ""


class ChangeSet(NamedTuple):
    """What is to be done about an index.

    Args:
        looks: the files to be read.
        gone: the paths that are none any more.
        suspects: those that remain so without being read again.
        meta: what the index is to remember of git.
        changed: whether there is anything to be written at all.
    """

    looks: list[FileToRead]
    gone: list[str]
    suspects: list[UntrustedFile]
    meta: dict[str, object]
    changed: bool


class GitQuery:
    """What git was asked, and has not answered yet: of the work tree, and of where
    things are."""

    def __init__(self, root: str) -> None:
        from ticketctl.store.git.process import start_git

        self.status = start_git(root, *_STATUS)
        self.place = start_git(root, *_PLACE)

    def drop(self) -> None:
        """Nobody wants to know any more."""
        for process in (self.status, self.place):
            if process.poll() is None:
                process.kill()
            process.communicate()


def ask_ahead(state: StateFolder) -> GitQuery | None:
    """Ask git at once, before anything else is looked at, where it will have to be
    asked: that takes longest."""
    try:
        newest = Index.newest(state)
        return (
            GitQuery(state.root)
            if newest is not None and os.stat(newest).st_size > _LARGE_BYTES
            else None
        )
    except (OSError, DiskError):
        return None


def news(root: str, index: Index | None, ahead: GitQuery | None = None) -> ChangeSet:
    """What has changed since the index was written; everything is news where there is
    none.

    Args:
        ahead: what git was asked already.
    """
    if os.path.islink(
        f"{root}/tickets"
    ):  # nothing in it is a ticket of ours, as each reading of one will say
        looks = [FileToRead(path) for path in walk(root)]
        gone = (
            list(index.stamps().keys() - {look.path for look in looks})
            if index is not None
            else []
        )
        return ChangeSet(looks, gone, [], _NOWHERE, True)
    if index is None:
        return _from_nothing(root)
    if (ahead or _is_large(index)) and (
        found := _by_git(root, index, ahead)
    ) is not None:
        return found
    return _by_stat(root, index)


_NOWHERE: dict[str, object] = {"head": "", "git_index": "", "hidden": ""}
"""What is remembered where git was not asked."""


def _from_nothing(root: str) -> ChangeSet:
    """All files, since each is to be read; which of them are as in HEAD is then seen by
    their bytes."""
    paths = list(walk(root))
    meta, blobs = (_in_head(root) if len(paths) > LARGE else None) or (_NOWHERE, {})
    looks = [FileToRead(path, blobs.get(path, "")) for path in paths]
    missing = {_ours(name, "") for name in blobs.keys() - paths}.difference(
        paths, ("",)
    )
    return ChangeSet(
        looks, [], [UntrustedFile(path, "", 0) for path in missing], meta, True
    )


def _is_large(index: Index) -> bool:
    try:
        return index.path is not None and os.stat(index.path).st_size > _LARGE_BYTES
    except OSError:
        return index.count() > LARGE  # somebody has put a newer one in its place


def stamp_of(path: str) -> tuple[str, int]:
    """The stat of a file in one word (empty if there is none), and the youngest of its
    times, in nanoseconds."""
    try:
        found = os.lstat(path)
    except OSError:
        return "", 0
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return f"{found.st_size} {times[0]} {times[1]} {found.st_ino} {found.st_mode}", max(
        times
    )


def stamped(root: str, path: str) -> tuple[str, str, int]:
    """(path, stamp, read) of a file or folder, now."""
    read = time.time_ns()
    return path, stamp_of(f"{root}/{path}")[0], read


def is_young(stamp: str, read: int) -> bool:
    """Whether a file was read so soon after it was changed that it could change again
    without its stat telling: to git, which compares whole seconds."""
    return bool(stamp) and max(map(int, stamp.split(" ")[1:3])) > read - _RACY


def same(root: str, path: str, stamp: str, read: int) -> bool:
    """Whether a file is still as it was when it was read."""
    now, youngest = stamp_of(f"{root}/{path}")
    return bool(stamp) and now == stamp and youngest < read - _RACY


# --- by stat ---


def _by_stat(root: str, index: Index) -> ChangeSet:
    known = index.stamps()
    paths = list(walk(root))
    looks = [
        FileToRead(path)
        for path in paths
        if path not in known or not same(root, path, *known[path])
    ]
    gone = list(known.keys() - paths)
    suspects: list[UntrustedFile] = []
    if index.meta("head"):
        # Should git be asked again one day, it knows nothing of what was seen in the
        # meantime.
        before = {
            path: UntrustedFile(path, *held) for path, held in index.suspects().items()
        }
        read = {look.path for look in looks}
        suspects = [
            one
            for one in (
                before | {path: UntrustedFile(path, "", 0) for path in gone}
            ).values()
            if one.path not in read
        ]
    return ChangeSet(looks, gone, suspects, {}, bool(looks or gone))


# --- by git ---


class _Status(NamedTuple):
    """What git says of the work tree: HEAD's commit (empty before the first), and the
    files that are not as there."""

    head: str
    dirty: frozenset[str]


def _in_head(root: str) -> tuple[dict[str, object], dict[str, str]] | None:
    """What an index of all files is to remember of git, and HEAD's blobs of those at
    which git looks; nothing, where it cannot be asked."""
    from ticketctl.store.git.process import start_git, wait_for_answer
    from ticketctl.store.git.queries import (
        blobs_in_commit,
        head_commit,
        is_converting,
        start_attribute_query,
    )

    try:
        if is_converting(wait_for_answer(start_attribute_query(root, [_ANY]))):
            return None
        prefix, place = _whereabouts(wait_for_answer(start_git(root, *_PLACE)))
        head = head_commit(root)
        meta = _meta(root, None, head, prefix, place)
        if meta is None:
            return None
        blobs = dict(blobs_in_commit(root, head)) if head else {}
        for path in _unwatched(meta):
            blobs.pop(path, None)
        return meta, blobs
    except DiskError:
        return None


def _by_git(root: str, index: Index, ahead: GitQuery | None = None) -> ChangeSet | None:
    """The news as git knows them; nothing, where it cannot be asked."""
    from ticketctl.store.git.process import wait_for_answer
    from ticketctl.store.git.queries import (
        head_commit,
        is_converting,
        start_attribute_query,
    )

    try:
        for _ in range(_TRIES):
            now, ahead = ahead or GitQuery(root), None
            try:
                converts = is_converting(
                    wait_for_answer(start_attribute_query(root, _some(index)))
                )
                prefix, place = _whereabouts(wait_for_answer(now.place))
                status = _status(wait_for_answer(now.status), prefix)
            finally:
                now.drop()
            if (
                status is None or converts
            ):  # git compares what it would store, not what is there
                return None
            found = _compared(root, index, status, prefix, place)
            if head_commit(root) == status.head:
                return found
    except DiskError:
        pass
    return None


_ANY = "tickets/2000/01/01/000101-00000.yaml"
"""A ticket like any other, where none is known yet."""


def _some(index: Index) -> list[str]:
    """A few files of whose attributes git is asked; a file that alone has others is
    nothing that we provide for."""
    ends = ("SELECT min(path) FROM tickets", "SELECT max(path) FROM tickets")
    return [str(path) for sql in ends if (path := index.one(sql)) is not None] or [_ANY]


def _whereabouts(said: bytes) -> tuple[str, str]:
    """The store's place in the repository, and the file of git's index, from the answer
    to :data:`_PLACE`."""
    prefix, place = os.fsdecode(said).split("\n")[:2]
    return prefix, place


def _status(said: bytes, prefix: str) -> _Status | None:
    """The answer of ``git status --porcelain=v2``; nothing, where there are
    repositories within the repository."""
    head, dirty = "", set[str]()
    for line in os.fsdecode(said).split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "#" and rest.startswith("branch.oid "):
            head = rest.removeprefix("branch.oid ").replace("(initial)", "")
        elif kind in ("1", "u", "?", "!"):
            # "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path", "?
            # path"
            words = rest.split(" ", {"1": 7, "u": 9}.get(kind, 0))
            if words[-1].endswith("/") or (len(words) > 1 and words[1].startswith("S")):
                return None
            if path := _ours(words[-1], prefix):
                dirty.add(path)
    return _Status(head, frozenset(dirty))


def _ours(path: str, prefix: str) -> str:
    """The path of a ticket file from what git says; empty for anything else."""
    if not path.startswith(prefix):
        return ""
    path = path[len(prefix) :]
    if path.count("/") > 4:
        path = "/".join(path.split("/")[:5])
    return path if PLACE.match(path) else ""


def _meta(
    root: str, index: Index | None, head: str, prefix: str, place: str
) -> dict[str, object] | None:
    """What is to be remembered of git; nothing, where there are submodules."""
    git_index, youngest = stamp_of(os.path.join(root, place))
    if (
        index is not None
        and git_index
        and index.meta("git_index") == f"{prefix} {git_index}"
    ):
        hidden = str(index.meta("hidden"))
    else:
        asked = _hidden(root)
        if asked is None:
            return None
        hidden = asked
    settled = youngest < time.time_ns() - _RACY
    return {
        "head": f"{prefix} {head}",
        "git_index": f"{prefix} {git_index}" if settled else "",
        "hidden": hidden,
    }


def _unwatched(meta: dict[str, object]) -> list[str]:
    """The files at which git was told not to look."""
    hidden = str(meta["hidden"])
    return hidden.split("\0") if hidden else []


def _compared(
    root: str, index: Index, status: _Status, prefix: str, place: str
) -> ChangeSet | None:
    """What is to be read, given what git says."""
    from ticketctl.store.git.queries import blobs_at

    meta = _meta(root, index, status.head, prefix, place)
    if meta is None:
        return None
    suspects = index.suspects()
    differing, vouched = _since(root, index, status.head, prefix)
    unsure = status.dirty.union(_unwatched(meta))
    behind: dict[str, bool] = {}
    remaining = {
        path: UntrustedFile(path, *suspects[path])
        for path in unsure & (suspects.keys() - differing)
        if _is_there(root, path, behind) and same(root, path, *suspects[path])
    }
    paths = sorted(
        path
        for path in dict.fromkeys((*differing, *unsure, *suspects))
        if path not in remaining
    )
    present = [path for path in paths if _is_there(root, path, behind)]
    missing = (
        sorted(set(paths).difference(present)) if len(present) < len(paths) else []
    )
    if paths and vouched is None:
        vouched = blobs_at(root, status.head, prefix, paths)
    trusted = {
        path: blob for path, blob in (vouched or {}).items() if path not in unsure
    }
    left = [UntrustedFile(path, "", 0) for path in missing if (vouched or {}).get(path)]
    changed = bool(present) or _is_news(index, meta, missing, left)
    looks = [FileToRead(path, trusted.get(path, "")) for path in present]
    return ChangeSet(looks, missing, [*remaining.values(), *left], meta, changed)


def _is_there(root: str, path: str, behind: dict[str, bool]) -> bool:
    """Whether a walk through the folders would come upon a file, or upon something else
    in its place.

    Args:
        behind: the folders of which it is known whether they are behind a link; takes
            this one's.
    """
    folder, full = path.rpartition("/")[0], f"{root}/{path}"
    if not remains(full) or (
        not path.endswith(".yaml") and os.path.isdir(full) and not os.path.islink(full)
    ):
        return False
    if folder not in behind:
        behind[folder] = bool(link_above(root, path))
    return not behind[folder]


def _is_news(
    index: Index, meta: dict[str, object], missing: list[str], left: list[UntrustedFile]
) -> bool:
    """Whether the index does not know yet what git says, or which files are missing."""
    if {key: index.meta(key) for key in meta} != meta or any(
        index.has(path) for path in missing
    ):
        return True
    return {path for path, (stamp, _) in index.suspects().items() if not stamp} != {
        one.path for one in left
    }


def _since(
    root: str, index: Index, head: str, prefix: str
) -> tuple[Collection[str], dict[str, str] | None]:
    """The files that are not in HEAD as in the commit that the index knows, or not as
    the index has them; and, where all of them were asked for, HEAD's blobs."""
    from ticketctl.store.git.queries import blobs_in_commit, files_between

    old = str(index.meta("head") or "").rpartition(" ")
    if old[2] and old[0] == prefix:
        if old[2] == head:
            return set(), None
        try:
            return {
                path
                for name in files_between(root, old[2], head)
                if (path := _ours(name, ""))
            }, None
        except DiskError:
            pass  # that commit is gone
    tree = (
        {
            path: blob
            for name, blob in blobs_in_commit(root, head)
            if (path := _ours(name, ""))
        }
        if head
        else {}
    )
    blobs = index.blobs()
    return [path for path in tree | blobs if tree.get(path) != blobs.get(path)], tree


def _hidden(root: str) -> str | None:
    """The files at which git was told not to look, NUL between them; nothing, where
    there are submodules."""
    from ticketctl.store.git.queries import unusual_files

    found = []
    for tag, mode, path in unusual_files(root, ["tickets"]):
        if mode == "160000":
            return None
        if (tag.islower() or tag == "S") and (ours := _ours(path, "")):
            found.append(ours)
    return "\0".join(found)
