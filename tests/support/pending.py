"""Stores in which notifications are pending."""

from __future__ import annotations

LATER = "2026-11-05T09:00:00Z"
