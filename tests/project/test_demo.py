"""The demo of ``make demo``."""

from __future__ import annotations

import re
import subprocess

from tests.support.places import ROOT
from tests.support.shell import Shell


def test_the_demo_runs_and_shows_the_main_job(shell: Shell) -> None:
    """Every step comes out: the refusal with its way, the reply that moves, the closing
    by the sweep, the diff of it."""
    done = subprocess.run(
        ["sh", "tests/demo.sh"],
        cwd=ROOT,
        env=shell.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "the way there: New -> Open (agent) -> Solved (agent) -> Closed (by itself after 4 days)"
        in done.stderr
    )
    for shown in (
        r": Pending -> Open\b",
        r"closed +\w{5}  Solved -> Closed",
        r"\+status: Closed",
        r"rule close-solved",
    ):
        assert re.search(shown, done.stdout), shown
    assert "0 problems" in done.stderr
