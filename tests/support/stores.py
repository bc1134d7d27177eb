"""Small stores for tests, and commands that run on them in this process."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from unittest.mock import patch

from tests.support.lists import every
from tests.support.shell import Ran
from tests.support.state import make_repository, outbox_of, state_of
from ticketctl.cli.main import run
from ticketctl.core.entry import Entry
from ticketctl.errors import BrokenError
from ticketctl.store.tickets import Store

NOW = "2026-11-02T09:00:00Z"


AMY = "agent:amy@support.example"


JANE = "customer:jane@customer.example"


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


def histories(root: Path) -> dict[str, tuple[Entry, ...]]:
    """Id -> history of every ticket; a file that cannot be read is a failure."""
    found = {}
    for loaded in every(Store(str(root))):
        assert not isinstance(loaded, BrokenError), loaded.finding
        assert not loaded.differences
        found[loaded.ticket.id] = loaded.ticket.history
    return found
