"""Hermetic tests: an own HOME, a fixed clock and no settings of the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.shell import Shell, clean_environment

pytest_plugins = ["tests.support.fixtures"]

settings.register_profile(
    "ticketctl",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


settings.load_profile("ticketctl")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--part NAME``: only the tests marked ``@pytest.mark.part("NAME")`` (``make
    campaign PART=NAME``)."""
    parser.addoption(
        "--part", default="", metavar="NAME", help="run one part of the campaign alone"
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is of no wanted part.

    Raises:
        UsageError: no test is of it.
    """
    wanted = config.getoption("--part")
    if not wanted:
        return
    named = [
        (item, {name for mark in item.iter_markers("part") for name in mark.args})
        for item in items
    ]
    kept = [item for item, names in named if wanted in names]
    if not kept:
        known = ", ".join(sorted({name for _, names in named for name in names}))
        raise pytest.UsageError(f'the campaign has no part "{wanted}"; it has: {known}')
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(autouse=True)
def hermetic(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test sees the user's HOME, settings, clock or git configuration."""
    home = tmp_path_factory.mktemp("home")
    for name in (
        "TICKETCTL_AS",
        "TICKETCTL_NOW",
        "TICKETCTL_STORE",
        "NO_COLOR",
        "FORCE_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in clean_environment(home).items():
        monkeypatch.setenv(name, value)
    # The commands of the environment that the tests run in, whatever is installed
    # besides.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder; ids are drawn in a fixed order."""
    yield Shell(tmp_path / "desk")
