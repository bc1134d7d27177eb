"""The same work on very many files, by all processors."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core import hashing
from ticketctl.errors import BrokenError, Finding, MissingError, UnreadError
from ticketctl.store.writing.locks import close_inherited_locks, die_with_parent

if TYPE_CHECKING:
    from ticketctl.store.yaml.loader import LoadedTicket

T = TypeVar("T")
S = TypeVar("S")
R = TypeVar("R")

WORTH = 2000
"""From how many files on it pays to start processes."""
_CHUNK = 250
_AT_HAND = 10
"""How many files are read before anything is made of them: reading has the processor's
caches to itself, then making has. It takes a sixteenth of the time off (one by one: 174
us a ticket; 5, 10, 20 at a time: 164, 162, 163)."""
_workspace: Workspace | None = None


def spread(
    workspace: Workspace,
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
    what: str,
    progress: Progress = no_progress,
) -> Iterator[R]:
    """What is made of each item, in their order.

    Args:
        read, make: what is done with an item, and with what that gave: functions of a
            module, which look at files and change nothing.
        what: what is being done, for ``progress``.
    """
    processors = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    done = 0
    if len(items) >= WORTH and processors > 1:
        for some in _by_all(workspace, read, make, items, processors):
            yield from some
            done += len(some)
            progress(what, done, len(items))
    for start in range(done, len(items), _AT_HAND):
        for number, made in enumerate(
            _some(workspace, read, make, items[start : start + _AT_HAND]), start + 1
        ):
            yield made
            progress(what, number, len(items))


def read_ticket_at(workspace: Workspace, path: str) -> LoadedTicket | Finding | None:
    """The ticket at a path; what is wrong with it, if it cannot be read; nothing, if it
    went meanwhile."""
    try:
        return workspace.read_path(path)
    except MissingError:
        return None
    except (BrokenError, UnreadError) as error:
        return error.finding


def _some(
    workspace: Workspace,
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
) -> list[R]:
    return [make(workspace, one) for one in [read(workspace, item) for item in items]]


def _by_all(
    workspace: Workspace,
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
    processors: int,
) -> Iterator[list[R]]:
    """The same, many at a time; it ends early if a process is killed (by who needs its
    memory, say)."""
    # Loaded only here: a list of a small store must not pay for it.
    from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
    from multiprocessing import get_context

    hashing.be_fast()
    gc.freeze()  # so that processes share what is there
    pool = ProcessPoolExecutor(processors, get_context("fork"), _sit_down, (workspace,))
    with suppress(BrokenExecutor), pool:
        chunks = (
            items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)
        )
        waiting: deque[Future[list[R]]] = deque(
            pool.submit(_all, read, make, chunk)
            for chunk in islice(chunks, 3 * processors)
        )
        try:
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(
                    pool.submit(_all, read, make, chunk) for chunk in islice(chunks, 1)
                )
                yield found
        except BaseException:  # Ctrl-C, say: nobody waits for what was begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _sit_down(workspace: Workspace) -> None:
    """What a process begins with."""
    global _workspace
    _workspace = workspace
    close_inherited_locks()
    die_with_parent()
    gc.disable()  # nothing here is made in circles, and to look for such takes a tenth of the time


def _all(
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
) -> list[R]:
    assert _workspace is not None
    parts = (
        items[start : start + _AT_HAND] for start in range(0, len(items), _AT_HAND)
    )
    return [made for part in parts for made in _some(_workspace, read, make, part)]
