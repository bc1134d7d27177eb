"""Fixtures of the tests of ``ticketctl.app.email``."""

from __future__ import annotations

import pytest

from tests.support.email_floods import SMALL
from ticketctl.app.email import quota


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of a sixteenth, which are filled sooner."""
    monkeypatch.setattr("ticketctl.app.email.content.MAX_TEXT", SMALL)
    monkeypatch.setattr(quota, "FOR_ONE", 32 << 10)
    monkeypatch.setattr(quota, "FOR_ALL", 64 << 10)
