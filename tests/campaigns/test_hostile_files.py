"""What a store may hold that somebody hostile, or a disk, or a merge put there: named,
never obeyed (7, 9, 10, 11, 19)."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.kills import Child
from tests.support.shell import Ran, clean_environment
from tests.support.stores import (
    done,
    files_of,
    leftovers,
    make_store,
    make_tickets,
    ticketctl,
)
from ticketctl.core.dag import event_id, seal
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import fold
from ticketctl.record import replace
from ticketctl.store.profiles import built_in
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.writer import emit

BAD = "261102-mmmmm"


PATH = f"tickets/2026/11/02/{BAD}.yaml"


GOOD = ("261102-aaaaa", "261102-zzzzz")


MOVE = ("Open", "-a", "amy@support.example")


ROOM = 50 << 20
"""How much memory a broken file may take, in bytes (11)."""


def store(tmp_path: Path) -> Path:
    """A store with three sound tickets; the one in the middle is to be spoilt."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "mmmmm", "zzzzz")
    return root


def after(line: int, text: bytes) -> Callable[[bytes], bytes]:
    """Put lines after the Nth line of a sound ticket."""

    def spoil(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join([*lines[:line], text, *lines[line:]])

    return spoil


def title(text: bytes) -> Callable[[bytes], bytes]:
    """Another title in the head, which is line 3."""
    return lambda data: data.replace(b"title: Ticket mmmmm", b"title: " + text, 1)


def only(text: bytes) -> Callable[[bytes], bytes]:
    """Nothing but this."""
    return lambda data: text


LAUGHS = b"".join(
    b"%c: &%c [%s]\n"
    % (97 + n, 97 + n, b", ".join([b"lol" if not n else b"*%c" % (96 + n)] * 9))
    for n in range(12)
)


WHOLE: dict[str, tuple[bytes, int]] = {
    "billion laughs": (LAUGHS, 1),
    "5,000 brackets": (b"[" * 5000, 1),
    "5,000 braces": (b"{" * 5000, 1),
    "5,000 pairs": (b"{a: " * 5000, 1),
    "5,000 dashes": (b"- " * 5000, 1),
    "5,000 question marks": (b"? " * 5000, 1),
    "5,000 levels of indentation": (
        b"".join(b" " * n + b"a:\n" for n in range(1400)),
        20,
    ),
    "2 MiB of new lines": (b"\n" * (2 << 20), 0),
    "1 MiB of brackets": (b"[]," * 300_000, 1),
    "2,000 keys": (b"".join(b"key%d: 1\n" % n for n in range(2000)), 1),
    "set": (b"!!set {a, b}\n", 1),
    "empty": (b"", 0),
    "a new line": (b"\n", 0),
    "a comment": (b"# nothing\n", 0),
    "a mark of the byte order": (b"\xef\xbb\xbf", 0),
    "null": (b"null\n", 1),
    "a word": (b"hello\n", 1),
    "a list": (b"- id: 261102-mmmmm\n", 1),
    "an empty mapping": (b"{}\n", 1),
    "JSON": (b'{"id": "261102-mmmmm", "history": 7}\n', 1),
}
"""Files of any kind: name -> (content, the line that is to be named, 0 for the file as
a whole or whichever)."""


YAML: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    **{name: (only(data), line) for name, (data, line) in WHOLE.items()},
    "billion laughs below a ticket": (lambda data: data + LAUGHS, 20),
    "anchor": (title(b"&a Ticket"), 3),
    "alias": (title(b"*a"), 3),
    "alias of itself": (title(b"&a [*a]"), 3),
    "anchor on the whole": (lambda data: b"&a\n" + data, 1),
    "merge key": (after(3, b"<<: {title: Other}\n"), 4),
    "merge key in an entry": (after(10, b"  <<: [{by: eve}]\n"), 11),
    "5,000 brackets as a title": (title(b"[" * 5000), 3),
    "scalar of 2 MiB": (title(b"a" * (2 << 20)), 0),
    "quoted scalar of 2 MiB": (title(b'"' + b"a" * (2 << 20) + b'"'), 0),
    "comment of 2 MiB": (after(1, b"#" * (2 << 20) + b"\n"), 0),
    "100 KB in a quote that is left open": (title(b'"' + b"a " * 50_000), 0),
    "tag of an object": (title(b'!!python/object/apply:os.system ["touch hacked"]'), 3),
    "tag of a name": (title(b"!!python/name:os.system"), 3),
    "tag of our own": (title(b"!x y"), 3),
    "tag on the history": (
        lambda data: data.replace(b"history:", b"history: !!omap", 1),
        6,
    ),
    "tag of a string": (title(b"!!str Ticket"), 3),
    "two documents": (lambda data: data + b"---\n" + data, 20),
    "end and more": (lambda data: data + b"...\n---\na: b\n", 21),
    "directive of a version": (lambda data: b"%YAML 1.1\n---\n" + data, 2),
    "directive of tags": (
        lambda data: b"%TAG ! tag:evil.example,2026:\n---\n" + data,
        2,
    ),
    "duplicate key": (after(3, b"title: Other\n"), 4),
    "duplicate key in an entry": (after(10, b"  at: 2026-11-02T09:00:00Z\n"), 11),
    "not UTF-8": (title(b"caf\xe9"), 3),
    "overlong UTF-8": (title(b"\xc0\xaf"), 3),
    "surrogate in UTF-8": (title(b"\xed\xa0\x80"), 3),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), 1),
    "UTF-32": (lambda data: data.decode().encode("utf-32-le"), 0),
    "NUL": (title(b"a\0b"), 0),
    "NULs, as a crash of a file system leaves them": (lambda data: bytes(len(data)), 0),
    "escape": (title(b"\x1b[2J"), 0),
    "surrogate as an escape": (title(b'"\\ud800"'), 0),
    "escape that does not exist": (title(b'"\\q"'), 3),
    "escape beyond Unicode": (title(b'"\\U00110000"'), 0),
    "conflict markers": (
        after(3, b"<<<<<<< HEAD\ntitle: a\n=======\ntitle: b\n>>>>>>> other\n"),
        4,
    ),
    "conflict markers around all": (
        lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n>>>>>>> other\n",
        1,
    ),
    "conflict markers with a base": (
        after(3, b"<<<<<<< HEAD\n||||||| 1234567\n=======\n>>>>>>> other\n"),
        4,
    ),
    "half a file": (lambda data: data[: len(data) // 2], 0),
    "tab as indentation": (after(3, b"fields:\n\tproduct: x\n"), 5),
    "open quote": (title(b'"Ticket'), 0),
    "open bracket": (title(b"[Ticket"), 0),
    "colon in a plain text": (title(b"a: b: c"), 3),
    "key that is a list": (after(3, b"? [a, b]\n: c\n"), 4),
    "key that is a mapping": (after(3, b"{a: b}: c\n"), 4),
    "key of 2,000 characters": (after(3, b"k" * 2000 + b": 1\n"), 0),
    "no history": (lambda data: data[: data.index(b"history:")], 1),
    "empty history": (
        lambda data: data[: data.index(b"history:")] + b"history: []\n",
        0,
    ),
    "history of words": (
        lambda data: data[: data.index(b"history:")] + b"history: [a, b]\n",
        6,
    ),
    "another id in the head": (
        lambda data: data.replace(b"id: 261102-mmmmm", b"id: 261102-aaaaa", 1),
        1,
    ),
    "another id in the history": (
        lambda data: data.replace(b"ticket: 261102-mmmmm", b"ticket: 261102-aaaaa", 1),
        0,
    ),
    "the file of another ticket": (lambda data: data.replace(b"mmmmm", b"aaaaa"), 1),
    "no id": (lambda data: data.replace(b"id: 261102-mmmmm\n", b"", 1), 0),
    "id with a path": (
        lambda data: data.replace(b"261102-mmmmm", b"../../../etc/passwd"),
        1,
    ),
    "profile with a path": (
        lambda data: data.replace(b"profile: biztech", b"profile: ../../../etc/passwd"),
        0,
    ),
    "profile that is a list": (
        lambda data: data.replace(b"profile: biztech", b"profile: [biztech]"),
        0,
    ),
    "profile that does not exist": (
        lambda data: data.replace(b"profile: biztech", b"profile: nobody"),
        0,
    ),
    "status that does not exist": (
        lambda data: data.replace(b"status: New", b"status: Lost").replace(
            b"to: New", b"to: Lost"
        ),
        0,
    ),
    "instant that does not exist": (
        lambda data: data.replace(b"2026-11-02T09:00:00Z", b"2026-02-30T09:00:00Z"),
        8,
    ),
    "instant before all time": (
        lambda data: data.replace(b"2026-11-02T09:00:00Z", b"0000-00-00T00:00:00Z"),
        8,
    ),
    "number of 5,000 digits": (after(14, b"    version: " + b"9" * 5000 + b"\n"), 0),
    "due that is no date": (after(14, b"    due: soon\n"), 0),
    "due after all time": (after(14, b"    due: 99999-12-31\n"), 0),
}
"""Tickets: name -> (what spoils a sound one, the line)."""


READ = (
    "profile with a path",
    "profile that does not exist",
    "status that does not exist",
)
"""What ``check`` can tell more of than that it is broken."""


def asked(root: Path) -> list[tuple[tuple[str, ...], int]]:
    """What is done to a store in which one ticket cannot be read, and the status that
    each must have."""
    return [
        (("list", "-A", "--format", "json"), 65),
        (("show", BAD), 65),
        (("show", "mmmmm", "aaaaa"), 65),
        (("move", BAD, *MOVE), 65),
        (("check",), 65),
        (("check", BAD), 65),
        (("move", "aaaaa", *MOVE), 0),
        (("sweep", "--now", "2026-11-09T09:00", "--trust-clock"), 65),
    ]


def bounded(
    act: Callable[[], list[Ran]], room: int = 300 << 20, seconds: int = 20
) -> tuple[list[Ran], int, float]:
    """Do it in a child that may not grow beyond a limit; the answers, how much it grew,
    and its time of computing."""

    def inside() -> Ran:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + room
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        before, start = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            time.process_time(),
        )
        found = act()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        answers = [[ran.out, ran.status, ran.err] for ran in found]
        return Ran(json.dumps([answers, grown * 1024, time.process_time() - start]), 0)

    ran = Child(inside).wait()
    assert ran.status == 0, f"it ran out of memory or time, or crashed: {ran}"
    answers, grown, used = json.loads(ran.out)
    return [Ran(*answer) for answer in answers], grown, used


