"""Rows of an export."""

from __future__ import annotations

import json
from typing import Any


def lines(*rows: dict[str, Any]) -> str:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)
