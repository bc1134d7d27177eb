"""Stores that send and receive email over a real server on loopback."""

from __future__ import annotations

import re
from email.message import EmailMessage


def half_of(said: str) -> str:
    found = re.search(r"\d{6}-(\w{5}): new", said)
    assert found, said
    return found[1]


def to(messages: list[EmailMessage], who: str) -> EmailMessage:
    """The one email to somebody."""
    found = [mail for mail in messages if mail["To"] == who]
    assert len(found) == 1, [(mail["To"], mail["Subject"]) for mail in messages]
    return found[0]


TAG = "[261102-aaaaa] Invoice"
