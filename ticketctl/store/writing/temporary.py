"""Where files wait to be renamed to their places: in folders made anew for one command,
under names that nobody can guess, where a rename can reach the target.

A rename crosses neither file systems nor mounts, and a container may mount the
repository, the work tree or ``tickets/`` apart. The state folder comes first, out of
git's sight; then the store, ``tickets/``, and last the very folder of the target.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store import files
from ticketctl.store.state import BESIDE, VARIABLE, StateFolder

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
    """The folder in which waiting folders lie; beside the outbox, not in it, since
    scripts may leave many files there."""
    if place == OUTBOX:
        return os.path.dirname(state.outbox)
    return state.root if place == STORE else state.folder


def is_waiting_path(folder: str) -> bool:
    """Whether a path could be that of a waiting folder, or of a journal not yet
    complete."""
    *above, name = folder.split("/")
    return bool(_NAME.match(name)) and not {"", ".", ".."}.intersection(above)


class TemporaryFolders:
    """The waiting folders of one command."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._by_mount: dict[tuple[str, object], TemporaryFolder] = {}
        self._mounts: dict[tuple[str, str], object] = {}

    def all(self) -> list[TemporaryFolder]:
        """Those that were made."""
        return list(dict.fromkeys(self._by_mount.values()))

    def reaching(self, area: str, path: str, target: int) -> TemporaryFolder:
        """One from which a file can be renamed to its place.

        Args:
            area: ``store`` or ``outbox``.
            path: the file's, in the area.
            target: the descriptor of its folder.

        Raises:
            OSError: it cannot be made.
            DiskError: nor can the state folder.
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
                for made in self.all():
                    if (made.place, os.path.dirname(made.folder)) == (place, parent):
                        return made
                name = (
                    IN_STATE_PREFIX if place == IN_STATE else BESIDE
                ) + files.random_name()
                try:
                    os.mkdir(name, dir_fd=folder)
                except OSError as error:
                    raise self._unwritable(base, error) from None
                descriptor = files.open_folder(name, folder)
                self._state.access.give(
                    descriptor
                )  # whoever writes next finishes what is left
                return TemporaryFolder(
                    place, f"{parent}/{name}".lstrip("/"), descriptor
                )
        raise DiskError(f"no folder from which a file could be renamed to {path}")

    def _candidates(self, area: str, path: str) -> Iterator[tuple[str, str]]:
        """(place, folder in it), the best first."""
        if not self._state.beside:
            try:
                self._state.made()
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
        """Remove them with what is left in them."""
        for made in self.all():
            remove_waiting(f"{place_folder(self._state, made.place)}/{made.folder}")
        self.close()

    def close(self) -> None:
        """Close them, and let go of them."""
        for made in self.all():
            os.close(made.descriptor)
        self._by_mount = {}


def _mount_of(descriptor: int) -> object:
    """What tells the mount of an open folder from others; where Linux's ``/proc`` is
    missing, its file system (proc_pid_fdinfo(5))."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("mnt_id:"):
                    return line
    except OSError:
        pass
    return os.fstat(descriptor).st_dev


def leftovers(state: StateFolder) -> Iterator[str]:
    """The paths of waiting folders, and of journals that were not complete, that a
    crash left.

    A folder that holds anything else than files under names of ours is none of them.
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
    """Remove a waiting folder with its files, or a journal that is not complete; not
    one that holds what is none of ours."""
    top, _, name = path.rpartition("/")
    if all(map(_FILE.match, files.list_names(top, name))):
        files.remove_folder(path)
