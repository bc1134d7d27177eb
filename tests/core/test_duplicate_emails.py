"""One email taken in by several clones that are merged then: one effect (D7). By real
git, with the merge driver."""

from __future__ import annotations

import base64
import itertools
import json
import quopri
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.emails import HELP, JANE, A, attached, parts
from tests.support.shell import clean_environment
from tests.support.stores import make_tickets, ticketctl
from tests.support.world import REGISTRY
from ticketctl.app.email import quota
from ticketctl.core.dag import union
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import due_notifications
from ticketctl.core.engine.requests import (
    Actor,
    Change,
    Create,
    Decision,
    Deliver,
    Keep,
)
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.entry import Entry
from ticketctl.core.people import People
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.email.parse import parse_email
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.writer import emit

AMY = "amy@support.example"


NINE, TEN, ELEVEN, NOON = (f"2026-11-03T{hour:02}:00:00Z" for hour in (9, 10, 11, 12))


LATER = "2026-12-01T12:00:00Z"


SETTINGS = f"""\
people:
  {AMY}: {{roles: [agent]}}
mail:
  from: {HELP}
  addresses: {{{HELP}: biztech}}
  sendmail: true
"""


TRACES = {
    "as it came": lambda data: data,
    "received": lambda data: (
        b"Received: by mx2.support.example; Tue, 3 Nov 2026 08:59:00 +0000\r\n" + data
    ),
    "delivered": lambda data: (
        b"Delivered-To: two@support.example\r\nX-Spam-Score: 0\r\n" + data
    ),
    "LF": lambda data: data.replace(b"\r\n", b"\n"),
    "folded": lambda data: data.replace(b"Subject: ", b"Subject:\r\n ").replace(
        b", ", b",\r\n\t"
    ),
}


def email(
    *headers: str, body: str = "It is broken again.", id_: str = "<1@customer.example>"
) -> bytes:
    """An email of Jane's, as her program sent it."""
    lines = [
        f"From: Jane Doe <{JANE}>",
        f"To: {HELP}, sales@support.example",
        f"Message-ID: {id_}",
    ]
    lines += ["Date: Tue, 3 Nov 2026 09:58:00 +0100", *headers]
    return "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()


REPLY = email(f"Subject: Re: [{A}] Ticket")


# --- the digest ---


@pytest.mark.parametrize("trace", list(TRACES))
def test_the_digest_is_the_same_at_every_delivery(trace: str) -> None:
    """Trace headers, the ends of lines and folding are of the way, not of the email."""
    plain = email("Subject: Hello", body="one\n\ntwo ")
    mixed = email(
        'Content-Type: multipart/mixed; boundary="edge"',
        body="\n".join(
            parts(
                "mixed",
                b"Content-Type: text/plain\n\nwords",
                attached("a.pdf", b"\r\n\0\n"),
            )
            .decode()
            .split("\n")[2:]
        ),
    )
    for data in (plain, mixed):
        assert parse_email(data).digest == parse_email(TRACES[trace](data)).digest
    assert len(parse_email(mixed).attachments) == 1


def test_the_digest_is_the_same_in_other_encodings() -> None:
    """A mail server may encode a body anew for the next one, and a header that is not
    plain ASCII."""
    words = "café au lait\n"
    head = email(
        "Subject: =?utf-8?q?caf=C3=A9?=", "Content-Type: text/plain; charset=utf-8"
    ).partition(b"\r\n\r\n")[0]
    raw = head + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words.encode()
    ways = [
        head
        + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(words.encode()),
        head
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(words.encode()),
        head
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(words.replace("\n", "\r\n").encode()),
        raw.replace(b"=?utf-8?q?caf=C3=A9?=", "café".encode()),
        raw.replace(b"Jane Doe", b'"Jane Doe"').replace(b", sales", b",sales"),
        raw.replace(b"09:58:00 +0100", b"08:58:00 +0000 (UTC)"),
    ]
    assert {parse_email(way).digest for way in ways} == {parse_email(raw).digest}


