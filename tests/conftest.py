"""Hermetic tests: an own HOME, a fixed clock, no settings of the machine, real commands in an empty folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.shell import Shell, clean_environment

settings.register_profile(
    "ticketctl", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("ticketctl")


@pytest.fixture(autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's HOME, settings, clock or git configuration."""
    home = tmp_path_factory.mktemp("home")
    for name in ("TICKETCTL_AS", "TICKETCTL_NOW", "TICKETCTL_STORE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in clean_environment(home).items():
        monkeypatch.setenv(name, value)
    # The commands of the environment that the tests run in, whatever is installed besides.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder; ids are drawn in a fixed order."""
    yield Shell(tmp_path / "desk")
