"""Tickets that one email opened: two clones took it in, each not knowing of the other,
and were merged.

Nothing can make one ticket of two. But everybody sees the same: emails of the thread go
to one of them, the first that is not closed, and ``check`` names each other one until
it is closed, or says by ``follows`` which it repeats.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from ticketctl.app.index.refresh import everything
from ticketctl.app.workspace import Workspace
from ticketctl.core.entry import Entry
from ticketctl.core.summary import opening
from ticketctl.core.ticket import Ticket
from ticketctl.errors import BrokenError, Finding, MissingError, Place, SettingsError
from ticketctl.store.index.sql import holding
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket


def home(workspace: Workspace, was: LoadedTicket) -> LoadedTicket:
    """The ticket to which emails of a ticket's thread go: itself, unless the email that
    opened it opened another one, too, or stands on one."""
    if not _names(was.ticket.history[0]):
        return was
    group = _Group(
        workspace,
        was.ticket,
        [workspace.store.read_path(path) for path in _paths(workspace, was.ticket)],
    )
    return group.loaded.get(group.home, was)


def duplicates_among(workspace: Workspace, paths: Iterable[str]) -> Iterator[Finding]:
    """What is to be said of the tickets at some paths: each that an email opened which
    had opened another, or stands on one.

    Args:
        paths: of tickets that may share an email with each other.
    """
    named: dict[str, dict[str, LoadedTicket]] = {}
    for path in sorted(set(paths)):
        with suppress(BrokenError, MissingError):  # which is told elsewhere
            loaded = workspace.store.read_path(path)
            for name in {
                name for entry in loaded.ticket.history for name in _names(entry)
            }:
                named.setdefault(name, {})[path] = loaded
    every = {path: loaded for some in named.values() for path, loaded in some.items()}
    for _, loaded in sorted(every.items()):
        found: dict[str, LoadedTicket] = {}
        for name in _names(loaded.ticket.history[0]):
            found |= named[name]
        if len(found) > 1 and (
            other := _Group(workspace, loaded.ticket, list(found.values())).repeated
        ):
            yield _finding(loaded, other)


def duplicates_of(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """The same of one ticket."""
    if _names(loaded.ticket.history[0]):
        mine = duplicates_among(
            workspace, [loaded.path, *_paths(workspace, loaded.ticket)]
        )
        yield from (finding for finding in mine if finding.place.path == loaded.path)


def _finding(loaded: LoadedTicket, other: Ticket) -> Finding:
    own, its = short(loaded.ticket.id), other.id
    words = f"the email that opened it is on {its} as well, where emails of its thread go (taken in by two clones?)"
    hint = f"ticketctl set {own} follows={its}, then close it: ticketctl next {own} shows how"
    return Finding(Place(loaded.path), "duplicate", words, hint, "warning")


def _paths(workspace: Workspace, ticket: Ticket) -> list[str]:
    """The files of the tickets that may hold the email that opened a ticket."""
    names = _names(ticket.history[0])
    return everything(workspace, lambda index: holding(index, names))


def _names(entry: Entry) -> tuple[str, ...]:
    """By what the tickets are found in the index that hold the email of an entry."""
    return tuple(
        filter(None, (entry.mail_id, entry.mail_digest and opening(entry.mail_digest)))
    )


def _is_same(one: Entry, other: Entry) -> bool:
    """Whether two entries of different tickets are of the same email."""
    if one.mail_digest and other.mail_digest:
        return one.mail_digest == other.mail_digest
    mine, its = (
        (entry.mail_id, entry.by.lower(), entry.text, entry.files)
        for entry in (one, other)
    )
    return one.mail_id is not None and mine == its


class _Group:
    """The tickets that hold the email that opened a ticket, and which of them it
    repeats.

    Args:
        found: those that may hold it, the ticket itself among them or not.
    """

    def __init__(
        self, workspace: Workspace, ticket: Ticket, found: Sequence[LoadedTicket]
    ) -> None:
        self._workspace, self._ticket = workspace, ticket
        root = ticket.history[0]
        mine = [one for one in found if one.ticket.profile == ticket.profile]
        self.loaded = {
            one.ticket.id: one
            for one in mine
            if any(_is_same(root, entry) for entry in one.ticket.history)
        }
        self._opened = {
            id_
            for id_, one in self.loaded.items()
            if _is_same(root, one.ticket.history[0])
        }

    def _rank(self, ticket: Ticket) -> tuple[bool, bool, str, str]:
        """What sorts the tickets: those that are closed or say that they repeat another
        come last."""
        return (
            self._is_closed(ticket),
            ticket.follows in self._opened,
            ticket.created,
            ticket.id,
        )

    def _is_closed(self, ticket: Ticket) -> bool:
        try:
            return self._workspace.profile_of(ticket).state(ticket.status) == "closed"
        except (BrokenError, SettingsError):
            return False  # which is told elsewhere

    def _others(self) -> list[Ticket]:
        """The tickets that this one may repeat, the first one first: not that which it
        continues."""
        others = [
            one.ticket
            for id_, one in self.loaded.items()
            if id_ in self._opened
            or id_
            != self._ticket.follows  # a follow-up, by the email that stands there
        ]
        return sorted(others, key=self._rank)

    @property
    def home(self) -> str:
        """The ticket to which emails of the thread go."""
        others = self._others()
        return others[0].id if others else self._ticket.id

    @property
    def repeated(self) -> Ticket | None:
        """The ticket that this one repeats and does not say so."""
        ticket = self._ticket
        if ticket.follows in self._opened or self._is_closed(ticket):
            return None
        first = next(iter(self._others()), ticket)
        return first if first.id != ticket.id else None


class DuplicateFinder:
    """Looks for emails that stand on several tickets while all tickets pass by, in
    little memory: a number for each email. Whether they are the same is looked at
    afterwards."""

    def __init__(self) -> None:
        self._opened: dict[int, int] = {}
        self._others, self._places = array("Q"), array("L")
        self._found: set[int] = set()

    def add(self, place: int, emails: Emails) -> None:
        """Note the emails of a ticket.

        Args:
            place: the number of the ticket.
        """
        opened, others = emails
        for number in opened:
            first = self._opened.setdefault(number, place)
            if first != place:
                self._found |= {first, place}
        for number in others:
            self._others.append(number)
            self._places.append(place)

    def places(self) -> set[int]:
        """The numbers of the tickets that may share an email."""
        found = set(self._found)
        for number, place in zip(self._others, self._places, strict=True):
            if (first := self._opened.get(number, place)) != place:
                found |= {first, place}
        return found


Emails = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers for the emails of a ticket: of that which opened it, and of the others."""
NO_EMAILS: Emails = ((), ())


def emails_of(ticket: Ticket) -> Emails:
    """The emails of a ticket, for :class:`DuplicateFinder`."""
    first, *others = ticket.history
    mailed = [entry for entry in others if entry.mail_id is not None]
    if not mailed and first.mail_id is None and first.mail_digest is None:
        return NO_EMAILS  # as most
    return _numbers([first]), _numbers(mailed)


def _numbers(entries: Iterable[Entry]) -> tuple[int, ...]:
    from ticketctl.core.hashing import sha256

    names = {
        name for entry in entries for name in (entry.mail_id, entry.mail_digest) if name
    }
    return tuple(
        int.from_bytes(sha256(name.encode(errors="replace"))[:8]) for name in names
    )
