"""Campaigns: tests that try something many times. ``make test`` runs them short, ``make
campaign`` in full."""

from __future__ import annotations

import os

FULL = os.environ.get("CAMPAIGN") == "full"


def rounds(short: int, full: int) -> int:
    """How many times this time."""
    return full if FULL else short
