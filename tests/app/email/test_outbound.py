"""Sending of email: each notification is sent once, whatever the mail server does.

The server is a real SMTP server on loopback, or one whose faults a test chooses.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.addresses import AMY, HELP, JANE
from tests.support.due_stores import (
    MAIL,
    PEOPLE,
    START,
    MailServer,
    Step,
    answer_by_machine,
    debts,
    failures,
    git,
    given,
    loop_store,
    opening,
    owing_store,
    play,
    put,
    repository,
    send,
    stamp,
)
from tests.support.email_shops import half_of
from tests.support.mail_server import Office, Shop, open_shop
from tests.support.shell import Ran
from tests.support.stores import done, files_of, histories, make_store
from ticketctl.app.email.inbound import receive
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Actor, Change
from ticketctl.core.people import People
from ticketctl.core.ticket import fold
from ticketctl.store.profiles import built_in


def test_email_is_sent_by_sendmail_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail_server: tuple[int, Office]
) -> None:
    """``sendmail -t``, found on the user's PATH; the store cannot name a program."""
    shop = open_shop(tmp_path / "store", "biztech", "agent", *mail_server)
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


def test_a_copied_clone_sends_no_email(mail_workspace: Shop, tmp_path: Path) -> None:
    mail_workspace.run(
        "reply", "aaaaa", "-m", "We look into it.", now="2026-11-02T09:01"
    )
    assert len(mail_workspace.deliver("2026-11-02T09:02")) == 1
    mail_workspace.run("reply", "aaaaa", "-m", "Still looking.", now="2026-11-02T09:03")
    shutil.copytree(mail_workspace.root, tmp_path / "copy", symlinks=True)
    copy = Shop(
        tmp_path / "copy",
        mail_workspace.port,
        mail_workspace.office,
        mail_workspace.seen,
    )
    assert copy.deliver("2026-11-02T09:04", status=1) == []
    assert len(mail_workspace.deliver("2026-11-02T09:04")) == 1


def test_what_cannot_be_written_down_is_not_sent(mail_workspace: Shop) -> None:
    """A head changed by hand and committed: its notice waits, it does not go out at
    every run."""
    mail_workspace.run(
        "reply", "aaaaa", "-m", "We look into it.", now="2026-11-02T09:01"
    )
    path = next(mail_workspace.root.glob("tickets/*/*/*/*.yaml"))
    path.write_text(path.read_text().replace("status: Open", "status: Solved"))
    git = [
        "git",
        "-C",
        str(mail_workspace.root),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@support.example",
    ]
    subprocess.run([*git, "commit", "-qam", "By hand"], check=True)
    for minute in (2, 3, 30):
        mail_workspace.run(
            "mail",
            "send",
            now=f"2026-11-02T09:{minute:02}",
            status=1 if minute != 3 else 0,
        )
    assert mail_workspace.office.taken == []
    assert "not sent: status does not agree" in mail_workspace.run(
        "mail", "show", now="2026-11-02T09:31"
    )


# --- a server that fails ---


def three_owed(
    root: Path, settings: str = "commit: auto\n"
) -> tuple[MailServer, list[tuple[str, str, str]]]:
    """A store with three Solved tickets, each of which owes its customer a notice, a
    minute apart."""
    make_store(root, settings + MAIL)
    for number in range(3):
        jane = f"jane{number}@customer.example"
        steps: list[Step] = [
            opening(number, AMY, "agent", True, jane),
            Change(Actor(AMY, "agent"), "Solved", "Done."),
        ]
        put(
            root,
            play(
                Workspace(str(root), START).registry.get("biztech"),
                steps,
                People(),
                by_mail=True,
            ),
        )
    repository(root, sender=True)
    return MailServer(root.parent / "letters.jsonl"), debts(root)


def file_of(debt: tuple[str, str, str]) -> str:
    """Under which name a failure of a notice is remembered."""
    return f"{debt[0]}-{debt[1]}"


HOUR = START + timedelta(hours=1)


