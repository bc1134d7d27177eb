"""Split the bytes of an email into a bounded tree of its parts (RFC 5322, RFC 2045).

Whatever the bytes are, the time grows only as they do: limits are checked before
anything is parsed, parts are places in the bytes and not copies, and lines are looked
for, not made. It is as lenient as mail programs: stray characters in base64, a missing
closing boundary, a header without an empty line after it are all accepted.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ticketctl.record import Record
from ticketctl.store.email.headers import decode_words, parameters, raw_text

MAX_HEAD = 256 << 10
"""The largest header block of an email or of a part, in bytes."""
MAX_FIELDS = 1000
"""The most header fields in one block."""
MAX_FIELD = 64 << 10
"""The largest header field, in bytes."""
MAX_PARTS = 500
"""The most parts, at all depths together, without the whole."""
MAX_DEPTH = 20
"""How deep parts may be nested."""
MAX_BOUNDARY = 1000
_LARGEST_UU_LINE = 200
_MAX_UU_LINES = 1_000_000
"""The most uuencoded lines that are decoded; programs write 45 bytes on each."""
_UU_LINES, _FEWEST_UU_BYTES = 1000, 16
"""After so many lines, so many bytes must be on a line on average."""


class UnreadableError(ValueError):
    """The bytes are not an email, or exceed a limit."""


class Part(Record):
    """An email, or a part of one: its header fields, and where its body is.

    Args:
        fields: (name in lower case, value unfolded), in order.
        usual: its type, if it does not give one.
        source: the bytes of the whole email.
        start: where the body begins in ``source``.
        end: where it ends.
        parts: those that it consists of; none, if it has a content itself.
    """

    fields: tuple[tuple[str, bytes], ...]
    usual: str
    source: bytes
    start: int
    end: int
    parts: tuple[Part, ...] = ()

    def all(self, name: str) -> list[bytes]:
        """Return the values of all fields of a name (in lower case), in order."""
        return [value for key, value in self.fields if key == name]

    def first(self, name: str) -> bytes:
        """Return the value of the first field of a name; empty, if there is none."""
        return next((value for key, value in self.fields if key == name), b"")

    @cached_property
    def _type(self) -> tuple[str, Mapping[str, bytes]]:
        value = self.first("content-type")
        main, values = parameters(value)
        kind = _KIND.match(main)
        return (kind[0] if kind else "text/plain" if value else self.usual), values

    @property
    def kind(self) -> str:
        """Return the type, such as ``text/plain``; a multipart without parts is text."""
        kind = self._type[0]
        return (
            "text/plain" if kind.startswith("multipart/") and not self.parts else kind
        )

    @property
    def declared(self) -> str:
        """Return the type that the part says it has."""
        return self._type[0]

    @property
    def charset(self) -> str:
        """Return the name of its charset, as it came; empty, if there is none."""
        return raw_text(self._type[1].get("charset", b""))[:100]

    @property
    def boundary(self) -> bytes:
        """Return what separates its parts; empty, if that is missing or too long."""
        boundary = self._type[1].get("boundary", b"").rstrip()
        return boundary if len(boundary) <= MAX_BOUNDARY else b""

    @cached_property
    def _disposition(self) -> tuple[str, Mapping[str, bytes]]:
        return parameters(self.first("content-disposition"))

    @property
    def attached(self) -> bool:
        """Return whether the part says that it is an attachment."""
        return self._disposition[0] == "attachment"

    @property
    def name(self) -> str:
        """Return the file name that the sender gave it, decoded; empty, if none."""
        name = self._disposition[1].get("filename") or self._type[1].get("name") or b""
        return decode_words(name)

    def content(self) -> bytes:
        """Return the body without its transfer encoding; as it came, if that is wrong."""
        body = self.source[self.start : self.end]
        words = self.first("content-transfer-encoding").lower().split()
        match words[0].rstrip(b";,") if words else b"":
            case b"base64":
                return _from_base64(body)
            case b"quoted-printable":
                return binascii.a2b_qp(body)
            case b"x-uuencode" | b"uuencode" | b"uue" | b"x-uue":
                return _from_uu(body)
        return body

    def leaves(self) -> Iterator[Part]:
        """Yield the parts that have a content themselves, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


_KIND = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")


def read_parts(data: bytes) -> Part:
    """Return the tree of the parts of an email; an email within it is a leaf.

    Raises:
        UnreadableError: a limit is exceeded; the message says which.
    """
    if b"\n" not in data[: MAX_HEAD + 1]:
        data = data.replace(b"\r", b"\n")
    return _PartReader(data).read(0, len(data), 0, "text/plain")


