"""Tests of ``ticketctl.app.email.quarantine``."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.addresses import HELP
from tests.support.email_shops import TAG
from tests.support.emails import (
    PLAIN,
    A,
    dead,
    desk_of,
    mail_in,
    parts,
    raw_email,
    rows,
    store,
    taken,
)
from tests.support.mail_server import Shop
from tests.support.stores import files_of
from ticketctl.app.email.inbound import receive
from ticketctl.store.email.mime import MAX_PARTS


def test_an_email_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is quarantined, whole."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = store(tmp_path)
    data = raw_email(body="x" * 2000)
    receipt = receive(desk_of(root), data)
    assert receipt.fate == "dead"
    assert list(dead(root)) == [data]


def test_an_email_that_is_too_large_is_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``mail in`` answers with 0 is kept whole; else it leaves the email with the
    mail server."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = store(tmp_path)
    data = raw_email(body="x" * 2000)
    ran = mail_in(root, data)
    assert ran.status == 75 or list(dead(root)) == [data]


def test_quarantined_email(tmp_path: Path) -> None:
    """An email that is not for us, or that nothing can be made of, is kept with its
    reason, and once."""
    root = store(tmp_path)
    messages = {
        raw_email(to="sales@support.example"): "none of our addresses",
        raw_email(to=""): "none of our addresses",
        raw_email(sender="nobody"): "no valid From address",
        b"": "no valid From address",
        parts("mixed", *[PLAIN] * (MAX_PARTS + 1)): "cannot be read",
    }
    for data, why in messages.items():
        assert why in taken(root, data)
        assert why in dead(root)[data]
    before = files_of(root)
    for data in messages:
        taken(root, data, now="2026-11-04T10:00:00Z")
    assert files_of(root) == before
    assert len(dead(root)) == len(messages)
    assert list(rows(root)) == [A]


def test_the_recipient_of_the_mail_server_counts_first(tmp_path: Path) -> None:
    """What the MTA says about the recipient counts before what the email says."""
    root = store(tmp_path)
    assert ": new, from" in taken(
        root, raw_email(to="list@else.example"), "--to", HELP.upper()
    )


def test_what_strangers_attach_goes_into_no_commit(mail_workspace: Shop) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "m@evil.example",
        HELP,
        TAG,
        "<1@x>",
    )
    mail.set_content("Look.")
    mail.add_attachment(
        b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe"
    )
    assert "kept as a note" in mail_workspace.run(
        "mail", "in", now="2026-11-02T09:01", feed=mail.as_bytes()
    )
    assert "Attached, and not kept here: tool.exe" in mail_workspace.run(
        "show", "aaaaa", now="2026-11-02T09:02"
    )
    assert not (mail_workspace.root / "attachments").exists()
    assert [
        path.read_bytes()
        for path in (mail_workspace.root / "dead-letters").glob("*.eml")
    ] == [mail.as_bytes()]


def test_what_a_stranger_attaches_is_kept_with_the_ticket_or_not_at_all(
    mail_workspace: Shop,
) -> None:
    """One write: where the quarantined emails cannot be kept, neither is the note, and the
    next delivery does both."""
    (mail_workspace.root / "dead-letters").write_text("a file in the way")
    mail = (
        b"From: m@evil.example\nSubject: [261102-aaaaa]\nMessage-ID: <8@x>\n\n"
        + b"x " * 60_000
    )
    mail_workspace.run("mail", "in", now="2026-11-02T09:01", feed=mail, status=75)
    (mail_workspace.root / "dead-letters").unlink()
    assert "kept as a note" in mail_workspace.run(
        "mail", "in", now="2026-11-02T09:02", feed=mail
    )
    shown = mail_workspace.run("show", "aaaaa", now="2026-11-02T09:03")
    assert "[cut here]" in shown
    assert "is attached as" not in shown
    assert [
        path.read_bytes()
        for path in (mail_workspace.root / "dead-letters").glob("*.eml")
    ] == [mail]
