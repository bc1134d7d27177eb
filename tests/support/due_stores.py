"""Stores with many tickets of which some are due."""

from __future__ import annotations

import os
import signal
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.kills import Hook

AMY, JANE, HELP = "amy@support.example", "jane@customer.example", "help@support.example"


def git(root: Path, *words: str) -> str:
    """What git says."""
    who = ("-c", "user.name=Amy", "-c", f"user.email={AMY}")
    return subprocess.run(
        ["git", "-C", str(root), *who, *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


# --- killing ---


def before_file(folder: str, number: int) -> Hook:
    """A hook: end this process before the Nth file of a folder (``tickets``,
    ``outbox``) takes its place."""
    left = count(1)

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if (
            name in ("replace", "rename")
            and f"/{folder}/" in str(args[1])
            and next(left) == number
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    return hook
