"""How a long run reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Is called with what is done, how many items are done, and how many there are."""


def no_progress(what: str, done: int, total: int) -> None:
    """Report no progress."""
