"""Generated emails against one store (``make campaign PART=hostile-email``).

Most of them are made to be expensive (T8), to be taken for somebody else's (T7) or to
fill tickets (T10). Each is on a ticket afterwards, or in ``dead-letters/``; each takes
little time and memory; what its writer wrote is kept somewhere; nobody acts as staff
without being authenticated.
"""

from __future__ import annotations

import base64
import os
import random
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.addresses import AMY, HELP, JANE
from tests.support.campaign import rounds
from tests.support.emails import BODIES, LATER, attached, dead, desk_of, parts, store
from tests.support.emails import SETTINGS as PLAIN
from tests.support.hostile_emails import LARGE, MIB, fill
from tests.support.shell import Ran, Shell
from tests.support.stores import files_of, ticketctl
from ticketctl.app.email import quota
from ticketctl.app.email.inbound import Receipt, receive
from ticketctl.app.workspace import Workspace
from ticketctl.record import replace
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import parse_email
from ticketctl.store.email.quarantine import quarantine_path
from ticketctl.store.paths import path_of

pytestmark = pytest.mark.part("hostile-email")


MX = "mx.support.example"


SETTINGS = f"{PLAIN}  trust: {MX}\n"


SECONDS = 20.0
"""More than one email takes, on a machine that does other things as well."""


MEMORY = 500
"""More than the whole process takes, in MB."""


TICKETS = ("aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee", "fffff")


PEOPLE = tuple(f"person{number}@customer.example" for number in range(40))


STRANGERS = tuple(f"stranger{number}@evil.example" for number in range(15))


FLOODER = "flooder@customer.example"


def memory(key: str) -> int:
    """A figure of this process in MB (``VmRSS``, ``VmHWM``); 0 where it cannot be had."""
    try:
        found = re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) // 1024 if found else 0


