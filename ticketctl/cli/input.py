"""What people give a command in a file or on stdin: read within limits, whatever lies
there (a device, a pipe)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ticketctl.app.input import values
from ticketctl.app.input.user_files import CALLED_STDIN, cannot_read
from ticketctl.errors import InputError, UsageError

_MOST = 4 * values.MAX_TEXT
"""How many bytes of a text are read: what is longer has too many characters, too."""
_LONGEST_LINE = 1 << 16
_MOST_LINES = 2_000_000


def read_text(name: str, what: str) -> str:
    """The text of a file, or of stdin; of one that is too long only so much is read
    that this is seen.

    Args:
        name: of the file; ``-`` for stdin.
        what: what it is for, in messages: ``the note``.

    Raises:
        MissingError: there is no such file, or none that may be read.
        InputError: it is too long, empty, or no text.
        DiskError: the disk failed.
    """
    called = CALLED_STDIN if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        raise cannot_read(called, error) from None
    if len(data) > _MOST:
        hint = "attach it instead of pasting it"
        raise InputError(
            f"{called} is larger than {_MOST >> 20} MiB, too large for {what}", hint
        )
    try:
        return values.clean_text(data.decode("utf-8-sig"), what)
    except UnicodeDecodeError:
        raise InputError(
            f"{called} is not UTF-8", "iconv -f ENCODING -t UTF-8 converts it"
        ) from None
    except UsageError as error:
        raise InputError(f"{called}: {error.message}", error.hint) from None


def typed_ids() -> Iterator[str]:
    """The first word of each line of stdin, as the lines come.

    Raises:
        InputError: a line is too long, or no text; or there are too many.
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
        "several commands, with fewer ids each",
    )
