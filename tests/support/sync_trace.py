"""What of a commit was synced before its reference moved: told from the calls that a
command and its git made (D1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.faults import Call

_GONE = " (deleted)"


@dataclass
class File:
    """What has become of a file that was made or written.

    Args:
        dirty: whether something was written to it since it was synced.
        started: whether its writing out was only started (``sync_file_range``), as
            git's ``core.fsyncMethod=batch`` does; git does not promise on Linux that
            this is enough.
    """

    dirty: bool = True
    started: bool = False


@dataclass
class Disk:
    """Files by name, as the calls of a command make them.

    Args:
        names: those that are there.
        gone: those that have lost that name.
        synced: folders that were synced, and the number of the call that did it.
    """

    names: dict[str, File] = field(default_factory=dict)
    gone: dict[str, File] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)

    def take(self, call: Call) -> None:
        """A call."""
        act = getattr(self, f"_{call.name}", None)
        if act is not None and not call.failed:
            act(call)

    def _file(self, path: str) -> File:
        name = path.removesuffix(_GONE)
        if path != name and name in self.gone:
            return self.gone[name]
        return self.names.setdefault(path, File())

    def _open(self, call: Call) -> None:
        self._write(call)

    def _write(self, call: Call) -> None:
        file = self._file(call.path)
        file.dirty, file.started = True, False

    def _truncate(self, call: Call) -> None:
        self._write(call)

    def _sync_file_range(self, call: Call) -> None:
        self._file(call.path).started = True

    def _fsync(self, call: Call) -> None:
        if Path(call.path).is_dir():
            self.synced[call.path] = call.number
        else:
            self._file(call.path).dirty = False

    def _syncfs(self, call: Call) -> None:
        for file in self.names.values():
            file.dirty = False
        self.synced = dict.fromkeys(self.synced, call.number) | {"": call.number}

    def _link(self, call: Call) -> None:
        self.names[call.new] = self._file(call.path)

    def _rename(self, call: Call) -> None:
        self.names[call.new] = self._file(call.path)
        self._unlink(call)

    def _unlink(self, call: Call) -> None:
        if call.path in self.names:
            self.gone[call.path] = self.names.pop(call.path)


def moves(calls: Sequence[Call], git: Path) -> list[Call]:
    """The calls by which references took their new values."""
    refs = (f"{git}/refs/heads/", f"{git}/HEAD", f"{git}/packed-refs")
    return [
        call
        for call in calls
        if call.name == "rename"
        and call.path.endswith(".lock")
        and call.new.startswith(refs)
    ]


def unsynced(
    calls: Sequence[Call], git: Path, files: Sequence[tuple[str, Path]]
) -> list[str]:
    """The objects whose file was not on the disk when the last reference moved.

    Args:
        files: each object's id and kind, and the file in which it lies.
    """
    disk, last = Disk(), moves(calls, git)[-1]
    for call in calls[: last.number - 1]:
        disk.take(call)
    found = []
    for what, path in files:
        file = disk.names.get(str(path))
        if file is not None and file.dirty:  # else it was there before
            how = (
                "only its writing out was started (core.fsyncMethod=batch)"
                if file.started
                else "never synced"
            )
            found.append(f"{what}: {how} before {last.told(git.parent)}")
    return found


def folder_synced(calls: Sequence[Call], git: Path) -> bool:
    """Whether the folder of the reference was synced after it moved, or something after
    that which commits the journal."""
    last = moves(calls, git)[-1]
    return any(
        call.number > last.number and call.name in ("fsync", "syncfs") for call in calls
    )
