"""Calls that fail as on a full or broken disk."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.state import found, state_of
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from ticketctl.store.writing.journal import waiting_name

COMMANDS = [
    ("list",),
    ("list", "-A", "--format", "json"),
    ("check",),
    ("sweep",),
    ("show", "bbbbb"),
    ("show", "261102-bbbbb"),
    ("log", "bbbbb"),
    ("next", "bbbbb"),
    ("move", "bbbbb", "Open", "-a", "amy@support.example"),
    ("note", "261102-bbbbb", "-m", "x"),
    ("check", "bbbbb"),
    ("edit", "--adopt", "bbbbb"),
]


def everywhere(root: Path, named: str, outside: Path, status: int = 65) -> None:
    """Every command names what is wrong and ends with one status; what lies outside the
    store is neither read nor changed."""
    kept = files_of(outside)
    wrong = []
    for words in COMMANDS:
        ran = ticketctl(root, *words, now="2026-11-02T10:00:00Z")
        if (
            ran.status != status
            or named not in ran.out + ran.err
            or "Traceback" in ran.err
            or "Secret" in ran.out
        ):
            wrong.append(f"{' '.join(words)}: {ran}")
    assert files_of(outside) == kept
    assert not wrong, "\n".join(wrong)
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    assert "261102-aaaaa" in ticketctl(root, "list").out
    assert files_of(outside) == kept


def two(tmp_path: Path) -> tuple[Path, Path]:
    """A store with two tickets, and a folder outside, which holds what could be the
    second."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    other = make_store(tmp_path / "other")
    done(other, "new", "Secret", "--id", "261102-bbbbb", "-c", "jane@customer.example")
    done(other, "new", "Secret", "--id", "261101-bbbbb", "-c", "jane@customer.example")
    return root, other


WAITING = "waiting-0123456789abcdef"


def leave_journal(
    root: Path, target: str, data: bytes = b"data", name: str = "", **row: Any
) -> Path:
    """The journal of a killed command, and what waits; ``row`` has other values than a
    true one."""
    state = state_of(root)
    beside = found(root).beside
    folder = root / f".ticketctl-{WAITING[8:]}" if beside else state / WAITING
    folder.mkdir(parents=True, exist_ok=True)
    waits = "0" * 32
    with suppress(UnicodeEncodeError):  # the target is no path
        waits = waiting_name(str(row.get("area", "store")), target)
    (folder / waits).write_bytes(data)
    name = name or waits
    values = {
        "area": "store",
        "target": target,
        "place": "store" if beside else "state",
        "folder": folder.name,
        "name": name,
        "digest": hashlib.sha256(data).hexdigest(),
        "replaces": None,
        **row,
    }
    journal = Path(found(root).journal)
    journal.write_text(json.dumps(list(values.values())) + "\n")
    return journal
