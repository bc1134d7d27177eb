"""The one door to RFC 5322: letters read from bytes and written as bytes, and quoted text taken off replies.

What comes in is anybody's: nothing of it is believed to be well-formed, and nothing of it gets into a header unchecked.
"""

from __future__ import annotations

import email.header
import email.parser
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from html.parser import HTMLParser

from ticketctl.errors import SettingsError
from ticketctl.store.mailsettings import ADDRESS

MAX_PARTS = 500
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_MACHINES = ("bulk", "junk", "list", "auto_reply")


class UnreadableError(ValueError):
    """The bytes are no letter that anything can be made of."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a letter, under the name that its sender gave it (not to be trusted)."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as read.

    Args:
        message_id: with its angle brackets; made from the bytes if it has none.
        sender: the address in ``From``, small letters; empty if there is none that could be one.
        recipients: whom it was sent to, small letters, ``Delivered-To`` and the like first.
        text: the body as text, whole.
        reply: the body without what is quoted below it.
        references: Message-IDs that it answers, the nearest first.
        machine: why it counts as written by a machine (X4); empty if by a person.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    reply: str
    references: tuple[str, ...]
    machine: str
    attachments: tuple[Attachment, ...]


def read_letter(data: bytes) -> Letter:
    """Read a letter.

    Raises:
        UnreadableError: nothing can be made of the bytes.
    """
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)
        texts, attachments = _parts(message)
        text = _clean("\n".join(texts)).strip()
        return Letter(
            _own_id(message, data), _sender(message), tuple(_recipients(message)), _header(message, "Subject")[:500],
            text, without_quotes(text), tuple(_references(message)), _machine(message), tuple(attachments),
        )  # fmt: skip
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        # the standard parser has raised each of these on bytes that nobody meant well
        raise UnreadableError(str(error) or type(error).__name__) from None


# --- headers --------------------------------------------------------------------------------------------------------


def _raw(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])]


def _header(message: Message, name: str) -> str:
    """The first header of a name, decoded, on one line."""
    for value in _raw(message, name)[:1]:
        with suppress(ValueError, LookupError):  # what cannot be decoded is shown as it came
            value = str(email.header.make_header(email.header.decode_header(value)))
        return " ".join(_clean(value).split())
    return ""


def _addresses(values: Sequence[str]) -> Iterator[str]:
    for _, address in email.utils.getaddresses([_clean(value) for value in values]):
        if ADDRESS.match(address):
            yield address.lower()


def _sender(message: Message) -> str:
    return next(_addresses(_raw(message, "From")[:1]), "")


def _recipients(message: Message) -> Iterator[str]:
    names = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
    yield from dict.fromkeys(address for name in names for address in _addresses(_raw(message, name)))


def _own_id(message: Message, data: bytes) -> str:
    found = _MESSAGE_ID.search(" ".join(_raw(message, "Message-ID")))
    return found[0] if found else f"<{hashlib.sha256(data).hexdigest()[:32]}@without-id.invalid>"


def _references(message: Message) -> Iterator[str]:
    answered = _MESSAGE_ID.findall(" ".join(_raw(message, "In-Reply-To")))
    thread = _MESSAGE_ID.findall(" ".join(_raw(message, "References")))
    yield from list(dict.fromkeys([*answered, *reversed(thread)]))[:100]


def _machine(message: Message) -> str:
    """Why a letter counts as written by a machine (RFC 3834 and what came before it); empty if it does not."""
    if (automatic := _header(message, "Auto-Submitted").casefold()) and automatic.partition(";")[0].strip() != "no":
        return f"Auto-Submitted: {automatic}"
    if (precedence := _header(message, "Precedence").casefold()) in _MACHINES:
        return f"Precedence: {precedence}"
    if any(value.strip() == "<>" for value in _raw(message, "Return-Path")):
        return "an empty return path"
    return "a delivery report" if message.get_content_type() == "multipart/report" else ""


# --- the body -------------------------------------------------------------------------------------------------------


def _parts(message: Message) -> tuple[list[str], list[Attachment]]:
    """The texts to be read (plain, else what HTML says), and everything else as attachments."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    for number, part in enumerate(message.walk()):
        if number > MAX_PARTS:
            raise UnreadableError(f"more than {MAX_PARTS} parts")
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), _file_name(part)
        body = part.get_payload(decode=True)
        data = body if isinstance(body, bytes) else b""
        if kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment":
            text = _decoded(data, part.get_content_charset() or "utf-8")
            (plain if kind == "text/plain" else html).append(text)
        elif data:
            attachments.append(Attachment(name or f"part-{number}", data))
    return plain or [_from_html(text) for text in html], attachments


def _file_name(part: Message) -> str:
    try:
        return str(part.get_filename() or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return "unnamed"


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, errors="replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", errors="replace")


def _clean(text: str) -> str:
    """Text without what no text has: control characters, halves of characters, carriage returns."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Words(HTMLParser):
    """What a reader of an HTML page sees, roughly."""

    _BREAKS = ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote")
    _HIDDEN = ("script", "style", "head", "title")

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in self._HIDDEN
        if tag in self._BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(self.hidden - (tag in self._HIDDEN), 0)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(" ".join(data.split()) + " ")


def _from_html(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    return "\n".join(line.strip() for line in "".join(reader.words).split("\n")).strip()


_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs"]
_LONG_LINE, _LONG_TEXT = 300, 1 << 16
_MARK = "\ue000"


def without_quotes(text: str) -> str:
    """The part of a body that its writer wrote: what is quoted below it is taken off (mail-parser-reply).

    The library's patterns take minutes on long lines and on thousands of blank ones; both are put aside before, and
    a text beyond 64 KiB is left as it is. What would leave nothing at all is left as it is, too.
    """
    if len(text) > _LONG_TEXT:
        return text
    try:
        from mailparser_reply import EmailReplyParser
    except ImportError:
        raise SettingsError("the package mail-parser-reply is not installed", "pip install 'ticketctl[mail]'") from None
    short: list[str] = []
    put_aside: list[str] = []
    for line in text.split("\n"):
        if len(line) > _LONG_LINE:
            put_aside.append(line)
            line = f"{_MARK}{len(put_aside) - 1}{_MARK}"
        if line.strip() or short[-2:] != ["", ""]:
            short.append(line if line.strip() else "")
    replies = EmailReplyParser(languages=_LANGUAGES).read("\n".join(short)).replies
    found = next(
        (reply.full_body for reply in replies if reply.full_body), ""
    )  # with the signature: it may say something
    lines = found.split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    found = "\n".join(lines)
    for number, line in enumerate(put_aside):
        found = found.replace(f"{_MARK}{number}{_MARK}", line)
    return found.strip() or text


# --- writing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter to be written; ``thread`` has the Message-IDs of the ticket's thread, the one answered last."""

    message_id: str
    sender: str
    to: str
    subject: str
    body: str
    date: datetime
    thread: tuple[str, ...]


def write_letter(letter: Outgoing) -> bytes:
    """A letter as bytes with CRLF: plain text, marked as written by a machine (RFC 3834), so that no machine answers."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = letter.sender
    message["To"] = letter.to
    message["Subject"] = " ".join(_clean(letter.subject).split())
    message["Date"] = email.utils.format_datetime(letter.date)
    message["Message-ID"] = letter.message_id
    if letter.thread:
        message["In-Reply-To"] = letter.thread[-1]
        message["References"] = " ".join(letter.thread)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_clean(letter.body).rstrip("\n") + "\n", charset="utf-8")
    return message.as_bytes()
