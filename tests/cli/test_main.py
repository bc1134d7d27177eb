"""Start-up imports few modules, and a command that only reads changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.shell import Ran
from tests.support.stores import AMY, NOW, done, make_store, make_tickets, ticketctl
from ticketctl.cli.main import run

HEAVY = (
    "tabulate",
    "dateutil.parser",
    "email",
    "logging",
    "importlib.metadata",
    "smtplib",
    "imaplib",
    "http",
    "ssl",
    "asyncio",
)
"""What no everyday command may import."""


_PROBE = """
import json, sys
before = set(sys.modules)
if sys.argv[1] == "count":
    from ticketctl.store.yaml import ruamel
    read, paths = ruamel.read_yaml, []
    def counting(data, path):
        paths.append(str(path))
        return read(data, path)
    ruamel.read_yaml = counting
from ticketctl.cli.main import run
status = run(sys.argv[2:])
sys.stdout.flush()
modules = sorted(set(sys.modules) - before)
print(json.dumps({"modules": modules, "parsed": paths if sys.argv[1] == "count" else []}), file=sys.stderr)
sys.exit(status)
"""


@dataclass
class Probed:
    """A command that was run in a process of its own."""

    ran: Ran
    modules: frozenset[str]
    parsed: list[str]


def probe(root: Path, *words: str, count: bool = False) -> Probed:
    """Run a command line in a fresh process, and see which modules it imported and
    which files it parsed as YAML."""
    options = ["--as", AMY, "--now", NOW]
    found = subprocess.run(
        [sys.executable, "-c", _PROBE, "count" if count else "see", *options, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=60,
    )
    err, _, last = found.stderr.rstrip("\n").rpartition("\n")
    seen = json.loads(last)
    return Probed(
        Ran(found.stdout, found.returncode, err),
        frozenset(seen["modules"]),
        seen["parsed"],
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with a ticket, whose caches are warm."""
    root = make_store(tmp_path / "store", "commit: off\ntimezone: Europe/London\n")
    make_tickets(root, "aaaaa")
    return root


EVERYDAY = [
    ("--help",),
    ("list",),
    ("show", "aaaaa"),
    ("log", "aaaaa"),
    ("next", "aaaaa"),
    ("note", "aaaaa", "-m", "x"),
    ("move", "aaaaa", "Open", "-a", "amy@support.example"),
    ("list", "--format", "json"),
    ("completion", "bash"),
]


@pytest.mark.parametrize("words", EVERYDAY, ids=" ".join)
def test_what_is_never_imported(words: tuple[str, ...], root: Path) -> None:
    """Neither with cold caches nor with warm ones."""
    probed = probe(root, *words)
    assert probed.ran.status == 0, probed.ran
    assert probed.modules.isdisjoint(HEAVY), sorted(probed.modules & set(HEAVY))
    assert not {name for name in probed.modules if name.partition(".")[0] == "tabulate"}


@pytest.mark.parametrize(
    "words",
    [("list",), ("move", "aaaaa", "Open", "-a", "amy@support.example")],
    ids=" ".join,
)
def test_what_is_never_imported_with_cold_caches(
    words: tuple[str, ...], root: Path
) -> None:
    """Reading a profile for the first time costs ruamel, and nothing else."""
    for path in (root / ".git/ticketctl/cache").iterdir():
        path.unlink()
    probed = probe(root, *words)
    assert probed.ran.status == 0, probed.ran
    assert probed.modules.isdisjoint(HEAVY), sorted(probed.modules & set(HEAVY))


RULES = (
    "core.profile",
    "core.engine.entry_builder",
    "core.engine.guards",
    "core.language.parser",
    "core.engine.decide",
    "store.yaml.writer",
    "store.yaml.ticket_from_nodes",
)


def test_a_list_loads_no_rules(root: Path) -> None:
    """Where nothing has changed since the last one: neither the rules nor what reads
    tickets, nor a process."""
    time.sleep(2.1)  # a file that is younger when it is read is read again
    probe(root, "list")
    probed = probe(root, "list")
    assert probed.ran.status == 0
    assert "sqlite3" in probed.modules
    assert probed.modules.isdisjoint(f"ticketctl.{name}" for name in RULES)
    assert probed.modules.isdisjoint(
        {"subprocess", "hashlib", "dataclasses", "pathlib"}
    )
    assert (
        "zoneinfo" not in probed.modules
    )  # of the settings' zone it is only looked whether it is there


