"""Where email goes (T6), and that nobody fills a ticket or the store with it (T10)."""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.emails import (
    HELP,
    JANE,
    LATER,
    SETTINGS,
    A,
    attached,
    attachments,
    dead,
    desk_of,
    history,
    letter,
    mail_in,
    parts,
    rows,
    store,
)
from tests.support.hostile_emails import fill
from tests.support.stores import done, files_of, ticketctl
from ticketctl.app.email import quarantine, quota, rate_limit
from ticketctl.app.email.content import MAX_TEXT
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.email.senders import actors_by_mail
from ticketctl.core.entry import Entry
from ticketctl.core.people import People
from ticketctl.record import replace
from ticketctl.store import files
from ticketctl.store.paths import path_of

AMY = "amy@support.example"


TOMORROW = "2026-11-04T10:00:00Z"


def settled(tmp_path: Path, more: str = "") -> Path:
    """A store that gets email, with further settings of it."""
    return store(tmp_path, SETTINGS + more)


def size(root: Path, id_: str = A) -> int:
    """How large a ticket's file is."""
    return (root / path_of(id_)).stat().st_size


def numbered(
    number: int, body: str, sender: str = JANE, subject: str = f"[{A}]"
) -> bytes:
    """One of many emails to a ticket."""
    return letter(
        f"Subject: {subject}",
        f"Message-ID: <{number}@many.example>",
        body=body,
        sender=sender,
    )


def flood(
    root: Path,
    bodies: Callable[[int], str],
    number: int,
    sender: str = JANE,
    now: str = LATER,
) -> list[Receipt]:
    """So many emails of somebody to one ticket, a minute apart."""
    found = []
    for turn in range(number):
        workspace = desk_of(root, now)
        workspace = replace(workspace, now=workspace.now + timedelta(minutes=2 * turn))
        found.append(receive(workspace, numbered(turn, bodies(turn), sender)))
    return found


def notes(root: Path, words: str, id_: str = A) -> list[Entry]:
    """The internal notes of a ticket that say something."""
    return [entry for entry in history(root, id_) if words in (entry.note or "")]


# --- T6: where email goes ---


@cache
def _git() -> list[str]:
    return ["git", "-c", "user.name=Amy", "-c", f"user.email={AMY}"]


def sender(root: Path, *lines: str) -> Path:
    """A clone that sends email, by the settings of its store."""
    text = (
        (root / "ticketctl.yaml")
        .read_text()
        .replace("  sendmail: true\n", "".join(f"  {line}\n" for line in lines))
    )
    (root / "ticketctl.yaml").write_text(text)
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "A store"],
        ["config", "ticketctl.sender", "true"],
    ):
        subprocess.run([*_git(), *words], check=True, cwd=root)
    return root


