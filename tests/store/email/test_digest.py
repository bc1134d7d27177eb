"""Tests of ``ticketctl.store.email.digest``."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable

import pytest

from tests.support.emails import A, attached, parts
from tests.support.merged_emails import TRACES, email
from ticketctl.store.email.parse import parse_email

# --- the digest ---


@pytest.mark.parametrize("trace", list(TRACES))
def test_the_digest_is_the_same_at_every_delivery(trace: str) -> None:
    """Trace headers, the ends of lines and folding are of the way, not of the email."""
    plain = email("Subject: Hello", body="one\n\ntwo ")
    mixed = email(
        'Content-Type: multipart/mixed; boundary="edge"',
        body="\n".join(
            parts(
                "mixed",
                b"Content-Type: text/plain\n\nwords",
                attached("a.pdf", b"\r\n\0\n"),
            )
            .decode()
            .split("\n")[2:]
        ),
    )
    for data in (plain, mixed):
        assert parse_email(data).digest == parse_email(TRACES[trace](data)).digest
    assert len(parse_email(mixed).attachments) == 1


def test_the_digest_is_the_same_in_other_encodings() -> None:
    """A mail server may encode a body anew for the next one, and a header that is not
    plain ASCII."""
    words = "café au lait\n"
    head = email(
        "Subject: =?utf-8?q?caf=C3=A9?=", "Content-Type: text/plain; charset=utf-8"
    ).partition(b"\r\n\r\n")[0]
    raw = head + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words.encode()
    ways = [
        head
        + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(words.encode()),
        head
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(words.encode()),
        head
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(words.replace("\n", "\r\n").encode()),
        raw.replace(b"=?utf-8?q?caf=C3=A9?=", "café".encode()),
        raw.replace(b"Jane Doe", b'"Jane Doe"').replace(b", sales", b",sales"),
        raw.replace(b"09:58:00 +0100", b"08:58:00 +0000 (UTC)"),
    ]
    assert {parse_email(way).digest for way in ways} == {parse_email(raw).digest}


OTHERS: dict[str, Callable[[bytes], bytes]] = {
    "From": lambda data: data.replace(b"Jane Doe", b"John Doe"),
    "To": lambda data: data.replace(b", sales@", b", buying@"),
    "Subject": lambda data: data.replace(b"Ticket", b"Tickets"),
    "Date": lambda data: data.replace(b"09:58:00", b"09:59:00"),
    "body": lambda data: data.replace(b"broken", b"fine"),
    "Message-ID": lambda data: data.replace(b"<1@", b"<2@"),
}


@pytest.mark.parametrize("part", list(OTHERS))
def test_another_email_has_another_digest(part: str) -> None:
    data = email(f"Subject: Re: [{A}] Ticket")
    assert parse_email(data).digest != parse_email(OTHERS[part](data)).digest
    assert parse_email(data).digest.startswith("m")


def test_files_are_part_of_the_digest() -> None:
    """A scanner sends everything under one Message-ID, on one day, with one text."""
    scans = [
        email('Content-Type: multipart/mixed; boundary="edge"')
        + b"\n"
        + parts("mixed", b"Content-Type: text/plain\n\nScan", attached(name, data))
        for name, data in (("a.pdf", b"one"), ("a.pdf", b"two"), ("b.pdf", b"one"))
    ]
    scans = [
        scan.replace(b'edge"\r\n\r\nIt is broken again.\r\n\n', b'edge"\r\n')
        for scan in scans
    ]
    assert all(parse_email(scan).attachments for scan in scans)
    assert len({parse_email(scan).digest for scan in scans}) == 3


@pytest.mark.parametrize(
    "date",
    [
        "9" * 300,
        "Tue, 99 Nov 999999999999 25:61:61 +9999",
        " ",
        "\0",
        "1 Jan 1 00:00 -9999",
    ],
)
def test_an_odd_date_is_a_text(date: str) -> None:
    one, other = (
        parse_email(
            email(id_=id_).replace(b"Tue, 3 Nov 2026 09:58:00 +0100", date.encode())
        )
        for id_ in ("<1@x>", "<2@x>")
    )
    assert one.digest != other.digest


def test_an_email_without_a_message_id_is_known_again_by_its_date() -> None:
    """Without a date, too, nothing but its way tells it from the next one of the same
    device."""
    bare = email(f"Subject: [{A}] Door").replace(
        b"Message-ID: <1@customer.example>\r\n", b""
    )
    one, two = (
        parse_email(TRACES[trace](bare)) for trace in ("as it came", "received")
    )
    assert one.message_id == two.message_id
    assert one.digest == two.digest
    undated = bare.replace(b"Date: Tue, 3 Nov 2026 09:58:00 +0100\r\n", b"")
    one, two = (
        parse_email(TRACES[trace](undated)) for trace in ("as it came", "received")
    )
    assert one.message_id != two.message_id
    assert one.digest != two.digest