def test_show_and_move_load_no_index(root: Path) -> None:
    """Nor OpenSSL for the id of an entry, nor pathlib, which comes with all that URLs
    need, nor locale to translate the help; and what shows a ticket cannot change it."""
    for words in (
        ("show", "261102-aaaaa"),
        ("move", "--dry-run", "261102-aaaaa", "Open", "--assignee", "@me"),
    ):
        probed = probe(root, *words)
        assert probed.ran.status == 0, probed.ran
        assert not probed.modules & {
            "sqlite3",
            "_hashlib",
            "subprocess",
            "dataclasses",
            "pathlib",
            "locale",
        }, words
        changing = {
            f"ticketctl.{name}"
            for name in (
                "core.engine.entry_builder",
                "core.engine.decide",
                "app.change",
                "store.writing.journal",
            )
        }
        assert words[0] == "move" or probed.modules.isdisjoint(changing)


@pytest.mark.parametrize(
    "damaged",
    [b"TZif2", b"TZif2" + b"\xff" * 60, b"TZif\0" + b"\0" * 39, b"", b"no zone"],
    ids=range(5),
)
def test_a_zone_file_of_the_system_that_is_damaged(
    root: Path, damaged: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However well it begins: the zone is then that of the copy that dateutil brings
    along."""
    settings = root / "ticketctl.yaml"
    settings.write_text(
        re.sub("timezone: .*", "timezone: Asia/Kolkata", settings.read_text())
    )
    expected = ticketctl(root, "show", "261102-aaaaa")
    assert "14:30" in expected.out
    zones = root / "zones/Asia"
    zones.mkdir(parents=True)
    (zones / "Kolkata").write_bytes(damaged)
    monkeypatch.setenv("PYTHONTZPATH", str(zones.parent))
    assert probe(root, "show", "261102-aaaaa").ran == expected


def test_a_store_with_an_empty_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``-C "$UNSET"`` is the folder we are in, never the store above it, nor that of
    TICKETCTL_STORE."""
    below = root / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.setenv("TICKETCTL_STORE", str(root))
    assert run(["list"]) == 0
    assert run(["-C", "", "list"]) == 66
    monkeypatch.setenv("TICKETCTL_STORE", "")
    assert (run(["list"]), run(["-C", "", "list"]), run(["-C", "..", "list"])) == (
        0,
        66,
        0,
    )


@pytest.mark.parametrize("closed", ["1", "2", "0 1 2"])
def test_streams_that_the_caller_has_closed(root: Path, closed: str) -> None:
    """Nothing that is opened gets the number of one, and nothing is written into the
    index by a print."""
    probe(root, "list")
    code = f"import os, sys; [os.close(int(n)) for n in {closed!r}.split()]; os.execv(sys.executable, sys.argv[1:])"
    options = ["-m", "ticketctl", "-C", str(root), "--as", AMY, "--now", NOW]
    for words, status in (
        (["list"], 0),
        (["lisst"], 2),
        (["show", "nowhere"], 66),
        (["note", "aaaaa", "-m", "x"], 0),
    ):
        command = [sys.executable, "-c", code, sys.executable, *options, *words]
        assert subprocess.run(command, check=False, timeout=60).returncode == status, (
            words
        )
    assert ticketctl(root, "index", "verify").status == 0
    assert ticketctl(root, "check").status == 0


def test_the_end_of_a_process(root: Path) -> None:
    """It ends at once, but not before its output and what was registered for the end;
    not while a thread works."""
    code = "import atexit, ticketctl.__main__ as m; atexit.register(print, 'registered'); print('said'); m.leave(3)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("said\nregistered\n", 3)
    code = (
        "import threading, time, ticketctl.__main__ as m;"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('worked'))).start(); m.leave(3)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("worked\n", 3)
    for words, status in ((["nonsuch"], 2), (["show", "nowhere"], 66), (["list"], 71)):
        with open("/dev/full", "w") as full:
            command = [sys.executable, "-m", "ticketctl", "-C", str(root), *words]
            ended = subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=full, check=False
            )
        assert ended.returncode == status, words
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ticketctl", "-C", str(root), "list"]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 71
    assert "No space left" in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_help_imports_no_command() -> None:
    """The help of the group comes from its table; no use case and no store is loaded
    for it."""
    here = Path(__file__).parent
    for words in (("--help",), ("--version",)):
        probed = probe(here, *words)
        assert probed.ran.status == 0
        ours = {name for name in probed.modules if name.startswith("ticketctl.cli.")}
        assert ours <= {
            f"ticketctl.cli.{name}"
            for name in (
                "main",
                "environment",
                "command",
                "output",
                "options",
                "completers",
            )
        }, ours
        assert not {
            name
            for name in probed.modules
            if name.startswith(("ruamel", "sqlite3", "dateutil"))
        }


