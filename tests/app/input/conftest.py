"""Fixtures of the tests of ``ticketctl.app.input``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.input import AMY


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store, in which the test is."""
    (tmp_path / "tickets").mkdir()
    (tmp_path / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKETCTL_AS", AMY)
    return tmp_path
