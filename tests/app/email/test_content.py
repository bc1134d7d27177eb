"""Tests of ``ticketctl.app.email.content``."""

from __future__ import annotations

import re
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.email_floods import TOMORROW, flood, numbered, settled
from tests.support.email_shops import TAG, half_of
from tests.support.emails import (
    PLAIN,
    A,
    attached,
    attachments,
    dead,
    desk_of,
    history,
    parts,
    raw_email,
    store,
    taken,
)
from tests.support.mail_server import Office, Shop, open_shop
from tests.support.stores import files_of, ticketctl
from ticketctl.app.email.content import MAX_TEXT, _same_texts, as_note, content_of
from ticketctl.app.email.inbound import receive
from ticketctl.core.entry import Entry
from ticketctl.record import replace
from ticketctl.store.email.parse import parse_email

NAMES = {
    "a.txt": "a.txt",
    "../../etc/passwd": "passwd",
    "..\\\\..\\\\boot.ini": "boot.ini",
    "/etc/shadow": "shadow",
    ".bashrc": "bashrc",
    "-rf": "rf",
    "...": "attachment",
    "": "part-1",
    "a b;c|d.txt": "a_b_c_d.txt",
    "a\tb.txt": "a_b.txt",
    "n\u00f6tig\u202etxt.exe": "n_tig_txt.exe",
    "x" * 300 + ".txt": "x" * 76 + ".txt",
}


@pytest.mark.parametrize("name", list(NAMES))
def test_names_of_attachments(name: str, tmp_path: Path) -> None:
    """Whatever a file is called, it lies in the ticket's folder under a name that is
    nothing but a name (10)."""
    root = store(tmp_path)
    before = files_of(root)
    encoded = name if name.isascii() else ""
    how = (
        'attachment; filename="%s"'
        if encoded or not name
        else "attachment; filename*=utf-8''%s"
    )
    value = encoded or "".join(f"%{byte:02X}" for byte in name.encode())
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode()
        + parts("mixed", PLAIN, attached(value, how=how)),
    )
    (path,) = files_of(root).keys() - before.keys()
    entry = next(entry for entry in history(root) if entry.files)
    assert entry.files == (NAMES[name],)
    assert path == f"attachments/{A}/{entry.id}-{NAMES[name]}"
    assert (root / path).read_bytes() == b"data"


def test_attachments_of_one_name(tmp_path: Path) -> None:
    """Two files of one name, in whatever case, are two files."""
    root = store(tmp_path)
    files_in = [
        attached(name, name.encode())
        for name in ("a.txt", "A.txt", "x/a.txt", "a-2.txt", "README", "readme")
    ]
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", PLAIN, *files_in),
    )
    found = attachments(root)
    assert sorted(found.values()) == sorted(
        [b"a.txt", b"A.txt", b"x/a.txt", b"a-2.txt", b"README", b"readme"]
    )
    assert len({name.casefold() for name in found}) == 6


