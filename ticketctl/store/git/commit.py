"""Committing some files, at a cost that does not grow with the number of all others.

``git commit`` reads, refreshes and writes its whole index, thrice for some files only
(0.3 s of 100,000 tickets). Here the trees on the way to the files are made anew from
HEAD's (``store/git/objects.py``), and HEAD moves on if nobody else has moved it
meanwhile. What the user has staged besides stays staged. Where somebody has hooks that
want a say, git does it all.

Everything that HEAD is to name is on the disk before HEAD moves, and git's index has
the files
before: whatever stops the command, nothing is lost and nothing looks as if it were to
be undone. The lock on git's index is held meanwhile (``store/git/index_lock.py``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from ticketctl.core.escaping import safe, safe_lines
from ticketctl.core.hashing import object_id, sha256
from ticketctl.errors import ChangedError, DiskError
from ticketctl.store import files
from ticketctl.store.git import objects, operations
from ticketctl.store.git import process as git
from ticketctl.store.git.identity import Identity, identity_of
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.objects import NewFile
from ticketctl.store.git.repository import branch_of
from ticketctl.store.git.setup import is_our_hook
from ticketctl.store.git.staging import stage, staged_otherwise
from ticketctl.store.state import StateFolder
from ticketctl.store.writing import sync

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_TRIES = 8
_AT_ONCE = 200
"""How many tickets are compared with what HEAD has of them at a time."""
_FEW = 1000
"""Up to how many files git is locked out from the beginning; of more, what takes long
comes before."""
_REF_WAIT = ("-c", "core.filesRefLockTimeout=2000")
"""For how long git waits for a lock on a reference, in milliseconds."""


class Written(NamedTuple):
    """A file to be committed.

    Args:
        path: relative to the store.
        digest: the SHA-256 of its bytes, in hex, where only these are to be committed.
        was: the id that git gives to what was there before, in hex; empty if that is
            not known.
    """

    path: str
    digest: str = ""
    was: str = ""


class MissingEventsError(DiskError):
    """HEAD has events of tickets that their files lack: git, or a person, has put an
    older state of a file in its place, and a commit of it would take the events away.

    Args:
        head: what HEAD has, by the path of the file in the store.
    """

    def __init__(self, head: Mapping[str, bytes]) -> None:
        self.head = head
        path = next(iter(head))
        words = f"{path} lacks events that the last commit has; somebody has put an older state in its place"
        super().__init__(
            words,
            f"git diff {path} shows it; git checkout {path} takes the state of the last commit",
        )


class Committed(NamedTuple):
    """What became of a commit.

    Args:
        id: of the new commit, in hex; empty if HEAD had the files already.
        left_out: the paths of files that are not as they were written; somebody has
            changed them since.
    """

    id: str
    left_out: list[str]


class _Place(NamedTuple):
    """Where a commit goes.

    Args:
        head: HEAD's commit in hex; empty before the first.
        prefix: where the store lies in the repository, with a slash at the end.
        digits: how many digits ids have.
    """

    head: str
    prefix: str
    digits: int


def commit(
    state: StateFolder,
    written: Sequence[Written],
    message: str,
    who: str,
    lock: IndexLock,
    author: str = "",
) -> Committed:
    """Commit just these files, never what the user has staged besides.

    Args:
        state: of a store in a repository.
        message: the whole message. ``git log`` shows it on terminals, so it is made
            safe for them.
        who: the address to commit as, where git knows nobody.
        lock: taken unless it is held, of very many files only when they are staged; its
            owner releases it.
        author: the address of the author, where it is not who commits.

    Raises:
        BusyError: git is locked, or in the middle of something.
        DiskError: git would not.
    """
    message, who = safe_lines(message), safe(who)
    place = _place(state.root)
    identity = identity_of(state.root, who, author)
    if place is None or identity.has_hooks:
        lock.release()
        return _commit_by_git(state.root, written, message, identity)
    return _Commit(state, lock, place, identity, message).made(written)


class _Commit:
    """One commit on its way."""

    def __init__(
        self,
        state: StateFolder,
        lock: IndexLock,
        place: _Place,
        identity: Identity,
        message: str,
    ) -> None:
        self.root, self._state, self._lock = state.root, state, lock
        self._place, self._identity, self._message = place, identity, message
        self._left_out: list[str] = []
        self._safe_folders = set[str]()
        self._kept: dict[bytes, bytes] = {}

    def made(self, written: Sequence[Written]) -> Committed:
        """Make it.

        Raises:
            DiskError: git would not.
        """
        for number in range(_TRIES):
            if number:
                time.sleep(operations.jittered(0.001 * 2**number))
                self._place = self._place._replace(head=git.head(self.root))
            try:
                made = self._tried(written)
            except ChangedError:
                if number == _TRIES - 1:
                    raise
                continue
            if made is not None:
                return Committed(made, self._left_out)
        raise DiskError(
            "git would not move HEAD: somebody else commits all the time", "try again"
        )

    def _tried(self, written: Sequence[Written]) -> str | None:
        """The new commit; empty if HEAD has the files already, nothing if HEAD has
        moved."""
        head, prefix, digits = self._place
        if len(written) <= _FEW:
            self._lock.acquire()
        if not (new := self._files(written)):
            return ""
        trees = objects.trees_with(self.root, head, new, digits)
        replaced = {
            os.fsdecode(path)[len(prefix) :]: id_
            for path, id_ in trees.replaced.items()
        }
        _see_that_none_is_taken_back(self.root, written, replaced)
        commits, id_ = self._commit_of(trees.root)
        self._bring_in(new, trees.objects, commits)
        copy = self._staged(new)
        if other := staged_otherwise(self.root, copy, trees.root, new, prefix):
            # Attributes have git change the bytes on their way (filter, eol): what git
            # makes of the files is what is committed.
            new = [other.get(file.path, file) for file in new]
            trees = objects.trees_with(self.root, head, new, digits)
            commits, id_ = self._commit_of(trees.root)
            self._bring_in([], trees.objects, commits)
        self._lock.acquire()
        if self._lock.is_outdated():
            return (
                None  # git has been at work meanwhile: anew, and locked out from now on
            )
        if trees.root == trees.before:
            self._lock.publish()
            return ""
        return self._moved(trees.root, id_)

    def _staged(self, new: Sequence[NewFile]) -> str:
        """A copy of the index with the files in it; with very many, git is not locked
        out yet."""
        copy = self._lock.copy()
        stage(self.root, copy, [file.path for file in new], self._place.prefix)
        return copy

    def _bring_in(
        self, new: Sequence[NewFile], trees: Sequence[bytes], commits: Sequence[bytes]
    ) -> None:
        prefix = self._place.prefix
        repository = self._state.repository
        assert repository is not None
        # From a folder below, git index-pack takes its way to the objects for one from
        # there.
        top = self.root[: -len(prefix)] if prefix else self.root
        try:
            objects.bring_in(
                top or "/", new, self._read, trees, commits, self._place.digits
            )
        except DiskError as error:
            for folder, owner in objects.unwritable_objects(repository):
                error.message = (
                    f"{folder} belongs to {owner}, and you may not write into it"
                )
                error.hint = f"sudo chown -R $(id -un) {repository.common}"
                break
            raise

    def _files(self, written: Iterable[Written]) -> list[NewFile]:
        """What of the files is as it was written."""
        found: list[NewFile] = []
        self._left_out, self._kept = [], {}
        for path, digest, _ in written:
            try:
                data = self._bytes(path)
            except (FileNotFoundError, DiskError):
                self._left_out.append(path)
                continue
            if digest and sha256(data).hex() != digest:
                self._left_out.append(path)
                continue
            full = os.fsencode(f"{self._place.prefix}{path}")
            if len(found) < _FEW:
                self._kept[full] = data
            found.append(NewFile(full, object_id(b"blob", data, self._place.digits)))
        return found

    def _bytes(self, path: str) -> bytes:
        """A file of the store; that no link is on the way is looked up once for each
        folder."""
        folder = os.path.dirname(path)
        if folder in self._safe_folders:
            return files.read_bytes(f"{self.root}/{path}", files.LARGEST)
        data = files.read_in(self.root, path, files.LARGEST)
        self._safe_folders.add(folder)
        return data

    def _read(self, file: NewFile) -> bytes:
        if file.path in self._kept:
            return self._kept[file.path]
        path = os.fsdecode(file.path)[len(self._place.prefix) :]
        try:
            return self._bytes(path)
        except FileNotFoundError:
            raise objects.changed(file) from None

    def _commit_of(self, tree: str) -> tuple[list[bytes], str]:
        """The commit to be brought in and its id; none where it has to be signed, by
        git."""
        if self._identity.signs:
            return [], ""
        one = self._identity
        data = objects.commit_bytes(
            tree, self._place.head, one.author, one.committer, self._message
        )
        return [data], object_id(b"commit", data, self._place.digits).hex()

    def _moved(self, tree: str, id_: str) -> str | None:
        """Move HEAD to a commit; nothing if somebody else has moved it."""
        head = self._place.head
        if not id_:
            id_ = self._signed(tree)
        self._sync_what_others_made()
        self._lock.publish()
        subject = self._message.partition("\n")[0]
        words = (
            "update-ref",
            "-m",
            f"commit: {subject}",
            "HEAD",
            id_,
            head or "0" * len(id_),
        )
        done = git.run(self.root, *_REF_WAIT, *words, check=False)
        if done.returncode:
            if head == git.head(self.root):
                raise git.failure(self.root, words, done.stderr, done.returncode)
            return None
        self._sync_reference(id_)
        return id_

    def _signed(self, tree: str) -> str:
        """A commit signed by git, as the user has told it to."""
        parent = ("-p", self._place.head) if self._place.head else ()
        words = (*self._identity.options, "commit-tree", "-S", tree, *parent, "-F", "-")
        return git.run(
            self.root, *words, feed=self._message.rstrip("\n") + "\n"
        ).stdout.strip()

    def _sync_what_others_made(self) -> None:
        """Put on the disk what HEAD has, unless we made it: git does not sync the
        objects of a commit made by hand or pulled, and ours must not outlive its
        parent.

        Raises:
            DiskError: the disk failed.
        """
        repository = self._state.repository
        assert repository is not None
        with suppress(FileNotFoundError, DiskError):
            if (
                files.read_bytes(self._last, 100).decode("ascii", "replace")
                == self._place.head
            ):
                return
        if self._place.head and sync.can_sync_all():
            try:
                sync.sync_all(f"{repository.common}/objects")
            except OSError as error:
                raise DiskError(
                    f"the disk failed in {repository.common}: {error.strerror}"
                ) from None

    def _sync_reference(self, id_: str) -> None:
        """Put the move of HEAD on the disk, and note that all that it names is there."""
        repository = self._state.repository
        assert repository is not None
        branch = branch_of(repository)
        folder = (
            os.path.dirname(f"{repository.common}/{branch}")
            if branch
            else repository.folder
        )
        with suppress(OSError):  # kept elsewhere (reftable)
            sync.sync(folder)
        with suppress(OSError):
            files.replace_file(
                self._last, id_.encode(), self._state.access, durable=False
            )

    @property
    def _last(self) -> str:
        """The file that names the last commit of ours, whose objects are all on the
        disk."""
        return self._state.file("synced-commit")


def _see_that_none_is_taken_back(
    root: str, written: Iterable[Written], replaced: Mapping[str, str]
) -> None:
    """See that the files have all events that HEAD has of their tickets.

    It is so where HEAD has what was there before them.

    Args:
        replaced: the ids of what HEAD has in their places, by path.

    Raises:
        TakenBackError: some have not.
    """
    heads = (
        (one, replaced.get(one.path, one.was))
        for one in written
        if one.path.startswith("tickets/")
    )
    rest = ((one.path, head) for one, head in heads if head != one.was)
    lost: dict[str, bytes] = {}
    while some := list(islice(rest, _AT_ONCE)):
        held = git.blobs(root, [id_ for _, id_ in some])
        for (path, _), old in zip(some, held, strict=True):
            if old and not events_in(old) <= events_in(
                files.read_in(root, path, files.LARGEST)
            ):
                lost[path] = old
    if lost:
        raise MissingEventsError(lost)


def events_in(data: bytes) -> set[bytes]:
    """The ids of the events in a ticket's file."""
    import re

    return set(re.findall(rb"\bid: [\"']?(e[0-9a-f]{12})\b", data))


