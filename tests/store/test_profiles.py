"""Tests of ``ticketctl.store.profiles``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_files import ROOM, SETTINGS, bounded, sane
from tests.support.stores import make_store, make_tickets, ticketctl


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_broken_profile(name: str, tmp_path: Path) -> None:
    """A profile that cannot be used: whoever names it is told where; tickets of other
    profiles go on (7, 11, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / "profiles").mkdir()
    (root / "profiles/evil.yaml").write_bytes(SETTINGS[name])
    commands = [
        (("new", "x", "-p", "evil"), (78,)),
        (("profile", "show", "evil"), (78,)),
        (("profile", "check", "evil"), (1, 78)),
        (("profile", "list"), (78,)),
        (("list",), (0,)),
        (("note", "aaaaa", "-m", "x"), (0,)),
        (("sweep",), (0,)),
    ]
    answers, grown, used = bounded(
        lambda: [ticketctl(root, *words) for words, _ in commands]
    )
    wrong = [
        f"{words}: {ran.status} {(ran.out + ran.err)[-200:]!a}"
        for (words, statuses), ran in zip(commands, answers, strict=True)
        if ran.status not in statuses
        or not sane(ran)
        or (ran.status and "evil" not in ran.out + ran.err)
    ]
    assert not wrong, "\n".join(wrong)
    assert grown < ROOM
    assert used < 3
