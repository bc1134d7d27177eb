"""The one door to RFC 5322: letters read from bytes and written as bytes, and quoted text taken off replies.

What comes in is anybody's: nothing of it is believed to be well-formed, and nothing of it gets into a header unchecked.
"""

from __future__ import annotations

import email.charset
import email.header
import email.parser
import email.policy
import email.utils
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from email.errors import MessageError
from email.message import Message
from email.mime.nonmultipart import MIMENonMultipart

from ticketctl.errors import SettingsError
from ticketctl.record import Record
from ticketctl.store.mailsettings import ADDRESS

MAX_PARTS = 500
_MESSAGE_ID = re.compile(r"<(?!=\?)(?:[!-;=?-~](?!=\?)){1,240}>")  # never with an encoded word in it
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_LONG_FIELD = re.compile(rb"^content-[a-z-]+:(?:[^\n]|\n[ \t]){4096}", re.IGNORECASE | re.MULTILINE)
_MACHINES = ("bulk", "junk", "list", "auto_reply")


class UnreadableError(ValueError):
    """The bytes are no letter that anything can be made of."""


class Attachment(Record):
    """A file that came with a letter, under the name that its sender gave it (not to be trusted)."""

    name: str
    data: bytes


class Letter(Record):
    """A letter as read.

    Args:
        message_id: with its angle brackets; made from the bytes if it has none.
        sender: the address in ``From``, small letters; empty if there is none that could be one.
        recipients: whom it was sent to, small letters, ``Delivered-To`` and the like first.
        text: the body as text, whole.
        reply: the body without what is quoted below it.
        references: Message-IDs that it answers, the nearest first.
        machine: why it counts as written by a machine (X4); empty if by a person.
        authentic: the servers that vouch for its sender, by the names in ``Authentication-Results``.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    reply: str
    references: tuple[str, ...]
    machine: str
    authentic: tuple[str, ...]
    attachments: tuple[Attachment, ...]


def read_letter(data: bytes) -> Letter:
    """Read a letter.

    Raises:
        UnreadableError: nothing can be made of the bytes.
    """
    if _LONG_FIELD.search(data):  # the standard parser takes minutes over such a one
        raise UnreadableError("a header of its parts is larger than 4 KiB")
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)
        texts, attachments = _parts(message)
        text = _clean("\n".join(texts)).strip()
        return Letter(
            _own_id(message, data), _sender(message), tuple(_recipients(message)), _header(message, "Subject")[:500],
            text, without_quotes(text), tuple(_references(message)), _machine(message), _authentic(message),
            tuple(attachments),
        )  # fmt: skip
    except (UnreadableError, SettingsError):
        raise
    except Exception as error:  # whatever the standard parser makes of bytes that nobody meant well, the letter is kept
        raise UnreadableError(str(error) or type(error).__name__) from None


# --- headers --------------------------------------------------------------------------------------------------------


def _raw(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])]


def _header(message: Message, name: str) -> str:
    """The first header of a name, decoded, on one line."""
    return next((_decoded_words(value) for value in _raw(message, name)), "")


def _decoded_words(value: str) -> str:
    """A header or a name with its encoded words decoded, on one line; what cannot be decoded stays as it came."""
    with suppress(ValueError, LookupError, MessageError):
        value = str(email.header.make_header(email.header.decode_header(value)))
    return " ".join(_clean(value).split())


def _addresses(values: Sequence[str]) -> Iterator[str]:
    for _, address in email.utils.getaddresses([_clean(value) for value in values]):
        if ADDRESS.match(address):
            yield address.lower()


_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_ONE_MAILBOX = re.compile(r"(?:[^<>@;:]*<\s*([^<>\s@]+@[^<>\s@]+)\s*>|([^<>\s@,;:]+@[^<>\s@,;:]+))\s*\Z")


def _sender(message: Message) -> str:
    """The address in ``From``: the only one in the only such header, or none. Where there are two ways to read it,
    whoever checked the letter before us may have taken the other."""
    values = _raw(message, "From")
    if len(values) != 1:
        return ""
    found = _ONE_MAILBOX.match(_QUOTED_OR_COMMENT.sub("", " ".join(_clean(values[0]).split())).strip())
    address = (found[1] or found[2]) if found else ""
    return address.lower() if ADDRESS.match(address) else ""


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
    automatic = _header(message, "Auto-Submitted").casefold()
    if automatic and re.sub(r"\([^()]*\)|;.*", "", automatic).strip() != "no":
        return f"Auto-Submitted: {automatic}"
    if (precedence := _header(message, "Precedence").casefold()) in _MACHINES:
        return f"Precedence: {precedence}"
    if any(value.strip() == "<>" for value in _raw(message, "Return-Path")):
        return "an empty return path"
    for name in ("X-Failed-Recipients", "X-Autoreply", "X-Autorespond"):
        if _raw(message, name):
            return name
    if _sender(message).partition("@")[0] == "mailer-daemon":
        return "a mailer daemon"
    return "a delivery report" if message.get_content_type() == "multipart/report" else ""


def _authentic(message: Message) -> tuple[str, ...]:
    """The servers that say that the letter is from whom it says (DMARC passed, RFC 8601)."""
    found = []
    for value in _raw(message, "Authentication-Results"):
        server, _, results = " ".join(_clean(value).split()).partition(";")
        if re.search(r"(?:^|[\s;])dmarc=pass(?:[\s;]|\Z)", _QUOTED_OR_COMMENT.sub("", results), re.IGNORECASE):
            found.append(server.strip().partition(" ")[0].lower())
    return tuple(found)


# --- the body -------------------------------------------------------------------------------------------------------


def _parts(message: Message) -> tuple[list[str], list[Attachment]]:
    """The texts to be read (plain, else what HTML says), and everything else as attachments."""
    plain: list[str] = []
    pages: list[str] = []
    attachments: list[Attachment] = []
    for number, part in enumerate(_leaves(message)):
        kind, name = part.get_content_type(), _file_name(part)
        if kind == "message/rfc822":  # a letter in a letter is somebody else's words
            inner = [one.as_bytes() for one in part.get_payload() if isinstance(one, Message)]
            attachments += [Attachment(name or "letter.eml", data) for data in inner]
            continue
        body = part.get_payload(decode=True)
        data = body if isinstance(body, bytes) else b""
        if kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment":
            text = _decoded(data, part.get_content_charset() or "utf-8")
            (plain if kind == "text/plain" else pages).append(text)
        elif data:
            attachments.append(Attachment(name or f"part-{number}", data))
    if any(text.strip() for text in plain):
        return plain, attachments
    read = [from_html(page) for page in pages]
    if not any(read):  # nothing that we can read: it is kept as it came
        attachments += [Attachment("message.html", page.encode(errors="replace")) for page in pages if page.strip()]
    return read, attachments


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a letter within a letter is one of them."""
    waiting, seen = [message], 0
    while waiting:
        part, seen = waiting.pop(), seen + 1
        if seen > MAX_PARTS + 1:  # the whole is one, too
            raise UnreadableError(f"more than {MAX_PARTS} parts")
        inside = part.get_payload() if part.is_multipart() and part.get_content_type() != "message/rfc822" else None
        if isinstance(inside, list):
            waiting += [one for one in reversed(inside) if isinstance(one, Message)]
        else:
            yield part


