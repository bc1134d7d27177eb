"""Tests of ``ticketctl.store.yaml.cache``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.shell import Ran, Shell
from tests.support.stores import done, make_store, make_tickets, ticketctl


def test_a_cache_of_another_user_is_not_trusted(
    shell: Shell, store_in_git: Path
) -> None:
    """T4: somebody not listed acted as agent by way of planted settings."""
    settings = store_in_git / "ticketctl.yaml"
    settings.write_text(
        settings.read_text() + "people:\n  amy@support.example: {roles: [agent]}\n"
    )
    shell.ok("ticketctl list")
    planted = shell.folder / ".ticketctl/cache"
    shutil.copytree(state_of_shell(shell) / "cache", planted)
    for path in planted.iterdir():
        path.write_text(
            path.read_text().replace("amy@support.example", "mallory@evil.example")
        )
    ran = shell.run("ticketctl --as agent:mallory@evil.example move 3ah Open -a @me")
    assert ran.status == 1 and "mallory@evil.example" in ran.out, ran


def state_of_shell(shell: Shell) -> Path:
    """The state folder of the store in a shell's folder."""
    return Path(shell.ok("ticketctl -q doctor --state").strip())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{}",
        "[1,2]",
        '[1,1,{"a":7}]',
        '[1,1,{"a":[1]}]',
        '[1,1,{"a":"bc"}]',
        '"x"',
        "\0",
        "1e999",
    ],
)
def test_a_damaged_cache(text: str, tmp_path: Path) -> None:
    """A cache of any shape but its own is made again, and changes no answer (20)."""
    root = make_store(tmp_path / "store", "commit: off\ntimezone: Europe/London\n")
    make_tickets(root, "aaaaa")
    before = done(root, "show", "aaaaa")
    for path in (root / ".git/ticketctl/cache").iterdir():
        path.write_text(text)
    ran = ticketctl(root, "show", "aaaaa")
    assert ran == Ran(before, 0)
