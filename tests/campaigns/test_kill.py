"""kill -9 at every call that changes the disk: nothing is half, nothing is doubled, the
next command finishes (hazard 2).

A child is forked for every point, so that a point costs a few milliseconds. What
"wholly new" means is taken from a run
that nobody kills: clock and ids are fixed, so its bytes are the same every time.
"""

from __future__ import annotations

import builtins
import gc
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.shell import Ran
from tests.support.state import (
    BATCH_PROFILE,
    copy_store,
    make_repository,
    outbox_of,
    state_of,
)
from ticketctl.cli.main import run
from ticketctl.store.writing import open_folders

NOW = "2026-11-02T09:00:00Z"
AMY = "agent:amy@support.example"
JANE = "customer:jane@customer.example"
CALLS = (
    "open",
    "write",
    "fsync",
    "fdatasync",
    "replace",
    "rename",
    "link",
    "symlink",
    "unlink",
    "rmdir",
    "mkdir",
    "truncate",
    "ftruncate",
    "utime",
    "chmod",
)
"""The calls of ``os`` by which a program changes a disk; ``open`` counts only where it
writes."""


def ticketctl(
    root: Path, *words: str, now: str = NOW, as_: str = AMY, feed: bytes = b""
) -> Ran:
    """Run a command line in this process, the clock being at ``now``; what it printed,
    and its status."""
    wrap = partial(io.TextIOWrapper, encoding="utf-8", write_through=True)
    out, err = wrap(io.BytesIO()), wrap(io.BytesIO(), errors="backslashreplace")
    clock = {"TICKETCTL_NOW": now} if now else {}
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch("sys.stdin", wrap(io.BytesIO(feed))),
        patch.dict(os.environ, clock),
    ):
        status = run(["-C", str(root), "--as", as_, *words])
    said, told = (stream.detach().getvalue().decode() for stream in (out, err))
    return Ran(said, int(status), told)


def done(root: Path, *words: str, now: str = NOW, as_: str = AMY) -> str:
    """Run a command line that must succeed; its output."""
    ran = ticketctl(root, *words, now=now, as_=as_)
    assert ran.status == 0, f"{words}: {ran}"
    return ran.out


_KEPT: dict[str, bytes] = {}
"""The parsed profiles of the first store: the others get them, since parsing them takes
longer than most tests."""


def make_store(
    root: Path,
    settings: str = "commit: off\n",
    profile: str = "biztech",
    git: bool = True,
) -> Path:
    """An empty store; its cache is warm, if there was one before.

    Args:
        git: whether it lies in what git takes for a repository.
    """
    (root / "tickets").mkdir(parents=True)
    (root / "ticketctl.yaml").write_text(f"profile: {profile}\n{settings}")
    if git:
        make_repository(root)
    cache = state_of(root) / "cache"
    cache.mkdir(parents=True)
    for name, data in _KEPT.items():
        (cache / name).write_bytes(data)
    return root


def make_tickets(root: Path, *halves: str) -> None:
    """New tickets with the ids ``261102-HALF``."""
    for half in halves:
        done(
            root,
            "new",
            f"Ticket {half}",
            "--id",
            f"261102-{half}",
            "-c",
            "jane@customer.example",
            "-d",
            "Please help.",
        )
    if not _KEPT:
        cache = state_of(root) / "cache"
        _KEPT.update({path.name: path.read_bytes() for path in cache.iterdir()})


def files_of(root: Path, *folders: str) -> dict[str, bytes]:
    """Path -> bytes of every file below the folders (of the store, its derived state
    left out, if none is named)."""
    tops = [root / folder for folder in folders] or [root]
    paths = [
        path
        for top in tops
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file()
    ]
    found = {str(path.relative_to(root)): path.read_bytes() for path in sorted(paths)}
    return {
        path: data
        for path, data in found.items()
        if folders or not path.startswith(".git/ticketctl/")
    }


def written(root: Path) -> dict[str, bytes]:
    """What commands write: the tickets, and the notices that are owed."""
    notices = {
        f"outbox/{path.name}": path.read_bytes() for path in outbox_of(root).glob("*")
    }
    return files_of(root, "tickets") | notices


