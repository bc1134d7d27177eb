"""Keep folders open while many files in them are handled."""

from __future__ import annotations

import os

from ticketctl.store import files
from ticketctl.store.writing.permissions import Access

_MOST = 400
"""How many are open at most; a process may have about a thousand."""


class OpenFolders:
    """The open folders of some files, for further files in them.

    Each is opened part by part, so that none above it is a link.

    Args:
        access: of folders that are made.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._open: dict[tuple[str, str], int] = {}

    def of(self, base: str, path: str) -> int:
        """Return the descriptor of a file's folder, which is made if missing.

        This object closes it.

        Args:
            path: the file's, relative to ``base``.

        Raises:
            OSError: the folder cannot be opened, or made.
        """
        key = (base, os.path.dirname(path))
        descriptor = self._open.pop(key, None)
        if descriptor is None:
            if len(self._open) >= _MOST:
                longest_unused = next(iter(self._open))
                os.close(self._open.pop(longest_unused))
            with files.folder_of(base, path, make=self._access) as folder:
                descriptor = os.dup(folder)
        self._open[key] = descriptor  # now the last in order
        return descriptor

    def close(self) -> None:
        """Close all folders."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}