@pytest.mark.parametrize(
    ("server", "place"),
    [
        ("{host: mail.evil.example}", "mail.evil.example:587"),
        ("{host: mail.evil.example, port: 25}", "mail.evil.example:25"),
        (
            "{host: mail.evil.example, port: 465, tls: implicit}",
            "mail.evil.example:465",
        ),
        ("{host: 127.0.0.1.evil.example}", "127.0.0.1.evil.example:587"),
        (
            "{host: 127.0.0.1, port: 9, user: help, password_env: TICKETCTL_SMTP_PASSWORD}",
            "127.0.0.1:9",
        ),
    ],
)
def test_email_goes_only_where_the_clone_says(
    server: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without a login; `mail send` and `doctor` say what to type, and do not
    connect."""
    reached: list[object] = []
    monkeypatch.setattr(
        "ticketctl.store.email.smtp._connect", lambda *given: reached.append(given)
    )
    monkeypatch.setenv("TICKETCTL_SMTP_PASSWORD", "secret")
    root = sender(settled(tmp_path), f"smtp: {server}")
    line = f"git config ticketctl.smtp {place}"
    for words in (("mail", "send"), ("doctor",)):
        ran = ticketctl(root, *words, now=LATER)
        assert line in ran.out + ran.err, ran
        assert ran.status == (78 if words[0] == "mail" else 1) and not reached
    subprocess.run(
        [*_git(), "config", "ticketctl.smtp", f"{place}0"], check=True, cwd=root
    )
    assert ticketctl(root, "mail", "send", now=LATER).status == 78, (
        "another port is another server"
    )
    subprocess.run(["sh", "-c", line], check=True, cwd=root)
    assert line not in ticketctl(root, "doctor", now=LATER).out
    assert ticketctl(root, "mail", "send", now=LATER).status == 0


def test_the_environment_may_name_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no git configuration of the user's, in a container say."""
    root = sender(settled(tmp_path), "smtp: {host: mail.example}")
    assert ticketctl(root, "mail", "send", now=LATER).status == 78
    monkeypatch.setenv("TICKETCTL_SMTP_SERVER", "mail.example:587")
    assert ticketctl(root, "mail", "send", now=LATER).status == 0
    monkeypatch.setenv("TICKETCTL_SMTP_SERVER", "")
    assert ticketctl(root, "mail", "send", now=LATER).status == 78


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_no_leave(host: str, tmp_path: Path) -> None:
    """Without a password it is the only exception."""
    root = sender(settled(tmp_path), f'smtp: {{host: "{host}"}}')
    assert ticketctl(root, "mail", "send", now=LATER).status == 0


@pytest.mark.parametrize("user", ["", ", user: help"])
def test_imap_likewise(user: str, tmp_path: Path) -> None:
    """Nothing is fetched from a server that the clone does not name."""
    root = sender(settled(tmp_path), f"imap: {{host: imap.evil.example{user}}}")
    for words in (("mail", "fetch"), ("doctor",)):
        ran = ticketctl(root, *words, now=LATER)
        assert "git config ticketctl.imap imap.evil.example:993" in ran.out + ran.err
        assert ran.status == (78 if words[0] == "mail" else 1)


# --- T10: one person cannot fill a ticket ---


def test_a_long_text_is_attached(tmp_path: Path) -> None:
    """Its beginning and a line that says so stand on the ticket; the attachment has all
    of it, what is quoted too."""
    root = settled(tmp_path)
    body = "word ä\n" * MAX_TEXT
    (receipt,) = flood(root, lambda _: body, 1)
    (entry,) = (entry for entry in history(root) if entry.mail_id == receipt.mail_id)
    assert receipt.fate == "added" and entry.text
    assert len(entry.text) < MAX_TEXT + 100
    assert entry.text.endswith("[cut here; the whole is attached as message.txt]\n")
    assert attachments(root)["message.txt"].decode().split() == body.split()
    assert not dead(root)
    assert "had this letter already" in receive(desk_of(root), numbered(0, body)).words


@pytest.mark.parametrize("length", [MAX_TEXT, MAX_TEXT + 1])
def test_the_bound_of_a_text(length: int, tmp_path: Path) -> None:
    """A text at the bound stands whole."""
    root = settled(tmp_path)
    flood(root, lambda _: "x" * length, 1)
    assert bool(attachments(root)) is (length > MAX_TEXT)


def test_what_is_too_large_to_attach_is_kept_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text or a file that is left out is in the email, which is kept then."""
    monkeypatch.setattr("ticketctl.app.email.content.MAX_ATTACHMENT", MAX_TEXT)
    root = settled(tmp_path)
    for number, subject in enumerate((f"[{A}]", "New")):
        data = numbered(number, "x" * (2 * MAX_TEXT), subject=subject)
        assert receive(desk_of(root), data).fate in ("added", "opened")
        assert dead(root)[data].startswith("what came with it is not kept on 26")
    data = f"Subject: [{A}]\nMessage-ID: <f@x>\nFrom: {JANE}\n".encode()
    data += parts("mixed", b"\nSee the file.", attached("a.bin", b"x" * (MAX_TEXT + 1)))
    assert receive(desk_of(root), data).fate == "added" and data in dead(root)
    assert ticketctl(root, "check", now=TOMORROW).status == 0


SMALL = 1000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of a sixteenth, which are filled sooner."""
    monkeypatch.setattr("ticketctl.app.email.content.MAX_TEXT", SMALL)
    monkeypatch.setattr(quota, "FOR_ONE", 32 << 10)
    monkeypatch.setattr(quota, "FOR_ALL", 64 << 10)


def lines(turn: int) -> str:
    """A text that is large in the file: every line is set in."""
    return f"{turn} {fill(b'a' + bytes([10]), SMALL - 100).decode()}"


def full(root: Path, sender: str = JANE) -> list[Receipt]:
    """Fill somebody's share of a ticket."""
    return flood(root, lines, 25, sender)


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
    assert len(entries) == fates.count("added") and 4 <= len(short) < len(entries)
    assert all(len(entry.text or "") < 300 for entry in short)
    assert len(attachments(root)["message.txt"]) > SMALL - 200
    assert len(dead(root)) == fates.count("dead") > 4
    assert all(
        "has used the share of one person (32 KiB)" in why
        for why in dead(root).values()
    )
    (note,) = notes(root, "kept in dead-letters/ and not on this ticket")
    assert note.by == "mail" and note.text is None and JANE in (note.note or "")
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
    assert [entry.told for entry in history(root) if entry.event == "reminded"]
    assert any(JANE in why for why in dead(root).values())


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
    assert (
        ran.err.count("error:") == 1
        and "share of one person (256 KiB)" in ran.err
        and "ticketctl new" in ran.err
    )
    ran = ticketctl(root, "new", "Long", "-d", "x\n" * 120_000, as_=me, now=LATER)
    assert ran.status == 1 and "share of one person" in ran.err
    assert files_of(root) == before
    done(root, "reply", "aaaaa", "-m", "A short one.", as_=me, now=LATER)
    done(root, "reply", "aaaaa", "-m", "z" * 250_000, now=LATER)


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
        letter(
            "Message-ID: <0.mfp@customer.example>", f"Subject: {subject}Scan", body=""
        ),
        letter(
            "Message-ID: <0.mfp@customer.example>",
            f"Subject: {subject}Scan",
            body="x" * 30_000,
        ),
        letter(
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
        letter(
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


def test_attachments_that_a_note_has_not_are_compared_in_quarantine(
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
    opened = receive(desk_of(root), letter("Subject: New")).id
    one, other = (
        letter("Message-ID: <0@x>", f"Subject: [{id_}]", body="It is low.")
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


def test_a_file_that_is_gone_is_not_had(tmp_path: Path) -> None:
    """The email comes again, and its attachment with it; then it is had."""
    root = settled(tmp_path)
    data = scan("a.pdf", b"the only copy")
    opened = receive(desk_of(root), data)
    (file,) = (root / "attachments" / opened.id).iterdir()
    assert receive(desk_of(root), data).fate == "known"
    file.unlink()
    again = receive(desk_of(root), data)
    assert again.fate == "opened" and again.id != opened.id
    assert [
        path.read_bytes() for path in (root / "attachments" / again.id).iterdir()
    ] == [b"the only copy"]
    assert receive(desk_of(root), data).fate == "known"


def test_nobody_takes_the_made_message_id_of_another(tmp_path: Path) -> None:
    """An email that comes with a Message-ID like those that are made here gets one of
    its own."""
    root = settled(tmp_path)
    receive(desk_of(root), scan("a.pdf"))
    made = receive(desk_of(root), scan("b.pdf")).mail_id
    other = settled(tmp_path / "other")
    fake = receive(
        desk_of(other),
        letter(f"Message-ID: {made}", "Subject: x", sender="eve@stranger.example"),
    )
    assert fake.mail_id != made and fake.fate == "opened"
    assert (
        receive(desk_of(other), scan("a.pdf")).fate
        == receive(desk_of(other), scan("b.pdf")).fate
        == "opened"
    )


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
        f"more than 5 emails of {JANE} within an hour\n"
    }
    (note,) = notes(root, "per_hour")
    assert note.text is None and JANE in (note.note or "")
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


def test_staff_are_told_on_the_newest_ticket(tmp_path: Path) -> None:
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
    assert len(rows(root)) == 4 and len(dead(root)) == 3
    told = [id_ for id_ in rows(root) if notes(root, "per_hour", id_)]
    assert told == [opened[2]]
    # who has no ticket is kept as well
    for turn in range(5):
        receive(workspace, numbered(50 + turn, "Hello.", "eve@stranger.example"))
    assert len(notes(root, "emails of eve")) == 1


def test_a_maildir_counts_as_well(tmp_path: Path) -> None:
    """However email comes in."""
    root = settled(tmp_path, "  per_hour: 2\n")
    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    for turn in range(4):
        (box / "new" / f"{turn}.a").write_bytes(numbered(turn, f"Number {turn}."))
    said = done(root, "mail", "fetch", "--maildir", str(box), now=LATER)
    assert (
        said.count("message of") == 2
        and said.count("dead letter: more than 2 emails") == 2
    )
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
    assert len(notes(root, f"emails of {who} within")) == 1
    assert (
        len(notes(root, f"emails of {who}, for whom mx.example does not vouch, within"))
        == 1
    )


def test_without_a_server_that_vouches_each_counts(tmp_path: Path) -> None:
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


def test_staff_count_as_told_only_if_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a ticket has no room for the note, the next email tells them, on another
    ticket say."""
    root = settled(tmp_path, "  per_hour: 1\n")
    workspace = desk_of(root)
    other = receive(
        workspace, letter("Subject: Other", sender="bob@customer.example")
    ).id
    assert receive(workspace, numbered(0, "First.")).fate == "added"
    with monkeypatch.context() as patch:
        patch.setattr("ticketctl.app.email.quarantine.FOR_ONE", 10)
        assert receive(workspace, numbered(1, "Second.")).fate == "dead"
    assert not notes(root, "per_hour") and not rate_limit.were_staff_notified(
        workspace, JANE
    )
    assert (
        receive(workspace, numbered(2, "Third.", subject=f"[{other}]")).fate == "dead"
    )
    assert notes(root, "per_hour", other) and rate_limit.were_staff_notified(
        workspace, JANE
    )
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
    assert len(held["taken"][JANE]) == 2 and not place.is_symlink()


def test_a_server_that_is_trusted_is_named_in_ascii(tmp_path: Path) -> None:
    """Else its small letters could be another's name."""
    root = settled(tmp_path)
    with (root / "ticketctl.yaml").open("a") as file:
        file.write('  trust: "m\u212a.example"\n')
    ran = ticketctl(root, "list", now=LATER)
    assert (
        ran.status == 78
        and "names no server" in ran.err
        and "ticketctl.yaml:" in ran.err
    )


def test_staff_and_customers_are_compared_in_ascii(tmp_path: Path) -> None:
    """Who is in the settings or on a ticket with a letter that is none of ASCII is not
    whom an email can be from."""
    root = settled(tmp_path)
    ticket = desk_of(root).store.read(A).ticket
    profile = desk_of(root).profile_of(ticket)
    for name, who in (
        ("\u212aim@x.example", "kim@x.example"),
        ("Kim@X.example", "kim@x.example"),
    ):
        here = replace(ticket, customer=name, watchers=(name,), assignee=name)
        found = actors_by_mail(
            profile, here, People({name: frozenset(("agent",))}), who
        )
        assert bool(found) is name.isascii()
        assert bool(actors_by_mail(profile, here, People(), who)) is name.isascii()


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "true", "[]"])
def test_per_hour_is_a_whole_number(value: str, tmp_path: Path) -> None:
    """A mistake in the settings has its place."""
    root = settled(tmp_path)
    with (root / "ticketctl.yaml").open("a") as file:
        file.write(f"  per_hour: {value}\n")
    ran = ticketctl(root, "list", now=LATER)
    assert (
        ran.status == 78
        and "per_hour is a whole number from 1" in ran.err
        and "ticketctl.yaml:" in ran.err
    )


# --- reading piece by piece ---


class Counted:
    """Bytes that are made as they are read, and how many were."""

    def __init__(self, size: int) -> None:
        self.left, self.largest = size, 0

    def read(self, size: int, /) -> bytes:
        """The next."""
        self.largest = max(self.largest, size)
        given = min(size, self.left)
        self.left -= given
        return b"x" * given


def test_what_is_too_large_is_never_in_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, once, and exact; what is beyond all bounds is left with the mail
    server."""
    from ticketctl.app.email import inbound

    monkeypatch.setattr(inbound, "MAX_EMAIL", 1000)
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 5 << 20)
    root = settled(tmp_path)
    source = Counted(4 << 20)
    receipt = inbound.receive_from(desk_of(root), source)
    assert receipt.fate == "dead" and source.left == 0 and source.largest <= 1 << 20
    assert {data.count(b"x"): why for data, why in dead(root).items()} == {
        4 << 20: "it cannot be read: larger than 0 MiB\n"
    }
    before = files_of(root)
    assert (
        inbound.receive_from(desk_of(root, TOMORROW), Counted(4 << 20)).words
        == receipt.words
    )
    assert files_of(root) == before
    ran = mail_in(root, b"x" * (6 << 20))
    assert ran.status == 75 and "is not taken" in ran.err and files_of(root) == before
    (root / "dead-letters/.coming-old").write_bytes(b"of somebody who was killed")
    os.utime(root / "dead-letters/.coming-old", (0, 0))
    inbound.receive_from(desk_of(root), Counted(1001))
    assert not (root / "dead-letters/.coming-old").exists()


@pytest.mark.parametrize("what", ["a file", "a link"])
def test_what_cannot_be_kept_is_left_with_the_server(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """75, and nothing is written elsewhere."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = settled(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if what == "a file":
        (root / "dead-letters").write_text("in the way")
    else:
        (root / "dead-letters").symlink_to(elsewhere)
    assert mail_in(root, b"x" * 2000).status == 75
    assert not list(elsewhere.iterdir())


def test_a_maildir_may_hold_anything(tmp_path: Path) -> None:
    """Links, FIFOs and folders among its files are not opened."""
    root = settled(tmp_path)
    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_bytes(letter("Subject: Secret"))
    (box / "new/1").symlink_to(secret)
    os.mkfifo(box / "new/2")
    (box / "new/3").mkdir()
    (box / "new/4").write_bytes(letter("Subject: Good"))
    said = done(root, "mail", "fetch", "--maildir", str(box), now=LATER)
    assert said.count("\n") == 1 and "new, from" in said
    assert sorted(path.name for path in (box / "new").iterdir()) == ["1", "2", "3"]


def test_a_link_that_comes_late_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was one when the folder was listed, and is a link when it is opened."""
    from ticketctl.store.email import imap as imap_module

    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    for name in ("1", "2"):
        (box / "new" / name).write_bytes(b"x")
    found = []
    for name, source, _ in imap_module.from_maildir(str(box)):
        found.append((name, source.read(10)))
        (box / "new/2").unlink()
        (box / "new/2").symlink_to("/etc/passwd")
    assert found == [("1", b"x")]


def test_the_limit_of_a_ticket_is_what_it_was() -> None:
    """Shares are parts of the limit: what people, all others together and one of them
    may fill."""
    assert quota.FOR_PEOPLE == files.MAX_BYTES * 7 // 8
    assert quota.FOR_ALL == 2 * quota.FOR_ONE == files.MAX_BYTES // 2
    assert HELP


# --- an IMAP server ---


class Imap(socketserver.StreamRequestHandler):
    """As much of an IMAP server as is needed: emails under their numbers, fetched in
    pieces."""

    emails: ClassVar[dict[bytes, bytes]] = {}
    seen: ClassVar[list[bytes]] = []
    asked: ClassVar[list[bytes]] = []
    claims: ClassVar[int] = 0
    """How large it says a piece to be; as it is, if 0."""

    def handle(self) -> None:
        """Answer commands until the client has gone."""
        with suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.strip().partition(b" ")
            self.asked.append(command)
            word = command.upper()
            if word.startswith(b"UID SEARCH"):
                self.wfile.write(b"* SEARCH " + b" ".join(self.emails) + b"\r\n")
            elif word.startswith(b"CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif word.startswith(b"SELECT"):
                self.wfile.write(b"* 1 EXISTS\r\n")
            elif found := re.match(
                rb"UID FETCH (\d+) \(BODY.PEEK\[\]<(\d+)\.(\d+)>\)", word
            ):
                uid, start, size = found[1], int(found[2]), int(found[3])
                piece = self.emails[uid][start : start + size]
                length = self.claims or len(piece)
                self.wfile.write(
                    b"* 1 FETCH (UID %s BODY[]<%d> {%d}\r\n%s)\r\n"
                    % (uid, start, length, piece)
                )
            elif word.startswith(b"UID STORE"):
                self.seen.append(command.split()[2])
            self.wfile.write(tag + b" OK done\r\n")


@pytest.fixture
def imap() -> Iterator[int]:
    """A running server: its port."""
    Imap.emails, Imap.seen, Imap.asked, Imap.claims = {}, [], [], 0
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Imap)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def polled(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that may fetch from that server."""
    login = f"{{host: 127.0.0.1, port: {port}, user: help, password_env: TICKETCTL_IMAP_PASSWORD}}"
    monkeypatch.setenv("TICKETCTL_IMAP_PASSWORD", "secret")
    monkeypatch.setenv("TICKETCTL_IMAP_SERVER", f"127.0.0.1:{port}")
    return settled(tmp_path, f"  imap: {login}\n")


def test_emails_are_fetched_in_pieces(
    tmp_path: Path, imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large is not fetched at once; all are marked as seen when they are
    taken care of."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = polled(tmp_path, imap, monkeypatch)
    Imap.emails = {
        b"7": numbered(1, "Hello."),
        b"8": b"x" * 5000,
        b"9": numbered(2, "Again."),
    }
    said = done(root, "mail", "fetch", now=LATER)
    assert said.count("message of") == 2 and said.count("larger than 0 MiB") == 1
    assert list(dead(root)) == [b"x" * 5000] and Imap.seen == [b"7", b"8", b"9"]
    assert all(
        b"<0.1001>" in line or b"<1001." in line or b"<5000." in line
        for line in Imap.asked
        if b"PEEK" in line
    )


def test_a_server_cannot_fill_the_memory(
    tmp_path: Path, imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that says to send a gigabyte at once is not listened to; the email stays
    there."""
    root = polled(tmp_path, imap, monkeypatch)
    Imap.emails, Imap.claims = {b"7": numbered(1, "Hello.")}, 1 << 30
    ran = ticketctl(root, "mail", "fetch", now=LATER)
    assert (
        ran.status == 75
        and "wants to send" in ran.err
        and not Imap.seen
        and not dead(root)
    )
