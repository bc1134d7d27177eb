"""``kill -9`` at every call that changes the disk: each write is whole (hazard 2).

A child process is forked for every point, so that a point costs a few milliseconds. The
result of a run that is not killed says what "wholly new" means: clock and ids are
fixed, so its bytes are always the same.
"""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import (
    CASES,
    Case,
    Child,
    hooked,
    killed,
    killer,
    make_case,
    whole,
    write_besides,
)
from tests.support.shell import Ran
from tests.support.state import state_of
from tests.support.stores import done, files_of, leftovers, make_store, ticketctl
from ticketctl.store.writing import open_folders


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, if there is one: what a kill leaves is what the kernel holds,
    so a disk would only be slower."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shm, prefix="ticketctl-test-") as name:
        yield Path(name)


@pytest.mark.parametrize("git", [True, False], ids=["git", "outside git"])
@pytest.mark.parametrize("name", ["move", "rows", "batch"])
def test_killed_anywhere_it_is_all_or_nothing(
    name: str, git: bool, folder: Path
) -> None:
    """Each file wholly old or new at once; after the next writing command of anybody
    all are old, or all new (1, 2)."""
    case = make_case(name, folder, git)
    seen = set()
    for at in case.points(folder / "store"):
        root = folder / "store"
        whole(case, root)
        write_besides(root)
        states = set(whole(case, root).values())
        assert len(states) == 1, f"point {at}: {whole(case, root)}"
        seen |= states
        again = case.act(root)
        assert again.status == (0 if states == {"old"} else 1), f"point {at}: {again}"
        assert set(whole(case, root).values()) == {"new"}, f"point {at}: done twice"
        assert ticketctl(root, "check", now="2026-11-08T09:00:00Z").status == 0
    assert seen == {"old", "new"}


def test_killed_anywhere_in_a_sweep(folder: Path) -> None:
    """Run again, it finishes and doubles nothing: the same bytes as of a sweep that
    nobody killed (2, 13)."""
    case = make_case("sweep", folder)
    for at in case.points(folder / "store"):
        root = folder / "store"
        whole(case, root)
        ran = case.act(root)
        assert ran.status == 0, f"point {at}: {ran}"
        assert set(whole(case, root).values()) == {"new"}, f"point {at}"
        assert leftovers(root) == [], f"point {at}"
        again = case.act(root)
        assert again == Ran("", 0), (
            f"point {at}: a sweep with nothing due is quiet: {again}"
        )


def test_killed_while_recovering(folder: Path) -> None:
    """A second crash, anywhere in the finishing of the first, loses nothing either (2)."""
    case = make_case("batch", folder)
    case.template = case.crash(folder / "crashed")
    root = folder / "store"
    for at in count(1):
        case.fresh(root)
        ran = killed(
            lambda: ticketctl(root, "note", "zzzzz", "-m", "Recover."), killer(at)
        )
        whole(case, root)
        write_besides(root)
        assert set(whole(case, root).values()) == {"new"}, f"point {at}"
        if ran.status == 0:
            assert at > 5
            return


def test_recovery_spares_what_was_changed_since(folder: Path) -> None:
    """Finishing the writes of a crash never overwrites what git, or a person, put there
    since (3: no event is lost)."""
    case = make_case("batch", folder)
    root = case.crash(folder / "store")
    other = case.fresh(folder / "other")
    done(other, "note", "aaaaa", "-m", "Written in another clone, and pulled.")
    path = "tickets/2026/11/02/261102-aaaaa.yaml"
    shutil.copy(other / path, root / path)
    ticketctl(root, "note", "zzzzz", "-m", "The next command.")
    assert "and pulled" in (root / path).read_text()


def test_killed_with_cold_caches(folder: Path) -> None:
    """A half-written cache changes no answer, and what it leaves is cleared by the next
    writing command (2, 20)."""
    case = make_case("move", folder)
    shutil.rmtree(state_of(case.template) / "cache")
    root = folder / "store"
    for at in case.points(root):
        if list(state_of(root).glob("waiting-*")):
            return  # from here on it is the writing, which the other tests kill
        assert set(whole(case, root).values()) == {"old"}
        assert case.act(root).status == 0, f"point {at}"
        assert [
            path.name
            for path in (state_of(root) / "cache").iterdir()
            if path.suffix != ".json"
        ] == []


