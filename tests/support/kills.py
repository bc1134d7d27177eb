"""Commands that are killed at one call that changes the disk."""

from __future__ import annotations

import builtins
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.shell import Ran
from tests.support.state import BATCH_PROFILE, copy_store
from tests.support.stores import (
    NOW,
    done,
    leftovers,
    make_store,
    make_tickets,
    ticketctl,
    written,
)

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
        assert ran.status == -signal.SIGKILL
        assert written(root) == self.old
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
    assert set(case.old) <= set(case.new)
    assert case.old != case.new
    assert not leftovers(through)
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
