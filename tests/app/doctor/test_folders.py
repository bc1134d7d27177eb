"""Tests of ``ticketctl.app.doctor.folders``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.doctor import said


def test_a_day_with_many_tickets(
    healthy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketctl.app.doctor.folders.CROWDED", 0)
    assert "tickets/2026/11/02: warning: 1 tickets of one day" in said(healthy)
