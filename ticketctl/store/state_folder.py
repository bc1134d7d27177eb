"""The place of a store's derived state, and of what is for this clone alone.

Index, caches, the journal of unfinished writes, the time of the last sweep and the
outbox never lie in the work tree: a clone or an archive from a stranger could bring
them (docs/security.md). They lie

- in the git directory, which no clone brings: ``git rev-parse --git-path ticketctl``;
- outside git in the user's cache folder, the journal beside ``tickets/``;
- in ``TICKETCTL_STATE``, where that is set.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from ticketctl.core.hashing import sha256
from ticketctl.errors import SettingsError
from ticketctl.store.files import link_above, make_folder
from ticketctl.store.git.repository import Repository, repository_of, shared_mode

if TYPE_CHECKING:
    from ticketctl.store.writing.permissions import Access

VARIABLE = "TICKETCTL_STATE"
OLD = ".ticketctl"
"""Where older versions had all this, in the store itself. It is never read."""
BESIDE = ".ticketctl-"
"""How names in the store begin that a writing command makes and removes again."""


_NOWHERE = (
    f"there is no place for index, caches and notifications; set {VARIABLE} to a folder"
)


class StateFolder:
    """The place of a store's derived state.

    Args:
        root: the store.
        repository: that it lies in; ``None`` outside git.
        folder: of index, caches and journal; empty if there is no place for them: no
            home folder, or a link in its place.
        outbox: of notifications for scripts, and of failed deliveries; empty likewise.
        beside: whether the journal has to lie in the store, where anybody may have put
            it.
    """

    def __init__(
        self,
        root: str,
        repository: Repository | None,
        folder: str,
        outbox: str,
        beside: bool = False,
    ) -> None:
        self.root, self.repository = root, repository
        self.folder, self.outbox, self.beside = folder, outbox, beside

    @property
    def journal(self) -> str:
        """Return the path of the journal; empty if there is no place for it."""
        if self.beside:
            return f"{self.root}/{BESIDE}journal.jsonl"
        return self.folder and f"{self.folder}/journal.jsonl"

    @cached_property
    def access(self) -> Access:
        """Return who may use what is made here, and in the store."""
        from ticketctl.store.writing.permissions import access_of

        if self.repository is None:
            return access_of(self.root, 0)
        return access_of(self.repository.folder, shared_mode(self.repository.common))

    def file(self, name: str) -> str:
        """Return the path of a file in the folder; empty if there is no folder."""
        return self.folder and f"{self.folder}/{name}"

    def make(self, below: str = "") -> str:
        """Make the folder, or one in it, if it is missing; return its path.

        Raises:
            OSError: it cannot be made, or a link is in its place.
        """
        return self._make(f"{self.folder}/{below}".rstrip("/") if self.folder else "")

    def make_outbox(self) -> str:
        """Make the outbox if it is missing; return its path.

        Raises:
            OSError: it cannot be made, or a link is in its place.
        """
        return self._make(self.outbox)

    def _make(self, path: str) -> str:
        if not path:
            raise FileNotFoundError(errno.ENOENT, _NOWHERE)
        if self.repository is not None and path.startswith(
            f"{self.repository.common}/"
        ):
            inside = path[len(self.repository.common) + 1 :]
            if link := link_above(self.repository.common, f"{inside}/"):
                raise OSError(
                    errno.ELOOP, f"{link} in the git directory is a symbolic link"
                )
        return make_folder(path, self.access)


def locate_state(root: str, environment: Mapping[str, str] = os.environ) -> StateFolder:
    """Return the place of a store's derived state; nothing is made.

    Args:
        root: the store, an absolute path without symbolic links.

    Raises:
        DiskError: the store lies in a repository that git refuses.
        SettingsError: ``TICKETCTL_STATE`` names no usable place.
    """
    state = _place(root, repository_of(root), environment)
    if state.folder and os.path.islink(state.folder):
        state.folder = ""
    return state


def _place(
    root: str, repository: Repository | None, environment: Mapping[str, str]
) -> StateFolder:
    if path := environment.get(VARIABLE):
        folder = f"{_outside(root, path)}/{_name(root, root)}"
        return StateFolder(root, repository, folder, f"{folder}/outbox")
    if repository is None:
        folder = _in_cache(root, environment)
        return StateFolder(
            root, None, folder, folder and f"{folder}/outbox", beside=True
        )
    name = "ticketctl"
    if not repository.points_back:
        name += f"/stores/{_name(root, root)}"
    elif root != repository.top:
        name += f"/stores/{_name(root, root[len(repository.top) + 1 :])}"
    folder, common = f"{repository.folder}/{name}", f"{repository.common}/{name}"
    return StateFolder(root, repository, folder, f"{common}/outbox")


def _name(root: str, key: str) -> str:
    """Return a folder name for a store: its own, and a hash that tells it from others."""
    return f"{os.path.basename(root)[:40]}-{sha256(os.fsencode(key)).hex()[:12]}"


def _outside(root: str, path: str) -> str:
    """Return the folder that the user names for derived state.

    Raises:
        SettingsError: it is not an absolute path, or lies in the store.
    """
    folder = os.path.realpath(path)
    if not os.path.isabs(path) or f"{folder}/".startswith(f"{root.rstrip('/')}/"):
        raise SettingsError(
            f'invalid {VARIABLE} "{path}"', "use an absolute path outside the store"
        )
    return folder


def _in_cache(root: str, environment: Mapping[str, str]) -> str:
    """Return the store's folder in the user's cache folder; empty where there is none.

    A relative path in ``XDG_CACHE_HOME`` does not count (XDG Base Directory
    Specification).
    """
    base, home = environment.get("XDG_CACHE_HOME", ""), environment.get("HOME", "")
    if not os.path.isabs(base):
        base = f"{home}/.cache" if os.path.isabs(home) else ""
    return base and f"{base}/ticketctl/stores/{_name(root, root)}"
