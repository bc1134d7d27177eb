"""A store whose commits fail."""

from __future__ import annotations

import subprocess
from pathlib import Path

HALF = "bbbbb"


PATH = f"tickets/2026/11/02/261102-{HALF}.yaml"


def git_of(store_root: Path, *words: str, ok: bool = True) -> str:
    """Real git."""
    ran = subprocess.run(
        ["git", "-C", str(store_root), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ok or ran.returncode == 0, ran.stderr
    return ran.stdout


def add_hook(store_root: Path, name: str, body: str) -> Path:
    """A hook of somebody else's."""
    path = store_root / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path
