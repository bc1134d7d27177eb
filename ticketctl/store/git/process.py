"""The one door to git, always as a process.

Nothing that a store brings along may make git run a program: it never takes a folder of
the store for a bare repository, and what names another repository in the environment is
dropped (docs/security.md).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from ticketctl.errors import DiskError, UsageError
from ticketctl.pattern import pattern
from ticketctl.store.git.environment import BlockingFileError, start_options

_GIT = ("git", "-c", "safe.bareRepository=explicit")
"""A folder with ``HEAD``, ``objects``, ``refs`` and ``config`` in a store is no
repository: its configuration, which is anybody's, could name programs to run."""
_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
"""With git's defaults a power cut left 0-byte objects; its method ``batch`` loses some
unseen."""


def run(
    root: str,
    *words: str,
    check: bool = True,
    feed: str | None = None,
    as_owner: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run git in a store.

    Args:
        as_owner: as of :func:`start_options`.

    Raises:
        DiskError: git is missing, or (with ``check``) failed; with git's own words.
    """
    raw = _process(
        root, words, None if feed is None else feed.encode(), as_owner=as_owner
    )
    out, err = (stream.decode(errors="replace") for stream in (raw.stdout, raw.stderr))
    if check and raw.returncode:
        raise failure(root, words, err or out, raw.returncode)
    return subprocess.CompletedProcess(raw.args, raw.returncode, out, err)


def _process(
    root: str,
    words: Sequence[str],
    feed: bytes | None,
    staged: bool = False,
    as_owner: bool = True,
    index: str = "",
) -> subprocess.CompletedProcess[bytes]:
    options = start_options(root, as_owner)
    if index:
        options["env"]["GIT_INDEX_FILE"] = index
    if staged and (named := os.environ.get("GIT_INDEX_FILE")):
        options["env"]["GIT_INDEX_FILE"] = os.path.abspath(
            named
        )  # `git commit -a` calls its hooks with an index aside
    try:
        asked = subprocess.Popen(
            [*_GIT, "-C", root, *_DURABLE, *words],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
    except FileNotFoundError:
        raise _not_installed() from None
    with asked:
        try:
            out, err = asked.communicate(feed)
        except BaseException:
            _let_end(asked)
            raise
    return subprocess.CompletedProcess(asked.args, asked.returncode, out, err)


def _let_end(asked: subprocess.Popen[bytes]) -> None:
    """Wait for a git that we no longer need: were it killed, it would leave its locks."""
    try:
        asked.communicate(timeout=_PATIENCE)
    except (subprocess.TimeoutExpired, ValueError):
        asked.kill()


_PATIENCE = 5.0  # seconds


def start(
    root: str, *words: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Begin to ask git for something that takes a while; :func:`answer` waits for it.

    Raises:
        DiskError: git is missing.
    """
    try:
        return subprocess.Popen(
            [*_GIT, "--no-optional-locks", "-C", root, *_EXACT, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            **start_options(root),
        )
    except FileNotFoundError:
        raise _not_installed() from None


def answer(asked: subprocess.Popen[bytes]) -> bytes:
    """What git says.

    Raises:
        DiskError: it failed.
    """
    out, err = asked.communicate()
    if asked.returncode:
        raise DiskError(
            f"git failed: {err.decode(errors='replace').strip() or f'exit {asked.returncode}'}"
        )
    return out


def blocks(root: str, *words: str) -> Iterator[bytes]:
    """What git says of very many files, whole NUL-ended records at a time: it is never
    all in memory.

    Raises:
        DiskError: it failed.
    """
    asked = start(root, *words, stderr=subprocess.DEVNULL)
    left = b""
    assert asked.stdout is not None
    try:
        while read := asked.stdout.read(1 << 20):
            whole, end, left = (left + read).rpartition(b"\0")
            yield whole + end
    finally:
        asked.stdout.close()
        failed = asked.wait()
    if failed or left:
        raise DiskError(f"git {words[0]} failed: exit {failed}")


def unusual(root: str, paths: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(tag as of ``ls-files -v``, mode, path relative to the store) of what git's index
    holds as more than just a file: where it was told not to look, links, submodules.

    Raises:
        DiskError: git failed.
    """
    for block in blocks(root, "ls-files", "-v", "--stage", "-z", "--", *paths):
        if (b"\0" + block).count(b"\0H 10") == block.count(b"\0"):
            continue  # nearly always: to look at each takes a second of a million
        for line in os.fsdecode(block).split("\0")[:-1]:
            about, _, path = line.partition("\t")
            if not about.startswith("H 10"):
                yield about[0], about[2:8], path


def head(root: str) -> str:
    """HEAD's commit; empty before the first."""
    return run(
        root, "rev-parse", "--verify", "--quiet", "HEAD", check=False
    ).stdout.strip()


def differing(root: str, old: str, new: str) -> list[str]:
    """The files below ``tickets/``, relative to the store, that differ between two
    commits.

    Raises:
        DiskError: there is no such commit.
    """
    exact = ("--no-renames", "--ignore-submodules=none", "--name-only", "--relative")
    said = answer(
        start(root, "diff-tree", "-r", "-z", *exact, old, new, "--", "tickets")
    )
    return os.fsdecode(said).split("\0")[:-1]


_IN_TREE = pattern(r"[^\t]* ([0-9a-f]+)\t([^\0]*)\0")
"""``MODE blob ID<tab>PATH`` of ``ls-tree -z``."""


def tree(root: str, commit: str) -> Iterator[tuple[str, str]]:
    """(path relative to the store, blob) of every file below ``tickets/`` in a commit."""
    for block in blocks(root, "ls-tree", "-r", "-z", commit, "--", "tickets"):
        for blob, path in _IN_TREE.findall(os.fsdecode(block)):
            yield path, blob


def blobs_at(
    root: str, commit: str, prefix: str, paths: Sequence[str]
) -> dict[str, str]:
    """The blobs that a commit has at some paths of the store (``prefix``: where that
    lies in the repository).

    Raises:
        DiskError: git failed.
    """
    if not commit:
        return {}
    feed = "".join(f"{commit}:{prefix}{path}\n" for path in paths)
    said = run(root, "cat-file", "--batch-check", feed=feed).stdout.splitlines()
    found = (line.split(" ") for line in said)
    return {
        path: words[0]
        for path, words in zip(paths, found, strict=True)
        if words[1:2] == ["blob"]
    }


def converts(root: str, paths: Sequence[str]) -> subprocess.Popen[bytes]:
    """Begin to ask by which attributes git would change the bytes of files between disk
    and repository."""
    return start(
        root,
        "check-attr",
        "-z",
        "filter",
        "ident",
        "text",
        "eol",
        "working-tree-encoding",
        "--",
        *paths,
    )


def is_converting(said: bytes) -> bool:
    """Whether that answer names any."""
    return any(
        value not in (b"unset", b"unspecified") for value in said.split(b"\0")[2::3]
    )


_EXACT = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.trustctime=true",
    "-c",
    "core.checkStat=default",
    "-c",
    "core.autocrlf=false",
)
"""Whatever the user has set for speed: an answer that may be old is none."""


def email(root: str) -> str:
    """``user.email`` as git's configuration has it for this folder, or nothing."""
    try:
        return run(
            root, "config", "user.email", check=False, as_owner=False
        ).stdout.strip()
    except BlockingFileError:
        raise
    except DiskError:
        return ""


def init(root: str) -> None:
    """Make a repository."""
    run(root, "init", "--quiet", "--initial-branch=main")


def commit(
    root: str, paths: Sequence[str], message: str, identity: Sequence[str]
) -> None:
    """Commit just these files, as git does it, its hooks and all.

    Args:
        paths: relative to the store.
        identity: options that say as whom, where git does not know.

    Raises:
        DiskError: git would not.
    """
    listed = "\0".join(paths) + "\0"
    named = ("--pathspec-from-file=-", "--pathspec-file-nul")
    run(
        root, "--literal-pathspecs", "add", "--force", *named, feed=listed
    )  # whatever is ignored, these are ours
    if _has_all(root, paths):
        return  # somebody has committed them meanwhile; git would fail
    run(
        root,
        "--literal-pathspecs",
        *identity,
        "commit",
        "--quiet",
        "--only",
        "-m",
        message,
        *named,
        feed=listed,
    )


def _has_all(root: str, paths: Sequence[str]) -> bool:
    """Whether HEAD has what is staged of some files."""
    parts = (
        paths[start : start + _ARGUMENTS] for start in range(0, len(paths), _ARGUMENTS)
    )
    words = ("--literal-pathspecs", "diff-index", "--cached", "--quiet", "HEAD", "--")
    return not any(run(root, *words, *part, check=False).returncode for part in parts)


def feed(root: str, data: bytes, *words: str, index: str = "") -> bytes:
    """What git makes of some bytes.

    Args:
        index: the index that it works on, instead of the repository's.

    Raises:
        DiskError: it failed.
    """
    done = _process(root, words, data, index=index)
    if done.returncode:
        raise failure(
            root, words, done.stderr.decode(errors="replace"), done.returncode
        )
    return done.stdout


def pour(root: str, pieces: Iterable[bytes], *words: str) -> None:
    """Give git bytes piece by piece, so that they are never all in memory.

    Raises:
        DiskError: it failed.
        Exception: whatever the pieces raise; git is ended then, and has got no end of
            them.
    """
    try:
        asked = subprocess.Popen(
            [*_GIT, "-C", root, *_DURABLE, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **start_options(root),
        )
    except FileNotFoundError:
        raise _not_installed() from None
    assert asked.stdin is not None and asked.stderr is not None
    try:
        with suppress(BrokenPipeError):  # its status tells
            for piece in pieces:
                asked.stdin.write(piece)
            asked.stdin.close()
    except BaseException:
        asked.kill()
        raise
    finally:
        said = asked.stderr.read()
        with suppress(BrokenPipeError):
            asked.stdin.close()
        asked.stderr.close()
        asked.wait()
    if asked.returncode:
        raise failure(root, words, said.decode(errors="replace"), asked.returncode)


def failure(root: str, words: Sequence[str], said: str, status: int) -> DiskError:
    """What to say where git has failed: in its own words, or of the lock that stopped
    it."""
    from ticketctl.store.git.operations import lock_in_the_way

    if error := lock_in_the_way(root, said):
        return error
    verb = next(
        (
            word
            for word in words
            if word[0].isalpha() and not {".", "="}.intersection(word)
        ),
        "git",
    )
    return DiskError(f"git {verb} failed: {' '.join(said.split()) or f'exit {status}'}")


def _not_installed() -> DiskError:
    return DiskError(
        "git is not installed", "install git, or set commit: off in ticketctl.yaml"
    )


def revision(root: str, name: str) -> str:
    """The commit that a name stands for.

    Raises:
        UsageError: there is none.
    """
    found = run(
        root,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{name}^{{commit}}",
        check=False,
    )
    if found.returncode:
        raise UsageError(
            f'git knows no commit "{name}"',
            "--range A..B, with two commits, branches or tags",
        )
    return found.stdout.strip()


def changed(root: str, old: str | None, new: str | None) -> list[tuple[str, str, str]]:
    """The files below ``tickets/`` that differ between two commits, or (``new`` not
    given) from HEAD to what is staged.

    Returns:
        (path, blob before, blob after); a blob of zeros where there is none.

    Raises:
        DiskError: git failed.
    """
    between = [name for name in (old, new) if name is not None] or ["--cached"]
    words = [
        "diff",
        "--raw",
        "--no-abbrev",
        "-z",
        "--no-renames",
        "--relative",
        *between,
        "--",
        "tickets",
    ]
    done = _process(root, words, None, staged=True)
    if done.returncode:
        raise DiskError(
            f"git diff failed: {done.stderr.decode(errors='replace').strip()}"
        )
    parts = done.stdout.split(b"\0")
    found = []
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        _, _, before, after, _ = head.decode().split(" ")
        found.append((os.fsdecode(path), before, after))
    return found


def blobs(root: str, names: Sequence[str]) -> list[bytes | None]:
    """The bytes of objects, by their full hashes; ``None`` for those of zeros.

    Raises:
        DiskError: git failed, or has no such object.
    """
    wanted = [name for name in names if name.strip("0")]
    if not wanted:
        return [None] * len(names)
    done = _process(
        root, ["cat-file", "--batch"], "".join(f"{name}\n" for name in wanted).encode()
    )
    out, found = done.stdout, dict[str, bytes]()
    for name in wanted:
        head, _, out = out.partition(b"\n")
        kind, _, size = head.partition(b" ")[2].partition(b" ")
        if done.returncode or kind != b"blob":
            raise DiskError(
                f"git cat-file failed: {head.decode(errors='replace') or done.stderr.decode(errors='replace')}"
            )
        found[name], out = out[: int(size)], out[int(size) + 1 :]
    return [found.get(name) for name in names]


def merge_file(root: str, ours: str, base: str, theirs: str) -> int:
    """Merge three versions of a file line by line into ``ours``, with conflict markers
    where need be.

    Returns:
        The number of conflicts.
    """
    names = ("-L", "ours", "-L", "base", "-L", "theirs")
    return run(
        root, "merge-file", *names, "--", ours, base, theirs, check=False
    ).returncode


def tracked(root: str, path: str) -> list[str]:
    """The files at or below a path that git's index has.

    Raises:
        DiskError: git failed.
    """
    said = answer(start(root, "ls-files", "-z", "--", path))
    return os.fsdecode(said).split("\0")[:-1]


_ARGUMENTS = 500
"""How many paths git is given as arguments."""


def uncommitted(root: str, paths: Sequence[str] = ()) -> frozenset[str]:
    """The files whose present state is in no commit, of some or, where none are named,
    of all tickets and attachments.

    Args:
        paths: relative to the store.

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
    of = paths if 0 < len(paths) <= _ARGUMENTS else ("tickets", "attachments")
    words = ("--no-optional-locks", "--literal-pathspecs", "status", *exact, "--", *of)
    top = run(root, "rev-parse", "--show-prefix").stdout.rstrip("\n")
    rows = run(root, *words).stdout.split("\0")
    return frozenset(row[3:].removeprefix(top) for row in rows if row)