OTHERS: dict[str, Callable[[bytes], bytes]] = {
    "From": lambda data: data.replace(b"Jane Doe", b"John Doe"),
    "To": lambda data: data.replace(b", sales@", b", buying@"),
    "Subject": lambda data: data.replace(b"Ticket", b"Tickets"),
    "Date": lambda data: data.replace(b"09:58:00", b"09:59:00"),
    "body": lambda data: data.replace(b"broken", b"fine"),
    "Message-ID": lambda data: data.replace(b"<1@", b"<2@"),
}


@pytest.mark.parametrize("part", list(OTHERS))
def test_another_email_has_another_digest(part: str) -> None:
    data = email(f"Subject: Re: [{A}] Ticket")
    assert parse_email(data).digest != parse_email(OTHERS[part](data)).digest
    assert parse_email(data).digest.startswith("m")


def test_files_are_part_of_the_digest() -> None:
    """A scanner sends everything under one Message-ID, on one day, with one text."""
    scans = [
        email('Content-Type: multipart/mixed; boundary="edge"')
        + b"\n"
        + parts("mixed", b"Content-Type: text/plain\n\nScan", attached(name, data))
        for name, data in (("a.pdf", b"one"), ("a.pdf", b"two"), ("b.pdf", b"one"))
    ]
    scans = [
        scan.replace(b'edge"\r\n\r\nIt is broken again.\r\n\n', b'edge"\r\n')
        for scan in scans
    ]
    assert all(parse_email(scan).attachments for scan in scans)
    assert len({parse_email(scan).digest for scan in scans}) == 3


@pytest.mark.parametrize(
    "date",
    [
        "9" * 300,
        "Tue, 99 Nov 999999999999 25:61:61 +9999",
        " ",
        "\0",
        "1 Jan 1 00:00 -9999",
    ],
)
def test_an_odd_date_is_a_text(date: str) -> None:
    one, other = (
        parse_email(
            email(id_=id_).replace(b"Tue, 3 Nov 2026 09:58:00 +0100", date.encode())
        )
        for id_ in ("<1@x>", "<2@x>")
    )
    assert one.digest != other.digest


def test_an_email_without_a_message_id_is_known_again_by_its_date() -> None:
    """Without a date, too, nothing but its way tells it from the next one of the same
    device."""
    bare = email(f"Subject: [{A}] Door").replace(
        b"Message-ID: <1@customer.example>\r\n", b""
    )
    one, two = (
        parse_email(TRACES[trace](bare)) for trace in ("as it came", "received")
    )
    assert one.message_id == two.message_id and one.digest == two.digest
    undated = bare.replace(b"Date: Tue, 3 Nov 2026 09:58:00 +0100\r\n", b"")
    one, two = (
        parse_email(TRACES[trace](undated)) for trace in ("as it came", "received")
    )
    assert one.message_id != two.message_id and one.digest != two.digest


# --- two clones ---


@dataclass
class Clone:
    """A clone of a store, set up to merge."""

    root: Path

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def do(
        self, *words: str, at: str = NOON, feed: bytes = b"", as_: str = f"agent:{AMY}"
    ) -> str:
        """A command that must succeed; what it said."""
        ran = ticketctl(self.root, *words, now=at, as_=as_, feed=feed)
        assert ran.status == 0, f"{words}: {ran}"
        return ran.out + ran.err

    def take(self, data: bytes, at: str) -> str:
        """Take an email in; what became of it."""
        return self.do("mail", "in", at=at, feed=data, as_=AMY)

    def ticket(self, id_: str = A) -> Ticket:
        return Store(str(self.root)).read(id_).ticket

    def rows(self) -> list[dict[str, object]]:
        found = json.loads(self.do("list", "-A", "--format", "json"))["tickets"]
        assert isinstance(found, list)
        return found

    def files(self) -> dict[str, str]:
        """Path -> blob of what is committed."""
        lines = self.git("ls-tree", "-r", "HEAD").splitlines()
        return {line.partition("\t")[2]: line.split()[2] for line in lines}


