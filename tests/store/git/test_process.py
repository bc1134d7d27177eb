"""Tests of ``ticketctl.store.git.process``."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.shell import Shell


def test_git_never_finds_a_bare_repository(shell: Shell, tmp_path: Path) -> None:
    """Whatever folder git is started in: the option stands in every command line."""
    shell.ok("ticketctl init -p biztech")
    log = tmp_path / "log"
    wrapper = shell.home / "bin/git"
    real = shutil.which("git")
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    shell.ok(
        "ticketctl new x -c jane@customer.example && ticketctl list && ticketctl doctor && ticketctl sweep"
    )
    lines = log.read_text().splitlines()
    assert lines and all(
        line.startswith("-c safe.bareRepository=explicit ") for line in lines
    ), lines