def sane(ran: Ran) -> bool:
    """Whether an answer is one for users: no traceback, no bug, no Python."""
    return ran.status != 70 and not re.search(
        "Traceback|this is a bug|MemoryError|RecursionError|object at 0x", ran.err
    )


def held_against(
    root: Path, place: str, answers: list[Ran], found: bool = False
) -> list[str]:
    """What is wrong with the answers to :func:`asked`; ``found``: ``check`` reads it,
    and finds what is wrong in it."""
    wrong = []
    for (words, status), ran in zip(asked(root), answers, strict=True):
        said = ran.out + ran.err
        clear = status == 0 or place in said
        good = (65, 1) if words[0] == "check" and found else (status,)
        if not sane(ran) or ran.status not in good or not clear:
            wrong.append(
                f"{' '.join(words)}: want {status} and {place}: {ran.status} {said[-400:]!a}"
            )
    try:
        rows = json.loads(answers[0].out)
    except ValueError:
        rows = {"tickets": [], "broken": []}
    if {row["id"] for row in rows["tickets"]} != set(GOOD) or len(rows["broken"]) != 1:
        wrong.append("list: files on the disk are not those shown and those reported")
    if "261102-aaaaa" not in answers[2].out:
        wrong.append("show: the sound ticket that was asked for as well is missing")
    if "aaaaa" not in answers[-1].out:
        wrong.append("sweep: the reminder of the sound ticket is missing")
    return wrong


