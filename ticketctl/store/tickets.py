"""The store: where a ticket lies, and how it is found, read and written."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Container, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from ticketctl.core.ticket import HEAD, Ticket
from ticketctl.core.vocabulary import short_id
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
from ticketctl.store.paths import ID, PLACE, id_of, new_id, path_of, walk_tickets
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket, load_ticket
from ticketctl.store.yaml.writer import emit, extend

if TYPE_CHECKING:
    from datetime import datetime

    from ticketctl.store.state_folder import StateFolder
    from ticketctl.store.writing.journal import Write

_LOOKALIKE = str.maketrans("ilo", "110")

_PAUSES = (0.01, 0.03, 0.1)
"""How long to wait, in seconds, before a file that may be half-written is read again."""
_FRESH = 0.5
"""How old such a file may be, in seconds."""


class Store(Record):
    """A folder with ``tickets/``.

    Args:
        root: its path.
        state: where its index lies; ``None`` for no index.
    """

    root: str
    state: StateFolder | None = None

    @cached_property
    def _folders(self) -> set[str]:
        """Return the folders that this command has found not to be behind a link."""
        return set()

    def ids(self) -> Iterator[str]:
        """Yield the ids of all tickets, oldest day first; other files are skipped."""
        return (name for path in self.paths() if ID.match(name := id_of(path)))

    def paths(self) -> Iterator[str]:
        """Yield the paths of all ticket files, in order.

        Folders behind symbolic links are named, but not entered.
        """
        return walk_tickets(self.root)

    def strays(self, listed: Collection[str]) -> Iterator[str]:
        """Yield files below ``tickets/`` that are not where a ticket could be.

        Such is a half-finished copy, for example.

        Args:
            listed: the result of :meth:`paths`; files that came since are judged by
                their names.
        """
        listed = frozenset(listed)
        for folder, _, names in os.walk(f"{self.root}/tickets"):
            within = folder[len(f"{self.root}/") :]
            for name in names:
                path = f"{within}/{name}"
                if (
                    path not in listed
                    and not PLACE.match(path)
                    and not name.startswith(".")
                ):
                    yield path

    def find(self, text: str, admits: Callable[[str], bool] | None = None) -> str:
        """Return the id that a person means.

        Any unique beginning of an id or of its random half will do, in any case.

        Args:
            admits: whether the user may see a ticket; the others count as missing.

        Raises:
            MissingError: there is no such ticket.
            UsageError: there are several.
        """
        start = text.strip().casefold()
        if (
            ID.match(start)
            and files.stat_if_present(f"{self.root}/{path_of(start)}")
            and (admits is None or admits(start))
        ):
            return start
        date, dash, rest = start.rpartition("-")
        start = date + dash + rest.translate(_LOOKALIKE)
        if not re.fullmatch(r"[0-9a-z-]+", start):
            raise MissingError(
                f'invalid ticket id "{text}"', "ticketctl list shows them"
            )
        from ticketctl.store.index.ids_by_prefix import (
            ids_beginning,
        )  # only who types half an id needs the index

        indexed = None if self.state is None else ids_beginning(self.state, start)
        candidates = (
            self.ids() if indexed is None else (id_ for id_ in indexed if ID.match(id_))
        )
        matches = [
            id_
            for id_ in candidates
            if id_.startswith(start) or short_id(id_).startswith(start)
        ]
        matches = [id_ for id_ in matches if admits is None or admits(id_)]
        exact = [id_ for id_ in matches if short_id(id_) == start]
        if len(exact or matches) == 1:
            return (exact or matches)[0]
        if not matches:
            raise MissingError(
                f'there is no ticket "{text}"', "ticketctl list -A shows all"
            )
        named = ", ".join(matches[:5]) + (", ..." if len(matches) > 5 else "")
        raise UsageError(
            f'{len(matches)} tickets match "{text}"', f"type more of the id: {named}"
        )

    def fresh_id(self, moment: datetime, taken: Container[str] = ()) -> str:
        """Return an id that no ticket of that day has, nor any of those taken.

        Of some thousand a day, two random ones would be alike.
        """
        while (id_ := new_id(moment)) in taken or os.path.lexists(
            f"{self.root}/{path_of(id_)}"
        ):
            pass
        return id_

    def read(self, id_: str) -> LoadedTicket:
        """Read a ticket by its whole id.

        Raises:
            MissingError: there is no such file.
            BrokenError: it is not a valid ticket.
            UnreadError: the system does not let us read it.
        """
        return self.read_path(path_of(id_))

    def read_path(self, path: str) -> LoadedTicket:
        """Read a ticket by its path in the store; see :meth:`read`."""
        return self.parse(path, self.data_of(path))

    def data_of(self, path: str) -> bytes:
        """Return the bytes of a ticket file.

        Raises:
            MissingError: there is no such file.
            BrokenError: it cannot be read, or no ticket could lie there.
            UnreadError: the system does not let us read it.
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
        """Return the bytes of a file once they are there.

        Git and editors make or empty a file before they write it, so a file that was
        emptied just now is read again.
        """
        full = f"{self.root}/{path}"
        for pause in _PAUSES:
            if data := files.read_bytes(full, MAX_BYTES):
                return data
            if abs(time.time() - os.lstat(full).st_mtime) > _FRESH:
                break
            time.sleep(pause)
        return files.read_bytes(full, MAX_BYTES)

    def parse(self, path: str, data: bytes) -> LoadedTicket:
        """Return the ticket that some bytes would be at a path of the store.

        Raises:
            BrokenError: they are not a valid ticket, or no ticket could lie there.
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
        from ticketctl.store.yaml.commented_reader import read_commented

        if (
            len(data) <= MAX_BYTES
            and (commented := read_commented(data)) is not None
            and commented[0].id == id_
        ):
            return LoadedTicket(commented[0], data, path, commented[1])
        from ticketctl.store.yaml.ruamel import read_yaml

        return load_ticket(data, path, read_yaml(data, path), id_)

    def is_whole(self, path: str) -> bool:
        """Return whether a file has a ticket in our form that agrees with its history.

        Then nobody is just editing it.
        """
        try:
            loaded = self.read_path(path)
        except (BrokenError, MissingError, UnreadError):
            return False
        return loaded.canonical

    def extends(self, path: str, data: bytes, old: bytes | None) -> bool:
        """Return whether bytes are a ticket with all events of older bytes, and more.

        The events must be in the same order, and the head must follow from them.

        Args:
            old: the bytes of the older state; ``None``, if there was no ticket.
        """
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
        """Return the write that brings a ticket's file to its new state.

        In a file of our form, the head is written anew and entries are added at the
        end. A file that people have changed keeps its comments, order and unknown keys.

        Args:
            limit: how many bytes it may have; files larger than MAX_BYTES cannot be
                read.

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
            hint = "continue in a follow-up ticket: ticketctl new --follows ID"
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

            # The file may not be in block style: all of it is written anew, with the
            # comments where possible.
            data = rewrite(was.data, emit(changed), HEAD, added)
        return data
