"""Decide anew when an editor or git changes a file between reading and writing it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ticketctl.errors import BrokenError, ChangedError

T = TypeVar("T")
PAUSES = (0.01, 0.03, 0.1, 0.3)
"""How long to wait before each further attempt, in seconds: an editor that writes in
place needs some milliseconds."""


def retry_if_changed(act: Callable[[], T], changed: bool = False) -> T:
    """Call a function that reads, decides and writes, until no file changes meanwhile.

    A file that changed and cannot be parsed now counts as half-written: the function is
    called again.

    Args:
        act: the function; it writes all or nothing.
        changed: whether it was called once already, and found a file changed.

    Returns:
        What the function returns.

    Raises:
        ChangedError: the file still changes at the last attempt.
        BrokenError: the file is broken even then.
    """
    for pause in PAUSES:
        if changed:
            time.sleep(pause)
        try:
            return act()
        except ChangedError:
            changed = True
        except BrokenError:
            if not changed:
                raise
    time.sleep(PAUSES[-1])
    return act()