def _place(root: str) -> _Place | None:
    """Where a commit goes; nothing, where git has to make it."""
    asked = [word for hook in _HOOKS for word in ("--git-path", f"hooks/{hook}")]
    asked += ["--show-object-format", "--show-prefix"]
    said = git.run(root, "rev-parse", *asked, "HEAD", check=False)
    out = said.stdout
    if said.returncode:  # there may be no commit yet
        out = git.run(root, "rev-parse", *asked).stdout + git.head(root) + "\n"
    if "\ufffd" in out or not out.replace("\n", "").isprintable():
        return None  # a path that is not to be said in lines
    *hooks, kind, prefix, head = out.split("\n")[:-1]
    for hook in hooks:
        path = os.path.join(root, hook)
        if os.access(path, os.X_OK) and not is_our_hook(path):
            return None
    return (
        _Place(head, prefix, 64 if kind == "sha256" else 40)
        if len(hooks) == len(_HOOKS)
        else None
    )


def _commit_by_git(
    root: str, written: Sequence[Written], message: str, identity: Identity
) -> Committed:
    """Let git commit, its hooks and all; they may take their time, so it locks its
    index itself."""
    kept, left_out = list[Written](), list[str]()
    for one in written:
        with suppress(FileNotFoundError, DiskError):
            if (
                not one.digest
                or sha256(files.read_in(root, one.path, files.LARGEST)).hex()
                == one.digest
            ):
                kept.append(one)
                continue
        left_out.append(one.path)
    if kept:
        paths = [one.path for one in kept]
        prefix = git.run(root, "rev-parse", "--show-prefix").stdout.rstrip("\n")
        _see_that_none_is_taken_back(
            root, kept, git.blobs_at(root, git.head(root), prefix, paths)
        )
        git.commit(root, paths, message, identity.options)
    return Committed(git.head(root), left_out)
