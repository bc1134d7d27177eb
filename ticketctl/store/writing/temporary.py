"""Folders in which new files wait to be renamed to their places.

They are made anew for one command, under names that nobody can guess, where a rename
can reach the target. A rename crosses neither file systems nor mounts, and a container
may mount the repository, the work tree or ``tickets/`` apart. The state folder is tried
first, since git does not see it; then the store, ``tickets/``, and last the folder of
the target.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store import files
from ticketctl.store.state_folder import BESIDE, VARIABLE, StateFolder

STORE, OUTBOX, IN_STATE = "store", "outbox", "state"
IN_STATE_PREFIX = "waiting-"
_NAME = pattern(r"(?:waiting-|\.ticketctl-)[0-9a-f]{16}(?:\.jsonl)?\Z")
_FILE = pattern(r"[0-9a-f]{32}\Z")


class TemporaryFolder:
    """A waiting folder.

    Args:
        place: ``state``, ``store`` or ``outbox``.
        folder: its path in that place.
        descriptor: of the open folder.
    """

    __slots__ = ("descriptor", "folder", "place")

    def __init__(self, place: str, folder: str, descriptor: int) -> None:
        self.place, self.folder, self.descriptor = place, folder, descriptor


def place_folder(state: StateFolder, place: str) -> str:
    """Return the folder in which waiting folders lie.

    Those of the outbox lie beside it, since scripts may leave many files in it.
    """
    if place == OUTBOX:
        return os.path.dirname(state.outbox)
    return state.root if place == STORE else state.folder


def is_waiting_path(folder: str) -> bool:
    """Return whether a path could be that of a waiting folder, or of a draft journal."""
    *above, name = folder.split("/")
    return bool(_NAME.match(name)) and not {"", ".", ".."}.intersection(above)


class TemporaryFolders:
    """The waiting folders of one command."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._by_mount: dict[tuple[str, object], TemporaryFolder] = {}
        self._mounts: dict[tuple[str, str], object] = {}

    def all(self) -> list[TemporaryFolder]:
        """Return those that were made."""
        return list(dict.fromkeys(self._by_mount.values()))

    def reaching(self, area: str, path: str, target: int) -> TemporaryFolder:
        """Return a folder from which a file can be renamed to its place.

        Args:
            area: ``store`` or ``outbox``.
            path: the file's, in the area.
            target: the descriptor of its folder.

        Raises:
            OSError: it cannot be made.
            DiskError: the state folder cannot be made either.
        """
        parent = os.path.dirname(path)
        mount = self._mounts.get((area, parent))
        if mount is None:
            mount = self._mounts[area, parent] = _mount_of(target)
        if (area, mount) not in self._by_mount:
            self._by_mount[area, mount] = self._made(area, path, mount)
        return self._by_mount[area, mount]

    def _made(self, area: str, path: str, mount: object) -> TemporaryFolder:
        for place, parent in self._candidates(area, path):
            base = place_folder(self._state, place)
            with files.folder_of(base, f"{parent}/".lstrip("/")) as folder:
                if _mount_of(folder) != mount:
                    continue
                for candidate in self.all():
                    if (candidate.place, os.path.dirname(candidate.folder)) == (
                        place,
                        parent,
                    ):
                        return candidate
                name = (
                    IN_STATE_PREFIX if place == IN_STATE else BESIDE
                ) + files.random_name()
                try:
                    os.mkdir(name, dir_fd=folder)
                except OSError as error:
                    raise self._unwritable(base, error) from None
                descriptor = files.open_folder(name, folder)
                self._state.access.give(descriptor)
                return TemporaryFolder(
                    place, f"{parent}/{name}".lstrip("/"), descriptor
                )
        raise DiskError(
            f"cannot write {path}: no folder on its file system can take a new file"
        )

    def _candidates(self, area: str, path: str) -> Iterator[tuple[str, str]]:
        """Yield (place, folder in it), the best first."""
        if not self._state.beside:
            try:
                self._state.make()
            except OSError as error:
                raise self._unwritable(self._state.folder, error) from None
            yield IN_STATE, ""
        if area == OUTBOX:
            yield OUTBOX, ""
            return
        yield STORE, ""
        if path.startswith("tickets/"):
            yield STORE, "tickets"
        yield STORE, os.path.dirname(path)

    def _unwritable(self, folder: str, error: OSError) -> DiskError:
        hint = (
            ""
            if folder == self._state.root
            else f"{VARIABLE} names another folder for it"
        )
        return DiskError(
            f"cannot write to {folder or 'the state folder'}: {error.strerror}", hint
        )

    def remove(self) -> None:
        """Remove the folders with what is left in them."""
        for folder in self.all():
            remove_waiting(f"{place_folder(self._state, folder.place)}/{folder.folder}")
        self.close()

    def close(self) -> None:
        """Close the folders."""
        for folder in self.all():
            os.close(folder.descriptor)
        self._by_mount = {}


def _mount_of(descriptor: int) -> object:
    """Return what tells the mount of an open folder from others (proc_pid_fdinfo(5)).

    Where there is no ``/proc``, it is the file system.
    """
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("mnt_id:"):
                    return line
    except OSError:
        pass
    return os.fstat(descriptor).st_dev


def leftovers(state: StateFolder) -> Iterator[str]:
    """Yield the paths of waiting folders and incomplete journals that a crash left.

    A folder with any other files than ours is not one of them.
    """
    tops = {place_folder(state, place) for place in (IN_STATE, STORE, OUTBOX)}
    for top in {*tops, f"{state.root}/tickets"} - {""}:
        try:
            names = [name for name in os.listdir(top) if _NAME.match(name)]
        except OSError:
            continue
        for name in names:
            if all(map(_FILE.match, files.list_names(top, name))):
                yield f"{top}/{name}"


def remove_waiting(path: str) -> None:
    """Remove a waiting folder with its files, or an incomplete journal.

    A folder with other files than ours stays.
    """
    top, _, name = path.rpartition("/")
    if all(map(_FILE.match, files.list_names(top, name))):
        files.remove_folder(path)
