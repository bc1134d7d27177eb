"""Tests of ``ticketctl.store.git.access``."""

from __future__ import annotations

import os

from tests.support.shell import Shell
from tests.support.strangers import ROOT_ONLY


@ROOT_ONLY
def test_a_repository_of_another_user(public: Shell) -> None:
    """Told as what it is, by every command, with git's own remedy; never as "no
    repository"."""
    shell, store_in_git = public, public.folder
    shell.ok(
        "ticketctl init -p biztech && ticketctl new 'It does not work' -c jane@customer.example"
    )
    shell.ok("git config --file .git/config ticketctl.sender true")
    for path in [store_in_git, *store_in_git.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    for command in (
        "list",
        "show 3ah",
        "note 3ah -m x",
        "sweep",
        "doctor",
        "mail send",
        "check --range HEAD..HEAD",
    ):
        ran = shell.run(f"ticketctl {command}")
        assert ran.status == 71, (command, ran)
        assert "dubious ownership" in ran.out and "sudo -u nobody" in ran.out, (
            command,
            ran,
        )
        assert f"git config --global --add safe.directory {store_in_git}" in ran.out, (
            command,
            ran,
        )
    ran = shell.run("ticketctl init sub")
    assert ran.status == 71 and "dubious ownership" in ran.out, ran
    shell.ok(f"git config --global --add safe.directory {store_in_git}")
    shell.ok(
        "ticketctl note 3ah -m x && ticketctl assign 3ah @me && ticketctl move 3ah Solved --reply Done"
    )
    shell.ok(
        "ticketctl list && ticketctl sweep && ticketctl new y -c jane@customer.example && ticketctl index rebuild"
    )
    others = [path for path in store_in_git.rglob("*") if path.lstat().st_uid != 65534]
    assert not others, "what root makes in another's store goes to its owner"


@ROOT_ONLY
def test_a_folder_of_roots_in_anothers_repository(public: Shell) -> None:
    """Whose the repository is decides: git runs as its owner, who keeps all that is
    made."""
    shell, store_in_git = public, public.folder
    shell.ok("git init -q && git commit -q --allow-empty -m x")
    for path in [store_in_git, *store_in_git.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    shell.ok(f"git config --global --add safe.directory {store_in_git}")
    shell.ok(
        "ticketctl init sub -p biztech && sed -i 's/commit: off/commit: auto/' sub/ticketctl.yaml"
    )
    who = store_in_git.parent / "who"
    who.write_text("")
    who.chmod(0o666)
    shell.ok(f"git config core.fsmonitor 'id -u >> {who}; false'")
    for path in [store_in_git / ".git/config"]:
        os.chown(path, 65534, 65534)
    shell.ok(
        "ticketctl -C sub new x -c jane@customer.example && ticketctl -C sub list && ticketctl -C sub doctor"
    )
    assert not [
        path for path in store_in_git.rglob("*") if path.lstat().st_uid != 65534
    ]
    assert set(who.read_text().split()) <= {"65534"}
