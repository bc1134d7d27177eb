"""A ticket that changes between being read and being written is decided anew (D9)."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.stores import done, leftovers, make_store, make_tickets, ticketctl
from ticketctl.core.hashing import sha256
from ticketctl.errors import ChangedError
from ticketctl.store.state_folder import locate_state
from ticketctl.store.tickets import Store
from ticketctl.store.writing import locks
from ticketctl.store.writing.journal import Rows, Write
from ticketctl.store.writing.originals import replace_unchanged
from ticketctl.store.writing.write_all import write_all
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

HALF = "bbbbb"


PATH = f"tickets/2026/11/02/261102-{HALF}.yaml"


MAIL = (
    "mail: {from: help@support.example, addresses: {help@support.example: biztech}}\n"
)


EMAIL = (
    f"From: jane@customer.example\nTo: help@support.example\nSubject: Re: [261102-{HALF}] x\n"
    "Message-ID: <1@x>\n\nIt came by email.\n"
).encode()


LATER = "2026-11-09T09:00:00Z"


COMMANDS: dict[str, tuple[str, ...]] = {
    "note": ("note", HALF, "-m", "It came by hand."),
    "reply": ("reply", HALF, "-m", "It came by hand."),
    "move": ("move", HALF, "Solved", "--reply", "It came by hand."),
    "sweep": ("sweep",),
    "set": ("set", HALF, "due=tomorrow"),
    "mail in": ("mail", "in"),
    "several": ("move", "aaaaa", HALF, "Solved", "--reply", "It came."),
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two tickets on which a sweep has something to do."""
    root = make_store(tmp_path / "store", "commit: off\n" + MAIL)
    make_tickets(root, "aaaaa", HALF)
    for half in ("aaaaa", HALF):
        done(root, "move", half, "Open", "-a", "amy@support.example")
    ticketctl(root, "list")
    return root


@contextmanager
def edited(root: Path, edit: Callable[[Path], None]) -> Iterator[list[float]]:
    """Let somebody edit the ticket each time a writing command has just read it; when
    that was."""
    at: list[float] = []
    read = Store.read_path

    def then_edited(self: Store, path: str) -> LoadedTicket:
        loaded = read(self, path)
        if loaded.path == PATH and locks.open_locks:
            at.append(time.monotonic())
            edit(root / PATH)
        return loaded

    with patch.object(Store, "read_path", then_edited):
        yield at


