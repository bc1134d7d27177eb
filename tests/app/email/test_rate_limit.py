"""Tests of ``ticketctl.app.email.rate_limit``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.addresses import AMY, JANE
from tests.support.email_floods import TOMORROW, notes, numbered, settled
from tests.support.emails import LATER, A, dead, desk_of, raw_email, rows
from tests.support.stores import done, ticketctl
from ticketctl.app.email import rate_limit
from ticketctl.app.email.inbound import receive
from ticketctl.record import replace

# --- T10: intake per sender and hour ---


def test_intake_of_a_sender_is_bounded(tmp_path: Path) -> None:
    """What is above is quarantined, staff are told once an hour on the ticket; others,
    and the next hour, are free."""
    root = settled(tmp_path, "  per_hour: 5\n")
    workspace = desk_of(root)
    for turn in range(9):
        at = replace(workspace, now=workspace.now + timedelta(minutes=turn))
        assert receive(at, numbered(turn, f"Number {turn}.")).fate == (
            "added" if turn < 5 else "dead"
        )
    assert (
        receive(at, numbered(20, "I am another.", "amy@support.example")).fate
        == "added"
    )
    assert receive(at, numbered(1, "Number 1.")).fate == "known"
    assert len(dead(root)) == 4
    assert set(dead(root).values()) == {
        f"more than 5 emails from {JANE} within an hour\n"
    }
    (note,) = notes(root, "per_hour")
    assert note.text is None
    assert JANE in (note.note or "")
    later = replace(workspace, now=workspace.now + timedelta(minutes=61))
    assert [
        receive(later, numbered(30 + turn, f"{turn}")).fate for turn in range(3)
    ] == ["added", "added", "dead"]
    assert len(notes(root, "per_hour")) == 1, "not yet an hour"
    later = replace(workspace, now=workspace.now + timedelta(minutes=68))
    assert [
        receive(later, numbered(40 + turn, f"{turn}")).fate for turn in range(4)
    ] == ["added"] * 3 + ["dead"]
    assert len(notes(root, "per_hour")) == 2
    assert ticketctl(root, "check", now=TOMORROW).status == 0


def test_staff_are_notified_on_the_newest_ticket(tmp_path: Path) -> None:
    """Where emails answer nothing: new tickets, one after the other."""
    root = settled(tmp_path, "  per_hour: 3\n")
    workspace = desk_of(root)
    opened = []
    for turn in range(6):
        at = replace(workspace, now=workspace.now + timedelta(seconds=turn))
        opened.append(
            receive(
                at, numbered(turn, "Hello.", "bob@customer.example", f"New {turn}")
            ).id
        )
    assert len(rows(root)) == 4
    assert len(dead(root)) == 3
    told = [id_ for id_ in rows(root) if notes(root, "per_hour", id_)]
    assert told == [opened[2]]
    # who has no ticket is kept as well
    for turn in range(5):
        receive(workspace, numbered(50 + turn, "Hello.", "eve@stranger.example"))
    assert len(notes(root, "emails from eve")) == 1


def test_a_maildir_counts_as_well(tmp_path: Path) -> None:
    """However email comes in."""
    root = settled(tmp_path, "  per_hour: 2\n")
    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    for turn in range(4):
        (box / "new" / f"{turn}.a").write_bytes(numbered(turn, f"Number {turn}."))
    said = done(root, "mail", "fetch", "--maildir", str(box), now=LATER)
    assert said.count("message of") == 2
    assert said.count("quarantined: more than 2 emails") == 2
    assert not list((box / "new").iterdir())


def vouched(
    number: int,
    sender: str,
    genuine: bool,
    subject: str = f"[{A}]",
    server: str = "mx.example",
) -> bytes:
    """One of many emails, with the word of a server that it is its sender's, or
    without."""
    words = f"Authentication-Results: {server}; dmarc=pass header.from={sender.partition('@')[2]}\n".encode()
    return (words if genuine else b"") + numbered(
        number, f"Number {number}.", sender, subject
    )


@pytest.mark.parametrize("who", [AMY, JANE])
def test_forged_email_uses_up_nothing_of_the_real_sender(
    who: str, tmp_path: Path
) -> None:
    """Neither of staff nor of a customer; each has an hour of their own, and staff are
    told of each."""
    root = settled(tmp_path, "  per_hour: 3\n  trust: mx.example\n")
    forged = [
        receive(desk_of(root), vouched(turn, who, False)).fate for turn in range(4)
    ]
    assert forged == ["kept" if who == AMY else "added"] * 3 + ["dead"]
    other = vouched(9, who, True, server="mx.evil.example")
    assert receive(desk_of(root), other).fate == "dead", "another server's word is none"
    genuine = [
        receive(desk_of(root), vouched(10 + turn, who, True)).fate for turn in range(4)
    ]
    assert genuine == ["added"] * 3 + ["dead"]
    assert len(notes(root, f"emails from {who} within")) == 1
    assert (
        len(notes(root, f"emails from {who}, whom mx.example does not confirm, within"))
        == 1
    )


def test_without_a_trusted_server_each_sender_counts(tmp_path: Path) -> None:
    """There is nobody to tell them apart; and who cannot be answered shares one count."""
    root = settled(tmp_path, "  per_hour: 2\n")
    fates = [
        receive(desk_of(root), vouched(turn, JANE, turn > 1)).fate for turn in range(3)
    ]
    assert fates == ["added", "added", "dead"]
    nobodies = ("undisclosed", "a@x.example, b@x.example", "\u212aim@x.example")
    fates = [
        receive(desk_of(root), numbered(20 + turn, "Hello.", who)).fate
        for turn, who in enumerate(nobodies)
    ]
    assert fates == ["kept", "kept", "dead"]


def test_staff_count_as_notified_only_if_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a ticket has no room for the note, the next email tells them, on another
    ticket say."""
    root = settled(tmp_path, "  per_hour: 1\n")
    workspace = desk_of(root)
    other = receive(
        workspace, raw_email("Subject: Other", sender="bob@customer.example")
    ).id
    assert receive(workspace, numbered(0, "First.")).fate == "added"
    with monkeypatch.context() as patch:
        patch.setattr("ticketctl.app.email.quarantine.FOR_ONE", 10)
        assert receive(workspace, numbered(1, "Second.")).fate == "dead"
    assert not notes(root, "per_hour")
    assert not rate_limit.were_staff_notified(workspace, JANE)
    assert (
        receive(workspace, numbered(2, "Third.", subject=f"[{other}]")).fate == "dead"
    )
    assert notes(root, "per_hour", other)
    assert rate_limit.were_staff_notified(workspace, JANE)
    assert receive(workspace, numbered(3, "Fourth.")).fate == "dead"
    assert not notes(root, "per_hour")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 5000,
        b"[]",
        b'{"taken": 7, "told": []}',
        b'{"taken": {"jane@customer.example": "x"}, "told": {"jane@customer.example": "y"}}',
        b'{"taken": {"jane@customer.example": [true, null, 1e400, "x", 99999999999999999999]}}',
        b'{"taken": {"jane@customer.example": ['
        + b"4102444800, " * 100
        + b"4102444800]}}",
        None,
    ],
)
def test_a_damaged_count_is_an_empty_one(content: bytes | None, tmp_path: Path) -> None:
    """Nothing stops email from coming in: no damage, no clock that was wrong, nothing
    in the way."""
    root = settled(tmp_path, "  per_hour: 2\n")
    place = Path(rate_limit._path(desk_of(root)))
    place.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        place.symlink_to("/etc/passwd")
    else:
        place.write_bytes(content)
    fates = [
        receive(desk_of(root), numbered(turn, f"{turn}")).fate for turn in range(3)
    ]
    assert fates == ["added", "added", "dead"]
    held = json.loads(place.read_text())
    assert len(held["taken"][JANE]) == 2
    assert not place.is_symlink()
