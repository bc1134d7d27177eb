"""What is measured: each row is a command of ours and what it is held against, with the
target."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench import peers
from tests.bench.measure import Bench, FailedError, MissingError, Row, Side
from tests.bench.texts import RARE

ROOT = Path(__file__).parent.parent.parent
_FLOORS = str(Path(__file__).with_name("floors.py"))
_IMPORTS = ("python", "-c", "import click, sqlite3")
_LIMIT = 'python -c "import click, sqlite3"'
_SWEPT = "2026-12-07T11:00:00Z"
_PARSED = 200
"""How many tickets are parsed with ruamel.yaml, for all."""


@dataclass(frozen=True)
class Place:
    """A store that is measured, and what the builder knows of it."""

    bench: Bench
    store: Path
    facts: Mapping[str, Any]

    def git(self, *words: str) -> None:
        """Git in the store; its answer is not of interest."""
        self.bench.run(["git", *words], self.store)

    def ours(self, *words: str, **more: str) -> Callable[[], float]:
        """A measure: a command of ticketctl in the store."""
        return self.bench.timed(["ticketctl", *words], self.store, **more)

    def read_all(self) -> Callable[[], float]:
        """A measure: reading all bytes of all tickets."""
        return self.bench.timed(["python", _FLOORS, "read", "tickets"], self.store)

    def reset(self, revision: str = "base") -> None:
        """The store as it was built, at rest: git's index and ours know it, no file is
        too new to be trusted."""
        self.git("reset", "-q", "--hard", revision)
        self.git("clean", "-fdq")
        (self.store / ".git/ticketctl/last-sweep").unlink(missing_ok=True)
        shutil.rmtree(self.store / ".git/ticketctl/outbox", ignore_errors=True)
        time.sleep(2.1)
        self.git("status", "--porcelain")
        self.warm()

    def warm(self) -> None:
        """Let the index catch up, where there is one."""
        with suppress(FailedError):
            self.bench.run(["ticketctl", "list"], self.store)


def small_store(bench: Bench) -> Place:
    """The sample store of the checkout, in a repository of its own."""
    store = bench.folder / "small"
    shutil.rmtree(store, ignore_errors=True)
    for name in ("tickets", "profiles"):
        shutil.copytree(ROOT / name, store / name)
    shutil.copy(ROOT / "ticketctl.yaml", store)
    (store / ".gitignore").write_text(".ticketctl/\n")
    tickets = sorted(path.stem for path in store.glob("tickets/*/*/*/*.yaml"))
    place = Place(bench, store, {"tickets": len(tickets), "ids": tickets})
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("commit", "-qm", "A store"),
        ("tag", "base"),
    ):
        place.git(*words)
    place.reset()
    return place


def small_rows(place: Place) -> Iterator[Row]:
    """The start-up of the commonest commands, where there is next to nothing to do."""
    limit = Side(_LIMIT, place.bench.timed(_IMPORTS, place.store), target=1.25)
    bare = Side(
        "python -c pass", place.bench.timed(["python", "-c", "pass"], place.store)
    )
    id_ = next(
        path.stem
        for path in sorted(place.store.glob("tickets/*/*/*/*.yaml"))
        if "\nprofile: biztech\n" in (text := path.read_text(encoding="utf-8"))
        and "\nstatus: Open\n" in text
    )
    for name, words in {
        "--help": ["--help"],
        "list": ["list"],
        "show": ["show", id_],
        "move -n": ["move", "-n", id_, "Solved"],
    }.items():
        yield Row(
            f"start-up: {name}",
            Side(f"ticketctl {name}", place.ours(*words)),
            [limit, bare],
        )


def rows(place: Place) -> Iterator[Row]:
    """All rows of a large store; each is made when the one before has been measured."""
    yield from _reading_rows(place)
    yield from _moving_rows(place)
    yield from _whole_rows(place)


def _reading_rows(place: Place) -> Iterator[Row]:
    number, bench, store = place.facts["tickets"], place.bench, place.store
    listed = Side("ticketctl list", place.ours("list"))
    status = ["git", "--no-optional-locks", "status", "--porcelain", "-uall"]
    others = [
        Side("git status", bench.timed(status, store), target=1.5),
        Side(
            "rg",
            bench.timed(["rg", "-l", "^status: Open$", "tickets"], store),
            target=0.8,
        ),
        Side("grep", bench.timed(["grep", "-rl", "^status: Open$", "tickets"], store)),
    ]
    if number <= peers.MOST:
        others.append(Side("Taskwarrior", peers.taskwarrior(bench, store)))
        others.append(Side("todoman", peers.todoman(bench, store)))
    note = (
        ""
        if number <= peers.MOST
        else f"Taskwarrior and todoman are measured only up to {peers.MOST:,} tickets."
    )
    yield Row("list", listed, others, note=note)
    memory = Side("ticketctl list", bench.own_memory(["ticketctl", "list"], store))
    limits = [
        Side("60 MB", lambda: 60e6 / 2**20, target=1.0),
        Side("git status", bench.memory(status, store)),
    ]
    yield Row("memory of list", memory, limits, rounds=3, unit="MiB")
    imports = Side(_LIMIT, bench.timed(_IMPORTS, store), target=1.25)
    yield Row(
        "show",
        Side("ticketctl show ID", place.ours("show", place.facts["open"][0])),
        [imports],
    )
    found = [
        Side(name, bench.timed([name, flag, RARE, "tickets"], store))
        for name, flag in (("rg", "-l"), ("grep", "-rl"))
    ]
    yield Row(
        "search",
        Side("ticketctl list -A -S WORD", place.ours("list", "-A", "-S", RARE)),
        found,
    )
    sweep = Side("ticketctl sweep", place.ours("sweep"))
    yield Row(
        "sweep, nothing due",
        sweep,
        [Side("ticketctl list", place.ours("list"), target=1.2)],
    )


def _moving_rows(place: Place) -> Iterator[Row]:
    bench, store = place.bench, place.store
    imports = Side(_LIMIT, bench.timed(_IMPORTS, store), target=1.25)
    ids, files = iter(place.facts["open"]), iter(place.facts["closed"])

    def move(names: Iterator[str]) -> Callable[[], float]:
        return lambda: place.ours(
            "move", next(names, "none-left"), "Solved", "--reply", "Done."
        )()

    def touch() -> None:
        """Change a file, and leave its path to be committed."""
        path = next(files)
        with (store / path).open("a", encoding="utf-8") as file:
            file.write("# touched\n")
        (store / ".git/bench-path").write_text(path + "\0")

    yield Row(
        "move",
        Side("ticketctl move", move(ids)),
        [imports],
        after=lambda: place.reset("auto"),
    )
    # As safe as ours: git's default syncs neither objects nor references.
    safe = "git -c core.fsync=all"
    by_git = f"{safe} add --pathspec-from-file=.git/bench-path --pathspec-file-nul && {safe} commit -qm touched"
    commit = Side(
        "git add; git commit, synced",
        bench.timed(["sh", "-c", by_git], store),
        before=touch,
        target=1.3,
    )
    again = iter(place.facts["open"])
    yield Row(
        "move, committed",
        Side("ticketctl move", move(again)),
        [commit],
        after=place.reset,
    )


def _whole_rows(place: Place) -> Iterator[Row]:
    number, bench, store = place.facts["tickets"], place.bench, place.store
    due = place.facts["due"]
    (store / ".git/bench-due").write_text("\n".join(due))

    def reset() -> None:
        place.reset("auto")

    sweep = place.ours("sweep", "--confirm", str(len(due)), TICKETCTL_NOW=_SWEPT)
    floor = bench.timed(["python", _FLOORS, "sweep", ".git/bench-due"], store)
    yield Row(
        f"sweep, {len(due):,} due",
        Side("ticketctl sweep", sweep, before=reset),
        [Side("temp, fsync, rename, git commit", floor, before=reset, target=2.0)],
        rounds=3,
        after=place.reset,
    )
    reading = Side("reading all bytes", place.read_all(), target=8.0)
    ruamel = Side("ruamel.yaml, C scanner", _parsing(place), target=1 / 15)
    note = f"ruamel.yaml parses {min(_PARSED, number)} tickets; its time is calculated for {number:,}."
    yield Row(
        "check",
        Side("ticketctl check", place.ours("check")),
        [reading, ruamel],
        rounds=3,
        note=note,
    )
    again = Side("ticketctl check --changed", place.ours("check", "--changed"))
    yield Row(
        "check, nothing changed",
        again,
        [Side("ticketctl list", place.ours("list"))],
        rounds=3,
    )
    yield Row(
        "index rebuild",
        Side("ticketctl index rebuild", place.ours("index", "rebuild")),
        [reading],
        rounds=3,
    )
    growth = Side("20 commits by git", lambda: _growth(place))
    limit = Side("48 KiB", lambda: 48.0, target=1.0)
    yield Row(
        "growth by a commit", growth, [limit], rounds=1, unit="KiB", after=place.reset
    )


def _parsing(place: Place) -> Callable[[], float]:
    """A measure: parsing with ruamel.yaml's C scanner, worked out from a sample. Where
    this Python has no such scanner, one in ``DIR/ruamel`` (``python -m venv``, ``pip
    install 'ruamel.yaml[oldlibyaml]'``) will do."""
    own = place.bench.folder / "ruamel/bin/python"
    python = str(own) if own.exists() else place.bench.python
    sample = [*place.facts["closed"], *place.facts["due"]][:_PARSED]
    listed = place.store / ".git/bench-sample"
    listed.write_text("\n".join(sample))

    def measure() -> float:
        try:
            ran = place.bench.run([python, _FLOORS, "parse", str(listed)], place.store)
        except FailedError as error:
            raise (
                MissingError(str(error)) if "_ruamel_yaml" in str(error) else error
            ) from None
        return float(ran.out) * int(place.facts["tickets"]) / len(sample)

    return measure


def _growth(place: Place) -> float:
    """By how many KiB on the disk the repository grows with a commit of one ticket, on
    average of 20."""
    objects = place.store / ".git/objects"

    def size() -> int:
        return sum(path.stat().st_blocks * 512 for path in objects.rglob("*"))

    # Text that is nowhere yet: an object that git has already would not be stored
    # again.
    before, stamp, number = size(), time.time_ns(), count()
    commits = 20
    for path in place.facts["closed"][-commits:]:
        with (place.store / path).open("a", encoding="utf-8") as file:
            file.write(f"# touched {stamp} {next(number)}\n")
        place.git("add", path)
        place.git("commit", "-qm", f"touched {stamp}")
    return (size() - before) / 1024 / commits
