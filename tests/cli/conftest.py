"""Fixtures of the tests of ``ticketctl.cli``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_texts import (
    ONE_LINE,
    SHORT,
    TICKET,
    loud_store,
    ticket,
    yaml,
)


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the commands below; the profile is right, so that everything of it
    can be shown."""
    root = loud_store(
        tmp_path_factory.mktemp("loud") / f"store{chr(0x202E)}", ONE_LINE, SHORT
    )
    # A ticket that is broken, one with another title in its head, and a file that is
    # none.
    folder = root / "tickets/2026/11/02"
    (folder / "261102-bbbbb.yaml").write_text(
        f"id: 261102-bbbbb\n{yaml('key' + SHORT)}: 1\nhistory: [\n"
    )
    other = (
        ticket(ONE_LINE, SHORT)
        .replace(TICKET.encode(), b"261102-ccccc")
        .replace(b"\ntitle: ", b'\ntitle: "\\e[2Jx" #', 1)
    )
    (folder / "261102-ccccc.yaml").write_bytes(other)
    (folder / "\x1b[2J\u202e\x9b.txt").write_text("")
    return root
