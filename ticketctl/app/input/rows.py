"""The rows of a file, JSON Lines or CSV: one at a time, however many. Loaded only where
there is a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

from ticketctl.app.input.user_files import CALLED_STDIN, cannot_read
from ticketctl.errors import InputError, UsageError

Rows = Iterator[tuple[str, dict[str, Any]]]
"""Rows of a file, each with its place for messages (``tickets.csv, row 2: ``)."""


@contextmanager
def rows_of(name: str) -> Iterator[Rows]:
    """Open a file of rows, which are read one at a time; empty cells are left out.

    Args:
        name: of the file, JSON Lines (an object on each line) or CSV with a heading;
            ``-`` for stdin, which is read to its end first, so that its writer does
            not wait for us. ``.csv`` is CSV, ``.jsonl`` is JSON Lines; otherwise the
            first character decides.

    Raises:
        MissingError: there is no such file, or none that may be read.
        InputError: (while rows are read) the file is too large, or not text.
        UsageError: a line is neither JSON nor CSV, or a column does not exist.
    """
    shown = CALLED_STDIN if name == "-" else name
    with ExitStack() as opened:
        try:
            file = opened.enter_context(_opened(name))
        except (OSError, ValueError) as error:
            raise cannot_read(shown, error) from None
        yield _rows(file, shown)


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    with ExitStack() as opened:
        source = (
            sys.stdin.buffer if name == "-" else opened.enter_context(open(name, "rb"))
        )
        if name == "-" or not source.seekable():
            spool = opened.enter_context(TemporaryFile())
            _copy(source, spool, CALLED_STDIN if name == "-" else name)
            source = spool
        yield opened.enter_context(
            io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
        )


MAX_SPOOLED = 1 << 30
"""How many bytes are taken from stdin or a pipe: they lie on the disk meanwhile."""


def _copy(source: IO[bytes], spool: IO[bytes], called: str) -> None:
    """Take in all that a pipe gives, and go back to its beginning.

    Raises:
        InputError: there is more than is taken, or a line without end, or what is no
            text.
    """
    size = line = 0
    left = b""
    while piece := source.read(1 << 20):
        size += len(piece)
        left = _undecoded(left + piece, called)
        end = piece.rfind(b"\n")
        line = line + len(piece) if end < 0 else len(piece) - end
        if line > 4 * MAX_LINE:  # bytes of a character
            raise _too_long(called)
        if size > MAX_SPOOLED:
            raise InputError(
                f"{called} gives more than {MAX_SPOOLED >> 30} GiB",
                "write it to a file and name that, which may be larger",
            )
        spool.write(piece)
    spool.seek(0)


def _undecoded(data: bytes, called: str) -> bytes:
    """See that bytes are UTF-8; what may be the beginning of a character, at their end.

    Raises:
        InputError: they are not.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.end < len(data) or error.reason != "unexpected end of data":
            raise _not_text(called) from None
        return data[error.start :]
    return b""


def _not_text(name: str) -> InputError:
    return InputError(f"{name} is not UTF-8", "iconv -f ENCODING -t UTF-8 converts it")


def _too_long(place: str) -> InputError:
    return InputError(
        f"{place}: a line of more than {MAX_LINE >> 20} Mi characters",
        "one ticket a line; attach what is long",
    )


def _rows(file: IO[str], name: str) -> Rows:
    number = 0
    try:
        for number, row in enumerate(_parsed(file, name), 1):
            for key in _OURS.intersection(row):
                raise UsageError(f'{name}, row {number}: there is no column "{key}"')
            yield (
                f"{name}, row {number}: ",
                {key: value for key, value in row.items() if value not in (None, "")},
            )
    except UnicodeDecodeError:
        raise _not_text(name) from None
    except csv.Error as error:
        raise InputError(f"{name} is no CSV: {error}") from None
    except OSError as error:
        raise cannot_read(name, error) from None
    if not number:
        raise InputError(f"{name} holds no rows", "one ticket a line")


_OURS = frozenset(("pairs", "quiet", "file", "via"))
"""Options of the command line that no row has."""


def _parsed(file: IO[str], name: str) -> Iterator[dict[str, Any]]:
    is_csv = name.endswith(".csv")
    if not is_csv and not name.endswith(".jsonl"):
        first = next((line for line in _lines(file, name) if line.strip()), "")
        file.seek(0)
        is_csv = bool(first) and not first.lstrip("\ufeff \t").startswith("{")
    if not is_csv:
        yield from (
            _object(line, f"{name}:{number}")
            for number, line in enumerate(_lines(file, name), 1)
            if line.strip()
        )
        return
    csv.field_size_limit(1 << 20)  # a text may be longer than the reader's own limit
    for number, row in enumerate(csv.DictReader(_lines(file, name), strict=True), 1):
        if None in row or None in row.values():
            raise UsageError(
                f"{name}, row {number}: more or fewer cells than the heading"
            )
        yield dict(row)


MAX_LINE = 8 << 20
"""How many characters a line may have: eight times the largest ticket file."""


def _lines(file: IO[str], name: str) -> Iterator[str]:
    """The lines of a file.

    Raises:
        InputError: one is too long; it is not read to its end.
    """
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise _too_long(f"{name}:{number}")
        yield line


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise UsageError(f"{place}: not an object")
    return row
