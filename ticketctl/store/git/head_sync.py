"""Put on the disk what HEAD names, before and after HEAD moves.

Git does not sync the objects of a commit that was made by hand or pulled, and a commit
of ours must not outlive its parent in a power cut (docs/durability.md).
"""

from __future__ import annotations

import os
from contextlib import suppress

from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.git.repository import branch_of
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.writing import sync


def sync_parent(state: StateFolder, head: str) -> None:
    """Put all objects on the disk, unless HEAD is the last commit of ours.

    Args:
        head: HEAD's commit in hex; empty before the first.

    Raises:
        DiskError: the disk failed.
    """
    repository = state.repository
    assert repository is not None
    with suppress(FileNotFoundError, DiskError):
        last = files.read_bytes(_synced_commit(state), 100)
        if last.decode("ascii", "replace") == head:
            return
    if head and sync.can_sync_all():
        try:
            sync.sync_all(f"{repository.common}/objects")
        except OSError as error:
            raise DiskError(
                f"the disk failed in {repository.common}: {error.strerror}",
                "check the disk; the files are written, but not committed",
            ) from None


def sync_head(state: StateFolder, commit: str) -> None:
    """Put the move of HEAD on the disk, and note that its objects are all there.

    Args:
        commit: that HEAD is now, in hex.
    """
    repository = state.repository
    assert repository is not None
    branch = branch_of(repository)
    reference = f"{repository.common}/{branch}"
    folder = os.path.dirname(reference) if branch else repository.folder
    with suppress(OSError):  # git keeps references elsewhere (reftable)
        sync.sync_path(folder)
    with suppress(OSError):
        path = _synced_commit(state)
        files.replace_file(path, commit.encode(), state.access, durable=False)


def _synced_commit(state: StateFolder) -> str:
    """Return the path of the file with the last commit whose objects are synced."""
    return state.file("synced-commit")