Clones = tuple[Clone, Clone]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clones of a store with one open ticket, to be copied: to make them takes a
    second."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clean_environment(folder).items():
            patch.setenv(name, value)
        one, two = Clone(folder / "one"), Clone(folder / "two")
        one.root.mkdir()
        one.git("init", "-q", "-b", "main")
        _name(one)
        one.do("init", str(one.root), "-p", "biztech", at=NINE)
        (one.root / "ticketctl.yaml").write_text(
            f"profile: biztech\ncommit: auto\n{SETTINGS}"
        )
        one.git("add", ".")
        one.git("commit", "-qm", "A store")
        make_tickets(one.root, "aaaaa")
        one.do("move", A, "Open", "-a", AMY, at="2026-11-02T10:00:00Z")
        assert not one.git("status", "--porcelain")
        one.git("clone", "-q", ".", str(two.root))
        _name(two)
        two.do("init", str(two.root), at=NINE)
    return folder


def _name(clone: Clone) -> None:
    for key, value in (("user.name", "Amy"), ("user.email", AMY)):
        clone.git("config", key, value)


@pytest.fixture
def clones(template: Path, tmp_path: Path) -> Clones:
    """Two clones of a store with one open ticket."""
    for name in ("one", "two"):
        shutil.copytree(template / name, tmp_path / name, symlinks=True)
    return Clone(tmp_path / "one"), Clone(tmp_path / "two")


def merge(clones: Clones) -> Clones:
    """Merge each clone into the other; both come to the same."""
    one, two = clones
    one.git("branch", "-f", "before")
    one.git("pull", "-q", "--no-rebase", "--no-edit", str(two.root), "main")
    two.git("pull", "-q", "--no-rebase", "--no-edit", str(one.root), "before")
    assert one.files() == two.files()
    for clone in clones:
        assert ticketctl(clone.root, "check", now=LATER).status == 0
    return clones


def both(clones: Clones, data: bytes, at: Sequence[str] = (TEN, ELEVEN)) -> Clones:
    """Each clone takes in the same email, which came to it by another way; then they
    are merged."""
    for clone, trace, when in zip(clones, ("received", "delivered"), at, strict=True):
        clone.take(TRACES[trace](data), when)
    return merge(clones)


def test_a_reply_stands_once(clones: Clones) -> None:
    for clone in both(clones, REPLY):
        said = clone.do("show", A)
        assert (
            said.count("It is broken again.") == 1
            and "the same email was taken in by another clone" in said
        )
        assert [entry.text for entry in clone.ticket().acts if entry.via == "mail"] == [
            "It is broken again."
        ]
        assert clone.rows()[0]["unanswered"]
        shown = json.loads(clone.do("show", A, "--format", "json"))["tickets"][0]
        assert len(shown["without_effect"]) >= 1
        assert "had this letter already" in clone.take(TRACES["received"](REPLY), NOON)
        assert clone.do("log", A).count("It is broken again.") == 1


def test_a_reply_moves_once(clones: Clones) -> None:
    """What rules made of it in both clones counts once as well: the move, the notices
    that are owed."""
    one, _ = clones
    one.do("move", A, "Pending", "--reply", "What do you see?", at=NINE)
    merge(clones)
    for clone in both(clones, REPLY):
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
        told = [(one.entry.rule, one.told) for one in due_notifications(ticket)]
        assert len(told) == len(set(told)), told


def test_an_answer_in_one_clone_is_not_undone(clones: Clones) -> None:
    """Amy answers and solves it where she sees the email; in the other clone it waits,
    and counts no more."""
    one, two = clones
    one.do("move", A, "Solved", "--reply", "Try again.", at=NINE)
    merge(clones)
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
    for clone in merge(clones):
        assert clone.ticket().status == "Solved"
        assert not clone.rows()[0]["unanswered"]
        assert clone.do("sweep", at=NOON, as_=AMY) is not None


