"""Identify an email by a digest that is the same at every delivery.

It is made of Message-ID, From, To, Subject, Date and the decoded content of all parts.
It leaves out what differs between deliveries: trace headers, line ends, folding, and
the encodings that mail servers may change on the way (RFC 6152, RFC 2047).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from ticketctl.store.email.headers import decode_words
from ticketctl.store.email.mime import Part


def digest_of(message: Part, message_id: str, date: str) -> str:
    """Return the digest of an email: ``m`` and 32 hex digits.

    Args:
        message_id: as it came; empty if it has none.
        date: when it was written, in a form that is the same for the same instant.
    """
    parts = [
        message_id.encode(errors="replace"),
        *(_addresses(message, name) for name in ("from", "to")),
        decode_words(message.first("subject")).encode(errors="replace"),
        date.encode(errors="replace"),
    ]
    for part in message.leaves():
        parts += _contents(part)
    return f"m{_hash(parts)[:32]}"


def _hash(parts: Iterable[bytes]) -> str:
    """Return one hash of several byte strings, whatever is in them."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _addresses(message: Part, name: str) -> bytes:
    """Return a list of addresses without what mail servers change.

    That is blanks, quotes and upper case.
    """
    text = ",".join(map(decode_words, message.all(name)))
    return (
        "".join(re.sub(r'["\\]', "", text).split()).casefold().encode(errors="replace")
    )


def _contents(part: Part) -> Iterator[bytes]:
    """Yield what one part holds: its name, and its content decoded."""
    data = part.content()
    yield part.name.encode(errors="replace")
    yield _text(data) if _is_text(part) else data


def _is_text(part: Part) -> bool:
    """Return whether the line ends of a part may change on its way.

    That is so for all text, and for what is sent line by line.
    """
    encoding = part.first("content-transfer-encoding").strip().lower()
    return part.kind.startswith("text/") or encoding in (
        b"",
        b"7bit",
        b"8bit",
        b"quoted-printable",
    )


def _text(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b" \t\n")
