"""Commit some files of a store: the one place where ticketctl commits.

The cost does not grow with the number of all files. ``git commit`` reads, refreshes and
writes its whole index (0.3 s for 100,000 tickets). Here the trees above the files are
made from those of HEAD (``store/git/objects.py``), and HEAD moves on unless somebody
else has moved it meanwhile. Other files that the user has staged stay staged. Where the
repository has hooks, git commits (``store/git/hooked_commit.py``).

Everything that HEAD is to name is on the disk before HEAD moves, and git's index has
the files before that: if the command is stopped at any point, nothing is lost, and git
shows no file as deleted or changed back. The lock on git's index is held meanwhile
(``store/git/index_lock.py``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ticketctl.core.escaping import safe, safe_lines
from ticketctl.core.hashing import object_id
from ticketctl.errors import ChangedError, DiskError
from ticketctl.store.git import objects, operations
from ticketctl.store.git.head_sync import sync_head, sync_parent
from ticketctl.store.git.hooked_commit import commit_with_hooks
from ticketctl.store.git.identity import Identity, identity_of
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.objects import NewFile
from ticketctl.store.git.process import git_failure, run_git
from ticketctl.store.git.queries import head_commit
from ticketctl.store.git.setup import is_our_hook
from ticketctl.store.git.staging import stage, staged_otherwise
from ticketctl.store.git.written_files import (
    CommitResult,
    FileReader,
    WrittenFile,
    require_all_events,
)
from ticketctl.store.state_folder import StateFolder

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_TRIES = 8
_MANY = 1000
"""Above this number of files, git is locked only when they are staged: what takes long
comes before."""
_REF_WAIT = ("-c", "core.filesRefLockTimeout=2000")
"""How long git waits for a lock on a reference, in milliseconds."""


class _Target(NamedTuple):
    """Where a commit goes.

    Args:
        head: HEAD's commit in hex; empty before the first.
        prefix: where the store lies in the repository, with a slash at the end.
        digits: how many hex digits ids have: 40 or 64.
    """

    head: str
    prefix: str
    digits: int


def commit_files(
    state: StateFolder,
    written: Sequence[WrittenFile],
    message: str,
    committer: str,
    lock: IndexLock,
    author: str = "",
) -> CommitResult:
    """Commit just these files, without others that the user has staged.

    Args:
        state: of a store in a repository.
        message: the whole message. ``git log`` shows it on terminals, so it is made
            safe for them.
        committer: the address to commit as, where git knows none.
        lock: acquired unless it is held, of many files only when they are staged; its
            owner releases it.
        author: the address of the author, if that is not the committer.

    Raises:
        BusyError: git is locked, or an operation of git is unfinished.
        MissingEventsError: a file lacks events that HEAD has.
        DiskError: git failed.
    """
    message, committer = safe_lines(message), safe(committer)
    target = _target_without_hooks(state.root)
    identity = identity_of(state.root, committer, author)
    if target is None or identity.has_hooks:
        lock.release()
        return commit_with_hooks(state.root, written, message, identity)
    return _Commit(state, lock, target, identity, message).make(written)


class _Commit:
    """A commit in the making.

    Args:
        state: of a store in a repository.
        lock: on git's index.
        target: where the commit goes.
        identity: of author and committer.
        message: the whole message, safe for terminals.
    """

    def __init__(
        self,
        state: StateFolder,
        lock: IndexLock,
        target: _Target,
        identity: Identity,
        message: str,
    ) -> None:
        self.root, self._state, self._lock = state.root, state, lock
        self._target, self._identity, self._message = target, identity, message
        self._left_out: list[str] = []
        self._reader = FileReader(state.root)
        self._contents: dict[bytes, bytes] = {}

    def make(self, written: Sequence[WrittenFile]) -> CommitResult:
        """Make the commit; try again while others move HEAD.

        Raises:
            MissingEventsError: a file lacks events that HEAD has.
            DiskError: git failed.
        """
        for number in range(_TRIES):
            if number:
                time.sleep(operations.jitter(0.001 * 2**number))
                self._target = self._target._replace(head=head_commit(self.root))
            try:
                commit = self._try_once(written)
            except ChangedError:
                if number == _TRIES - 1:
                    raise
                continue
            if commit is not None:
                return CommitResult(commit, self._left_out)
        raise DiskError(
            f"cannot commit in {self.root}: other programs keep moving HEAD",
            "try again",
        )

    def _try_once(self, written: Sequence[WrittenFile]) -> str | None:
        """Return the new commit; ``None`` if HEAD has moved.

        It is empty if HEAD has the files already.
        """
        head, prefix, digits = self._target
        if len(written) <= _MANY:
            self._lock.acquire()
        if not (new := self._collect_files(written)):
            return ""
        trees = objects.make_trees(self.root, head, new, digits)
        replaced = {
            os.fsdecode(path)[len(prefix) :]: blob
            for path, blob in trees.replaced.items()
        }
        require_all_events(self.root, written, replaced)
        commits, id_ = self._compose(trees.root)
        self._store_objects(new, trees.objects, commits)
        copy = self._stage(new)
        if converted := staged_otherwise(self.root, copy, trees.root, new, prefix):
            # Attributes have git change the bytes on their way (filter, eol): what git
            # makes of the files is what is committed.
            new = [converted.get(file.path, file) for file in new]
            trees = objects.make_trees(self.root, head, new, digits)
            commits, id_ = self._compose(trees.root)
            self._store_objects([], trees.objects, commits)
        self._lock.acquire()
        if self._lock.is_outdated():
            return None  # git has written its index: again, with the lock from now on
        if trees.root == trees.before:
            self._lock.publish()
            return ""
        return self._move_head(trees.root, id_)

    def _stage(self, new: Sequence[NewFile]) -> str:
        """Return the path of a copy of git's index with the files in it."""
        copy = self._lock.copy()
        stage(self.root, copy, [file.path for file in new], self._target.prefix)
        return copy

    def _store_objects(
        self, new: Sequence[NewFile], trees: Sequence[bytes], commits: Sequence[bytes]
    ) -> None:
        """Put the objects into the repository.

        Raises:
            DiskError: git could not write them.
        """
        prefix = self._target.prefix
        repository = self._state.repository
        assert repository is not None
        # In a folder below the top, git index-pack looks for the objects in that.
        top = (self.root[: -len(prefix)] if prefix else self.root) or "/"
        try:
            objects.store_objects(
                top, new, self._read, trees, commits, self._target.digits
            )
        except DiskError as error:
            for folder, owner in objects.unwritable_objects(repository):
                error.message = f"cannot write to {folder}: it belongs to {owner}"
                error.hint = f"sudo chown -R $(id -un) {repository.common}"
                break
            raise

    def _collect_files(self, written: Iterable[WrittenFile]) -> list[NewFile]:
        """Return those files that are as they were written; note the others."""
        new: list[NewFile] = []
        self._left_out, self._contents = [], {}
        for file in written:
            data = self._reader.read_as_written(file)
            if data is None:
                self._left_out.append(file.path)
                continue
            path = os.fsencode(f"{self._target.prefix}{file.path}")
            if len(new) < _MANY:
                self._contents[path] = data
            new.append(NewFile(path, object_id(b"blob", data, self._target.digits)))
        return new

    def _read(self, file: NewFile) -> bytes:
        """Return the bytes of a file.

        Raises:
            ChangedError: it is gone.
        """
        if file.path in self._contents:
            return self._contents[file.path]
        path = os.fsdecode(file.path)[len(self._target.prefix) :]
        try:
            return self._reader.read(path)
        except FileNotFoundError:
            raise objects.changed_meanwhile(file) from None

    def _compose(self, tree: str) -> tuple[list[bytes], str]:
        """Return the bytes of the commit and its id.

        There are none where git has to make it, to sign it.
        """
        identity = self._identity
        if identity.signs:
            return [], ""
        data = objects.commit_bytes(
            tree,
            self._target.head,
            identity.author,
            identity.committer,
            self._message,
        )
        return [data], object_id(b"commit", data, self._target.digits).hex()

    def _move_head(self, tree: str, id_: str) -> str | None:
        """Move HEAD to the commit, and return its id; ``None`` if HEAD has moved."""
        head = self._target.head
        if not id_:
            id_ = self._commit_signed(tree)
        sync_parent(self._state, head)
        self._lock.publish()
        subject = self._message.partition("\n")[0]
        old = head or "0" * len(id_)
        words = ("update-ref", "-m", f"commit: {subject}", "HEAD", id_, old)
        done = run_git(self.root, *_REF_WAIT, *words, check=False)
        if done.returncode:
            if head == head_commit(self.root):
                raise git_failure(self.root, words, done.stderr, done.returncode)
            return None
        sync_head(self._state, id_)
        return id_

    def _commit_signed(self, tree: str) -> str:
        """Return the id of a commit that git has made and signed."""
        parent = ("-p", self._target.head) if self._target.head else ()
        words = (*self._identity.options, "commit-tree", "-S", tree, *parent, "-F", "-")
        message = self._message.rstrip("\n") + "\n"
        return run_git(self.root, *words, feed=message).stdout.strip()


def _target_without_hooks(root: str) -> _Target | None:
    """Return where a commit goes; ``None`` where git has to make it."""
    words = [word for hook in _HOOKS for word in ("--git-path", f"hooks/{hook}")]
    words += ["--show-object-format", "--show-prefix"]
    done = run_git(root, "rev-parse", *words, "HEAD", check=False)
    out = done.stdout
    if done.returncode:  # there may be no commit yet
        out = run_git(root, "rev-parse", *words).stdout + head_commit(root) + "\n"
    if "\ufffd" in out or not out.replace("\n", "").isprintable():
        return None  # a path with characters that lines cannot hold
    *hooks, kind, prefix, head = out.split("\n")[:-1]
    for hook in hooks:
        path = os.path.join(root, hook)
        if os.access(path, os.X_OK) and not is_our_hook(path):
            return None
    if len(hooks) != len(_HOOKS):
        return None
    return _Target(head, prefix, 64 if kind == "sha256" else 40)
