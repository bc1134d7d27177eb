"""``init``: its files go through the same door to a commit as everything else."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.merges import MergedClone
from ticketctl.app.init import init_store
from ticketctl.app.unfinished_commits import catch_up
from ticketctl.app.workspace import Workspace
from ticketctl.errors import UncommittedError

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_a_commit_that_fails_has_the_same_message_everywhere_and_is_made_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of the user's template refuses the commit; once it is gone, the next
    command that writes commits the files."""
    hook = tmp_path / "template/hooks/commit-msg"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hook.parents[1]))
    root = tmp_path / "store"
    with pytest.raises(UncommittedError, match=r"^written, but not committed: .*no"):
        init_store(str(root), "biztech", NOW)
    (root / ".git/hooks/commit-msg").unlink()
    catch_up(Workspace(str(root), NOW))
    git = ["git", "-C", str(root)]
    assert subprocess.check_output([*git, "status", "--porcelain"]) == b""
    assert b"ticketctl.yaml" in subprocess.check_output([*git, "ls-files"])


def test_init_leaves_alone_what_is_there(tmp_path: Path) -> None:
    there = MergedClone(tmp_path)
    there.run("git", "init", "-q")
    hook = tmp_path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    there.run("ticketctl", "init")
    assert hook.read_text() == "#!/bin/sh\n"
    assert not (tmp_path / ".vscode").exists()
    assert "merge-driver" in there.run("git", "config", "merge.ticketctl.driver")


def test_init_writes_into_no_hooks_that_others_share(tmp_path: Path) -> None:
    there = MergedClone(tmp_path / "store")
    there.folder.mkdir()
    (tmp_path / "hooks").mkdir()
    there.run("git", "config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    there.run("ticketctl", "init")
    assert list((tmp_path / "hooks").iterdir()) == []
