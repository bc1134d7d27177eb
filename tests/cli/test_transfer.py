"""Tests of ``ticketctl.cli.transfer``."""

from __future__ import annotations

from pathlib import Path

from tests.support.hostile_texts import ONE_LINE, SCRIPTS, TICKET, raw
from tests.support.stores import done, make_store, make_tickets, ticketctl
from ticketctl.store.paths import path_of


def test_an_export_comes_back(tmp_path: Path) -> None:
    """Byte for byte, whatever the tickets hold (biztech knows the statuses, so only
    texts are hostile)."""
    root, other = make_store(tmp_path / "a"), make_store(tmp_path / "b")
    make_tickets(root, "aaaaa")
    for name, text in {"poison": ONE_LINE.replace("x\0", ""), **SCRIPTS}.items():
        done(root, "note", "aaaaa", "-m", f"{name} {text}\nand more")
    ran = ticketctl(root, "export")
    assert ran.status == 0
    assert raw(ran.out) == []
    assert ticketctl(other, "import", "-", feed=ran.out.encode()).status == 0
    assert (other / path_of(TICKET)).read_bytes() == (
        root / path_of(TICKET)
    ).read_bytes()
