"""The findings of the proofs of ``profile check``."""

from __future__ import annotations

from ticketctl.errors import Finding, Place


def proof_error(
    place: Place, point: int, title: str, message: str, example: str = ""
) -> Finding:
    """Return the finding that a point of ``profile check`` is not met.

    Args:
        point: its number in "What profile check proves" (docs/profile-language.md).
        title: its name.
        example: a way to the mistake, if there is one.
    """
    return Finding(
        place,
        f"proof-{point}",
        f"error: {message} ({point}: {title})" + (f"; {example}" if example else ""),
    )


def doubt(place: Place, message: str) -> Finding:
    """Return a warning."""
    return Finding(place, "doubt", message, severity="warning")
