"""Addresses of people in tests, and that of the store."""

from __future__ import annotations

AMY = "amy@support.example"
JANE = "jane@customer.example"
HELP = "help@support.example"
