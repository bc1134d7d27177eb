"""Tests of ``ticketctl.store.tickets``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.campaign import rounds
from tests.support.disk_faults import everywhere, two
from tests.support.index_stores import fill
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from tests.support.strangers import special

PLACES = (
    "dead-letters/261102-090000-0123456789abcdef.txt",
    "dead-letters/261102-090000-0123456789abcdef.eml",
    "tickets/2026/11/02/261102-bbbbb.yaml",
    "profiles/mine.yaml",
    "profiles/biztech@1.yaml",
    "ticketctl.yaml",
    "attachments/261102-aaaaa/e0-x.txt",
)


@pytest.mark.parametrize("kind", ["link", "fifo", "socket", "device"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_is_not_opened(place: str, kind: str, tmp_path: Path) -> None:
    """T5: ``doctor`` printed a private file, and read /dev/zero."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    private = tmp_path / "private"
    private.write_text("The secret of somebody else.")
    (root / place).unlink(missing_ok=True)
    special(root / place, kind, private)
    for words in (
        ("doctor",),
        ("check",),
        ("list", "-A"),
        ("show", "aaaaa"),
        ("profile", "list"),
        ("sweep", "-n"),
    ):
        ran = ticketctl(root, *words)
        assert ran.status in (0, 1, 65, 71, 78), (words, ran)
        assert (
            "secret" not in ran.out + ran.err
            and "Traceback" not in ran.err
            and "bug" not in ran.err
        ), (words, ran)
    assert private.read_text() == "The secret of somebody else."


@pytest.mark.parametrize(
    "folder", ["tickets", "profiles", "attachments", "dead-letters"]
)
def test_a_folder_behind_a_link_is_neither_read_nor_written(
    folder: str, tmp_path: Path
) -> None:
    root = make_store(
        tmp_path / "store", "commit: off\nmail: {from: help@support.example}\n"
    )
    make_tickets(root, "aaaaa")
    away = tmp_path / "away"
    away.mkdir()
    (away / "secret.txt").write_text("The secret of somebody else.")
    (away / "secret.yaml").write_text("profile: secret\n")
    if (root / folder).exists():
        (root / folder).rename(tmp_path / "kept")
    (root / folder).symlink_to(away)
    before = files_of(away)
    for words in (
        ("doctor",),
        ("list", "-A"),
        ("profile", "list"),
        ("note", "aaaaa", "-m", "x"),
        ("mail", "in"),
    ):
        ran = ticketctl(root, *words)
        assert "secret" not in (ran.out + ran.err).replace(str(away), ""), (words, ran)
        assert "Traceback" not in ran.err and "bug" not in ran.err, (words, ran)
    assert files_of(away) == before


# --- broken tickets ---

Spoil = Callable[[Path, bytes], object]


SPOILT: tuple[Spoil, ...] = (
    lambda p, d: p.write_bytes(b"\xff\xfe" + d),
    lambda p, d: p.write_bytes(b""),
    lambda p, d: p.write_bytes(d[: len(d) // 3]),
    lambda p, d: p.write_bytes(d.replace(b"  at:", b"\tat:")),
    lambda p, d: p.write_bytes(d.replace(b"id: 26", b"id: 27", 1)),
    lambda p, d: p.write_bytes(d.replace(b"status:", b"status: New\nstatus:", 1)),
    lambda p, d: p.write_bytes(d.replace(b"title: ", b"title: &a ", 1)),
    lambda p, d: p.write_bytes(d[: d.index(b"history:")]),
    lambda p, d: p.write_bytes(d.replace(b"biztech", b"nowhere")),
    lambda p, d: p.write_bytes(re.sub(rb"(?m)(status|to|from): \w+$", rb"\1: Nope", d)),
    lambda p, d: p.write_bytes(d.replace(b"at: 2026-", b"at: 2026-99", 1)),
    lambda p, d: (p.unlink(), p.symlink_to(p.with_name("x"))),
    lambda p, d: (p.unlink(), p.mkdir()),
    lambda p, d: p.write_bytes(d + b"# x\n" * (1 << 18)),
    lambda p, d: p.write_bytes(b"<<<<<<< a\n" + d + b"=======\n>>>>>>> b\n"),
    lambda p, d: p.write_bytes(d.replace(b"event: created", b"event: borne", 1)),
    lambda p, d: p.write_bytes(b"- a list\n"),
    lambda p, d: p.write_bytes(d.replace(b"Ticket", b"!!python/name:os ", 1)),
    lambda p, d: p.write_bytes(b"[" * 5000),
    lambda p, d: (p.unlink(), os.mkfifo(p)),
)


def test_a_hundred_broken_tickets_hide_no_other(tmp_path: Path) -> None:
    """Files on disk = shown + reported, by list, check and sweep; status 65 (7). In a
    campaign of 100,000."""
    total = rounds(1000, 100_000)
    (tmp_path / "ticketctl.yaml").write_text(
        "profile: biztech\ncommit: off\nsweep: {max_moves: 999999, max_share: 100}\n"
    )
    fill(tmp_path, range(total))
    spoilt = sorted(tmp_path.glob("tickets/*/*/*/*"))[:: total // 100]
    for number, path in enumerate(spoilt):
        SPOILT[number % len(SPOILT)](path, path.read_bytes())
    bad = {path.stem for path in spoilt}
    all_ = {path.stem for path in tmp_path.glob("tickets/*/*/*/*")}
    assert len(all_) == total
    assert len(bad) == 100
    for _ in range(2):
        ran = ticketctl(
            tmp_path,
            "list",
            "-A",
            "-L",
            "0",
            "--format",
            "json",
            now="2026-11-02T12:00",
        )
        found = json.loads(ran.out)
        shown, named = (
            {row["id"] for row in found["tickets"]},
            {json.dumps(one) for one in found["broken"]},
        )
        assert ran.status == 65
        assert "100 tickets cannot be read" in ran.err
        assert found["total"] == total - 100
        assert shown == all_ - bad
        assert {re.search(r"/(\d{6}-\w{5})\.yaml", one)[1] for one in named} == bad  # type: ignore[index]
    ran = ticketctl(tmp_path, "check", now="2026-11-02T12:00")
    assert (
        ran.status == 65
        and bad <= set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.out + ran.err)) <= all_
    ), ran.err[-500:]
    assert not set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.out + ran.err)) - bad, (
        "no other has a problem"
    )
    ran = ticketctl(tmp_path, "sweep", now="2026-11-07T12:00")
    assert ran.status == 65 and "Traceback" not in ran.err, ran.err[-500:]
    closed = {
        path.stem
        for path in tmp_path.glob("tickets/*/*/*/*")
        if path.stem not in bad and b"to: Closed" in path.read_bytes()
    }
    assert closed == {id_ for id_ in all_ - bad if int(id_[7:]) % 3 == 0}
    assert bad <= set(re.findall(r"/(\d{6}-\w{5})\.yaml", ran.err + ran.out)), (
        "each is named by the sweep"
    )


