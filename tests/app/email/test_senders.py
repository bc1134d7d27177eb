"""Tests of ``ticketctl.app.email.senders``."""

from __future__ import annotations

from pathlib import Path

from tests.support.addresses import AMY, JANE
from tests.support.email_floods import settled
from tests.support.email_shops import TAG
from tests.support.emails import A, desk_of
from tests.support.mail_server import Shop
from ticketctl.app.email.senders import actors_by_email
from ticketctl.core.people import People
from ticketctl.record import replace


def test_staff_and_customers_are_compared_in_ascii(tmp_path: Path) -> None:
    """Who is in the settings or on a ticket with a letter that is none of ASCII is not
    whom an email can be from."""
    root = settled(tmp_path)
    ticket = desk_of(root).store.read(A).ticket
    profile = desk_of(root).profile_of(ticket)
    for name, who in (
        ("\u212aim@x.example", "kim@x.example"),
        ("Kim@X.example", "kim@x.example"),
    ):
        here = replace(ticket, customer=name, watchers=(name,), assignee=name)
        found = actors_by_email(
            profile, here, People({name: frozenset(("agent",))}), who
        )
        assert bool(found) is name.isascii()
        assert bool(actors_by_email(profile, here, People(), who)) is name.isascii()


def set_mail(shop: Shop, line: str) -> None:
    """One more line of the mail settings."""
    with (shop.root / "ticketctl.yaml").open("a") as file:
        file.write(f"  {line}\n")


def test_email_from_staff_must_be_authenticated_where_a_server_is_trusted(
    mail_workspace: Shop,
) -> None:
    """``trust``: the word of our own mail server, and no other's, that an email is from
    whom it says."""
    set_mail(mail_workspace, "trust: mx.support.example")
    vouched = {
        "Authentication_Results": "mx.support.example; spf=pass; dmarc=pass header.from=support.example"
    }
    for headers in (
        {},
        {"Authentication_Results": "mx.evil.example; dmarc=pass"},
        {
            "Authentication_Results": 'mx.support.example; dmarc=fail reason="dmarc=pass"'
        },
    ):
        said = mail_workspace.write(
            AMY, "Please close it.", "2026-11-02T09:10", Subject=TAG, **headers
        )
        assert "kept as a note (mx.support.example does not confirm" in said
    assert "message of" in mail_workspace.write(
        AMY, "It is done.", "2026-11-02T09:11", Subject=TAG, **vouched
    )
    assert "message of" in mail_workspace.write(
        JANE, "Thank you.", "2026-11-02T09:12", Subject=TAG
    ), "customers write as before"


def test_addresses_are_known_in_any_case(mail_workspace: Shop) -> None:
    settings = mail_workspace.root / "ticketctl.yaml"
    settings.write_text(
        settings.read_text().replace("amy@support.example:", "Amy@Support.example:")
    )
    assert "message of amy@support.example" in mail_workspace.write(
        AMY, "Done.", "2026-11-02T09:01", Subject=TAG
    )
    assert "Amy@Support.example" in mail_workspace.run(
        "show", "aaaaa", "--format", "json", now="2026-11-02T09:02"
    )
