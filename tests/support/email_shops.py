"""Stores that send and receive email over a real server on loopback."""

from __future__ import annotations

import re
from email.message import EmailMessage


def half_of(said: str) -> str:
    found = re.search(r"\d{6}-(\w{5}): new", said)
    assert found, said
    return found[1]


def to(letters: list[EmailMessage], who: str) -> EmailMessage:
    """The one letter to somebody."""
    found = [letter for letter in letters if letter["To"] == who]
    assert len(found) == 1, [(letter["To"], letter["Subject"]) for letter in letters]
    return found[0]


TAG = "[261102-aaaaa] Invoice"
