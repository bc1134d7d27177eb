"""Where the attachments of a ticket are, and whether they are there."""

from __future__ import annotations

from ticketctl.app.workspace import Workspace
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import Ticket
from ticketctl.store import files


def attachment_path(id_: str, event: str, name: str) -> str:
    """Return the path of an attachment, relative to the store.

    Args:
        id_: the ticket.
        event: the id of the entry to which the file is attached.
        name: the name of the file in that entry.
    """
    return f"attachments/{id_}/{event}-{name}"


def attachment_paths(ticket: Ticket, entry: Entry) -> list[str]:
    """Return the paths of all files that are attached to an entry."""
    return [attachment_path(ticket.id, entry.id, name) for name in entry.files]


def is_attached(workspace: Workspace, path: str) -> bool:
    """Return whether an attachment is a regular file at its path."""
    return path.count("/") == 2 and files.is_regular(workspace.root, path)
