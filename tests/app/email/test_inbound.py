"""Tests of ``ticketctl.app.email.inbound``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.addresses import HELP, JANE
from tests.support.emails import (
    ANSWER,
    BAD_BASE64,
    LATER,
    A,
    dead,
    history,
    mail_in,
    owed,
    raw_email,
    rows,
    store,
    taken,
)
from tests.support.stores import done, files_of, ticketctl
from ticketctl.store.paths import path_of


def test_a_new_email_opens_a_ticket(tmp_path: Path) -> None:
    """The sender is its customer, the subject its title, the text its description."""
    root = store(tmp_path)
    said = taken(
        root,
        raw_email(
            "Subject: No  light",
            "Message-ID: <1@customer.example>",
            body="It is\ndark.",
        ),
    )
    (id_,) = rows(root).keys() - {A}
    assert said == f"{id_}: new, from {JANE}\n"
    (entry,) = history(root, id_)
    assert (entry.by, entry.role, entry.via, entry.text) == (
        JANE,
        "customer",
        "mail",
        "It is\ndark.\n",
    )
    assert entry.sets["title"] == "No light"
    assert entry.mail_id == "<1@customer.example>"
    assert taken(
        root, raw_email("Message-ID: <2@customer.example>", body="No title\nat all")
    )
    assert "No title" in {row["title"] for row in rows(root).values()}


def test_an_email_is_received_once(tmp_path: Path) -> None:
    """The same email again adds nothing; another under its Message-ID (devices, web
    forms) is not lost."""
    root = store(tmp_path)
    data = raw_email("Message-ID: <1@customer.example>", "Subject: New")
    taken(root, data)
    before = files_of(root)
    assert "has this email already" in taken(root, data)
    assert files_of(root) == before
    for other in (
        raw_email("Message-ID: <1@customer.example>", f"Subject: [{A}]", body="Other"),
        raw_email(
            "Message-ID: <1@customer.example>",
            "Subject: Else",
            sender="bob@customer.example",
        ),
    ):
        assert "already" not in taken(root, other)
        assert "has this email already" in taken(root, other)
    before = files_of(root)
    without = raw_email("Subject: Without")
    taken(root, without)
    more = files_of(root)
    assert len(more) == len(before) + 1
    assert "has this email already" in taken(root, without)
    assert files_of(root) == more


KEPT = {
    "a stranger": (
        raw_email(f"Subject: [{A}]", sender="x@stranger.example"),
        "neither customer nor watcher",
    ),
    "a stranger who says a thread": (
        raw_email(f"In-Reply-To: <{A}@support.example>", sender="x@stranger.example"),
        "neither customer nor watcher",
    ),
    "nobody": (
        raw_email(f"Subject: [{A}]", sender="nobody"),
        "neither customer nor watcher",
    ),
    "the customer's machine": (
        raw_email(f"Subject: [{A}]", "Auto-Submitted: auto-replied"),
        "an automatic email",
    ),
    "the agent's machine": (
        raw_email(f"Subject: [{A}]", "Precedence: bulk", sender="amy@support.example"),
        "an automatic email",
    ),
    "a delivery report": (
        raw_email(
            f"Subject: [{A}]", "Return-Path: <>", sender="mailer-daemon@support.example"
        ),
        "an empty return path",
    ),
    "we ourselves": (
        raw_email(f"Subject: [{A}]", sender=f"Us <{HELP.title()}>"),
        "our own address",
    ),
}


@pytest.mark.demand("X4")
@pytest.mark.parametrize("status", ["Open", "Pending", "Solved"])
@pytest.mark.parametrize("name", list(KEPT))
def test_kept_as_a_note(name: str, status: str, tmp_path: Path) -> None:
    """A stranger, a machine and we ourselves add an internal note and nothing else: no
    move, no clock, no notice (X4)."""
    root = store(tmp_path)
    if status != "Open":
        done(root, "move", "aaaaa", status, "--reply", "Please look.")
    before, was = rows(root), history(root)
    owing = list(owed(root))
    data, why = KEPT[name]
    assert why in taken(root, data)
    assert rows(root) == before
    *old, entry = history(root)
    assert tuple(old) == was
    assert (
        entry.event,
        entry.role,
        entry.via,
        entry.text,
        entry.to,
        entry.recipients,
    ) == (
        "noted",
        "system",
        "mail",
        None,
        None,
        (),
    )
    assert entry.note
    assert "Hello." in entry.note
    assert why in entry.note
    assert [data for _, data in owed(root)] == [data for _, data in owing]
    assert ticketctl(root, "check", now=LATER).status == 0
    assert "has this email already" in taken(root, data)


@pytest.mark.demand("X4")
def test_a_machine_opens_no_ticket(tmp_path: Path) -> None:
    """What a machine wrote and answers no ticket is quarantined, so no two machines
    open tickets for each other."""
    root = store(tmp_path)
    for data in (
        raw_email("Auto-Submitted: auto-generated"),
        raw_email(sender=HELP),
        raw_email("Return-Path: <>"),
    ):
        assert "quarantined: an automatic email" in taken(root, data)
        assert "automatic" in dead(root)[data]
    assert list(rows(root)) == [A]


def test_staff_write_by_mail(tmp_path: Path) -> None:
    """An email of the agent's is a public message, as if by hand."""
    root = store(tmp_path)
    taken(
        root,
        raw_email(
            f"Subject: [{A}]",
            "Message-ID: <1@support.example>",
            sender="amy@support.example",
            body="Done.",
        ),
    )
    entry = next(
        entry for entry in history(root) if entry.mail_id == "<1@support.example>"
    )
    assert (entry.event, entry.by, entry.role, entry.text) == (
        "replied",
        "amy@support.example",
        "agent",
        "Done.",
    )


def test_a_ticket_changed_by_hand(tmp_path: Path) -> None:
    """What somebody set by hand and has not adopted yet is not undone by an email; it
    waits, as other commands do."""
    root = store(tmp_path)
    path = root / path_of(A)
    path.write_text(
        path.read_text().replace("title: Ticket aaaaa", "title: Set by hand", 1)
    )
    assert ticketctl(root, "note", "aaaaa", "-m", "So do others.").status == 65
    mail_in(root, ANSWER)
    assert path.read_text().splitlines()[2] == "title: Set by hand"


def test_an_email_that_cannot_be_decoded(tmp_path: Path) -> None:
    """A broken header is the sender's fault: 75 would keep it coming until it bounces."""
    root = store(tmp_path)
    taken(root, raw_email(f"Subject: {BAD_BASE64}"))