def test_a_move_that_only_one_clone_made_stands(clones: Clones) -> None:
    """Where one clone had solved the ticket before it took the email in, the email
    reopens it."""
    _, two = clones
    two.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    for clone in both(clones, REPLY):
        assert clone.ticket().status == "Open" and clone.rows()[0]["unanswered"]
        assert clone.do("show", A).count("It is broken again.") == 1


def test_attachments_stand_once(clones: Clones) -> None:
    head = email(
        f"Subject: [{A}] Log", 'Content-Type: multipart/mixed; boundary="edge"'
    ).partition(b"\r\n\r\n")[0]
    data = (
        head
        + b"\r\n"
        + parts("mixed", b"Content-Type: text/plain\n\nSee there.", attached("a.log"))
    )
    for clone in both(clones, data):
        said = clone.do("show", A)
        assert said.count("attached: ") == 1 and said.count("See there.") == 1
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
def test_an_automatic_email_stands_once(clones: Clones, header: str) -> None:
    """A bounce, an out-of-office: a note, once."""
    data = email(
        f"Subject: [{A}] Away",
        header,
        body="--e\nContent-Type: text/plain\n\nI am away.\n--e--",
    )
    for clone in both(clones, data):
        said = clone.do("show", A)
        assert said.count("I am away.") == 1 and "the same email" in said
        assert clone.ticket().status == "Open"


def test_a_strangers_email_stands_once(clones: Clones) -> None:
    """With what came with it among the dead letters of each clone that takes it in,
    before the merge or after."""
    one, _ = clones
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
    for clone in merge(clones):
        clone.take(TRACES["received"](data), ELEVEN)
        assert clone.do("show", A).count("I see it, too.") == 1
        assert [
            path
            for path in (clone.root / "dead-letters").rglob("*.eml")
            if path.read_bytes().endswith(data)
        ]


@pytest.mark.parametrize("times", [(TEN, ELEVEN), (ELEVEN, TEN)])
def test_one_who_is_known_in_one_clone_only_is_the_customer(
    clones: Clones, times: tuple[str, str]
) -> None:
    """A message counts before a note of the same email, whichever came first."""
    _, two = clones
    two.do("set", A, "watchers=bob@else.example", at=NINE)
    for clone in both(clones, REPLY.replace(JANE.encode(), b"bob@else.example"), times):
        said = clone.do("show", A)
        assert said.count("It is broken again.") == 1
        assert [entry.event for entry in clone.ticket().acts if entry.mail_id] == [
            "replied"
        ]


def test_another_message_under_the_same_message_id_stays_another(
    clones: Clones,
) -> None:
    one, two = clones
    one.take(REPLY, TEN)
    two.take(REPLY.replace(b"broken", b"burning"), ELEVEN)
    for clone in merge(clones):
        said = clone.do("show", A)
        assert "It is broken again." in said and "It is burning again." in said
        assert (
            "without effect" not in said
            and len([e for e in clone.ticket().acts if e.via == "mail"]) == 2
        )


def test_the_second_under_a_message_id_is_known_again(clones: Clones) -> None:
    """In one clone it got a Message-ID of its own, since another was there; in the
    other it came alone."""
    one, _ = clones
    burning = REPLY.replace(b"broken", b"burning")
    one.take(REPLY, NINE)
    for clone in both(clones, burning):
        said = clone.do("show", A)
        assert (
            said.count("It is burning again.") == 1
            and said.count("It is broken again.") == 1
        )


def test_without_a_message_id_it_stands_once(clones: Clones) -> None:
    for clone in both(
        clones, REPLY.replace(b"Message-ID: <1@customer.example>\r\n", b"")
    ):
        assert clone.do("show", A).count("It is broken again.") == 1


