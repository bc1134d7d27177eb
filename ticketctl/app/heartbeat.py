"""Signs of life of the sweep: when this clone last swept, and a file for whoever watches over cron."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress

from ticketctl.app.desk import Desk
from ticketctl.core import dates
from ticketctl.errors import DiskError
from ticketctl.store import files

_LAST = "last-sweep"


def last_sweep(desk: Desk) -> str:
    """The instant of the last sweep of this clone, if it is known."""
    with suppress(OSError, ValueError, DiskError):
        text = files.read_bytes(f"{desk.root}/{files.STATE}/{_LAST}", 100).decode("ascii").strip()
        return dates.format_instant(dates.parse_instant(text))
    return ""


def remember(desk: Desk) -> None:
    """Note that a sweep of this clone came to its end."""
    with suppress(OSError):
        _put_aside(f"{desk.root}/{files.STATE}/{_LAST}", dates.format_instant(desk.now) + "\n")


def _put_aside(path: str, text: str) -> None:
    """Write a small file whole; where a symbolic link has its name, the link gives way."""
    folder, name = os.path.split(path)
    aside = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        with open(aside, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        files.sync(folder or ".")
    except OSError:
        with suppress(OSError):
            os.unlink(aside)
        raise


def no_heartbeat(path: str) -> str:
    """Why no sign of life could be left there; nothing, if one can."""
    if os.path.isdir(path or "."):
        return f"cannot write the heartbeat {path or '.'}: it is a folder"
    if not os.path.isdir(os.path.dirname(path) or "."):
        return f"cannot write the heartbeat {path}: there is no such folder"
    return ""


def heartbeat(path: str, desk: Desk, counts: Mapping[str, int]) -> None:
    """Leave a sign of life for whoever watches over cron: that a run came to its end, when, and what it found.

    Raises:
        DiskError: the file cannot be written.
    """
    content = {"schema": "ticketctl/1", "at": dates.format_instant(desk.now), **counts}
    try:
        _put_aside(path, json.dumps(content) + "\n")
    except OSError as error:
        raise DiskError(f"cannot write the heartbeat {path}: {error.strerror}") from None
