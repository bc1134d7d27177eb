"""Ids of tickets, and the paths that follow from them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ticketctl.core.vocabulary import TICKET_ID
from ticketctl.errors import DiskError
from ticketctl.pattern import pattern

ID = pattern(rf"{TICKET_ID}\Z")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u."""
PLACE = pattern(r"tickets/\d{4}(?:/\d\d(?:/\d\d(?:/\d{6}-\w{5}\.yaml)?)?)?\Z")
"""The path of a ticket file, or of a folder or other thing where one could be."""
_LEVELS = tuple(
    map(pattern, (r"\d{4}\Z", r"\d\d\Z", r"\d\d\Z", r"\d{6}-\w{5}\.yaml\Z"))
)


def new_id(now: datetime) -> str:
    """Return a new id: the UTC date and five random characters.

    It needs no counter, so two clones do not get the same.
    """
    return f"{now.astimezone(UTC):%y%m%d}-" + "".join(random_char() for _ in range(5))


def random_char() -> str:
    """Return a random character of an id, each of the 32 equally likely."""
    return ALPHABET[os.urandom(1)[0] & 31]


def path_of(id_: str) -> str:
    """Return the path of a ticket, such as ``tickets/2026/11/21/261121-k3qx9.yaml``."""
    return f"tickets/20{id_[:2]}/{id_[2:4]}/{id_[4:6]}/{id_}.yaml"


def id_of(path: str) -> str:
    """Return the id of the ticket at a path."""
    return path.rpartition("/")[2].removesuffix(".yaml")


def walk_tickets(root: str, below: str = "tickets") -> Iterator[str]:
    """Yield the paths of all ticket files, in order.

    Folders behind symbolic links are named, but not entered.

    Args:
        below: ``tickets``, or the folder of a year, month or day.

    Raises:
        DiskError: a folder cannot be read.
    """
    return _walk(root, below, _LEVELS[below.count("/") :])


def _walk(root: str, folder: str, levels: Sequence[re.Pattern[str]]) -> Iterator[str]:
    try:
        with os.scandir(f"{root}/{folder}") as scan:
            entries = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in scan
            )
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DiskError(f"cannot read {root}/{folder}: {error.strerror}") from None
    fits, below = levels[0].match, levels[1:]
    for name, is_folder in entries:
        if fits(name):
            if not below:
                yield f"{folder}/{name}"
            elif is_folder:
                yield from _walk(root, f"{folder}/{name}", below)
            else:
                yield f"{folder}/{name}"  # a link or a file: reading it raises the error
