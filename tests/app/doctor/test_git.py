"""Tests of ``ticketctl.app.doctor.git``."""

from __future__ import annotations

from pathlib import Path

from tests.support.doctor import git, said
from tests.support.stores import make_store


def test_git(healthy: Path) -> None:
    git(healthy, "config", "--unset", "merge.ticketctl.driver")
    assert "has no merge driver for tickets" in said(healthy)
    text = next(healthy.glob("tickets/*/*/*/*.yaml"))
    text.write_text("# mine\n" + text.read_text())
    assert "1 file changed by hand and not committed" in said(healthy)


def test_no_repository(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", "commit: auto\n", git=False)
    assert "this is not a git repository" in said(root)
