"""Commits made by ticketctl and by git itself."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from ticketctl.store.git.commit import commit_files
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.written_files import CommitResult, WrittenFile
from ticketctl.store.state_folder import locate_state

WHO = "amy@support.example"


def git_out(committed: Path, *words: str, ok: bool = True) -> str:
    """Real git."""
    done = subprocess.run(
        ["git", "-C", str(committed), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ok or done.returncode == 0, done.stderr
    return done.stdout


def commit(
    committed: Path, paths: Sequence[str], message: str, who: str, author: str = ""
) -> CommitResult:
    """Commit files of a store, as commands do that have written them."""
    state = locate_state(str(committed))
    assert state.repository is not None
    lock = IndexLock(state.repository, state.access)
    try:
        return commit_files(
            state, [WrittenFile(path) for path in paths], message, who, lock, author
        )
    finally:
        lock.release()


def write(committed: Path, path: str, text: str) -> str:
    """A file; its path."""
    (committed / path).parent.mkdir(parents=True, exist_ok=True)
    (committed / path).write_text(text)
    return path