def traced(case: Case, root: Path) -> list[tuple[str, str, str]]:
    """The calls of a command that change the disk: name, path (of a link the new one),
    and where a rename goes; relative to the store."""
    calls: list[tuple[str, str, str]] = []

    def note(name: str, args: tuple[Any, ...]) -> None:
        path = (
            os.readlink(f"/proc/self/fd/{args[0]}")
            if isinstance(args[0], int)
            else str(args[name == "link"])
        )
        path = re.sub(r"(waiting-)\w{16}", r"\1*", path)
        target = os.path.relpath(args[1], root) if name in ("replace", "rename") else ""
        calls.append(
            ("replace" if target else name, os.path.relpath(path, root), target)
        )

    case.fresh(root)
    with hooked(note):
        assert case.act(root).status == 0
    return calls


@pytest.mark.parametrize("name", list(CASES))
def test_order_of_the_calls(name: str, folder: Path) -> None:
    """What a power cut needs (1): a file is synced before it is renamed, its folder
    after, the journal before all."""
    calls = traced(make_case(name, folder), folder / "store")
    renames = [
        (at, source, target)
        for at, (call, source, target) in enumerate(calls)
        if call == "replace"
    ]
    assert sum(target.startswith("tickets/") for _, _, target in renames) == (
        1 if name == "move" else 3
    )
    for at, source, target in renames:
        made = [("write", source), ("open", source), ("link", source)]
        last = max(n for n, call in enumerate(calls[:at]) if call[:2] in made)
        assert ("fsync", source, "") in calls[last:at], (
            f"{source} is renamed before it is safe"
        )
        place = str(Path(target).parent)
        assert ("fsync", place, "") in calls[at:], (
            f"{target} may be gone after a power cut: {place} is not synced"
        )
    for at, (call, path, _) in enumerate(calls):
        if call == "mkdir" and path.startswith("tickets/"):
            assert ("fsync", str(Path(path).parent), "") in calls[at:], (
                f"the folder {path} may be gone"
            )
    journals = [
        at for at, _, target in renames if target == ".git/ticketctl/journal.jsonl"
    ]
    assert journals, "several files, and no journal"
    for journal in journals:
        after = calls[journal + 1 :]
        end = next(
            n
            for n, call in enumerate(after)
            if call[:2] == ("unlink", ".git/ticketctl/journal.jsonl")
        )
        moved = [n for n, call in enumerate(after[:end]) if call[0] == "replace"]
        assert ("fsync", ".git/ticketctl", "") in after[: moved[0]], (
            "a rename before the journal is safe"
        )
        for n in moved:
            place = str(Path(after[n][2]).parent)
            assert ("fsync", place, "") in after[n:end], (
                f"the journal goes before {place} is safe"
            )


def test_journal_never_outlives_the_files_that_it_lists(folder: Path) -> None:
    """Their names are synced before it is (fsync(2): a file's fsync does not sync its
    name), else a batch may come half."""
    calls = traced(make_case("batch", folder), folder / "store")
    journal = next(
        at for at, call in enumerate(calls) if call[2] == ".git/ticketctl/journal.jsonl"
    )
    named = [
        at
        for at, (call, path, _) in enumerate(calls[:journal])
        if call in ("open", "link") and "waiting-*/" in path
    ]
    for folder in (".git/ticketctl/waiting-*", ".git/ticketctl"):
        assert ("fsync", folder, "") in calls[max(named) : journal]


def test_a_killed_holder_frees_the_lock(folder: Path) -> None:
    """The lock is the kernel's: a process that dies in a write leaves nothing that
    blocks the next one (2, 6)."""
    case = make_case("move", folder)
    root = case.fresh(folder / "store")
    read, write = os.pipe()

    def hang(name: str, args: tuple[Any, ...]) -> None:
        if name == "rename":
            os.close(write)
            signal.pause()

    def inside() -> Ran:
        with hooked(hang):
            return case.act(root)

    child = Child(inside)
    os.close(write)
    assert os.read(read, 1) == b""  # the child is inside the lock now, and stays there
    os.close(read)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    assert child.wait().status == -signal.SIGKILL
    write_besides(root)


def test_more_folders_than_stay_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets of two hundred days in one act: each is in its place."""
    monkeypatch.setattr(open_folders, "_MOST", 30)
    root = make_store(folder / "store")
    rows = folder / "rows.jsonl"
    days = [f"26{month:02}{day:02}" for month in range(1, 11) for day in range(1, 21)]
    before = len(os.listdir("/proc/self/fd"))
    lines = (
        {"id": f"{day}-aaaaa", "title": day, "customer": "jane@customer.example"}
        for day in days
    )
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(done(root, "new", "--from", str(rows)).split()) == len(days)
    assert len(files_of(root, "tickets")) == len(days)
    assert not leftovers(root)
    gc.collect()  # indexes of tests before
    assert len(os.listdir("/proc/self/fd")) < before + 10, "they are closed again"
