"""Every answer fits the terminal: the samples of all five profiles at 60, 80 and 120
columns, and the pager that shows what does not fit in height."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from ticketctl.cli.main import run
from ticketctl.render.columns import width

WIDTHS = (60, 80, 120)
IDS = sorted(path.stem for path in (ROOT / "tickets").rglob("*.yaml"))
PROFILES = ("aerosoft", "assima", "biztech", "ggit", "hosting")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample store, without git."""
    root = tmp_path_factory.mktemp("samples")
    shutil.copytree(ROOT / "tickets", root / "tickets")
    shutil.copy(ROOT / "ticketctl.yaml", root)
    return root


@pytest.fixture(params=WIDTHS)
def columns(
    request: pytest.FixtureRequest, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    """How wide the terminal is, in which Amy works at the end of the third week."""
    monkeypatch.chdir(samples)
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setenv("TICKETCTL_NOW", "2026-11-20T17:00")
    monkeypatch.setenv("TICKETCTL_AS", "amy@support.example")
    return int(request.param)


def too_wide(text: str, columns: int) -> list[str]:
    """The lines that do not fit, although they have more than one word."""
    return [
        line
        for line in text.split("\n")
        if width(line) > columns and " " in line.strip().lstrip("-# ")
    ]


@pytest.mark.parametrize("command", ["show", "log", "next", "why"])
def test_tickets_fit(
    command: str, columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is said of a ticket."""
    for id_ in IDS:
        assert run([command, id_]) in (0, 1)
        assert too_wide(capsys.readouterr().out, columns) == [], id_


def test_refusals_and_changes_fit(
    columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What would be done, and why not."""
    for id_ in IDS:
        for words in (["move", id_, "Closed"], ["reply", id_, "-m", "Thank you."]):
            run([*words, "-n"])
            out, err = capsys.readouterr()
            if not err.startswith("error"):  # one line, where no terminal reads it
                assert too_wide(out + err, columns) == [], words


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_fit(
    profile: str, columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A profile with all that it says."""
    assert run(["profile", "show", profile]) == 0
    assert too_wide(capsys.readouterr().out, columns) == []


@pytest.mark.parametrize(
    "words",
    [
        ("forecast", "--days", "60"),
        ("sweep", "-n", "--now", "2027-01-20T09:00", "--trust-clock"),
        ("list", "-A"),
        ("list", "--columns", "id,profile,status,customer,title"),
        ("profile", "list"),
    ],
    ids=" ".join,
)
def test_lists_fit(
    words: tuple[str, ...],
    columns: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a terminal; where a program reads, cells are whole."""
    monkeypatch.setattr("ticketctl.cli.environment.Env.terminal", columns)
    run(list(words))
    out = capsys.readouterr().out
    assert out
    assert [line for line in out.split("\n") if width(line) > columns] == []


def test_a_cut_status_keeps_its_mark(
    samples: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a customer's message has no answer is seen at any width."""
    monkeypatch.chdir(samples)
    monkeypatch.setenv("TICKETCTL_NOW", "2026-11-20T17:00")
    marks = []
    for columns in (300, 60, 45):
        monkeypatch.setattr("ticketctl.cli.environment.Env.terminal", columns)
        run(["list"])
        marks.append(capsys.readouterr().out.count("  ! "))
    assert marks[0] > 1
    assert len(set(marks)) == 1


_PAGED = """
import os, sys
os.get_terminal_size = lambda *_: os.terminal_size((80, 5))
from ticketctl.cli.main import run
sys.exit(run(["log", "261103-9c4fe"]))
"""


@pytest.mark.parametrize("less", [None, "-S"])
def test_colours_survive_the_pager(
    less: str | None, samples: Path, tmp_path: Path
) -> None:
    """As git does: LESS=FRX, unless the user has set it."""
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "LESS=$LESS"\ncat\n')
    pager.chmod(0o755)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PAGER": str(pager), "TERM": "xterm"}
    if less is not None:
        environment["LESS"] = less
    process = subprocess.Popen(
        [sys.executable, "-c", _PAGED],
        cwd=samples,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 1 << 16):
            output += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert f"LESS={less or 'FRX'}".encode() in output
    assert b"\x1b[2m2026-11-03 09:30\x1b[0m" in output
