"""Fixtures of the tests of ``ticketctl.app.doctor``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stores import done, make_tickets


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """A store as init makes it, with one ticket."""
    root = tmp_path / "store"
    done(root.parent, "init", str(root), "-p", "biztech")
    make_tickets(root, "aaaaa")
    return root
