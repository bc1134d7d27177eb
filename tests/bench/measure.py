"""Runs commands as whole processes in interleaved rounds, and says what came of it:
medians, spreads, ratios."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ticketctl import __version__

NOW = "2026-12-07T09:00:00Z"


class MissingError(Exception):
    """A peer that is not installed here."""


class FailedError(Exception):
    """A command that failed; the last line that it said."""


@dataclass(frozen=True)
class Ran:
    """What one process came to."""

    ms: float
    mib: float
    out: bytes


@dataclass(frozen=True)
class Side:
    """One of those that are compared in a row.

    Args:
        measure: does it once and gives the value, in the unit of the row.
        before: puts everything in order for it; not measured.
        target: how many times its value ours may be at most; ``None`` if it is only
            named.
    """

    name: str
    measure: Callable[[], float]
    before: Callable[[], object] | None = None
    target: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table: ours, and what it is held against.

    Args:
        after: puts back what the row has changed.
        note: what must be said of it, such as that a value is extrapolated.
    """

    name: str
    ours: Side
    others: Sequence[Side]
    rounds: int = 7
    unit: str = "ms"
    after: Callable[[], object] | None = None
    note: str = ""


@dataclass
class Bench:
    """Where processes run: the scratch folder with a HOME and git settings of its own,
    and a fixed clock."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text(
            "[user]\n\tname = Amy\n\temail = amy@support.example\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
        )
        kept = {
            name: os.environ[name]
            for name in ("PYTHONPYCACHEPREFIX", "TMPDIR")
            if name in os.environ
        }
        self.environment = {
            **kept,
            "PATH": f"{self.folder / 'venv/bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "TICKETCTL_NOW": NOW,
            "TICKETCTL_AS": "agent:amy@support.example",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
        }

    @property
    def python(self) -> str:
        """The interpreter that runs ticketctl."""
        return str(self.folder / "venv/bin/python")

    def install(self, checkout: Path) -> None:
        """Install ticketctl as its users have it, from a wheel: an editable install has
        a finder of its own, which makes every start of Python dearer, and what is held
        against it."""
        if not Path(self.python).exists():
            subprocess.run(
                [sys.executable, "-m", "venv", self.folder / "venv"], check=True
            )
        with tempfile.TemporaryDirectory() as aside:
            copy = Path(aside) / "ticketctl"
            shutil.copytree(
                checkout,
                copy,
                ignore=shutil.ignore_patterns(".*", "build", "tickets", "*.egg-info"),
            )
            subprocess.run(
                [self.python, "-m", "pip", "-q", "install", "--force-reinstall", copy],
                check=True,
            )
        compiled = [self.python, "-m", "compileall", "-q", self.folder / "venv/lib"]
        subprocess.run(compiled, check=True, stdout=subprocess.DEVNULL)

    def find(self, name: str) -> str:
        """Where a command is.

        Raises:
            MissingError: it is not installed.
        """
        program = shutil.which(name, path=self.environment["PATH"])
        if program is None:
            raise MissingError(name)
        return program

    def run(self, words: Sequence[str], cwd: Path, **more: str) -> Ran:
        """Run a command to its end, reading all that it prints.

        Raises:
            MissingError: there is no such command.
            FailedError: its exit status is not 0.
        """
        program = self.find(words[0])
        with tempfile.TemporaryFile() as errors:
            began = time.perf_counter()
            process = subprocess.Popen(
                [program, *words[1:]],
                cwd=cwd,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            assert process.stdout is not None
            with process.stdout:
                out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            ms = (time.perf_counter() - began) * 1000
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                raise FailedError(
                    _reason(errors.read().decode(errors="replace"), process.returncode)
                )
        return Ran(ms, usage.ru_maxrss / 1024, out)

    def timed(
        self, words: Sequence[str], cwd: Path, **more: str
    ) -> Callable[[], float]:
        """A measure: how long a command takes, in milliseconds."""
        return lambda: self.run(words, cwd, **more).ms

    def memory(self, words: Sequence[str], cwd: Path) -> Callable[[], float]:
        """A measure: how much memory a command, or whatever it starts, has at most, in
        MiB."""
        return lambda: self.run(words, cwd).mib

    def own_memory(self, words: Sequence[str], cwd: Path) -> Callable[[], float]:
        """A measure: the same for ticketctl without the git that it asks."""
        said = [self.python, "-c", _OWN, *words[1:]]
        return lambda: float(self.run(said, cwd).out.split()[-1]) / 1024


_OWN = """import resource
from ticketctl.cli.main import run
run()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"""


def _reason(said: str, status: int) -> str:
    """Why a command failed, in a line: the error that it names, else its last word;
    without paths of this machine."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    named = [line for line in lines if line.lower().startswith("error")]
    found = [*named[:1], *lines[-1:], f"exit status {status}"][0]
    return re.sub(r"(?<!\w)/\S+", "...", found)


def play(row: Row, rounds: int | None = None) -> dict[str, Any]:
    """Measure a row: all sides once a round, in turn, so that what slows the machine
    slows all of them."""
    sides = [row.ours, *row.others]
    values: dict[str, list[float]] = {side.name: [] for side in sides}
    failed: dict[str, str] = {}
    for _ in range(rounds or row.rounds):
        for side in sides:
            if side.name not in failed:
                try:
                    if side.before:
                        side.before()
                    values[side.name].append(side.measure())
                except MissingError:
                    failed[side.name] = "not installed"
                except FailedError as error:
                    failed[side.name] = f"failed: {error}"
    if row.after:
        row.after()
    ours = summary(values[row.ours.name], failed.get(row.ours.name, ""))
    found = [
        {
            "name": side.name,
            "target": side.target,
            **summary(values[side.name], failed.get(side.name, "")),
        }
        for side in row.others
    ]
    for other in found:
        judge(ours, other)
    return {
        "name": row.name,
        "unit": row.unit,
        "note": row.note,
        "ours": {"name": row.ours.name, **ours},
        "others": found,
    }


def summary(values: Sequence[float], failed: str = "") -> dict[str, Any]:
    """The median and the spread of what was measured, or why nothing was."""
    if failed or not values:
        return {"failed": failed or "not measured"}
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "rounds": len(values),
    }


def judge(ours: Mapping[str, Any], other: dict[str, Any]) -> None:
    """Add the ratio of the medians, and whether a target is met."""
    if "median" not in ours or not other.get("median"):
        return
    other["ratio"] = ours["median"] / other["median"]
    if other["target"] is not None:
        other["verdict"] = "met" if other["ratio"] <= other["target"] else "missed"


def machine(bench: Bench) -> dict[str, str]:
    """On what was measured: no names of hosts, no paths."""
    import platform
    import sqlite3

    def version(*words: str) -> str:
        try:
            return bench.run(words, bench.folder).out.decode().splitlines()[0]
        except (MissingError, FailedError):
            return "not installed"

    return {
        "ticketctl": __version__,
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "git": version("git", "--version").removeprefix("git version "),
        "SQLite": sqlite3.sqlite_version,
        "ripgrep": version("rg", "--version").removeprefix("ripgrep "),
        "Taskwarrior": version("task", "--version"),
        "todoman": version("todoman", "--version").removeprefix("todoman, version "),
    }
