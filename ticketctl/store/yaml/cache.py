"""Cache parsed profiles and settings as JSON, so that no YAML is parsed twice.

The cache lies in the state folder (``store/state_folder.py``). It may be deleted, damaged or
read-only at any time, and never changes an answer: what cannot be read back is parsed
again. It is JSON, since nothing of a store may ever be executed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from ticketctl import __version__
from ticketctl.core.hashing import sha256
from ticketctl.core.yaml_node import Node, pack, unpack
from ticketctl.errors import DiskError
from ticketctl.store import files
from ticketctl.store.state_folder import StateFolder

_CACHE = "cache"
_MAX_BYTES = 1 << 24


def read_cached(data: bytes, path: str, state: StateFolder | None) -> Node:
    """Return the located content of a YAML file, from the cache if it is there.

    Args:
        data: its bytes.
        path: its name, for errors.
        state: where the cache lies; ``None`` for no cache.

    Raises:
        BrokenError: it is not valid YAML, or has what we do not accept.
    """
    if state is None or not state.folder:
        return _parse(data, path)
    name = f"{_checksum(data).decode()}.json"
    try:
        checksum, _, content = files.read_bytes(
            f"{state.folder}/{_CACHE}/{name}", _MAX_BYTES
        ).partition(b"\n")
        version, source, packed = (
            json.loads(content) if checksum == _checksum(content) else ("", "", [])
        )
        if (version, source) != (__version__, data.decode()):
            raise ValueError("damaged, or of something else")
        return unpack(packed)
    except (OSError, DiskError, ValueError):
        node = _parse(data, path)
        _keep(state, name, data, node)
        return node


def _checksum(data: bytes) -> bytes:
    """Return 16 hex digits of the SHA-256 of some bytes."""
    return sha256(data).hex()[:16].encode()


def _parse(data: bytes, path: str) -> Node:
    from ticketctl.store.yaml.ruamel import read_yaml

    return read_yaml(data, path)


def _keep(state: StateFolder, name: str, data: bytes, node: Node) -> None:
    """Write what was parsed into the cache, if it can be written."""
    content = json.dumps(
        [__version__, data.decode(), pack(node)], separators=(",", ":")
    ).encode()
    with suppress(OSError), files.folder_of(state.make(_CACHE), name) as folder:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)  # a damaged one, or one of another version
        files.make_file(
            folder, name, _checksum(content) + b"\n" + content, access=state.access
        )