def test_the_pause_after_a_failure_grows(tmp_path: Path) -> None:
    """A server that cannot be reached is tried after 5, 20, 80 minutes and so on, at
    most a day; nothing is lost."""
    root = tmp_path / "store"
    make_store(root, "commit: auto\n" + MAIL)
    put(
        root,
        play(
            Workspace(str(root), START).registry.get("biztech"),
            [
                opening(0, AMY, "agent", True),
                Change(Actor(AMY, "agent"), "Solved", "Done."),
            ],
            People(),
            by_mail=True,
        ),
    )
    repository(root, sender=True)
    server, (debt,) = MailServer(tmp_path / "letters.jsonl"), debts(root)
    server.unreachable = True
    before, now = files_of(root), HOUR
    for tries, minutes in enumerate((5, 20, 80, 320, 1280, 1440, 1440), 1):
        ran = send(root, server, now)
        assert (
            ran.status == 1
            and ran.out == ""
            and f"failed  {debt[0]}  {JANE}" in ran.err
        ), ran
        assert server.visits == tries
        (kept,) = failures(root).items()
        again = now + timedelta(minutes=minutes)
        assert kept[0] == file_of(debt)
        assert kept[1]["error"] == f"{JANE}: 127.0.0.1:1: Connection refused"
        assert (kept[1]["tries"], kept[1]["again"], kept[1]["told"]) == (
            tries,
            stamp(again),
            [JANE],
        )
        said = done(root, "mail", "show", now=stamp(now))
        assert f"tried {tries} time" in said
        assert "Connection refused" in said
        assert send(root, server, again - timedelta(seconds=1)) == Ran("", 0), (
            "tried before its time"
        )
        assert server.visits == tries
        now = again
    assert debts(root) == [debt]
    assert files_of(root) == before
    server.unreachable = False
    ran = send(root, server, now)
    assert ran.status == 0 and ran.out == f"sent    {debt[0]}  {JANE}  solved\n", ran
    assert given(root) == {debt: 1}
    assert debts(root) == []
    assert failures(root) == {}
    assert git(root, "status", "--porcelain") == ""


def test_an_unreachable_server_loses_nothing(tmp_path: Path) -> None:
    """Several notices wait for a server that nobody reaches; a day later all are
    delivered, and no failure is kept."""
    server, owing = three_owed(tmp_path / "store")
    root, server.unreachable = tmp_path / "store", True
    before = files_of(root)
    for minute in range(12):
        send(root, server, HOUR + timedelta(minutes=minute))
    assert debts(root) == owing
    assert files_of(root) == before
    kept = failures(root)
    assert kept
    assert all("Connection refused" in failure["error"] for failure in kept.values())
    server.unreachable = False
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert given(root) == Counter(owing)
    assert failures(root) == {}
    assert len(server.taken()) == 3


@pytest.mark.parametrize("what", ["folder", "link"])
def test_what_lies_in_the_place_of_a_failure_stops_no_other(
    tmp_path: Path, what: str
) -> None:
    """The failure cannot be remembered: that is said, with the place, and every other
    email goes out."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    server.refuses = {owing[0][2]}
    place = root / ".git/ticketctl/outbox" / f"{file_of(owing[0])}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    if what == "folder":
        place.mkdir()
    else:
        place.symlink_to("/nowhere")
    ran = send(root, server, HOUR)
    assert (
        ran.status == 71
        and ran.out.count("sent ") == 2
        and "550 no such user here" in ran.err
    ), ran
    assert str(place) in ran.err.splitlines()[-1]
    assert debts(root) == [owing[0]]
    assert given(root) == {owing[1]: 1, owing[2]: 1}
    assert git(root, "status", "--porcelain") == "", "what was taken is committed"


def test_a_refused_recipient_stops_no_other(tmp_path: Path) -> None:
    """The others are told and written down; who was refused stays owed, with the
    server's words, and is tried again."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    refused = owing[1]
    server.refuses = {refused[2]}
    ran = send(root, server, HOUR)
    assert ran.status == 1
    assert ran.out.count("sent ") == 2
    assert "550 no such user here" in ran.err
    assert debts(root) == [refused]
    assert given(root) == {owing[0]: 1, owing[2]: 1}
    assert failures(root).keys() == {file_of(refused)}
    assert (
        failures(root)[file_of(refused)]["error"]
        == f"{refused[2]}: 550 no such user here"
    )
    assert git(root, "status", "--porcelain") == "", "what was taken is committed"
    server.refuses = set()
    assert send(root, server, HOUR + timedelta(minutes=4)) == Ran("", 0)
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert given(root) == Counter(owing)
    assert debts(root) == []
    assert failures(root) == {}
    assert len(server.taken()) == 3, "nobody was told twice"


