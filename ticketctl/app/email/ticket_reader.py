"""The tickets that are read while one email is handled."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.app.index.refresh import ask_whole_index
from ticketctl.app.workspace import Workspace
from ticketctl.errors import MissingError
from ticketctl.store.index.sql import paths_with_emails
from ticketctl.store.paths import ID, path_of
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


class TicketReader:
    """The tickets that one email concerns, each read once.

    Everything that is decided about an email is decided on the same state of a ticket.
    If another program changes it meanwhile, writing fails, and the email is handled
    anew by a new reader.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._by_path: dict[str, LoadedTicket] = {}

    def read_path(self, path: str) -> LoadedTicket:
        """Return the ticket at a path.

        Raises:
            MissingError: there is no such file.
            BrokenError: it cannot be parsed.
        """
        if path not in self._by_path:
            self._by_path[path] = self.workspace.store.read_path(path)
        return self._by_path[path]

    def read_if_there(self, id_: str) -> LoadedTicket | None:
        """Return a ticket by its id; ``None`` if there is none, or it is no id.

        Raises:
            BrokenError: it cannot be parsed.
        """
        if not ID.match(id_):
            return None
        try:
            return self.read_path(path_of(id_))
        except MissingError:
            return None

    def with_emails(self, names: Sequence[str]) -> list[LoadedTicket]:
        """Return the tickets that may hold some emails, whoever may see them.

        Args:
            names: Message-IDs, or the beginnings of digests that the index knows.

        Raises:
            MissingError, BrokenError: as of :meth:`read_path`.
        """
        paths = ask_whole_index(
            self.workspace, lambda index: paths_with_emails(index, names)
        )
        return [self.read_path(path) for path in paths]
