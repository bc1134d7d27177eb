"""An email from a stranger is text: reading one takes little time and memory whatever
it is (T8), and nobody is taken for another (T7). Nothing that a person wrote is lost on
the way."""

from __future__ import annotations

import base64
import binascii
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.emails import HELP, JANE, PLAIN, attached, letter, parts, typed
from tests.support.hostile_emails import LARGE, MIB
from tests.support.places import ROOT
from ticketctl.store.email import charsets
from ticketctl.store.email.body import MAX_TEXT_BYTES
from ticketctl.store.email.headers import addresses, only_address, same_address
from ticketctl.store.email.mime import (
    MAX_DEPTH,
    MAX_FIELD,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_PARTS,
    UnreadableError,
)
from ticketctl.store.email.parse import parse_email
from ticketctl.store.email.settings import ADDRESS

AMY = "amy@support.example"


SLOW = 10.0
"""More seconds than reading any email takes, on any machine."""


def quickly(data: bytes) -> str:
    """Read an email, or be told why it cannot be; either must be quick."""
    start = time.monotonic()
    try:
        found = parse_email(data).text
    except UnreadableError as error:
        found = str(error)
    assert time.monotonic() - start < SLOW
    return found


@pytest.mark.parametrize("name", list(LARGE))
def test_reading_is_quick(name: str) -> None:
    """Every shape, at half a MiB: what takes more than linear time would take minutes."""
    quickly(LARGE[name](MIB // 2))


READ = """
import resource, sys
from tests.support.hostile_emails import LARGE, MIB
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import parse_email
for name in sys.argv[1:]:
    try:
        parse_email(LARGE[name](40 * MIB))
    except UnreadableError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_forty_mebibytes_of_anything() -> None:
    """At the size limit as well, in a process of its own: in time, and below 500 MB."""
    some = [
        "lines of one letter",
        "levels of lines",
        "base64",
        "html of opening brackets",
        "carriage returns",
        "colons",
        "uuencode",
        "uuencode of one byte a line",
    ]
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", READ, *some],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=SLOW * len(some),
    )
    assert time.monotonic() - start < SLOW * len(some)
    assert int(done.stdout) < 500


PAGE = b"Content-Type: text/html\n\n<p>html <b>words</b></p>"


FOOTER = b"Content-Type: text/plain\n\n-- \nScanned for viruses."


BLANK = b"Content-Type: text/plain\n\n\xc2\xa0 \n"


PICTURE = b"Content-Type: text/html\n\n<img src='https://x.example/scan.png'>"


TEXTS: dict[str, tuple[bytes, str]] = {
    "HTML and a footer": (
        parts("mixed", PAGE, FOOTER),
        "html words\n-- \nScanned for viruses.",
    ),
    "a banner and HTML": (parts("mixed", PLAIN, PAGE), "plain words\nhtml words"),
    "HTML, a file, HTML": (
        parts("mixed", PAGE, attached("a"), PAGE),
        "html words\nhtml words",
    ),
    "without a multipart that says so": (
        parts("x-other", PLAIN, PAGE),
        "plain words\nhtml words",
    ),
    "related": (
        parts("related", PAGE, FOOTER),
        "html words\n-- \nScanned for viruses.",
    ),
    "signed": (parts("signed", PAGE, FOOTER), "html words\n-- \nScanned for viruses."),
    "alternatives": (parts("alternative", PLAIN, PAGE), "plain words"),
    "alternatives, HTML first": (parts("alternative", PAGE, PLAIN), "plain words"),
    "alternatives, no plain words": (parts("alternative", BLANK, PAGE), "html words"),
    "alternatives, the HTML with its pictures": (
        parts("alternative", PLAIN, parts("related", PAGE, attached("a"), mark="in")),
        "plain words",
    ),
    "alternatives, the HTML with files between": (
        parts(
            "alternative", PLAIN, parts("mixed", PAGE, attached("a"), PAGE, mark="in")
        ),
        "plain words",
    ),
    "alternatives and a footer": (
        parts("mixed", parts("alternative", PLAIN, PAGE, mark="in"), FOOTER),
        "plain words\n-- \nScanned for viruses.",
    ),
    "alternatives without plain words, and a footer": (
        parts("mixed", parts("alternative", BLANK, PAGE, mark="in"), FOOTER),
        "html words\n-- \nScanned for viruses.",
    ),
    "one of one alternative": (
        parts("alternative", parts("mixed", PLAIN, PAGE, mark="in")),
        "plain words\nhtml words",
    ),
    "alternatives twice": (
        parts(
            "mixed",
            parts("alternative", PLAIN, PAGE, mark="a"),
            parts("alternative", PAGE, mark="b"),
        ),
        "plain words\nhtml words",
    ),
}


LARGER: dict[str, tuple[str, bytes, str]] = {
    "NEC in Shift_JIS": (
        "shift_jis",
        "①番機のプリンタ".encode("cp932"),
        "①番機のプリンタ",
    ),
    "IBM in Shift_JIS": ("Shift_JIS", "髙橋".encode("cp932"), "髙橋"),
    "NEC in EUC-JP": ("euc-jp", b"\xad\xa1\xc8\xd6", "①番"),
    "NEC in ISO-2022-JP": ("iso-2022-jp", b"a\x1b$B-!HV\x1b(Bb\n", "①番"),
    "kana in ISO-2022-JP": ("iso-2022-jp", b"\x1b(I1\x1b(B", "ｱ"),
    "GB 2312": ("gb2312", "朱镕基".encode("gbk"), "朱镕基"),
    "GBK": ("gbk", "朱镕基\u20ac㐀".encode("gb18030"), "朱镕基\u20ac㐀"),
    "EUC-KR": ("euc-kr", "똠방각하".encode("cp949"), "똠방각하"),
    "Big5": ("big5", "碁".encode("cp950"), "碁"),
    "Big5 of Hong Kong": ("big5", "㗎".encode("big5hkscs"), "㗎"),
    "Latin-1": ("iso-8859-1", b"5 \x80 \x93a\x94 caf\xe9", "5 € “a” café"),
    "Latin-5": ("iso-8859-9", b"5 \x80 \xfe", "5 € ş"),
    "Thai": ("tis-620", b"\x85 \xa1", "… ก"),
}


@pytest.mark.parametrize("name", list(LARGER))
def test_a_charset_is_that_of_windows_where_it_is_too_small(name: str) -> None:
    """In a body, in a subject, and at the beginning of a large body."""
    charset, data, text = LARGER[name]
    assert (
        text in parse_email(typed(f"text/plain; charset={charset}", "8bit", data)).text
    )
    word = f"=?{charset}?b?{base64.b64encode(data).decode()}?="
    assert text in parse_email(letter(f"Subject: {word}")).subject
    assert text in charsets.decode_beginning(data + b" " * 100, charset, len(data) + 50)


def test_what_is_in_no_charset_has_its_other_characters() -> None:
    """Only what cannot be read is replaced; what is right is read as it says."""
    assert (
        charsets.decode("①番".encode("cp932") + b"\x85 .", "shift_jis") == "①番\ufffd ."
    )
    assert charsets.decode(b"\xa1\xb1 \\ ~", "shift_jis") == b"\xa1\xb1 \\ ~".decode(
        "shift_jis"
    )
    assert charsets.decode(b"\xe9\x81\x80", "iso-8859-1") == "é\ufffd€"
    assert charsets.decode(b"caf\xe9 \xa4", "iso-8859-1") == "café ¤"
    assert charsets.decode(b"\x1b$B-!HV\xff\x1b(B", "iso-2022-jp").count("\ufffd")


@pytest.mark.parametrize("name", list(TEXTS))
def test_a_page_is_left_out_only_for_a_plain_text_that_stands_for_it(name: str) -> None:
    """Everything else that somebody wrote is read, in order."""
    data, text = TEXTS[name]
    said = parse_email(b"From: jane@customer.example\n" + data).text
    assert [line.strip() for line in said.splitlines() if line.strip()] == [
        line.strip() for line in text.splitlines()
    ]


def test_a_page_that_says_nothing_is_attached_beside_a_footer() -> None:
    """Its picture is what its writer sent."""
    read = parse_email(parts("mixed", PICTURE, FOOTER))
    assert [item.name for item in read.attachments] == [
        "message.html"
    ] and "Scanned" in read.text
    large = b"Content-Type: text/html\n\n" + b"<p>word</p>" * 200_000
    read = parse_email(parts("mixed", PLAIN, large))
    assert (
        read.whole == "message.html"
        and read.text.startswith("plain words")
        and "word\n" in read.text
    )
    assert len(read.attachments[0].data) == 2_200_000


@pytest.mark.parametrize(
    "value",
    [
        "m\u212a.example; dmarc=pass header.from=kim.example",
        '"m\u212a.example"; dmarc=pass header.from=kim.example',
        "ｍk.example; dmarc=pass header.from=kim.example",
        "mk.example; dmarc=pass header.from=\u212aim.example",
        'mk.example; dmarc=pass header.from="\u212aim.example"',
        "mk.example; dmarc=paſs header.from=kim.example",
        "mk.example; dmarc=pass header.from=kİm.example",
        "mk.example; \u212aey=x; dmarc=pass header.from=kim.example",
        "mk.example; dmarc=fail header.from=kim.example; d\u212a=x",
    ],
)
def test_only_ascii_vouches(value: str) -> None:
    """A letter whose small letter is in ASCII is another letter."""
    data = letter(f"Authentication-Results: {value}", sender="boss@kim.example")
    assert parse_email(data).authentic == ()
    right = letter(
        "Authentication-Results: MK.example; DMARC=Pass Header.From=KIM.example",
        sender="boss@kim.example",
    )
    assert parse_email(right).authentic == ("mk.example",)
    described = 'mk.example; dmarc=pass reason="gut geprüft" header.from=kim.example'
    assert parse_email(
        letter(f"Authentication-Results: {described}", sender="boss@kim.example")
    ).authentic


@pytest.mark.parametrize(
    "who",
    [
        "\u212aim@x.example",
        "kİm@x.example",
        "ｋim@x.example",
        "kim@x.exampleſ",
        "kim@\u212a.example",
    ],
)
def test_an_address_is_ascii(who: str) -> None:
    """Neither a sender, nor one whom an email was sent to, nor one who is compared with
    them."""
    assert not ADDRESS.match(who)
    read = parse_email(letter(sender=who, to=who))
    assert read.sender == "" and read.recipients == ()
    assert not same_address(who, who.lower()) and not same_address(who, "kim@x.example")
    assert same_address("Kim@X.example", "kim@x.example") and not same_address(
        "", "kim@x.example"
    )


def uu(*lines: bytes) -> bytes:
    """An email with a uuencoded body."""
    return typed(
        "text/plain", "x-uuencode", b"begin 644 a.txt\n" + b"".join(lines) + b"`\nend\n"
    )


def test_uuencode_is_decoded_within_bounds() -> None:
    """What a program wrote is decoded, however long; a part of very short lines stays
    as it came, attached."""
    text = b"The quick brown fox jumps over the lazy dog. "
    read = parse_email(uu(*[binascii.b2a_uu(text)] * 30_000))
    assert (
        read.text.startswith("The quick") and read.attachments[0].data == text * 30_000
    )
    assert parse_email(uu(*[binascii.b2a_uu(b"a")] * 900)).text == "a" * 900, (
        "few short lines cost nothing"
    )
    for line in (b"!\n", b"#AAAA\n", b"!\n\n"):
        body = uu(*[line] * 600_000)
        read = parse_email(body)
        assert read.text.startswith("begin 644") and body.endswith(
            read.attachments[0].data
        )
        assert len(read.attachments[0].data) > 1_200_000


LIMITS: dict[str, tuple[bytes, str]] = {
    "fields": (b"a: b\n" * (MAX_FIELDS + 1) + b"\nx", "more than 1000 header fields"),
    "fields without a name": (b":\n" * (MAX_FIELDS + 1) + b"\nx", "more than 1000"),
    "field": (b"a: " + b"b" * MAX_FIELD + b"\n\nx", "field larger than 64 KiB"),
    "folded field": (
        b"a: b\n" + b" b\n" * (MAX_FIELD // 3 + 1) + b"\nx",
        "field larger than",
    ),
    "block": (
        (b"a: " + b"b" * 1000 + b"\n") * (MAX_HEAD // 1000),
        "headers larger than 256 KiB",
    ),
    "block that never ends": (b"a:" + b"b" * MAX_HEAD, "larger than"),
    "parts": (parts("mixed", *[PLAIN] * (MAX_PARTS + 1)), "more than 500 parts"),
    "field of a part": (
        parts("mixed", b"a: " + b"b" * MAX_FIELD + b"\n\nx"),
        "field larger",
    ),
    "comments in To": (letter(to="(" * 5000), "nested deeper than 100"),
    "comments in From": (letter(sender="(" * 5000), "nested deeper than 100"),
}


@pytest.mark.parametrize("name", list(LIMITS))
def test_limits(name: str) -> None:
    """What is beyond a limit is told by that limit."""
    data, words = LIMITS[name]
    with pytest.raises(UnreadableError, match=words):
        parse_email(data)


def within(depth: int) -> bytes:
    """A text within so many multiparts."""
    data = PLAIN
    for number in range(depth):
        data = parts("mixed", data, mark=f"m{number}")
    return data


def test_what_is_just_within_the_limits_is_read() -> None:
    """The limits are beyond what people and programs write."""
    assert parse_email(within(MAX_DEPTH)).text == "plain words"
    with pytest.raises(UnreadableError, match="nested deeper than 20"):
        parse_email(within(MAX_DEPTH + 1))
    head = b"a: b\n" * (MAX_FIELDS - 2) + b"Subject: s\nFrom: a@x.example\n\nbody"
    assert parse_email(head).sender == "a@x.example"
    large = b"a: " + b"b" * (MAX_FIELD - 10) + b"\nFrom: a@x.example\n\nbody"
    assert parse_email(large).text == "body"


BOTH: dict[str, tuple[bytes, dict[str, Any]]] = {
    "no closing boundary": (parts("mixed", PLAIN)[:-9], {"text": "plain words"}),
    "before and after the parts": (
        parts("mixed", PLAIN).replace(b"\n\n--edge", b"\n\nbefore\n--edge", 1)
        + b"\nafter\n",
        {"text": "plain words"},
    ),
    "a boundary in the text": (
        parts("mixed", PLAIN + b"\n--edge and more\n -- edge\nx--edge\n--edg"),
        {"text": "plain words\n--edge and more\n -- edge\nx--edge\n--edg"},
    ),
    "blanks behind a boundary": (
        parts("mixed", PLAIN).replace(b"--edge\n", b"--edge \t\r\n"),
        {"text": "plain words"},
    ),
    "CRLF": (
        parts("mixed", PLAIN, attached("a")).replace(b"\n", b"\r\n"),
        {"text": "plain words"},
    ),
    "CR alone": (parts("mixed", PLAIN).replace(b"\n", b"\r"), {"text": "plain words"}),
    "no part": (parts("mixed"), {"text": "--edge--"}),
    "a multipart without a boundary": (
        typed("multipart/mixed", "base64", b"aGVsbG8="),
        {"text": "hello"},
    ),
    "base64 without its padding": (
        typed("text/plain", "base64", b"aGVsbG8"),
        {"text": "hello"},
    ),
    "base64 with one letter too many": (
        typed("text/plain", "base64", b"aGVsbG8gd29ybGQhA"),
        {"text": "hello world!"},
    ),
    "base64 with anything between": (
        typed("text/plain", "BASE64", b"aG\0Vs\xffbG8\n=\n"),
        {"text": "hello"},
    ),
    "words said to be base64": (
        typed("text/plain", "base64", b"these are plain word"),
        {"text": "these are plain word"},
    ),
    "uuencode": (
        typed("text/plain", "x-uuencode", b"begin 644 a\n%:&5L;&\\ \n`\nend\n"),
        {"text": "hello"},
    ),
    "uuencode that is none": (
        typed("text/plain", "uuencode", b"hello"),
        {"text": "hello"},
    ),
    "an encoding in capitals, with a comment": (
        typed("text/plain", "Quoted-Printable (really)", b"=41"),
        {"text": "A"},
    ),
    "an envelope line": (
        b"From jane Mon Nov  2\nFrom: a@x.example\n\nbody",
        {"sender": "a@x.example"},
    ),
    "a type without a semicolon": (
        typed("text/plain charset=utf-8", "8bit", b"hi"),
        {"text": "hi", "attachments": ()},
    ),
    "a word cut in two": (
        letter(
            "Subject: =?utf-8?b?w6Q=?= =?utf-8?b?4oI=?= =?utf-8?b?rA==?= =?utf-8?q?_a_?= b"
        ),
        {"subject": "ä€ a b"},
    ),
    "a word next to others": (
        letter("Subject: [=?utf-8?q?a=C3=A4?=] =?bad?= =?x?q?=?q?="),
        {"subject": "[aä] =?bad?= =?x?q?=?q?="},
    ),
    "a raw header in UTF-8": (letter("Subject: Störung"), {"subject": "Störung"}),
    "a raw header in Windows-1252": (
        letter("Subject: St?rung").replace(b"?", b"\xf6"),
        {"subject": "Störung"},
    ),
    "no charset, not UTF-8": (
        typed("text/plain", "8bit", b"M\xe4rz"),
        {"text": "März"},
    ),
    "unknown charset, not UTF-8": (
        typed("text/plain; charset=klingon", "8bit", b"M\xe4rz \x80"),
        {"text": "März €"},
    ),
    "utf-7, as old Outlook has it": (
        typed("text/plain; charset=utf-7", "7bit", b"M+AOQ-rz"),
        {"text": "März"},
    ),
    "a conditional comment": (
        typed("text/html", "7bit", b"<!--[if mso]><p>x</p><![endif]--><p>seen</p>"),
        {"text": "seen"},
    ),
    "an email in base64": (
        parts(
            "mixed",
            PLAIN,
            b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogeAoKaGk=",
        ),
        {"text": "plain words"},
    ),
}


@pytest.mark.parametrize("name", list(BOTH))
def test_read_as_mail_programs_do(name: str) -> None:
    """Lenient where mail programs are; what is wrong is read as it was meant."""
    data, expected = BOTH[name]
    read = parse_email(data)
    assert {key: getattr(read, key) for key in expected} == expected


def test_bytes_of_attached_emails_are_exact() -> None:
    """An email that is attached keeps its bytes, its line ends too."""
    inner = b"From: x@y.example\r\n\r\ninner\r\n"
    data = parts("mixed", PLAIN, b"Content-Type: message/rfc822\n\n" + inner)
    assert [item.data for item in parse_email(data).attachments] == [inner]


@pytest.mark.parametrize(
    "name",
    ["punycode", "idna", "unicode_escape", "rot13", "hex", "zlib", "os", "mbcs", ""],
)
def test_no_codec_is_looked_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name from an email reaches no registry and imports no module; its text is read."""
    asked: list[str] = []
    monkeypatch.setattr("codecs.lookup", asked.append)
    before = set(sys.modules)
    data = typed(f"text/plain; charset={name}", "8bit", b"plain \\u0041")
    subject = b"Subject: =?" + name.encode() + b"?q?a-b?=\n"
    assert parse_email(subject + data).text == "plain \\u0041"
    assert not asked and not {
        each for each in set(sys.modules) - before if "encodings" in each
    }


@pytest.mark.parametrize(
    "name",
    [
        "UTF-8",
        "utf8",
        "ISO-8859-1",
        "latin1",
        "Windows-1252",
        "cp1252",
        "KOI8-R",
        "gb2312",
        "Shift_JIS",
        "ISO-2022-JP",
        "EUC-KR",
        "us-ascii",
        "iso-8859-15",
        "windows-874",
        "iso-8859-8-i",
        "x-sjis",
        "csISO2022JP",
        '"utf-8"',
        "utf-8 (x)",
    ],
)
def test_charsets_of_real_email_are_known(name: str) -> None:
    """However they are written."""
    assert charsets.codec_of(name)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_text_beyond_the_bound_is_attached_whole(kind: str) -> None:
    """Its beginning is read; nothing of it is lost, and no character cut in two."""
    text = "ä" * MAX_TEXT_BYTES
    read = parse_email(typed(f"text/{kind}; charset=utf-8", "8bit", text.encode()))
    name = "message.txt" if kind == "plain" else "message.html"
    assert read.whole == name and read.attachments[0].name == name
    assert read.attachments[0].data.decode() == text
    assert set(read.text) == {"ä"} and len(read.text.encode()) <= MAX_TEXT_BYTES


def test_many_texts_together_are_bounded() -> None:
    """Five hundred parts of text are no more than one; each beyond the bound is
    attached."""
    some = [b"Content-Type: text/plain\n\n" + b"x" * (MAX_TEXT_BYTES // 2)] * 4
    read = parse_email(parts("mixed", *some))
    assert len(read.text) <= MAX_TEXT_BYTES + 4 and len(read.attachments) == 2


# --- addresses ---

SENDERS: dict[str, str] = {
    JANE: JANE,
    f"Jane <{JANE}>": JANE,
    f'"Doe, Jane \\"J\\"" <{JANE}>': JANE,
    f"{JANE} (at (home))": JANE,
    "Jane <jane(mine)@customer.example(ours)>": JANE,
    f"\tJane\t<{JANE}>": JANE,
    "Jänë <jane@customer.example>": JANE,
    f'"Doe <{JANE}>': JANE,
    f"Jane\0 <{JANE}>": "",
    "jane\0@customer.example": "",
    "jane@customer.example\0": "",
    "jane@customer.example\0.evil.example": "",
    "jane@cust\x7fomer.example": "",
    "jane@customer.example\x1b": "",
    "jane@customer.example\x85": "",
    "jane@customer.example\r": "",
    "jane@\rcustomer.example": "",
    "Jane <jane@customer.example> <mallory@evil.example>": "",
    "jane@customer.example, mallory@evil.example": "",
    "jane@customer.example mallory@evil.example": "",
    "jane@customer.example(x)mallory": "",
    '"<jane@customer.example>" <mallory@evil.example>': "mallory@evil.example",
    "(<jane@customer.example>) mallory@evil.example": "mallory@evil.example",
    "jane@customer\u2028.example": "",
    "jane\u212a@customer.example": "",
    "=?utf-8?q?jane=40customer=2Eexample?=": "",
}


@pytest.mark.parametrize("value", list(SENDERS))
def test_the_address_in_from(value: str) -> None:
    """One way to read it, or none; a control character anywhere makes it no address."""
    assert only_address(value) == SENDERS[value]
    if "\r" not in value:
        data = f"From: {value}\nTo: {HELP}\n\nHello.\n".encode()
        assert parse_email(data).sender == SENDERS[value]


def test_legal_folding_is_no_control_character() -> None:
    """A long ``From`` is folded; that is how it comes."""
    data = f'From: "Jane of\r\n the Customer"\r\n\t<{JANE}>\r\nTo: {HELP}\r\n\r\nHello.\r\n'
    assert parse_email(data.encode()).sender == JANE
    assert parse_email(data.replace("\r\n", "\n").encode()).sender == JANE


def test_lists_of_addresses() -> None:
    """Groups, comments, names and rubbish; what is no address is passed over."""
    value = "a@x.example, B <b@x.example>, (c@x.example), team: d@x.example, E <e@x.example>;, f, g@, <h@x.example"
    assert list(addresses(value)) == [f"{name}@x.example" for name in "abdeh"]


# --- Authentication-Results ---

MX = "mx.support.example"


GOOD = f"{MX}; dmarc=pass header.from=support.example"


RESULTS: dict[str, tuple[list[str], bool]] = {
    "plain": ([GOOD], True),
    "in capitals": ([f"{MX.upper()}; DMARC=PASS Header.From=Support.Example"], True),
    "a version": ([GOOD.replace(";", " 1;", 1)], True),
    "versions": ([f"{MX} 1; dmarc/1=pass header.from=support.example"], True),
    "comments": (
        [
            f"(a) {MX} (b (c)) ; (d) dmarc (e) = (f) pass (p=none; x) header (g) . (h) from = support.example"
        ],
        True,
    ),
    "reason and others": (
        [
            f'{MX}; spf=pass smtp.mailfrom=a@b.example; dkim=pass (2048) header.i=@b.example header.b="a+/="; '
            'dmarc=pass reason="it is; well" policy.p=none header.from=support.example; arc=none'
        ],
        True,
    ),
    "as Gmail writes": (
        [
            f"{MX};\r\n       dkim=pass header.i=@support.example header.s=2016 header.b=GcBB/a==;\r\n"
            "       spf=pass (mx: domain of a@b designates 1.2.3.4 as permitted sender) smtp.mailfrom=a@b;\r\n"
            "       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=support.example"
        ],
        True,
    ),
    "as Outlook writes": (
        [
            f"{MX}; spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=support.example; "
            "dkim=pass (ok) header.d=support.example;"
            "dmarc=pass action=none header.from=support.example;compauth=pass reason=100"
        ],
        True,
    ),
    "a quoted value": ([f'{MX}; dmarc=pass header.from="support.example"'], True),
    "another's above": (["mx.evil.example; dmarc=fail", GOOD], True),
    "a forged one below": (
        [GOOD, f"{MX}; dmarc=fail header.from=support.example"],
        True,
    ),
    "none": ([f"{MX}; none"], False),
    "nothing": ([], False),
    "only a name": ([MX], False),
    "a forged second": ([f"{MX}; dmarc=fail header.from=support.example", GOOD], False),
    "a forged second, ours is none": ([f"{MX}; none", GOOD], False),
    "ours is malformed": ([f'{MX}; dmarc="pass', GOOD], False),
    "ours has another version": (
        [f"{MX} 2; dmarc=pass header.from=support.example", GOOD],
        False,
    ),
    "another server": (
        ["mx.evil.example; dmarc=pass header.from=support.example"],
        False,
    ),
    "another server that begins alike": (
        [GOOD.replace(MX, f"{MX}.evil.example")],
        False,
    ),
    "in a comment": (
        [f"{MX}; dmarc=fail (dmarc=pass header.from=support.example)"],
        False,
    ),
    "the name in a comment": (
        [f"(x) evil.example ({MX}); dmarc=pass header.from=support.example"],
        False,
    ),
    "in a nested comment": (
        [f"{MX} (a (b) ; dmarc=pass header.from=support.example)"],
        False,
    ),
    "in a comment that never ends": (
        [f"{MX}; spf=pass ( ; dmarc=pass header.from=support.example"],
        False,
    ),
    "in a value that never ends": (
        [f"{MX}; spf=pass reason=(x; dmarc=pass header.from=support.example"],
        False,
    ),
    "in a quoted string": (
        [f'{MX}; dmarc=fail reason="; dmarc=pass header.from=support.example"'],
        False,
    ),
    "in a quoted string with a quote": (
        [f'{MX}; dmarc=fail reason="\\"; dmarc=pass header.from=support.example; \\""'],
        False,
    ),
    "two results": (
        [
            f"{MX}; dmarc=pass header.from=support.example; dmarc=fail header.from=support.example"
        ],
        False,
    ),
    "two passes": ([f"{GOOD}; dmarc=pass header.from=support.example"], False),
    "another domain": ([f"{MX}; dmarc=pass header.from=evil.example"], False),
    "a domain above": ([f"{MX}; dmarc=pass header.from=example"], False),
    "a domain below": ([f"{MX}; dmarc=pass header.from=a.support.example"], False),
    "no domain": ([f"{MX}; dmarc=pass"], False),
    "two domains": (
        [f"{MX}; dmarc=pass header.from=support.example header.from=evil.example"],
        False,
    ),
    "a domain of spf": (
        [f"{MX}; spf=pass header.from=support.example; dmarc=pass"],
        False,
    ),
    "fail": ([f"{MX}; dmarc=fail header.from=support.example"], False),
    "bestguesspass": (
        [f"{MX}; dmarc=bestguesspass header.from=support.example"],
        False,
    ),
    "a quoted pass": ([f'{MX}; dmarc="pass" header.from=support.example'], False),
    "pass and more": ([f"{MX}; dmarc=pass2 header.from=support.example"], False),
    "xdmarc": ([f"{MX}; x-dmarc=pass header.from=support.example"], False),
    "dmarc of version 2": ([f"{MX}; dmarc/2=pass header.from=support.example"], False),
    "spf alone": ([f"{MX}; spf=pass smtp.mailfrom=support.example"], False),
    "a key without a value": ([f"{MX}; dmarc=pass header.from"], False),
    "a control character": ([f"{MX}\0; dmarc=pass header.from=support.example"], False),
    "no semicolon": ([f"{MX} dmarc=pass header.from=support.example"], False),
}


@pytest.mark.parametrize("name", list(RESULTS))
def test_who_vouches(name: str) -> None:
    """Only the topmost header of the trusted server, one result, for the domain of
    From."""
    values, expected = RESULTS[name]
    headers = [f"Authentication-Results: {value}" for value in values]
    assert (MX in parse_email(letter(*headers, sender=AMY)).authentic) is expected


MANY: list[Callable[[str], str]] = [str.upper, str.title, lambda text: f"  {text}  "]


@pytest.mark.parametrize("change", MANY, ids=["upper", "title", "blanks"])
def test_names_of_headers_in_any_case(change: Callable[[str], str]) -> None:
    """A forged header is not missed for its spelling."""
    below = f"{change('authentication-results').strip()}: {GOOD}"
    data = letter(f"Authentication-Results: {MX}; dmarc=fail", below, sender=AMY)
    assert parse_email(data).authentic == ()
