"""Texts of a profile in which ``$names`` are filled in: ``$title``, ``${title}``; ``$$`` is a dollar, and so is ``$5``."""

from __future__ import annotations

from collections.abc import Mapping

from ticketctl.pattern import pattern

_NAME = pattern(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def names_in(text: str) -> list[str]:
    """The names that a text speaks of, in their order."""
    return [found[2] or found[3] for found in _NAME.finditer(text) if not found[1]]


def only_name(text: str) -> str:
    """The name of which a text consists; empty if there is more to it, or less."""
    found = _NAME.fullmatch(text)
    return found[2] or found[3] or "" if found else ""


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with the values of the names in their places; a name without one stays as it is."""
    return _NAME.sub(lambda found: "$" if found[1] else str(values.get(found[2] or found[3], found[0])), text)
