"""Tests of ``ticketctl.store.git.hooked_commit``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.commit_failures import HALF, add_hook, git_of
from tests.support.commits import WHO, commit, git_out, write
from tests.support.places import ROOT
from tests.support.stores import ticketctl
from ticketctl.errors import DiskError
from ticketctl.store.git.identity import identity_of


def test_hooks_of_others_are_run(committed: Path) -> None:
    """Git makes the commit itself where there is a hook that is not ours, and is
    obeyed."""
    hook = committed / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "Seen-By: hook" >> "$1"\n')
    hook.chmod(0o755)
    commit(committed, [write(committed, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO)
    assert "Seen-By: hook" in git_out(committed, "log", "-1", "--format=%B")
    hook.write_text("#!/bin/sh\nexit 1\n")
    before = git_out(committed, "rev-parse", "HEAD")
    with pytest.raises(DiskError):
        commit(
            committed, [write(committed, "tickets/2026/11/02/a.yaml", "y")], "Ours", WHO
        )
    assert git_out(committed, "rev-parse", "HEAD") == before


def test_nothing_new_is_no_commit_with_hooks(committed: Path) -> None:
    """What somebody else has committed first is no failure, be it one of several."""
    hook = committed / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    path = write(committed, "tickets/2026/11/02/a.yaml", "x")
    git_out(committed, "commit", "-qam", "theirs")
    commit(committed, [path], "Ours", WHO)
    assert git_out(committed, "log", "-1", "--format=%s").strip() == "theirs"
    commit(
        committed,
        [path, write(committed, "tickets/2026/11/02/b.yaml", "x")],
        "Ours",
        WHO,
    )
    assert git_out(committed, "log", "-1", "--format=%s").strip() == "Ours"


@pytest.mark.parametrize(
    "attributes", ["filter=hide", "text eol=crlf", "ident", "text=auto"]
)
def test_what_git_makes_of_files_on_their_way_is_committed(
    committed: Path, attributes: str
) -> None:
    """Where attributes have it change the bytes (git-crypt, line ends), as ``git add``
    would."""
    git_out(committed, "config", "filter.hide.clean", "sed s/secret/hidden/")
    git_out(committed, "config", "filter.hide.required", "true")
    (committed / ".gitattributes").write_text(f"tickets/** {attributes}\n")
    git_out(committed, "add", "-A")
    git_out(committed, "commit", "-qm", "attributes", "--allow-empty")
    text = "a secret\r\n$Id: x$\r\n"
    paths = [
        write(committed, f"tickets/2026/11/0{number}/a.yaml", "") for number in (2, 3)
    ]
    for path in paths:
        (committed / path).write_bytes(text.encode())
    commit(committed, paths, "Ours", WHO)
    ours = git_out(committed, "rev-parse", "HEAD^{tree}")
    assert git_out(committed, "status", "--porcelain") == ""
    git_out(committed, "reset", "-q", "--soft", "HEAD^")
    git_out(committed, "commit", "-qam", "by git")
    assert git_out(committed, "rev-parse", "HEAD^{tree}") == ours
    assert git_out(committed, "fsck", "--strict", "--no-dangling") == ""


def test_a_signed_commit_is_signed_by_git(committed: Path, tmp_path: Path) -> None:
    """With an ssh key; the author may be somebody else."""
    key = tmp_path / "key"
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
    )
    (tmp_path / "signers").write_text(f"{WHO} {key.with_suffix('.pub').read_text()}")
    for name, value in (
        ("commit.gpgsign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingkey", f"{key}.pub"),
        ("gpg.ssh.allowedSignersFile", str(tmp_path / "signers")),
    ):
        git_out(committed, "config", name, value)
    path = write(committed, "tickets/2026/11/02/a.yaml", "x")
    made = commit(committed, [path], "Ours", WHO, "tom@support.example")
    git_out(committed, "verify-commit", made.id)
    assert (
        git_out(committed, "log", "-1", "--format=%s %ae %ce").strip()
        == f"Ours tom@support.example {WHO}"
    )
    assert git_out(committed, "status", "--porcelain") == ""


def test_a_hook_that_writes_is_refused_at_once(store_root: Path) -> None:
    """It would wait for the store's lock, which the command holds whose commit it is
    of."""
    add_hook(
        store_root,
        "pre-commit",
        f'"{__import__("sys").executable}" -m ticketctl -C "{store_root}" note aaaaa -m inner 2> said; exit 0',
    )
    ran = subprocess.run(
        [
            __import__("sys").executable,
            "-m",
            "ticketctl",
            "-C",
            str(store_root),
            "--as",
            "agent:amy@support.example",
            "note",
            HALF,
            "-m",
            "outer",
        ],
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
        cwd=store_root,
        env={
            **os.environ,
            "TICKETCTL_NOW": "2026-11-02T09:00:00Z",
            "PYTHONPATH": str(ROOT),
        },
    )
    assert ran.returncode == 0, ran
    assert (
        "a hook of a commit that ticketctl makes cannot write"
        in (store_root / "said").read_text()
    )


def test_hooks_of_gits_configuration_are_run(store_root: Path) -> None:
    """Git 2.54 and later has hooks without files; where it has them, git makes the
    commit."""
    git_of(store_root, "config", "hook.say.event", "pre-commit")
    git_of(store_root, "config", "hook.say.command", "false")
    assert identity_of(str(store_root), "x@y.example").has_hooks
    head = git_of(store_root, "rev-parse", "HEAD")
    knows_them = git_of(store_root, "hook", "list", "pre-commit", ok=False) != ""
    ran = ticketctl(store_root, "note", HALF, "-m", "x")
    assert (ran.status == 71) == knows_them
    assert (git_of(store_root, "rev-parse", "HEAD") == head) == knows_them
