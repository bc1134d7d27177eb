"""Everything that is printed is safe on a terminal, whatever it contains."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.hostile_texts import (
    ONE_LINE,
    POISON,
    SCRIPTS,
    SHORT,
    TICKET,
    loud_store,
    profile,
    raw,
    yaml,
)
from tests.support.places import ROOT
from tests.support.shell import Ran
from tests.support.stores import done, make_store, make_tickets, ticketctl
from ticketctl.cli import output
from ticketctl.core.escaping import escaped, safe
from ticketctl.render.color import Colors, finished

READ = [
    ("list", "-A"),
    *(
        ("list", "-A", "--format", name)
        for name in ("table", "tsv", "csv", "json", "jsonl", "id")
    ),
    ("list", "-A", "--columns", "id,status,title,customer,assignee,product,kind"),
    ("list", "--queue"),
    ("list", "--overdue"),
    ("show", "aaaaa"),
    ("show", "aaaaa", "bbbbb"),
    ("show", "aaaaa", "--format", "json"),
    ("log", "aaaaa"),
    ("log", "ccccc"),
    ("log", "aaaaa", "--format", "jsonl"),
    ("next", "aaaaa"),
    ("next", "aaaaa", "--format", "json"),
    ("next", "aaaaa", "--to", "Done" + SHORT),
    ("why", "aaaaa"),
    ("why", "aaaaa", "--format", "json"),
    ("forecast", "--days", "9"),
    ("forecast", "--days", "9", "--format", "jsonl"),
    ("sweep", "-n"),
    ("sweep", "-n", "--format", "jsonl"),
    ("check",),
    ("check", "--format", "json"),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("mail", "show"),
    ("mail", "show", "aaaaa"),
    ("profile", "list"),
    ("profile", "list", "--format", "json"),
    ("profile", "show", "loud"),
    ("profile", "show", "loud", "--format", "json"),
    ("profile", "check", "loud"),
    ("profile", "check", "--assumed", "loud"),
    ("profile", "check", "loud", "--format", "json"),
    ("export",),
    ("index", "status"),
    ("index", "verify"),
    ("-v", "list"),
    ("move", "aaaaa", "Done" + SHORT, "-n"),
    ("move", "aaaaa", "New" + SHORT, "-n"),
    ("move", "aaaaa", "Done" + SHORT, "-n", "--reply", "x", "--format", "json"),
    ("move", "aaaaa", "Done" + SHORT, "-n", "--reply", "x"),
    ("reply", "aaaaa", "-m", "x", "-n"),
    ("set", "aaaaa", "kind=" + ONE_LINE, "-n"),
    ("list", "status:Open" + SHORT),
]


@cache
def shown(root: Path, how: str, words: tuple[str, ...]) -> Ran:
    """The answer of a command that only reads."""
    return ticketctl(root, "--color", how, *words, now="2026-11-09T09:00:00Z")


@pytest.mark.parametrize("words", READ, ids=lambda words: " ".join(words)[:40])
@pytest.mark.parametrize("how", ["always", "never"])
def test_nothing_reaches_a_terminal_raw(
    words: tuple[str, ...], how: str, loud: Path
) -> None:
    """Every reading command in every format, with colours and without: the answer is
    there, and it is safe."""
    ran = shown(loud, how, words)
    allowed = "\n\t" if {"tsv", "csv"} & set(words) else "\n"
    assert ran.status in (0, 1, 2, 65) and "this is a bug" not in ran.err, ran
    assert raw(ran.out, allowed) + raw(ran.err) == []
    assert how == "always" or "\x1b" not in ran.out + ran.err


def test_the_commands_show_what_is_hostile(loud: Path) -> None:
    """The control of the test above: the texts are really printed, spelled out, and
    colours are on where they shall be."""
    spelled = r"x\x1b"
    for words in [
        ("list", "-A"),
        ("list", "-A", "--format", "csv"),
        ("show", "aaaaa"),
        ("log", "aaaaa"),
        ("next", "aaaaa"),
        ("why", "aaaaa"),
        ("sweep", "-n"),
        ("forecast", "--days", "9"),
        ("profile", "list"),
        ("profile", "show", "loud"),
        ("profile", "check", "--assumed", "loud"),
        ("mail", "show", "aaaaa"),
    ]:
        assert spelled in shown(loud, "always", words).out, words
    for words in [
        ("check",),
        ("list", "-A", "--format", "csv"),
        ("move", "aaaaa", "Done" + SHORT, "-n"),
    ]:
        ran = shown(loud, "always", words)
        assert r"\x1b" in ran.out + ran.err, words
    assert "\x1b[1m" in shown(loud, "always", ("list", "-A")).out
    assert (
        "\x1b[31m" in shown(loud, "always", ("move", "aaaaa", "New" + SHORT, "-n")).err
    )


@pytest.mark.parametrize("across", ["40", "79", "300"])
def test_however_wide_the_terminal(
    across: str, loud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is cut or wrapped is not cut into something else."""
    monkeypatch.setenv("COLUMNS", across)
    monkeypatch.setattr("ticketctl.cli.environment.Env.terminal", int(across))
    for words in (
        ("list", "-A"),
        ("show", "aaaaa"),
        ("next", "aaaaa"),
        ("why", "aaaaa"),
    ):
        ran = ticketctl(loud, "--color", "always", *words)
        assert raw(ran.out + ran.err) == [], words


