"""Parse the headers of an email: text, encoded words, parameters, addresses.

Every function is linear in its input. The parsers of the standard library are not: a
sender of 40 KB of quotes and backslashes takes them a minute.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ticketctl.core.people import ADDRESS
from ticketctl.store.email.charsets import codec_of, decode

MAX_NESTING = 100
"""How deep comments may be nested; people write them one deep."""
MAX_PARAMETERS = 200
MAX_ADDRESSES = 1000
MESSAGE_ID = re.compile(r"<(?!=\?)(?:[!-;=?-~](?!=\?)){1,240}>")
"""A Message-ID in its brackets; never with an encoded word in it."""
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_NO_ADDRESS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class NestingError(ValueError):
    """Comments that are nested deeper than MAX_NESTING."""


def clean(text: str) -> str:
    """Return a text without CR, control characters and halves of characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return a clean text on one line, with single spaces."""
    return " ".join(clean(text).split())


def raw_text(value: bytes) -> str:
    """Return the text of a header that is not encoded (RFC 6532)."""
    return value.decode("ascii") if value.isascii() else decode(value, "")


# --- encoded words (RFC 2047) ---

_WORD = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?")


class _Piece(NamedTuple):
    """Some bytes of a header; those of an encoded word are decoded, with a charset."""

    data: bytes
    charset: str = ""


def decode_words(value: bytes) -> str:
    """Decode the encoded words of a header or a name; return it on one line.

    A word that cannot be decoded (wrong base64, an unknown charset) stays as it came.
    Neighbours of one charset are decoded together: a character may be cut in two.
    """
    joined: list[_Piece] = []
    for piece in _pieces(value):
        last = joined[-1] if joined else None
        blank = last is not None and not last.charset and not last.data.strip()
        if piece.charset and blank and len(joined) > 1:  # between two words
            joined.pop()
            last = joined[-1]
        if piece.charset and last is not None and piece.charset == last.charset:
            joined[-1] = _Piece(last.data + piece.data, piece.charset)
        elif piece.data:
            joined.append(piece)
    return one_line("".join(map(_text_of, joined)))


def _pieces(value: bytes) -> Iterator[_Piece]:
    """Yield the pieces of a header, in order."""
    endings = [match.start() for match in re.finditer(rb"\?=", value)]
    at = 0
    while start := _WORD.search(value, at):
        place = bisect_left(endings, start.end())
        word = (
            _word(start, value[start.end() : endings[place]])
            if place < len(endings)
            else None
        )
        yield _Piece(value[at : start.start() if word else start.end()])
        if word:
            yield word
        at = endings[place] + 2 if word else start.end()
    yield _Piece(value[at:])


def _word(start: re.Match[bytes], text: bytes) -> _Piece | None:
    charset = start[1].decode("ascii", errors="replace").partition("*")[0].lower()
    if codec_of(charset) is None:
        return None
    if start[2] in b"qQ":
        return _Piece(binascii.a2b_qp(text.replace(b" ", b"_"), header=True), charset)
    try:
        data = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return _Piece(data, charset)


def _text_of(piece: _Piece) -> str:
    return decode(piece.data, piece.charset) if piece.charset else raw_text(piece.data)


# --- parameters (RFC 2045, RFC 2231) ---


def parameters(value: bytes) -> tuple[str, Mapping[str, bytes]]:
    """Parse a header such as ``text/plain; charset=utf-8``.

    Returns:
        What stands before the first semicolon, in lower case, and the parameters: name
            in lower case -> value, in UTF-8 if it was encoded (RFC 2231), else as it
            came.
    """
    pieces = _split(value)
    main = raw_text(next(pieces, b"")).strip().lower()
    plain: dict[str, bytes] = {}
    encoded: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for number, piece in enumerate(pieces):
        if number >= MAX_PARAMETERS:
            break
        name, equals, content = piece.partition(b"=")
        key = name.strip().lower().decode("ascii", errors="replace")
        if not equals or not key:
            continue
        base, star, rest = key.partition("*")
        if not star:
            plain.setdefault(key, _unquoted(content))
            continue
        digits = rest.removesuffix("*")
        if rest and not (digits == "" or (digits.isdecimal() and len(digits) < 4)):
            continue
        part = int(digits or 0)
        literal = bool(digits) and not rest.endswith("*")
        encoded.setdefault(base, {}).setdefault(part, (_unquoted(content), literal))
    return main, plain | {name: _joined(parts) for name, parts in encoded.items()}


def _split(value: bytes) -> Iterator[bytes]:
    """Yield the pieces between semicolons that stand outside quotes."""
    start, quoted, at = 0, False, 0
    for match in re.finditer(rb'\\.|[";]', value, re.DOTALL):
        mark, at = match[0], match.start()
        if mark == b'"':
            quoted = not quoted
        elif mark == b";" and not quoted:
            yield value[start:at]
            start = at + 1
    yield value[start:]


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if not value.startswith(b'"'):
        return value
    end = len(value) - 1 if len(value) > 1 and value.endswith(b'"') else len(value)
    return re.sub(rb'\\(["\\])', rb"\1", value[1:end])


def _joined(parts: Mapping[int, tuple[bytes, bool]]) -> bytes:
    """Return the pieces of a value in their order, decoded where they are encoded."""
    charset, pieces = "", []
    for number in sorted(parts):
        data, literal = parts[number]
        if number == 0 and not literal and data.count(b"'") >= 2:
            head, _, data = data.split(b"'", 2)
            charset = raw_text(head)
        pieces.append(data if literal else _percent(data))
    data = b"".join(pieces)
    return decode(data, charset).encode("utf-8", errors="replace") if charset else data


def _percent(data: bytes) -> bytes:
    return re.sub(
        rb"%([0-9a-fA-F]{2})", lambda match: bytes((int(match[1], 16),)), data
    )


# --- addresses (RFC 5322) ---

_TOKEN = re.compile(r'\\.|[^\\"()]+|.', re.DOTALL)


def without_comments(text: str, quoted: bool = True) -> str:
    """Return a structured header without its comments, and without quoted strings.

    What is not closed stands for itself, to the end.

    Args:
        quoted: whether quoted strings are removed; else they stay, with their quotes.

    Raises:
        NestingError: comments are nested too deep.
    """
    pieces: list[str] = []
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    at, literal = 0, False
    while at < len(tokens):
        token = tokens[at]
        end = -1 if literal or token not in ('"', "(") else _closing(tokens, at)
        if token in ('"', "(") and end < 0:
            literal = True
        if end < 0:
            pieces.append(token)
            at += 1
            continue
        if token == '"' and not quoted:
            pieces += tokens[at : end + 1]
        elif token == "(":
            pieces.append(" ")
        at = end + 1
    return "".join(pieces)


def _closing(tokens: list[str], start: int) -> int:
    """Return where the quoted string or comment at a token ends; -1 if nowhere.

    Raises:
        NestingError: comments are nested too deep.
    """
    if tokens[start] == '"':
        for at in range(start + 1, len(tokens)):
            if tokens[at] == '"':
                return at
        return -1
    depth = 0
    for at in range(start, len(tokens)):
        if tokens[at] == "(":
            depth += 1
            if depth > MAX_NESTING:
                raise NestingError(f"comments nested deeper than {MAX_NESTING}")
        elif tokens[at] == ")":
            depth -= 1
            if not depth:
                return at
    return -1


def addresses(value: str) -> Iterator[str]:
    """Yield the addresses of a list (``To``, ``Cc``), in lower case, at most 1,000.

    Other forms than plain addresses are skipped.

    Raises:
        NestingError: comments are nested too deep.
    """
    count = 0
    for piece in re.split(r"[,;]", without_comments(one_line(value))):
        # the last of "a@x <b@x>" and "B <b@x<mailto:b@x>>" that is one
        for words in reversed(re.split(r"[<>]", piece)):
            address = _closed_up(words).rpartition(":")[2].strip()
            if len(address) < 400 and ADDRESS.match(address):
                break
        else:
            continue
        yield address.lower()
        count += 1
        if count == MAX_ADDRESSES:
            return


def _closed_up(text: str) -> str:
    """Return an address without the spaces that may stand around dots and at-sign."""
    return re.sub(r" ?([.@]) ?", r"\1", " ".join(text.split()))


def same_address(name: str, address: str) -> bool:
    """Return whether a name in a store is the address of an email in lower case.

    Only ASCII can be equal: the lower case of a Kelvin sign is a k, and nobody may
    reach another's address by it.
    """
    return name.isascii() and name.lower() == address


_MAILBOX = re.compile(r"[^<>@;:]*<([^<>]+)>")


def only_address(value: str) -> str:
    """Return the only address in ``From``, in lower case; empty for anything else.

    Where there are two ways to read the header, the server that checked the email may
    have read it the other way. A control character, which some programs take for the
    end of the header, is such a case (a tab is not: legal folding leaves it).

    Raises:
        NestingError: comments are nested too deep.
    """
    if _NO_ADDRESS.search(value):
        return ""
    text = without_comments(value).strip()
    match = _MAILBOX.fullmatch(text)
    address = re.sub(r"[ \t]+", " ", match[1] if match else text).strip()
    address = re.sub(r" ?@ ?", "@", address)
    return address.lower() if ADDRESS.match(address) else ""
