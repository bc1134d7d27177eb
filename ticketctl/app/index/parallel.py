"""Do the same work on very many files, on all processors."""

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
    from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

T = TypeVar("T")
S = TypeVar("S")
R = TypeVar("R")

WORTH = 2000
"""From this number of files on, processes are started."""
_CHUNK = 250
_AT_HAND = 10
"""How many files are read before they are processed: reading, and then processing, has
the caches of the processor to itself. That saves a sixteenth of the time (one by one:
174 us a ticket; 5, 10, 20 at a time: 164, 162, 163)."""
_workspace: Workspace | None = None


def map_parallel(
    workspace: Workspace,
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
    what: str,
    progress: Progress = no_progress,
) -> Iterator[R]:
    """Process items on all processors, and yield the results in order.

    Args:
        read: reads an item; a function of a module, which changes nothing.
        make: makes the result of what ``read`` returns; likewise.
        what: what is done, for ``progress``.
    """
    processors = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    done = 0
    if len(items) >= WORTH and processors > 1:
        for batch in _by_all(workspace, read, make, items, processors):
            yield from batch
            done += len(batch)
            progress(what, done, len(items))
    for start in range(done, len(items), _AT_HAND):
        for number, result in enumerate(
            _some(workspace, read, make, items[start : start + _AT_HAND]), start + 1
        ):
            yield result
            progress(what, number, len(items))


def read_ticket_at(workspace: Workspace, path: str) -> LoadedTicket | Finding | None:
    """Return the ticket at a path; why it cannot be read; ``None`` if it was removed."""
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
    contents = [read(workspace, item) for item in items]
    return [make(workspace, content) for content in contents]


def _by_all(
    workspace: Workspace,
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
    processors: int,
) -> Iterator[list[R]]:
    """Process items in processes, and yield the results, many at a time.

    It ends early if a process is killed, for example because memory is short.
    """
    # Imported only here, since a list of a small store does not need it.
    from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
    from multiprocessing import get_context

    hashing.be_fast()
    gc.freeze()  # so that processes share what is there
    pool = ProcessPoolExecutor(
        processors, get_context("fork"), _start_process, (workspace,)
    )
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
                results = waiting.popleft().result()
                waiting.extend(
                    pool.submit(_all, read, make, chunk) for chunk in islice(chunks, 1)
                )
                yield results
        except BaseException:  # for example Ctrl-C: what was begun is dropped
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start_process(workspace: Workspace) -> None:
    """Prepare a process."""
    global _workspace
    _workspace = workspace
    close_inherited_locks()
    die_with_parent()
    # There are no cycles here, and to search for them takes a tenth of the time.
    gc.disable()


def _all(
    read: Callable[[Workspace, T], S],
    make: Callable[[Workspace, S], R],
    items: Sequence[T],
) -> list[R]:
    assert _workspace is not None
    parts = (
        items[start : start + _AT_HAND] for start in range(0, len(items), _AT_HAND)
    )
    return [result for part in parts for result in _some(_workspace, read, make, part)]
