"""Everything is printed here: on stdout, on stderr, in the pager, as completions.

Whatever is printed, of a ticket, a profile, git, a server or the command line, is safe:
no control character, nothing that hides text or changes its order (``core.escaping``),
no colors but our own, no line break that is not ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import click

from ticketctl.core.escaping import safe
from ticketctl.render.color import finished

_chosen = "auto"


def choose_colours(when: str) -> None:
    """Set when colors are used: ``auto``, ``always`` or ``never``."""
    global _chosen
    _chosen = when


def coloured(stream: TextIO | None) -> bool:
    """Return whether a stream gets colors.

    ``--color`` decides, then NO_COLOR and FORCE_COLOR, then whether it is a terminal
    that is not ``TERM=dumb``.
    """
    if _chosen != "auto":
        return _chosen == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def say(line: str, err: bool = False) -> None:
    """Print one line; a line break in it is escaped.

    Args:
        err: on stderr.
    """
    _print(line, err, "")


def say_lines(text: str, err: bool = False) -> None:
    """Print a text of several lines that we made: a help page, a table, JSON."""
    _print(text, err, "\n")


def say_cells(line: str) -> None:
    """Print a line of CSV or TSV, which may contain tabs and line breaks."""
    _print(line, False, "\t\n")


def say_message(text: str, indent: str = "  ", err: bool = True) -> None:
    """Print a message, broken at words where it does not fit a terminal.

    Where no terminal reads it, it stays one line, which programs can search.

    Args:
        indent: what the lines after the first begin with.
        err: on stderr.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None or not stream.isatty():
        say(text, err)
        return
    from ticketctl.render.format import wrapped

    for line in wrapped(text, indent, max(terminal_width(100, stream), 20), first=""):
        say(line, err)


def say_page(lines: Iterable[str]) -> None:
    """Print a long answer, through the pager where it does not fit a terminal.

    As with git, ``less`` shows colors, and ends at once if the answer fits after all,
    unless LESS says otherwise.
    """
    page = list(lines)
    if sys.stdout.isatty():
        size = os.get_terminal_size(sys.stdout.fileno())
        if len(page) >= size.lines:
            on = coloured(sys.stdout)
            text = "".join(finished(line, on) + "\n" for line in page)
            os.environ.setdefault("LESS", "FRX")
            click.echo_via_pager(text, color=on)
            return
    for line in page:
        say(line)


def terminal_width(default: int, stream: TextIO | None = None) -> int:
    """Return how many columns a stream has, stdout if none is named: COLUMNS, else the
    terminal's, else the default. (``shutil`` would load bz2 and lzma.)"""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    stream = stream or sys.__stdout__
    try:
        return os.get_terminal_size(stream.fileno() if stream else 1).columns or default
    except (OSError, ValueError):
        return default


def progress_bar(what: str, total: int) -> Any:
    """Return a bar for stderr, not yet shown."""
    return click.progressbar(length=total, label=safe(what), file=sys.stderr)


def _print(text: str, err: bool, keep: str) -> None:
    stream = sys.stderr if err else sys.stdout
    if not (text.replace("\n", "") if "\n" in keep else text).isprintable():
        text = finished(text, coloured(stream), keep)
    try:
        click.echo(text, err=err, color=True)  # any sequence left is ours
    except UnicodeEncodeError as error:
        encodable = text.encode(error.encoding, "backslashreplace")
        click.echo(encodable.decode(error.encoding), err=err, color=True)
