"""Parsed profiles and settings, kept as JSON beside the text that they come from, so that no YAML is parsed twice.

The cache is in ``.ticketctl/cache``; it may be deleted, damaged or read-only at any time and never changes an
answer: what does not read back well is parsed again. JSON, since nothing of a store is ever executed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from ticketctl import __version__
from ticketctl.core.digest import sha256
from ticketctl.core.located import Node, pack, unpack
from ticketctl.errors import DiskError
from ticketctl.store.files import STATE, TMP, read_bytes

_CACHE = "cache"
_MAX_BYTES = 1 << 24


def parsed(data: bytes, path: str, root: str | None) -> Node:
    """The located content of a YAML file.

    Args:
        data: its bytes.
        path: its name, for errors.
        root: the store in which to keep the result; ``None`` keeps nothing.

    Raises:
        BrokenError: it is not the YAML that we read.
    """
    if root is None:
        return _parse(data, path)
    kept = f"{root}/{STATE}/{_CACHE}/{_checksum(data).decode()}.json"
    try:
        checksum, _, held = read_bytes(kept, _MAX_BYTES).partition(b"\n")
        version, source, packed = json.loads(held) if checksum == _checksum(held) else ("", "", [])
        if (version, source) != (__version__, data.decode()):
            raise ValueError("damaged, or of something else")
        return unpack(packed)
    except (OSError, DiskError, ValueError):
        node = _parse(data, path)
        _keep(root, kept, data, node)
        return node


def _checksum(held: bytes) -> bytes:
    return sha256(held).hex()[:16].encode()


def _parse(data: bytes, path: str) -> Node:
    from ticketctl.store.roundtrip import read_yaml

    return read_yaml(data, path)


def _keep(root: str, path: str, data: bytes, node: Node) -> None:
    folders = [f"{root}/{STATE}", f"{root}/{STATE}/{_CACHE}", f"{root}/{STATE}/{TMP}"]
    aside = f"{folders[-1]}/{os.path.basename(path)}.{os.getpid()}"  # where a crash's leavings are cleared
    if any(os.path.islink(folder) for folder in folders):
        return
    try:
        for folder in folders:
            os.makedirs(folder, exist_ok=True)
        held = json.dumps([__version__, data.decode(), pack(node)], separators=(",", ":")).encode()
        with open(aside, "wb") as file:
            file.write(_checksum(held) + b"\n" + held)
        os.replace(aside, path)
    except OSError:
        with suppress(OSError):  # a cache that cannot be written is only slower
            os.unlink(aside)
