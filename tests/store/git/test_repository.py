"""Tests of ``ticketctl.store.git.repository``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.stores import make_store, make_tickets, ticketctl
from tests.support.strangers import special

# --- T2: repositories in the store ---


def embed(folder: Path, victim: Path) -> None:
    """What git takes for a bare repository, whose configuration runs programs."""
    for name in ("objects", "refs/heads"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    script = folder / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {victim}\n")
    script.chmod(0o755)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f"\tfsmonitor = {script}\n\thooksPath = {folder}/hooks\n"
        f'[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n[diff]\n\texternal = {script}\n'
    )
    (folder / "hooks").mkdir(exist_ok=True)
    shutil.copy(script, folder / "hooks/pre-commit")


COMMANDS = (
    "list -A",
    "show 3ah",
    "doctor",
    "check",
    "check --staged",
    "check --range HEAD..HEAD",
    "note 3ah -m Hello",
    "sweep",
    "index rebuild",
    "mail send",
    "export",
    "next 3ah",
)


@pytest.mark.parametrize("where", [".", "tickets", "tickets/2026", "profiles"])
def test_an_embedded_repository_runs_nothing(where: str, shell: Shell) -> None:
    """T2: a store in a subfolder that held HEAD, objects, refs and config."""
    victim = shell.folder.parent / "owned"
    shell.ok("git init -q && ticketctl init desk -p biztech")
    shell.ok(
        "ticketctl -C desk new x -c jane@customer.example && git add -A && git commit -qm x"
    )
    embed(shell.folder / "desk" / where, victim)
    (shell.folder / "desk/.gitattributes").write_text("* filter=x diff=x merge=x\n")
    for command in COMMANDS:
        ran = shell.run(f"ticketctl -C desk {command}")
        assert ran.status in (0, 1, 71, 78), (command, ran)
        assert "Traceback" not in ran.out and "this is a bug" not in ran.out, ran
        if where == "." and not command.startswith("mail"):
            assert ran.status == 71 and "looks like a bare git repository" in ran.out, (
                command,
                ran,
            )
    assert not victim.exists()


@pytest.mark.parametrize(
    "name", [".gitattributes", ".gitignore", "tickets/.gitattributes"]
)
@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_git_does_not_wait_for_what_is_no_file(
    name: str, kind: str, shell: Shell, store_in_git: Path
) -> None:
    (store_in_git / name).unlink(missing_ok=True)
    special(store_in_git / name, kind, store_in_git)
    for command in ("note 3ah -m x", "doctor", "sweep", "list -A"):
        ran = shell.run(f"timeout 20 ticketctl {command}")
        assert ran.status in (0, 1, 71) and "Traceback" not in ran.out, (command, ran)
        assert ran.status == 0 or name in ran.out, (command, ran)


BROKEN = {
    "no HEAD": lambda folder: (folder / "HEAD").unlink(),
    "no objects": lambda folder: shutil.rmtree(folder / "objects"),
    "an empty folder": lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    "a file that names nothing": lambda folder: (
        shutil.rmtree(folder),
        folder.write_text("gitdir: nowhere\n"),
    ),
    "a file of something else": lambda folder: (
        shutil.rmtree(folder),
        folder.write_text("hello\n"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_repository_that_git_refuses_is_not_outside_git(
    what: str, tmp_path: Path
) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    BROKEN[what](root / ".git")
    for words in (("list",), ("note", "aaaaa", "-m", "x"), ("doctor",)):
        ran = ticketctl(root, *words)
        assert ran.status == 71 and f"{root}/.git" in ran.err, (words, ran)