@pytest.mark.parametrize("name", list(YAML))
def test_a_broken_ticket(name: str, tmp_path: Path) -> None:
    """Every command names it with its place and ends with 65; all others are handled,
    in bounded memory (7, 11, 19)."""
    root = store(tmp_path)
    spoil, line = YAML[name]
    data = spoil((root / PATH).read_bytes())
    assert data != (root / PATH).read_bytes(), (
        "the corpus does not fit the ticket any more"
    )
    (root / PATH).write_bytes(data)
    answers, grown, used = bounded(
        lambda: [ticketctl(root, *words) for words, _ in asked(root)]
    )
    wrong = held_against(
        root, f"{PATH}:{line}:" if line else PATH, answers, name in READ
    )
    assert not wrong, "\n".join(wrong)
    assert (root / PATH).read_bytes() == data, "nothing of it was changed"
    assert grown < ROOM, f"it took {grown >> 20} MiB"
    assert used < 5, f"{len(answers)} commands took {used:.1f} s"
    assert not list(tmp_path.rglob("hacked")) and not Path("hacked").exists()
    assert leftovers(root) == []


def test_every_command_names_a_broken_ticket(tmp_path: Path) -> None:
    """Also those that the corpus is not put through (7)."""
    root = store(tmp_path)
    (root / PATH).write_bytes(b"id: 261102-mmmmm\nhistory: [\n")
    for words in (
        ("list",),
        ("list", "--queue"),
        ("list", "--format", "id"),
        ("log", BAD),
        ("next", "mmmmm"),
        ("reply", BAD, "-m", "x"),
        ("note", "mmmmm", "-m", "x"),
        ("assign", BAD, "@me"),
        ("set", BAD, "product=x"),
        ("edit", "--adopt", BAD),
        ("move", BAD, "Open", "-n"),
        ("move", BAD, "aaaaa", *MOVE),
        ("sweep", "-n"),
        ("batch", "-p", "aerosoft", "release", "1"),
    ):
        ran = ticketctl(root, *words)
        assert ran.status == 65 and f"{PATH}:" in ran.err and sane(ran), (words, ran)


def directory(path: Path) -> None:
    path.mkdir()


