"""Emails that are made to be expensive, or to be taken for another's; as small as they
can be, or as large as the limit lets them be."""

from __future__ import annotations

import base64
from collections.abc import Callable

MIB = 1 << 20
HEAD = b"From: jane@customer.example\nTo: help@support.example\nMessage-ID: <big@x>\nSubject: Big\n"


def fill(unit: bytes, size: int) -> bytes:
    """A unit again and again, up to a size."""
    return (unit * (size // len(unit) + 1))[:size]


def body(kind: bytes, unit: bytes, encoding: bytes = b"8bit") -> Callable[[int], bytes]:
    """An email with one body of a type."""
    head = (
        HEAD
        + b"Content-Type: "
        + kind
        + b"\nContent-Transfer-Encoding: "
        + encoding
        + b"\n\n"
    )
    return lambda size: head + fill(unit, size - len(head))


def uuencoded(line: bytes) -> Callable[[int], bytes]:
    """An email with a body of one uuencoded line again and again."""
    head = (
        HEAD
        + b"Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n"
    )
    return lambda size: head + fill(line, size - len(head))


def header(name: bytes, unit: bytes, before: bytes = b"") -> Callable[[int], bytes]:
    """An email with one long header."""

    def make(size: int) -> bytes:
        rest = HEAD if name.lower() != b"from" else HEAD.partition(b"\n")[2]
        return name + b": " + before + fill(unit, size) + b"\n" + rest + b"\nHello.\n"

    return make


def folded(name: bytes, unit: bytes) -> Callable[[int], bytes]:
    """The same in lines of 70 bytes."""
    return lambda size: header(name, unit[:70] * (70 // len(unit) or 1) + b"\n ")(size)


def nested(size: int) -> bytes:
    """Parts within parts, each with a boundary of its own."""
    level = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n'
    return HEAD + b"".join(level % (n, n) for n in range(size // 64))


def levels(unit: bytes) -> Callable[[int], bytes]:
    """Nineteen levels, then one unit again and again."""
    deep = nested(64 * 19) + b"\n"
    return lambda size: deep + fill(unit, size - len(deep))


def prefixes(size: int) -> bytes:
    """Twenty boundaries, each the beginning of the next, and lines that are none."""
    deep = b""
    for number in range(1, 20):
        deep += b'Content-Type: multipart/mixed; boundary="%s"\n\n--%s\n' % (
            b"x" * number,
            b"x" * number,
        )
    return (
        HEAD
        + deep
        + b"\n\n"
        + fill(b"\n--" + b"x" * 20 + b"y", size - len(HEAD + deep) - 2)
    )


def multipart(unit: bytes, mark: bytes = b"x") -> Callable[[int], bytes]:
    """A multipart of one unit again and again."""
    head = HEAD + b'Content-Type: multipart/mixed; boundary="%s"\n\n' % mark
    return lambda size: head + fill(unit, size - len(head))


def alternatives(size: int) -> bytes:
    """A blank text in quoted-printable, an alternative at each of nineteen levels."""
    head, tail = HEAD, b""
    for number in range(19):
        head += b'Content-Type: multipart/alternative; boundary="b%d"\n\n--b%d\n' % (
            number,
            number,
        )
        tail = (
            b"\n--b%d\nContent-Type: text/html\n\n<p>a\n--b%d--\n" % (number, number)
            + tail
        )
    head += b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head + fill(b"=20=\n", size - len(head + tail)) + tail


def words(unit: bytes) -> Callable[[int], bytes]:
    """A subject of encoded words."""
    return header(b"Subject", unit)


LARGE: dict[str, Callable[[int], bytes]] = {
    "lines of one letter": lambda size: fill(b"a\n", size),
    "blank lines": lambda size: b"\n" + fill(b"\n", size),
    "carriage returns": lambda size: fill(b"\r", size),
    "zeros": lambda size: bytes(size),
    "colons": lambda size: fill(b":\n", size),
    "one colon a line, one name": lambda size: fill(b"a:\n", size),
    "one header": header(b"X-Long", b"y"),
    "a header of folded lines": folded(b"X-Long", b"y"),
    "a name of a header that never ends": lambda size: fill(b"a", size),
    "nested boundaries": nested,
    "boundaries that begin alike": prefixes,
    "levels of hyphens": levels(b"\n--"),
    "levels of half a boundary": levels(b"\n--b"),
    "levels of lines": levels(b"\n"),
    "a million parts": multipart(b"\n--x\n\na"),
    "boundaries that are none": multipart(b"\n--xy"),
    "boundaries and blanks": multipart(b"\n--x" + b" " * 500 + b"y"),
    "a long boundary": lambda size: multipart(b"\n--" + b"-" * 900, b"-" * 900)(size),
    "a boundary of nothing": multipart(b"\n--\n", b""),
    "plain": body(b"text/plain", b"word "),
    "lines": body(b"text/plain; charset=utf-8", b"On Mon, wrote:\n> a\n"),
    "not utf-8": body(b"text/plain; charset=utf-8", b"\xff"),
    "utf-7": body(b"text/plain; charset=utf-7", b"+A"),
    "punycode": body(b"text/plain; charset=punycode", b"a-b9"),
    "unicode_escape": body(b"text/plain; charset=unicode_escape", b"\\U00110000"),
    "idna": body(b"text/plain; charset=idna", b"xn--a."),
    "iso-2022-jp": body(b"text/plain; charset=iso-2022-jp", b"\x1b$B"),
    "gb18030": body(b"text/plain; charset=gb18030", b"\x81\x30"),
    "base64": body(b"text/plain", b"YWFh", b"base64"),
    "base64 of line breaks": body(b"text/plain", b"\n", b"base64"),
    "base64 of padding": body(b"text/plain", b"=", b"base64"),
    "base64 that is none": body(b"text/plain", b"A!", b"base64"),
    "quoted-printable": body(b"text/plain", b"=41", b"quoted-printable"),
    "quoted-printable of soft breaks": body(b"text/plain", b"=\n", b"quoted-printable"),
    "quoted-printable of equals": body(b"text/plain", b"=", b"quoted-printable"),
    "uuencode": uuencoded(b"M" + b"86%A" * 15 + b"\n"),
    "uuencode of short lines": uuencoded(b"#86%T\n"),
    "uuencode of one byte a line": uuencoded(b"!\n"),
    "uuencode of lines just long enough": uuencoded(b"0" + b"86%A" * 6 + b"\n"),
    "uuencode in 500 parts": lambda size: multipart(
        b"\n--x\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n"
        + fill(b"!\n", max(size // 499 - 60, 100))
    )(size),
    "uuencode of blank lines": lambda size: body(b"a/b", b"\n", b"uuencode")(
        size
    ).replace(b"\n\n", b"\n\nbegin 644 a\n", 1),
    "html of opening brackets": body(b"text/html", b"<"),
    "html of a long name": body(b"text/html", b"<" + b"a" * 100_000),
    "html of tags that do not end": body(b"text/html", b"<a "),
    "html of comments": body(b"text/html", b"<!--"),
    "html of comments that end": body(b"text/html", b"<!----><b>x</b>"),
    "html of entities": body(b"text/html", b"&amp"),
    "html of a long number": body(b"text/html", b"&#" + b"1" * 100_000),
    "html of ampersands": body(b"text/html", b"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    "an email in an email": body(b"message/rfc822", b"a: b\n\n"),
    "From of quotes": header(b"From", b'"\\"\\'),
    "From of quotes, 40 KB": lambda size: header(b"From", b'"\\"\\')(40_000),
    "From of brackets, 60 KB": lambda size: header(b"From", b"<")(60_000),
    "From of blanks, 60 KB": lambda size: header(b"From", b" ", b"a")(60_000),
    "From of comments, 60 KB": lambda size: header(b"From", b"()")(60_000),
    "From of open comments, 60 KB": lambda size: header(b"From", b"(a")(60_000),
    "To of open comments": lambda size: header(b"To", b"(")(10_000),
    "To of quotes, 60 KB": lambda size: header(b"To", b'"a\\"')(60_000),
    "To of commas, 60 KB": lambda size: header(b"To", b",")(60_000),
    "To of addresses, 60 KB": lambda size: header(b"To", b"a@b.example,")(60_000),
    "To of blanks, 60 KB": lambda size: header(b"To", b" . ", b"a@b")(60_000),
    "four headers To": lambda size: header(b"To", b'<"a@b>,')(60_000) * 4,
    "words that do not end, 60 KB": lambda size: words(b"=?x?q?")(60_000),
    "words, 60 KB": lambda size: words(b"=?utf-8?q?a?= ")(60_000),
    "words of one letter, 60 KB": lambda size: words(b"=?utf-8?b?YQ==?=")(60_000),
    "words without a charset, 60 KB": lambda size: words(b"=?")(60_000),
    "words in utf-7, 60 KB": lambda size: words(b"=?utf-7?q?+A")(60_000),
    "charset=punycode in a header": lambda size: words(b"=?punycode?q?a-b9?=")(60_000),
    "a long charset": lambda size: body(b"text/plain; charset=" + b"a" * 50_000, b"x")(
        100_000
    ),
    "parameters, 60 KB": lambda size: header(b"Content-Type", b";a=b", b"text/plain")(
        60_000
    ),
    "parameters of quotes, 60 KB": lambda size: header(
        b"Content-Type", b';a="', b"text/plain"
    )(60_000),
    "parameters in pieces, 60 KB": lambda size: header(
        b"Content-Disposition", b";filename*9999*=a;filename*0*=x''%41", b"attachment"
    )(60_000),
    "percents, 60 KB": lambda size: header(
        b"Content-Disposition", b"%41", b"x; filename*=a''"
    )(60_000),
    "results of comments, 60 KB": lambda size: header(
        b"Authentication-Results", b"(", b"mx; "
    )(60_000),
    "results, 60 KB": lambda size: header(
        b"Authentication-Results", b";dmarc=pass", b"mx"
    )(60_000),
    "results of quotes, 60 KB": lambda size: header(
        b"Authentication-Results", b'a="\\"";', b"mx;"
    )(60_000),
    "results of equals, 60 KB": lambda size: header(
        b"Authentication-Results", b"=", b"mx; a"
    )(60_000),
    "results of blanks, 60 KB": lambda size: header(
        b"Authentication-Results", b"a ", b"mx; "
    )(60_000),
    "references, 60 KB": lambda size: header(b"References", b"<a@x>")(60_000),
    "references that do not end, 60 KB": lambda size: header(
        b"References", b"<" + b"a" * 239
    )(60_000),
    "Auto-Submitted of comments, 60 KB": lambda size: header(b"Auto-Submitted", b"(a")(
        60_000
    ),
    "base64 of html": lambda size: (
        HEAD
        + b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(fill(b"<p>a<!--", size * 7 // 10))[: size - 200]
    ),
    "blank alternatives of alternatives": alternatives,
    "500 texts": lambda size: multipart(
        b"\n--x\n\n" + fill(b"a\n", max(size // 499, 100))
    )(size),
    "500 files": lambda size: multipart(
        b"\n--x\nContent-Disposition: attachment; filename=a\n\n"
        + fill(b"a\n", max(size // 499, 100))
    )(size),
}
"""Name -> makes an email of about so many bytes (some are always smaller)."""
