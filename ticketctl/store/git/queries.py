"""What ticketctl asks git about commits, files and the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ticketctl.errors import DiskError, UsageError
from ticketctl.pattern import pattern
from ticketctl.store.git.environment import BlockingFileError
from ticketctl.store.git.process import (
    GitProcess,
    index_of_hook,
    read_records,
    run_git,
    run_git_raw,
    start_git,
    wait_for_answer,
)

MAX_ARGUMENTS = 500
"""How many paths git is given as arguments."""
_IN_TREE = pattern(r"[^\t]* ([0-9a-f]+)\t([^\0]*)\0")
"""``MODE blob ID<tab>PATH`` of ``ls-tree -z``."""


def head_commit(root: str) -> str:
    """Return the id of HEAD's commit; empty before the first."""
    return run_git(
        root, "rev-parse", "--verify", "--quiet", "HEAD", check=False
    ).stdout.strip()


def resolve_commit(root: str, name: str) -> str:
    """Return the id of the commit that a name stands for.

    Raises:
        UsageError: there is no such commit.
    """
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    done = run_git(root, *words, f"{name}^{{commit}}", check=False)
    if done.returncode:
        raise UsageError(
            f'git knows no commit "{name}"',
            "--range A..B, with two commits, branches or tags",
        )
    return done.stdout.strip()


def user_email(root: str) -> str:
    """Return git's ``user.email`` for this folder; empty if it has none."""
    try:
        return run_git(
            root, "config", "user.email", check=False, as_owner=False
        ).stdout.strip()
    except BlockingFileError:
        raise
    except DiskError:
        return ""


class UnusualFile(NamedTuple):
    """An entry of git's index that is more than just a file.

    Args:
        tag: as of ``ls-files -v``.
        mode: in octal digits, as git writes it.
        path: relative to the store.
    """

    tag: str
    mode: str
    path: str


def unusual_files(root: str, paths: Sequence[str]) -> Iterator[UnusualFile]:
    """Yield what git's index holds below some paths as more than just a file.

    These are files that git is told not to look at, links and submodules.

    Raises:
        DiskError: git failed.
    """
    for block in read_records(root, "ls-files", "-v", "--stage", "-z", "--", *paths):
        if (b"\0" + block).count(b"\0H 10") == block.count(b"\0"):
            continue  # nearly always: to look at each takes a second for a million
        for line in os.fsdecode(block).split("\0")[:-1]:
            head, _, path = line.partition("\t")
            if not head.startswith("H 10"):
                yield UnusualFile(head[0], head[2:8], path)


def tracked_files(root: str, path: str) -> list[str]:
    """Return the files at or below a path that git's index has.

    Raises:
        DiskError: git failed.
    """
    answer = wait_for_answer(start_git(root, "ls-files", "-z", "--", path))
    return os.fsdecode(answer).split("\0")[:-1]


def uncommitted_files(root: str, paths: Sequence[str] = ()) -> frozenset[str]:
    """Return the files whose present state is in no commit.

    Args:
        paths: relative to the store; all tickets and attachments, if empty.

    Raises:
        DiskError: this is no repository, or git failed.
    """
    exact = (
        "--porcelain=v1",
        "-z",
        "-uall",
        "--no-renames",
        "--ignore-submodules=dirty",
    )
    few = 0 < len(paths) <= MAX_ARGUMENTS
    below = paths if few else ("tickets", "attachments")
    words = ("--no-optional-locks", "--literal-pathspecs", "status", *exact)
    prefix = run_git(root, "rev-parse", "--show-prefix").stdout.rstrip("\n")
    rows = run_git(root, *words, "--", *below).stdout.split("\0")
    return frozenset(row[3:].removeprefix(prefix) for row in rows if row)


def files_between(root: str, old: str, new: str) -> list[str]:
    """Return the files below ``tickets/`` that differ between two commits.

    Returns:
        Their paths, relative to the store.

    Raises:
        DiskError: there is no such commit.
    """
    exact = ("--no-renames", "--ignore-submodules=none", "--name-only", "--relative")
    words = ("diff-tree", "-r", "-z", *exact, old, new, "--", "tickets")
    return os.fsdecode(wait_for_answer(start_git(root, *words))).split("\0")[:-1]


class ChangedBlob(NamedTuple):
    """A file that differs between two states.

    Args:
        path: relative to the store.
        before: the id of its bytes in the first state, in hex; zeros if it is not
            there.
        after: the same in the second state.
    """

    path: str
    before: str
    after: str


