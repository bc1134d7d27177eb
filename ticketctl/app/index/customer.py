"""The index of the tickets that a customer may see, without internal notes: lists,
totals and searches ask it."""

from __future__ import annotations

from itertools import chain

from ticketctl.app.index.parallel import read_ticket_at, spread
from ticketctl.app.index.refresh import ask_whole_index, broken_in, cells_of
from ticketctl.app.progress import Progress
from ticketctl.app.visibility import CustomerView
from ticketctl.app.workspace import Workspace
from ticketctl.core.summary import summary_of, watching
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
from ticketctl.store.yaml.loader import LoadedTicket


def customer_index(
    workspace: Workspace, view: CustomerView, progress: Progress
) -> Index:
    """An index in memory, made anew for each command: a customer's tickets are few.

    What cannot be read is nobody's: it is left out, for nobody knows whose it is.
    """

    def theirs(index: Index) -> tuple[set[str], bool]:
        paths = {
            *paths_of_customer(index, view.who, view.staffed),
            *paths_watched_by(index, watching(view.who)),
        }
        return paths, exit_of(broken_in(index)) is Exit.IO

    paths, some_unread = ask_whole_index(workspace, theirs, progress)
    kept = (
        one
        for one in spread(
            workspace,
            read_ticket_at,
            customer_entry_of,
            sorted(paths),
            "reading",
            progress,
        )
        if one is not None
    )
    return build_index(
        IndexContents(chain(kept, [_UNREAD] if some_unread else [])), None
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
        "ask staff: ticketctl check",
        UNREAD,
    ),
)
"""What a customer is told of tickets that the system does not let us read: not even
their ids."""


def customer_entry_of(
    workspace: Workspace, found: LoadedTicket | Finding | None
) -> IndexEntry | None:
    """What that index holds of a ticket, as its reader sees it.

    Raises:
        UnreadError: the system does not let us read it.
    """
    if isinstance(found, Finding) and found.code == UNREAD:
        raise UnreadError(found.message, found.hint, found.place)
    if not isinstance(found, LoadedTicket):
        return None
    try:
        profile = workspace.profile_of(found.ticket)
    except (BrokenError, SettingsError):
        return None
    summary = summary_of(profile, found.ticket, workspace.people_of(profile))
    return IndexEntry(
        found.path, b"", "", 0, cells_of(summary), message_ids=summary.letters
    )