def test_attachments_that_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One too large, and all that come after the sum is reached, are left out, and the
    history says so."""
    monkeypatch.setattr("ticketctl.app.email.content.MAX_ATTACHMENT", 10)
    monkeypatch.setattr("ticketctl.app.email.content.MAX_ATTACHMENTS", 15)
    root = store(tmp_path)
    sizes = {"a": 10, "large": 11, "b": 5, "late": 1}
    files_in = [attached(name, b"x" * size) for name, size in sizes.items()]
    taken(
        root,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", PLAIN, *files_in),
    )
    assert {name: len(data) for name, data in attachments(root).items()} == {
        "a": 10,
        "b": 5,
    }
    entry = next(entry for entry in history(root) if entry.files)
    assert entry.text == "plain words"
    assert entry.note
    assert "left out" in entry.note
    assert "large" in entry.note
    assert "late" in entry.note


def test_a_long_text(tmp_path: Path) -> None:
    """What is too long for a history is cut there, and whole beside it."""
    root = store(tmp_path)
    body = "word " * (MAX_TEXT // 4)
    taken(root, raw_email(f"Subject: [{A}]", body=body))
    entry = next(entry for entry in history(root) if entry.files)
    assert entry.text
    assert "message.txt" in entry.text
    assert len(entry.text) < MAX_TEXT + 200
    assert attachments(root)["message.txt"].decode().split() == body.split()


# --- T10: one person cannot fill a ticket ---


def test_a_long_text_is_attached(tmp_path: Path) -> None:
    """Its beginning and a line that says so stand on the ticket; the attachment has all
    of it, what is quoted too."""
    root = settled(tmp_path)
    body = "word ä\n" * MAX_TEXT
    (receipt,) = flood(root, lambda _: body, 1)
    (entry,) = (entry for entry in history(root) if entry.mail_id == receipt.mail_id)
    assert receipt.fate == "added"
    assert entry.text
    assert len(entry.text) < MAX_TEXT + 100
    assert entry.text.endswith("[cut here; the whole is attached as message.txt]\n")
    assert attachments(root)["message.txt"].decode().split() == body.split()
    assert not dead(root)
    assert "has this email already" in receive(desk_of(root), numbered(0, body)).words


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
        assert dead(root)[data].startswith("the ticket 26")
    data = f"Subject: [{A}]\nMessage-ID: <f@x>\nFrom: {JANE}\n".encode()
    data += parts("mixed", b"\nSee the file.", attached("a.bin", b"x" * (MAX_TEXT + 1)))
    assert receive(desk_of(root), data).fate == "added"
    assert data in dead(root)
    assert ticketctl(root, "check", now=TOMORROW).status == 0


def test_what_is_attached_is_shown_and_missed(
    tmp_path: Path, mail_server: tuple[int, Office]
) -> None:
    shop = open_shop(tmp_path / "store", "biztech", "agent", *mail_server)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        JANE,
        HELP,
        "Invoice",
        "<1@x>",
    )
    mail.set_content("See the page.")
    mail.add_attachment(
        b"%PDF", maintype="application", subtype="pdf", filename="../../page one.pdf"
    )
    half = half_of(shop.run("mail", "in", now="2026-11-02T09:00", feed=mail.as_bytes()))
    shown = re.search(
        r"    attached: (attachments/\S+-page_one\.pdf)\n",
        shop.run("show", half, now="2026-11-02T09:01"),
    )
    assert shown
    assert (shop.root / shown[1]).read_bytes() == b"%PDF"
    assert shop.run("check", now="2026-11-02T09:01") == ""
    (shop.root / shown[1]).unlink()
    assert f"warning: the attachment {shown[1]} is missing" in shop.run(
        "check", now="2026-11-02T09:01"
    )


def test_an_attachment_that_is_ignored_elsewhere_is_committed(
    mail_workspace: Shop,
) -> None:
    with (mail_workspace.root / ".gitignore").open("a") as file:
        file.write("*.log\n")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        JANE,
        HELP,
        TAG,
        "<1@x>",
    )
    mail.set_content("Look.")
    mail.add_attachment(
        b"trace", maintype="text", subtype="x-log", filename="trace.log"
    )
    assert "message of" in mail_workspace.run(
        "mail", "in", now="2026-11-02T09:01", feed=mail.as_bytes()
    )
    listed = subprocess.run(
        ["git", "-C", str(mail_workspace.root), "ls-files"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "-trace.log" in listed


def test_a_note_of_an_older_version_is_recognised() -> None:
    """Why an email is only a note was said in other words; what it says is compared."""
    email = parse_email(numbered(0, "Old words."))
    form = content_of(email, answers=True)
    now = as_note(form, "the sender is neither customer nor watcher").note
    before = as_note(form, "its writer is not a person of this ticket").note
    assert now != before
    for note in (now, before):
        entry = Entry("2026-11-02T09:00:00Z", JANE, "system", "noted", note=note)
        assert _same_texts(entry, form)
        assert not _same_texts(replace(entry, note=note + "more"), form)
