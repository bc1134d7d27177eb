"""The rows of a file, JSON Lines or CSV: one at a time, however many. Loaded only where there is a file."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

from ticketctl.errors import UsageError

Rows = Iterator[tuple[str, dict[str, Any]]]
"""Rows of a file, each with what to call it in a message."""


@contextmanager
def rows_of(name: str, common: Mapping[str, Any]) -> Iterator[Rows]:
    """The rows of a file, one at a time, each with the command line's options where it says nothing itself.

    Args:
        name: of the file, JSON Lines (an object a line) or CSV with a heading; ``-`` for stdin, which is first taken
            in whole, so that nobody waits for who writes it. ``.csv`` is CSV, ``.jsonl`` is JSON Lines, anything else
            is told by its first character.

    Raises:
        UsageError: it cannot be read, or (as one goes on) a line is neither.
    """
    given = {key: value for key, value in common.items() if value not in (None, ()) and key != "file"}
    called = "stdin" if name == "-" else name
    with ExitStack() as opened:
        try:
            file = opened.enter_context(_opened(name))
        except OSError as error:
            raise UsageError(f"cannot read {called}: {error.strerror}") from None
        yield _rows(file, called, given)


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    with ExitStack() as opened:
        source = sys.stdin.buffer if name == "-" else opened.enter_context(open(name, "rb"))
        if name == "-" or not source.seekable():
            spool = opened.enter_context(TemporaryFile())
            shutil.copyfileobj(source, spool)
            spool.seek(0)
            source = spool
        yield opened.enter_context(io.TextIOWrapper(source, encoding="utf-8-sig", newline=""))


def _rows(file: IO[str], name: str, given: Mapping[str, Any]) -> Rows:
    number = 0
    try:
        for number, row in enumerate(_parsed(file, name), 1):
            for key in _OURS.intersection(row):
                raise UsageError(f'{name}, row {number}: there is no column "{key}"')
            yield f"{name}, row {number}: ", {**given, **{key: v for key, v in row.items() if v not in (None, "")}}
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8") from None
    except (OSError, csv.Error) as error:
        raise UsageError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from None
    if not number:
        raise UsageError(f"{name} holds no rows")


_OURS = frozenset(("pairs", "quiet", "file", "via"))
"""Options of the command line that no row has."""


def _parsed(file: IO[str], name: str) -> Iterator[dict[str, Any]]:
    is_csv = name.endswith(".csv")
    if not is_csv and not name.endswith(".jsonl"):
        first = next((line for line in _lines(file, name) if line.strip()), "")
        file.seek(0)
        is_csv = bool(first) and not first.lstrip("\ufeff \t").startswith("{")
    if not is_csv:
        yield from (_object(line, f"{name}:{number}") for number, line in enumerate(_lines(file, name), 1)
                   if line.strip())  # fmt: skip
        return
    csv.field_size_limit(1 << 20)  # a text may be longer than the reader's own limit
    for number, row in enumerate(csv.DictReader(_lines(file, name), strict=True), 1):
        if None in row or None in row.values():
            raise UsageError(f"{name}, row {number}: more or fewer cells than the heading")
        yield dict(row)


MAX_LINE = 8 << 20
"""How many characters a line may have: eight times the largest ticket file."""


def _lines(file: IO[str], name: str) -> Iterator[str]:
    """The lines of a file.

    Raises:
        UsageError: one is too long; it is not read to its end.
    """
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise UsageError(f"{name}:{number}: a line of more than {MAX_LINE >> 20} Mi characters",
                             "one ticket a line; attach what is long")  # fmt: skip
        yield line


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise UsageError(f"{place}: not an object")
    return row