def full_directory(path: Path) -> None:
    path.mkdir()
    (path / "261102-mmmmm.yaml").write_text("id: 261102-mmmmm\n")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def socket_(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket has at most 107 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o20600, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only root can make a device")


@pytest.mark.parametrize(
    "make",
    [directory, full_directory, fifo, socket_, device],
    ids=lambda make: make.__name__,
)
def test_no_file_at_all(make: Callable[[Path], None], tmp_path: Path) -> None:
    """What is named like a ticket and is no file is named too, and no command waits for
    it (7, 11)."""
    root = store(tmp_path)
    (root / PATH).unlink()
    make(root / PATH)
    answers, grown, _ = bounded(
        lambda: [ticketctl(root, *words) for words, _ in asked(root)]
    )
    assert not (wrong := held_against(root, PATH, answers)), "\n".join(wrong)
    assert grown < ROOM


def test_a_fifo_that_somebody_holds_open(tmp_path: Path) -> None:
    """Nor with a writer at its other end, who says nothing, or never stops (11)."""
    root = store(tmp_path)
    (root / PATH).unlink()
    os.mkfifo(root / PATH)
    writer = os.open(root / PATH, os.O_RDWR | os.O_NONBLOCK)
    try:
        for text in (b"", b"a: b\n" * 1000):
            os.write(writer, text)
            answers, _, _ = bounded(
                lambda: [ticketctl(root, *words) for words, _ in asked(root)[:-2]]
            )
            wrong = [
                ran
                for ran in answers
                if ran.status != 65 or not sane(ran) or PATH not in ran.out + ran.err
            ]
            assert not wrong, wrong
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "path",
    [
        "tickets/2026/11/03/261102-mmmmm.yaml",
        "tickets/2026/12/02/261102-mmmmm.yaml",
        "tickets/2026/11/02/261102-MMMMM.yaml",
        "tickets/2026/11/02/261102-ilouu.yaml",
        "tickets/2026/11/02/269999-mmmmm.yaml",
    ],
)
def test_a_ticket_in_the_wrong_place(path: str, tmp_path: Path) -> None:
    """A file whose name is not the id of that day is named, and its ticket not shown
    from there (7)."""
    root = store(tmp_path)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / PATH).rename(root / path)
    for words in (("list",), ("check",), ("sweep",)):
        ran = ticketctl(root, *words)
        assert ran.status == 65 and path in ran.out + ran.err and sane(ran), (
            words,
            ran,
        )
    for asks in (
        ("show", BAD),
        ("move", BAD, *MOVE),
        ("show", Path(path).stem),
        ("note", Path(path).stem, "-m", "x"),
    ):
        ran = ticketctl(root, *asks)
        assert ran.status in (65, 66) and not ran.out and sane(ran), (asks, ran)
    done(root, "move", "aaaaa", *MOVE)


@pytest.mark.parametrize(
    "name",
    [
        "261102-mmmmm.yml",
        "261102-mmmmm (copy).yaml",
        "mmmmm.yaml",
        "261102-mmmmm.yaml~",
        "notes.txt",
        "a\nb.yaml",
        "\x1b[2J",
    ],
)
def test_a_file_that_could_be_no_ticket(name: str, tmp_path: Path) -> None:
    """``check`` names whatever lies among the tickets and is none, on one line, and
    does not pass (7, 18)."""
    root = store(tmp_path)
    (root / PATH).rename(root / Path(PATH).parent / name)
    ran = ticketctl(root, "check")
    assert ran.status in (1, 65) and sane(ran)
    assert (
        len(ran.out.splitlines()) == 1
        and "\x1b" not in ran.out
        and Path(PATH).parent.as_posix() in ran.out
    )
    done(root, "move", "aaaaa", *MOVE)


@pytest.mark.parametrize(
    "missing", [["e000000000001"], ["e000000000002", "e000000000001"]]
)
@pytest.mark.parametrize("to", [None, "Open"])
def test_an_entry_built_on_what_is_missing(
    missing: list[str], to: str | None, tmp_path: Path
) -> None:
    """``check`` names each entry that somebody took away before it; a move that was
    built on nothing else is not judged (7)."""
    root = store(tmp_path)
    was = Store(str(root)).read_path(PATH).ticket
    lost = Entry(
        "2026-11-21T10:00:00Z",
        "amy@support.example",
        "agent",
        "moved" if to else "noted",
        from_=to and "New",
        to=to,
        sets={"assignee": "amy@support.example"},
        note="n",
        after=tuple(missing),
    )
    lost = replace(lost, id=event_id(lost.content(), missing))
    (root / PATH).write_bytes(emit(fold([*was.history, lost])))
    ran = ticketctl(root, "check", now="2026-11-21T10:00:00Z")
    lines = ran.out.splitlines()
    assert ran.status == 1 and sane(ran) and len(lines) == len(missing), ran
    assert all(
        f"the entry {name} before" in line
        for name, line in zip(missing, lines, strict=True)
    )


