"""The index of the tickets that a customer may see, without internal notes.

Lists, totals and searches of a customer ask it.
"""

from __future__ import annotations

from itertools import chain

from ticketctl.app.index.parallel import map_parallel, read_ticket_at
from ticketctl.app.index.refresh import ask_whole_index, broken_in, cells_of
from ticketctl.app.progress import Progress
from ticketctl.app.visibility import CustomerView
from ticketctl.app.workspace import Workspace
from ticketctl.core.summary import summary_of, watched_by
from ticketctl.errors import (
    UNREAD,
    BrokenError,
    Exit,
    Finding,
    SettingsError,
    UnreadError,
    exit_of,
)
from ticketctl.store.index.build import build_index
from ticketctl.store.index.database import Index, IndexContents, IndexEntry
from ticketctl.store.index.sql import paths_of_customer, paths_watched_by
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def customer_index(
    workspace: Workspace, view: CustomerView, progress: Progress
) -> Index:
    """Return an index in memory of the tickets of a customer.

    It is made anew for each command, since a customer has few tickets. Files that
    cannot be parsed are left out: it is unknown whose they are.
    """

    def visible_paths(index: Index) -> tuple[set[str], bool]:
        paths = {
            *paths_of_customer(index, view.who, view.staffed),
            *paths_watched_by(index, watched_by(view.who)),
        }
        return paths, exit_of(broken_in(index)) is Exit.IO

    paths, some_unread = ask_whole_index(workspace, visible_paths, progress)
    entries = (
        entry
        for entry in map_parallel(
            workspace,
            read_ticket_at,
            customer_entry_of,
            sorted(paths),
            "reading",
            progress,
        )
        if entry is not None
    )
    return build_index(
        IndexContents(chain(entries, [_UNREAD] if some_unread else [])), None
    )


_UNREAD = IndexEntry(
    "tickets",
    b"",
    "",
    0,
    broken=(
        0,
        0,
        "a file cannot be read; it may be one of your tickets",
        "ask staff to run ticketctl check",
        UNREAD,
    ),
)
"""What a customer sees of tickets that cannot be read: not even their ids."""


def customer_entry_of(
    workspace: Workspace, read: LoadedTicket | Finding | None
) -> IndexEntry | None:
    """Return the entry of a ticket in that index, as the customer sees it.

    Args:
        read: the ticket; why it cannot be read; ``None`` if it was removed.

    Raises:
        UnreadError: the file cannot be read.
    """
    if isinstance(read, Finding) and read.code == UNREAD:
        raise UnreadError(read.message, read.hint, read.place)
    if not isinstance(read, LoadedTicket):
        return None
    try:
        profile = workspace.profile_of(read.ticket)
    except (BrokenError, SettingsError):
        return None
    summary = summary_of(profile, read.ticket, workspace.people_of(profile))
    return IndexEntry(
        read.path, b"", "", 0, cells_of(summary), message_ids=summary.found_by
    )
