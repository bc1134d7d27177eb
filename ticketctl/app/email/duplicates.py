"""Tickets that were opened by the same email.

Two clones received the email, neither knowing of the other, and were merged. Nothing
can make one ticket of two. But everybody sees the same: emails of the thread go to one
of them, the first that is not closed, and ``check`` names each other ticket until it is
closed, or says by ``follows`` which ticket it repeats.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from ticketctl.app.email.ticket_reader import TicketReader
from ticketctl.app.index.refresh import ask_whole_index
from ticketctl.app.workspace import Workspace
from ticketctl.core.entry import Entry
from ticketctl.core.summary import opened_by
from ticketctl.core.ticket import Ticket
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import BrokenError, Finding, MissingError, Place, SettingsError
from ticketctl.store.index.sql import paths_with_emails
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def home_of_thread(tickets: TicketReader, loaded: LoadedTicket) -> LoadedTicket:
    """Return the ticket to which emails of a ticket's thread go.

    It is the ticket itself, unless the email that opened it also opened another one, or
    is recorded on another one.
    """
    names = _email_names(loaded.ticket.history[0])
    if not names:
        return loaded
    group = _Group(tickets.workspace, loaded.ticket, tickets.with_emails(names))
    return group.by_id.get(group.home, loaded)


def duplicates_among(workspace: Workspace, paths: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each ticket whose opening email is on an earlier ticket, too.

    Args:
        paths: of tickets that may share an email with each other.
    """
    by_name: dict[str, dict[str, LoadedTicket]] = {}
    by_path: dict[str, LoadedTicket] = {}
    for path in sorted(set(paths)):
        with suppress(BrokenError, MissingError):  # reported by other checks
            loaded = workspace.store.read_path(path)
            for entry in loaded.ticket.history:
                for name in _email_names(entry):
                    by_name.setdefault(name, {})[path] = loaded
                    by_path[path] = loaded
    for loaded in by_path.values():
        candidates: dict[str, LoadedTicket] = {}
        for name in _email_names(loaded.ticket.history[0]):
            candidates |= by_name[name]
        if len(candidates) > 1:
            group = _Group(workspace, loaded.ticket, list(candidates.values()))
            if (repeated := group.repeated) is not None:
                yield _finding(loaded, repeated)


def duplicates_of(workspace: Workspace, loaded: LoadedTicket) -> Iterator[Finding]:
    """Yield the finding for one ticket, like :func:`duplicates_among`."""
    if names := _email_names(loaded.ticket.history[0]):
        paths = ask_whole_index(
            workspace, lambda index: paths_with_emails(index, names)
        )
        findings = duplicates_among(workspace, [loaded.path, *paths])
        yield from (
            finding for finding in findings if finding.place.path == loaded.path
        )


def _finding(loaded: LoadedTicket, repeated: Ticket) -> Finding:
    id_ = short_id(loaded.ticket.id)
    return Finding(
        Place(loaded.path),
        "duplicate",
        f"the email that opened it is on {repeated.id} as well, where emails of its thread go (received by two clones?)",
        f"ticketctl set {id_} follows={repeated.id}, then close it: ticketctl next {id_} shows how",
        "warning",
    )


def _email_names(entry: Entry) -> tuple[str, ...]:
    """Return the names under which the index finds the tickets with an entry's email."""
    digest = entry.mail_digest and opened_by(entry.mail_digest)
    return tuple(filter(None, (entry.mail_id, digest)))


def _same_email(first: Entry, second: Entry) -> bool:
    """Return whether two entries of different tickets record the same email."""
    if first.mail_digest and second.mail_digest:
        return first.mail_digest == second.mail_digest
    ours, theirs = (
        (entry.mail_id, entry.by.lower(), entry.text, entry.files)
        for entry in (first, second)
    )
    return first.mail_id is not None and ours == theirs


class _Group:
    """The tickets that record the email that opened a ticket.

    Args:
        ticket: the ticket.
        candidates: tickets that may record the email; they may include the ticket.
    """

    def __init__(
        self, workspace: Workspace, ticket: Ticket, candidates: Sequence[LoadedTicket]
    ) -> None:
        self._workspace, self._ticket = workspace, ticket
        root = ticket.history[0]
        self.by_id = {
            loaded.ticket.id: loaded
            for loaded in candidates
            if loaded.ticket.profile == ticket.profile
            and any(_same_email(root, entry) for entry in loaded.ticket.history)
        }
        self._opened = {
            id_
            for id_, loaded in self.by_id.items()
            if _same_email(root, loaded.ticket.history[0])
        }

    def _rank(self, ticket: Ticket) -> tuple[bool, bool, str, str]:
        """Return the sort key of a ticket.

        Closed tickets and those that say that they repeat another come last.
        """
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
            return False  # reported by other checks

    def _ranked(self) -> list[Ticket]:
        """Return the tickets that this one may repeat, first the one that comes first.

        The ticket that this one continues is not among them: a follow-up is opened by
        an email that is recorded there, too.
        """
        tickets = [
            loaded.ticket
            for id_, loaded in self.by_id.items()
            if id_ in self._opened or id_ != self._ticket.follows
        ]
        return sorted(tickets, key=self._rank)

    @property
    def home(self) -> str:
        """The id of the ticket to which emails of the thread go."""
        ranked = self._ranked()
        return ranked[0].id if ranked else self._ticket.id

    @property
    def repeated(self) -> Ticket | None:
        """The ticket that this one repeats without saying so."""
        ticket = self._ticket
        if ticket.follows in self._opened or self._is_closed(ticket):
            return None
        first = next(iter(self._ranked()), ticket)
        return first if first.id != ticket.id else None


class DuplicateFinder:
    """A search for emails that are on several tickets, in little memory.

    Tickets are added one by one; only a number is kept for each email. Whether emails
    are really the same is checked afterwards.
    """

    def __init__(self) -> None:
        self._opened: dict[int, int] = {}
        self._emails, self._places = array("Q"), array("L")
        self._shared: set[int] = set()

    def add(self, place: int, emails: Emails) -> None:
        """Add the emails of a ticket.

        Args:
            place: the number of the ticket.
        """
        opened, others = emails
        for number in opened:
            first = self._opened.setdefault(number, place)
            if first != place:
                self._shared |= {first, place}
        for number in others:
            self._emails.append(number)
            self._places.append(place)

    def places(self) -> set[int]:
        """Return the numbers of the tickets that may share an email."""
        shared = set(self._shared)
        for number, place in zip(self._emails, self._places, strict=True):
            if (first := self._opened.get(number, place)) != place:
                shared |= {first, place}
        return shared


Emails = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers for the emails of a ticket: of the one that opened it, and of the others."""
NO_EMAILS: Emails = ((), ())


def emails_of(ticket: Ticket) -> Emails:
    """Return the emails of a ticket, for :class:`DuplicateFinder`."""
    first, *others = ticket.history
    emails = [entry for entry in others if entry.mail_id is not None]
    if not emails and first.mail_id is None and first.mail_digest is None:
        return NO_EMAILS
    return _numbers([first]), _numbers(emails)


def _numbers(entries: Iterable[Entry]) -> tuple[int, ...]:
    from ticketctl.core.hashing import sha256

    names = {
        name for entry in entries for name in (entry.mail_id, entry.mail_digest) if name
    }
    return tuple(
        int.from_bytes(sha256(name.encode(errors="replace"))[:8]) for name in names
    )
