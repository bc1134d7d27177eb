"""The environment of a command that runs from this checkout in a process of its own."""

from __future__ import annotations

import os

from tests.support.places import ROOT as CHECKOUT


def environment() -> dict[str, str]:
    """What a command sees: this checkout's code, the fixed clock."""
    fixed = {
        "PYTHONPATH": str(CHECKOUT),
        "TICKETCTL_NOW": "2026-11-02T09:00:00Z",
        "TICKETCTL_AS": "agent:amy@support.example",
    }
    return {**os.environ, **fixed}
