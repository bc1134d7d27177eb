"""End to end, over a real SMTP server on loopback: for each document one customer and
one agent write letters, days pass, and the ticket closes when its document says."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.mail_server import (
    HELP,
    Office,
    Shop,
    free_port,
    open_shop,
    smtp_server,
)
from tests.support.places import ROOT

JANE, AMY = "jane@customer.example", "amy@support.example"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Office]]:
    with smtp_server() as running:
        yield running


@pytest.fixture
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, server: tuple[int, Office]
) -> Shop:
    """A store of the profile that the test names, its server empty."""
    profile, roles = request.param
    server[1].taken.clear()
    server[1].refused.clear()
    return open_shop(tmp_path / "store", profile, roles, *server)


def half_of(said: str) -> str:
    found = re.search(r"\d{6}-(\w{5}): new", said)
    assert found, said
    return found[1]


def to(letters: list[EmailMessage], who: str) -> EmailMessage:
    """The one letter to somebody."""
    found = [letter for letter in letters if letter["To"] == who]
    assert len(found) == 1, [(letter["To"], letter["Subject"]) for letter in letters]
    return found[0]


def for_profile(name: str, roles: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shop", [(name, roles)], indirect=True, ids=[name])


@for_profile("biztech", "agent")
@pytest.mark.demand("B3", "B4", "B5", "B6", "B7", "B8")
def test_biztech(shop: Shop) -> None:
    half = half_of(
        shop.write(
            JANE, "It shows the old address.", "2026-11-02T09:00", Subject="Invoice"
        )
    )
    shop.run("move", half, "Open", "-a", "@me", now="2026-11-02T09:05")
    shop.run(
        "move", half, "Pending", "--reply", "Which address?", now="2026-11-02T09:10"
    )
    asked = to(shop.deliver("2026-11-02T09:11"), JANE)
    assert (
        "Which address?" in asked.get_content()
        and asked["Auto-Submitted"] == "auto-generated"
    )
    assert (
        f"-{half}] " in str(asked["Subject"])
        and asked["In-Reply-To"] == "<1@customer.example>"
    )
    assert "Pending -> Open" in shop.write(
        JANE, "12 Oak Lane.", "2026-11-02T10:00", asked
    )
    answer = to(shop.deliver("2026-11-02T10:01"), AMY)
    assert (
        "12 Oak Lane." in answer.get_content()
        and "Which address?" not in answer.get_content()
    ), "nothing quoted"
    shop.write(AMY, "We correct it today.", "2026-11-02T10:30", answer)
    assert (
        "We correct it today."
        in to(shop.deliver("2026-11-02T10:31"), JANE).get_content()
    )
    shop.run("move", half, "Solved", "--reply", "Corrected.", now="2026-11-02T11:00")
    solved = to(shop.deliver("2026-11-02T11:01"), JANE)
    assert "2026-11-06 06:00 (America/New_York)" in solved.get_content(), (
        "by when it closes"
    )
    assert "Solved -> Open" in shop.write(
        JANE, "Not quite.", "2026-11-03T09:00", solved
    )
    shop.run("move", half, "Solved", "--reply", "Now?", now="2026-11-03T12:00")
    again = [
        letter for letter in shop.deliver("2026-11-03T12:01") if letter["To"] == JANE
    ][-1]
    assert shop.run("sweep", now="2026-11-07T11:59:59") == ""
    assert "closed" in shop.run("sweep", now="2026-11-07T12:00:00")
    follow = shop.write(JANE, "It came back.", "2026-11-20T09:00", again)
    assert (
        "continued in" in follow and shop.status(half, "2026-11-20T09:00") == "Closed"
    )
    assert (
        "new ticket"
        in to(
            [x for x in shop.deliver("2026-11-20T09:01") if x["To"] == JANE], JANE
        ).get_content()
    )
    assert "0 problems" not in shop.run("check", now="2026-11-21T09:00"), (
        "quiet on stdout"
    )


@for_profile("hosting", "technician")
@pytest.mark.demand("H3", "H4", "H9", "H10")
def test_hosting(shop: Shop) -> None:
    half = half_of(
        shop.write(
            JANE, "Where do I change it?", "2026-11-02T09:00", Subject="Password"
        )
    )
    shop.run("move", half, "In Progress", "-a", "@me", now="2026-11-02T09:30")
    shop.run(
        "move", half, "Answered", "--reply", "In the panel.", now="2026-11-02T10:00"
    )
    answered = to(shop.deliver("2026-11-02T10:01"), JANE)
    assert "In the panel." in answered.get_content()
    assert "-> Customer-Reply" in shop.write(
        JANE, "I cannot find it.", "2026-11-05T09:00", answered
    )
    told = to(shop.deliver("2026-11-05T09:01"), AMY)
    shop.write(AMY, "Under Settings.", "2026-11-05T09:30", told)
    shop.run(
        "move",
        half,
        "Answered",
        "--reply",
        "Under Settings, top right.",
        now="2026-11-05T10:00",
    )
    last = [
        letter for letter in shop.deliver("2026-11-05T10:01") if letter["To"] == JANE
    ][-1]
    assert shop.run("sweep", now="2026-12-05T09:59:59") == ""
    assert "Answered -> Closed" in shop.run("sweep", now="2026-12-05T10:00:00")
    assert "-> Customer-Reply" in shop.write(
        JANE, "Still not.", "2026-12-20T09:00", last
    ), "within 30 days"
    shop.run("move", half, "Closed", "--reply", "Done by us.", now="2026-12-20T10:00")
    late = shop.write(JANE, "And again.", "2027-02-20T09:00", last)
    assert "continued in" in late and shop.status(half, "2027-02-20T09:00") == "Closed"


@for_profile("aerosoft", "agent, developer, qa")
@pytest.mark.demand("A7", "A9", "A24", "A25")
def test_aerosoft_counts_from_the_notice_that_the_server_took(shop: Shop) -> None:
    half = half_of(
        shop.write(JANE, "It is cut off.", "2026-11-02T09:00", Subject="Tail number")
    )
    shop.run("assign", half, "@me", now="2026-11-02T09:10")
    shop.run("move", half, "Investigation Underway", now="2026-11-02T09:20")
    shop.run(
        "move",
        half,
        "Waiting for Customer Response",
        "--reply",
        "Which report?",
        now="2026-11-02T09:30",
    )
    asked = to(shop.deliver("2026-11-02T09:31"), JANE)
    ran = shop.run(
        "move", half, "Send to Development", now="2026-11-02T10:00", status=1
    )
    assert ran == "", "refused until the customer has answered"
    shop.write(JANE, "The logbook.", "2026-11-02T11:00", asked)
    for status in (
        "Send to Development",
        "Development in Progress",
        "Testing and Verification",
        "Done Awaiting Release",
    ):
        shop.run("move", half, status, now="2026-11-02T12:00")
    shop.run(
        "move",
        half,
        "Release Delivered",
        "--set",
        "release=2026.3",
        now="2026-11-03T09:00",
    )
    shop.deliver("2026-11-03T09:01")
    shop.run("move", half, "Resolved", now="2026-11-03T09:10")
    # The server does not take the notice for two days: the seven days begin when it
    # does.
    shop.office.refused.add(JANE)
    shop.run("mail", "send", now="2026-11-03T09:11", status=1)
    assert "550 5.1.1 no such mailbox" in shop.run(
        "mail", "show", now="2026-11-03T09:11"
    )
    assert shop.run("sweep", now="2026-11-10T09:10") == "", (
        "nobody is closed over without a notice"
    )
    shop.office.refused.clear()
    notice = [
        letter for letter in shop.deliver("2026-11-10T12:00") if letter["To"] == JANE
    ][-1]
    assert "2026-11-17 07:00 (America/Toronto)" in notice.get_content()
    assert shop.run("sweep", now="2026-11-17T11:59:59") == ""
    assert "Resolved -> Closed" in shop.run("sweep", now="2026-11-17T12:00:00")
    history = json.loads(
        shop.run("show", half, "--format", "json", now="2026-11-18T09:00")
    )["tickets"][0]["history"]
    assert [entry["role"] for entry in history if entry.get("to") == "Closed"] == [
        "system"
    ]


@for_profile("assima", "support, developer")
@pytest.mark.demand("S1", "S5", "S8", "S9")
def test_assima(shop: Shop) -> None:
    half = half_of(
        shop.write(JANE, "How do I record one?", "2026-11-02T09:00", Subject="Quiz")
    )
    assert "Quiz" in str(to(shop.deliver("2026-11-02T09:01"), AMY)["Subject"]), (
        "the people in charge are told"
    )
    shop.run("move", half, "Assigned", "-a", "@me", now="2026-11-02T10:00")
    shop.run(
        "move",
        half,
        "QA Pending",
        "--reply",
        "With the red button.",
        now="2026-11-02T11:00",
    )
    shop.run("move", half, "Verified", "-a", "@me", now="2026-11-02T12:00")
    verified = [
        letter for letter in shop.deliver("2026-11-02T12:01") if letter["To"] == JANE
    ][-1]
    assert "2026-12-02 12:00 (Europe/London)" in verified.get_content()
    assert "Verified" not in shop.write(
        JANE, "I will try.", "2026-11-10T09:00", verified
    ), "a message moves nothing"
    assert shop.run("sweep", now="2026-12-20T09:00") == "", (
        "the customer's message stopped the clock"
    )
    told = [
        letter for letter in shop.deliver("2026-12-20T09:01") if letter["To"] == AMY
    ][-1]
    shop.write(AMY, "Did it work?", "2026-12-20T10:00", told)
    assert shop.run("sweep", now="2027-01-19T09:59:59") == ""
    assert "Verified -> Closed" in shop.run("sweep", now="2027-01-19T10:00:00")


@for_profile("ggit", "technician, admin")
@pytest.mark.demand("G5", "G7", "G13", "G14")
def test_ggit_is_worked_by_mail_alone(shop: Shop) -> None:
    """Also the statuses are set by letters: a ``Status:`` line, for staff only (G14)."""
    half = half_of(
        shop.write(
            JANE, "It drops every hour.", "2026-11-02T09:00", Subject="Remote desktop"
        )
    )
    shop.run("assign", half, "@me", now="2026-11-02T09:10")
    tag = f"[261102-{half}] Remote desktop"
    assert "-> Waiting Customer" in shop.write(
        AMY, "Status: Waiting Customer\nWhich network?", "2026-11-02T09:20", Subject=tag
    )
    shop.deliver("2026-11-02T09:21")
    assert shop.run("sweep", now="2026-11-07T09:19:59") == ""
    assert "reminded" in shop.run("sweep", now="2026-11-07T09:20:00")
    reminder = [
        letter for letter in shop.deliver("2026-11-07T09:21") if letter["To"] == JANE
    ][-1]
    assert "-> Note Emailed In" in shop.write(
        JANE, "Status: Complete\nAt home.", "2026-11-07T10:00", reminder
    ), "not hers"
    told = [
        letter for letter in shop.deliver("2026-11-07T10:01") if letter["To"] == AMY
    ][-1]
    done = shop.write(
        AMY, "It is the router.", "2026-11-07T11:00", told, Subject=f"{tag} is resolved"
    )
    assert "-> Customer or Tech Says Close" in done
    shop.run("set", half, "time_entries=not_done", now="2026-11-07T11:10")
    wanting = shop.write(AMY, "Status: Complete", "2026-11-07T11:20", Subject=tag)
    assert shop.status(half, "2026-11-07T11:21") == "Incomplete - Re-opened", wanting
    shop.run("set", half, "time_entries=done", now="2026-11-07T11:30")
    assert "-> Complete" in shop.write(
        AMY, "Status: Complete\nReplaced it.", "2026-11-07T11:40", Subject=tag
    )
    assert any(letter["To"] == JANE for letter in shop.deliver("2026-11-07T11:41")), (
        "the customer is mailed"
    )


@for_profile("biztech", "agent")
def test_a_reader_is_written_to_in_their_language(
    shop: Shop, tmp_path: Path, server: tuple[int, Office]
) -> None:
    """``solved.de`` for who has ``language: de-AT``; the others get the profile's own."""
    german = open_shop(
        tmp_path / "german", "biztech", "agent", *server, language="de-AT"
    )
    source = (ROOT / "profiles/biztech.yaml").read_text()
    text = (
        source
        + '  solved.de:\n    subject: "Erledigt: $title"\n    body: "Schließt am $closes."\n'
    )
    (german.root / "profiles").mkdir()
    (german.root / "profiles/biztech.yaml").write_text(text)
    half = half_of(german.write(JANE, "Hallo.", "2026-11-02T09:00", Subject="Rechnung"))
    german.run("move", half, "Open", "-a", "@me", now="2026-11-02T09:05")
    german.run("move", half, "Solved", "--reply", "Fertig.", now="2026-11-02T10:00")
    letter = to(german.deliver("2026-11-02T10:01"), JANE)
    assert "Erledigt: Rechnung" in str(letter["Subject"])
    assert (
        letter.get_content().strip()
        == "Schließt am 2026-11-06 05:00 (America/New_York)."
    )
    assert "Erledigt" in german.run(
        "profile", "show", "biztech", now="2026-11-02T10:01"
    )


