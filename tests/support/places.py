"""Where the checkout lies, for tests that read its files or run it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The top folder of the checkout."""
PACKAGE = ROOT / "ticketctl"
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"
