"""What of an email goes onto a ticket, and whether an entry records an email."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from ticketctl.app.attachments import attachment_path
from ticketctl.app.email.incoming import Delivery
from ticketctl.app.email.quarantine import path_in_quarantine
from ticketctl.app.email.threads import EmailEntry
from ticketctl.app.input import values
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Keep
from ticketctl.core.entry import Entry
from ticketctl.errors import DiskError
from ticketctl.record import Record, replace
from ticketctl.store import files
from ticketctl.store.email import quarantine
from ticketctl.store.email.body import Attachment
from ticketctl.store.email.headers import same_address
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import Email, parse_email

MAX_ATTACHMENT = 10 << 20
"""The largest attachment that is kept, in bytes."""
MAX_ATTACHMENTS = 25 << 20
"""How large the attachments of one email may be together, in bytes."""
MAX_TEXT = 20_000
"""How many characters of an email's text a ticket records; a longer text is attached.
"""
SHOWN = 200
"""How many characters of an email's text are in a short entry."""
_MAX_FILES = 100
_MAX_LEFT_OUT = 500
_TRACES = 1 << 20
"""By how many bytes an email may be larger that came another way."""


class Content(Record):
    """What of an email goes onto a ticket.

    Args:
        text: what of its text is recorded.
        attachments: the name and the bytes of each file that is attached.
        left_out: which attachments are left out, in words; empty if none is.
        cut: whether the text is only the beginning of the email's.
        whole: the name of the attachment that has the whole text, if it is attached.
    """

    email: Email
    text: str
    attachments: tuple[tuple[str, bytes], ...]
    left_out: str
    cut: bool = False
    whole: str = ""

    @property
    def body(self) -> str:
        """The text, and that it is cut."""
        if not self.cut:
            return self.text
        whole = f"; the whole is attached as {self.whole}" if self.whole else ""
        return f"{self.text}\n\n[cut here{whole}]"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that are attached."""
        return tuple(name for name, _ in self.attachments)


def content_of(email: Email, answers: bool) -> Content:
    """Return what of an email goes onto a ticket.

    Args:
        answers: whether the ticket exists already; then quoted emails are left out.
    """
    text = email.reply if answers else email.text
    attachments = list(email.attachments)
    whole = email.whole
    if len(text) > MAX_TEXT and not whole:
        whole = "message.txt"
        data = email.text.encode(errors="replace")
        attachments.insert(0, Attachment(whole, data))
    text = text[:MAX_TEXT].strip() or "(no text)"
    kept: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    size = 0
    for attachment in attachments:
        data = attachment.data
        name = safe_name(attachment.name, [name for name, _ in kept])
        fits = len(data) <= MAX_ATTACHMENT and size + len(data) <= MAX_ATTACHMENTS
        if fits and len(kept) < _MAX_FILES:
            size += len(data)
            kept.append((name, data))
        else:
            left_out.append(f"{name} ({len(data) / (1 << 20):.1f} MiB)")
    words = (
        f"Attachments left out, too large or too many: {', '.join(left_out)}"
        if left_out
        else ""
    )
    # The whole text is the first attachment, unless it is too large.
    first = kept[0][0] if whole and kept else ""
    attached_whole = first if first == whole else ""
    return Content(email, text, tuple(kept), words, bool(whole), attached_whole)


def safe_name(name: str, taken: Sequence[str]) -> str:
    """Return a safe name for a file.

    It is short, and only of letters, digits, dot, hyphen and underscore.

    Args:
        name: as the email gives it.
        taken: the names of other files; the result differs from them, case ignored.
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", base).lstrip(".-")[-80:].lstrip(".-")
    clean = clean or "attachment"
    stem, dot, ending = clean.rpartition(".")
    number, free = 2, clean
    while free.casefold() in map(str.casefold, taken):
        free = f"{stem}-{number}.{ending}" if dot and stem else f"{clean}-{number}"
        number += 1
    return free


def without_attachments(content: Content) -> Content:
    """Return the content without its attachments.

    An email of somebody who is not of the ticket is quarantined as a whole; its files
    go into no commit.
    """
    names = ", ".join(content.files)[:_MAX_LEFT_OUT]
    parts = (content.left_out, f"Attached, and not kept here: {names}" if names else "")
    words = "\n".join(part for part in parts if part)
    return replace(content, attachments=(), left_out=words, whole="")


def short_form(content: Content) -> Content:
    """Return the content as a short entry, with the whole text attached.

    The entry shows enough to recognise the email.
    """
    text = " ".join(content.text.split())[:SHOWN].rstrip()
    left_out = content.left_out[:_MAX_LEFT_OUT]
    if content.cut or len(content.text) <= SHOWN:
        return replace(content, text=text, left_out=left_out)
    name = safe_name("message.txt", content.files)
    data = content.email.text.encode(errors="replace")
    return replace(
        content,
        text=text,
        left_out=left_out,
        attachments=(*content.attachments, (name, data)),
        cut=True,
        whole=name,
    )