def test_letters_go_out_by_sendmail_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: tuple[int, Office]
) -> None:
    """``sendmail -t``, found on the user's PATH; the store cannot name a program."""
    shop = open_shop(tmp_path / "store", "biztech", "agent", *server)
    settings = shop.root / "ticketctl.yaml"
    settings.write_text(re.sub(r"smtp: .*", "sendmail: true", settings.read_text()))
    program = tmp_path / "bin/sendmail"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat > {tmp_path}/letter\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    half = half_of(shop.write(JANE, "Hello.", "2026-11-02T09:00"))
    shop.run("move", half, "Open", "-a", "@me", now="2026-11-02T09:05")
    shop.run("move", half, "Pending", "--reply", "What?", now="2026-11-02T09:10")
    assert "sent" in shop.run("mail", "send", now="2026-11-02T09:11")
    assert (tmp_path / "words").read_text() == f"-t -i -f {HELP}\n"
    assert f"To: {JANE}\n" in (tmp_path / "letter").read_text()
    program.write_text("#!/bin/sh\necho 'mail queue is full' >&2\nexit 75\n")
    shop.run("reply", half, "-m", "Hm?", now="2026-11-02T09:12")
    shop.run("mail", "send", now="2026-11-02T09:13", status=1)
    assert "sendmail: mail queue is full" in shop.run(
        "mail", "show", now="2026-11-02T09:14"
    )


