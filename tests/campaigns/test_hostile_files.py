"""Files that an attacker, a disk or a merge puts into a store (hazards 7 to 11, 19).

They are named and never obeyed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.hostile_files import (
    BAD,
    MOVE,
    PATH,
    ROOM,
    YAML,
    bounded,
    sane,
    two_tickets,
)
from tests.support.shell import Ran, clean_environment
from tests.support.stores import done, leftovers, make_store, make_tickets, ticketctl

GOOD = ("261102-aaaaa", "261102-zzzzz")


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
    root = two_tickets(tmp_path)
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
    assert not list(tmp_path.rglob("hacked"))
    assert not Path("hacked").exists()
    assert leftovers(root) == []


def test_every_command_names_a_broken_ticket(tmp_path: Path) -> None:
    """Also those that the corpus is not put through (7)."""
    root = two_tickets(tmp_path)
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
    root = two_tickets(tmp_path)
    (root / PATH).unlink()
    make(root / PATH)
    answers, grown, _ = bounded(
        lambda: [ticketctl(root, *words) for words, _ in asked(root)]
    )
    assert not (wrong := held_against(root, PATH, answers)), "\n".join(wrong)
    assert grown < ROOM


def test_a_fifo_that_is_held_open(tmp_path: Path) -> None:
    """Nor with a writer at its other end, who says nothing, or never stops (11)."""
    root = two_tickets(tmp_path)
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
    assert shown | broken == set(ids)
    assert not shown & broken
    assert len(broken) > 100
    assert all(one["message"] and one["line"] for one in json.loads(ran.out)["broken"])
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
