"""Parse an incoming email (RFC 5322).

Anybody can send one: nothing in it is assumed to be well-formed. Its bytes are split
into parts by :mod:`ticketctl.store.email.mime`.
"""

from __future__ import annotations

import email.utils
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress

from ticketctl.errors import SettingsError
from ticketctl.record import Record
from ticketctl.store.email.authentication import vouching_servers
from ticketctl.store.email.body import Attachment, EmailBody
from ticketctl.store.email.digest import digest_of
from ticketctl.store.email.headers import (
    MESSAGE_ID,
    NestingError,
    addresses,
    clean,
    decode_words,
    only_address,
    raw_text,
)
from ticketctl.store.email.mime import Part, UnreadableError, read_parts
from ticketctl.store.email.quotes import without_quotes

_AUTOMATIC_PRECEDENCE = ("bulk", "junk", "list", "auto_reply")
_MAX_IDS = 100
_MAX_SUBJECT = 500


class Email(Record):
    """An email as read.

    Args:
        message_id: with its angle brackets; made from the bytes if it has none.
        sender: the address in ``From``, in small letters; empty if it is not valid.
        recipients: the addresses it was sent to, in small letters; those in
            ``Delivered-To`` and similar headers first.
        text: the whole body as text.
        reply: the body without the quoted emails below it.
        references: the Message-IDs that it answers, the nearest first.
        machine: why it counts as automatic (X4); empty if a person wrote it.
        authentic: the servers that vouch for its sender (``Authentication-Results``).
        whole: the name of the attachment that holds the whole text, where ``text`` is
            only its beginning; else empty.
        digest: a hash that is the same at every delivery of this email, and no other's.
        former_id: the Message-ID that the first version of ticketctl made for it, if
            it has none.
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
    """Parse an email.

    Raises:
        UnreadableError: the bytes are not an email, or exceed a limit.
        SettingsError: the package that recognises quoted emails is not installed.
    """
    try:
        return _parse(data)
    except (UnreadableError, SettingsError):
        raise
    except NestingError as error:
        raise UnreadableError(str(error)) from None
    except Exception as error:  # a fault of ours: the caller keeps the email
        raise UnreadableError(str(error) or type(error).__name__) from None


def _parse(data: bytes) -> Email:
    message = read_parts(data)
    body = EmailBody(message)
    text = clean(body.text()).strip()
    sender = _sender(message)
    message_id, date = _message_id(message), _date(message)
    former_id = "" if message_id else _make_id(hashlib.sha256(data).hexdigest())
    # Without Message-ID and date, only the trace headers tell it from an equal email.
    digest = digest_of(message, message_id or ("" if date else former_id), date)
    results = _raw_headers(message, "authentication-results")
    return Email(
        message_id=message_id or (_make_id(digest[1:]) if date else former_id),
        sender=sender,
        recipients=tuple(_recipients(message)),
        subject=_header(message, "subject")[:_MAX_SUBJECT],
        text=text,
        reply=without_quotes(text),
        references=tuple(_references(message)),
        machine=_why_automatic(message, sender),
        authentic=vouching_servers(results, sender.partition("@")[2]),
        attachments=tuple(body.attachments),
        whole=body.whole,
        digest=digest,
        former_id=former_id,
    )


def _raw_headers(message: Part, name: str) -> list[str]:
    """Return all headers of a name, encoded words left as they are."""
    return [raw_text(value) for value in message.all(name)]


def _header(message: Part, name: str) -> str:
    """Return the first header of a name, decoded, on one line."""
    return decode_words(message.first(name))


def _sender(message: Part) -> str:
    """Return the address in the only ``From``; empty if there are two such headers."""
    values = _raw_headers(message, "from")
    return only_address(values[0]) if len(values) == 1 else ""


def _recipients(message: Part) -> Iterator[str]:
    names = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
    yield from dict.fromkeys(
        address
        for name in names
        for value in _raw_headers(message, name)
        for address in addresses(value)
    )


def _ids(message: Part, name: str) -> list[str]:
    """Return the Message-IDs in the headers of a name."""
    return MESSAGE_ID.findall(" ".join(_raw_headers(message, name)))


def _message_id(message: Part) -> str:
    return next(iter(_ids(message, "message-id")), "")


def _date(message: Part) -> str:
    """Return the instant of ``Date`` in seconds since 1970; its text if invalid."""
    text = _header(message, "date")[:200]
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        date = email.utils.parsedate_tz(text)
        if date is not None and date[9] is not None:
            return str(email.utils.mktime_tz(date))
    return text


def _make_id(digest: str) -> str:
    """Return a Message-ID for an email that has none."""
    return f"<{digest[:32]}@without-id.invalid>"


def _references(message: Part) -> Iterator[str]:
    thread = reversed(_ids(message, "references"))
    answered = _ids(message, "in-reply-to")
    yield from list(dict.fromkeys([*answered, *thread]))[:_MAX_IDS]


def _why_automatic(message: Part, sender: str) -> str:
    """Return why an email counts as automatic; empty if a person wrote it.

    The rules are those of RFC 3834, and of the headers that were in use before it.
    """
    automatic = _header(message, "auto-submitted").casefold()[:200]
    if automatic and re.sub(r"\([^()]*\)|;.*", "", automatic).strip() != "no":
        return f"Auto-Submitted: {automatic}"
    precedence = _header(message, "precedence").casefold()
    if precedence in _AUTOMATIC_PRECEDENCE:
        return f"Precedence: {precedence}"
    if any(value.strip() == b"<>" for value in message.all("return-path")):
        return "an empty return path"
    for name in ("X-Failed-Recipients", "X-Autoreply", "X-Autorespond"):
        if message.all(name.lower()):
            return name
    if sender.partition("@")[0] == "mailer-daemon":
        return "a mailer daemon"
    return "a delivery report" if message.declared == "multipart/report" else ""
