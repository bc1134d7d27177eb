"""Tests of ``ticketctl.store.email.mailboxes``."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.addresses import HELP
from tests.support.email_floods import numbered, settled
from tests.support.emails import LATER, dead, raw_email
from tests.support.mail_server import Office, free_port, open_shop
from tests.support.stores import done, ticketctl


def test_a_maildir_may_hold_anything(tmp_path: Path) -> None:
    """Links, FIFOs and folders among its files are not opened."""
    root = settled(tmp_path)
    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_bytes(raw_email("Subject: Secret"))
    (box / "new/1").symlink_to(secret)
    os.mkfifo(box / "new/2")
    (box / "new/3").mkdir()
    (box / "new/4").write_bytes(raw_email("Subject: Good"))
    said = done(root, "mail", "fetch", "--maildir", str(box), now=LATER)
    assert said.count("\n") == 1
    assert "new, from" in said
    assert sorted(path.name for path in (box / "new").iterdir()) == ["1", "2", "3"]


def test_a_link_that_comes_late_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was one when the folder was listed, and is a link when it is opened."""
    from ticketctl.store.email import mailboxes

    box = tmp_path / "Maildir"
    (box / "new").mkdir(parents=True)
    for name in ("1", "2"):
        (box / "new" / name).write_bytes(b"x")
    found = []
    for name, source, _ in mailboxes.from_maildir(str(box)):
        found.append((name, source.read(10)))
        (box / "new/2").unlink()
        (box / "new/2").symlink_to("/etc/passwd")
    assert found == [("1", b"x")]


# --- an IMAP server ---


class Imap(socketserver.StreamRequestHandler):
    """As much of an IMAP server as is needed: emails under their numbers, fetched in
    pieces."""

    emails: ClassVar[dict[bytes, bytes]] = {}
    seen: ClassVar[list[bytes]] = []
    asked: ClassVar[list[bytes]] = []
    claims: ClassVar[int] = 0
    """How large it says a piece to be; as it is, if 0."""

    def handle(self) -> None:
        """Answer commands until the client has gone."""
        with suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.strip().partition(b" ")
            self.asked.append(command)
            word = command.upper()
            if word.startswith(b"UID SEARCH"):
                self.wfile.write(b"* SEARCH " + b" ".join(self.emails) + b"\r\n")
            elif word.startswith(b"CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif word.startswith(b"SELECT"):
                self.wfile.write(b"* 1 EXISTS\r\n")
            elif found := re.match(
                rb"UID FETCH (\d+) \(BODY.PEEK\[\]<(\d+)\.(\d+)>\)", word
            ):
                uid, start, size = found[1], int(found[2]), int(found[3])
                piece = self.emails[uid][start : start + size]
                length = self.claims or len(piece)
                self.wfile.write(
                    b"* 1 FETCH (UID %s BODY[]<%d> {%d}\r\n%s)\r\n"
                    % (uid, start, length, piece)
                )
            elif word.startswith(b"UID STORE"):
                self.seen.append(command.split()[2])
            self.wfile.write(tag + b" OK done\r\n")


@pytest.fixture
def scripted_imap() -> Iterator[int]:
    """A running server: its port."""
    Imap.emails, Imap.seen, Imap.asked, Imap.claims = {}, [], [], 0
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Imap)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def polled(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that may fetch from that server."""
    login = f"{{host: 127.0.0.1, port: {port}, user: help, password_env: TICKETCTL_IMAP_PASSWORD}}"
    monkeypatch.setenv("TICKETCTL_IMAP_PASSWORD", "secret")
    monkeypatch.setenv("TICKETCTL_IMAP_SERVER", f"127.0.0.1:{port}")
    return settled(tmp_path, f"  imap: {login}\n")


def test_emails_are_fetched_in_pieces(
    tmp_path: Path, scripted_imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large is not fetched at once; all are marked as seen when they are
    taken care of."""
    monkeypatch.setattr("ticketctl.app.email.inbound.MAX_EMAIL", 1000)
    root = polled(tmp_path, scripted_imap, monkeypatch)
    Imap.emails = {
        b"7": numbered(1, "Hello."),
        b"8": b"x" * 5000,
        b"9": numbered(2, "Again."),
    }
    said = done(root, "mail", "fetch", now=LATER)
    assert said.count("message of") == 2
    assert said.count("larger than 0 MiB") == 1
    assert list(dead(root)) == [b"x" * 5000]
    assert Imap.seen == [b"7", b"8", b"9"]
    assert all(
        b"<0.1001>" in line or b"<1001." in line or b"<5000." in line
        for line in Imap.asked
        if b"PEEK" in line
    )


def test_a_server_cannot_fill_the_memory(
    tmp_path: Path, scripted_imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that says to send a gigabyte at once is not listened to; the email stays
    there."""
    root = polled(tmp_path, scripted_imap, monkeypatch)
    Imap.emails, Imap.claims = {b"7": numbered(1, "Hello.")}, 1 << 30
    ran = ticketctl(root, "mail", "fetch", now=LATER)
    assert ran.status == 75
    assert "wants to send" in ran.err
    assert not Imap.seen
    assert not dead(root)


def test_a_maildir_is_polled(tmp_path: Path, mail_server: tuple[int, Office]) -> None:
    shop = open_shop(tmp_path / "store", "biztech", "agent", *mail_server)
    box = tmp_path / "Maildir"
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    (box / "new/1.a").write_bytes(
        b"From: jane@customer.example\nTo: help@support.example\nSubject: One\n\nHello.\n"
    )
    (box / "new/2.b").write_bytes(b"\xff\xfe\x00")
    said = shop.run("mail", "fetch", "--maildir", str(box), now="2026-11-02T09:00")
    assert "new, from jane@customer.example" in said
    assert "quarantined" in said
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
    mail_server: tuple[int, Office],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unseen emails are taken in and marked as seen; a wrong password and a dead
    server are said, and nothing is lost."""
    port, box = imap
    shop = open_shop(tmp_path / "store", "biztech", "agent", *mail_server)
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
