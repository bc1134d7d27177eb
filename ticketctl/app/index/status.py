"""Looking at the index itself."""

from __future__ import annotations

import os

from ticketctl.app.index.parallel import spread
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
    """What there is, in lines; nothing is written."""
    try:
        index = Index.open(workspace.state)
        if not is_made_by(workspace, index):
            return [
                "the profiles or settings have changed since it was made; the next list makes it anew"
            ]
        return _status(workspace, index)
    except UnusableError as error:
        return [f"no index that is of use ({error}); the next list makes one"]


def _status(workspace: Workspace, index: Index) -> list[str]:
    found = find_changes(workspace.root, index)
    size = os.stat(index.path).st_size if index.path else 0
    return [
        f"{counted(index.count(), 'ticket file')}, {size / (1 << 20):.1f} MiB",
        f"asked of {'git' if found.meta else 'every file'} what has changed: "
        f"{counted(len(found.to_read), 'file')} to be read, {len(found.gone)} gone",
        "words can be searched at once"
        if has_texts(index)
        else "no words yet; the first search reads them",
    ]


def index_differences(workspace: Workspace, progress: Progress) -> list[str]:
    """How the index, brought up to date, differs from what all files say; nothing is
    written but that.

    Each line is the path of a file and what is wrong with it.
    """
    held = ask_index(workspace, lambda index: index.summaries(), progress)
    looks = find_changes(workspace.root, None).to_read
    found = []
    for look, kept in zip(
        looks,
        spread(
            workspace, parse_for_index, index_entry_of, looks, "verifying", progress
        ),
        strict=True,
    ):
        cells = held.pop(look.path, None)
        if kept is None:
            continue
        if cells is None:
            found.append(f"{look.path}: not in the index")
        elif tuple(kept.cells or (None,) * len(cells)) != tuple(cells):
            found.append(f"{look.path}: the index says otherwise")
    return found + [f"{path}: in the index, but there is no such file" for path in held]
