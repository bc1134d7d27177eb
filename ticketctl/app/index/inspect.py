"""Inspect the index itself."""

from __future__ import annotations

import os

from ticketctl.app.index.parallel import map_parallel
from ticketctl.app.index.refresh import (
    ask_index,
    index_entry_of,
    is_made_by,
    parse_for_index,
)
from ticketctl.app.progress import Progress
from ticketctl.app.workspace import Workspace
from ticketctl.core.plural import counted
from ticketctl.store.index.changes import find_changes
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.fulltext import has_texts


def index_status(workspace: Workspace) -> list[str]:
    """Return the state of the index, in lines. Nothing is written."""
    try:
        index = Index.open(workspace.state)
        if not is_made_by(workspace, index):
            return [
                "the profiles or settings have changed since it was made; the next list rebuilds it"
            ]
        return _status(workspace, index)
    except UnusableError as error:
        return [f"no usable index ({error}); the next list makes one"]


def _status(workspace: Workspace, index: Index) -> list[str]:
    changes = find_changes(workspace.root, index)
    size = os.stat(index.path).st_size if index.path else 0
    return [
        f"{counted(index.count(), 'ticket file')}, {size / (1 << 20):.1f} MiB",
        f"changes found by {'git' if changes.meta else 'reading every file'}: "
        f"{counted(len(changes.to_read), 'file')} to read, {len(changes.gone)} removed",
        "texts are indexed"
        if has_texts(index)
        else "texts are not indexed yet; the first search does that",
    ]


def index_differences(workspace: Workspace, progress: Progress) -> list[str]:
    """Return how the index, brought up to date, differs from the files.

    Each line is the path of a file and what is wrong with it.
    """
    rows = ask_index(workspace, lambda index: index.summaries(), progress)
    files = find_changes(workspace.root, None).to_read
    differences = []
    for file, entry in zip(
        files,
        map_parallel(
            workspace, parse_for_index, index_entry_of, files, "verifying", progress
        ),
        strict=True,
    ):
        cells = rows.pop(file.path, None)
        if entry is None:
            continue
        if cells is None:
            differences.append(f"{file.path}: not in the index")
        elif tuple(entry.cells or (None,) * len(cells)) != tuple(cells):
            differences.append(f"{file.path}: differs from the index")
    return differences + [
        f"{path}: in the index, but there is no such file" for path in rows
    ]