def _file_name(part: Message) -> str:
    try:
        return _decoded_words(str(part.get_filename() or ""))
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


_TOKEN = re.compile(r"<!--|-->|</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<[!?/][^<>]*>|[^<-]+|<|-")
_BREAKS = ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table")
_HIDDEN = ("script", "style", "head", "title")


def from_html(page: str) -> str:
    """What a reader of an HTML page sees, roughly, in time that grows as the page does (the standard parser's does not)."""
    words: list[str] = []
    hidden, comment = 0, False
    for found in _TOKEN.finditer(page):
        token, tag = found[0], (found[1] or "").lower()
        if comment or token == "<!--":
            comment = token != "-->"
        elif tag == "body":
            hidden = 0  # it ends the head, whether or not that was closed
        elif tag in _HIDDEN:
            hidden = max(hidden + (-1 if token.startswith("</") else 1), 0)
        elif tag in _BREAKS and not hidden:
            words.append("\n")
        elif not hidden and not (len(token) > 1 and token[0] == "<"):
            words.append(" ".join(token.split("\n")))
    lines = [" ".join(line.split()) for line in html.unescape("".join(words)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs"]
_LONG_LINE, _LONG_TEXT = 300, 1 << 16
_MARK = "\ue000"


def without_quotes(text: str) -> str:
    """The part of a body that its writer wrote: the letter that it answers is taken off.

    mail-parser-reply finds where an older letter may begin, in ten languages; what is there goes only if it is quoted
    (``>``) or has the head that Outlook puts above it. What would leave nothing at all is left as it is. The
    library's patterns take minutes on long lines and on thousands of blank ones, so both are put aside before, and a
    text beyond 64 KiB is left as it is.
    """
    if len(text) > _LONG_TEXT:
        return text
    try:
        from mailparser_reply import EmailReplyParser
    except ImportError:
        raise SettingsError("the package mail-parser-reply is not installed", "pip install 'ticketctl[mail]'") from None

    short: list[str] = []
    put_aside: list[str] = []
    for line in text.replace(_MARK, "").split("\n"):
        if len(line) > _LONG_LINE:
            put_aside.append(line)
            line = f"{_MARK}{len(put_aside) - 1}{_MARK}"
        if line.strip() or short[-2:] != ["", ""]:
            short.append(line if line.strip() else "")
    kept: list[str] = []
    torn = ""
    for part in EmailReplyParser(languages=_LANGUAGES).read("\n".join(short)).replies:
        if _HEAD_OF_OUTLOOK.search(part.headers) or len(_FIELD.findall(part.headers)) > 3:
            break
        if not part.headers:
            kept.append(_without_tail(part.content))
        elif part.headers.startswith(part.content) and part.headers != part.content:
            torn = part.content  # the library has torn a head in two, as it does in French: this is its first word
        else:
            kept.append(_own_lines(part.content, part.headers, torn))
            torn = ""
    found = re.sub(f"{_MARK}(\\d+){_MARK}", lambda mark: put_aside[int(mark[1])], "\n\n".join(filter(None, kept)))
    return found.strip() or text


_HEAD_OF_OUTLOOK = re.compile(r"-{5,} ?Original", re.IGNORECASE)
_FIELD = re.compile(r"^[*\W]*[^\W\d_]+:", re.MULTILINE)


def _without_tail(text: str) -> str:
    """Without the quoted lines at its very end; those within are what is answered."""
    lines = text.split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)


def _own_lines(content: str, head: str, torn: str) -> str:
    """What the writer put below or between quoted lines; all of it, with its head, if nothing is quoted there."""
    lines = content.split("\n")
    if not any(line.startswith(">") for line in lines):
        return f"{torn} {content}".strip()
    below = lines[head.count("\n") + 1 :] if content.startswith(head) else lines
    return "\n".join(line for line in below if not line.startswith(">")).strip("\n")


# --- writing --------------------------------------------------------------------------------------------------------


class Outgoing(Record):
    """A letter to be written; ``thread`` has the Message-IDs of the ticket's thread, the one answered last."""

    message_id: str
    sender: str
    to: str
    subject: str
    body: str
    date: datetime
    thread: tuple[str, ...]


_PLAIN_HEADER = re.compile(r"[ -~]*\Z")


def write_letter(letter: Outgoing) -> bytes:
    """A letter as bytes with CRLF: plain text, marked as written by a machine (RFC 3834), so that no machine answers.

    Every header is one line of printable ASCII before it is folded: nothing that came with a letter can begin another.

    Raises:
        ValueError: an address or Message-ID that is none; the readers above let none through.
    """
    body = _clean(letter.body).rstrip("\n") + "\n"
    message = MIMENonMultipart("text", "plain")
    thread = [name for name in letter.thread if _MESSAGE_ID.fullmatch(name)]
    for name, value in (
        ("From", letter.sender), ("To", letter.to), ("Subject", _encoded(letter.subject)),
        ("Date", email.utils.format_datetime(letter.date)), ("Message-ID", letter.message_id),
        ("In-Reply-To", thread[-1] if thread else ""), ("References", " ".join(thread)),
        ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"),
    ):  # fmt: skip
        if name != "Subject" and not (_PLAIN_HEADER.match(value) and "=?" not in value):
            raise ValueError(f"{name} cannot be {value!r}")
        if value or name == "Subject":
            message[name] = value
    simple = body.isascii() and max(map(len, body.split("\n"))) < 990  # RFC 5321: lines of 998 bytes
    charset = email.charset.Charset("us-ascii" if body.isascii() else "utf-8")
    if not simple:
        charset.body_encoding = email.charset.QP
    message.set_payload(body, charset)
    # as_bytes of compat32 folds at spaces and encodes nothing: a Message-ID longer than a line stays what it is.
    return message.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))


def _encoded(text: str) -> str:
    """A text as a header holds it: as it is, or in encoded words where it is not plain ASCII or looks like one."""
    line = " ".join(_clean(text).split())
    if _PLAIN_HEADER.match(line) and "=?" not in line:
        return line
    return email.header.Header(line, "utf-8", maxlinelen=200).encode(linesep="").replace("\n", "")
