"""The findings of ``doctor``: problems that need fixing, and warnings."""

from __future__ import annotations

from ticketctl.errors import Finding, Place


def problem(place: str, message: str, hint: str = "", code: str = "doctor") -> Finding:
    """Return a finding about something that needs fixing."""
    return Finding(Place(place), code, message, hint)


def warning(place: str, message: str, hint: str = "") -> Finding:
    """Return a finding about something that is worth knowing."""
    return Finding(Place(place), "doctor", message, hint, "warning")
