"""Signs of life of the sweep: when this clone last swept, and a file for whoever
watches over cron."""

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
    """The instant of the last sweep of this clone, if it is known."""
    with suppress(OSError, ValueError, DiskError):
        text = (
            files.read_bytes(workspace.state.file(_LAST), 100).decode("ascii").strip()
        )
        return dates.format_instant(dates.parse_instant(text))
    return ""


def record_sweep(workspace: Workspace) -> None:
    """Note that a sweep of this clone came to its end. One at an instant of the future
    (``--now``) counts as of the
    clock: it is no trace of time, and must not make the clock look wrong from then on.
    """
    at = min(workspace.now, workspace.clock or workspace.now)
    with suppress(OSError):
        text = dates.format_instant(at) + "\n"
        place = f"{workspace.state.made()}/{_LAST}"
        files.replace_file(place, text.encode(), workspace.state.access)


def explain_no_heartbeat(path: str) -> str:
    """Why no sign of life could be left there; nothing, if one can."""
    if os.path.isdir(path or "."):
        return f"cannot write the heartbeat {path or '.'}: it is a folder"
    if not os.path.isdir(os.path.dirname(path) or "."):
        return f"cannot write the heartbeat {path}: there is no such folder"
    return ""


def write_heartbeat(path: str, workspace: Workspace, counts: Mapping[str, int]) -> None:
    """Leave a sign of life for whoever watches over cron: that a run came to its end,
    when, and what it found.

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
