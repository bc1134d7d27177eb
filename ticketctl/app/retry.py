"""Deciding anew: what was read may be changed by an editor, or by git, before it is
written."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ticketctl.errors import BrokenError, ChangedError

T = TypeVar("T")
PAUSES = (0.01, 0.03, 0.1, 0.3)
"""How long to wait before each further try, in seconds: an editor that writes in place
needs some milliseconds."""


def retry_if_changed(act: Callable[[], T], changed: bool = False) -> T:
    """What an act returns that reads, decides and writes; it is done anew while another
    program changes what it read.

    A file that cannot be understood after that is taken to be half-written, and read
    again, too.

    Args:
        act: writes all or nothing.
        changed: whether it was done once already, and found something changed.

    Raises:
        ChangedError: the file is still being changed after the last try.
        BrokenError: it is broken even then.
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
