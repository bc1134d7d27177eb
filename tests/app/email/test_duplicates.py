"""Tests of ``ticketctl.app.email.duplicates``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.email_floods import TOMORROW, full, lines, numbered, settled
from tests.support.emails import (
    A,
    attached,
    dead,
    desk_of,
    history,
    parts,
    raw_email,
    rows,
)
from tests.support.mail_server import Shop
from tests.support.stores import files_of, ticketctl
from ticketctl.app.email.inbound import receive


@pytest.mark.usefixtures("small")
def test_an_email_in_quarantine_is_there_once(tmp_path: Path) -> None:
    """Sent again it changes nothing, on the ticket neither."""
    root = settled(tmp_path)
    full(root)
    data = numbered(24, lines(24))
    assert data in dead(root)
    before = files_of(root)
    receive(desk_of(root, TOMORROW), data)
    assert files_of(root) == before


@pytest.mark.usefixtures("small")
def test_a_short_entry_is_known_again(tmp_path: Path) -> None:
    """An email of which only the beginning stands on the ticket, delivered twice, is
    one."""
    root = settled(tmp_path)
    receipts = full(root)
    last = max(turn for turn, receipt in enumerate(receipts) if receipt.fate == "added")
    assert receive(desk_of(root, TOMORROW), numbered(last, lines(last))).fate == "known"


# --- one Message-ID, several emails ---


def scan(
    name: str,
    data: bytes = b"%PDF-1.4",
    sender: str = JANE,
    subject: str = "Scan",
    body: str = "",
) -> bytes:
    """What a scanner sends: always under one Message-ID, often without a word."""
    text = b"Content-Type: text/plain\n\n" + body.encode()
    head = f"From: {sender}\nTo: {HELP}\nMessage-ID: <0.mfp@customer.example>\nSubject: {subject}\n"
    return head.encode() + parts("mixed", text, attached(name, data))


@pytest.mark.parametrize("subject", ["", f"[{A}] "], ids=["new", "answer"])
def test_another_email_under_a_message_id_is_kept(subject: str, tmp_path: Path) -> None:
    """Other bytes, another name, another text, no text, a beginning, another sender:
    each is kept, and once."""
    root = settled(tmp_path)
    several = [
        scan("a.pdf", subject=f"{subject}Scan", body="It is a scan of the contract."),
        scan(
            "a.pdf",
            b"other",
            subject=f"{subject}Scan",
            body="It is a scan of the contract.",
        ),
        scan("b.pdf", subject=f"{subject}Scan", body="It is a scan of the contract."),
        scan("b.pdf", subject=f"{subject}Scan", body="a scan"),
        scan("b.pdf", subject=f"{subject}Scan"),
        scan("a.pdf", subject=f"{subject}Scan"),
        raw_email(
            "Message-ID: <0.mfp@customer.example>", f"Subject: {subject}Scan", body=""
        ),
        raw_email(
            "Message-ID: <0.mfp@customer.example>",
            f"Subject: {subject}Scan",
            body="x" * 30_000,
        ),
        raw_email(
            "Message-ID: <0.mfp@customer.example>",
            f"Subject: {subject}Scan",
            body="x" * 30_001,
        ),
        scan(
            "a.pdf",
            sender="bob@customer.example",
            subject=f"{subject}Scan",
            body="a scan",
        ),
        raw_email(
            "Message-ID: <0.mfp@customer.example>",
            f"Subject: {subject}Scan",
            sender="bob@customer.example",
        ),
    ]
    if not subject:
        several.append(
            scan("a.pdf", subject="Scan 2", body="It is a scan of the contract.")
        )
    for data in several:
        assert receive(desk_of(root), data).fate in ("opened", "added", "kept"), data[
            :300
        ]
    before = files_of(root)
    for data in several:
        assert receive(desk_of(root), data).fate == "known", data[:300]
        assert (
            receive(desk_of(root), b"Received: from another.example\n" + data).fate
            == "known"
        ), data[:300]
    assert files_of(root) == before
    if not subject:
        assert len(rows(root)) == len(several) + 1
    assert ticketctl(root, "check", now=TOMORROW).status == 0


def test_missing_attachments_of_a_note_are_compared_in_quarantine(
    tmp_path: Path,
) -> None:
    """A stranger's email lies there whole; what came another way and says the same is
    no other."""
    root = settled(tmp_path)
    one, other = (
        scan("a.pdf", data, "bob@customer.example", f"[{A}]")
        for data in (b"one", b"other")
    )
    traced = b"Received: from another.example\n" + one
    assert [
        receive(desk_of(root), data).fate for data in (one, one, other, one, other)
    ] == [
        "kept",
        "known",
        "kept",
        "known",
        "known",
    ]
    assert len(dead(root)) == 2
    assert [receive(desk_of(root), traced).fate for _ in range(3)] == ["known"] * 3
    assert len(dead(root)) == 2


def test_the_same_words_for_another_ticket_are_kept(tmp_path: Path) -> None:
    """A device names the ticket in the subject, and nothing else differs; a closed
    ticket that goes on is no other."""
    root = settled(tmp_path)
    opened = receive(desk_of(root), raw_email("Subject: New")).id
    one, other = (
        raw_email("Message-ID: <0@x>", f"Subject: [{id_}]", body="It is low.")
        for id_ in (A, opened)
    )
    assert [receive(desk_of(root), data).id for data in (one, other, one, other)] == [
        A,
        opened,
    ] * 2
    assert [entry.text for entry in history(root, opened) if entry.text] == [
        "Hello.",
        "It is low.",
    ]


def test_an_attachment_that_is_gone_is_stored_again(tmp_path: Path) -> None:
    """The email comes again, and its attachment with it; then it is had."""
    root = settled(tmp_path)
    data = scan("a.pdf", b"the only copy")
    opened = receive(desk_of(root), data)
    (file,) = (root / "attachments" / opened.id).iterdir()
    assert receive(desk_of(root), data).fate == "known"
    file.unlink()
    again = receive(desk_of(root), data)
    assert again.fate == "opened"
    assert again.id != opened.id
    assert [
        path.read_bytes() for path in (root / "attachments" / again.id).iterdir()
    ] == [b"the only copy"]
    assert receive(desk_of(root), data).fate == "known"


def test_a_made_message_id_is_not_taken_over(tmp_path: Path) -> None:
    """An email that comes with a Message-ID like those that are made here gets one of
    its own."""
    root = settled(tmp_path)
    receive(desk_of(root), scan("a.pdf"))
    made = receive(desk_of(root), scan("b.pdf")).mail_id
    other = settled(tmp_path / "other")
    fake = receive(
        desk_of(other),
        raw_email(f"Message-ID: {made}", "Subject: x", sender="eve@stranger.example"),
    )
    assert fake.mail_id != made
    assert fake.fate == "opened"
    assert (
        receive(desk_of(other), scan("a.pdf")).fate
        == receive(desk_of(other), scan("b.pdf")).fate
        == "opened"
    )


# --- after a strict reading ---


def test_an_email_that_is_delivered_twice_is_one(mail_workspace: Shop) -> None:
    """Blanks, blank lines and the traces of its way do not make another email of it."""
    text = b"From: jane@customer.example\r\nTo: help@support.example\r\nSubject: New\r\nMessage-ID: <9@x>\r\n\r\n"
    text += b"Hello, \r\n\r\n\r\n\r\nit  burns.\r\n-- \r\nJane\r\n\r\nOn Monday, Help wrote:\r\n> no\r\nyes\r\n"
    assert "new, from" in mail_workspace.run(
        "mail", "in", now="2026-11-02T09:01", feed=text
    )
    for trace in (b"", b"Received: by mx1\r\n", b"Received: by mx2\r\n"):
        assert "already" in mail_workspace.run(
            "mail", "in", now="2026-11-02T09:02", feed=trace + text
        )