def test_one_of_several_recipients_is_refused(tmp_path: Path) -> None:
    """A notice to several goes to those whom the server takes; only the refused one is
    tried again."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 3, "commit: auto\n" + MAIL + PEOPLE)
    bob = next(debt for debt in owing if debt[2] == "bob@support.example")
    others = [debt for debt in owing if debt[:2] == bob[:2] and debt != bob]
    assert len(others) == 2
    server.refuses = {bob[2]}
    assert send(root, server, HOUR).status == 1
    assert debts(root) == [bob]
    assert all(given(root)[debt] == 1 for debt in others)
    assert failures(root).keys() == {file_of(bob)}
    assert (
        failures(root)[file_of(bob)]["error"]
        == "bob@support.example: 550 no such user here"
    )
    server.refuses = set()
    assert send(root, server, HOUR + timedelta(minutes=5)).status == 0
    assert given(root) == Counter(owing)
    assert failures(root) == {}
    names = [str(message["Message-ID"]) for _, message in server.taken()]
    assert len(names) == len(set(names)) == len(owing)


def test_a_server_that_goes_away_in_the_middle(tmp_path: Path) -> None:
    """What it took is written down and committed, what it did not stays owed and is
    delivered a day later."""
    server, owing = three_owed(tmp_path / "store")
    root, server.last = tmp_path / "store", 1
    ran = send(root, server, HOUR)
    assert ran.status == 1
    assert ran.out.count("sent ") == 1
    assert "Connection unexpectedly closed" in ran.err
    assert given(root) == {owing[0]: 1}
    assert debts(root) == owing[1:]
    assert git(root, "status", "--porcelain") == ""
    server.last = 1_000_000
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert given(root) == Counter(owing)
    assert debts(root) == []
    assert len(server.taken()) == 3, "nobody was told twice"


def test_the_notification_at_which_the_server_went_away_is_recorded(
    tmp_path: Path,
) -> None:
    """The failure is that of the notice that was not taken, and is forgotten when it is
    delivered."""
    server, owing = three_owed(tmp_path / "store")
    root, server.last = tmp_path / "store", 1
    ran = send(root, server, HOUR)
    assert f"failed  {owing[1][0]}  {owing[1][2]}" in ran.err, ran
    kept = failures(root)
    assert kept.keys() == {file_of(owing[1])}
    assert (
        kept[file_of(owing[1])]["error"]
        == f"{owing[1][2]}: Connection unexpectedly closed"
    )
    server.last = 1_000_000
    assert send(root, server, HOUR + timedelta(days=1)).status == 0
    assert failures(root) == {}


def test_the_recipient_at_whom_the_server_went_away_is_recorded(tmp_path: Path) -> None:
    """Of several readers of one notice, the failure names the one whose email was not
    taken."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 3, "commit: auto\n" + MAIL + PEOPLE)
    several = [debt for debt in owing if file_of(debt) == file_of(owing[-1])]
    for other in set(owing) - set(several):
        put(root, fold(histories(root)[other[0]][:1]))
    git(root, "commit", "-qam", "Those that owe nothing")
    assert debts(root) == several
    assert len(several) == 3
    server.last = 1
    send(root, server, HOUR)
    assert debts(root) == several[1:]
    assert (
        failures(root)[file_of(several[1])]["error"]
        == f"{several[1][2]}: Connection unexpectedly closed"
    )


