"""Run git, always as a process of its own.

Nothing in a store may make git run a program: git never takes a folder of the store
for a bare repository, and environment variables that name another repository are
dropped (docs/security.md). What ticketctl asks git is in ``store/git/queries.py``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from ticketctl.errors import DiskError
from ticketctl.store.git.environment import start_options

_GIT = ("git", "-c", "safe.bareRepository=explicit")
"""A folder of a store with ``HEAD``, ``objects``, ``refs`` and ``config`` is not a
repository: its configuration, which anybody can write, could name programs to run."""
_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
"""With git's defaults a power cut left 0-byte objects; its method ``batch`` loses some
of them without an error."""
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
"""Switch off what users set for speed: an answer must not be outdated."""
GitProcess = subprocess.Popen[bytes]
"""A git that has been started."""
_PATIENCE = 5.0
"""How long to wait, in seconds, for a git that is no longer needed."""


def run_git(
    root: str,
    *words: str,
    check: bool = True,
    feed: str | None = None,
    as_owner: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run git in a store.

    Args:
        check: raise an error if git fails.
        feed: the text for its standard input.
        as_owner: as of :func:`start_options`.

    Raises:
        DiskError: git is missing, or (with ``check``) failed; with git's own words.
    """
    data = None if feed is None else feed.encode()
    raw = run_git_raw(root, words, data, as_owner=as_owner)
    out, err = (stream.decode(errors="replace") for stream in (raw.stdout, raw.stderr))
    if check and raw.returncode:
        raise git_failure(root, words, err or out, raw.returncode)
    return subprocess.CompletedProcess(raw.args, raw.returncode, out, err)


def run_git_raw(
    root: str,
    words: Sequence[str],
    feed: bytes | None = None,
    as_owner: bool = True,
    index: str = "",
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a store, with bytes for its input and output.

    Args:
        index: the path of the index that git uses instead of the repository's.

    Raises:
        DiskError: git is missing. A status other than 0 is not an error here.
    """
    options = start_options(root, as_owner)
    if index:
        options["env"]["GIT_INDEX_FILE"] = index
    try:
        process = subprocess.Popen(
            [*_GIT, "-C", root, *_DURABLE, *words],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
    except FileNotFoundError:
        raise _not_installed() from None
    with process:
        try:
            out, err = process.communicate(feed)
        except BaseException:
            _let_end(process)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _let_end(process: GitProcess) -> None:
    """Wait for a git that is no longer needed; if killed, it would leave its locks."""
    try:
        process.communicate(timeout=_PATIENCE)
    except (subprocess.TimeoutExpired, ValueError):
        process.kill()


def feed_git(root: str, data: bytes, *words: str, index: str = "") -> bytes:
    """Return what git prints when it is given some bytes.

    Args:
        index: the path of the index that git uses instead of the repository's.

    Raises:
        DiskError: git failed.
    """
    done = run_git_raw(root, words, data, index=index)
    if done.returncode:
        text = done.stderr.decode(errors="replace")
        raise git_failure(root, words, text, done.returncode)
    return done.stdout


def stream_to_git(root: str, pieces: Iterable[bytes], *words: str) -> None:
    """Give git bytes piece by piece, so that they are never all in memory.

    Raises:
        DiskError: git failed.
        Exception: any exception of ``pieces``; git is killed before it has the end of
            its input.
    """
    try:
        process = subprocess.Popen(
            [*_GIT, "-C", root, *_DURABLE, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **start_options(root),
        )
    except FileNotFoundError:
        raise _not_installed() from None
    assert process.stdin is not None and process.stderr is not None
    try:
        with suppress(BrokenPipeError):  # the exit status tells
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
    except BaseException:
        process.kill()
        raise
    finally:
        text = process.stderr.read()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stderr.close()
        process.wait()
    if process.returncode:
        raise git_failure(
            root, words, text.decode(errors="replace"), process.returncode
        )


def start_git(root: str, *words: str, stderr: int = subprocess.PIPE) -> GitProcess:
    """Start a git that only reads; :func:`wait_for_answer` waits for it.

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


def wait_for_answer(process: GitProcess) -> bytes:
    """Return what a started git prints.

    Raises:
        DiskError: git failed.
    """
    out, err = process.communicate()
    if process.returncode:
        text = err.decode(errors="replace").strip()
        raise DiskError(f"git failed: {text or f'exit {process.returncode}'}")
    return out


def read_records(root: str, *words: str) -> Iterator[bytes]:
    """Yield what git prints, in blocks of whole NUL-ended records.

    The output about very many files is never all in memory.

    Raises:
        DiskError: git failed.
    """
    process = start_git(root, *words, stderr=subprocess.DEVNULL)
    remaining = b""
    assert process.stdout is not None
    try:
        while read := process.stdout.read(1 << 20):
            whole, end, remaining = (remaining + read).rpartition(b"\0")
            yield whole + end
    finally:
        process.stdout.close()
        failed = process.wait()
    if failed or remaining:
        raise DiskError(f"git {words[0]} failed: exit {failed}")


def git_failure(root: str, words: Sequence[str], text: str, status: int) -> DiskError:
    """Return the error of a git that failed: git's own words, or the lock in its way.

    Args:
        words: the arguments of git.
        text: what git wrote to standard error.
        status: its exit status.
    """
    from ticketctl.store.git.operations import lock_in_the_way

    if error := lock_in_the_way(root, text):
        return error
    verbs = (word for word in words if word[0].isalpha() and not {".", "="} & set(word))
    reason = " ".join(text.split()) or f"exit {status}"
    return DiskError(f"git {next(verbs, 'git')} failed: {reason}")


def _not_installed() -> DiskError:
    return DiskError(
        "git is not installed", "install git, or set commit: off in ticketctl.yaml"
    )


def index_of_hook() -> str:
    """Return the index that git gave to a hook; empty outside a hook.

    ``git commit -a`` runs its hooks with an index of its own.
    """
    index = os.environ.get("GIT_INDEX_FILE")
    return os.path.abspath(index) if index else ""