def test_three_clones(clones: Clones, tmp_path: Path) -> None:
    one, two = clones
    one.git("clone", "-q", ".", str(tmp_path / "three"))
    three = Clone(tmp_path / "three")
    _name(three)
    three.do("init", str(three.root), at=NINE)
    for clone, at in zip((one, two, three), (NOON, TEN, ELEVEN), strict=True):
        clone.take(REPLY, at)
    merge((two, three))
    for clone in merge((one, two)):
        assert clone.do("show", A).count("It is broken again.") == 1
        assert len([entry for entry in clone.ticket().acts if entry.via == "mail"]) == 1


def test_fetched_from_a_shared_maildir(clones: Clones) -> None:
    """What the two clones fetch from folders that hold the same, which is how it comes
    about."""
    for clone, at in zip(clones, (TEN, ELEVEN), strict=True):
        box = clone.root.parent / f"box-{clone.root.name}"
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True)
        (box / "new" / "1.host").write_bytes(REPLY)
        clone.do("mail", "fetch", "--maildir", str(box), at=at, as_=AMY)
    for clone in merge(clones):
        assert clone.do("show", A).count("It is broken again.") == 1


def test_the_sweep_runs_on_what_is_merged(clones: Clones) -> None:
    """Both clones sweep after the email, then are merged: each rule by time has acted
    once, and goes on from there."""
    one, _ = clones
    one.do("move", A, "Pending", "--reply", "What do you see?", at=NINE)
    merge(clones)
    both(clones, REPLY)
    one.do("move", A, "Solved", "--reply", "Done.", at=NOON)
    merge(clones)
    for clone in clones:
        clone.do("sweep", at="2026-11-30T12:00:00Z", as_=AMY)
    for clone in merge(clones):
        assert clone.ticket().status == "Closed"
        assert (
            len([entry for entry in clone.ticket().acts if entry.to == "Closed"]) == 1
        )


# --- tickets ---


NEW = email("Subject: No light", body="The lamp is dark.")


def opened(clones: Clones) -> tuple[str, str]:
    """Both clones open a ticket for the same email, then are merged; the two ids, that
    of the earlier one first."""
    both(clones, NEW)
    rows = [row for row in clones[0].rows() if row["title"] == "No light"]
    assert len(rows) == 2
    first, second = sorted(rows, key=lambda row: str(row["created"]))
    return str(first["id"]), str(second["id"])


def found(clone: Clone, *words: str) -> list[dict[str, str]]:
    """What a check finds; nothing that makes it fail."""
    findings: list[dict[str, str]] = json.loads(
        clone.do("check", *words, "--format", "json", at=LATER)
    )["findings"]
    return findings


def test_two_tickets_of_one_email_are_told(clones: Clones) -> None:
    """Every way of checking says it, with the command that marks one; the mark, or
    closing one, ends it."""
    first, second = opened(clones)
    for clone in clones:
        for words in ((), ("--changed",), ("--changed",), (second,)):
            (finding,) = found(clone, *words)
            assert (
                finding["path"] == path_of(second)
                and finding["code"] == "duplicate"
                and first in finding["message"]
            )
        assert found(clone, first) == []
    command = finding["hint"].partition(", ")[0].split()
    assert command[0] == "ticketctl"
    clones[1].do(*command[1:], at=NOON)
    assert clones[1].ticket(second).follows == first
    for clone in merge(clones):
        assert found(clone) == found(clone, "--changed") == found(clone, second) == []


def test_replies_to_two_tickets_of_one_email_go_to_one(clones: Clones) -> None:
    """Whatever a reply names: her own email, a notice of either ticket, the tag of
    either."""
    first, second = opened(clones)
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
        for clone in clones:
            clone.take(answer, NOON)
    for clone in merge(clones):
        said = clone.do("show", first)
        assert [
            said.count(f"    {word}\n") for word in ("one", "two", "three", "four")
        ] == [1, 1, 1, 1], said
        assert len(clone.ticket(second).history) == len(
            [e for e in clone.ticket(second).history if e.at <= ELEVEN]
        )


