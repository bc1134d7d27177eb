"""Tests of ``ticketctl.store.git.setup``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.strangers import clone


@pytest.mark.parametrize(
    "name", [".gitattributes", ".gitignore", "ticketctl.yaml", ".vscode"]
)
@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "to nowhere"])
def test_init_writes_through_no_link(name: str, dangling: bool, shell: Shell) -> None:
    """T5: ``.gitattributes`` a link, and ``init`` wrote what it led to."""
    victim = shell.folder.parent / "victim"
    if not dangling:
        victim.write_text("mine\n")
    (shell.folder / name).symlink_to(victim)
    ran = shell.run("ticketctl init -p biztech")
    assert ran.status in (0, 1, 71) and "Traceback" not in ran.out, ran
    assert victim.exists() != dangling
    assert dangling or victim.read_text() == "mine\n"


def test_init_sets_up_a_clone_again(shell: Shell, store_in_git: Path) -> None:
    """A further clone, and one of an older version; ``doctor`` says so."""
    other = clone(shell, store_in_git)
    assert (
        "no merge driver for tickets (ticketctl init)"
        in other.run("ticketctl doctor").out
    )
    assert "set up this clone" in other.ok("ticketctl init")
    assert "0 problems" in other.ok("ticketctl doctor")
    assert (other.folder / ".git/hooks/pre-commit").read_text() == (
        store_in_git / ".git/hooks/pre-commit"
    ).read_text()
    other.ok("git config merge.ticketctl.driver 'ticketctl merge-driver %O %A %B %P'")
    assert "older version (ticketctl init)" in other.ok("ticketctl doctor")
    other.ok("ticketctl init && ticketctl init")
    assert "older" not in other.ok("ticketctl doctor")


def test_the_hook_finds_the_program_or_says_so(
    shell: Shell, store_in_git: Path
) -> None:
    """By PATH, else where init recorded it, else the commit passes with a word."""
    program = shell.ok("git config --local ticketctl.program").strip()
    assert Path(program) == shell.home / "bin/ticketctl"
    ticket = next(store_in_git.glob("tickets/*/*/*/*.yaml"))
    bare = f"PATH=/usr/bin:/bin HOME={shell.home}"
    ticket.write_text(ticket.read_text().replace("It does not work", "It works"))
    for path in ("", f"{bare} "):
        ran = shell.run(f"{path}git commit -qam forged")
        assert ran.status == 1 and "was changed after it was written" in ran.out, ran
    shell.ok("git config --unset ticketctl.program")
    ran = shell.run(f"{bare} git commit -qam forged")
    assert (
        ran.status == 0
        and "not checked" in ran.out
        and "git config ticketctl.program" in ran.out
    ), ran


def test_the_hook_takes_no_program_from_the_store(
    shell: Shell, store_in_git: Path
) -> None:
    """A PATH with relative parts would."""
    victim = shell.folder.parent / "owned"
    planted = store_in_git / "ticketctl"
    planted.write_text(f"#!/bin/sh\ntouch {victim}\n")
    planted.chmod(0o755)
    ticket = next(store_in_git.glob("tickets/*/*/*/*.yaml"))
    ticket.write_text(ticket.read_text() + "# by hand\n")
    shell.run("PATH=.:/usr/bin:/bin git commit -qam x")
    assert not victim.exists()


def test_the_hook_of_the_first_version_gives_way(
    shell: Shell, store_in_git: Path
) -> None:
    from ticketctl.store.git.setup import _OLD_HOOK, set_up_clone

    hook = store_in_git / ".git/hooks/pre-commit"
    new = hook.read_text()
    hook.write_text(_OLD_HOOK)
    set_up_clone(str(store_in_git), hook=True)
    assert hook.read_text() == new
    assert os.access(hook, os.X_OK)
    hook.write_text("#!/bin/sh\n# mine\n")
    set_up_clone(str(store_in_git), hook=True)
    assert hook.read_text() == "#!/bin/sh\n# mine\n"