def forget_peak() -> None:
    """From now on ``VmHWM`` is the peak since now, where the kernel can do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


@dataclass
class Made:
    """An email, who it says it is from, and words of its writer that must be found.

    Args:
        genuine: whether our own server vouches for its sender.
        words: in its text; empty if it may be unreadable.
    """

    data: bytes
    sender: str
    genuine: bool = False
    words: str = ""


@dataclass
class Maker:
    """Makes emails by a seed."""

    dice: random.Random
    number: int = 0

    def make(self) -> Made:
        """The next email."""
        self.number += 1
        made = self.dice.choices(
            (self.person, self.forger, self.shape, self.tree, self.large),
            (8, 5, 4, 4, 1),
        )[0]()
        if self.dice.random() < 0.3 and b"Authentication-Results" not in made.data:
            # Else what is forged might become the topmost, or what is malformed good.
            return Made(self.mutated(made.data), made.sender, made.genuine)
        return made

    def words(self) -> str:
        """Words that no other email has."""
        return f"word-{self.number:06}-end"

    def head(self, sender: str, *more: bytes) -> bytes:
        """The headers of an email to some ticket, or to none."""
        dice = self.dice
        tag = dice.choice(("", *(f"[261102-{half}] " for half in TICKETS * 2)))
        lines = [
            *more,
            f"From: {self.named(sender)}".encode(),
            f"To: {HELP}".encode(),
            f"Subject: {tag}About {self.number}".encode(),
            f"Message-ID: <h{self.number}@{sender.partition('@')[2]}>".encode(),
        ]
        return b"\n".join(lines) + b"\n"

    def named(self, sender: str) -> str:
        """An address as people write it."""
        return self.dice.choice(
            (
                sender,
                f"Some One <{sender}>",
                f'"One, Some" <{sender}>',
                f"<{sender}> (x (y))",
            )
        )

    def text(self) -> str:
        """What somebody writes; the words are its end."""
        dice = self.dice
        much = dice.choice((10, 300, 5_000, 25_000, 60_000))
        unit = dice.choice(
            (
                "a\n",
                "word ",
                "- x\n\n",
                "'\"\\: #\n",
                "ä",
                "\u2028 ",
                "> no\n",
                ": [{!&*\n",
            )
        )
        return f"Hello {self.number}.\n{unit * (dice.randrange(much) // len(unit))}\n{self.words()}\n"

    def person(self) -> Made:
        """A customer, a stranger, or somebody who sends too many; whole and readable."""
        dice = self.dice
        sender = dice.choices(
            (dice.choice(PEOPLE), dice.choice(STRANGERS), FLOODER, JANE), (6, 2, 1, 1)
        )[0]
        head = self.head(sender, b"Content-Type: text/plain; charset=utf-8")
        body = self.text().encode()
        if dice.random() < 0.3:
            head += b"Content-Transfer-Encoding: base64\n"
            body = base64.encodebytes(body)
        return Made(head + b"\n" + body, sender, words=self.words())

    def forger(self) -> Made:
        """Somebody who says to be Amy; now and then it is her."""
        dice = self.dice
        good = f"{MX}; dmarc=pass header.from=support.example".encode()
        bad = (
            f"{MX}; dmarc=fail header.from=support.example".encode(),
            f"{MX}; none".encode(),
            f"{MX}; dmarc=pass header.from=evil.example".encode(),
            f"{MX}; dmarc=fail (dmarc=pass header.from=support.example)".encode(),
            f'{MX}; dmarc=fail reason="; dmarc=pass header.from=support.example"'.encode(),
            f"{MX} (; dmarc=pass header.from=support.example)".encode(),
            f"{MX}; spf=pass ( ; dmarc=pass header.from=support.example".encode(),
            good + b"; dmarc=pass header.from=support.example",
            good.replace(b"dmarc=pass", b"dmarc=passed"),
            good.replace(b"dmarc=", b"dmarc/9="),
            good.replace(MX.encode(), b"mx.evil.example"),
            good.replace(MX.encode(), MX.encode() + b"\0"),
            good.replace(b";", b" 7;"),
            fill(b"(", 200) + good,
        )
        lines = [dice.choice(bad) for _ in range(dice.randrange(3))]
        genuine = dice.random() < 0.2
        if genuine:
            lines.insert(0, good)
        elif any(line.startswith(MX.encode()) and b"\0" not in line for line in lines):
            lines += [good] * dice.randrange(2)  # below: it came with the email
        head = self.head(AMY, *(b"Authentication-Results: " + line for line in lines))
        if dice.random() < 0.2:
            head = head.replace(
                b"amy@",
                dice.choice((b"amy\0@", b"a\x07my@", b"amy@x, amy@", b"\ramy@")),
            )
            genuine = False
        return Made(
            head + b"\nPlease close it.\n" + self.words().encode() + b"\n",
            AMY,
            genuine,
            self.words(),
        )

    def shape(self) -> Made:
        """Something expensive, of some size."""
        name = self.dice.choice(list(LARGE))
        return Made(LARGE[name](self.dice.choice((100, 2_000, 30_000, 100_000))), JANE)

    def large(self) -> Made:
        """The same, larger."""
        name = self.dice.choice(list(LARGE))
        return Made(LARGE[name](self.dice.choice((MIB // 2, MIB, 2 * MIB))), JANE)

    def tree(self) -> Made:
        """Parts within parts, some of them odd."""
        dice = self.dice
        sender = dice.choice(PEOPLE)
        text = b"Content-Type: text/plain; charset=%s\n\n%s\n%s\n" % (
            dice.choice(
                (b"utf-8", b"latin1", b"klingon", b"", b"us-ascii", b"windows-1252")
            ),
            dice.choice(BODIES),
            self.words().encode(),
        )
        leaves = [text, *(self.leaf() for _ in range(dice.randrange(6)))]
        while len(leaves) > 1:
            at = dice.randrange(len(leaves) - 1)
            kind = dice.choice(
                ("mixed", "alternative", "related", "digest", "report", "x")
            )
            leaves[at : at + 2] = [
                parts(kind, *leaves[at : at + 2], mark=f"m{self.number}.{len(leaves)}")
            ]
        return Made(self.head(sender) + leaves[0], sender)

    def leaf(self) -> bytes:
        """A part."""
        dice = self.dice
        name = dice.choice(
            (
                "a.txt",
                "../../x",
                "\x1b[2J",
                "=?utf-8?b?w6Q=?=",
                "a" * 300,
                "",
                ".git/config",
                'a"b;c',
            )
        )
        return dice.choice(
            (
                attached(name, os.urandom(3) * dice.randrange(100)),
                attached(
                    name, b"x" * 2000, "inline; filename*0*=utf-8''%s; filename*1=y"
                ),
                b"Content-Type: text/html\n\n"
                + fill(dice.choice((b"<p>x", b"<!--", b"<a ", b"&#1;")), 3000),
                b"Content-Type: message/rfc822\n\nFrom: x@y.example\nSubject: in it\n\nhello\n",
                b"Content-Type: message/delivery-status\n\nAction: failed\n",
                b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n!!!!\n",
                b"Content-Type: multipart/mixed\n\nno boundary\n",
                fill(b"a: b\n", dice.choice((10, 5000, 6000))) + b"\nx",
            )
        )

    def mutated(self, data: bytes) -> bytes:
        """Some bytes changed, doubled, cut out or put elsewhere."""
        dice = self.dice
        for _ in range(dice.randrange(1, 5)):
            a, b = sorted(dice.randrange(len(data) + 1) for _ in range(2))
            b = min(b, a + dice.choice((1, 10, 1000)))
            odd = dice.choice(
                (
                    b"\0",
                    b"\r",
                    b"\n",
                    b'"',
                    b"(",
                    b"<",
                    b"=?",
                    b"\\",
                    b"\xff",
                    b"\n--",
                    b":",
                    b";",
                    b"@",
                )
            )
            data = dice.choice(
                (
                    data[:a] + odd + data[a:],
                    data[:a] + odd * dice.randrange(2, 500) + data[b:],
                    data[:a] + data[b:],
                    data[:b] + data[a:],
                    data[:a] + data[a:b][::-1] + data[b:],
                )
            )
        return data


@dataclass
class Mailroom:
    """A store that gets all that.

    Args:
        slowest, peak: of one email, with what it was.
        staff: how many emails counted as those of staff, who were vouched for.
    """

    root: Path
    maker: Maker
    held: dict[str, str] = field(default_factory=dict)
    fates: dict[str, int] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")
    peak: int = 0
    staff: int = 0

    def take(self, workspace: Workspace, made: Made) -> None:
        """Put one email into the store and see what became of it."""
        forget_peak()
        start = time.monotonic()
        receipt = receive(workspace, made.data)
        took = time.monotonic() - start
        self.peak = max(self.peak, memory("VmHWM"))
        self.slowest = max(self.slowest, (took, repr(made.data[:300])))
        assert took < SECONDS
        assert memory("VmHWM") < MEMORY
        self.settle(made, receipt)

    def settle(self, made: Made, receipt: Receipt) -> None:
        """It is where it is said to be, with all words of its writer."""
        self.fates[receipt.fate] = self.fates.get(receipt.fate, 0) + 1
        where = (
            ""
            if receipt.fate == "dead"
            else (self.root / path_of(receipt.id)).read_text()
        )
        grave = self.grave(made.data)
        if receipt.fate == "dead":
            assert grave == made.data
            return
        mail_id = receipt.mail_id
        assert self.held.setdefault(mail_id, receipt.id) == receipt.id
        assert re.sub(r'[\\"]', "", mail_id) in re.sub(r'[\\"]', "", where)
        if made.words and made.words not in where and grave is None:
            assert any(
                made.words.encode() in data
                for data in self.attached(receipt.id, mail_id)
            ), receipt
        if made.sender == AMY and made.genuine:
            self.staff += receipt.fate == "added"
        elif made.sender == AMY:
            assert receipt.fate != "added", f"taken for Amy's: {receipt.words}"

    def grave(self, data: bytes) -> bytes | None:
        """What lies in dead-letters/ of an email, if it does."""
        import hashlib

        path = (
            self.root
            / f"{quarantine_path(str(self.root), hashlib.sha256(data).hexdigest(), desk_of(self.root).now)}.eml"
        )
        return path.read_bytes() if path.exists() else None

    def attached(self, id_: str, mail_id: str) -> list[bytes]:
        """What is attached to the entry of an email."""
        from ticketctl.store.tickets import Store

        entry = next(
            entry
            for entry in Store(str(self.root)).read(id_).ticket.history
            if entry.mail_id == mail_id
        )
        return [
            (self.root / f"attachments/{id_}/{entry.id}-{name}").read_bytes()
            for name in entry.files
        ]

    def go(self, number: int) -> None:
        """So many emails, three seconds apart."""
        workspace = desk_of(self.root)
        for _ in range(number):
            workspace = replace(workspace, now=workspace.now + timedelta(seconds=3))
            made = self.maker.make()
            try:
                self.take(workspace, made)
            except Exception as error:
                error.add_note(f"email {self.maker.number}: {made.data[:3000]!r}")
                raise

    def close(self) -> None:
        """The store is sound, nobody has filled a ticket, staff can go on, and nothing
        is anywhere else."""
        ran = ticketctl(self.root, "check", now="2027-11-02T09:00:00Z")
        assert ran.status == 0, ran
        assert all(reason.strip() for reason in dead(self.root).values())
        for half in TICKETS:
            size = (self.root / path_of(f"261102-{half}")).stat().st_size
            assert size < quota.FOR_ALL + (128 << 10), size
            assert (
                ticketctl(
                    self.root,
                    "reply",
                    half,
                    "-m",
                    "x" * 100_000,
                    now="2027-11-02T09:00:00Z",
                ).status
                == 0
            )
        allowed = {"ticketctl.yaml", "tickets", "attachments", "dead-letters", ".git"}
        assert {path.name for path in self.root.iterdir()} <= allowed
        assert not any(path.is_symlink() for path in self.root.rglob("*"))


def mailroom(tmp_path: Path, seed: int) -> Mailroom:
    """An own store with some tickets."""
    from tests.support.stores import make_tickets

    root = store(tmp_path, SETTINGS)
    make_tickets(root, *TICKETS[1:])
    return Mailroom(root, Maker(random.Random(seed)))


def test_hostile_email(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, each within its time and memory."""
    # Else each email has all tickets of the last two seconds read again; here every
    # change makes another file.
    monkeypatch.setattr("ticketctl.store.index.stamps._RACY", 0)
    room = mailroom(tmp_path, 1)
    start = time.monotonic()
    room.go(rounds(60, 20_000))
    took = time.monotonic() - start
    room.close()
    assert room.staff, "who is vouched for acts as staff"
    assert room.fates["added"]
    assert room.fates["dead"]
    assert room.fates["opened"]
    assert room.fates["kept"]
    with capsys.disabled():
        if rounds(0, 1):
            print(
                f"\n{sum(room.fates.values()):,} emails in {took:.0f} s: {room.fates}, {room.staff} of staff"
            )
            print(
                f"peak {room.peak} MB; slowest {room.slowest[0]:.2f} s: {room.slowest[1][:120]}"
            )