class _PartReader:
    """A reader of the parts of an email, which counts them."""

    def __init__(self, data: bytes) -> None:
        self._data, self._count = data, 0

    def read(self, start: int, end: int, depth: int, usual: str) -> Part:
        """Return the part that lies from ``start`` to ``end``."""
        head = _read_head(self._data, start, end)
        part = Part(head.fields, usual, self._data, head.end, end)
        if not (part.declared.startswith("multipart/") and part.boundary):
            return part
        usual = "text/plain"
        if part.declared == "multipart/digest":
            usual = "message/rfc822"
        places = self._places(part)
        if places and depth >= MAX_DEPTH:
            raise UnreadableError(f"parts nested deeper than {MAX_DEPTH}")
        parts = tuple(self.read(a, b, depth + 1, usual) for a, b in places)
        return Part(head.fields, part.usual, self._data, head.end, end, parts)

    def _places(self, part: Part) -> list[tuple[int, int]]:
        """Return where the parts of a multipart lie; text before and after is ignored."""
        data, end = self._data, part.end
        line = re.compile(
            rb"\n--" + re.escape(part.boundary) + rb"(--)?[ \t]*(?=\r?\n|\r?\Z)"
        )
        places: list[tuple[int, int]] = []
        begin = -1
        at = max(part.start - 1, 0)  # the end of the line before the body
        for mark in line.finditer(data, at, end):
            stop = mark.start()
            if stop > at and data[stop - 1] == 13:  # a carriage return
                stop -= 1
            if 0 <= begin <= stop:
                self._add(places, begin, stop)
            begin = data.find(b"\n", mark.end(), end) + 1 or end
            if mark[1]:
                return places
        if begin >= 0:
            self._add(places, begin, end)
        return places

    def _add(self, places: list[tuple[int, int]], start: int, end: int) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise UnreadableError(f"more than {MAX_PARTS} parts")
        places.append((start, end))


# --- header blocks ---


class _Head(NamedTuple):
    """A header block, and where what follows it begins."""

    fields: tuple[tuple[str, bytes], ...]
    end: int


_FIELD = re.compile(rb"([!-9;-~]*):")


def _read_head(data: bytes, start: int, end: int) -> _Head:
    """Read header fields, up to an empty line or one that cannot be a field.

    Raises:
        UnreadableError: there are too many, or they are too large.
    """
    fields_at: list[
        tuple[bytes, int, int]
    ] = []  # name, where its value begins and ends
    at = first = start
    limit = min(end, start + MAX_HEAD)
    while at < end:
        stop = data.find(b"\n", at, limit) + 1 or limit
        line = data[at:stop]
        if not line.strip(b"\r\n"):
            at = stop
            break
        folded = line[:1] in (b" ", b"\t")
        field = None if folded else _FIELD.match(data, at, stop)
        envelope = at == start and line.startswith(b"From ")
        if not (folded or field or envelope):
            break
        if field:
            fields_at.append((field[1], field.end(), stop))
            first = at
        elif folded and fields_at:
            fields_at[-1] = (*fields_at[-1][:2], stop)
        if len(fields_at) > MAX_FIELDS:
            raise UnreadableError(f"more than {MAX_FIELDS} header fields")
        if stop - first > MAX_FIELD:
            raise UnreadableError(f"a header field larger than {MAX_FIELD >> 10} KiB")
        at = stop
        if at >= limit < end:
            raise UnreadableError(f"headers larger than {MAX_HEAD >> 10} KiB")
    fields = tuple(
        (name.lower().decode("ascii"), _unfolded(data[begin:stop]))
        for name, begin, stop in fields_at
        if name
    )
    return _Head(fields, at)


def _unfolded(value: bytes) -> bytes:
    """Return a value on one line, without its line breaks."""
    value = value.rstrip(b"\r\n").lstrip(b" \t")
    return value.replace(b"\r\n", b"").replace(b"\n", b"")


# --- transfer encodings ---

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BLANK = re.compile(rb"[\r\n]*")
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))


def _from_base64(body: bytes) -> bytes:
    """Decode base64, with any stray characters and any missing end."""
    for padding in (b"", b"=="):
        try:
            return binascii.a2b_base64(body + padding if padding else body)
        except binascii.Error:
            pass
    if b" " in body.strip():
        return body  # it is plain text
    letters = body.translate(None, _OTHERS).rstrip(b"=")  # one character too many
    try:
        return binascii.a2b_base64(letters[:-1] + b"==")
    except binascii.Error:
        return body


def _from_uu(body: bytes) -> bytes:
    """Decode uuencoded lines; return the body as it came, if they are not such lines.

    So many or such short lines that no program writes count as other text, since each
    costs time.
    """
    begin = re.search(rb"^begin [0-7]+ [^\n]*\n", body[: 64 << 10], re.MULTILINE)
    if begin is None:
        return body
    decoded = bytearray()
    at, lines = begin.end(), 0
    while (at := _BLANK.match(body, at).end()) < len(body):  # type: ignore[union-attr]
        stop = body.find(b"\n", at, at + _LARGEST_UU_LINE) + 1
        line = body[at:stop] if stop else body[at : at + _LARGEST_UU_LINE]
        if line.strip() in (b"end", b"`", b""):
            break
        data = _from_uu_line(line)
        lines += 1
        short = lines > _UU_LINES and len(decoded) < lines * _FEWEST_UU_BYTES
        if data is None or short or lines > _MAX_UU_LINES:
            return body
        decoded += data
        at = stop or at + _LARGEST_UU_LINE
    return bytes(decoded)


def _from_uu_line(line: bytes) -> bytes | None:
    """Decode one line; ``None``, if it is not uuencoded."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some programs write too much: use the given size
        size = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:size])
    except binascii.Error:
        return None
