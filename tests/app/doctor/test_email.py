"""Tests of ``ticketctl.app.doctor.email``."""

from __future__ import annotations

from pathlib import Path

from tests.support.doctor import git, said
from tests.support.stores import done, ticketctl

MAIL = "mail: {from: help@support.example, smtp: {host: 127.0.0.1, port: 1}}\n"


def test_mail_that_does_not_arrive(healthy: Path) -> None:
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write(MAIL)
    assert "this clone does not send email" in said(healthy)
    git(healthy, "config", "ticketctl.sender", "true")
    done(healthy, "move", "aaaaa", "Open", "-a", "amy@support.example")
    done(healthy, "move", "aaaaa", "Solved", "--reply", "Done.")
    assert "pending for more than two days" in said(healthy, now="2026-11-05T09:00:00Z")
    assert ticketctl(healthy, "mail", "send", now="2026-11-05T09:00:00Z").status == 1
    tried = said(healthy, now="2026-11-05T09:00:00Z")
    assert "tried 1 time: jane@customer.example: 127.0.0.1:1" in tried
    assert "next attempt at 2026-11-05T09:05:00Z" in tried


def test_quarantined_email(healthy: Path) -> None:
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write(MAIL)
    assert ticketctl(healthy, "mail", "in", feed=b"\xff").status == 0
    assert "quarantined email: no valid From address" in said(healthy)
