"""Regular expressions that are compiled when they are first used.

A command imports thirty of them, and uses a few.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern at the first use; from then on its methods are here."""
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
    """Return a regular expression that is compiled when it is first used.

    Args:
        flags: those of :func:`re.compile`.

    Raises:
        re.error: at the first use, if it is not valid.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))