def leftovers(root: Path) -> list[str]:
    """What no command may leave behind: waiting folders, a journal."""
    found = [
        path.name
        for folder in (state_of(root), outbox_of(root).parent, root)
        for what in ("waiting-*", "journal*", ".ticketctl-*", ".*.new")
        for path in folder.glob(what)
    ]
    known = re.compile(
        r"tickets/\d{4}/\d\d/\d\d/\d{6}-\w{5}\.yaml\Z|outbox/\d{6}-\w{5}-e\w{12}\.json\Z"
    )
    return found + [path for path in written(root) if not known.match(path)]


class Child:
    """A forked process that does one thing; a signal that ended it is a negative
    status."""

    def __init__(self, act: Callable[[], Ran], seconds: int = 60) -> None:
        self._answer, ours = os.pipe()
        write = os.write  # the act may put something else in its place
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            signal.alarm(seconds)
            try:
                ran = act()
            except BaseException:
                ran = Ran("", 99, traceback.format_exc())
            data = json.dumps(asdict(ran)).encode()
            while data:
                data = data[write(ours, data) :]
            os._exit(0)
        os.close(ours)

    def wait(self) -> Ran:
        """What came of it."""
        with open(self._answer, "rb") as file:
            data = file.read()
        _, status = os.waitpid(self.pid, 0)
        return (
            Ran(**json.loads(data))
            if data
            else Ran("", os.waitstatus_to_exitcode(status) or 98)
        )


Hook = Callable[[str, tuple[Any, ...]], Any]
"""Is told the name and the arguments of a call before it is made; what it returns, if
anything, is done instead."""


