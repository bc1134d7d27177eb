"""Tests of ``ticketctl.cli.mail``."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.addresses import JANE
from tests.support.emails import (
    ANSWER,
    SETTINGS,
    A,
    attached,
    mail_in,
    parts,
    raw_email,
    store,
    taken,
)
from tests.support.stores import files_of, make_tickets, ticketctl
from ticketctl.cli.main import run
from ticketctl.store.paths import path_of
from ticketctl.store.writing import locks

# --- not the sender's fault ---


def spoil_settings(root: Path) -> None:
    """Settings with a mistake."""
    (root / "ticketctl.yaml").write_text("profile: biztech\nmial: {}\n")


def spoil_ticket(root: Path) -> None:
    """A ticket that cannot be understood."""
    (root / path_of(A)).write_text("<<<<<<< HEAD\n")


def no_mail(root: Path) -> None:
    """Settings without mail."""
    (root / "ticketctl.yaml").write_text("profile: biztech\n")


def no_profile(root: Path) -> None:
    """Settings with a profile that does not exist."""
    (root / "ticketctl.yaml").write_text(SETTINGS.replace("biztech", "nothing"))


def spoil_profile(root: Path) -> None:
    """A profile with a mistake."""
    (root / "profiles").mkdir()
    (root / "profiles/biztech.yaml").write_text("profile: biztech\nstatuses: 7\n")


def no_folder(root: Path) -> None:
    """Something else where attachments and quarantined emails belong."""
    for name in ("dead-letters", "attachments"):
        (root / name).write_text("in the way")


FAULTS: dict[str, tuple[Callable[[Path], None], bytes]] = {
    "settings": (spoil_settings, ANSWER),
    "ticket": (spoil_ticket, ANSWER),
    "no mail": (no_mail, ANSWER),
    "no profile": (no_profile, raw_email()),
    "profile": (spoil_profile, raw_email()),
    "profile of a ticket": (spoil_profile, ANSWER),
    "no place for a dead letter": (no_folder, raw_email(to="sales@support.example")),
    "no place for an attachment": (
        no_folder,
        f"Subject: [{A}]\nFrom: {JANE}\n".encode() + parts("mixed", attached("a")),
    ),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_our_own_faults(name: str, tmp_path: Path) -> None:
    """The MTA shall try again: 75, nothing is written, and when the fault is gone the
    email is taken."""
    spoil, data = FAULTS[name]
    root = store(tmp_path)
    good = files_of(root)
    spoil(root)
    before = files_of(root)
    ran = mail_in(root, data)
    assert (ran.status, ran.out) == (75, "") and ran.err.startswith("error: "), ran
    assert "bug" not in ran.err
    assert files_of(root) == before
    for path in before.keys() - good.keys():
        (root / path).unlink()
    for path, content in good.items():
        (root / path).write_bytes(content)
    if (root / "profiles").exists():
        (root / "profiles").rmdir()
    taken(root, data)


def test_a_broken_ticket_blocks_no_other(tmp_path: Path) -> None:
    """Only emails to the ticket that cannot be read have to wait."""
    root = store(tmp_path)
    make_tickets(root, "bbbbb")
    spoil_ticket(root)
    assert "message of" in taken(
        root, raw_email("Subject: [261102-bbbbb]", "Message-ID: <1@customer.example>")
    )
    assert ": new, from" in taken(root, raw_email("Message-ID: <2@customer.example>"))


def test_no_store(tmp_path: Path) -> None:
    """Nor is it the sender's fault if the store is not there, not mounted, say."""
    for root in (tmp_path, tmp_path / "none", tmp_path / ("x" * 300)):
        ran = mail_in(root, ANSWER)
        assert ran.status == 75 and ran.err, ran
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "data",
    [ANSWER, raw_email(), raw_email(to="sales@support.example")],
    ids=["answer", "new", "dead"],
)
def test_a_held_lock(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else writes for too long the email stays with the mail server."""
    monkeypatch.setattr(locks, "lock_folder", partial(locks.lock_folder, wait=0.0))
    root = store(tmp_path)
    before = files_of(root)
    holder = os.open(root / "tickets", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        ran = mail_in(root, data)
        assert (ran.status, ran.out) == (75, "") and "locked" in ran.err, ran
        assert files_of(root) == before
    finally:
        os.close(holder)
    taken(root, data)


@pytest.mark.parametrize(
    "words",
    [
        ("mail", "in", "--bogus"),
        ("mail", "in", "--to"),
        ("mail", "in", "more"),
        ("--now", "never", "mail", "in"),
        ("--bogus", "mail", "in"),
        ("--color", "mauve", "mail", "in"),
    ],
    ids=" ".join,
)
def test_bad_options(words: tuple[str, ...], tmp_path: Path) -> None:
    """A mistake in the MTA's configuration bounces no email."""
    root = store(tmp_path)
    before = files_of(root)
    ran = ticketctl(root, *words, feed=ANSWER)
    assert ran.status == 75 and ran.err, ran
    assert files_of(root) == before


@pytest.mark.parametrize("words", [("-C", "mail"), ("--as", "mail")], ids=" ".join)
def test_a_store_that_is_called_mail(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is 75 whatever the options before the command say."""
    (tmp_path / "mail").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run([*words, "mail", "in", "--bogus"]) == 75