def test_a_status_that_its_version_never_had(tmp_path: Path) -> None:
    """A move by the rules of a kept version to a status that only a later one has is
    illegal, and no bug (7)."""
    root = store(tmp_path)
    now = Path(built_in(), "biztech.yaml").read_text()
    (root / "profiles").mkdir()
    (root / "profiles/biztech.yaml").write_text(
        now.replace("version: 1", "version: 2", 1)
    )
    (root / "profiles/biztech@1.yaml").write_text(now.replace("Pending", "Waiting"))
    was = Store(str(root)).read_path(PATH).ticket
    odd = Entry(
        "2026-11-21T10:00:00Z",
        "amy@support.example",
        "agent",
        "moved",
        from_="New",
        to="Pending",
    )
    (root / PATH).write_bytes(emit(fold([*was.history, seal(was.history, odd)])))
    ran = ticketctl(root, "check", now="2026-11-21T10:00:00Z")
    assert (
        ran.status == 1
        and sane(ran)
        and 'version 1 of biztech has no status "Pending"' in ran.out
    )


VALUES = [b"[]", b"{a: b}", b"-7", b'"\\ud800\\u202e\\0"']


def sound(root: Path) -> list[bytes]:
    """Small tickets that have the keys of the format between them; of each the last
    entry is of another kind."""
    jane, amy = ("-c", "jane@customer.example"), ("-a", "amy@support.example")
    found = []
    for words in (
        (),
        ("note", "-m", "A note."),
        (
            "reply",
            "-m",
            "Two\nlines.",
            "--via",
            "phone",
            "--for",
            "jane@customer.example",
        ),
        ("move", "Solved", "--reply", "Done."),
        ("move", "Solved", "--no-notify"),
        ("set", "product="),
        ("assign", "none"),
    ):
        if not words:
            done(
                root,
                "new",
                "All",
                "--id",
                BAD,
                *jane,
                "-d",
                "Two\nlines.",
                "--due",
                "2026-12-01",
                "--set",
                "product=billing",
            )
        else:
            product = ("--set", "product=billing") if "product=" in words else ()
            done(
                root,
                "new",
                "All",
                "--id",
                BAD,
                *jane,
                *(() if words[0] == "assign" else amy),
                *product,
            )
        if words and words[0] != "assign":
            done(root, words[0], BAD, *words[1:])
        found.append((root / PATH).read_bytes())
        (root / PATH).unlink()
    done(root, "new", "All", "--id", BAD, *jane, *amy)
    done(root, "sweep", now="2026-11-09T09:00:00Z")
    found.append((root / PATH).read_bytes())
    (root / PATH).unlink()
    return found


def spoils(data: bytes, seen: set[tuple[bytes, bytes]]) -> list[bytes]:
    """A ticket with each line in turn left out, and each value replaced; what was
    ``seen`` in another is not repeated."""
    lines, event, found = data.splitlines(keepends=True), b"", []
    for number, line in enumerate(lines):
        event = lines[number + 4] if line.startswith(b"- id:") else event
        key = re.match(rb"\s*(?:- )?[\w.]+:|\s*- |", line)
        assert key is not None
        if (key[0], event) not in seen:
            seen.add((key[0], event))
            rest = b"".join(lines[:number]), b"".join(lines[number + 1 :])
            found.append(rest[0] + rest[1])
            found += [
                rest[0] + key[0] + b" " + value + b"\n" + rest[1]
                for value in VALUES
                if key[0]
            ]
    return found


def test_every_value_of_a_ticket_may_be_anything(tmp_path: Path) -> None:
    """Each value in turn replaced, each line left out or doubled: all are shown or
    reported, none stops a command (7, 19)."""
    root = make_store(tmp_path / "store")
    seen: set[tuple[bytes, bytes]] = set()
    spoilt = [each for data in sound(root) for each in spoils(data, seen)]
    assert 200 < len(spoilt) < 500
    ids = []
    for number, data in enumerate(spoilt):
        ids.append(f"261102-{number // 100}{number // 10 % 10}{number % 10}xx")
        (root / f"tickets/2026/11/02/{ids[-1]}.yaml").write_bytes(
            data.replace(BAD.encode(), ids[-1].encode())
        )
    ran = ticketctl(
        root, "list", "-A", "-L", "0", "--format", "json", now="2026-11-10T09:00:00Z"
    )
    assert ran.status == 65 and sane(ran), ran.err
    shown = {row["id"] for row in json.loads(ran.out)["tickets"]}
    broken = {Path(one["path"]).stem for one in json.loads(ran.out)["broken"]}
    assert shown | broken == set(ids) and not shown & broken
    assert len(broken) > 100 and all(
        one["message"] and one["line"] for one in json.loads(ran.out)["broken"]
    )
    for words in (
        ("show", *ids),
        ("show", *ids, "--format", "json"),
        ("check",),
        ("sweep",),
        ("move", *ids, "Solved", "--reply", "x"),
    ):
        ran = ticketctl(root, *words, now="2026-11-18T09:00:00Z")
        assert ran.status in (1, 65) and sane(ran), (
            words[0],
            ran.status,
            ran.err[-2000:],
        )
    assert leftovers(root) == []