def test_hostile_email_reads_alone() -> None:
    """The reader by itself, without a store: more of the same."""
    maker = Maker(random.Random(7))
    readable = 0
    for _ in range(rounds(120, 20_000)):
        made = maker.make()
        start = time.monotonic()
        try:
            read = parse_email(made.data)
            readable += 1
            assert not (
                made.sender == AMY
                and read.sender == AMY
                and MX in read.authentic
                and not made.genuine
            )
        except UnreadableError as error:
            assert str(error)
        assert time.monotonic() - start < SECONDS
    assert readable


def test_hostile_email_by_the_command(shell: Shell, tmp_path: Path) -> None:
    """By the real command, as a mail server calls it: 0 each time, and no traceback."""
    room = mailroom(tmp_path, 11)
    shell.now = LATER.removesuffix("Z")
    command = (
        Path(sys.executable).parent / "ticketctl"
    )  # the shell's own draws ids in a fixed order: they run out
    for _ in range(rounds(5, 300)):
        made = room.maker.make()
        file = tmp_path / "email"
        file.write_bytes(made.data)
        ran: Ran = shell.run(f"{command} -C {room.root} mail in < {file}")
        assert (
            ran.status == 0
            and "Traceback" not in ran.out
            and len(ran.out.splitlines()) == 1
        ), (
            ran,
            made.data[:3000],
        )
        if "quarantined: " in ran.out:
            assert room.grave(made.data) == made.data
        else:
            assert re.search(
                r"(\S+): (?:new, from|message of|kept as a note|has this email)",
                ran.out,
            ), ran.out
    room.close()
    assert files_of(room.root)