@pytest.mark.parametrize("how", ["marked", "closed"])
def test_the_ticket_that_is_kept_gets_the_replies(clones: Clones, how: str) -> None:
    """Staff may keep the later one: they mark the other as its repetition, or close it."""
    one, _ = clones
    first, second = opened(clones)
    if how == "marked":
        one.do("set", first, f"follows={second[7:]}", at=NOON)
    else:
        one.do("move", first, "Open", "-a", AMY, at=NOON)
        one.do("move", first, "Solved", "--reply", "A duplicate.", at=NOON)
        one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
        assert one.ticket(first).status == "Closed"
    for number, clone in enumerate(merge(clones)):
        assert found(clone) == []
        data = email(
            "Subject: Re: No light",
            "In-Reply-To: <1@customer.example>",
            id_=f"<{number}@x>",
        )
        assert second[7:] in clone.take(data, "2026-11-20T13:00:00Z")


def test_a_follow_up_of_a_closed_ticket(clones: Clones) -> None:
    """Each clone goes on in a ticket of its own: the closed one holds the email and one
    link, the other is told."""
    one, _ = clones
    one.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
    merge(clones)
    both(clones, REPLY, ("2026-11-20T13:00:00Z", "2026-11-20T14:00:00Z"))
    rows = [row for row in one.rows() if row["follows"] == A]
    first, second = sorted(
        (str(row["id"]) for row in rows), key=lambda id_: one.ticket(id_).created
    )
    for clone in clones:
        said = clone.do("show", A, at="2026-11-21T12:00:00Z")
        assert said.count("It is broken again.") == 1
        links = [entry.sets for entry in clone.ticket().acts if entry.event == "linked"]
        assert len(links) == 1
        (finding,) = json.loads(
            clone.do("check", "--format", "json", at="2026-11-21T12:00:00Z")
        )["findings"]
        assert finding["path"] == path_of(second) and first in finding["message"]
        answer = email(
            f"Subject: Re: [{A}]",
            "In-Reply-To: <1@customer.example>",
            id_="<2@x>",
            body="And?",
        )
        assert first[7:] in clone.take(answer, "2026-11-21T12:00:00Z")


def test_an_email_that_opened_a_ticket_in_one_clone_and_answered_one_in_the_other(
    clones: Clones,
) -> None:
    """The other clone did not know yet what it answers."""
    one, two = clones
    one.take(NEW, NINE)
    answer = email(
        "Subject: Re: No light",
        "In-Reply-To: <1@customer.example>",
        id_="<2@x>",
        body="Still dark.",
    )
    one.take(answer, TEN)
    two.take(answer, ELEVEN)
    merge(clones)
    (lamp,) = (str(row["id"]) for row in one.rows() if row["title"] == "No light")
    (other,) = (str(row["id"]) for row in one.rows() if row["title"] == "Re: No light")
    for number, clone in enumerate(clones):
        for words in ((), ("--changed",), (other,)):
            (finding,) = found(clone, *words)
            assert finding["path"] == path_of(other) and lamp in finding["message"]
        data = email(f"Subject: Re: [{other}]", id_=f"<{number}@y>")
        assert lamp[7:] in clone.take(data, NOON)


def test_a_follow_up_in_one_clone_is_no_duplicate(clones: Clones) -> None:
    one, _ = clones
    one.do("move", A, "Solved", "--reply", "Done.", at=NINE)
    one.do("sweep", at="2026-11-20T12:00:00Z", as_=AMY)
    assert "continued in" in one.take(REPLY, "2026-11-20T13:00:00Z")
    one.take(NEW, "2026-11-20T13:00:00Z")
    for words in ((), ("--changed",)):
        ran = ticketctl(
            one.root, "check", *words, "--format", "json", now="2026-11-21T12:00:00Z"
        )
        assert json.loads(ran.out)["findings"] == []


# --- what the fold counts ---

BIZTECH, NOBODY = REGISTRY.get("biztech"), People()


START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


DIGEST = "m" + "1" * 32


