"""The store: where a ticket lies, how it is found, read and written."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Container, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from ticketctl.core.ticket import HEAD, Ticket
from ticketctl.errors import (
    BrokenError,
    DiskError,
    MissingError,
    Place,
    RefusedError,
    ShortageError,
    UnreadError,
    UsageError,
)
from ticketctl.record import Record
from ticketctl.store import files
from ticketctl.store.files import MAX_BYTES
from ticketctl.store.paths import (
    ID,
    PLACE,
    id_of,
    new_id,
    path_of,
    short_id,
    walk_tickets,
)
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.loader import LoadedTicket, load_ticket
from ticketctl.store.yaml.writer import emit, extend

if TYPE_CHECKING:
    from datetime import datetime

    from ticketctl.store.state import StateFolder
    from ticketctl.store.writing.journal import Write

_LOOKALIKE = str.maketrans("ilo", "110")

_PAUSES = (0.01, 0.03, 0.1)
"""How long to wait before a file that may be half-written is read again, in seconds."""
_FRESH = 0.5
"""How old such a file may be, in seconds."""


class Store(Record):
    """A folder with ``tickets/``.

    Args:
        state: where its index lies; ``None`` to do without.
    """

    root: str
    state: StateFolder | None = None

    @cached_property
    def _folders(self) -> set[str]:
        """Folders that this command has found not to be behind a link."""
        return set()

    def ids(self) -> Iterator[str]:
        """The ids of all tickets, oldest day first; whatever is not named like a ticket
        is passed over."""
        return (name for path in self.paths() if ID.match(name := id_of(path)))

    def paths(self) -> Iterator[str]:
        """The paths of all ticket files, in order. Folders behind symbolic links are
        not entered, but named."""
        return walk_tickets(self.root)

    def strays(self, known: Collection[str]) -> Iterator[str]:
        """Files below ``tickets/`` that are not where a ticket could be, such as a
        half-finished copy.

        Args:
            known: what :meth:`paths` gave; whatever came since is told by its name.
        """
        known = frozenset(known)
        for folder, _, names in os.walk(f"{self.root}/tickets"):
            within = folder[len(f"{self.root}/") :]
            for name in names:
                path = f"{within}/{name}"
                if (
                    path not in known
                    and not PLACE.match(path)
                    and not name.startswith(".")
                ):
                    yield path

    def find(self, text: str, admits: Callable[[str], bool] | None = None) -> str:
        """The id that a person means: any unique beginning of it or of its random half,
        in any case.

        Args:
            admits: whether a ticket is there for who asks; the others count as if they
                did not exist.

        Raises:
            MissingError: there is no such ticket.
            UsageError: several begin so.
        """
        wanted = text.strip().casefold()
        if (
            ID.match(wanted)
            and files.stat_if_present(f"{self.root}/{path_of(wanted)}")
            and (admits is None or admits(wanted))
        ):
            return wanted
        date, dash, half = wanted.rpartition("-")
        wanted = date + dash + half.translate(_LOOKALIKE)
        if not re.fullmatch(r"[0-9a-z-]+", wanted):
            raise MissingError(
                f'"{text}" is not the id of a ticket', "ticketctl list shows them"
            )
        from ticketctl.store.index.folders import (
            ids_beginning,
        )  # only who types half an id needs the index

        known = None if self.state is None else ids_beginning(self.state, wanted)
        some = self.ids() if known is None else (id_ for id_ in known if ID.match(id_))
        found = [
            id_
            for id_ in some
            if id_.startswith(wanted) or short_id(id_).startswith(wanted)
        ]
        found = [id_ for id_ in found if admits is None or admits(id_)]
        exact = [id_ for id_ in found if short_id(id_) == wanted]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise MissingError(
                f'there is no ticket "{text}"', "ticketctl list -A shows all"
            )
        named = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        raise UsageError(f'"{text}" could be any of {len(found)} tickets', named)

    def fresh_id(self, moment: datetime, taken: Container[str] = ()) -> str:
        """An id that no ticket of that day has, nor any of those taken: of some
        thousand a day two would be alike."""
        while (id_ := new_id(moment)) in taken or os.path.lexists(
            f"{self.root}/{path_of(id_)}"
        ):
            pass
        return id_

    def read(self, id_: str) -> LoadedTicket:
        """Read a ticket by its whole id.

        Raises:
            MissingError: there is no such file.
            BrokenError: it cannot be understood.
        """
        return self.read_path(path_of(id_))

    def read_path(self, path: str) -> LoadedTicket:
        """Read a ticket by its path in the store."""
        return self.parse(path, self.data_of(path))

    def data_of(self, path: str) -> bytes:
        """The bytes of a ticket file.

        Raises:
            MissingError: there is no such file.
            BrokenError: it cannot be read, or no ticket could lie there.
        """
        if not path.endswith(".yaml"):
            raise BrokenError(
                "not a folder of tickets (symbolic links are not followed)",
                place=Place(path),
            )
        folder = path.rpartition("/")[0]
        if folder not in self._folders and files.link_above(self.root, path):
            raise BrokenError(
                "it lies behind a symbolic link; those are not followed",
                place=Place(path),
            )
        self._folders.add(folder)
        try:
            return self._written(path)
        except FileNotFoundError:
            name = id_of(path)
            raise MissingError(
                f'there is no ticket "{name}"', "ticketctl list -A shows all"
            ) from None
        except UnreadError as error:
            error.place = Place(path)
            raise
        except ShortageError:
            raise
        except DiskError as error:
            raise BrokenError(error.message, error.hint, Place(path)) from None

    def _written(self, path: str) -> bytes:
        """The bytes of a file, once they are there: git and editors make or empty a
        file before they write it, so one that was emptied just now is read again."""
        full = f"{self.root}/{path}"
        for pause in _PAUSES:
            if data := files.read_bytes(full, MAX_BYTES):
                return data
            if abs(time.time() - os.lstat(full).st_mtime) > _FRESH:
                break
            time.sleep(pause)
        return files.read_bytes(full, MAX_BYTES)

    def parse(self, path: str, data: bytes) -> LoadedTicket:
        """The ticket that some bytes would be, lying at a path of the store.

        Raises:
            BrokenError: they cannot be understood, or no ticket could lie there.
        """
        id_ = id_of(path)
        if not ID.match(id_) or path_of(id_) != path:
            raise BrokenError(
                f"{id_} is not the id of a ticket of that day", place=Place(path)
            )
        if (
            len(data) <= MAX_BYTES
            and (ticket := read_canonical(data)) is not None
            and ticket.id == id_
        ):
            return LoadedTicket(ticket, data, path)
        from ticketctl.store.yaml.comments import read_commented

        if (
            len(data) <= MAX_BYTES
            and (found := read_commented(data)) is not None
            and found[0].id == id_
        ):
            return LoadedTicket(found[0], data, path, found[1])
        from ticketctl.store.yaml.ruamel import read_yaml

        return load_ticket(data, path, read_yaml(data, path), id_)

    def is_whole(self, path: str) -> bool:
        """Whether a file holds a ticket in our own form that agrees with its history:
        nobody is just editing it."""
        try:
            loaded = self.read_path(path)
        except (BrokenError, MissingError, UnreadError):
            return False
        return loaded.canonical

    def extends(self, path: str, data: bytes, old: bytes | None) -> bool:
        """Whether bytes are a ticket at a path that holds all events of others in their
        order and more, and is nothing but its events; ``old`` is ``None`` where there
        is no ticket yet."""
        try:
            now = self.parse(path, data)
            before = () if old is None else self.parse(path, old).ticket.history
        except BrokenError:
            return False
        history = now.ticket.history
        is_longer = len(history) > len(before) and history[: len(before)] == before
        return is_longer and not now.differences

    def writes(
        self, changed: Ticket, was: LoadedTicket | None, limit: int = MAX_BYTES
    ) -> Write:
        """The write that brings a ticket's file to its new state.

        In a file of our canonical form the head is written anew and entries are added
        below; one that people have touched keeps its comments, order and unknown keys.

        Args:
            limit: how many bytes it may have then; what is larger than MAX_BYTES nobody
                could read any more.

        Raises:
            RefusedError: it would be larger.
        """
        from ticketctl.store.writing.journal import Write

        path = path_of(changed.id)
        if was is None:
            data = emit(changed)
        elif was.canonical:
            data = extend(
                was.data, changed, len(changed.history) - len(was.ticket.history)
            )
        else:
            data = self._spliced(changed, was, path)
        if len(data) > limit and (was is None or len(data) > len(was.data)):
            size = f"{limit / (1 << 20):.2g} MiB"
            hint = "go on in a follow-up ticket (ticketctl new --follows ID)"
            raise RefusedError(
                f"{short_id(changed.id)} would grow larger than {size}", hint
            )
        by = changed.history[len(was.ticket.history) if was else 0].by
        return Write(path, data, was.data if was else None, by=by)

    def _spliced(self, changed: Ticket, was: LoadedTicket, path: str) -> bytes:
        from ticketctl.store.yaml.line_edit import splice

        added = len(changed.history) - len(was.ticket.history)
        try:
            data = splice(was.data.decode(), was.node, changed, added).encode()
            read = self.parse(path, data)
        except (BrokenError, LookupError):
            read = None
        if read is None or read.ticket != changed or read.differences:
            from ticketctl.store.yaml.ruamel import rewrite

            # Not in block style, say: everything is written anew, but comments are kept
            # where they can be.
            data = rewrite(was.data, emit(changed), HEAD, added)
        return data
