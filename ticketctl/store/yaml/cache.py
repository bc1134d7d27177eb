"""Parsed profiles and settings, kept as JSON beside the text that they come from, so
that no YAML is parsed twice.

The cache lies in the state folder (``store/state.py``); it may be deleted, damaged or
read-only at any time and never changes an answer: what does not read back well is
parsed again. JSON, since nothing of a store is ever executed.
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
from ticketctl.store.state import StateFolder

_CACHE = "cache"
_MAX_BYTES = 1 << 24


def read_cached(data: bytes, path: str, state: StateFolder | None) -> Node:
    """The located content of a YAML file.

    Args:
        data: its bytes.
        path: its name, for errors.
        state: where to keep the result; ``None`` keeps nothing.

    Raises:
        BrokenError: it is not the YAML that we read.
    """
    if state is None or not state.folder:
        return _parse(data, path)
    name = f"{_checksum(data).decode()}.json"
    try:
        checksum, _, held = files.read_bytes(
            f"{state.folder}/{_CACHE}/{name}", _MAX_BYTES
        ).partition(b"\n")
        version, source, packed = (
            json.loads(held) if checksum == _checksum(held) else ("", "", [])
        )
        if (version, source) != (__version__, data.decode()):
            raise ValueError("damaged, or of something else")
        return unpack(packed)
    except (OSError, DiskError, ValueError):
        node = _parse(data, path)
        _keep(state, name, data, node)
        return node


def _checksum(held: bytes) -> bytes:
    return sha256(held).hex()[:16].encode()


def _parse(data: bytes, path: str) -> Node:
    from ticketctl.store.yaml.ruamel import read_yaml

    return read_yaml(data, path)


def _keep(state: StateFolder, name: str, data: bytes, node: Node) -> None:
    """Keep what was parsed; a cache that cannot be written is only slower."""
    held = json.dumps(
        [__version__, data.decode(), pack(node)], separators=(",", ":")
    ).encode()
    with suppress(OSError), files.folder_of(state.made(_CACHE), name) as folder:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)  # it is damaged, or of another version
        files.make_file(
            folder, name, _checksum(held) + b"\n" + held, access=state.access
        )
