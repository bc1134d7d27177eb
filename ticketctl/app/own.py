"""The index of the tickets that a customer may see, without internal notes: lists, totals and searches ask it."""

from __future__ import annotations

from ticketctl.app.desk import Desk
from ticketctl.app.parallel import read_at, spread
from ticketctl.app.refresh import cells_of, everything
from ticketctl.app.view import View
from ticketctl.app.watch import Watch
from ticketctl.core.summary import summary_of, watching
from ticketctl.errors import BrokenError, Finding, SettingsError
from ticketctl.store.index import Index, Kept
from ticketctl.store.reading import Loaded
from ticketctl.store.selection import lettered, owned


def own_index(desk: Desk, view: View, watch: Watch) -> Index:
    """An index in memory, made anew for each command: a customer's tickets are few.

    What cannot be read is nobody's: it is left out, for nobody knows whose it is.
    """
    paths = everything(desk, lambda index: {*owned(index, view.who, view.staffed), *lettered(index, watching(view.who))},
                       watch)  # fmt: skip
    kept = (one for one in spread(desk, read_at, keep_own, sorted(paths), "reading", watch) if one is not None)
    return Index.build(kept, {}, [], [], None)


def keep_own(desk: Desk, found: Loaded | Finding | None) -> Kept | None:
    """What that index holds of a ticket, as its reader sees it."""
    if not isinstance(found, Loaded):
        return None
    try:
        profile = desk.profile_of(found.ticket)
    except (BrokenError, SettingsError):
        return None
    summary = summary_of(profile, found.ticket, desk.people_of(profile))
    return Kept(found.path, b"", "", 0, cells_of(summary), letters=summary.letters)
