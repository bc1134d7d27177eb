"""Tests of ``ticketctl.store.settings``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_files import ROOM, SETTINGS, bounded, sane
from tests.support.stores import files_of, make_store, make_tickets, ticketctl

MEAN = {
    "unknown key": b"colour: red\n",
    "people is a list": b"people: [amy]\n",
    "people is a word": b"people: amy\n",
    "person is a list": b"people: {amy: [agent]}\n",
    "roles is a mapping": b"people: {amy: {roles: {agent: x}}}\n",
    "timezone with a path": b"timezone: ../../../etc/passwd\n",
    "timezone is a list": b"timezone: [a]\n",
    "timezone is empty": b'timezone: ""\n',
    "timezone with a NUL": b'timezone: "a\\0b"\n',
    "commit is a list": b"commit: [auto]\n",
    "schema of tomorrow": b"schema: 99\n",
    "profile is a mapping": b"profile: {a: b}\n",
}


@pytest.mark.parametrize("name", [*SETTINGS, *MEAN])
def test_broken_settings(name: str, tmp_path: Path) -> None:
    """Settings that cannot be used are named with their place, status 78, and nothing
    is written (11, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / "ticketctl.yaml").write_bytes({**SETTINGS, **MEAN}[name])
    before = files_of(root)
    words = (
        ("list",),
        ("show", "aaaaa"),
        ("note", "aaaaa", "-m", "x"),
        ("new", "x", "-c", "jane@customer.example"),
        ("sweep",),
    )
    answers, grown, used = bounded(lambda: [ticketctl(root, *each) for each in words])
    for each, ran in zip(words, answers, strict=True):
        assert ran.status == 78 and sane(ran) and "ticketctl.yaml" in ran.err, (
            each,
            ran,
        )
    assert files_of(root) == before
    assert grown < ROOM
    assert used < 3
