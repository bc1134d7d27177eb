"""Tests of ``ticketctl.app.check_range``."""

from __future__ import annotations

from tests.support.merges import TICKET, MergedClone


def test_the_hook_stops_a_commit_of_a_forged_ticket(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    one, _ = clones
    text = one.ticket.read_text()
    one.ticket.write_text(text.replace("Done.", "Gone."))
    assert "was changed after it was written" in one.run(
        "git", "commit", "-qam", "forged", status=1
    )
    one.ticket.unlink()
    assert "the ticket is removed" in one.run(
        "git", "commit", "-qam", "removed", status=1
    )
    one.ticket.write_text(text)
    (one.folder / "notes.txt").write_text("Not a ticket.\n")
    one.run("git", "add", "notes.txt")
    one.run("git", "commit", "-qm", "Something else")


def test_a_range_is_checked_as_it_is_in_git(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    one, _ = clones
    assert "0 problems in 1 ticket" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD"
    )
    lines = one.ticket.read_text().splitlines(keepends=True)
    start = max(number for number, line in enumerate(lines) if line.startswith("- id:"))
    one.ticket.write_text(
        "".join(lines[:start]).replace("status: Solved", "status: Open")
    )
    one.run("git", "commit", "-qnam", "An event less")
    assert "is removed" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD", status=1
    )
    assert "0 problems" in one.run("ticketctl", "check", "--range", "HEAD~2..HEAD~1")
    for wrong, words in (
        ("HEAD", "unknown range"),
        ("HEAD..nowhere", "no commit"),
        ("--output=x..HEAD", "no commit"),
    ):
        assert words in one.run("ticketctl", "check", f"--range={wrong}", status=2)
    assert "use only one of" in one.run(
        "ticketctl", "check", "k3qx9", "--staged", status=2
    )


def test_odd_names_hide_nothing_from_a_check(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    """Names of files are data: one with a line break cannot stand for another's
    content."""
    one, _ = clones
    lines = one.ticket.read_text().splitlines(keepends=True)
    start = max(number for number, line in enumerate(lines) if line.startswith("- id:"))
    one.ticket.write_text(
        "".join(lines[:start]).replace("status: Solved", "status: Open")
    )
    odd = one.folder / f"tickets/!\na:./{TICKET}"
    odd.parent.mkdir(parents=True)
    odd.write_text("x\n")
    (one.folder / "tickets/x blob").write_text("x\n")
    one.run("git", "add", "-A")
    said = one.run("ticketctl", "check", "--staged", status=65)
    assert "is removed" in said
    assert "x blob" in said
    one.run("git", "commit", "-qnm", "odd")
    assert "is removed" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD", status=65
    )
