"""Clones of a store that are merged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

AGENT = {"TICKETCTL_AS": "agent:amy@support.example"}


TICKET = "tickets/2026/11/02/261102-k3qx9.yaml"


class MergedClone:
    """A folder in which commands run as real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, at: str = "2026-11-02T09:00", status: int = 0) -> str:
        environment = {**os.environ, **AGENT, "TICKETCTL_NOW": at}
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, env=environment
        )
        assert done.returncode == status, (
            f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout + done.stderr

    @property
    def ticket(self) -> Path:
        return self.folder / TICKET
