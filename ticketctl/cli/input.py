"""Texts and ids from a file or stdin, read within limits, whatever it is (a device, a
pipe)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ticketctl.app.input import values
from ticketctl.app.input.user_files import CALLED_STDIN, cannot_read
from ticketctl.errors import InputError, UsageError

_MOST = 4 * values.MAX_TEXT
"""How many bytes of a text are read; a longer one has too many characters, too."""
_LONGEST_LINE = 1 << 16
_MOST_LINES = 2_000_000


def read_text(name: str, what: str) -> str:
    """Return the text of a file, or of stdin, of which no more is read than is allowed.

    Args:
        name: the path of the file; ``-`` for stdin.
        what: what the text is, for messages: ``the note``.

    Raises:
        MissingError: there is no such file, or it must not be read.
        InputError: it is too long, empty, or not text.
        DiskError: the disk failed.
    """
    shown = CALLED_STDIN if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        raise cannot_read(shown, error) from None
    if len(data) > _MOST:
        hint = "attach it instead of pasting it"
        raise InputError(
            f"{shown} is larger than {_MOST >> 20} MiB, too large for {what}", hint
        )
    try:
        return values.clean_text(data.decode("utf-8-sig"), what)
    except UnicodeDecodeError:
        raise InputError(
            f"{shown} is not UTF-8", "iconv -f ENCODING -t UTF-8 converts it"
        ) from None
    except UsageError as error:
        raise InputError(f"{shown}: {error.message}", error.hint) from None


def typed_ids() -> Iterator[str]:
    """Yield the first word of each line of stdin, as the lines come.

    Raises:
        InputError: a line is too long or not text, or there are too many lines.
    """
    hint = "one ticket id a line: ticketctl list --format id"
    for number in range(1, _MOST_LINES + 1):
        try:
            line = sys.stdin.buffer.readline(_LONGEST_LINE + 1)
        except OSError as error:
            raise cannot_read(CALLED_STDIN, error) from None
        if not line:
            return
        if len(line) > _LONGEST_LINE:
            raise InputError(
                f"{CALLED_STDIN}:{number}: a line of more than {_LONGEST_LINE >> 10} KiB",
                hint,
            )
        try:
            words = line.decode().split()
        except UnicodeDecodeError:
            raise InputError(f"{CALLED_STDIN}:{number} is not UTF-8", hint) from None
        if words:
            yield words[0]
    raise InputError(
        f"{CALLED_STDIN} has more than {_MOST_LINES:,} lines",
        "use several commands, with fewer ids each",
    )