def test_a_ticket_that_is_a_symbolic_link(tmp_path: Path) -> None:
    """It is not followed, but named, status 65 (10)."""
    root, other = two(tmp_path)
    path = "tickets/2026/11/02/261102-bbbbb.yaml"
    (root / path).symlink_to(other / path)
    everywhere(root, path, other)
    assert (root / path).is_symlink()


def test_a_dangling_symbolic_link(tmp_path: Path) -> None:
    """Nor is one that leads nowhere passed over in silence (7, 10)."""
    root, other = two(tmp_path)
    path = "tickets/2026/11/02/261102-bbbbb.yaml"
    (root / path).symlink_to(tmp_path / "nowhere")
    everywhere(root, path, other)


@pytest.mark.parametrize(
    "folder", ["tickets/2026/11/01", "tickets/2026/10", "tickets/2025"]
)
def test_a_folder_that_is_a_symbolic_link(folder: str, tmp_path: Path) -> None:
    """The tickets behind it are not read, and not silently missing: the link is named,
    status 65 (7, 10)."""
    root, other = two(tmp_path)
    (root / folder).symlink_to(other / "tickets/2026/11/01", target_is_directory=True)
    kept = files_of(other)
    for words in (("list",), ("check",), ("sweep",)):
        ran = ticketctl(root, *words, now="2026-11-02T10:00:00Z")
        assert ran.status == 65 and folder in ran.out + ran.err, (words, ran)
        assert "Secret" not in ran.out
    assert files_of(other) == kept


def test_a_whole_id_leads_through_no_link(tmp_path: Path) -> None:
    """A whole id, whose path needs no search, is not read or written behind a linked
    folder either (10)."""
    root, other = two(tmp_path)
    (root / "tickets/2026/11/01").symlink_to(
        other / "tickets/2026/11/01", target_is_directory=True
    )
    kept = files_of(other)
    for words in (
        ("show", "261101-bbbbb"),
        ("note", "261101-bbbbb", "-m", "x"),
        ("check", "261101-bbbbb"),
    ):
        ran = ticketctl(root, *words)
        assert ran.status in (65, 66) and "Secret" not in ran.out, (words, ran)
    ran = ticketctl(
        root, "new", "x", "--id", "261101-ccccc", "-c", "jane@customer.example"
    )
    assert ran.status in (65, 71) and "symbolic link" in ran.err, ran
    assert files_of(other) == kept


@pytest.mark.parametrize(
    "name",
    [
        ".ticketctl",
        ".ticketctl/tmp",
        ".ticketctl-0123456789abcdef",
        ".ticketctl-journal.jsonl",
    ],
)
@pytest.mark.parametrize("git", [True, False], ids=["git", "outside git"])
def test_a_name_of_ours_is_a_symbolic_link(
    name: str, git: bool, tmp_path: Path
) -> None:
    """A store that came so from somewhere else makes us neither delete nor write
    outside of it (9, 10)."""
    root = make_store(tmp_path / "store", git=git)
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("Years of work.")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(precious, target_is_directory=True)
    for words in (("list",), ("move", "aaaaa", "Pending", "--reply", "x"), ("sweep",)):
        ran = ticketctl(root, *words)
        assert "Traceback" not in ran.err
        assert "bug" not in ran.err
    assert files_of(precious) == {"thesis.txt": b"Years of work."}
