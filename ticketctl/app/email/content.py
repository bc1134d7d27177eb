"""What of an email stands on a ticket and what beside it, and whether an entry holds
what an email says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from ticketctl.app.attachments import attachment_path
from ticketctl.app.email.quarantine import place_of
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
MAX_ATTACHMENTS = 25 << 20
MAX_TEXT = 20_000
"""How many characters of an email's text stand on a ticket; a longer text is attached.
"""
SHOWN = 200
"""How many characters of an email's text stand in a short entry."""
_MAX_LEFT_OUT = 500
_TRACES = 1 << 20
"""By how many bytes an email may be larger that came another way."""


class Content(Record):
    """An email being put somewhere.

    Args:
        text: what of its text stands on the ticket; if that is cut, ``whole`` is the
            attachment that has all of it.
        kept: what is attached, under which names; ``left_out`` says what could not be.
    """

    letter: Email
    text: str
    kept: tuple[tuple[str, bytes], ...]
    left_out: str
    cut: bool = False
    whole: str = ""

    @property
    def body(self) -> str:
        """The text, and that it is cut."""
        if not self.cut:
            return self.text
        return f"{self.text}\n\n[cut here{f'; the whole is attached as {self.whole}' if self.whole else ''}]"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is attached."""
        return tuple(name for name, _ in self.kept)


def prepare(letter: Email, answers: bool) -> Content:
    """What of an email goes into the history, and what beside it.

    Args:
        answers: whether it goes on a ticket that is there: without what it quotes.
    """
    text = letter.reply if answers else letter.text
    attached = list(letter.attachments)
    whole = letter.whole
    if len(text) > MAX_TEXT and not whole:
        whole = "message.txt"
        attached.insert(0, Attachment(whole, letter.text.encode(errors="replace")))
    text = text[:MAX_TEXT].strip() or "(no text)"
    kept: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    size = 0
    for item in attached:
        name = safe_name(item.name, [name for name, _ in kept])
        if (
            len(item.data) > MAX_ATTACHMENT
            or size + len(item.data) > MAX_ATTACHMENTS
            or len(kept) >= 100
        ):
            left_out.append(f"{name} ({len(item.data) / (1 << 20):.1f} MiB)")
            continue
        size += len(item.data)
        kept.append((name, item.data))
    words = (
        f"Attachments left out, too large or too many: {', '.join(left_out)}"
        if left_out
        else ""
    )
    name = next(
        (name for name, _ in kept if whole), ""
    )  # it is the first, unless it is too large
    name = name if name == whole else ""
    return Content(letter, text, tuple(kept), words, bool(whole), name)


def safe_name(name: str, taken: Sequence[str]) -> str:
    """A name for a file that is nothing but a name: letters, digits, dot, hyphen,
    underscore; short; not taken."""
    clean = (
        re.sub(r"[^A-Za-z0-9._-]+", "_", name.replace("\\", "/").rpartition("/")[2])
        .lstrip(".-")[-80:]
        .lstrip(".-")
    )
    clean = clean or "attachment"
    stem, dot, ending = clean.rpartition(".")
    number, found = 2, clean
    while found.casefold() in map(str.casefold, taken):
        found = f"{stem}-{number}.{ending}" if dot and stem else f"{clean}-{number}"
        number += 1
    return found


def without_attachments(mail: Content) -> Content:
    """What is not of the ticket's people goes into no commit: the whole email lies
    among the dead ones then."""
    names = ", ".join(mail.files)[:_MAX_LEFT_OUT]
    words = "\n".join(
        part
        for part in (
            mail.left_out,
            f"Attached, and not kept here: {names}" if names else "",
        )
        if part
    )
    return replace(mail, kept=(), left_out=words, whole="")


def shortened(mail: Content) -> Content:
    """A short entry for an email, whose text is attached; it shows enough to be known
    again."""
    text = " ".join(mail.text.split())[:SHOWN].rstrip()
    left_out = mail.left_out[:_MAX_LEFT_OUT]
    if mail.cut or len(mail.text) <= SHOWN:
        return replace(mail, text=text, left_out=left_out)
    name = safe_name("message.txt", mail.files)
    kept = (*mail.kept, (name, mail.letter.text.encode(errors="replace")))
    return replace(mail, text=text, left_out=left_out, kept=kept, cut=True, whole=name)


def as_note(mail: Content, why: str) -> Keep:
    """An email as an internal note, and why it is no more."""
    letter = mail.letter
    head = f"Mail from {letter.sender or 'nobody'}, {why}.\nSubject: {letter.subject or '(none)'}"
    note = "\n\n".join(part for part in (head, mail.body, mail.left_out) if part)
    return Keep(
        letter.sender or "mail",
        values.body(note, "the note"),
        "mail",
        letter.message_id,
        mail.files,
        letter.digest,
    )


def title_of(letter: Email, content: Content) -> str:
    """The title of a ticket that an email opens."""
    return values.line(
        letter.subject[:200] or content.text.split("\n")[0][:200], "the subject"
    )


# --- the same email ---


def is_held(
    workspace: Workspace, id_: str, entry: Entry, letter: Email, data: bytes
) -> bool:
    """Whether an entry holds what an email says: devices and web forms send many under
    one Message-ID.

    Compared is all of it that a ticket holds: sender, subject, text, the names and the
    bytes of what is attached. What cannot be compared (a file that is gone, attachments
    that were left out) is taken for another, so that none is lost.

    Args:
        id_: the ticket's.
        data: the email as it came.
    """
    if not same_address(entry.by, letter.sender or "mail"):
        return False
    return any(
        _is_form(workspace, id_, entry, form, data) for form in _forms(entry, letter)
    )


def _forms(entry: Entry, letter: Email) -> Iterator[Content]:
    """How an email can stand in an entry of its kind."""
    content = prepare(letter, answers=entry.event != "created")
    for form in (content, shortened(content)):
        yield form if entry.text is not None else without_attachments(form)


def _is_form(
    workspace: Workspace, id_: str, entry: Entry, form: Content, data: bytes
) -> bool:
    """Whether an entry is this form of an email."""
    if entry.text is None:  # why it is only a note may have changed since
        held = [
            part.partition("\nSubject: ")[2].strip()
            for part in (entry.note or "", as_note(form, "").note)
        ]
        same = held[0] == held[1]
    else:
        same = (entry.text.strip(), (entry.note or "").strip()) == (
            form.body.strip(),
            form.left_out.strip(),
        )
    if not same or entry.files != form.files:
        return False
    if entry.event == "created" and entry.sets.get("title") != title_of(
        form.letter, form
    ):
        return False
    if form.left_out and not (
        _is_recorded(entry, form.letter) or _is_buried(workspace, data)
    ):
        return False
    return all(
        _is_file(f"{workspace.root}/{attachment_path(id_, entry.id, name)}", held)
        for name, held in form.kept
    )


def must_quarantine(
    workspace: Workspace, entry: Entry, letter: Email, data: bytes
) -> bool:
    """Whether an email that an entry holds is to be kept among the dead ones here as
    well: part of it was left out, and the clone that did so keeps the whole.

    Args:
        data: the email as it came.
    """
    if not _is_recorded(entry, letter) or not any(
        form.left_out for form in _forms(entry, letter)
    ):
        return False
    words = b"" if letter.former_id else letter.message_id.encode()
    return not any(
        _digest(held) == letter.digest
        for held in quarantine.saying(workspace.root, words, len(data) + _TRACES)
    )


def _digest(data: bytes) -> str:
    """The digest of an email that is kept among the dead ones; empty, if it cannot be
    read."""
    try:
        return parse_email(data).digest
    except UnreadableError:
        return ""


def _is_recorded(entry: Entry, letter: Email) -> bool:
    """Whether an entry says that it is of this email, however that came."""
    return bool(letter.digest) and entry.mail_digest == letter.digest


def _is_buried(workspace: Workspace, data: bytes) -> bool:
    """Whether an email lies among the dead ones, with just these bytes."""
    return os.path.lexists(f"{workspace.root}/{place_of(workspace, data)}")


def _is_file(path: str, data: bytes) -> bool:
    """Whether a file is there and holds these bytes."""
    try:
        return files.read_bytes(path, len(data)) == data
    except (FileNotFoundError, DiskError):
        return False
