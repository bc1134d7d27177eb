"""Fixtures of the tests of ``ticketctl.store``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commit_failures import HALF, git_of
from tests.support.repositories import git_as_amy
from tests.support.shell import Shell
from tests.support.stores import make_store, make_tickets


@pytest.fixture
def store_in_git(shell: Shell) -> Path:
    """A store with a ticket and a commit, made as a user makes it."""
    shell.ok(
        "ticketctl init -p biztech && ticketctl new 'It does not work' -c jane@customer.example"
    )
    return shell.folder


# --- git, asked safely ---


@pytest.fixture
def public() -> Iterator[Shell]:
    """A shell in a folder that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="ticketctl-test-") as name:
        os.chmod(name, 0o755)
        yield Shell(Path(name) / "desk")


@pytest.fixture
def store_root(tmp_path: Path) -> Path:
    """A store of two tickets in which every command commits."""
    store_root = tmp_path / "store"
    store_root.mkdir()
    git_of(store_root, "init", "-q", "-b", "main")
    git_of(store_root, "config", "user.name", "Amy")
    git_of(store_root, "config", "user.email", "amy@support.example")
    make_store(store_root / "made", "commit: auto\n", git=False)
    for path in (store_root / "made").iterdir():
        path.rename(store_root / path.name)
    (store_root / "made").rmdir()
    make_tickets(store_root, "aaaaa", HALF)
    git_of(store_root, "add", "-A")
    git_of(store_root, "commit", "-qm", "A store", "--allow-empty")
    return store_root


@pytest.fixture
def git_root(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git_root = tmp_path / "store"
    (git_root / "tickets").mkdir(parents=True)
    git_as_amy(git_root, "init", "-q", "-b", "main")
    (git_root / "file").write_text("x")
    git_as_amy(git_root, "add", "-A")
    git_as_amy(git_root, "commit", "-qm", "A store")
    return git_root