def ask(
    ticket: Ticket | None, request: Create | Change | Deliver | Keep, minutes: int = 0
) -> Ticket:
    made = decide(
        Situation(BIZTECH, NOBODY, START + timedelta(minutes=minutes), by_mail=True),
        ticket,
        request,
    )
    assert isinstance(made, Decision), made
    return made.ticket


def agent(
    to: str | None = None, text: str | None = None, note: str | None = None
) -> Change:
    return Change(Actor(AMY, "agent"), to, text, note)


def mailed(
    text: str = "It is broken.", digest: str | None = DIGEST, id_: str = "<1@x>"
) -> Change:
    return Change(
        Actor(JANE, "customer"), None, text, via="mail", mail_id=id_, mail_digest=digest
    )


@cache
def pending() -> Ticket:
    ticket = ask(
        None,
        Create(
            A, Actor(AMY, "agent"), "Invoice", sets={"customer": JANE, "assignee": AMY}
        ),
    )
    return ask(ticket, agent("Pending", "What do you see?"))


def merged(*tickets: Ticket) -> Ticket:
    """The tickets as one; the file of it is read again as it is."""
    history: Sequence[Entry] = reduce(union, [ticket.history for ticket in tickets])
    ticket = fold(history)
    loaded = Store("/").parse(path_of(ticket.id), emit(ticket))
    assert loaded.canonical and loaded.ticket == ticket and not loaded.differences
    return ticket


def test_what_the_first_version_wrote_are_twins_by_writer_and_text() -> None:
    """It wrote no digest. The email counts once; the moves stand as they were merged
    then, or heads would be wrong."""
    one, two = (
        ask(pending(), mailed(digest=None), 1),
        ask(pending(), mailed(digest=None), 2),
    )
    ticket = merged(one, two)
    assert [entry.text for entry in ticket.acts if entry.mail_id] == ["It is broken."]
    assert ticket.status == "Open"
    for other in (mailed("It is not.", None), mailed(digest=None, id_="<2@x>")):
        assert (
            len([e for e in merged(one, ask(pending(), other, 2)).acts if e.mail_id])
            == 2
        )
    mixed = merged(one, ask(pending(), mailed(), 2))
    assert len([entry for entry in mixed.acts if entry.mail_id]) == 1


def test_a_history_merged_by_the_first_version_has_the_head_that_it_had() -> None:
    """Amy solved it in one clone; the second clone's move opened it again, and she
    moved on from there."""
    one, two = (
        ask(pending(), mailed(digest=None), 1),
        ask(pending(), mailed(digest=None), 3),
    )
    one = ask(one, agent("Solved", "Done."), 2)
    assert merged(one, two).status == "Open"
    assert not [
        e
        for e in merged(one, two).history
        if e.id in merged(one, two).idle and (e.to or e.sets or e.unset)
    ]


def test_meant_twice_counts_twice() -> None:
    """Who knew of the first meant the second: only what was done apart is a twin."""
    ticket = ask(ask(pending(), mailed(), 1), mailed(), 2)
    assert not fold(ticket.history).idle and not fold(ticket.history).twins


def test_notices_are_owed_once_whichever_was_given() -> None:
    one, two = ask(pending(), mailed(), 1), ask(pending(), mailed(), 2)
    ticket = merged(one, two)
    due = list(due_notifications(ticket))
    told = [(debt.entry.message, who) for debt in due for who in debt.told]
    assert told and len(told) == len(set(told))
    for side in (one, two):
        given = side
        for debt in list(due_notifications(side)):
            given = ask(given, Deliver(debt.entry.id, debt.told), 5)
        assert not list(due_notifications(merged(given, two if side is one else one)))


def test_who_was_to_be_told_in_one_clone_alone_is_told() -> None:
    """The ticket was assigned to somebody else there."""
    other = ask(
        pending(),
        Change(Actor(AMY, "agent"), sets={"assignee": "bob@support.example"}),
        1,
    )
    ticket = merged(ask(pending(), mailed(), 2), ask(other, mailed(), 3))
    told = [
        who
        for debt in due_notifications(ticket)
        if debt.entry.message == _message()
        for who in debt.told
    ]
    assert sorted(told) == sorted(set(told)) and {AMY, "bob@support.example"} <= set(
        told
    )