def test_a_notification_that_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    """Where a profile has lost a message that is still owed, that one is named, and all
    others go out."""
    root, server = tmp_path / "store", MailServer(tmp_path / "letters.jsonl")
    owing = owing_store(root, 2, "commit: auto\n" + MAIL)
    text = Path(built_in(), "biztech.yaml").read_text()
    (root / "profiles").mkdir()
    lost = text.replace("message: solved", "message: over").replace(
        "  solved:", "  over:"
    )
    (root / "profiles/biztech.yaml").write_text(lost)
    done(root, "profile", "check", "biztech")
    ran = send(root, server, HOUR)
    assert {to for to, _ in server.taken()} == {to for _, _, to in owing[1:]}, ran
    assert debts(root) == owing[:1]
    assert owing[0][0] in ran.err
    assert ran.status in (1, 65)


def test_an_email_with_a_long_id_is_answered_in_its_thread(tmp_path: Path) -> None:
    """What we send after an email names it as it named itself, however long its
    Message-ID is (many have 80 bytes)."""
    loop = loop_store(tmp_path / "store")
    long = f"<{'A' * 50}@{'M' * 16}.prod.mailer.example>"
    assert send(loop.root, loop.server, HOUR).status == 0
    to, message = loop.server.taken()[0]
    assert (
        receive(
            Workspace(str(loop.root), HOUR), answer_by_machine(to, message, 1, id_=long)
        ).fate
        == "added"
    )
    assert send(loop.root, loop.server, HOUR + timedelta(minutes=1)).status == 0
    ours = loop.server.taken()[-1][1]
    assert "".join(str(ours["In-Reply-To"]).split()) == long


def test_only_the_sender_sends(tmp_path: Path) -> None:
    """In a clone that is not the sender nothing goes out and nothing is written,
    whatever the user's git is set to."""
    server, owing = three_owed(tmp_path / "store")
    root = tmp_path / "store"
    git(root, "config", "--unset", "ticketctl.sender")
    git(root, "config", "--global", "ticketctl.sender", "true")
    before = files_of(root)
    ran = send(root, server, HOUR)
    assert ran.status == 1
    assert "git config ticketctl.sender true" in ran.err
    assert ran.out == ""
    assert server.visits == 0
    assert files_of(root) == before
    assert debts(root) == owing
    assert failures(root) == {}
    git(root, "config", "ticketctl.sender", "true")
    assert send(root, server, HOUR).status == 0
    assert given(root) == Counter(owing)


def test_what_is_not_committed_does_not_go_out(tmp_path: Path) -> None:
    """A notice waits for the commit of its ticket; those of other tickets do not wait
    for it."""
    server, owing = three_owed(tmp_path / "store", "commit: off\n")
    root = tmp_path / "store"
    done(root, "note", owing[0][0], "-m", "Not committed yet.", now=stamp(HOUR))
    done(
        root,
        "new",
        "Ticket 3",
        "--id",
        "261102-aaaaa",
        "-c",
        JANE,
        "-a",
        AMY,
        now=stamp(HOUR),
    )
    done(root, "move", "aaaaa", "Solved", "--reply", "Done.", now=stamp(HOUR))
    ran = send(root, server, HOUR)
    assert (
        ran.status == 0
        and "2 notifications waiting for the ticket to be committed" in ran.err
    ), ran
    assert given(root) == Counter(owing[1:])
    assert len(debts(root)) == 2
    assert len(server.taken()) == 2
    assert send(root, server, HOUR + timedelta(days=1)).out == ""
    assert len(server.taken()) == 2
    git(root, "add", "-A")
    git(root, "commit", "-qm", "By hand")
    assert send(root, server, HOUR + timedelta(days=1)).out.count("sent ") == 2
    assert debts(root) == []
    assert set(given(root).values()) == {1}
    assert failures(root) == {}
