"""Compose outgoing email (RFC 5322)."""

from __future__ import annotations

import email.charset
import email.header
import email.policy
import email.utils
import re
from datetime import datetime
from email.mime.nonmultipart import MIMENonMultipart
from typing import NamedTuple

from ticketctl.store.email.headers import MESSAGE_ID, clean

_PLAIN_HEADER = re.compile(r"[ -~]*\Z")
_MAX_LINE = 990
"""The longest line that is sent as it is; RFC 5321 allows 998 bytes."""


class OutgoingEmail(NamedTuple):
    """An email to be sent.

    Args:
        message_id: with its angle brackets.
        sender: the address in ``From``.
        to: the address of the recipient.
        thread: the Message-IDs of the ticket's thread; the email answers the last.
    """

    message_id: str
    sender: str
    to: str
    subject: str
    body: str
    date: datetime
    thread: tuple[str, ...]


def compose_email(message: OutgoingEmail) -> bytes:
    """Return the bytes of an email, with CRLF: plain text, marked as automatic.

    The mark (RFC 3834) keeps other programs from answering. Every header is one line
    of printable ASCII before it is folded, so that no value can begin another header.

    Raises:
        ValueError: an address or a Message-ID is invalid. The parsers of this package
            accept no such value.
    """
    body = clean(message.body).rstrip("\n") + "\n"
    composed = MIMENonMultipart("text", "plain")
    thread = [id_ for id_ in message.thread if MESSAGE_ID.fullmatch(id_)]
    for name, value in (
        ("From", message.sender),
        ("To", message.to),
        ("Subject", _encode_subject(message.subject)),
        ("Date", email.utils.format_datetime(message.date)),
        ("Message-ID", message.message_id),
        ("In-Reply-To", thread[-1] if thread else ""),
        ("References", " ".join(thread)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ):
        if name != "Subject" and not (_PLAIN_HEADER.match(value) and "=?" not in value):
            raise ValueError(f"invalid {name} in an outgoing email: {value!r}")
        if value or name == "Subject":
            composed[name] = value
    charset = email.charset.Charset("us-ascii" if body.isascii() else "utf-8")
    if not body.isascii() or max(map(len, body.split("\n"))) >= _MAX_LINE:
        charset.body_encoding = email.charset.QP
    composed.set_payload(body, charset)
    # as_bytes of compat32 folds at spaces and encodes nothing: a Message-ID that is
    # longer than a line keeps its form.
    return composed.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))


def _encode_subject(text: str) -> str:
    """Return a subject as it stands in its header.

    It is in encoded words where it is not plain ASCII, or looks like an encoded word.
    """
    line = " ".join(clean(text).split())
    if _PLAIN_HEADER.match(line) and "=?" not in line:
        return line
    header = email.header.Header(line, "utf-8", maxlinelen=200)
    return header.encode(linesep="").replace("\n", "")