def test_an_empty_store_needs_no_yaml(tmp_path: Path) -> None:
    """The second ``list`` imports no ruamel at all: the settings come from the cache."""
    root = make_store(tmp_path / "store")
    first, second = probe(root, "list"), probe(root, "list")
    assert (
        (first.ran.status, first.ran.out)
        == (second.ran.status, second.ran.out)
        == (0, "")
    )
    assert not {name for name in second.modules if name.startswith("ruamel")}


def test_profiles_and_settings_are_parsed_once(root: Path) -> None:
    """With warm caches no YAML library is needed: tickets in our form are read without
    one (house.md)."""
    for path in (root / ".git/ticketctl/cache").iterdir():
        path.unlink()
    cold = probe(root, "move", "aaaaa", "Open", "-a", "amy@support.example", count=True)
    assert cold.ran.status == 0 and "ticketctl.yaml" in cold.parsed, (
        "the counter sees nothing"
    )
    assert any(path.endswith("biztech.yaml") for path in cold.parsed), (
        "the counter sees nothing"
    )
    assert max(map(cold.parsed.count, cold.parsed)) == 1, cold.parsed
    for words in (
        ("move", "aaaaa", "Pending", "--reply", "x"),
        ("list",),
        ("show", "aaaaa"),
        ("next", "aaaaa"),
        ("sweep",),
    ):
        warm = probe(root, *words, count=True)
        assert warm.ran.status == 0
        assert warm.parsed == [], words
        assert not {
            name for name in probe(root, *words).modules if name.startswith("ruamel")
        }, words


def test_a_changed_file_is_parsed_again(root: Path) -> None:
    """The cache goes by content, not by time: the same size and date change nothing
    (20)."""
    path = root / "ticketctl.yaml"
    before, stat = path.read_text(), path.stat()
    shown = done(root, "show", "aaaaa")
    path.write_text(before.replace("Europe/London", "Asia/Kolkata "))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size
    assert done(root, "show", "aaaaa") != shown
    path.write_text(before)
    assert done(root, "show", "aaaaa") == shown
    for kept in (root / ".git/ticketctl/cache").iterdir():
        kept.write_text("[2,1" if kept.stat().st_size % 2 else "")
    assert done(root, "show", "aaaaa") == shown


def tree(root: Path) -> dict[str, tuple[int, int, str]]:
    """Path -> mode, time and content of everything in a store but its derived state."""
    found = {}
    for path in sorted(root.rglob("*")):
        if not path.is_relative_to(root / ".git/ticketctl") and path != root / ".git":
            stat = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(root))] = (
                stat.st_mode,
                stat.st_mtime_ns,
                hashlib.sha256(data).hexdigest(),
            )
    return found


READING = [
    *(
        ("list", "-A", "--format", name)
        for name in ("plain", "table", "tsv", "csv", "json", "jsonl", "id")
    ),
    ("list", "--queue"),
    ("list", "--overdue"),
    ("list", "-S", "help"),
    ("list", "-s", "New", "--sort", "title"),
    ("show", "aaaaa"),
    ("show", "aaaaa", "--format", "json"),
    ("log", "aaaaa"),
    ("log", "aaaaa", "--format", "jsonl"),
    ("next", "aaaaa"),
    ("next", "aaaaa", "--to", "Closed"),
    ("next", "aaaaa", "--format", "json"),
    ("check",),
    ("check", "aaaaa", "--format", "json"),
    ("profile", "list"),
    ("profile", "show", "biztech"),
    ("profile", "check", "biztech"),
    ("move", "aaaaa", "Open", "-a", "amy@support.example", "-n"),
    ("sweep", "-n"),
    ("completion", "zsh"),
    ("--help",),
    ("move", "--help"),
]


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "with a broken ticket"])
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_reading_changes_no_byte(cold: bool, broken: bool, root: Path) -> None:
    """Outside its state folder everything is as it was, times and modes too; git's own
    files as well."""
    git = [
        "git",
        "-C",
        str(root),
        "-c",
        "user.name=Amy",
        "-c",
        "user.email=amy@support.example",
    ]
    subprocess.run([*git, "init", "-q"], check=True)
    (root / ".gitignore").write_text(".ticketctl/\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "A store"], check=True)
    if broken:
        (root / "tickets/2026/11/02/261102-zzzzz.yaml").write_text("half: [a ticket")
    before = tree(root)
    for words in READING:
        if cold:
            shutil.rmtree(root / ".git/ticketctl", ignore_errors=True)
        ran = ticketctl(root, *words, now="2026-11-20T09:00:00Z")
        assert ran.status in ((0, 65) if broken else (0,)), (words, ran)
        assert tree(root) == before, words
