"""The sweep of a whole store: limits, guards, missed runs, one commit (docs/sweep.md)."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.stores import (
    AMY,
    NOW,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from tests.support.sweeps import SWEPT_AT, halves, solved_store, statuses


def test_a_limit_takes_the_longest_due_and_says_what_is_left(tmp_path: Path) -> None:
    root = solved_store(tmp_path / "store", 5)
    ran = ticketctl(root, "sweep", "--limit", "2", now=SWEPT_AT)
    assert (ran.status, ran.out.count("closed")) == (0, 2)
    assert "3 more tickets are due (--limit 2)" in ran.err
    assert [
        half for half, status in sorted(statuses(root).items()) if status == "Closed"
    ] == ["aa000", "aa001"]
    assert "3 more" not in ticketctl(root, "sweep", now=SWEPT_AT).err
    assert set(statuses(root).values()) == {"Closed"}


def test_a_storm_is_planned_and_waits_to_be_confirmed(tmp_path: Path) -> None:
    """Rule 14: more changes of status than is usual are shown, not made."""
    root = solved_store(tmp_path / "store", 6, "sweep: {max_moves: 3, max_share: 10}\n")
    before = files_of(root)
    dry = ticketctl(root, "sweep", "-n", now=SWEPT_AT)
    assert dry.status == 0
    assert "a run would be refused: 6 tickets" in dry.err
    ran = ticketctl(root, "sweep", now=SWEPT_AT)
    assert ran.status == 1
    assert ran.out == dry.out
    assert ran.out.count("would close") == 6
    assert "6 tickets would change their status, more than 3 at once" in ran.err
    assert "hint: to allow it: ticketctl sweep --confirm 6" in ran.err
    assert files_of(root) == before
    assert ticketctl(root, "sweep", "--confirm", "5", now=SWEPT_AT).status == 1, (
        "one more than was meant"
    )
    assert files_of(root) == before
    assert ticketctl(root, "sweep", "--limit", "3", now=SWEPT_AT).status == 0, (
        "a limit keeps within what is usual"
    )
    assert ticketctl(root, "sweep", "--confirm", "6", now=SWEPT_AT).status == 0
    assert set(statuses(root).values()) == {"Closed"}


def test_the_guard_counts_changes_of_status_and_a_share_of_the_open(
    tmp_path: Path,
) -> None:
    root = solved_store(
        tmp_path / "share", 6, "sweep: {max_moves: 0, max_share: 100}\n"
    )
    assert ticketctl(root, "sweep", now=SWEPT_AT).status == 0, (
        "all of the open ones are usual here"
    )
    root = make_store(
        tmp_path / "reminders", "commit: off\nsweep: {max_moves: 0, max_share: 0}\n"
    )
    make_tickets(root, *halves(4))
    for half in halves(4):
        done(root, "assign", half, "amy@support.example")
    ran = ticketctl(root, "sweep", now="2026-11-04T10:00:00Z")
    assert ran.status == 0 and ran.out.count("reminded") == 4, "reminders move nothing"


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (
            "2026-11-03T09:00:00Z",
            "2026-11-03T07:59:59Z",
            "the last sweep of this clone was at 2026-11-03T09:00:00Z",
        ),
        ("2026-11-03T09:00:00Z", "2026-11-03T08:00:00Z", ""),
        (
            "2026-11-03T09:00:00Z",
            "2036-11-03T09:00:00Z",
            "3,653 days after the last sweep",
        ),
        ("", "2027-12-06T10:00:00Z", ""),
        ("", "2036-11-03T09:00:00Z", "3,653 days after the newest event"),
        ("2026-11-03T09:00:00Z", "2027-12-08T08:59:59Z", ""),
        ("2026-11-03T09:00:00Z", "2027-12-08T09:00:01Z", "400 days after"),
    ],
    ids=[
        "back",
        "just not back",
        "ahead",
        "never swept",
        "never swept, ahead",
        "just not",
        "just",
    ],
)
def test_a_wrong_clock_changes_nothing(
    tmp_path: Path, before: str, now: str, words: str
) -> None:
    """Hazard 12: an hour behind the last sweep of this clone, or 400 days after all
    that tells the time."""
    root = solved_store(tmp_path / "store", 2)
    if before:
        assert ticketctl(root, "sweep", now=before).status == 0
    kept = files_of(root)
    ran = ticketctl(root, "sweep", now=now)
    if not words:
        assert ran.status == 0, ran
        return
    assert ran.status == 1
    assert words in ran.err
    assert "--trust-clock" in ran.err
    assert ran.out == ""
    assert files_of(root) == kept
    assert ticketctl(root, "sweep", "-n", now=now).status == 0, "looking is free"
    assert ticketctl(root, "sweep", "--trust-clock", now=now).status == 0


def test_the_last_sweep_is_known_from_the_history_too(tmp_path: Path) -> None:
    """Nothing is lost with .ticketctl/: what a sweep did tells when it was."""
    root = solved_store(tmp_path / "store", 1)
    done(root, "sweep", now=SWEPT_AT)
    (root / ".git/ticketctl/last-sweep").unlink()
    assert ticketctl(root, "sweep", now="2027-11-06T10:00:00Z").status == 0
    (root / ".git/ticketctl/last-sweep").write_text("rubbish")
    assert ticketctl(root, "sweep", now="2028-11-06T10:00:00Z").status == 1


def test_missed_reminders_become_one_and_are_counted(tmp_path: Path) -> None:
    """Rule 8; a late run and a run in time agree on what comes next."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "assign", "aaaaa", "amy@support.example")
    late = ticketctl(root, "sweep", "--format", "jsonl", now="2026-11-11T09:30:00Z")
    told = json.loads(late.out)
    assert (told["rule"], told["missed"], told["due"]) == (
        "review-open",
        3,
        "2026-11-10T09:00:00Z",
    )
    assert [(entry["event"], entry.get("nth")) for entry in told["entries"]] == [
        ("reminded", 4),
        ("notified", None),
    ]
    assert ticketctl(root, "sweep", now="2026-11-12T08:59:59Z").out == ""
    assert "due now " in ticketctl(root, "sweep", now="2026-11-12T09:00:00Z").out
    years = ticketctl(root, "sweep", "--trust-clock", now="2036-11-12T10:00:00Z")
    assert "due 1 d 1 h ago, 1825 missed before" in years.out, years


