"""Tests of ``ticketctl.store.email.headers``."""

from __future__ import annotations

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.emails import BAD_BASE64, raw_email
from ticketctl.store.email.headers import addresses, only_address, same_address
from ticketctl.store.email.parse import parse_email
from ticketctl.store.email.settings import ADDRESS


@pytest.mark.parametrize("name", ["Subject", "Auto-Submitted", "Precedence"])
def test_a_header_that_cannot_be_decoded(name: str) -> None:
    """A header whose encoding is broken is shown as it came; the email is read all the
    same."""
    assert parse_email(raw_email(f"{name}: {BAD_BASE64}")).sender == JANE


def test_a_sender_that_was_not_text() -> None:
    """Bytes that are no characters make no address that anybody could be written to."""
    assert parse_email(b"From: j\xe4ne@customer.example\n\nhello").sender == ""


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
    read = parse_email(raw_email(sender=who, to=who))
    assert read.sender == ""
    assert read.recipients == ()
    assert not same_address(who, who.lower())
    assert not same_address(who, "kim@x.example")
    assert same_address("Kim@X.example", "kim@x.example")
    assert not same_address("", "kim@x.example")


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
