"""Tests of ``ticketctl.store.git.staging``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commits import WHO, commit, git_out, write


def test_what_the_user_has_staged_stays_staged(committed: Path) -> None:
    """Their file is not in our commit, and is still staged after it; nor is what they
    left unstaged."""
    write(committed, "tickets.txt", "staged")
    git_out(committed, "add", "tickets.txt")
    git_out(committed, "rm", "-q", "--cached", "tickets-old/x")
    write(committed, "run.sh", "changed")
    commit(
        committed, [write(committed, "tickets/2026/11/02/a.yaml", "ours")], "Ours", WHO
    )
    assert git_out(committed, "show", "--format=", "--name-only", "HEAD").split() == [
        "tickets/2026/11/02/a.yaml"
    ]
    assert git_out(committed, "diff", "--cached", "--name-only").split() == [
        "tickets-old/x",
        "tickets.txt",
    ]
    assert git_out(committed, "diff", "--name-only").split() == ["run.sh"]


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_files_at_which_git_was_told_not_to_look(
    committed: Path, flag: str, staged: bool
) -> None:
    """They are committed with what is in them, and git is still told so; no commit
    names a blob that is not there."""
    path = "tickets/2026/11/02/a.yaml"
    if staged:
        git_out(committed, "add", write(committed, path, "staged before"))
    git_out(committed, "update-index", f"--{flag}", path)
    other = write(committed, "tickets/2026/11/02/b.yaml", "new too")
    commit(committed, [write(committed, path, "new"), other], "Ours", WHO)
    assert (
        git_out(committed, "show", f"HEAD:{path}"),
        git_out(committed, "show", f"HEAD:{other}"),
    ) == (
        "new",
        "new too",
    )
    assert (
        git_out(committed, "ls-files", "-v", path)[0]
        == {"assume-unchanged": "h", "skip-worktree": "S"}[flag]
    )
    assert git_out(committed, "status", "--porcelain") == ""
    assert git_out(committed, "diff", "--cached", "--name-only") == ""
    assert git_out(committed, "fsck", "--strict", "--no-dangling") == ""


def test_a_repository_whose_git_never_looks(committed: Path) -> None:
    """``core.ignoreStat`` flags whatever is added."""
    git_out(committed, "config", "core.ignoreStat", "true")
    git_out(committed, "update-index", "--really-refresh")
    for text in ("one", "two"):
        commit(
            committed, [write(committed, "tickets/2026/11/02/a.yaml", text)], text, WHO
        )
        assert git_out(committed, "show", "HEAD:tickets/2026/11/02/a.yaml") == text
    assert git_out(committed, "fsck", "--strict", "--no-dangling") == ""


def test_a_staged_submodule_that_git_is_told_to_ignore(
    committed: Path, tmp_path: Path
) -> None:
    """Another commit of it, staged, is not ours, whatever ``submodule.NAME.ignore``
    says."""
    if "sha256" in git_out(committed, "rev-parse", "--show-object-format"):
        pytest.skip("a repository within must have ids of the same kind")
    sub = tmp_path / "sub"
    amy = ("-c", "user.name=Amy", "-c", f"user.email={WHO}")
    git_out(tmp_path, "init", "-q", str(sub))
    git_out(sub, *amy, "commit", "-qm", "x", "--allow-empty")
    git_out(
        committed,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(sub),
        "sub",
    )
    git_out(committed, "config", "-f", ".gitmodules", "submodule.sub.ignore", "all")
    git_out(committed, "add", "-A")
    git_out(committed, "commit", "-qm", "sub")
    git_out(committed / "sub", *amy, "commit", "-qm", "new", "--allow-empty")
    new = git_out(committed / "sub", "rev-parse", "HEAD").strip()
    git_out(committed, "update-index", "--cacheinfo", f"160000,{new},sub")
    commit(
        committed, [write(committed, "tickets/2026/11/02/a.yaml", "ours")], "Ours", WHO
    )
    said = git_out(
        committed,
        "diff-tree",
        "-r",
        "--ignore-submodules=none",
        "--name-only",
        "HEAD^",
        "HEAD",
    )
    assert said.split() == ["tickets/2026/11/02/a.yaml"]
