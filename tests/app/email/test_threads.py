"""Tests of ``ticketctl.app.email.threads``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.addresses import JANE
from tests.support.email_shops import to
from tests.support.emails import EN, LATER, A, history, raw_email, rows, store, taken
from tests.support.mail_server import Shop
from tests.support.stores import done


@pytest.mark.parametrize(
    "case",
    [
        "In-Reply-To",
        "References",
        "of a notice",
        "of one of several",
        "of a letter",
        "tag",
    ],
)
def test_an_answer_finds_its_ticket(case: str, tmp_path: Path) -> None:
    """By our Message-IDs, by those of emails that we have, by the tag in the subject;
    the customer's answer counts."""
    root = store(tmp_path)
    taken(
        root,
        raw_email(
            f"Subject: [{A}]", 'Message-ID: <"odd\\id"@customer.example>', body="First."
        ),
    )
    header = {
        "In-Reply-To": f"In-Reply-To: <{A}@support.example>",
        "References": f"References: <x@y.example> <{A}@support.example> <z@y.example>",
        "of a notice": f"In-Reply-To: <{A}.e0123456789ab@Support.Example>",
        "of one of several": f"In-Reply-To: <{A}.e0123456789ab.2@support.example>",
        "of a letter": 'In-Reply-To: <"odd\\id"@customer.example>',
        "tag": f"Subject: AW: Re: [{A.upper()}] No light",
    }[case]
    done(root, "move", "aaaaa", "Pending", "--reply", "Which?", now=LATER)
    said = taken(
        root,
        raw_email(
            "Message-ID: <2@customer.example>", header, body=f"This.\n\n{EN}> Which?\n"
        ),
    )
    assert said == f"aaaaa: message of {JANE}, Pending -> Open\n"
    entry = next(
        entry for entry in history(root) if entry.mail_id == "<2@customer.example>"
    )
    assert (entry.event, entry.by, entry.role, entry.text) == (
        "replied",
        JANE,
        "customer",
        "This.",
    )


def test_sender_and_subject_are_not_enough(tmp_path: Path) -> None:
    """Who writes again under the same subject opens a new ticket: nobody is put where
    he does not belong."""
    root = store(tmp_path)
    for number, subject in enumerate(
        ("Ticket aaaaa", "Re: Ticket aaaaa", "aaaaa", A, f"({A})", f"[{A}x]")
    ):
        assert ": new, from" in taken(
            root,
            raw_email(
                f"Message-ID: <{number}@customer.example>", f"Subject: {subject}"
            ),
        )
    assert len(history(root)) == 2


@pytest.mark.parametrize(
    "header",
    [
        "In-Reply-To: <261102-zzzzz@support.example>",
        "In-Reply-To: <261102-uuuuu@support.example>",
        "In-Reply-To: <991399-zzzzz.e0123456789ab@support.example>",
        f"In-Reply-To: <{A}@other.example>",
        f"In-Reply-To: <{A}.e0123456789ab@support.example.other.example>",
        f"In-Reply-To: <x{A}@support.example>",
        f"In-Reply-To: <../{A}@support.example>",
        "References: <aaaaa@support.example>",
        "Subject: [261102-zzzzz] Hello",
        "Subject: [../../etc/passwd]",
        f"X-Ticket: [{A}]",
    ],
)
def test_forged_references(header: str, tmp_path: Path) -> None:
    """A reference to what does not exist, or is not ours, leads nowhere: it is a new
    email."""
    root = store(tmp_path)
    assert ": new, from" in taken(
        root, raw_email(header, "Message-ID: <1@customer.example>")
    )
    assert len(history(root)) == 2
    assert len(rows(root)) == 2


def test_answers_to_a_closed_ticket_go_to_its_follow_up(mail_workspace: Shop) -> None:
    """One follow-up, not one for each "thank you"."""
    mail_workspace.run(
        "move", "aaaaa", "Solved", "--reply", "Done.", now="2026-11-02T10:00"
    )
    mail_workspace.run("sweep", now="2026-11-06T10:00")
    first = to(mail_workspace.deliver("2026-11-06T10:01"), JANE)
    said = mail_workspace.write(JANE, "It came back.", "2026-11-07T10:00", first)
    assert "continued in" in said
    notice = to(mail_workspace.deliver("2026-11-07T10:01"), JANE)
    follow = said.rpartition(" ")[2].strip()
    assert follow in notice.get_content()
    for number, message in enumerate((notice, first)):
        again = mail_workspace.write(
            JANE, f"Number {number}.", "2026-11-07T11:00", message
        )
        assert again.startswith(f"{follow[7:]}: message of"), again
    assert (
        len(
            json.loads(
                mail_workspace.run(
                    "list", "-A", "--format", "json", now="2026-11-07T12:00"
                )
            )["tickets"]
        )
        == 2
    )
