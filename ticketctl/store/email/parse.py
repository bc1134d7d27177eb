"""Emails: what is read of one that comes in, and those that go out (RFC 5322).

What comes in is anybody's: nothing of it is believed to be well-formed, and nothing of
it gets into a header unchecked. Its bytes are read by
:mod:`ticketctl.store.email.mime`.
"""

from __future__ import annotations

import email.charset
import email.header
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email.mime.nonmultipart import MIMENonMultipart

from ticketctl.errors import SettingsError
from ticketctl.record import Record
from ticketctl.store.email.authentication import vouching
from ticketctl.store.email.charsets import beginning
from ticketctl.store.email.digest import digest_of
from ticketctl.store.email.headers import (
    NestingError,
    addresses,
    clean,
    decode_words,
    only_address,
    raw_text,
)
from ticketctl.store.email.html import from_html
from ticketctl.store.email.mime import Part, read_parts
from ticketctl.store.email.mime import UnreadableError as UnreadableError
from ticketctl.store.email.quotes import without_quotes

MAX_TEXT_BYTES = 1 << 20
"""How much of a body, in bytes, is read as text; a larger one is attached whole."""
_MESSAGE_ID = re.compile(
    r"<(?!=\?)(?:[!-;=?-~](?!=\?)){1,240}>"
)  # never with an encoded word in it
_MACHINES = ("bulk", "junk", "list", "auto_reply")
_EMAILS = ("message/rfc822", "message/global", "message/news")
_REPORTS = ("message/delivery-status", "message/disposition-notification")
_MAX_IDS = 100


class Attachment(Record):
    """A file that came with an email, named by its sender (not to be trusted)."""

    name: str
    data: bytes


