"""When this clone last swept, and the heartbeat file for a monitor of cron."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress

from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.errors import DiskError
from ticketctl.store import files

_LAST = "last-sweep"


def last_sweep(workspace: Workspace) -> str:
    """Return the instant of the last sweep of this clone; empty if it is unknown."""
    with suppress(OSError, ValueError, DiskError):
        text = (
            files.read_bytes(workspace.state.file(_LAST), 100).decode("ascii").strip()
        )
        return dates.format_instant(dates.parse_instant(text))
    return ""


def record_sweep(workspace: Workspace) -> None:
    """Record that a sweep of this clone is complete.

    A sweep in the future (``--now``) is recorded at the time of the clock, so that the
    clock does not look wrong from then on.
    """
    at = min(workspace.now, workspace.clock or workspace.now)
    with suppress(OSError):
        text = dates.format_instant(at) + "\n"
        place = f"{workspace.state.make()}/{_LAST}"
        files.replace_file(place, text.encode(), workspace.state.access)


def explain_no_heartbeat(path: str) -> str:
    """Return why a heartbeat file cannot be written to a path; empty if it can."""
    if os.path.isdir(path or "."):
        return f"cannot write the heartbeat {path or '.'}: it is a folder"
    if not os.path.isdir(os.path.dirname(path) or "."):
        return f"cannot write the heartbeat {path}: there is no such folder"
    return ""


def write_heartbeat(path: str, workspace: Workspace, counts: Mapping[str, int]) -> None:
    """Write a heartbeat file: that a run is complete, when it was, and its counts.

    Raises:
        DiskError: the file cannot be written.
    """
    content = {
        "schema": "ticketctl/1",
        "at": dates.format_instant(workspace.now),
        **counts,
    }
    try:
        files.replace_file(path, json.dumps(content).encode() + b"\n")
    except OSError as error:
        raise DiskError(
            f"cannot write the heartbeat {path}: {error.strerror}"
        ) from None
