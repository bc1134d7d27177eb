"""Files that a process holds, and what others see after its end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.repositories import in_another_process
from ticketctl.store.writing.held_files import HeldFile, check_abandoned
from ticketctl.store.writing.permissions import PLAIN

HOLD = """
import sys
from ticketctl.store.writing.permissions import PLAIN
from ticketctl.store.writing.held_files import HeldFile
one = HeldFile(sys.argv[1], b"mark and more", PLAIN)
"""


def test_a_held_file_is_abandoned_when_its_maker_is_killed(tmp_path: Path) -> None:
    """Nobody takes it for abandoned while its maker lives, whoever that is."""
    path = str(tmp_path / "held")
    there = in_another_process(HOLD, path)
    try:
        with check_abandoned(path, b"mark") as is_abandoned:
            assert not is_abandoned
        with pytest.raises(FileExistsError):
            HeldFile(path, b"", PLAIN)
    finally:
        there.kill()
        there.wait()
    with check_abandoned(path, b"mark") as is_abandoned:
        assert is_abandoned
        with check_abandoned(path, b"mark") as again:
            assert not again, (
                "two processes would both remove it, and one of them its successor"
            )
    with check_abandoned(path, b"another") as is_abandoned:
        assert not is_abandoned, "a file of somebody else's"
    assert [name.name for name in tmp_path.iterdir()] == ["held"], (
        "something is left beside it"
    )


def test_what_is_not_there_or_is_no_file_is_not_abandoned(tmp_path: Path) -> None:
    """Nor is what is behind a link; a FIFO is not opened, which would wait."""
    (tmp_path / "file").write_bytes(b"mark")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    for name in ("missing", "link", "fifo", "."):
        with check_abandoned(str(tmp_path / name)) as is_abandoned:
            assert not is_abandoned, name