class Comments:
    """An editor that adds a comment in place, so many times."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, path: Path) -> None:
        """Edit it, unless enough was edited."""
        if self.left:
            self.left -= 1
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"# edit {self.left}\n")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("edits", [1, 3])
def test_it_is_decided_anew(edits: int, name: str, store: Path) -> None:
    """Both stay: what was edited, and what the command wrote, once."""
    before = (store / PATH).read_text().count("\n- ")
    with edited(store, Comments(edits)):
        ran = ticketctl(store, *COMMANDS[name], now=LATER, feed=EMAIL)
    assert ran.status == 0 and not ran.err.count("error"), ran
    text = (store / PATH).read_text()
    assert text.count("# edit ") == edits
    assert text.count("\n- ") > before
    assert text.count("It came") == (name not in ("set", "sweep"))
    assert ticketctl(store, "check", now=LATER).status == 0
    assert not leftovers(store)
    if name in ("several", "sweep"):  # nothing was done to others twice, or not at all
        assert (store / PATH.replace(HALF, "aaaaa")).read_text().count(
            "\n- "
        ) == text.count("\n- ")
        assert (
            ticketctl(store, "sweep", now=LATER).out.count(HALF) == 0
            or name == "several"
        )


@pytest.mark.parametrize("name", ["note", "move", "sweep", "mail in"])
def test_edits_without_end(name: str, store: Path) -> None:
    """It is not tried for ever: 75, the ticket is as the editor has it, and the other
    tickets are done."""
    before = (store / PATH).read_text()
    start = time.monotonic()
    with edited(store, Comments(10_000)) as at:
        ran = ticketctl(store, *COMMANDS[name], now=LATER, feed=EMAIL)
    assert (
        ran.status == 75 and "changed by another program" in ran.err and PATH in ran.err
    ), ran
    assert 2 < len(at) < 20
    assert time.monotonic() - start < 30
    assert (store / PATH).read_text().split("# edit ")[0] == before
    assert not leftovers(store)
    if name == "sweep":
        assert "aaaaa" in ran.out


@pytest.mark.parametrize("name", ["note", "sweep", "mail in"])
def test_a_file_that_is_half_written(name: str, store: Path) -> None:
    """An editor that writes in place leaves half a file for some milliseconds: that is
    not a broken ticket."""
    threads: list[threading.Thread] = []

    def edit(path: Path) -> None:
        if threads:
            return
        whole = path.read_text()
        path.write_text(whole[: len(whole) // 2])
        threads.append(
            threading.Thread(
                target=lambda: (
                    time.sleep(0.05),
                    path.write_text(whole + "# whole again\n"),
                )
            )
        )
        threads[0].start()

    with edited(store, edit):
        ran = ticketctl(store, *COMMANDS[name], now=LATER, feed=EMAIL)
    threads[0].join()
    assert ran.status == 0, ran
    assert "# whole again" in (store / PATH).read_text()


def test_a_change_that_makes_it_impossible(store: Path) -> None:
    """Decided anew means by the rules as the ticket now is: an edit that breaks it is
    told, and stays."""

    def edit(path: Path) -> None:
        path.write_text(path.read_text().replace("status: Open", "status: Closed", 1))

    with edited(store, edit):
        ran = ticketctl(store, *COMMANDS["note"])
    assert ran.status == 65
    assert "set by hand" in ran.err
    assert "status: Closed" in (store / PATH).read_text()
    assert "by hand." not in (store / PATH).read_text()


def take(folder: Path, was: bytes | None, new: bytes = b"new") -> bytes | None:
    """Put a new file into the place of ``a``; what was there."""
    (folder / "waiting").write_bytes(new)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        digest = None if was is None else sha256(was).hex()
        return replace_unchanged(
            (descriptor, "waiting"), (descriptor, "a"), "tickets/a", digest
        )
    finally:
        os.close(descriptor)


def test_the_last_look(tmp_path: Path) -> None:
    """A file that was changed, removed or made meanwhile keeps its place; one that is
    as it was gives it up."""
    for now, was in ((b"one", b"two"), (b"one", None), (None, b"one")):
        (tmp_path / "a").unlink(missing_ok=True)
        if now is not None:
            (tmp_path / "a").write_bytes(now)
        with pytest.raises(
            ChangedError, match="tickets/a was changed by another program"
        ):
            take(tmp_path, was)
        assert (tmp_path / "a").exists() == (now is not None)
        assert (tmp_path / "waiting").read_bytes() == b"new"
    assert take(tmp_path, None, b"first") is None
    assert take(tmp_path, b"first") == b"first"
    assert (tmp_path / "a").read_bytes() == b"new"
    assert not (tmp_path / "waiting").exists()


def needs_leases(folder: Path) -> None:
    """Skip a test where the kernel or the file system has no leases."""
    with open(folder / "a", "rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except (AttributeError, OSError):
            pytest.skip("no leases here")


def test_a_file_that_is_being_written_to_is_left_alone(tmp_path: Path) -> None:
    """Though its bytes are still what they were: an editor has it open for writing. Who
    reads is in nobody's way."""
    (tmp_path / "a").write_bytes(b"one")
    needs_leases(tmp_path)
    with (
        (tmp_path / "a").open("r+b"),
        pytest.raises(ChangedError, match="writing into tickets/a"),
    ):
        take(tmp_path, b"one")
    with (tmp_path / "a").open("rb"):
        assert take(tmp_path, b"one") == b"one"


def test_a_writer_waits_for_the_lease_and_nothing_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal of a lease that is broken would end a process that does not expect it."""
    (tmp_path / "a").write_bytes(b"one")
    needs_leases(tmp_path)
    rename = os.rename

    def slowly(*words: Any, **more: Any) -> None:
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "a", os.O_WRONLY | os.O_NONBLOCK)
        rename(*words, **more)

    monkeypatch.setattr(os, "rename", slowly)
    assert take(tmp_path, b"one") == b"one"
    os.close(os.open(tmp_path / "a", os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("edited", range(3))
def test_what_belongs_together_is_put_back_where_one_has_changed(
    git_root: Path, edited: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor comes after the first look: all are as they were, but for what it
    wrote."""
    state = locate_state(str(git_root))
    paths = [f"tickets/2026/11/02/{name}.yaml" for name in "abc"]
    old: list[bytes | None] = [b"a", None, b"c"]
    for path, data in zip(paths, old, strict=True):
        (git_root / path).parent.mkdir(parents=True, exist_ok=True)
        if data is not None:
            (git_root / path).write_bytes(data)

    def ready(rows: Rows) -> None:
        assert len(list(rows())) == 3
        (git_root / paths[edited]).write_bytes(b"by hand")

    writes = [Write(path, b"new", data) for path, data in zip(paths, old, strict=True)]
    with pytest.raises(ChangedError, match=paths[edited]):
        write_all(state, writes, ready)
    for number, (path, data) in enumerate(zip(paths, old, strict=True)):
        there = (git_root / path).read_bytes() if (git_root / path).exists() else None
        assert there == (b"by hand" if number == edited else data)
    assert not list((git_root / ".git/ticketctl").glob("*"))
    assert write_all(state, [Write(paths[edited], b"new", b"by hand")]) == 1