def test_the_pager(loud: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long answer on a terminal reaches the pager as safe as any other, in our own
    colours."""
    paged: list[str] = []
    terminal = SimpleNamespace(isatty=lambda: True, fileno=lambda: 1)
    monkeypatch.setattr(
        output, "sys", SimpleNamespace(stdout=terminal, stderr=terminal)
    )
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((80, 3)))
    monkeypatch.setattr("click.echo_via_pager", lambda text, color: paged.append(text))
    for words in (("show", "aaaaa"), ("log", "aaaaa"), ("profile", "show", "loud")):
        ticketctl(loud, "--color", "always", *words)
    assert len(paged) == 3
    assert all("\x1b[1m" in text or "\x1b[2m" in text for text in paged)
    assert raw("".join(paged)) == []


def test_json_means_the_same(loud: Path) -> None:
    """Escapes change no value: parsed, every document has the very texts of the file."""
    rows = json.loads(ticketctl(loud, "list", "-A", "--format", "json").out)["tickets"]
    assert rows[-1]["title"] == "Title" + ONE_LINE
    assert rows[-1]["customer"] == "jane@customer.example" + ONE_LINE
    whole = json.loads(ticketctl(loud, "show", "aaaaa", "--format", "json").out)[
        "tickets"
    ][0]
    assert whole["history"][0]["text"] == "Help\n" + ONE_LINE
    assert whole["fields"]["product"] == "printer" + ONE_LINE
    loaded = json.loads(
        ticketctl(loud, "profile", "show", "loud", "--format", "json").out
    )["profile"]
    assert loaded["title"] == "Title" + ONE_LINE
    assert loaded["statuses"][0]["name"] == "New" + SHORT


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_real_scripts_come_out_as_they_are(name: str, tmp_path: Path) -> None:
    """In lines for people and in JSON, CSV and TSV: not one byte is different."""
    text = SCRIPTS[name]
    root = make_store(
        tmp_path / "store",
        f'commit: off\npeople:\n  amy@support.example: {{name: "{text}", roles: [agent]}}\n',
    )
    done(
        root,
        "new",
        text,
        "--id",
        TICKET,
        "-c",
        "jane@customer.example",
        "-d",
        f"{text}\n{text}",
        "-a",
        "@me",
    )
    for words in (
        ("show", "aaaaa"),
        ("list",),
        ("export",),
        *(("list", "--format", f) for f in ("json", "jsonl", "csv", "tsv", "table")),
        ("show", "aaaaa", "--format", "json"),
        ("log", "aaaaa", "--format", "jsonl"),
    ):
        assert text in done(root, *words), words
    assert safe(text) == text == escaped(text)
    assert finished(text, True) == text


WRONG = [
    ("X",),
    ("list", "X"),
    ("list", "--X"),
    ("list", "--format", "X"),
    ("list", "--sort", "X"),
    ("list", "--columns", "X"),
    ("list", "--limit", "X"),
    ("list", "-p", "X"),
    ("show", "X"),
    ("completion", "X"),
    ("completion",),
    ("-C", "X", "list"),
    ("--now", "X", "list"),
    ("--as", "X", "next", "aaaaa"),
    ("--as", "X:Y", "next", "aaaaa"),
    ("--color", "X", "list"),
    ("profile", "X"),
    ("profile", "show", "X"),
    ("profile", "check", "X.yaml"),
    ("import", "X"),
    ("new", "--from", "X"),
    ("new", "x", "-p", "X"),
    ("set", "aaaaa", "X"),
    ("set", "aaaaa", "X=X"),
    ("batch", "X", "X"),
    ("sweep", "--rule", "X"),
    ("sweep", "--heartbeat", "X/X"),
    ("check", "--range", "X..X"),
    ("mail", "fetch", "--maildir", "X"),
    ("reply", "aaaaa", "-F", "X"),
    ("move", "aaaaa", "X"),
    ("move", "aaaaa", "X", "--template", "X"),
    ("index", "X"),
    ("why", "X"),
    ("init", "/dev/null/X"),
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_errors_repeat_what_was_typed_safely(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """Ours and click's."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    for text in (
        "\x1b[2J\x9b\u202e\u2066\u200b\xad\x07\r",
        "\udc9b\udcff",
        "\U000e0041x\u200d\u2028",
    ):
        ran = ticketctl(root, *(word.replace("X", f"q{text}") for word in words))
        assert (ran.status not in (0, 70) or words == ("list", "X")) and raw(
            ran.out + ran.err, "\n\t" if words == ("completion",) else "\n"
        ) == [], ran


