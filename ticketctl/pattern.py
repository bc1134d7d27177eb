"""Regular expressions that are compiled when they are first asked: a command meets
thirty of them and asks a few."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet: from then on the methods are those of the
        compiled pattern."""
        compiled = re.compile(self._text, self._flags)
        self.__dict__.update(
            {
                each: getattr(compiled, each)
                for each in dir(compiled)
                if not each.startswith("_")
            }
        )
        return getattr(compiled, name)


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression, of which a mistake shows when it is first used.

    Args:
        flags: those of :func:`re.compile`.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))
