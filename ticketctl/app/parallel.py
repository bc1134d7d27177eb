"""The same work on very many files, by all processors."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from ticketctl.app.desk import Desk
from ticketctl.app.watch import Watch, unwatched
from ticketctl.core import digest
from ticketctl.store.files import die_with_parent, let_go

T = TypeVar("T")
R = TypeVar("R")

WORTH = 2000
"""From how many files on it pays to start processes."""
_CHUNK = 250
_desk: Desk | None = None


def spread(
    desk: Desk, work: Callable[[Desk, T], R], items: Sequence[T], what: str, watch: Watch = unwatched
) -> Iterator[R]:
    """What ``work`` makes of each item, in their order.

    Args:
        work: a function of a module, which looks at files and changes nothing.
        what: what is being done, for ``watch``.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    done = 0
    if len(items) >= WORTH and processors > 1:
        for some in _by_all(desk, work, items, processors):
            yield from some
            done += len(some)
            watch(what, done, len(items))
    for number in range(done, len(items)):
        yield work(desk, items[number])
        watch(what, number + 1, len(items))


def _by_all(desk: Desk, work: Callable[[Desk, T], R], items: Sequence[T], processors: int) -> Iterator[list[R]]:
    """The same, many at a time; it ends early if a process is killed (by who needs its memory, say)."""
    # Loaded only here: a list of a small store must not pay for it.
    from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
    from multiprocessing import get_context

    digest.be_fast()
    gc.freeze()  # so that processes share what is there
    pool = ProcessPoolExecutor(processors, get_context("fork"), _sit_down, (desk,))
    with suppress(BrokenExecutor), pool:
        chunks = (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
        waiting: deque[Future[list[R]]] = deque(pool.submit(_all, work, c) for c in islice(chunks, 3 * processors))
        while waiting:
            found = waiting.popleft().result()
            waiting.extend(pool.submit(_all, work, chunk) for chunk in islice(chunks, 1))
            yield found


def _sit_down(desk: Desk) -> None:
    """What a process begins with."""
    global _desk
    _desk = desk
    let_go()
    die_with_parent()
    gc.disable()  # nothing here is made in circles, and to look for such takes a tenth of the time


def _all(work: Callable[[Desk, T], R], items: Sequence[T]) -> list[R]:
    assert _desk is not None
    return [work(_desk, item) for item in items]