def test_one_commit_a_run_with_counts_by_rule(tmp_path: Path) -> None:
    root = solved_store(tmp_path / "store", 3)
    make_tickets(root, "bbbbb")
    done(root, "assign", "bbbbb", "amy@support.example")
    git = [
        "git",
        "-C",
        str(root),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@support.example",
    ]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    (root / "ticketctl.yaml").write_text("profile: biztech\ncommit: auto\n")
    done(root, "sweep", now=SWEPT_AT)
    log = subprocess.run(
        [*git, "log", "--format=%B", "--stat=200"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert log.startswith(
        "sweep: 4 tickets\n\n3 by biztech close-solved\n1 by biztech review-open\n"
    ), log
    assert log.split("\n\n")[2].count("tickets/") == 4
    done(root, "sweep", now=SWEPT_AT)
    count = subprocess.run(
        [*git, "rev-list", "--count", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert count == "2\n", "a quiet run makes no commit"


def test_a_bar_is_shown_on_a_terminal_and_only_there(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    command = [
        sys.executable,
        "-c",
        "import ticketctl.cli.environment as e, ticketctl.__main__ as m; e._LONG = 2; m.main()",
    ]
    make_tickets(root, *halves(3))
    words = [*command, "-C", str(root), "--as", AMY, "--now", SWEPT_AT, "sweep"]
    ours, theirs = pty.openpty()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        seen += part
    assert child.wait() == 0
    assert b"reading" in seen
    assert b"100%" in seen
    assert child.stdout is not None
    assert child.stdout.read() == b""
    assert subprocess.run(words, capture_output=True, check=True).stderr == b"", (
        "cron mails any output"
    )


def test_a_limit_is_not_eaten_up_by_what_cannot_be_done(tmp_path: Path) -> None:
    """A ticket changed by hand stands first in line for ever; those behind it are
    closed all the same."""
    root = solved_store(tmp_path / "store", 3)
    path = next(root.glob("tickets/*/*/*/*aa000.yaml"))
    path.write_text(path.read_text().replace("status: Solved", "status: Open"))
    ran = ticketctl(root, "sweep", "--limit", "1", now=SWEPT_AT)
    assert (ran.status, ran.out.count("closed")) == (
        65,
        1,
    )
    assert "1 more ticket is due" in ran.err
    dry = ticketctl(root, "forecast", now=SWEPT_AT)
    assert dry.status == 65
    assert "aa000" not in dry.out
    assert "aa002" in dry.out


def test_a_storm_hides_no_broken_ticket(tmp_path: Path) -> None:
    root = solved_store(tmp_path / "store", 5, "sweep: {max_moves: 2, max_share: 0}\n")
    path = next(root.glob("tickets/*/*/*/*aa000.yaml"))
    path.write_text(path.read_text().replace("status: Solved", "status: Open"))
    ran = ticketctl(root, "sweep", now=SWEPT_AT)
    assert ran.status == 65
    assert "set by hand" in ran.err
    assert "--confirm 4" in ran.err


def test_a_dry_run_reports_that_the_clock_is_refused(tmp_path: Path) -> None:
    root = solved_store(tmp_path / "store", 1)
    dry = ticketctl(root, "sweep", "-n", now="2036-10-02T09:00:00Z")
    assert dry.status == 0
    assert "a run would be refused: the clock says" in dry.err
    assert (
        "refused"
        not in ticketctl(
            root, "sweep", "-n", "--trust-clock", now="2026-10-02T09:00:00Z"
        ).err
    )


def test_a_sweep_rebuilds_a_damaged_index(tmp_path: Path) -> None:
    """Where only the sweep looks into the index, it is the sweep that finds it damaged,
    and makes it anew (20)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, *halves(3))
    done(root, "move", *halves(3), "Open", "-a", "amy@support.example")
    done(root, "list")
    (path,) = root.glob(".git/ticketctl/index-*.db")
    with sqlite3.connect(path) as connection:
        pages = [
            number
            for (number,) in connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name LIKE 'by_%'"
            )
        ]
    connection.close()
    data = bytearray(path.read_bytes())
    for number in pages:
        data[(number - 1) * 4096 : number * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    ran = ticketctl(root, "sweep", "-n", now=SWEPT_AT)
    assert ran.status == 0 and "remind" in ran.out, ran


def test_a_killed_reader_changes_no_answer(tmp_path: Path) -> None:
    """What a process would have read that somebody killed (for its memory, say) is read
    by who started it."""
    root = make_store(tmp_path / "store")
    make_tickets(root, *halves(12))
    code = """
import os, signal
import ticketctl.__main__, ticketctl.app.index.parallel as parallel, ticketctl.app.index.refresh as refresh
parallel.WORTH, parallel._CHUNK, us, keep = 1, 3, os.getpid(), refresh.index_entry_of
def killed(desk, seen):
    if os.getpid() != us and "aa007" in seen.path:
        os.kill(os.getpid(), signal.SIGKILL)
    return keep(desk, seen)
killed.__qualname__ = "killed"
refresh.index_entry_of = refresh.killed = killed
killed.__module__ = "ticketctl.app.index.refresh"
ticketctl.__main__.main()
"""
    for path in root.glob(".git/ticketctl/index-*.db"):
        path.unlink()
    command = [
        sys.executable,
        "-c",
        code,
        "-C",
        str(root),
        "--as",
        AMY,
        "--now",
        NOW,
        "list",
        "--format",
        "id",
    ]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert sorted(ran.stdout.split()) == sorted(f"261102-{half}" for half in halves(12))


def test_a_killed_sweep_blocks_no_other(tmp_path: Path) -> None:
    """Processes that were started to read files die with it, and do not keep its lock
    (13)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, *halves(3))
    done(root, "move", *halves(3), "Open", "-a", "amy@support.example")
    code = """
import time
import ticketctl.__main__, ticketctl.app.index.parallel, ticketctl.app.index.refresh
ticketctl.app.index.parallel.WORTH = 1
ticketctl.app.index.refresh.index_entry_of = slow = lambda desk, seen: time.sleep(60)
slow.__qualname__ = "slow"
ticketctl.__main__.main()
"""
    ran = ticketctl(root, "sweep", "-n", now=SWEPT_AT)
    for path in root.glob(".git/ticketctl/index-*.db"):
        path.unlink()
    child = subprocess.Popen(
        [sys.executable, "-c", code, "-C", str(root), "--now", SWEPT_AT, "sweep"]
    )
    time.sleep(2)
    child.kill()
    child.wait()
    deadline = time.monotonic() + 10
    while (
        "another sweep is running"
        in (ran := ticketctl(root, "sweep", now=SWEPT_AT)).err
    ):
        assert time.monotonic() < deadline, "its processes live on, with its lock"
        time.sleep(0.1)
    assert ran.status == 0
    assert "remind" in ran.out


def test_the_last_sweep_is_not_written_through_a_link(tmp_path: Path) -> None:
    """A repository may bring a symbolic link of that name; what it leads to is left
    alone (9, 10)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, *halves(1))
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (root / ".git/ticketctl").mkdir(exist_ok=True)
    (root / ".git/ticketctl/last-sweep").symlink_to(victim)
    assert ticketctl(root, "sweep", now=SWEPT_AT).status == 0
    assert victim.read_text() == "mine"
    assert not (root / ".git/ticketctl/last-sweep").is_symlink()
