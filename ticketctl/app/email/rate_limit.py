"""How many emails of one sender were put on tickets within the last hour.

What is counted lies beside the other derived state. Losing it costs nothing but the
count: a damaged file is an empty one.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from ticketctl.app.workspace import Workspace
from ticketctl.errors import DiskError
from ticketctl.record import Record
from ticketctl.store import files

_HOUR = timedelta(hours=1)
_LARGEST = 8 << 20
"""The largest file that is read, in bytes."""


class SenderRate(Record):
    """The emails of the last hour.

    Args:
        taken: sender -> when each of theirs was put on a ticket, in seconds since 1970.
        told: sender -> when staff were told that there are too many.
    """

    taken: dict[str, list[int]]
    told: dict[str, int]


def _place(workspace: Workspace) -> str:
    """The path of the file; its folder may not be there yet."""
    return workspace.state.file("intake.json")


def read(workspace: Workspace) -> SenderRate:
    """What was counted within the last hour; what is older, or later than the clock, is
    left out."""
    content: Any = {}
    with suppress(OSError, ValueError, RecursionError, DiskError):
        content = json.loads(files.read_bytes(_place(workspace), _LARGEST))
    now = int(workspace.now.timestamp())
    since = now - int(_HOUR.total_seconds())
    found = SenderRate({}, {})
    for sender, times in _mapping(content, "taken"):
        recent = (
            [at for at in times if _is_time(at) and since < at <= now]
            if isinstance(times, list)
            else []
        )
        if recent:
            found.taken[sender] = recent
    for sender, at in _mapping(content, "told"):
        if _is_time(at) and since < at <= now:
            found.told[sender] = at
    return found


def _mapping(content: Any, key: str) -> list[tuple[str, Any]]:
    held = content.get(key) if isinstance(content, dict) else None
    return list(held.items()) if isinstance(held, dict) else []


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def number(workspace: Workspace, sender: str) -> int:
    """How many emails of a sender were put on tickets within the last hour."""
    return len(read(workspace).taken.get(sender, ()))


def count(workspace: Workspace, sender: str) -> None:
    """Count one more. The store's lock is held."""
    intake = read(workspace)
    intake.taken.setdefault(sender, []).append(int(workspace.now.timestamp()))
    _write(workspace, intake)


def was_told(workspace: Workspace, sender: str) -> bool:
    """Whether staff were told within the last hour that a sender sends too many."""
    return sender in read(workspace).told


def tell(workspace: Workspace, sender: str) -> None:
    """Remember that staff were told. The store's lock is held."""
    intake = read(workspace)
    intake.told[sender] = int(workspace.now.timestamp())
    _write(workspace, intake)


def _write(workspace: Workspace, intake: SenderRate) -> None:
    """Write the file anew; where that cannot be done, the count is lost and nothing
    else."""
    content = {"schema": "ticketctl/1", "taken": intake.taken, "told": intake.told}
    with suppress(OSError):
        workspace.state.made()
        data = json.dumps(content).encode()
        files.replace_file(
            _place(workspace), data, workspace.state.access, durable=False
        )
