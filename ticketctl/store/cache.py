"""Parsed profiles and settings, kept as JSON by the hash of their bytes so that no YAML is parsed twice.

The cache is in ``.ticketctl/cache``; it may be deleted, damaged or read-only at any time and never changes an
answer: what does not read back well is parsed again. JSON, since nothing of a store is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from ticketctl import __version__
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
    digest = hashlib.sha256(__version__.encode() + b"\0" + data).hexdigest()
    kept = root / STATE / "cache" / f"{digest}.json"
    try:
        checksum, _, held = kept.read_text().partition("\n")
        if checksum != _checksum(held):
            raise ValueError("damaged")
        return unpack(json.loads(held))
    except (OSError, ValueError):
        node = _parse(data, path)
        _keep(kept, node)
        return node


def _checksum(held: str) -> str:
    return hashlib.sha256(held.encode()).hexdigest()


def _parse(data: bytes, path: str) -> Node:
    from ticketctl.store.roundtrip import read_yaml

    return read_yaml(data, path)


def _keep(path: Path, node: Node) -> None:
    aside = path.parent.parent / TMP / f"{path.name}.{os.getpid()}"  # where a crash's leavings are cleared
    if any(folder.is_symlink() for folder in (path.parent.parent, path.parent, aside.parent)):
        return
    try:
        for folder in (path.parent, aside.parent):
            folder.mkdir(parents=True, exist_ok=True)
        held = json.dumps(pack(node), separators=(",", ":"))
        aside.write_text(f"{_checksum(held)}\n{held}")
        os.replace(aside, path)
    except OSError:
        with suppress(OSError):  # a cache that cannot be written is only slower
            aside.unlink(missing_ok=True)
