"""Tests of ``ticketctl.app.transaction``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.future_events import MAIL, solved
from tests.support.pending import LATER
from tests.support.stores import (
    AMY,
    NOW,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from tests.support.sweeps import SWEPT_AT
from ticketctl.core import dates
from ticketctl.errors import RefusedError

# --- a disk that cannot be written ---


READS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("list", "--search", "help"),
    ("show", "aaaaa"),
    ("log", "aaaaa"),
    ("next", "aaaaa"),
    ("why", "aaaaa"),
    ("forecast",),
    ("check",),
    ("check", "--changed"),
    ("export",),
    ("sweep", "-n"),
    ("profile", "list"),
)


WRITES: tuple[tuple[str, ...], ...] = (
    ("note", "aaaaa", "-m", "x"),
    ("move", "aaaaa", "Solved", "--reply", "x"),
    ("new", "x", "-c", "jane@customer.example"),
    ("sweep",),
    ("index", "rebuild"),
)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A store on a file system that is mounted read-only; only root can."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip(
            "only root can mount a file system; the faults themselves are tested without"
        )
    ran = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "ticketctl-test", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        pytest.skip(f"no file system can be mounted here: {ran.stderr.strip()}")
    try:
        root = make_store(place / "store")
        make_tickets(root, "aaaaa")
        done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
        shutil.rmtree(root / ".git/ticketctl")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield root
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_store(read_only: Path) -> None:
    """What reads, reads; what writes says 71 and why; doctor names it."""
    before = files_of(read_only)
    for words in READS:
        ran = ticketctl(read_only, *words, now=LATER)
        assert ran.status == 0, (words, ran)
    for words in WRITES:
        ran = ticketctl(read_only, *words, now=LATER)
        assert ran.status == 71 and not ran.out and "Traceback" not in ran.err, (
            words,
            ran,
        )
        assert "Read-only file system" in ran.err, (words, ran)
    ran = ticketctl(read_only, "doctor", now=LATER)
    assert ran.status == 1
    assert f"{read_only}/tickets" in ran.out
    assert "read-only file system" in ran.out
    assert files_of(read_only) == before


# --- --now ---


WRITING = {
    "new": ("new", "Late", "-c", "jane@customer.example"),
    "note": ("note", "aa000", "-m", "x"),
    "move": ("move", "aa000", "Open"),
    "set": ("set", "aa000", "due=2026-12-01"),
    "adopt": ("edit", "--adopt", "aa000"),
    "import": ("import", "rows.jsonl"),
    "rows": ("new", "--from", "rows.jsonl"),
    "mail in": ("mail", "in"),
    "mail fetch": ("mail", "fetch", "--maildir", "maildir"),
    "mail send": ("mail", "send"),
    "edit": ("edit", "aa000"),
    "sweep": ("sweep",),
}


EMAIL = b"From: jane@customer.example\nTo: help@support.example\nMessage-ID: <1@customer.example>\nSubject: x\n\nHello.\n"


@pytest.mark.parametrize("name", WRITING)
def test_whatever_writes_does_not_write_in_the_future(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before a byte is written or an email goes out, with what to type; the
    same a little later is free."""
    root = solved(tmp_path / "store", 1, MAIL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "touch edited; false")
    row = {"title": "One", "customer": "a@customer.example"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / folder).mkdir(parents=True)
    (tmp_path / "maildir/new/1").write_bytes(EMAIL)
    before = files_of(root)
    ran = ticketctl(
        root, "--now", "2099-01-01", *WRITING[name], now=SWEPT_AT, feed=EMAIL
    )
    assert ran.status == (75 if name == "mail in" else 1), ran
    assert "--now 2099-01-01T00:00:00Z is" in ran.err
    assert "nothing was written" in ran.err
    assert "ticketctl --now 2099-01-01T00:00:00Z --trust-clock" in ran.err
    assert files_of(root) == before
    assert (tmp_path / "maildir/new/1").exists()
    assert not (tmp_path / "edited").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--trust-clock", "--now", "2099-01-01"),
        ("--now", "+1h"),
        ("--now", "2026-11-01"),
    ],
    ids=["trusted", "an hour", "the past"],
)
def test_trust_clock_allows_writing(words: tuple[str, ...], tmp_path: Path) -> None:
    """With --trust-clock at any time; within an hour, or in the past, without it."""
    root = solved(tmp_path / "store", 1)
    done(root, *words, "note", "aa000", "-m", "x", now=SWEPT_AT)


def test_reading_at_another_time_is_free(tmp_path: Path) -> None:
    root = solved(tmp_path / "store", 1)
    for words in (
        ("list",),
        ("show", "aa000"),
        ("forecast",),
        ("why", "aa000"),
        ("next", "aa000"),
        ("check",),
        ("sweep", "-n"),
        ("note", "aa000", "-m", "x", "-n"),
        ("export",),
    ):
        assert (
            ticketctl(root, "--now", "2027-01-01", *words, now=SWEPT_AT).status == 0
        ), words


def test_sweep_takes_trust_clock_after_its_name(tmp_path: Path) -> None:
    """A sweep of the future is no trace of time: the next one in the present is not
    refused for it."""
    root = solved(tmp_path / "store", 1)
    assert ticketctl(root, "sweep", "--now", "2026-11-09", now=SWEPT_AT).status == 1
    assert "closed" in done(
        root, "sweep", "--now", "2026-11-09", "--trust-clock", now=SWEPT_AT
    )
    ran = ticketctl(root, "sweep", now=SWEPT_AT)
    assert ran.status == 1
    assert "aa000: an event is dated in the future" in ran.err
    assert "the clock says" not in ran.err


def test_ticketctl_now_is_the_clock(tmp_path: Path) -> None:
    """A replay needs no option, and an offset counts from it."""
    root = make_store(tmp_path / "store")
    done(
        root, "new", "Later", "-c", "jane@customer.example", now="2099-01-01T00:00:00Z"
    )
    (row,) = json.loads(
        done(root, "list", "--format", "json", now="2099-01-01T00:00:00Z")
    )["tickets"]
    assert row["created"] == "2099-01-01T00:00:00Z"
    ran = ticketctl(root, "-v", "--now", "+3d", "list", now="2099-01-01T00:00:00Z")
    assert "time: 2099-01-04 00:00" in ran.err
    ran = ticketctl(root, "list", now="soon")
    assert ran.status == 2
    assert "TICKETCTL_NOW" in ran.err


def test_writing_is_refused_in_one_place(tmp_path: Path) -> None:
    """Where writing begins, so that no command can forget it."""
    from ticketctl.app.transaction import writing
    from ticketctl.app.workspace import Workspace

    root = make_store(tmp_path / "store")
    clock = dates.parse_instant(NOW)
    workspace = Workspace(str(root), clock + timedelta(hours=1, seconds=1), AMY, clock)
    with pytest.raises(RefusedError), writing(workspace):
        raise AssertionError("it was let in")
