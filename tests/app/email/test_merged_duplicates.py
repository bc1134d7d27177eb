"""Tests of ``ticketctl.app.email.merged_duplicates``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.addresses import AMY, JANE
from tests.support.emails import A, attached, parts
from tests.support.merged_emails import (
    ELEVEN,
    NINE,
    NOON,
    TEN,
    TRACES,
    Clones,
    EmailClone,
    _name,
    email,
)
from tests.support.stores import ticketctl
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.store.paths import path_of

LATER = "2026-12-01T12:00:00Z"


REPLY = email(f"Subject: Re: [{A}] Ticket")


def merge(email_clones: Clones) -> Clones:
    """Merge each clone into the other; both come to the same."""
    one, two = email_clones
    one.git("branch", "-f", "before")
    one.git("pull", "-q", "--no-rebase", "--no-edit", str(two.root), "main")
    two.git("pull", "-q", "--no-rebase", "--no-edit", str(one.root), "before")
    assert one.files() == two.files()
    for clone in email_clones:
        assert ticketctl(clone.root, "check", now=LATER).status == 0
    return email_clones


def both(
    email_clones: Clones, data: bytes, at: Sequence[str] = (TEN, ELEVEN)
) -> Clones:
    """Each clone takes in the same email, which came to it by another way; then they
    are merged."""
    for clone, trace, when in zip(
        email_clones, ("received", "delivered"), at, strict=True
    ):
        clone.take(TRACES[trace](data), when)
    return merge(email_clones)


def test_a_reply_stands_once(email_clones: Clones) -> None:
    for clone in both(email_clones, REPLY):
        said = clone.do("show", A)
        assert said.count("It is broken again.") == 1
        assert "another clone received the same email" in " ".join(said.split())
        assert [entry.text for entry in clone.ticket().acts if entry.via == "mail"] == [
            "It is broken again."
        ]
        assert clone.rows()[0]["unanswered"]
        shown = json.loads(clone.do("show", A, "--format", "json"))["tickets"][0]
        assert len(shown["without_effect"]) >= 1
        assert "has this email already" in clone.take(TRACES["received"](REPLY), NOON)
        assert clone.do("log", A).count("It is broken again.") == 1


def test_a_reply_moves_once(email_clones: Clones) -> None:
    """What rules made of it in both clones counts once as well: the move, the notices
    that are owed."""
    one, _ = email_clones
    one.do("move", A, "Pending", "--reply", "What do you see?", at=NINE)
    merge(email_clones)
    for clone in both(email_clones, REPLY):
        ticket = clone.ticket()
        assert ticket.status == "Open"
        assert (
            len(
                [
                    entry
                    for entry in ticket.acts
                    if entry.to == "Open" and entry.from_ == "Pending"
                ]
            )
            == 1
        )
        assert (
            len(
                [
                    entry
                    for entry in ticket.history
                    if entry.to == "Open" and entry.from_ == "Pending"
                ]
            )
            == 2
        )
        told = [(one.entry.rule, one.recipients) for one in due_notifications(ticket)]
        assert len(told) == len(set(told)), told


def test_an_answer_in_one_clone_is_not_undone(email_clones: Clones) -> None:
    """Amy answers and solves it where she sees the email; in the other clone it waits,
    and counts no more."""
    one, two = email_clones
    one.do("move", A, "Solved", "--reply", "Try again.", at=NINE)
    merge(email_clones)
    for clone, at in ((one, "2026-11-03T10:00:00Z"), (two, "2026-11-03T11:00:00Z")):
        assert "Solved -> Open" in clone.take(REPLY, at)
    one.do(
        "move",
        A,
        "Solved",
        "--reply",
        "Sorry: now it is on.",
        at="2026-11-03T10:30:00Z",
    )
    for clone in merge(email_clones):
        assert clone.ticket().status == "Solved"
        assert not clone.rows()[0]["unanswered"]
        assert clone.do("sweep", at=NOON, as_=AMY) is not None


def test_a_move_that_only_one_clone_made_stands(email_clones: Clones) -> None:
    """Where one clone had solved the ticket before it took the email in, the email
    reopens it."""
    _, two = email_clones
    two.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    for clone in both(email_clones, REPLY):
        assert clone.ticket().status == "Open"
        assert clone.rows()[0]["unanswered"]
        assert clone.do("show", A).count("It is broken again.") == 1


def test_attachments_stand_once(email_clones: Clones) -> None:
    head = email(
        f"Subject: [{A}] Log", 'Content-Type: multipart/mixed; boundary="edge"'
    ).partition(b"\r\n\r\n")[0]
    data = (
        head
        + b"\r\n"
        + parts("mixed", b"Content-Type: text/plain\n\nSee there.", attached("a.log"))
    )
    for clone in both(email_clones, data):
        said = clone.do("show", A)
        assert said.count("attached: ") == 1
        assert said.count("See there.") == 1
        (place,) = (
            line.split("attached: ")[1]
            for line in said.splitlines()
            if "attached: " in line
        )
        assert (clone.root / place).read_bytes() == b"data"


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "Content-Type: multipart/report; boundary=e"],
)
def test_an_automatic_email_stands_once(email_clones: Clones, header: str) -> None:
    """A bounce, an out-of-office: a note, once."""
    data = email(
        f"Subject: [{A}] Away",
        header,
        body="--e\nContent-Type: text/plain\n\nI am away.\n--e--",
    )
    for clone in both(email_clones, data):
        said = clone.do("show", A)
        assert said.count("I am away.") == 1
        assert "the same email" in said
        assert clone.ticket().status == "Open"


def test_a_strangers_email_stands_once(email_clones: Clones) -> None:
    """With what came with it among the quarantined emails of each clone that takes it in,
    before the merge or after."""
    one, _ = email_clones
    head = email(
        f"Subject: [{A}] Log", 'Content-Type: multipart/mixed; boundary="edge"'
    ).partition(b"\r\n\r\n")[0]
    head = head.replace(JANE.encode(), b"bob@else.example")
    data = (
        head
        + b"\r\n"
        + parts(
            "mixed", b"Content-Type: text/plain\n\nI see it, too.", attached("a.log")
        )
    )
    one.take(data, TEN)
    for clone in merge(email_clones):
        clone.take(TRACES["received"](data), ELEVEN)
        assert clone.do("show", A).count("I see it, too.") == 1
        assert [
            path
            for path in (clone.root / "dead-letters").rglob("*.eml")
            if path.read_bytes().endswith(data)
        ]


@pytest.mark.parametrize("times", [(TEN, ELEVEN), (ELEVEN, TEN)])
def test_the_customer_of_one_clone_is_the_customer_after_a_merge(
    email_clones: Clones, times: tuple[str, str]
) -> None:
    """A message counts before a note of the same email, whichever came first."""
    _, two = email_clones
    two.do("set", A, "watchers=bob@else.example", at=NINE)
    for clone in both(
        email_clones, REPLY.replace(JANE.encode(), b"bob@else.example"), times
    ):
        said = clone.do("show", A)
        assert said.count("It is broken again.") == 1
        assert [entry.event for entry in clone.ticket().acts if entry.mail_id] == [
            "replied"
        ]


def test_another_message_under_the_same_message_id_stays_another(
    email_clones: Clones,
) -> None:
    one, two = email_clones
    one.take(REPLY, TEN)
    two.take(REPLY.replace(b"broken", b"burning"), ELEVEN)
    for clone in merge(email_clones):
        said = clone.do("show", A)
        assert "It is broken again." in said
        assert "It is burning again." in said
        assert "no effect" not in said
        assert len([e for e in clone.ticket().acts if e.via == "mail"]) == 2


def test_the_second_under_a_message_id_is_known_again(email_clones: Clones) -> None:
    """In one clone it got a Message-ID of its own, since another was there; in the
    other it came alone."""
    one, _ = email_clones
    burning = REPLY.replace(b"broken", b"burning")
    one.take(REPLY, NINE)
    for clone in both(email_clones, burning):
        said = clone.do("show", A)
        assert said.count("It is burning again.") == 1
        assert said.count("It is broken again.") == 1


def test_without_a_message_id_it_stands_once(email_clones: Clones) -> None:
    for clone in both(
        email_clones, REPLY.replace(b"Message-ID: <1@customer.example>\r\n", b"")
    ):
        assert clone.do("show", A).count("It is broken again.") == 1


def test_three_clones(email_clones: Clones, tmp_path: Path) -> None:
    one, two = email_clones
    one.git("clone", "-q", ".", str(tmp_path / "three"))
    three = EmailClone(tmp_path / "three")
    _name(three)
    three.do("init", str(three.root), at=NINE)
    for clone, at in zip((one, two, three), (NOON, TEN, ELEVEN), strict=True):
        clone.take(REPLY, at)
    merge((two, three))
    for clone in merge((one, two)):
        assert clone.do("show", A).count("It is broken again.") == 1
        assert len([entry for entry in clone.ticket().acts if entry.via == "mail"]) == 1


def test_fetched_from_a_shared_maildir(email_clones: Clones) -> None:
    """What the two clones fetch from folders that hold the same, which is how it comes
    about."""
    for clone, at in zip(email_clones, (TEN, ELEVEN), strict=True):
        box = clone.root.parent / f"box-{clone.root.name}"
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True)
        (box / "new" / "1.host").write_bytes(REPLY)
        clone.do("mail", "fetch", "--maildir", str(box), at=at, as_=AMY)
    for clone in merge(email_clones):
        assert clone.do("show", A).count("It is broken again.") == 1


def test_the_sweep_runs_on_what_is_merged(email_clones: Clones) -> None:
    """Both clones sweep after the email, then are merged: each rule by time has acted
    once, and goes on from there."""
    one, _ = email_clones
    one.do("move", A, "Pending", "--reply", "What do you see?", at=NINE)
    merge(email_clones)
    both(email_clones, REPLY)
    one.do("move", A, "Solved", "--reply", "Done.", at=NOON)
    merge(email_clones)
    for clone in email_clones:
        clone.do("sweep", at="2026-11-30T12:00:00Z", as_=AMY)
    for clone in merge(email_clones):
        assert clone.ticket().status == "Closed"
        assert (
            len([entry for entry in clone.ticket().acts if entry.to == "Closed"]) == 1
        )


# --- tickets ---


NEW = email("Subject: No light", body="The lamp is dark.")


def opened(email_clones: Clones) -> tuple[str, str]:
    """Both clones open a ticket for the same email, then are merged; the two ids, that
    of the earlier one first."""
    both(email_clones, NEW)
    rows = [row for row in email_clones[0].rows() if row["title"] == "No light"]
    assert len(rows) == 2
    first, second = sorted(rows, key=lambda row: str(row["created"]))
    return str(first["id"]), str(second["id"])


def found(clone: EmailClone, *words: str) -> list[dict[str, str]]:
    """What a check finds; nothing that makes it fail."""
    findings: list[dict[str, str]] = json.loads(
        clone.do("check", *words, "--format", "json", at=LATER)
    )["findings"]
    return findings


def test_two_tickets_of_one_email_are_reported(email_clones: Clones) -> None:
    """Every way of checking says it, with the command that marks one; the mark, or
    closing one, ends it."""
    first, second = opened(email_clones)
    for clone in email_clones:
        for words in ((), ("--changed",), ("--changed",), (second,)):
            (finding,) = found(clone, *words)
            assert finding["path"] == path_of(second)
            assert finding["code"] == "duplicate"
            assert first in finding["message"]
        assert found(clone, first) == []
    command = finding["hint"].partition(", ")[0].split()
    assert command[0] == "ticketctl"
    email_clones[1].do(*command[1:], at=NOON)
    assert email_clones[1].ticket(second).follows == first
    for clone in merge(email_clones):
        assert found(clone) == found(clone, "--changed") == found(clone, second) == []


def test_replies_to_two_tickets_of_one_email_go_to_one(email_clones: Clones) -> None:
    """Whatever a reply names: her own email, a notice of either ticket, the tag of
    either."""
    first, second = opened(email_clones)
    answers = [
        email(
            "Subject: Re: No light",
            "In-Reply-To: <1@customer.example>",
            id_="<2@x>",
            body="one",
        ),
        email(f"Subject: Re: [{second}] No light", id_="<3@x>", body="two"),
        email(
            "Subject: Re: No light",
            f"In-Reply-To: <{second}.e00000000000a@support.example>",
            id_="<4@x>",
            body="three",
        ),
        email(f"Subject: Re: [{first}] No light", id_="<5@x>", body="four"),
    ]
    for answer in answers:
        for clone in email_clones:
            clone.take(answer, NOON)
    for clone in merge(email_clones):
        said = clone.do("show", first)
        assert [
            said.count(f"    {word}\n") for word in ("one", "two", "three", "four")
        ] == [1, 1, 1, 1], said
        assert len(clone.ticket(second).history) == len(
            [e for e in clone.ticket(second).history if e.at <= ELEVEN]
        )


@pytest.mark.parametrize("how", ["marked", "closed"])
def test_the_ticket_that_is_kept_gets_the_replies(
    email_clones: Clones, how: str
) -> None:
    """Staff may keep the later one: they mark the other as its repetition, or close it."""
    one, _ = email_clones
    first, second = opened(email_clones)
    if how == "marked":
        one.do("set", first, f"follows={second[7:]}", at=NOON)
    else:
        one.do("move", first, "Open", "-a", AMY, at=NOON)
        one.do("move", first, "Solved", "--reply", "A duplicate.", at=NOON)
        one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
        assert one.ticket(first).status == "Closed"
    for number, clone in enumerate(merge(email_clones)):
        assert found(clone) == []
        data = email(
            "Subject: Re: No light",
            "In-Reply-To: <1@customer.example>",
            id_=f"<{number}@x>",
        )
        assert second[7:] in clone.take(data, "2026-11-20T13:00:00Z")


def test_a_follow_up_of_a_closed_ticket(email_clones: Clones) -> None:
    """Each clone goes on in a ticket of its own: the closed one holds the email and one
    link, the other is told."""
    one, _ = email_clones
    one.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
    merge(email_clones)
    both(email_clones, REPLY, ("2026-11-20T13:00:00Z", "2026-11-20T14:00:00Z"))
    rows = [row for row in one.rows() if row["follows"] == A]
    first, second = sorted(
        (str(row["id"]) for row in rows), key=lambda id_: one.ticket(id_).created
    )
    for clone in email_clones:
        said = clone.do("show", A, at="2026-11-21T12:00:00Z")
        assert said.count("It is broken again.") == 1
        links = [entry.sets for entry in clone.ticket().acts if entry.event == "linked"]
        assert len(links) == 1
        (finding,) = json.loads(
            clone.do("check", "--format", "json", at="2026-11-21T12:00:00Z")
        )["findings"]
        assert finding["path"] == path_of(second)
        assert first in finding["message"]
        answer = email(
            f"Subject: Re: [{A}]",
            "In-Reply-To: <1@customer.example>",
            id_="<2@x>",
            body="And?",
        )
        assert first[7:] in clone.take(answer, "2026-11-21T12:00:00Z")


def test_an_email_that_opened_a_ticket_in_one_clone_and_answered_one_in_the_other(
    email_clones: Clones,
) -> None:
    """The other clone did not know yet what it answers."""
    one, two = email_clones
    one.take(NEW, NINE)
    answer = email(
        "Subject: Re: No light",
        "In-Reply-To: <1@customer.example>",
        id_="<2@x>",
        body="Still dark.",
    )
    one.take(answer, TEN)
    two.take(answer, ELEVEN)
    merge(email_clones)
    (lamp,) = (str(row["id"]) for row in one.rows() if row["title"] == "No light")
    (other,) = (str(row["id"]) for row in one.rows() if row["title"] == "Re: No light")
    for number, clone in enumerate(email_clones):
        for words in ((), ("--changed",), (other,)):
            (finding,) = found(clone, *words)
            assert finding["path"] == path_of(other)
            assert lamp in finding["message"]
        data = email(f"Subject: Re: [{other}]", id_=f"<{number}@y>")
        assert lamp[7:] in clone.take(data, NOON)


def test_a_follow_up_in_one_clone_is_no_duplicate(email_clones: Clones) -> None:
    one, _ = email_clones
    one.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
    assert "continued in" in one.take(REPLY, "2026-11-20T13:00:00Z")
    one.take(NEW, "2026-11-20T13:00:00Z")
    for words in ((), ("--changed",)):
        ran = ticketctl(
            one.root, "check", *words, "--format", "json", now="2026-11-21T12:00:00Z"
        )
        assert json.loads(ran.out)["findings"] == []
