"""Fixtures of the tests of ``ticketctl.store.index``."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.index_stores import GITCONFIG, MODES, Box, fill, git
from tests.support.stores import ticketctl
from ticketctl.store.index import git_changes, stamps


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two branches; ``other`` changes a ticket, takes one away and
    adds one."""
    root = tmp_path_factory.mktemp("template")
    (root / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    (root / ".gitignore").write_text(".ticketctl\n")
    git(root, "-c", "init.defaultBranch=main", "init", "-q")
    git(root, "config", "user.name", "Amy")
    git(root, "config", "user.email", "amy@support.example")
    box = Box(root, "stat", pytest.MonkeyPatch())
    fill(root, range(9))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "other")
    box.edit(0)
    box.path(1).unlink()
    box.add(90)
    box.commit()
    git(root, "checkout", "-q", "main")
    fill(root, range(9, 12))
    box.commit()
    ticketctl(root, "list")
    for path in root.glob(".git/ticketctl/index*"):
        path.unlink()
    return root


@pytest.fixture(params=MODES)
def box(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Box:
    """A store that is asked in one of the ways, with a warm index."""
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text(GITCONFIG)
    made = Box(tmp_path / "store", request.param, monkeypatch)
    shutil.copytree(template, made.root, symlinks=True)
    ahead = 10_000_000_000 if "old" in made.mode else 0

    def spied(ask: Callable[..., object]) -> Callable[..., object]:
        def spy(*words: object) -> object:
            found = ask(*words)
            made.asked.append(found is not None)
            return found

        return spy

    for name in ("changes_by_git", "state_in_head"):
        monkeypatch.setattr(git_changes, name, spied(getattr(git_changes, name)))
    monkeypatch.setattr(
        stamps, "time", SimpleNamespace(time_ns=lambda: time.time_ns() + ahead)
    )
    made.check()
    made.check()
    return made