@contextmanager
def hooked(hook: Hook) -> Iterator[None]:
    """Tell ``hook`` of every call that is about to change the disk."""
    names = [name for name in CALLS if hasattr(os, name)]
    kept = {name: getattr(os, name) for name in names}
    opened = builtins.open

    def wrap(name: str) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            writes = name != "open" or args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            instead = hook(name, _absolute(args, named)) if writes else None
            return kept[name](*args, **named) if instead is None else instead()

        return call

    def open_(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
        if not isinstance(file, int) and set(mode) & set("wax+"):
            hook("open", (file,))
        return opened(file, mode, *args, **named)

    for name in names:
        setattr(os, name, wrap(name))
    builtins.open = io.open = open_
    try:
        yield
    finally:
        for name in names:
            setattr(os, name, kept[name])
        builtins.open = io.open = opened


def _absolute(args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
    """Arguments with names in folders that are open made whole paths."""
    folders = (named.get("src_dir_fd", named.get("dir_fd")), named.get("dst_dir_fd"))
    found = list(args)
    for number, folder in enumerate(folders):
        if folder is not None and number < len(found):
            found[number] = os.path.join(
                os.readlink(f"/proc/self/fd/{folder}"), found[number]
            )
    return tuple(found)


def killer(at: int) -> Hook:
    """End this process without a word at the Nth point: before a call, or half way
    through a write."""
    points, write = count(1), os.write

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if next(points) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "write" and next(points) == at:
            write(args[0], bytes(args[1])[: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def first_rename(name: str, args: tuple[Any, ...]) -> None:
    """A hook: end this process before the first ticket takes its place, when all that
    it needs is on the disk."""
    if name in ("replace", "rename") and "/tickets/" in str(args[1]):
        os.kill(os.getpid(), signal.SIGKILL)


def killed(act: Callable[[], Ran], hook: Hook) -> Ran:
    """Do it in a child that a hook may kill; its status is -9, if it comes so far."""

    def inside() -> Ran:
        with hooked(hook):
            return act()

    return Child(inside).wait()


@dataclass
class Case:
    """A command, the store in which it is killed, and that store as it is before and
    after."""

    words: tuple[str, ...]
    now: str
    template: Path
    old: Mapping[str, bytes]
    new: Mapping[str, bytes]

    def fresh(self, root: Path) -> Path:
        """The store anew."""
        copy_store(self.template, root)
        return root

    def act(self, root: Path) -> Ran:
        """The command."""
        return ticketctl(root, *self.words, now=self.now)

    def crash(self, root: Path) -> Path:
        """The store as a crash leaves it that comes when everything is written and
        nothing renamed."""
        ran = killed(lambda: self.act(self.fresh(root)), first_rename)
        assert ran.status == -signal.SIGKILL and written(root) == self.old
        return root

    def points(self, root: Path) -> Iterator[int]:
        """Kill the command at every point, in a fresh store each time, until it gets
        through."""
        for at in count(1):
            self.fresh(root)
            ran = killed(lambda: self.act(root), killer(at))
            if ran.status != -signal.SIGKILL:
                assert ran.status == 0, ran
                assert at > 10, (
                    "hardly a call was seen: does the hook still see what the store calls?"
                )
                return
            yield at


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


BYSTANDER = "tickets/2026/11/02/261102-zzzzz.yaml"


def move_case(root: Path) -> tuple[tuple[str, ...], str]:
    """A move that owes a notice: the ticket and a file in the outbox."""
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    return ("move", "aaaaa", "Pending", "--reply", "Which invoice?"), NOW


def rows_case(root: Path) -> tuple[tuple[str, ...], str]:
    """Three new tickets in days of their own, all or none."""
    rows = root.parent / "rows.jsonl"
    lines = (
        {
            "id": f"2611{day:02}-aaaaa",
            "title": f"Row {day}",
            "customer": "jane@customer.example",
        }
        for day in (1, 2, 3)
    )
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return ("new", "--from", str(rows)), NOW


def batch_case(root: Path) -> tuple[tuple[str, ...], str]:
    """A group move of three tickets with their notices, all or nothing (A26)."""
    (root / "profiles").mkdir()
    (root / "profiles/desk.yaml").write_text(BATCH_PROFILE)
    for half in ("aaaaa", "bbbbb", "ccccc"):
        done(
            root,
            "new",
            "Ready",
            "-p",
            "desk",
            "--id",
            f"261102-{half}",
            "-c",
            "jane@customer.example",
        )
    return ("batch", "-p", "desk", "release", "2026.3"), NOW


def sweep_case(root: Path) -> tuple[tuple[str, ...], str]:
    """A sweep with a closing and two reminders due."""
    make_tickets(root, "aaaaa", "bbbbb", "ccccc")
    done(root, "move", "aaaaa", "bbbbb", "ccccc", "Open", "-a", "amy@support.example")
    done(root, "move", "bbbbb", "Solved", "-m", "done")
    return ("sweep",), "2026-11-07T09:00:00Z"


CASES = {"move": move_case, "rows": rows_case, "batch": batch_case, "sweep": sweep_case}


def make_case(name: str, folder: Path, git: bool = True) -> Case:
    """A command, ready to be killed; its caches are warm, so that the points are those
    of the writing."""
    root = make_store(folder / "template", git=git)
    words, now = CASES[name](root)
    make_tickets(root, "zzzzz")
    case = Case(words, now, root, written(root), {})
    through = case.fresh(folder / "through")
    ran = case.act(through)
    assert ran.status == 0, ran
    case.new = written(through)
    assert (
        set(case.old) <= set(case.new)
        and case.old != case.new
        and not leftovers(through)
    )
    return case


def whole(case: Case, root: Path) -> dict[str, str]:
    """Path -> ``old`` or ``new`` for each file that the command changes; anything else
    is a failure (promise 2)."""
    now, found = written(root), {}
    for path in now.keys() | case.new.keys():
        if path == BYSTANDER or case.old.get(path) == case.new.get(path) == now.get(
            path
        ):
            continue
        assert now.get(path) in (case.old.get(path), case.new.get(path)), (
            f"{path} is neither old nor new"
        )
        found[path] = "old" if now.get(path) == case.old.get(path) else "new"
    return found


def write_besides(root: Path) -> None:
    """The next writing command of somebody else, which has to finish what a crash
    interrupted."""
    done(root, "note", "zzzzz", "-m", "The next command.", now="2026-11-07T10:00:00Z")
    assert leftovers(root) == []


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
    assert len(files_of(root, "tickets")) == len(days) and not leftovers(root)
    gc.collect()  # indexes of tests before
    assert len(os.listdir("/proc/self/fd")) < before + 10, "they are closed again"
