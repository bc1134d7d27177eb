"""Tests of ``ticketctl.store.git.environment``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.strangers import git_in


def test_what_the_environment_says_of_git(
    shell: Shell, store_in_git: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuration is kept; what names another repository is dropped."""
    other = shell.folder.parent / "other"
    other.mkdir()
    git_in(other, "init", "-q")
    before = shell.ok("git rev-parse HEAD")
    named = f"GIT_DIR={other}/.git GIT_WORK_TREE={other} GIT_INDEX_FILE={other}/.git/index GIT_OBJECT_DIRECTORY={other}"
    shell.ok(
        f"{named} GIT_COMMON_DIR={other}/.git GIT_PREFIX=x/ ticketctl note 3ah -m x"
    )
    assert shell.ok("git rev-parse HEAD") != before
    assert not git_in(other, "rev-list", "--all")
    count = "GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.email GIT_CONFIG_VALUE_0=zoe@support.example"
    shell.ok(
        f"{count} GIT_CONFIG_KEY_1=user.name GIT_CONFIG_VALUE_1=Zoe ticketctl note 3ah -m y"
    )
    assert (
        shell.ok("git log -1 --format='%an %ae'").strip() == "Zoe zoe@support.example"
    )
    shell.ok(
        """GIT_CONFIG_PARAMETERS="'user.email=max@support.example'" ticketctl note 3ah -m z"""
    )
    assert shell.ok("git log -1 --format=%ae").strip() == "max@support.example"
