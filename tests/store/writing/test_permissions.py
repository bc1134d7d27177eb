"""Tests of ``ticketctl.store.writing.permissions``."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.stores import done, make_store, make_tickets
from tests.support.strangers import TICKET

# --- several users ---


@pytest.fixture
def umask() -> Iterator[None]:
    """The usual one, whatever the tests are run with."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.mark.parametrize(
    ("shared", "file", "folder"),
    [
        ("false", 0o644, 0o755),
        ("umask", 0o644, 0o755),
        ("group", 0o664, 0o2775),
        ("true", 0o664, 0o2775),
        ("all", 0o664, 0o2775),
        ("0660", 0o664, 0o2775),
        ("660", 0o664, 0o2775),
    ],
)
def test_modes_follow_shared_repository(
    shared: str, file: int, folder: int, shell: Shell, store_in_git: Path, umask: None
) -> None:
    shell.ok(f"git config core.sharedRepository {shared}")
    shutil.rmtree(store_in_git / ".git/ticketctl")
    shell.now = "2026-11-03T09:00"
    shell.ok(
        "ticketctl new y -c jane@customer.example --id 261103-aaaaa && ticketctl assign aaaaa @me"
    )
    shell.ok(
        "ticketctl move aaaaa Solved --reply Done && ticketctl list && ticketctl sweep"
    )
    made = [
        store_in_git / "tickets/2026/11/03",
        *(store_in_git / ".git/ticketctl").rglob("*"),
        *(store_in_git / "tickets/2026/11/03").iterdir(),
    ]
    for path in made:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (folder if path.is_dir() else file), (path, oct(mode))


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, umask: None) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / TICKET).chmod(0o600)
    done(root, "note", "aaaaa", "-m", "x")
    assert stat.S_IMODE((root / TICKET).stat().st_mode) == 0o600


def test_default_acls_are_honoured(tmp_path: Path, umask: None) -> None:
    if shutil.which("setfacl") is None:
        pytest.skip("setfacl is not installed (package acl)")
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    acl = [
        "setfacl",
        "-d",
        "-m",
        "g::rwx,m::rwx",
        str(root / "tickets/2026/11/02"),
        str(root / "tickets/2026/11"),
    ]
    if subprocess.run(acl, capture_output=True).returncode:
        pytest.skip("this file system has no access control lists")
    done(root, "new", "y", "--id", "261102-bbbbb", "-c", "jane@customer.example")
    done(root, "new", "y", "--id", "261103-bbbbb", "-c", "jane@customer.example")
    assert (
        stat.S_IMODE((root / "tickets/2026/11/02/261102-bbbbb.yaml").stat().st_mode)
        == 0o664
    )
    assert stat.S_IMODE((root / "tickets/2026/11/03").stat().st_mode) == 0o775
