"""Parsed profiles and settings, kept as JSON beside the text that they come from, so that no YAML is parsed twice.

The cache is in ``.ticketctl/cache``; it may be deleted, damaged or read-only at any time and never changes an
answer: what does not read back well is parsed again. JSON, since nothing of a store is ever executed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from ticketctl import __version__
from ticketctl.core.digest import sha256
from ticketctl.core.located import Node, pack, unpack
from ticketctl.store.files import STATE, TMP


def parsed(data: bytes, path: str, root: Path | None) -> Node:
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
    kept = root / STATE / "cache" / f"{_checksum(data).decode()}.json"
    try:
        checksum, _, held = kept.read_bytes().partition(b"\n")
        version, source, packed = json.loads(held) if checksum == _checksum(held) else ("", "", [])
        if (version, source) != (__version__, data.decode()):
            raise ValueError("damaged, or of something else")
        return unpack(packed)
    except (OSError, ValueError):
        node = _parse(data, path)
        _keep(kept, data, node)
        return node


def _checksum(held: bytes) -> bytes:
    return sha256(held).hex()[:16].encode()


def _parse(data: bytes, path: str) -> Node:
    from ticketctl.store.roundtrip import read_yaml

    return read_yaml(data, path)


def _keep(path: Path, data: bytes, node: Node) -> None:
    aside = path.parent.parent / TMP / f"{path.name}.{os.getpid()}"  # where a crash's leavings are cleared
    if any(folder.is_symlink() for folder in (path.parent.parent, path.parent, aside.parent)):
        return
    try:
        for folder in (path.parent, aside.parent):
            folder.mkdir(parents=True, exist_ok=True)
        held = json.dumps([__version__, data.decode(), pack(node)], separators=(",", ":")).encode()
        aside.write_bytes(_checksum(held) + b"\n" + held)
        os.replace(aside, path)
    except OSError:
        with suppress(OSError):  # a cache that cannot be written is only slower
            aside.unlink(missing_ok=True)
