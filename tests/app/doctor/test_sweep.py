"""Tests of ``ticketctl.app.doctor.sweep``."""

from __future__ import annotations

from pathlib import Path

from tests.support.doctor import said
from tests.support.stores import done


def test_sweeps_that_stopped(healthy: Path) -> None:
    done(healthy, "sweep")
    assert "the last sweep of this clone was at 2026-11-02" in said(
        healthy, now="2026-11-05T09:00:00Z"
    )
