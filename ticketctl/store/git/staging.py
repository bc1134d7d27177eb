"""Put files into a copy of git's index."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from ticketctl.store.git.objects import NewFile
from ticketctl.store.git.process import feed_git

_ARGUMENTS = 200
"""How many paths git is given at a time as arguments."""


def stage(root: str, index: str, paths: Iterable[bytes], prefix: str) -> None:
    """Put files into an index, even ignored ones.

    Args:
        index: the path of the index.
        paths: from the top of the repository.
        prefix: where the store lies there.

    Raises:
        DiskError: git failed.
    """
    start = len(os.fsencode(prefix))
    _update(root, index, (path[start:] for path in paths), "--add")


def staged_otherwise(
    root: str, index: str, tree: str, new: Sequence[NewFile], prefix: str
) -> dict[bytes, NewFile]:
    """Return those files that an index has otherwise than a tree, as in the index.

    Git ignores changes of files that it was told not to look at (assume-unchanged,
    skip-worktree): it is told to look, and afterwards not to look again.

    Args:
        new: the files, as the tree has them.
        prefix: where the store lies in the repository.

    Returns:
        By path from the top of the repository.

    Raises:
        DiskError: git failed, or cannot read the tree.
    """
    start = os.fsencode(prefix)
    ours = {file.path[len(start) :] for file in new}
    differ = [path for path in _differing(root, index, tree, ours) if path in ours]
    if not differ:
        return {}
    flags = _flagged(root, index, differ)
    for flag, paths in flags.items():
        _update(root, index, paths, f"--no-{flag}")
    for paths in flags.values():
        _update(root, index, paths, "--add")
    for flag, paths in flags.items():
        _update(root, index, paths, f"--{flag}")
    listed = _listed(root, index, differ)
    return {
        start + path: NewFile(start + path, blob, mode, is_new=False)
        for _, mode, blob, path in listed
    }


def _update(root: str, index: str, paths: Iterable[bytes], *words: str) -> None:
    feed = b"".join(path + b"\0" for path in paths)
    feed_git(root, feed, "update-index", *words, "-z", "--stdin", index=index)


def _differing(
    root: str, index: str, tree: str, ours: Collection[bytes]
) -> Iterator[bytes]:
    """Yield the paths below the store that an index has otherwise than a tree.

    Args:
        ours: paths that are certainly among those to compare.
    """
    exact = (
        "--cached",
        "--no-renames",
        "--ignore-submodules=none",
        "--name-only",
        "--relative",
        "-z",
    )
    few = [os.fsdecode(path) for path in ours] if len(ours) <= _ARGUMENTS else []
    words = ("--literal-pathspecs", "diff-index", *exact, tree, "--", *few)
    yield from feed_git(root, b"", *words, index=index).split(b"\0")[:-1]


def _flagged(root: str, index: str, paths: Sequence[bytes]) -> dict[str, list[bytes]]:
    """Return those files that git was told not to look at, by the name of the flag."""
    files: dict[str, list[bytes]] = {}
    for tag, _, _, path in _listed(root, index, paths):
        if tag.islower():
            files.setdefault("assume-unchanged", []).append(path)
        if tag in (b"S", b"s"):
            files.setdefault("skip-worktree", []).append(path)
    return files


def _listed(
    root: str, index: str, paths: Iterable[bytes]
) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """Yield what an index has of some files.

    Returns:
        (tag as of ``ls-files -v``, mode, id, path).
    """
    rest = iter(paths)
    while some := list(islice(rest, _ARGUMENTS)):
        names = [os.fsdecode(path) for path in some]
        words = ("--literal-pathspecs", "ls-files", "-v", "--stage", "-z", "--", *names)
        for line in feed_git(root, b"", *words, index=index).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            tag, mode, blob, _ = about.split(b" ")
            yield tag, mode, bytes.fromhex(blob.decode()), path
