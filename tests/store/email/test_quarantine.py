"""Tests of ``ticketctl.store.email.quarantine``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.email_floods import TOMORROW, settled
from tests.support.emails import dead, desk_of, mail_in
from tests.support.stores import files_of
from ticketctl.app.email import quarantine

# --- reading piece by piece ---


class Counted:
    """Bytes that are made as they are read, and how many were."""

    def __init__(self, size: int) -> None:
        self.left, self.largest = size, 0

    def read(self, size: int, /) -> bytes:
        """The next."""
        self.largest = max(self.largest, size)
        given = min(size, self.left)
        self.left -= given
        return b"x" * given


def test_what_is_too_large_is_never_in_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, once, and exact; what is beyond all bounds is left with the mail
    server."""
    from ticketctl.app.email import inbound

    monkeypatch.setattr(inbound, "MAX_EMAIL", 1000)
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 5 << 20)
    root = settled(tmp_path)
    source = Counted(4 << 20)
    receipt = inbound.receive_from(desk_of(root), source)
    assert receipt.fate == "dead"
    assert source.left == 0
    assert source.largest <= 1 << 20
    assert {data.count(b"x"): why for data, why in dead(root).items()} == {
        4 << 20: "it cannot be read: larger than 0 MiB\n"
    }
    before = files_of(root)
    assert (
        inbound.receive_from(desk_of(root, TOMORROW), Counted(4 << 20)).words
        == receipt.words
    )
    assert files_of(root) == before
    ran = mail_in(root, b"x" * (6 << 20))
    assert ran.status == 75
    assert "is not received" in ran.err
    assert files_of(root) == before
    (root / "dead-letters/.coming-old").write_bytes(b"of somebody who was killed")
    os.utime(root / "dead-letters/.coming-old", (0, 0))
    inbound.receive_from(desk_of(root), Counted(1001))
    assert not (root / "dead-letters/.coming-old").exists()


@pytest.mark.parametrize("what", ["a file", "a link"])
def test_what_cannot_be_kept_is_left_with_the_server(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """75, and nothing is written elsewhere."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = settled(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if what == "a file":
        (root / "dead-letters").write_text("in the way")
    else:
        (root / "dead-letters").symlink_to(elsewhere)
    assert mail_in(root, b"x" * 2000).status == 75
    assert not list(elsewhere.iterdir())