TEXTS = [
    "--help",
    "-",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "..",
    "",
    " ",
    "\u00fc",
    "a\nb",
    "\x1b[2J",
    "\u202e",
    "\udcff",
    "*",
    "%s%n",
    "{0}",
    "$(touch hacked)",
    "261102-aaaaa.yaml",
    "261102-aaaaa/..",
    "--output=hacked",
    "a" * 5000,
]


PLACES = [
    ("show", "--", "X"),
    ("show", "--format", "json", "--", "X"),
    ("log", "--", "X"),
    ("next", "--", "X"),
    ("check", "--", "X"),
    ("move", "--", "X", "Open"),
    ("move", "-n", "--", "X", "Open"),
    ("move", "--", "aaaaa", "X"),
    ("move", "--expect", "X", "aaaaa", "Open"),
    ("move", "--template", "X", "aaaaa", "Open"),
    ("move", "-n", "-a", "X", "aaaaa", "Open"),
    ("move", "--set", "X", "aaaaa", "Open"),
    ("move", "--set", "X=1", "aaaaa", "Open"),
    ("move", "--via", "X", "aaaaa", "Open"),
    ("reply", "-m", "x", "--", "X"),
    ("note", "-m", "x", "--", "X"),
    ("assign", "--", "X", "@me"),
    ("set", "--", "X", "product=x"),
    ("set", "--", "aaaaa", "X"),
    ("set", "--", "aaaaa", "X=1"),
    ("edit", "--adopt", "--", "X"),
    ("batch", "--", "X", "1"),
    ("batch", "-p", "X", "release", "1"),
    ("batch", "-p", "aerosoft", "--", "release", "1", "X"),
    ("batch", "--without", "X", "release", "1"),
    ("new", "x", "-p", "X"),
    ("new", "x", "--id", "X"),
    ("new", "x", "--follows", "X"),
    ("new", "x", "--template", "X"),
    ("new", "x", "--status", "X"),
    ("new", "x", "--due", "X"),
    ("new", "x", "--set", "X=1"),
    ("new", "--from", "X"),
    ("list", "-p", "X"),
    ("list", "-s", "X"),
    ("list", "--state", "X"),
    ("list", "--sort", "X"),
    ("list", "--format", "X"),
    ("list", "--columns", "X"),
    ("list", "--created", "X"),
    ("list", "-S", "X"),
    ("list", "-a", "X"),
    ("list", "-c", "X"),
    ("profile", "show", "--", "X"),
    ("sweep", "--rule", "X"),
    ("sweep", "-n", "--now", "X"),
    ("completion", "--", "X"),
    ("X",),
    ("--as", "X", "note", "aaaaa", "-m", "x"),
    ("--as", "X:y", "note", "aaaaa", "-m", "x"),
    ("--now", "X", "list"),
    ("-C", "X", "list"),
    ("-C", "X", "sweep"),
]


HARMLESS = {
    ("list", "-S"),
    ("list", "-a"),
    ("list", "-c"),
    ("move", "-n"),
    ("list", "--columns"),
    ("X",),
    ("--as", "X"),
    ("new", "--due"),
    ("list", "--created"),
}
"""Where some of the texts are as good as any other, or ask for the help: the answer may
be 0, or a refusal."""


