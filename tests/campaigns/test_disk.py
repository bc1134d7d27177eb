"""A disk that is full, read-only or broken: the old ticket is intact (hazard 5).

The user is told what failed.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.disk_faults import COMMANDS, everywhere, two
from tests.support.kills import Case, hooked, make_case, whole, write_besides
from tests.support.shell import Ran
from tests.support.stores import (
    done,
    files_of,
    leftovers,
    make_store,
    make_tickets,
    ticketctl,
    written,
)

UNDO = ("unlink", "rmdir")
"""What a full or broken disk still does."""


@dataclass
class Fault:
    """From the Nth call on (or just there) the disk fails; a full one still deletes, a
    read-only one does not."""

    number: int
    at: int
    lasting: bool
    points: int = 0
    failed: str = ""

    def __call__(self, name: str, args: tuple[Any, ...]) -> None:
        """The hook."""
        if self.lasting and name in UNDO and self.number != errno.EROFS:
            return
        self.points += 1
        if self.points == self.at or (self.lasting and self.points > self.at):
            self.failed = self.failed or name
            raise OSError(self.number, os.strerror(self.number), str(args[0]))


def faults(
    case: Case, root: Path, number: int, lasting: bool
) -> Iterator[tuple[Fault, Ran]]:
    """Run the command with the fault at every point, in a fresh store each time, until
    it comes too late."""
    for at in count(1):
        case.fresh(root)
        fault = Fault(number, at, lasting)
        with hooked(fault):
            ran = case.act(root)
        if fault.points < at:
            assert ran.status == 0 and at > 6, (
                "hardly a call was seen: does the hook still see what the store calls?"
            )
            return
        yield fault, ran


def judge(case: Case, root: Path, fault: Fault, ran: Ran) -> None:
    """The promises of hazard 5, at one point."""
    states = set(whole(case, root).values())
    where = f"point {fault.at} ({fault.failed}): {states} {ran}"
    undone = fault.number != errno.EROFS and fault.failed not in UNDO
    if ran.status == 0:
        empty = fault.failed == "rmdir"  # an empty folder stays until the next command
        assert states == {"new"} and (empty or not leftovers(root)), (
            f"it says that it is done; {where}"
        )
        return
    assert ran.status == 71 and not ran.out, f"not a plain failure; {where}"
    said = ran.err.splitlines()
    assert [line for line in said if line.startswith("error: ")] == said[:1] and len(
        said
    ) <= 2, f"words; {where}"
    assert "Traceback" not in ran.err and "bug" not in ran.err, f"words; {where}"
    if "nothing was changed" in ran.err:
        assert states == {"old"}, f"it was changed; {where}"
    if "the next command" not in ran.err:
        assert not undone or leftovers(root) == [], (
            f"leftovers {leftovers(root)}; {where}"
        )
    write_besides(root)
    after = set(whole(case, root).values())
    assert len(after) == 1, f"half a write, {after} after the next command; {where}"
    for words in ("the next command", "files are written"):
        assert after == {"new"} or words not in ran.err, f"not finished; {where}"
    assert after == {"old"} or "nothing was changed" not in ran.err, (
        f"it was changed later; {where}"
    )


FAULTS = [
    pytest.param(
        number,
        lasting,
        id=f"{errno.errorcode[number]}{'-from-there-on' if lasting else ''}",
    )
    for number, lasting in [
        (errno.ENOSPC, True),
        (errno.EROFS, True),
        (errno.EIO, True),
        (errno.EIO, False),
        (errno.EACCES, False),
    ]
]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    """The stores in which a disk fails, made once."""
    shm = (
        "/dev/shm"
        if os.access("/dev/shm", os.W_OK)
        else tmp_path_factory.mktemp("cases")
    )
    with tempfile.TemporaryDirectory(dir=shm, prefix="ticketctl-test-") as name:
        folder = Path(name)
        found = {
            name: make_case(name, folder / name) for name in ("move", "rows", "batch")
        }
        yield {"note": note_case(folder / "note"), **found}


def note_case(folder: Path) -> Case:
    """A note owes no notice: one file, no journal."""
    root = make_store(folder / "template")
    make_tickets(root, "aaaaa", "zzzzz")
    case = Case(
        ("note", "aaaaa", "-m", "Looked at it."),
        "2026-11-02T10:00:00Z",
        root,
        written(root),
        {},
    )
    through = case.fresh(folder / "through")
    assert case.act(through).status == 0
    case.new = written(through)
    return case


@pytest.mark.parametrize(("number", "lasting"), FAULTS)
@pytest.mark.parametrize("name", ["note", "move", "rows", "batch"])
def test_every_write_may_fail(
    name: str, number: int, lasting: bool, cases: dict[str, Case]
) -> None:
    """The old ticket intact, status 71, one plain message that is true, no leftovers
    (5; Taskwarrior #2264)."""
    case = cases[name]
    root = case.template.parent / "store"
    wrong = []
    for fault, ran in faults(case, root, number, lasting):
        try:
            judge(case, root, fault, ran)
        except AssertionError as error:
            wrong.append(str(error).partition("\n")[0])
    assert not wrong, "\n".join([f"{len(wrong)} points:", *wrong])


def test_a_failing_sweep_goes_on_where_it_can(tmp_path: Path) -> None:
    """One ticket that cannot be written stops no other; status 71, and the next sweep
    does what is left (5, 7)."""
    case = make_case("sweep", tmp_path)
    root = case.fresh(tmp_path / "store")
    bad = "261102-bbbbb"
    full = 0

    def hook(name: str, args: tuple[Any, ...]) -> None:
        nonlocal full
        if name == "write" and bad.encode() in bytes(args[1])[:20]:
            full += 1
            raise OSError(errno.ENOSPC, "No space left on device")

    with hooked(hook):
        ran = case.act(root)
    assert full == 3 and ran.status == 71, (
        "once with all others, once with half of them, once for itself"
    )
    assert "No space left on device" in ran.err
    assert "Traceback" not in ran.err
    states = whole(case, root)
    assert {path for path, state in states.items() if state == "old"} == {
        f"tickets/2026/11/02/{bad}.yaml"
    }
    assert leftovers(root) == []
    assert case.act(root).status == 0
    assert set(whole(case, root).values()) == {"new"}


def test_short_writes(tmp_path: Path) -> None:
    """A write that takes only a few bytes at a time is gone on with, not taken for the
    whole (5)."""
    case = make_case("move", tmp_path)
    root = case.fresh(tmp_path / "store")
    write = os.write

    def hook(name: str, args: tuple[Any, ...]) -> Any:
        return (lambda: write(args[0], bytes(args[1])[:7])) if name == "write" else None

    with hooked(hook):
        assert case.act(root).status == 0
    assert written(root) == case.new


@pytest.mark.parametrize("lacking", ["open", "link", "system"])
def test_where_no_file_can_be_without_a_name(
    lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without such files, no /proc to give them a name, another system:
    written the plain way, as well."""
    case = make_case("batch", tmp_path)
    root = case.fresh(tmp_path / "store")
    nameless = getattr(os, "O_TMPFILE", 0)
    asked = 0

    def hook(name: str, args: tuple[Any, ...]) -> None:
        nonlocal asked
        if (name == "link" and str(args[0]).startswith("/proc/")) or (
            name == "open" and len(args) > 1 and args[1] & nameless == nameless > 0
        ):
            asked += 1
            if name == lacking:
                raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    if lacking == "system":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    with hooked(hook):
        assert case.act(root).status == 0
    assert bool(asked) == (lacking != "system" and bool(nameless))
    assert set(whole(case, root).values()) == {"new"}
    assert leftovers(root) == []


def test_a_cache_that_cannot_be_written_is_only_slower(tmp_path: Path) -> None:
    """On a read-only or full disk reading commands answer as ever, and leave nothing
    (5, 20)."""
    case = make_case("move", tmp_path)
    answer = done(case.template, "show", "aaaaa", now="2026-11-03T09:00:00Z")
    for number, calls in (
        (errno.EROFS, ("open", "mkdir")),
        (errno.ENOSPC, ("write", "replace")),
    ):
        root = case.fresh(tmp_path / "store")
        shutil.rmtree(root / ".git/ticketctl")
        tried = 0

        def hook(
            name: str,
            args: tuple[Any, ...],
            number: int = number,
            calls: tuple[str, ...] = calls,
        ) -> None:
            nonlocal tried
            if name in calls:
                tried += 1
                raise OSError(number, os.strerror(number))

        with hooked(hook):
            assert done(root, "show", "aaaaa", now="2026-11-03T09:00:00Z") == answer
        assert tried, "nothing was kept at all?"
        assert [
            path for path in (root / ".git/ticketctl").rglob("*") if path.is_file()
        ] == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB; only root can mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=64k,mode=700",
        "ticketctl-test",
        str(place),
    ]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip(
            "only root can mount a file system of 64 KiB; the faults themselves are tested without"
        )
    if (
        ran := subprocess.run(mount, capture_output=True, text=True, check=False)
    ).returncode:
        pytest.skip(
            f"no file system of 64 KiB can be mounted here: {ran.stderr.strip()}"
        )
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_really_full_disk(small: Path) -> None:
    """Notes until the disk is full: refused with 71, everything there as before, and it
    works again with room (5)."""
    root = make_store(small / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    for number in range(100):
        before = files_of(root)
        ran = ticketctl(
            root, "note", "aaaaa", "-m", f"{number}\n" + "A long note. " * 300
        )
        if ran.status:
            break
    assert ran.status == 71 and not ran.out and "No space left on device" in ran.err, (
        ran
    )
    assert len(ran.err.splitlines()) <= 2
    assert "Traceback" not in ran.err
    assert files_of(root) == before
    assert leftovers(root) == []
    assert ticketctl(root, "check").status == 0
    assert ticketctl(
        root, "move", "bbbbb", "Open", "-a", "amy@support.example"
    ).status in (0, 71)
    assert leftovers(root) == []
    subprocess.run(["mount", "-o", "remount,size=256k", str(small)], check=True)
    done(root, "note", "aaaaa", "-m", "There is room again.")
    assert ticketctl(root, "check").status == 0


def test_a_full_disk_before_the_first_cache(small: Path) -> None:
    """A cache that does not fit leaves no half file that takes the room of a ticket (5,
    20)."""
    root = make_store(small / "store")
    make_tickets(root, "aaaaa")
    shutil.rmtree(root / ".git/ticketctl")
    with open(small / "filler", "wb", buffering=0) as file:
        while (
            free(small) > 12288
        ):  # a ticket, the lock on the index, the list of what is not committed
            file.write(bytes(4096))
    assert done(root, "list", "--format", "id") == "261102-aaaaa\n"
    assert [
        path.name
        for path in root.glob(".git/ticketctl/cache/*")
        if path.suffix != ".json"
    ] == []
    done(root, "note", "aaaaa", "-m", "There was room for this.")


def free(place: Path) -> int:
    """The bytes that are left on a file system."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def test_a_really_read_only_disk(small: Path) -> None:
    """Reading works as ever, writing is refused with 71 and one message (5)."""
    root = make_store(small / "store")
    make_tickets(root, "aaaaa")
    done(
        root, "move", "aaaaa", "Open", "-a", "amy@support.example"
    )  # a reminder will be due
    shutil.rmtree(root / ".git/ticketctl")
    before = files_of(root)
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    for words in (
        ("list",),
        ("show", "aaaaa"),
        ("log", "aaaaa"),
        ("next", "aaaaa"),
        ("check",),
        ("sweep", "-n"),
    ):
        assert done(root, *words) or words[0] in ("check", "sweep")
    for acts in (
        ("note", "aaaaa", "-m", "x"),
        ("new", "x", "-c", "jane@customer.example"),
        ("sweep",),
    ):
        ran = ticketctl(root, *acts, now="2026-11-09T09:00:00Z")
        assert (
            ran.status == 71 and not ran.out and "Read-only file system" in ran.err
        ), (acts, ran)
        assert len(ran.err.splitlines()) <= 2, ran
    assert files_of(root) == before


def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    """A ticket without permission is not broken: 71, named, and it hides no other; so
    is a store (5, 7)."""
    root, other = two(tmp_path)
    path = "tickets/2026/11/02/261102-bbbbb.yaml"
    shutil.copy(other / path, root / path)
    (root / path).chmod(0)
    if os.access(root / path, os.R_OK):
        pytest.skip("root reads everything; the test runs for other users")
    everywhere(root, path, other, 71)
    (root / path).chmod(0o644)
    (root / "tickets/2026/11").chmod(0)
    try:
        for words in COMMANDS:
            ran = ticketctl(root, *words)
            assert (
                ran.status in (65, 66, 71)
                and "Traceback" not in ran.err
                and "bug" not in ran.err
            ), (words, ran)
    finally:
        (root / "tickets/2026/11").chmod(0o755)


def test_folders_that_may_not_be_written(tmp_path: Path) -> None:
    """Permission denied is said plainly, status 71, and nothing is lost (5)."""
    root, _ = two(tmp_path)
    shutil.rmtree(root / ".git/ticketctl")
    root.chmod(0o555)
    if os.access(root, os.W_OK):
        pytest.skip("root writes everywhere; the test runs for other users")
    before = files_of(root)
    try:
        assert done(root, "list", "--format", "id") == "261102-aaaaa\n"
        for words in (("note", "aaaaa", "-m", "x"), ("sweep",)):
            ran = ticketctl(root, *words, now="2026-12-01T09:00:00Z")
            assert (
                ran.status == 71
                and "Permission denied" in ran.err
                and len(ran.err.splitlines()) <= 2
            ), ran
    finally:
        root.chmod(0o755)
    assert files_of(root) == before