def test_what_is_attached_is_shown_and_missed(
    tmp_path: Path, server: tuple[int, Office]
) -> None:
    shop = open_shop(tmp_path / "store", "biztech", "agent", *server)
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"], letter["Message-ID"] = (
        JANE,
        HELP,
        "Invoice",
        "<1@x>",
    )
    letter.set_content("See the page.")
    letter.add_attachment(
        b"%PDF", maintype="application", subtype="pdf", filename="../../page one.pdf"
    )
    half = half_of(
        shop.run("mail", "in", now="2026-11-02T09:00", feed=letter.as_bytes())
    )
    shown = re.search(
        r"    attached: (attachments/\S+-page_one\.pdf)\n",
        shop.run("show", half, now="2026-11-02T09:01"),
    )
    assert shown and (shop.root / shown[1]).read_bytes() == b"%PDF"
    assert shop.run("check", now="2026-11-02T09:01") == ""
    (shop.root / shown[1]).unlink()
    assert f"warning: {shown[1]} is not there" in shop.run(
        "check", now="2026-11-02T09:01"
    )


def test_a_maildir_is_polled(tmp_path: Path, server: tuple[int, Office]) -> None:
    shop = open_shop(tmp_path / "store", "biztech", "agent", *server)
    box = tmp_path / "Maildir"
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    (box / "new/1.a").write_bytes(
        b"From: jane@customer.example\nTo: help@support.example\nSubject: One\n\nHello.\n"
    )
    (box / "new/2.b").write_bytes(b"\xff\xfe\x00")
    said = shop.run("mail", "fetch", "--maildir", str(box), now="2026-11-02T09:00")
    assert "new, from jane@customer.example" in said and "dead letter" in said
    assert sorted(path.name for path in (box / "cur").iterdir()) == [
        "1.a:2,S",
        "2.b:2,S",
    ]
    assert (
        shop.run("mail", "fetch", "--maildir", str(box), now="2026-11-02T09:01") == ""
    )
    shop.run(
        "mail", "fetch", "--maildir", str(tmp_path), now="2026-11-02T09:01", status=71
    )