def _message() -> str:
    """The message to staff of a customer's reply."""
    debts_ = [
        debt
        for debt in due_notifications(ask(pending(), mailed(), 1))
        if debt.told == (AMY,)
    ]
    return str(debts_[-1].entry.message)


def test_a_writers_share_is_used_once() -> None:
    one, two = (
        ask(pending(), mailed("x" * 1000), 1),
        ask(pending(), mailed("x" * 1000), 2),
    )
    used = [
        quota.bytes_used(BIZTECH, ticket, JANE) for ticket in (one, merged(one, two))
    ]
    assert abs(used[1] - used[0]) < 100, used


@st.composite
def pasts(draw: st.DrawFn) -> list[Ticket]:
    """Clones in which people act, take in one of two emails or none, merge what another
    has, and sweep."""
    clones = [pending()] * draw(st.integers(2, 4))
    minutes = itertools.count(1)
    for _ in range(draw(st.integers(2, 9))):
        place = draw(st.integers(0, len(clones) - 1))
        ticket, minute = clones[place], next(minutes) * 60
        match draw(
            st.sampled_from(
                [
                    "mail",
                    "mail",
                    "other",
                    "note",
                    "solve",
                    "reply",
                    "merge",
                    "sweep",
                    "given",
                ]
            )
        ):
            case "mail":
                if not any(entry.mail_digest == DIGEST for entry in ticket.history):
                    clones[place] = _try(ticket, mailed(), minute)
            case "other":
                if not any(entry.mail_digest == "m2" for entry in ticket.history):
                    clones[place] = _try(ticket, mailed("Another.", "m2"), minute)
            case "note":
                clones[place] = _try(ticket, agent(note="Looked at it."), minute)
            case "solve":
                clones[place] = _try(ticket, agent("Solved", "Done."), minute)
            case "reply":
                clones[place] = _try(ticket, agent(text="We look at it."), minute)
            case "merge":
                clones[place] = merged(
                    ticket, clones[draw(st.integers(0, len(clones) - 1))]
                )
            case "given":
                if debt := next(due_notifications(ticket), None):
                    clones[place] = _try(
                        ticket, Deliver(debt.entry.id, debt.told), minute
                    )
            case _:
                for fired in sweep_ticket(
                    Situation(BIZTECH, NOBODY, START + timedelta(minutes=minute)),
                    ticket,
                ):
                    if isinstance(fired.outcome, Decision):
                        clones[place] = fired.outcome.ticket
    return clones


def _try(ticket: Ticket, request: Change | Deliver, minutes: int) -> Ticket:
    made = decide(
        Situation(BIZTECH, NOBODY, START + timedelta(minutes=minutes), by_mail=True),
        ticket,
        request,
    )
    return made.ticket if isinstance(made, Decision) else ticket


@settings(max_examples=60)
@given(pasts(), st.randoms(use_true_random=False))
def test_every_order_of_merging_comes_to_the_same(
    clones: list[Ticket], random: object
) -> None:
    orders = list(itertools.permutations(clones))
    random.shuffle(orders)  # type: ignore[attr-defined]
    first, *others = (merged(*some) for some in orders[:4])
    assert all(other == first and emit(other) == emit(first) for other in others)
    for digest in (DIGEST, "m2"):
        there = [entry for entry in first.history if entry.mail_digest == digest]
        assert len([entry for entry in there if entry.id not in first.idle]) == min(
            len(there), 1
        )
    told = [
        (debt.entry.message, who, debt.entry.anchor)
        for debt in due_notifications(first)
        for who in debt.told
    ]
    assert len(told) == len(set(told))
    made = ask(first, agent(note="On it goes."), 60 * 24 * 30)
    assert fold(made.history) == made, "what is decided is what the fold gives"
