"""Tests of ``ticketctl.store.writing.temporary``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.state import state_of
from tests.support.stores import done, make_store, make_tickets, ticketctl


def test_tracked_files_under_a_name_of_ours_stay(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    folder = root / ".ticketctl-0123456789abcdef"
    folder.mkdir()
    (folder / "mine").write_text("x")
    done(root, "note", "aaaaa", "-m", "x")
    assert (folder / "mine").read_text() == "x"
    assert "interrupted" not in ticketctl(root, "doctor").out


@contextmanager
def mounted(*words: str) -> Iterator[None]:
    """A mount, as root makes one."""
    if (
        os.geteuid()
        or subprocess.run(["mount", *words], capture_output=True).returncode
    ):
        pytest.skip("only root can mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", words[-1]], check=True)


@pytest.mark.parametrize("git_", [True, False], ids=["git", "outside git"])
@pytest.mark.parametrize(
    "what", [".git", ".git/ticketctl", "tickets", "tickets/2026", "."]
)
@pytest.mark.parametrize("how", ["bind", "tmpfs"])
def test_mounts_within_a_store(how: str, what: str, git_: bool, tmp_path: Path) -> None:
    """Containers mount repository, work tree and tickets apart; a rename crosses no
    mount."""
    root = make_store(tmp_path / "store", git=git_)
    make_tickets(root, "aaaaa")
    if how == "tmpfs" and what in (".git", "."):
        return  # nothing would be left of it
    place = root / what
    if not place.exists():
        return
    words = (
        ("--bind", str(place), str(place))
        if how == "bind"
        else ("-t", "tmpfs", "none", str(place))
    )
    with mounted(*words):
        (root / "rows.jsonl").write_text(
            '{"title": "a", "customer": "c@x.example"}\n{"title": "b", "customer": "c@x.example"}\n'
        )
        done(root, "new", "x", "--id", "261102-bbbbb", "-c", "jane@customer.example")
        done(root, "move", "bbbbb", "Open", "-a", "amy@support.example")
        done(root, "move", "bbbbb", "Pending", "--reply", "x")
        done(root, "new", "--from", str(root / "rows.jsonl"))
        assert "261102-bbbbb" in done(root, "list", "--format", "id")
        assert not list(root.rglob(".ticketctl-*"))
        assert not list(state_of(root).glob("waiting-*"))


# --- T3, T5: links and what is no file ---


def test_links_named_like_temporary_files(tmp_path: Path) -> None:
    """T3: thousands of links under the names that the next commands would use."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    victim = tmp_path / "thesis"
    victim.write_text("Years of work.")
    for pid in range(os.getpid(), os.getpid() + 300):
        for name in (
            f"index-{pid}.new",
            f".last-sweep.{pid}",
            f".heartbeat.{pid}",
            f"x.json.{pid}",
        ):
            for folder in (root, root / "tickets"):
                (folder / name).symlink_to(victim)
    for words in (
        ("list",),
        ("note", "aaaaa", "-m", "x"),
        ("sweep", "--heartbeat", str(root / "heartbeat")),
    ):
        assert ticketctl(root, *words).status == 0
    assert victim.read_text() == "Years of work."