DOVECOT = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
first_valid_uid = 0
mail_location = maildir:{root}/Maildir
passdb {{
  driver = passwd-file
  args = scheme=plain {root}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@pytest.fixture
def imap() -> Iterator[tuple[int, Path]]:
    """A real IMAP server on loopback with one mailbox: its port, and the maildir behind
    it."""
    program = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/sbin")
    if program is None or os.geteuid() != 0:
        pytest.skip("needs dovecot-imapd, and root to start it")
    with tempfile.TemporaryDirectory() as folder:
        root, port = Path(folder), free_port()
        root.chmod(0o755)  # the server gives up its rights before it reads the users
        for name in ("new", "cur", "tmp"):
            (root / "Maildir" / name).mkdir(parents=True)
        (root / "users").write_text("help:{plain}secret\n")
        nobody = pwd.getpwnam("nobody")
        (root / "conf").write_text(
            DOVECOT.format(root=root, port=port, uid=nobody.pw_uid, gid=nobody.pw_gid)
        )
        for path in (root / "Maildir", *(root / "Maildir").iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        process = subprocess.Popen([program, "-F", "-c", str(root / "conf")])
        try:
            _wait_for(port, root / "log")
            yield port, root / "Maildir"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(log.read_text() if log.exists() else "dovecot does not start")


def test_an_imap_folder_is_polled(
    tmp_path: Path,
    imap: tuple[int, Path],
    server: tuple[int, Office],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unseen letters are taken in and marked as seen; a wrong password and a dead
    server are said, and nothing is lost."""
    port, box = imap
    shop = open_shop(tmp_path / "store", "biztech", "agent", *server)
    settings = shop.root / "ticketctl.yaml"
    login = f"imap: {{host: 127.0.0.1, port: {port}, user: help, password_env: TICKETCTL_IMAP_PASSWORD}}\n"
    settings.write_text(settings.read_text() + f"  {login}")
    shop.run(
        "mail", "fetch", now="2026-11-02T09:00", status=78
    )  # no password goes to a server that the clone does not name
    subprocess.run(
        ["git", "-C", str(shop.root), "config", "ticketctl.imap", f"127.0.0.1:{port}"],
        check=True,
    )
    for number in (1, 2):
        text = f"From: jane@customer.example\nTo: {HELP}\nSubject: Number {number}\nMessage-ID: <{number}@x>\n\nHello.\n"
        (box / "new" / f"{number}.a").write_text(text)
        shutil.chown(box / "new" / f"{number}.a", "nobody")
    shop.run("mail", "fetch", now="2026-11-02T09:00", status=78)
    monkeypatch.setenv("TICKETCTL_IMAP_PASSWORD", "wrong")
    shop.run("mail", "fetch", now="2026-11-02T09:00", status=75)
    monkeypatch.setenv("TICKETCTL_IMAP_PASSWORD", "secret")
    assert (
        shop.run("mail", "fetch", now="2026-11-02T09:00").count(
            "new, from jane@customer.example"
        )
        == 2
    )
    assert shop.run("mail", "fetch", now="2026-11-02T09:01") == ""
    assert sorted(path.name.rpartition(",")[2] for path in (box / "cur").iterdir()) == [
        "S",
        "S",
    ]
    titles = {
        row["title"]
        for row in json.loads(
            shop.run("list", "--format", "json", now="2026-11-02T09:02")
        )["tickets"]
    }
    assert titles == {"Number 1", "Number 2"}


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("{addresses: {}}", 'mail must say "from"'),
        ("{from: nobody}", '"nobody" is not a mail address'),
        (
            "{from: a@b.example, smpt: {host: x}}",
            'unknown setting "smpt" of mail; did you mean "smtp"?',
        ),
        (
            "{from: a@b.example, smtp: {host: mail.example, tls: none}}",
            "tls: none is for this machine alone",
        ),
        (
            "{from: a@b.example, smtp: {host: mail.example, password_env: AWS_SECRET}}",
            "begins with TICKETCTL_",
        ),
        (
            "{from: a@b.example, smtp: {host: localhost}, sendmail: true}",
            "by smtp or by sendmail, not both",
        ),
        (
            '{from: a@b.example, imap: {host: localhost, user: "a\\r\\nA9 DELETE INBOX"}}',
            "characters in it that no name has",
        ),
        ("{from: a@b.example, per_day: 0}", "per_day is a whole number from 1"),
        (
            "{from: a@b.example, smtp: {host: '-oProxyCommand=x y', port: 99999}}",
            "a port is a number",
        ),
    ],
)
def test_mistakes_in_the_mail_settings_are_located(
    tmp_path: Path, part: str, words: str
) -> None:
    from tests.support.stores import make_store, ticketctl

    root = make_store(tmp_path / "store", f"mail: {part}\n")
    ran = ticketctl(root, "list")
    assert ran.status == 78 and words in ran.err and "ticketctl.yaml:2:" in ran.err, ran


# --- what letters and copies must not be able to do ---


@pytest.fixture
def workspace(tmp_path: Path, server: tuple[int, Office]) -> Shop:
    """A biztech store with a ticket of Jane's, ``aaaaa``, that Amy works on."""
    server[1].taken.clear()
    shop = open_shop(tmp_path / "store", "biztech", "agent", *server)
    shop.run(
        "new",
        "Invoice",
        "-c",
        JANE,
        "-a",
        AMY,
        "--id",
        "261102-aaaaa",
        now="2026-11-02T09:00",
        as_="agent:" + AMY,
    )
    return shop


def set_mail(shop: Shop, line: str) -> None:
    """One more line of the mail settings."""
    with (shop.root / "ticketctl.yaml").open("a") as file:
        file.write(f"  {line}\n")


TAG = "[261102-aaaaa] Invoice"


def test_a_ticket_cannot_be_filled_until_nobody_can_read_it(workspace: Shop) -> None:
    """Strangers and the customer fill their shares; staff and rules go on."""
    for number in range(14):
        workspace.write(
            "mallory@evil.example",
            f"{number} " + "x" * 99_000,
            "2026-11-02T09:10",
            Subject=TAG,
        )
    assert "message of" in workspace.write(
        JANE, "It matters to me. " + "y" * 90_000, "2026-11-02T09:11", Subject=TAG
    )
    for number in range(16):
        assert "message of" in workspace.write(
            JANE, f"{number} " + "z" * 90_000, "2026-11-02T09:12", Subject=TAG
        )
    ticket = next(workspace.root.glob("tickets/*/*/*/*.yaml"))
    assert ticket.stat().st_size < 520_000
    assert "message of" in workspace.write(
        AMY, "w" * 90_000, "2026-11-02T09:13", Subject=TAG
    )
    workspace.run("reply", "aaaaa", "-m", "v" * 200_000, now="2026-11-02T09:14")
    assert "reminded" in workspace.run("sweep", now="2026-11-06T10:00")
    assert json.loads(
        workspace.run("show", "aaaaa", "--format", "json", now="2026-11-06T10:00")
    )["tickets"]


def test_staff_letters_must_be_vouched_for_where_somebody_vouches(
    workspace: Shop,
) -> None:
    """``trust``: the word of our own mail server, and no other's, that a letter is from
    whom it says."""
    set_mail(workspace, "trust: mx.support.example")
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
        said = workspace.write(
            AMY, "Please close it.", "2026-11-02T09:10", Subject=TAG, **headers
        )
        assert "kept as a note (mx.support.example does not say" in said
    assert "message of" in workspace.write(
        AMY, "It is done.", "2026-11-02T09:11", Subject=TAG, **vouched
    )
    assert "message of" in workspace.write(
        JANE, "Thank you.", "2026-11-02T09:12", Subject=TAG
    ), "customers write as before"


def test_a_password_goes_only_where_the_clone_says(
    workspace: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can change the settings of a store cannot have its passwords sent
    elsewhere."""
    monkeypatch.setenv("TICKETCTL_SMTP_PASSWORD", "secret")
    settings = workspace.root / "ticketctl.yaml"
    login = "host: localhost, user: help, password_env: TICKETCTL_SMTP_PASSWORD, port:"
    settings.write_text(settings.read_text().replace("host: 127.0.0.1, port:", login))
    workspace.run("mail", "send", now="2026-11-02T09:01", status=78)
    assert "this clone does not know (" in workspace.run(
        "doctor", now="2026-11-02T09:01", status=1
    )
    subprocess.run(
        [
            "git",
            "-C",
            str(workspace.root),
            "config",
            "ticketctl.smtp",
            f"localhost:{workspace.port}",
        ],
        check=True,
    )
    workspace.run("mail", "send", now="2026-11-02T09:01")
    assert "this clone does not know (" not in workspace.run(
        "doctor", now="2026-11-02T09:01", status=1
    )


def test_a_copy_of_the_sender_sends_nothing(workspace: Shop, tmp_path: Path) -> None:
    workspace.run("reply", "aaaaa", "-m", "We look into it.", now="2026-11-02T09:01")
    assert len(workspace.deliver("2026-11-02T09:02")) == 1
    workspace.run("reply", "aaaaa", "-m", "Still looking.", now="2026-11-02T09:03")
    shutil.copytree(workspace.root, tmp_path / "copy", symlinks=True)
    copy = Shop(tmp_path / "copy", workspace.port, workspace.office, workspace.seen)
    assert copy.deliver("2026-11-02T09:04", status=1) == []
    assert len(workspace.deliver("2026-11-02T09:04")) == 1


def test_a_long_line_arrives(workspace: Shop) -> None:
    """RFC 5321 ends a line at 998 bytes; people do not."""
    long = "word " * 300
    workspace.run("reply", "aaaaa", "-m", long, now="2026-11-02T09:01")
    assert long.strip() in to(workspace.deliver("2026-11-02T09:02"), JANE).get_content()


def test_answers_to_a_closed_ticket_go_where_it_goes_on(workspace: Shop) -> None:
    """One follow-up, not one for each "thank you"."""
    workspace.run("move", "aaaaa", "Solved", "--reply", "Done.", now="2026-11-02T10:00")
    workspace.run("sweep", now="2026-11-06T10:00")
    first = to(workspace.deliver("2026-11-06T10:01"), JANE)
    said = workspace.write(JANE, "It came back.", "2026-11-07T10:00", first)
    assert "continued in" in said
    notice = to(workspace.deliver("2026-11-07T10:01"), JANE)
    follow = said.rpartition(" ")[2].strip()
    assert follow in notice.get_content()
    for number, letter in enumerate((notice, first)):
        again = workspace.write(JANE, f"Number {number}.", "2026-11-07T11:00", letter)
        assert again.startswith(f"{follow[7:]}: message of"), again
    assert (
        len(
            json.loads(
                workspace.run("list", "-A", "--format", "json", now="2026-11-07T12:00")
            )["tickets"]
        )
        == 2
    )


def test_what_strangers_attach_goes_into_no_commit(workspace: Shop) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"], letter["Message-ID"] = (
        "m@evil.example",
        HELP,
        TAG,
        "<1@x>",
    )
    letter.set_content("Look.")
    letter.add_attachment(
        b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe"
    )
    assert "kept as a note" in workspace.run(
        "mail", "in", now="2026-11-02T09:01", feed=letter.as_bytes()
    )
    assert "Attached, and not kept here: tool.exe" in workspace.run(
        "show", "aaaaa", now="2026-11-02T09:02"
    )
    assert not (workspace.root / "attachments").exists()
    assert [
        path.read_bytes() for path in (workspace.root / "dead-letters").glob("*.eml")
    ] == [letter.as_bytes()]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>x</title><body>visible text", "visible text"),
        ("<script>var a = '<p>no</p>'</script><p>yes &amp; no<br>two", "yes & no\ntwo"),
        ("<!-- <p>hidden</p> --><div>a - b</div>", "a - b"),
    ],
)
def test_html_is_read(workspace: Shop, page: str, text: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = JANE, HELP, "Page"
    letter.set_content(" \n")
    letter.add_alternative(page, subtype="html")
    half = half_of(
        workspace.run("mail", "in", now="2026-11-02T09:01", feed=letter.as_bytes())
    )
    history = json.loads(
        workspace.run("show", half, "--format", "json", now="2026-11-02T09:02")
    )["tickets"][0]["history"]
    assert history[0]["text"].rstrip("\n") == text


# --- after a strict reading ---


def test_a_letter_that_travels_twice_is_one(workspace: Shop) -> None:
    """Blanks, blank lines and the traces of its way do not make another letter of it."""
    text = b"From: jane@customer.example\r\nTo: help@support.example\r\nSubject: New\r\nMessage-ID: <9@x>\r\n\r\n"
    text += b"Hello, \r\n\r\n\r\n\r\nit  burns.\r\n-- \r\nJane\r\n\r\nOn Monday, Help wrote:\r\n> no\r\nyes\r\n"
    assert "new, from" in workspace.run("mail", "in", now="2026-11-02T09:01", feed=text)
    for trace in (b"", b"Received: by mx1\r\n", b"Received: by mx2\r\n"):
        assert "already" in workspace.run(
            "mail", "in", now="2026-11-02T09:02", feed=trace + text
        )


def test_what_cannot_be_written_down_is_not_sent(workspace: Shop) -> None:
    """A head changed by hand and committed: its notice waits, it does not go out at
    every run."""
    workspace.run("reply", "aaaaa", "-m", "We look into it.", now="2026-11-02T09:01")
    path = next(workspace.root.glob("tickets/*/*/*/*.yaml"))
    path.write_text(path.read_text().replace("status: Open", "status: Solved"))
    git = [
        "git",
        "-C",
        str(workspace.root),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@support.example",
    ]
    subprocess.run([*git, "commit", "-qam", "By hand"], check=True)
    for minute in (2, 3, 30):
        workspace.run(
            "mail",
            "send",
            now=f"2026-11-02T09:{minute:02}",
            status=1 if minute != 3 else 0,
        )
    assert workspace.office.taken == []
    assert "not sent: status does not agree" in workspace.run(
        "mail", "show", now="2026-11-02T09:31"
    )


def test_what_a_stranger_attaches_is_kept_with_the_ticket_or_not_at_all(
    workspace: Shop,
) -> None:
    """One write: where the dead letters cannot be kept, neither is the note, and the
    next delivery does both."""
    (workspace.root / "dead-letters").write_text("a file in the way")
    letter = (
        b"From: m@evil.example\nSubject: [261102-aaaaa]\nMessage-ID: <8@x>\n\n"
        + b"x " * 60_000
    )
    workspace.run("mail", "in", now="2026-11-02T09:01", feed=letter, status=75)
    (workspace.root / "dead-letters").unlink()
    assert "kept as a note" in workspace.run(
        "mail", "in", now="2026-11-02T09:02", feed=letter
    )
    shown = workspace.run("show", "aaaaa", now="2026-11-02T09:03")
    assert "[cut here]" in shown and "is attached as" not in shown
    assert [
        path.read_bytes() for path in (workspace.root / "dead-letters").glob("*.eml")
    ] == [letter]


def test_an_attachment_that_is_ignored_elsewhere_is_committed(workspace: Shop) -> None:
    with (workspace.root / ".gitignore").open("a") as file:
        file.write("*.log\n")
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"], letter["Message-ID"] = (
        JANE,
        HELP,
        TAG,
        "<1@x>",
    )
    letter.set_content("Look.")
    letter.add_attachment(
        b"trace", maintype="text", subtype="x-log", filename="trace.log"
    )
    assert "message of" in workspace.run(
        "mail", "in", now="2026-11-02T09:01", feed=letter.as_bytes()
    )
    listed = subprocess.run(
        ["git", "-C", str(workspace.root), "ls-files"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "-trace.log" in listed


def test_addresses_are_known_in_any_case(workspace: Shop) -> None:
    settings = workspace.root / "ticketctl.yaml"
    settings.write_text(
        settings.read_text().replace("amy@support.example:", "Amy@Support.example:")
    )
    assert "message of amy@support.example" in workspace.write(
        AMY, "Done.", "2026-11-02T09:01", Subject=TAG
    )
    assert "Amy@Support.example" in workspace.run(
        "show", "aaaaa", "--format", "json", now="2026-11-02T09:02"
    )