AS_IF_NOT_GIVEN = (
    "-p",
    "--id",
    "--follows",
    "--template",
    "--status",
    "--due",
    "--as",
    "--created",
    "--without",
)
"""Options for which an empty text may count as none."""


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_text_is_never_an_option_or_a_path(
    place: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands where an id, a name or a date belongs: refused with 2, 65 or 66,
    and nothing is written (10, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "zzzzz")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    before = files_of(root)
    wrong = []
    slow = {"batch", "--sort", "-s", "--rule"} & set(
        place
    )  # these look into all profiles
    for text in TEXTS[::3] if slow else TEXTS:
        words = [word.replace("X", text, 1) if "X" in word else word for word in place]
        ran = ticketctl(root, *words)
        free = (
            place[:2] in HARMLESS
            or text == "-"
            or (not text and set(place) & set(AS_IF_NOT_GIVEN))
        )
        good = (2, 65, 66, 0, 1) if free else (2, 65, 66)
        if (
            ran.status not in good
            or not sane(ran)
            or "root:" in ran.out
            or "\x1b" in ran.out + ran.err
        ):
            wrong.append(f"{words!a:.200}: {ran.status} {(ran.out + ran.err)[-200:]!a}")
        if files_of(root) != before and place[0] != "--as":
            wrong.append(f"{words!a:.200}: something was written")
            break
        if list((tmp_path / "empty").iterdir()):
            wrong.append(
                f"{words!a:.200}: it made {list((tmp_path / 'empty').iterdir())}"
            )
            break
    assert not wrong, "\n".join(wrong)


def test_a_ticket_of_another_profile_in_a_batch(tmp_path: Path) -> None:
    """It is refused in words: its profile does not know the statuses of the batch (19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    before = files_of(root)
    ran = ticketctl(root, "batch", "-p", "aerosoft", "release", "2026.3", "aaaaa")
    assert ran.status in (1, 2) and sane(ran) and "biztech" in ran.err.casefold(), ran
    assert files_of(root) == before


def test_ids_from_stdin(tmp_path: Path) -> None:
    """The ids on stdin are no options and no paths either, and need not even be text
    (10, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    script = [
        str(Path(sys.executable).parent / "ticketctl"),
        "-C",
        str(root),
        "--as",
        "amy@support.example",
        "move",
        "-",
        "Open",
    ]
    before = files_of(root)
    for fed in (
        b"--help\n",
        b"../../etc/passwd x\n",
        b"\xff\xfe\n",
        b"\0\n",
        b"-Chacked\n",
    ):
        ran = subprocess.run(
            script,
            input=fed,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            timeout=60,
        )
        err = ran.stderr.decode()
        assert (
            ran.returncode in (2, 65, 66)
            and "Traceback" not in err
            and "bug" not in err
        ), (fed[:20], ran)
        assert files_of(root) == before


SETTINGS = {
    name: WHOLE[name][0]
    for name in (
        "billion laughs",
        "5,000 pairs",
        "5,000 dashes",
        "set",
        "2 MiB of new lines",
        "a word",
        "a list",
        "JSON",
    )
}


MEAN = {
    "unknown key": b"colour: red\n",
    "people is a list": b"people: [amy]\n",
    "people is a word": b"people: amy\n",
    "person is a list": b"people: {amy: [agent]}\n",
    "roles is a mapping": b"people: {amy: {roles: {agent: x}}}\n",
    "timezone with a path": b"timezone: ../../../etc/passwd\n",
    "timezone is a list": b"timezone: [a]\n",
    "timezone is empty": b'timezone: ""\n',
    "timezone with a NUL": b'timezone: "a\\0b"\n',
    "commit is a list": b"commit: [auto]\n",
    "schema of tomorrow": b"schema: 99\n",
    "profile is a mapping": b"profile: {a: b}\n",
}


@pytest.mark.parametrize("name", [*SETTINGS, *MEAN])
def test_broken_settings(name: str, tmp_path: Path) -> None:
    """Settings that cannot be used are named with their place, status 78, and nothing
    is written (11, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / "ticketctl.yaml").write_bytes({**SETTINGS, **MEAN}[name])
    before = files_of(root)
    words = (
        ("list",),
        ("show", "aaaaa"),
        ("note", "aaaaa", "-m", "x"),
        ("new", "x", "-c", "jane@customer.example"),
        ("sweep",),
    )
    answers, grown, used = bounded(lambda: [ticketctl(root, *each) for each in words])
    for each, ran in zip(words, answers, strict=True):
        assert ran.status == 78 and sane(ran) and "ticketctl.yaml" in ran.err, (
            each,
            ran,
        )
    assert files_of(root) == before and grown < ROOM and used < 3


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_broken_profile(name: str, tmp_path: Path) -> None:
    """A profile that cannot be used: whoever names it is told where; tickets of other
    profiles go on (7, 11, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / "profiles").mkdir()
    (root / "profiles/evil.yaml").write_bytes(SETTINGS[name])
    commands = [
        (("new", "x", "-p", "evil"), (78,)),
        (("profile", "show", "evil"), (78,)),
        (("profile", "check", "evil"), (1, 78)),
        (("profile", "list"), (78,)),
        (("list",), (0,)),
        (("note", "aaaaa", "-m", "x"), (0,)),
        (("sweep",), (0,)),
    ]
    answers, grown, used = bounded(
        lambda: [ticketctl(root, *words) for words, _ in commands]
    )
    wrong = [
        f"{words}: {ran.status} {(ran.out + ran.err)[-200:]!a}"
        for (words, statuses), ran in zip(commands, answers, strict=True)
        if ran.status not in statuses
        or not sane(ran)
        or (ran.status and "evil" not in ran.out + ran.err)
    ]
    assert not wrong, "\n".join(wrong)
    assert grown < ROOM and used < 3


@pytest.mark.parametrize(
    "name",
    [
        "ticketctl.yaml",
        "profiles/biztech.yaml",
        "profiles",
        "tickets",
        ".git/ticketctl",
    ],
)
def test_a_folder_for_a_file_and_a_file_for_a_folder(name: str, tmp_path: Path) -> None:
    """A store that is put together wrongly is told of in words, without a bug report
    (19)."""
    root = make_store(tmp_path / "store")
    if name in (".git/ticketctl", "profiles"):
        shutil.rmtree(root / ".git/ticketctl")
        (root / name).write_text("a file")
    elif name == "tickets":
        (root / name).rmdir()
        (root / name).write_text("a file")
    else:
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir(parents=True)
    words = (
        ("list",),
        ("new", "x", "-c", "jane@customer.example"),
        ("sweep",),
        ("check",),
        ("profile", "list"),
        ("show", "a"),
    )
    for each in words:
        ran = ticketctl(root, *each)
        assert sane(ran) and ran.status in (0, 2, 65, 66, 71, 78), (each, ran)
        assert len(ran.err.splitlines()) <= 3, ran


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{}",
        "[1,2]",
        '[1,1,{"a":7}]',
        '[1,1,{"a":[1]}]',
        '[1,1,{"a":"bc"}]',
        '"x"',
        "\0",
        "1e999",
    ],
)
def test_a_damaged_cache(text: str, tmp_path: Path) -> None:
    """A cache of any shape but its own is made again, and changes no answer (20)."""
    root = make_store(tmp_path / "store", "commit: off\ntimezone: Europe/London\n")
    make_tickets(root, "aaaaa")
    before = done(root, "show", "aaaaa")
    for path in (root / ".git/ticketctl/cache").iterdir():
        path.write_text(text)
    ran = ticketctl(root, "show", "aaaaa")
    assert ran == Ran(before, 0)


