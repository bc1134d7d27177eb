"""Tests of ``ticketctl.app.batch``."""

from __future__ import annotations

from pathlib import Path

from tests.support.hostile_files import sane
from tests.support.stores import files_of, make_store, make_tickets, ticketctl


def test_a_ticket_of_another_profile_in_a_batch(tmp_path: Path) -> None:
    """It is refused in words: its profile does not know the statuses of the batch (19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    before = files_of(root)
    ran = ticketctl(root, "batch", "-p", "aerosoft", "release", "2026.3", "aaaaa")
    assert ran.status in (1, 2) and sane(ran) and "biztech" in ran.err.casefold(), ran
    assert files_of(root) == before
