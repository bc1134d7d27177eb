"""Clones that are merged by real git with the merge driver."""

from __future__ import annotations

import pytest

from tests.support.merges import MergedClone


def test_two_clones_that_both_wrote_merge_without_a_conflict(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    one, two = clones
    one.run("ticketctl", "note", "k3qx9", "-m", "One.", at="2026-11-03T09:00")
    two.run("ticketctl", "set", "k3qx9", "product=billing", at="2026-11-03T10:00")
    one.run("git", "branch", "before")
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    two.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(one.folder), "before")
    assert one.ticket.read_bytes() == two.ticket.read_bytes()
    said = one.run("ticketctl", "show", "k3qx9", at="2026-11-03T11:00")
    assert "One." in said
    assert "billing" in said
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-03T11:00")
    one.run("ticketctl", "move", "k3qx9", "Open", at="2026-11-03T12:00")
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-03T13:00")


def test_a_closing_beaten_by_a_reply_in_another_clone_is_void(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    one, two = clones
    assert "closed" in two.run("ticketctl", "sweep", at="2026-11-06T10:00")
    one.run(
        "ticketctl",
        "reply",
        "k3qx9",
        "--for",
        "jane@customer.example",
        "-m",
        "It is not.",
        at="2026-11-06T11:00",
    )
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    log = one.run("ticketctl", "log", "k3qx9", at="2026-11-06T12:00")
    shown = " ".join(log.split())
    assert "Solved -> Closed (due 2026-11-06 09:00)" in shown
    assert "(no effect: someone acted in the meantime)" in shown
    assert "Open" in one.run("ticketctl", "list", at="2026-11-06T12:00")
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-06T12:00")


def test_two_clones_that_both_swept_hold_twins(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    one, two = clones
    for clone, at in ((one, "2026-11-06T10:00"), (two, "2026-11-06T11:00")):
        clone.run("ticketctl", "sweep", at=at)
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    log = one.run("ticketctl", "log", "k3qx9", at="2026-11-07T12:00")
    assert "(no effect: another clone did the same)" in " ".join(log.split())
    assert one.run("ticketctl", "sweep", at="2026-11-07T12:00") == ""
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-07T12:00")


def test_a_ticket_changed_by_hand_is_merged_line_by_line(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    """What holds more than its events is not ours to join; git's conflict is named, not
    parsed."""
    one, two = clones
    one.ticket.write_text("# Look here.\n" + one.ticket.read_text())
    one.run("git", "commit", "-qam", "A comment")
    two.run("ticketctl", "note", "k3qx9", "-m", "Two.", at="2026-11-03T09:00")
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    assert one.ticket.read_text().startswith("# Look here.\n")
    assert "Two." in one.ticket.read_text()
    one.run("ticketctl", "note", "k3qx9", "-m", "Here.", at="2026-11-03T10:00")
    two.run("ticketctl", "note", "k3qx9", "-m", "There.", at="2026-11-03T10:00")
    assert "CONFLICT" in one.run(
        "git", "pull", "--no-rebase", "--no-edit", str(two.folder), "main", status=1
    )
    assert "conflict" in one.run(
        "ticketctl", "show", "k3qx9", at="2026-11-03T11:00", status=65
    )


def test_without_ticketctl_git_merges_as_it_would(
    clones: tuple[MergedClone, MergedClone], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conflict is marked in the file: nothing of either side is left out without a
    word."""
    one, two = clones
    one.run("ticketctl", "note", "k3qx9", "-m", "One.", at="2026-11-03T09:00")
    two.run("ticketctl", "note", "k3qx9", "-m", "Two.", at="2026-11-03T10:00")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    one.run("git", "config", "--unset", "ticketctl.program")
    assert "CONFLICT" in one.run(
        "git", "pull", "--no-rebase", "--no-edit", str(two.folder), "main", status=1
    )
    text = one.ticket.read_text()
    assert "<<<<<<<" in text
    assert "One." in text
    assert "Two." in text
