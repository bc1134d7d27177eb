"""Tests of ``ticketctl.store.email.html``."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.email_shops import half_of
from tests.support.emails import typed
from tests.support.mail_server import Shop
from ticketctl.store.email.parse import parse_email


def test_html_that_is_wrong() -> None:
    """What can be read of a bad page is read: a customer's answer is not lost for a
    program's mistake."""
    text = parse_email(typed("text/html", "7bit", b"<p>one <![foo bar]> two</p>")).text
    assert text.startswith("one")


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>x</title><body>visible text", "visible text"),
        ("<script>var a = '<p>no</p>'</script><p>yes &amp; no<br>two", "yes & no\ntwo"),
        ("<!-- <p>hidden</p> --><div>a - b</div>", "a - b"),
    ],
)
def test_html_is_read(mail_workspace: Shop, page: str, text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = JANE, HELP, "Page"
    mail.set_content(" \n")
    mail.add_alternative(page, subtype="html")
    half = half_of(
        mail_workspace.run("mail", "in", now="2026-11-02T09:01", feed=mail.as_bytes())
    )
    history = json.loads(
        mail_workspace.run("show", half, "--format", "json", now="2026-11-02T09:02")
    )["tickets"][0]["history"]
    assert history[0]["text"].rstrip("\n") == text