def changed_blobs(root: str, old: str | None, new: str | None) -> list[ChangedBlob]:
    """Return the files below ``tickets/`` that differ between two commits.

    Args:
        old: the first commit; HEAD, if ``None``.
        new: the second commit; what is staged, if ``None``.

    Raises:
        DiskError: git failed.
    """
    between = [name for name in (old, new) if name is not None] or ["--cached"]
    exact = ("--raw", "--no-abbrev", "-z", "--no-renames", "--relative")
    words = ["diff", *exact, *between, "--", "tickets"]
    done = run_git_raw(root, words, index=index_of_hook())
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip()
        raise DiskError(f"git diff failed: {text}")
    parts = done.stdout.split(b"\0")
    changes = []
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        _, _, before, after, _ = head.decode().split(" ")
        changes.append(ChangedBlob(os.fsdecode(path), before, after))
    return changes


def blobs_in_commit(root: str, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the blob of every file below ``tickets/`` in a commit."""
    for block in read_records(root, "ls-tree", "-r", "-z", commit, "--", "tickets"):
        for blob, path in _IN_TREE.findall(os.fsdecode(block)):
            yield path, blob


def blobs_at(
    root: str, commit: str, prefix: str, paths: Sequence[str]
) -> dict[str, str]:
    """Return the blobs that a commit has at some paths of the store.

    Args:
        commit: its id; may be empty, before the first commit.
        prefix: where the store lies in the repository.

    Returns:
        The ids in hex, by path.

    Raises:
        DiskError: git failed.
    """
    if not commit:
        return {}
    feed = "".join(f"{commit}:{prefix}{path}\n" for path in paths)
    lines = run_git(root, "cat-file", "--batch-check", feed=feed).stdout.splitlines()
    answers = (line.split(" ") for line in lines)
    return {
        path: words[0]
        for path, words in zip(paths, answers, strict=True)
        if words[1:2] == ["blob"]
    }


def read_blobs(root: str, ids: Sequence[str]) -> list[bytes | None]:
    """Return the bytes of objects; ``None`` for an id of zeros.

    Args:
        ids: in hex, of full length.

    Raises:
        DiskError: git failed, or has no such object.
    """
    real = [id_ for id_ in ids if id_.strip("0")]
    if not real:
        return [None] * len(ids)
    feed = "".join(f"{id_}\n" for id_ in real).encode()
    done = run_git_raw(root, ["cat-file", "--batch"], feed)
    out, contents = done.stdout, dict[str, bytes]()
    for id_ in real:
        head, _, out = out.partition(b"\n")
        kind, _, size = head.partition(b" ")[2].partition(b" ")
        if done.returncode or kind != b"blob":
            text = (head or done.stderr).decode(errors="replace")
            raise DiskError(f"git cat-file failed: {text}")
        contents[id_], out = out[: int(size)], out[int(size) + 1 :]
    return [contents.get(id_) for id_ in ids]


def start_attribute_query(root: str, paths: Sequence[str]) -> GitProcess:
    """Start to ask git for the attributes that convert files on their way to git."""
    names = ("filter", "ident", "text", "eol", "working-tree-encoding")
    return start_git(root, "check-attr", "-z", *names, "--", *paths)


def is_converting(answer: bytes) -> bool:
    """Return whether the answer of :func:`start_attribute_query` names any."""
    values = answer.split(b"\0")[2::3]
    return any(value not in (b"unset", b"unspecified") for value in values)


def has_staged(root: str, paths: Sequence[str]) -> bool:
    """Return whether HEAD has all that is staged of some files."""
    words = ("--literal-pathspecs", "diff-index", "--cached", "--quiet", "HEAD", "--")
    parts = (
        paths[start : start + MAX_ARGUMENTS]
        for start in range(0, len(paths), MAX_ARGUMENTS)
    )
    return not any(
        run_git(root, *words, *part, check=False).returncode for part in parts
    )


def merge_file(root: str, ours: str, base: str, theirs: str) -> int:
    """Merge three versions of a file line by line into ``ours``.

    Conflict markers are put where both sides have changed the same lines.

    Args:
        ours: the path of a file; likewise the others.

    Returns:
        The number of conflicts.
    """
    names = ("-L", "ours", "-L", "base", "-L", "theirs")
    words = ("merge-file", *names, "--", ours, base, theirs)
    return run_git(root, *words, check=False).returncode
