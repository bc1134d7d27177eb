"""Shares of a ticket and of the store that one sender may fill (docs/security.md, T10)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.addresses import AMY, HELP, JANE
from tests.support.email_floods import (
    SMALL,
    TOMORROW,
    flood,
    full,
    lines,
    notes,
    numbered,
    settled,
)
from tests.support.email_shops import TAG
from tests.support.emails import LATER, A, attachments, dead, desk_of, history
from tests.support.mail_server import Shop
from tests.support.stores import done, files_of, ticketctl
from ticketctl.app.email import quota
from ticketctl.app.email.inbound import receive
from ticketctl.store import files
from ticketctl.store.paths import path_of


def size(root: Path, id_: str = A) -> int:
    """How large a ticket's file is."""
    return (root / path_of(id_)).stat().st_size


@pytest.mark.usefixtures("small")
def test_one_customer_cannot_fill_a_ticket(tmp_path: Path) -> None:
    """First the texts are attached, then the emails are quarantined, and staff are told
    once; nothing is lost, staff and rules go on."""
    root = settled(tmp_path)
    receipts = full(root)
    fates = [receipt.fate for receipt in receipts]
    assert fates == sorted(fates) and set(fates) == {"added", "dead"}, (
        "added first, then dead"
    )
    assert 30 << 10 < size(root) < 36 << 10
    entries = [entry for entry in history(root) if entry.mail_id]
    short = [entry for entry in entries if "message.txt" in entry.files]
    assert len(entries) == fates.count("added")
    assert 4 <= len(short) < len(entries)
    assert all(len(entry.text or "") < 300 for entry in short)
    assert len(attachments(root)["message.txt"]) > SMALL - 200
    assert len(dead(root)) == fates.count("dead") > 4
    assert all(
        "has used the share of one person (32 KiB)" in why
        for why in dead(root).values()
    )
    (note,) = notes(root, "kept in dead-letters/ and not on this ticket")
    assert note.by == "mail"
    assert note.text is None
    assert JANE in (note.note or "")
    done(root, "reply", "aaaaa", "-m", "y" * 200_000, now=TOMORROW)
    assert (
        "message of amy"
        in receive(desk_of(root, TOMORROW), numbered(999, "Z" * 900, AMY)).words
    )
    done(root, "move", "aaaaa", "Solved", "--reply", "Done.", now=TOMORROW)
    assert "closed" in done(root, "sweep", now="2026-11-20T10:00:00Z")
    assert ticketctl(root, "check", now="2026-11-20T10:00:00Z").status == 0


@pytest.mark.usefixtures("small")
def test_all_who_are_not_staff_share_a_half(tmp_path: Path) -> None:
    """Strangers with many addresses reach half of a ticket, the customer's share among
    it."""
    root = settled(tmp_path)
    for number in range(4):
        flood(root, lines, 12, f"mallory{number}@evil.example")
    assert 56 << 10 < size(root) < 68 << 10
    assert 1 <= len(notes(root, "not on this ticket")) <= 5
    assert any(
        "who are not staff have used their share" in why for why in dead(root).values()
    )
    done(root, "reply", "aaaaa", "-m", "y" * 200_000, now=TOMORROW)


def test_what_rules_write_in_answer_counts_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many short emails, of each of which somebody is told: not only their words fill
    the ticket."""
    monkeypatch.setattr(quota, "FOR_ONE", 8 << 10)
    root = settled(tmp_path)
    before = size(root)
    flood(root, str, 30)
    assert size(root) < before + (8 << 10) + 1000
    assert [entry.recipients for entry in history(root) if entry.event == "reminded"]
    assert any(JANE in why for why in dead(root).values())


def test_a_customer_at_the_command_line_has_the_same_share(tmp_path: Path) -> None:
    """Refused with one message; nothing is written, and staff may write on."""
    root = settled(tmp_path)
    me = f"customer:{JANE}"
    status = [
        ticketctl(
            root, "reply", "aaaaa", "-m", f"{turn} " + "x" * 60_000, as_=me, now=LATER
        ).status
        for turn in range(6)
    ]
    assert status == [0, 0, 0, 0, 1, 1]
    before = files_of(root)
    ran = ticketctl(root, "reply", "aaaaa", "-m", "x" * 60_000, as_=me, now=LATER)
    assert ran.err.count("error:") == 1
    assert "share of one person (256 KiB)" in ran.err
    assert "ticketctl new" in ran.err
    ran = ticketctl(root, "new", "Long", "-d", "x\n" * 120_000, as_=me, now=LATER)
    assert ran.status == 1
    assert "share of one person" in ran.err
    assert files_of(root) == before
    done(root, "reply", "aaaaa", "-m", "A short one.", as_=me, now=LATER)
    done(root, "reply", "aaaaa", "-m", "z" * 250_000, now=LATER)


def test_the_limit_of_a_ticket_is_what_it_was() -> None:
    """Shares are parts of the limit: what people, all others together and one of them
    may fill."""
    assert quota.FOR_PEOPLE == files.MAX_BYTES * 7 // 8
    assert quota.FOR_ALL == 2 * quota.FOR_ONE == files.MAX_BYTES // 2
    assert HELP


def test_a_ticket_cannot_be_filled_until_it_is_unreadable(
    mail_workspace: Shop,
) -> None:
    """Strangers and the customer fill their shares; staff and rules go on."""
    for number in range(14):
        mail_workspace.write(
            "mallory@evil.example",
            f"{number} " + "x" * 99_000,
            "2026-11-02T09:10",
            Subject=TAG,
        )
    assert "message of" in mail_workspace.write(
        JANE, "It matters to me. " + "y" * 90_000, "2026-11-02T09:11", Subject=TAG
    )
    for number in range(16):
        assert "message of" in mail_workspace.write(
            JANE, f"{number} " + "z" * 90_000, "2026-11-02T09:12", Subject=TAG
        )
    ticket = next(mail_workspace.root.glob("tickets/*/*/*/*.yaml"))
    assert ticket.stat().st_size < 520_000
    assert "message of" in mail_workspace.write(
        AMY, "w" * 90_000, "2026-11-02T09:13", Subject=TAG
    )
    mail_workspace.run("reply", "aaaaa", "-m", "v" * 200_000, now="2026-11-02T09:14")
    assert "reminded" in mail_workspace.run("sweep", now="2026-11-06T10:00")
    assert json.loads(
        mail_workspace.run("show", "aaaaa", "--format", "json", now="2026-11-06T10:00")
    )["tickets"]
