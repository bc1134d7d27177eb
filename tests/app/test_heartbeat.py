"""Tests of ``ticketctl.app.heartbeat``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.stores import done, ticketctl
from tests.support.sweeps import SWEPT_AT, solved_store


def test_a_heartbeat_tells_that_a_run_came_to_its_end(tmp_path: Path) -> None:
    root, beat = solved_store(tmp_path / "store", 1), tmp_path / "beat.json"
    for words in (("-n",), ("--now", "2036-11-01T09:00"), ("--rule", "nothing")):
        ticketctl(root, "sweep", "--heartbeat", str(beat), *words, now=SWEPT_AT)
        assert not beat.exists(), words
    done(root, "sweep", "--heartbeat", str(beat), now=SWEPT_AT)
    assert json.loads(beat.read_text()) == {
        "schema": "ticketctl/1",
        "at": SWEPT_AT,
        "done": 1,
        "left": 0,
        "refused": 0,
        "broken": 0,
        "failed": 0,
    }
    for nowhere in (str(tmp_path / "nowhere/beat"), str(tmp_path), ""):
        (root / ".git/ticketctl/last-sweep").unlink(missing_ok=True)
        ran = ticketctl(root, "sweep", "--heartbeat", nowhere, now=SWEPT_AT)
        assert ran.status == 71
        assert "cannot write the heartbeat" in ran.err
        assert not (root / ".git/ticketctl/last-sweep").exists(), (
            "that is said before anything is done"
        )