class Email(Record):
    """An email as read.

    Args:
        message_id: with its angle brackets; made from the bytes if it has none.
        sender: the address in ``From``, small letters; empty if there is none that
            could be one.
        recipients: whom it was sent to, small letters, ``Delivered-To`` and the like
            first.
        text: the body as text, whole.
        reply: the body without what is quoted below it.
        references: Message-IDs that it answers, the nearest first.
        machine: why it counts as written by a machine (X4); empty if by a person.
        authentic: the servers that vouch for its sender (``Authentication-Results``).
        whole: if ``text`` is only the beginning of a very large body, the name of the
            attachment that holds the whole; else empty.
        digest: what tells it from every other, the same at every delivery.
        former_id: the Message-ID that the first version made for it, if it has none.
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
    whole: str = ""
    digest: str = ""
    former_id: str = ""


def parse_email(data: bytes) -> Email:
    """Read an email.

    Raises:
        UnreadableError: nothing can be made of the bytes, or a limit is exceeded.
        SettingsError: the package that tells quotations is not installed.
    """
    try:
        message = read_parts(data)
        body = _Body(message)
        text = clean(body.text()).strip()
        sender = _sender(message)
        own, date = _own_id(message), _date(message)
        former = "" if own else _made_id(hashlib.sha256(data).hexdigest())
        # Without a date as well nothing but its way tells it from another that says the
        # same.
        digest = digest_of(message, own or ("" if date else former), date)
        return Email(
            own or (_made_id(digest[1:]) if date else former),
            sender,
            tuple(_recipients(message)),
            _header(message, "subject")[:500],
            text,
            without_quotes(text),
            tuple(_references(message)),
            _machine(message, sender),
            vouching(_texts(message, "authentication-results"), _domain(sender)),
            tuple(body.attachments),
            body.whole,
            digest,
            former,
        )
    except (UnreadableError, SettingsError):
        raise
    except NestingError as error:
        raise UnreadableError(str(error)) from None
    except Exception as error:  # a mistake of ours must not lose it: it is kept
        raise UnreadableError(str(error) or type(error).__name__) from None


# --- headers ---


def _texts(message: Part, name: str) -> list[str]:
    return [raw_text(value) for value in message.all(name)]


def _header(message: Part, name: str) -> str:
    """The first header of a name, decoded, on one line."""
    return decode_words(message.first(name))


def _domain(address: str) -> str:
    return address.partition("@")[2]


def _sender(message: Part) -> str:
    """The address in the only ``From``, or none; two headers are two ways to read."""
    values = _texts(message, "from")
    return only_address(values[0]) if len(values) == 1 else ""


def _recipients(message: Part) -> Iterator[str]:
    names = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
    yield from dict.fromkeys(
        address
        for name in names
        for value in _texts(message, name)
        for address in addresses(value)
    )


def _ids(message: Part, name: str) -> list[str]:
    return _MESSAGE_ID.findall(" ".join(_texts(message, name)))


def _own_id(message: Part) -> str:
    return next(iter(_ids(message, "message-id")), "")


def _date(message: Part) -> str:
    """The instant of ``Date``, in seconds since 1970; its text if that is none, empty
    if there is none."""
    text = _header(message, "date")[:200]
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        found = email.utils.parsedate_tz(text)
        if found is not None and found[9] is not None:
            return str(email.utils.mktime_tz(found))
    return text


def _made_id(digest: str) -> str:
    """A Message-ID for an email that has none."""
    return f"<{digest[:32]}@without-id.invalid>"


def _references(message: Part) -> Iterator[str]:
    thread = reversed(_ids(message, "references"))
    answered = _ids(message, "in-reply-to")
    yield from list(dict.fromkeys([*answered, *thread]))[:_MAX_IDS]


def _machine(message: Part, sender: str) -> str:
    """Why an email counts as written by a machine (RFC 3834, and what came before it);
    empty if it does not."""
    automatic = _header(message, "auto-submitted").casefold()[:200]
    if automatic and re.sub(r"\([^()]*\)|;.*", "", automatic).strip() != "no":
        return f"Auto-Submitted: {automatic}"
    if (precedence := _header(message, "precedence").casefold()) in _MACHINES:
        return f"Precedence: {precedence}"
    if any(value.strip() == b"<>" for value in message.all("return-path")):
        return "an empty return path"
    for name in ("X-Failed-Recipients", "X-Autoreply", "X-Autorespond"):
        if message.all(name.lower()):
            return name
    if sender.partition("@")[0] == "mailer-daemon":
        return "a mailer daemon"
    return "a delivery report" if message.declared == "multipart/report" else ""


# --- the body ---


class _Body:
    """The texts of an email to be read, in order, and all the rest as attachments.

    A page of HTML is left out only where its sender says that a plain text is the same
    (``multipart/alternative``). Of a very large text only the beginning is read; the
    whole is an attachment then.
    """

    def __init__(self, message: Part) -> None:
        self.attachments: list[Attachment] = []
        self.whole = ""
        self._left = MAX_TEXT_BYTES
        self._number = 0
        self._says: dict[tuple[int, int], bool] = {}
        self._texts = self._sorted(message)

    def _sorted(self, part: Part) -> list[Part]:
        """The texts of a part and of those in it; what is none is attached."""
        if not part.parts:
            return [part] if self._is_text(part) else []
        found = [self._sorted(inner) for inner in part.parts]
        if part.declared == "multipart/alternative" and any(map(self._is_plain, found)):
            found = [[text for text in texts if not _is_page(text)] for texts in found]
        return [text for texts in found for text in texts]

    def _is_plain(self, texts: list[Part]) -> bool:
        """Whether texts say something, and none of them is a page."""
        return not any(map(_is_page, texts)) and any(map(self._says_something, texts))

    def _says_something(self, part: Part) -> bool:
        """Whether a text is not blank; decoded once, however deep it is."""
        place = (part.start, part.end)
        if place not in self._says:
            self._says[place] = bool(
                beginning(part.content(), part.charset, MAX_TEXT_BYTES).strip()
            )
        return self._says[place]

    def _is_text(self, part: Part) -> bool:
        kind, name = part.kind, part.name
        number, self._number = self._number, self._number + 1
        if kind in _EMAILS:  # an email in an email is somebody else's words
            self._attach(name or "letter.eml", part.content())
        elif (
            name or part.attached or kind not in ("text/plain", "text/html", *_REPORTS)
        ):
            self._attach(name or f"part-{number}", part.content())
        else:
            return True
        return False

    def _attach(self, name: str, data: bytes) -> None:
        if data:
            self.attachments.append(Attachment(name, data))

    def _read(self, part: Part) -> str:
        data = part.content()
        if len(data) > self._left:  # the first of all, so that it is not left out
            self.whole = "message.html" if _is_page(part) else "message.txt"
            self.attachments.insert(0, Attachment(self.whole, data))
        text = beginning(data, part.charset, self._left)
        self._left -= min(len(data), self._left)
        return from_html(text) if _is_page(part) else text

    def text(self) -> str:
        """The body; pages of which nothing can be read become attachments."""
        read = [self._read(part) for part in self._texts]
        pages = [
            (part, text)
            for part, text in zip(self._texts, read, strict=True)
            if _is_page(part)
        ]
        if not any(text for _, text in pages) and not self.whole:
            for page, _ in pages:
                if (data := page.content()).strip():
                    self._attach("message.html", data)
        return "\n".join(read)


def _is_page(part: Part) -> bool:
    return part.kind == "text/html"


# --- writing ---


class OutgoingEmail(Record):
    """An email to be written; ``thread`` has the Message-IDs of the ticket's thread,
    the one answered last."""

    message_id: str
    sender: str
    to: str
    subject: str
    body: str
    date: datetime
    thread: tuple[str, ...]


_PLAIN_HEADER = re.compile(r"[ -~]*\Z")


def compose_email(letter: OutgoingEmail) -> bytes:
    """An email as bytes with CRLF: plain text, marked as written by a machine (RFC
    3834), so that no machine answers.

    Every header is one line of printable ASCII before it is folded: nothing that came
    with a letter can begin another.

    Raises:
        ValueError: an address or Message-ID that is none; the readers above let none
            through.
    """
    body = clean(letter.body).rstrip("\n") + "\n"
    message = MIMENonMultipart("text", "plain")
    thread = [name for name in letter.thread if _MESSAGE_ID.fullmatch(name)]
    for name, value in (
        ("From", letter.sender),
        ("To", letter.to),
        ("Subject", _encoded(letter.subject)),
        ("Date", email.utils.format_datetime(letter.date)),
        ("Message-ID", letter.message_id),
        ("In-Reply-To", thread[-1] if thread else ""),
        ("References", " ".join(thread)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ):
        if name != "Subject" and not (_PLAIN_HEADER.match(value) and "=?" not in value):
            raise ValueError(f"{name} cannot be {value!r}")
        if value or name == "Subject":
            message[name] = value
    simple = (
        body.isascii() and max(map(len, body.split("\n"))) < 990
    )  # RFC 5321: lines of 998 bytes
    charset = email.charset.Charset("us-ascii" if body.isascii() else "utf-8")
    if not simple:
        charset.body_encoding = email.charset.QP
    message.set_payload(body, charset)
    # as_bytes of compat32 folds at spaces and encodes nothing: a Message-ID longer than
    # a line stays what it is.
    return message.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))


def _encoded(text: str) -> str:
    """A text as a header holds it: as it is, or in encoded words where it is not plain
    ASCII or looks like one."""
    line = " ".join(clean(text).split())
    if _PLAIN_HEADER.match(line) and "=?" not in line:
        return line
    return (
        email.header.Header(line, "utf-8", maxlinelen=200)
        .encode(linesep="")
        .replace("\n", "")
    )
