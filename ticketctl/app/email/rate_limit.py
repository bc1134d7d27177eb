"""How many emails of one sender were put on tickets within the last hour.

The counts are kept beside the other derived state. A damaged file counts as an empty
one: only the counts are lost.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from ticketctl.app.workspace import Workspace
from ticketctl.errors import DiskError
from ticketctl.store import files

_HOUR = timedelta(hours=1)
_LARGEST = 8 << 20
"""The largest file that is read, in bytes."""


class SenderRates(NamedTuple):
    """The emails of the last hour; times are in seconds since 1970.

    Args:
        received: when each email of a sender was put on a ticket, by sender.
        notified: when staff were notified that a sender sends too many, by sender.
    """

    received: dict[str, list[int]]
    notified: dict[str, int]


def _path(workspace: Workspace) -> str:
    """Return the path of the file; its folder may not exist yet."""
    return workspace.state.file("intake.json")


def read_rates(workspace: Workspace) -> SenderRates:
    """Return the emails of the last hour; later than the clock does not count."""
    content: Any = {}
    with suppress(OSError, ValueError, RecursionError, DiskError):
        content = json.loads(files.read_bytes(_path(workspace), _LARGEST))
    now = int(workspace.now.timestamp())
    since = now - int(_HOUR.total_seconds())
    rates = SenderRates({}, {})
    for sender, times in _items(content, "taken"):
        recent = (
            [at for at in times if _is_time(at) and since < at <= now]
            if isinstance(times, list)
            else []
        )
        if recent:
            rates.received[sender] = recent
    for sender, at in _items(content, "told"):
        if _is_time(at) and since < at <= now:
            rates.notified[sender] = at
    return rates


def _items(content: Any, key: str) -> list[tuple[str, Any]]:
    value = content.get(key) if isinstance(content, dict) else None
    return list(value.items()) if isinstance(value, dict) else []


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def received_this_hour(workspace: Workspace, sender: str) -> int:
    """Return how many emails of a sender were put on tickets within the last hour."""
    return len(read_rates(workspace).received.get(sender, ()))


def count_email(workspace: Workspace, sender: str) -> None:
    """Count one more email of a sender. The store's lock is held."""
    rates = read_rates(workspace)
    rates.received.setdefault(sender, []).append(int(workspace.now.timestamp()))
    _write(workspace, rates)


def were_staff_notified(workspace: Workspace, sender: str) -> bool:
    """Return whether staff were notified of a sender within the last hour."""
    return sender in read_rates(workspace).notified


def record_staff_notified(workspace: Workspace, sender: str) -> None:
    """Record that staff are notified of a sender. The store's lock is held."""
    rates = read_rates(workspace)
    rates.notified[sender] = int(workspace.now.timestamp())
    _write(workspace, rates)


def _write(workspace: Workspace, rates: SenderRates) -> None:
    """Write the file; if that fails, only the count is lost."""
    content = {
        "schema": "ticketctl/1",
        "taken": rates.received,
        "told": rates.notified,
    }
    with suppress(OSError):
        workspace.state.make()
        data = json.dumps(content).encode()
        files.replace_file(
            _path(workspace), data, workspace.state.access, durable=False
        )
