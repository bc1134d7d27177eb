"""Let git itself commit some files, and run its hooks.

This is the slow way, for repositories with hooks; ``store/git/commit.py`` decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.store.git.identity import Identity
from ticketctl.store.git.process import run_git
from ticketctl.store.git.queries import blobs_at, has_staged, head_commit
from ticketctl.store.git.written_files import (
    CommitResult,
    FileReader,
    WrittenFile,
    require_all_events,
)


def commit_with_hooks(
    root: str, written: Sequence[WrittenFile], message: str, identity: Identity
) -> CommitResult:
    """Commit those files that are as they were written.

    Hooks may take their time, so git locks its index itself.

    Raises:
        MissingEventsError: a file lacks events that HEAD has.
        DiskError: git, or a hook, refused.
    """
    reader = FileReader(root)
    unchanged = {
        file: None for file in written if reader.read_as_written(file) is not None
    }
    paths = [file.path for file in unchanged]
    if paths:
        prefix = run_git(root, "rev-parse", "--show-prefix").stdout.rstrip("\n")
        head = blobs_at(root, head_commit(root), prefix, paths)
        require_all_events(root, unchanged, head)
        _run_commit(root, paths, message, identity.options)
    left_out = [file.path for file in written if file not in unchanged]
    return CommitResult(head_commit(root), left_out)


def _run_commit(
    root: str, paths: Sequence[str], message: str, identity: Sequence[str]
) -> None:
    """Run ``git commit`` for some files only.

    Args:
        paths: relative to the store.
        identity: options that name the author and committer where git knows none.

    Raises:
        DiskError: git, or a hook, refused.
    """
    listed = "\0".join(paths) + "\0"
    pathspec = ("--literal-pathspecs",)
    from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
    # --force: the files of a store are committed even where they are ignored
    run_git(root, *pathspec, "add", "--force", *from_stdin, feed=listed)
    if has_staged(root, paths):
        return  # another command has committed them meanwhile; git would fail
    words = ("commit", "--quiet", "--only", "-m", message)
    run_git(root, *pathspec, *identity, *words, *from_stdin, feed=listed)