def test_settings_and_profiles_that_are_wrong(tmp_path: Path) -> None:
    """Mistakes are named with the texts that are wrong."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    key, sound = yaml("k" + SHORT), (root / "ticketctl.yaml").read_text()
    for line in (
        f"{key}: 1\n",
        f"timezone: {key}\n",
        f"profile: {key}\n",
        f"people: {{{key}: {{roles: [{key}/{key}]}}}}\n",
        f"people:\n  a@b.example: {{roles: [{key}]}}\n",
        f"mail: {{from: {key}, {key}: 1}}\n",
        f"holidays: [{key}]\n",
    ):
        (root / "ticketctl.yaml").write_text(
            re.sub(f"(?m)^{line.split(':')[0]}:.*\n", "", sound) + line
        )
        for words in (
            ("list",),
            ("profile", "show", "biztech"),
            ("move", "aaaaa", "Open", "-n"),
        ):
            ran = ticketctl(root, *words)
            assert raw(ran.out + ran.err) == [] and "bug" not in ran.err, (line, words)
    (root / "ticketctl.yaml").write_text(sound)
    (root / "profiles").mkdir()
    whole = profile(POISON, SHORT)
    for number, spoilt in enumerate(
        [
            whole,
            *(
                whole.replace(f"{part}:", f"{key}:", 1)
                for part in (
                    "title",
                    "roles",
                    "fields",
                    "from",
                    "do",
                    "subject",
                    "needs",
                    "state",
                )
            ),
        ]
    ):
        name = root / f"profiles/loud{number}.yaml"
        name.write_text(spoilt.replace("profile: loud", f"profile: loud{number}"))
    names = [f"loud{number}" for number in range(9)]
    for words in (
        ("profile", "check", *names),
        ("profile", "check", "--assumed", *names),
        ("profile", "list"),
        ("profile", "show", "loud1"),
        ("profile", "check", "--format", "json", *names),
    ):
        ran = ticketctl(root, *words)
        assert raw(ran.out + ran.err) == [] and "bug" not in ran.err, words


def test_texts_from_git_and_for_git_are_safe(tmp_path: Path) -> None:
    """Branches, hooks and folders are named safely; the messages of commits hold
    nothing that ``git log`` would show."""
    root = make_store(tmp_path / "store", "commit: auto\n")
    git = partial(subprocess.run, cwd=root, capture_output=True, check=True)
    for words in (
        "init -q",
        "config user.email amy@support.example",
        "config user.name Amy",
    ):
        git(["git", *words.split()])
    git(["git", "checkout", "-q", "-b", "b\u202e\u2066\u200b\x9b\xad"])
    bad = "\u202e\x9b\u2066\u200b"
    (root / "profiles").mkdir()
    (root / "profiles/loud.yaml").write_text(profile(ONE_LINE, SHORT))
    git(["git", "add", "."])
    git(["git", "commit", "-qm", "store"])
    done(
        root,
        "new",
        f"T{bad}",
        "--id",
        TICKET,
        "-p",
        "loud",
        "-c",
        f"jane{bad}@customer.example",
    )
    done(root, "move", "aaaaa", "Open" + SHORT)
    log = git(["git", "log", "--format=%s%n%b%n%an%n%ae"]).stdout.decode()
    assert "aaaaa" in log
    assert raw(log) == []
    hook = root / ".git/hooks/pre-commit"
    hook.write_text(
        "#!/bin/sh\nprintf '\\033[2J\\302\\233\\342\\200\\256no' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    refs = root / ".git/HEAD"
    for words in (
        ("doctor",),
        ("check", "--changed"),
        ("check", "--range", "nope\u202e..HEAD"),
        ("-v", "index", "status"),
    ):
        ran = ticketctl(root, *words)
        assert raw(ran.out + ran.err) == [], words
    refs.write_text("ref: refs/heads/\x1b[2J\u202e\n")
    for words in (
        ("doctor",),
        ("check", "--changed"),
        ("note", "aaaaa", "-m", "x"),
        ("sweep",),
    ):
        ran = ticketctl(root, *words)
        assert raw(ran.out + ran.err) == [], words


def test_a_quarantined_email(tmp_path: Path) -> None:
    """What is said of emails, with their addresses and file names."""
    mail = "mail: {from: help@support.example, addresses: {help@support.example: biztech}}\n"
    root = make_store(tmp_path / "store", "commit: off\n" + mail)
    for name in ("From", "Subject", "Message-ID", "Auto-Submitted", "Content-Type"):
        head = {
            "From": "jane@customer.example",
            "To": "help@support.example",
            "Subject": "s",
            "Message-ID": "<a@b>",
        }
        head[name] = f"{head.get(name, '')}\x1b[2J\u202e\x9b=?utf-8?q?=1B=E2=80=AE?="
        message = (
            "".join(f"{key}: {value}\n" for key, value in head.items())
            + "\nbody\x1b[2J\u202e\n"
        )
        for feed in (
            message.encode(),
            message.encode("utf-16"),
            b"\x1b[2J" + message.encode(),
        ):
            ran = ticketctl(
                root, "mail", "in", "--to", "help\u202e\x9b@support.example", feed=feed
            )
            assert raw(ran.out + ran.err) == [] and "bug" not in ran.err, (name, ran)
    box = tmp_path / "box"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "new/\x1b[2J\u202e.1").write_bytes(b"\x1b[2J")
    ran = ticketctl(root, "mail", "fetch", "--maildir", str(box))
    assert raw(ran.out + ran.err) == []


def test_a_crash_and_a_full_disk_name_files_safely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the name of a file is all that we know."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space\x1b[2J", "\x1b[2J\u202e")

    root = make_store(tmp_path / "store")
    monkeypatch.setattr("ticketctl.cli.listing.find_tickets", fail)
    ran = ticketctl(root, "list")
    assert ran.status == 71
    assert raw(ran.err) == []
    assert r"\x1b" in ran.err


def test_no_text_forges_a_line_or_a_colour(tmp_path: Path) -> None:
    """A line break in a text is no new line, and a colour in it no colour, even where
    colours are on."""
    text = "x\nerror: forged\x1b[31mred\x1b[0m"
    root = loud_store(tmp_path / "store", text, text)
    for words in (
        ("profile", "list"),
        ("profile", "show", "loud"),
        ("profile", "check", "--assumed", "loud"),
        ("list", "-A"),
        ("why", "aaaaa"),
        ("next", "aaaaa"),
        ("list", "-A", "--format", "table"),
        ("forecast",),
        ("sweep", "-n"),
    ):
        ran = ticketctl(root, "--color", "always", *words, now="2026-11-09T09:00:00Z")
        said = ran.out + ran.err
        assert (
            not re.search("(?m)^error: forged", said) and "\x1b[31mred" not in said
        ), words
    assert (
        finished(Colors(True)(text, "bold"), True)
        == "\x1b[1mx\\x0aerror: forged\\x1b[31mred\\x1b[0m\x1b[0m"
    )
    assert finished(Colors(True)("x", "red"), False) == "x" == Colors(False)("x", "red")


def test_a_terminal_of_another_encoding(tmp_path: Path) -> None:
    """What it cannot show is spelled out; it is no bug."""
    root = make_store(tmp_path / "store")
    done(root, "new", "naïve 漢字", "--id", TICKET, "-c", "jane@customer.example")
    ran = subprocess.run(
        [sys.executable, "-m", "ticketctl", "-C", root, "list"],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert ran.returncode == 0 and b"na\xefve \\u6f22\\u5b57" in ran.stdout, ran


FORBIDDEN = {
    "echo",
    "secho",
    "print",
    "input",
    "echo_via_pager",
    "progressbar",
    "prompt",
    "confirm",
    "pause",
    "style",
    "clear",
    "shell_complete",
    "get_text_stream",
    "get_binary_stream",
    "print_exception",
    "print_exc",
    "getpass",
}


STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def printing(tree: ast.AST) -> Iterator[int]:
    """The lines that print by themselves."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.startswith("click")
        ):
            if FORBIDDEN & {name.name for name in node.names}:
                yield node.lineno
        elif isinstance(node, ast.Call):
            called = node.func
            name = (
                called.id
                if isinstance(called, ast.Name)
                else getattr(called, "attr", "")
            )
            owner = getattr(called, "value", None)
            bare = isinstance(called, ast.Name) and name in FORBIDDEN
            of_click = (
                isinstance(owner, ast.Name)
                and owner.id in ("click", "traceback")
                and name in FORBIDDEN
            )
            if (
                bare
                or of_click
                or (
                    name in ("write", "writelines")
                    and ast.unparse(owner or called).startswith(
                        tuple(f"sys.{stream}" for stream in STREAMS)
                    )
                )
            ):
                yield node.lineno


PACKAGE = Path(output.__file__).parent.parent


ROOMS = sorted(PACKAGE.rglob("*.py"))


def test_only_the_output_module_prints() -> None:
    """Nothing but ``cli/output.py`` prints."""
    found = {
        f"{room.relative_to(PACKAGE)}:{line}"
        for room in ROOMS
        for line in printing(ast.parse(room.read_text(encoding="utf-8")))
        if room != Path(output.__file__)
    }
    assert found == set()
    for text in (
        "print(1)",
        "click.echo('')",
        "sys.stdout.write('')",
        "sys.stderr.buffer.write(b'')",
        "click.confirm('')",
        "from click import echo",
        "from click.shell_completion import shell_complete",
    ):
        assert list(printing(ast.parse(text))), text
