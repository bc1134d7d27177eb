"""Folders that stay open while many files in them are handled."""

from __future__ import annotations

import os

from ticketctl.store import files
from ticketctl.store.writing.permissions import Access

_MOST = 400
"""How many are open at most: a process may have about a thousand."""


class OpenFolders:
    """The folders of some files, each opened part by part so that none on the way is a
    link, and kept for the next file in it.

    Args:
        access: of those that are made on the way.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._open: dict[tuple[str, str], int] = {}

    def of(self, base: str, path: str) -> int:
        """The descriptor of a file's folder, which is made if need be; it stays ours.

        Args:
            path: the file's, relative to ``base``.

        Raises:
            OSError: the folder cannot be opened, or made.
        """
        key = (base, os.path.dirname(path))
        found = self._open.pop(key, None)
        if found is None:
            if len(self._open) >= _MOST:
                longest_unused = next(iter(self._open))
                os.close(self._open.pop(longest_unused))
            with files.folder_of(base, path, make=self._access) as folder:
                found = os.dup(folder)
        self._open[key] = found  # now the last in order
        return found

    def close(self) -> None:
        """Close them all."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}
