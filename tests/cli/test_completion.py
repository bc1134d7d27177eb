"""Tests of ``ticketctl.cli.completion``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hostile_texts import raw
from tests.support.places import ROOT
from tests.support.shell import Ran
from tests.support.stores import AMY, make_store, make_tickets


def completed(root: Path, shell: str, *words: str) -> Ran:
    """What a shell is told when a command line is completed."""
    line = " ".join(words)
    environment = {
        **os.environ,
        "_TICKETCTL_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": f"ticketctl {line}",
        "COMP_CWORD": "" if shell == "fish" else str(len(words) + 1),
        "TICKETCTL_AS": AMY,
    }
    code = "import sys; from ticketctl.__main__ import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment,
        capture_output=True,
        check=False,
    )
    return Ran(ran.stdout.decode(), ran.returncode, ran.stderr.decode())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell: str, loud: Path, tmp_path: Path) -> None:
    """What is offered is safe; what typing would not mean is not offered."""
    ran = completed(loud, shell, "move", "aaaaa")
    assert ran.status == 0
    assert ran.err == ""
    assert raw(ran.out, "\n\t") == []
    # One line each, or three, however the criteria are made.
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    known = completed(root, shell, "move", "aaaaa")
    assert "Open" in known.out
    assert known.out.count("\n") == {"zsh": 3}.get(shell, 1) * known.out.count("plain")
    (root / "profiles").mkdir()
    (root / "profiles/\x1b[2J\u202e.yaml").write_text("")
    (root / "profiles/sound.yaml").write_text("")
    ran = completed(root, shell, "list", "-p")
    assert "sound" in ran.out
    assert raw(ran.out, "\n\t") == []
    assert "x1b" not in ran.out
    assert completed(root, f"{shell}x").status == 1


def test_a_completion_never_shows_an_error(tmp_path: Path) -> None:
    """Whatever the shell's script gives."""
    environment = {**os.environ, "_TICKETCTL_COMPLETE": "bash_complete"}
    ran = subprocess.run(
        [sys.executable, "-m", "ticketctl"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", b"")
