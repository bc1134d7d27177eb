"""Fixtures of the tests of ``ticketctl.store.git``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commits import WHO, git_out, write
from tests.support.repositories import repository
from ticketctl.store.git import objects, staging
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.writing.permissions import PLAIN


@pytest.fixture(params=["sha1", "sha256", "sha1, many"])
def committed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A repository with a few tickets and other files, some of them odd to git; also
    where one is many."""
    committed = tmp_path / "store"
    kind, _, many = request.param.partition(",")
    if many:
        monkeypatch.setattr(objects, "_UNPACKED", 0)
        monkeypatch.setattr(staging, "_ARGUMENTS", 2)
    committed.mkdir()
    git_out(committed, "init", "-q", "-b", "main", f"--object-format={kind}")
    git_out(committed, "config", "user.name", "Amy")
    git_out(committed, "config", "user.email", WHO)
    for path in (
        "tickets/2026/11/02/a.yaml",
        "tickets/2026/11/02/b.yaml",
        "tickets.txt",
        "tickets-old/x",
        "über/ö",
    ):
        write(committed, path, path)
    (committed / "run.sh").write_text("#!/bin/sh\n")
    (committed / "run.sh").chmod(0o755)
    (committed / "link").symlink_to("nowhere")
    git_out(committed, "add", "-A")
    git_out(committed, "commit", "-qm", "A store")
    return committed


@pytest.fixture
def lock(git_root: Path) -> Iterator[IndexLock]:
    """The lock on the index, not held."""
    found = IndexLock(repository(git_root), PLAIN)
    yield found
    found.release()