def as_note(content: Content, why: str) -> Keep:
    """Return the request to keep an email as an internal note.

    Args:
        why: why it is only a note. The words up to the subject are not compared when
            the same email comes again; the rest is (:func:`records_email`).
    """
    email = content.email
    head = f"Mail from {email.sender or 'nobody'}, {why}.\nSubject: {email.subject or '(none)'}"
    note = "\n\n".join(part for part in (head, content.body, content.left_out) if part)
    return Keep(
        email.sender or "mail",
        values.clean_text(note, "the note"),
        "mail",
        email.message_id,
        content.files,
        email.digest,
    )


def title_of(email: Email, content: Content) -> str:
    """Return the title of a ticket that an email opens."""
    title = email.subject[:200] or content.text.split("\n")[0][:200]
    return values.clean_line(title, "the subject")


# --- the same email ---


def records_email(workspace: Workspace, record: EmailEntry, delivery: Delivery) -> bool:
    """Return whether an entry records an email, and not another one.

    Devices and web forms send many emails under one Message-ID. Compared is everything
    that a ticket holds: sender, subject, text, and the names and bytes of attachments.
    If something cannot be compared (a file is gone, attachments were left out), the
    email counts as another one, so that none is lost.

    Args:
        record: an entry with the Message-ID of the email.
    """
    if not same_address(record.entry.by, delivery.email.sender or "mail"):
        return False
    return any(
        _is_form(workspace, record, form, delivery.data)
        for form in _forms(record.entry, delivery.email)
    )


def _forms(entry: Entry, email: Email) -> Iterator[Content]:
    """Yield how an email can be recorded in an entry of that kind."""
    content = content_of(email, answers=entry.event != "created")
    for form in (content, short_form(content)):
        yield form if entry.text is not None else without_attachments(form)


def _is_form(
    workspace: Workspace, record: EmailEntry, form: Content, data: bytes
) -> bool:
    """Return whether an entry records an email in a form.

    Args:
        data: the email as it came.
    """
    entry = record.entry
    if not _same_texts(entry, form) or entry.files != form.files:
        return False
    if entry.event == "created" and entry.sets.get("title") != title_of(
        form.email, form
    ):
        return False
    if form.left_out and not (
        _same_digest(entry, form.email) or _is_quarantined(workspace, data)
    ):
        return False
    return all(
        _has_bytes(
            f"{workspace.root}/{attachment_path(record.id, entry.id, name)}", content
        )
        for name, content in form.attachments
    )


def _same_texts(entry: Entry, form: Content) -> bool:
    """Return whether the texts of an entry are those of a form."""
    if entry.text is None:  # why it is only a note may have changed since
        notes = (entry.note or "", as_note(form, "").note)
        ours, theirs = (note.partition("\nSubject: ")[2].strip() for note in notes)
        return ours == theirs
    texts = (entry.text.strip(), (entry.note or "").strip())
    return texts == (form.body.strip(), form.left_out.strip())


def must_quarantine(workspace: Workspace, entry: Entry, delivery: Delivery) -> bool:
    """Return whether an email that an entry records is to be quarantined here, too.

    It is if part of it was left out, and only another clone has quarantined the whole.
    """
    email = delivery.email
    if not _same_digest(entry, email) or not any(
        form.left_out for form in _forms(entry, email)
    ):
        return False
    words = b"" if email.former_id else email.message_id.encode()
    limit = len(delivery.data) + _TRACES
    return not any(
        _digest(data) == email.digest
        for data in quarantine.quarantined_with(workspace.root, words, limit)
    )


def _digest(data: bytes) -> str:
    """Return the digest of a quarantined email; empty if it cannot be parsed."""
    try:
        return parse_email(data).digest
    except UnreadableError:
        return ""


def _same_digest(entry: Entry, email: Email) -> bool:
    """Return whether an entry has the digest of an email, whichever way that came."""
    return bool(email.digest) and entry.mail_digest == email.digest


def _is_quarantined(workspace: Workspace, data: bytes) -> bool:
    """Return whether an email is quarantined with just these bytes."""
    return os.path.lexists(f"{workspace.root}/{path_in_quarantine(workspace, data)}")


def _has_bytes(path: str, data: bytes) -> bool:
    """Return whether a file exists and holds these bytes."""
    try:
        return files.read_bytes(path, len(data)) == data
    except (FileNotFoundError, DiskError):
        return False