MARK = "import os\nopen(os.environ['HACKED'], 'a').write(__name__ + '\\n')\n"


def poison(root: Path) -> None:
    """Modules that say so when they are imported, by every name that the program might
    import."""
    for name in (
        "click",
        "ruamel",
        "ruamel/yaml",
        "dateutil",
        "tabulate",
        "ticketctl",
        "ticketctl/cli",
        "profiles",
        "encodings",
    ):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "__init__.py").write_text(MARK)
    for name in (
        "sitecustomize",
        "usercustomize",
        "json",
        "re",
        "os",
        "subprocess",
        "secrets",
        "hashlib",
        "difflib",
        "csv",
        "conftest",
    ):
        (root / f"{name}.py").write_text(MARK)
    (root / "poison.pth").write_text("import os; open(os.environ['HACKED'], 'a')\n")
    (root / "setup.cfg").write_text("[metadata]\nname = ticketctl\n")
    (root / "git").write_text('#!/bin/sh\necho git >>"$HACKED"\n')
    (root / "git").chmod(0o755)


def test_code_in_a_store_is_never_run(tmp_path: Path) -> None:
    """Folders like click/ and sitecustomize.py in the folder where people work are not
    imported (9)."""
    root = make_store(tmp_path / "store", "commit: auto\n")
    home, hacked = tmp_path / "home", tmp_path / "hacked"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Amy\n\temail = amy@support.example\n"
    )
    environment = clean_environment(home) | {
        "PATH": os.environ["PATH"],
        "HACKED": str(hacked),
        "TICKETCTL_NOW": "2026-11-02T09:00",
    }
    scripts = Path(sys.executable).parent
    subprocess.run(["git", "init", "-q", str(root)], check=True, env=environment)
    poison(root)
    new = ("new", "x", "--id", "261102-aaaaa", "-c", "jane@customer.example")
    for script, *words in (
        ("ticketctl", *new),
        ("ticketctl", "list"),
        ("git-ticketctl", "show", "aaaaa"),
        ("ticketctl", "move", "aaaaa", *MOVE),
        ("ticketctl", "sweep", "--now", "2026-11-09T09:00", "--trust-clock"),
        ("ticketctl", "check"),
        ("ticketctl", "profile", "list"),
        ("ticketctl", "--help"),
        ("ticketctl", "completion", "bash"),
    ):
        for folder in (root,):
            ran = subprocess.run(
                [scripts / script, *words],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert not hacked.exists(), (words, hacked.read_text())
            assert ran.returncode in (0, 1) and "Traceback" not in ran.stderr, (
                words,
                ran,
            )
    control = subprocess.run(
        [sys.executable, "-c", "import click"],
        cwd=root,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert hacked.exists(), (
        f"the poison does not work, so this test proves nothing: {control}"
    )


@pytest.mark.parametrize("kind", ["deep", "nth"])
def test_one_odd_ticket_stops_no_other(kind: str, tmp_path: Path) -> None:
    """Seven hundred levels, or an occurrence beyond the calendar: the ticket is named,
    the others are listed (7, 11)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    path = next(root.glob("tickets/*/*/*/*aaaaa.yaml"))
    text = path.read_text()
    if kind == "deep":
        text += (
            "".join(f"{'  ' * level}k:\n" for level in range(700))
            + "  " * 700
            + "k: v\n"
        )
    else:
        text = text.replace(
            "  event: created",
            "  event: created\n  rule: review-open\n  nth: 1000000000000",
        )
    path.write_text(text)
    for words in (("list",), ("sweep",), ("check",)):
        ran = ticketctl(root, *words)
        assert (
            ran.status == 65 and "aaaaa" in ran.err + ran.out and "bug" not in ran.err
        ), (words, ran)
