"""Tests of ``ticketctl.store.email.body``."""

from __future__ import annotations

import pytest

from tests.support.emails import PLAIN, attached, parts, typed
from ticketctl.store.email.body import MAX_TEXT_BYTES
from ticketctl.store.email.parse import parse_email

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
    assert [item.name for item in read.attachments] == ["message.html"]
    assert "Scanned" in read.text
    large = b"Content-Type: text/html\n\n" + b"<p>word</p>" * 200_000
    read = parse_email(parts("mixed", PLAIN, large))
    assert read.whole == "message.html"
    assert read.text.startswith("plain words")
    assert "word\n" in read.text
    assert len(read.attachments[0].data) == 2_200_000


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_text_beyond_the_bound_is_attached_whole(kind: str) -> None:
    """Its beginning is read; nothing of it is lost, and no character cut in two."""
    text = "ä" * MAX_TEXT_BYTES
    read = parse_email(typed(f"text/{kind}; charset=utf-8", "8bit", text.encode()))
    name = "message.txt" if kind == "plain" else "message.html"
    assert read.whole == name
    assert read.attachments[0].name == name
    assert read.attachments[0].data.decode() == text
    assert set(read.text) == {"ä"}
    assert len(read.text.encode()) <= MAX_TEXT_BYTES


def test_many_texts_together_are_bounded() -> None:
    """Five hundred parts of text are no more than one; each beyond the bound is
    attached."""
    some = [b"Content-Type: text/plain\n\n" + b"x" * (MAX_TEXT_BYTES // 2)] * 4
    read = parse_email(parts("mixed", *some))
    assert len(read.text) <= MAX_TEXT_BYTES + 4
    assert len(read.attachments) == 2
