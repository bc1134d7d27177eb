"""Looking at the index itself."""

from __future__ import annotations

import os

from ticketctl.app.index.parallel import spread
from ticketctl.app.index.refresh import ask, is_made_by, keep, see
from ticketctl.app.progress import Watch
from ticketctl.app.workspace import Desk
from ticketctl.core.plural import counted
from ticketctl.store.index.changes import news
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.fulltext import is_prepared


def status(desk: Desk) -> list[str]:
    """What there is, in lines; nothing is written."""
    try:
        index = Index.open(desk.state)
        if not is_made_by(desk, index):
            return ["the profiles or settings have changed since it was made; the next list makes it anew"]
        return _status(desk, index)
    except UnusableError as error:
        return [f"no index that is of use ({error}); the next list makes one"]


def _status(desk: Desk, index: Index) -> list[str]:
    found = news(desk.root, index)
    size = os.stat(index.path).st_size if index.path else 0
    return [
        f"{counted(index.count(), 'ticket file')}, {size / (1 << 20):.1f} MiB",
        f"asked of {'git' if found.meta else 'every file'} what has changed: "
        f"{counted(len(found.looks), 'file')} to be read, {len(found.gone)} gone",
        "words can be searched at once" if is_prepared(index) else "no words yet; the first search reads them",
    ]


def differences(desk: Desk, watch: Watch) -> list[str]:
    """How the index, brought up to date, differs from what all files say; nothing is written but that.

    Each line is the path of a file and what is wrong with it.
    """
    held = ask(desk, lambda index: index.summaries(), watch)
    looks = news(desk.root, None).looks
    found = []
    for look, kept in zip(looks, spread(desk, see, keep, looks, "verifying", watch), strict=True):
        cells = held.pop(look.path, None)
        if kept is None:
            continue
        if cells is None:
            found.append(f"{look.path}: not in the index")
        elif tuple(kept.cells or (None,) * len(cells)) != tuple(cells):
            found.append(f"{look.path}: the index says otherwise")
    return found + [f"{path}: in the index, but there is no such file" for path in held]
