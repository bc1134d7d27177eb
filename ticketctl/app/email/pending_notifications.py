"""The notifications that tickets still have to send, and the failed attempts so far."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from ticketctl.app.index.find import look
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.notifications import (
    DueNotification,
    due_notifications,
)
from ticketctl.core.entry import Entry
from ticketctl.core.query import Query, Term
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    DiskError,
    Finding,
)
from ticketctl.record import Record
from ticketctl.store import files

_DAY = timedelta(days=1)

_DAY = timedelta(days=1)


class PendingNotification(Record):
    """A notice that a ticket owes, and what happened when it was last tried.

    Args:
        told: those who have not had it yet.
        tries: how often it was tried in vain; ``error`` has the server's words,
            ``again`` when it is tried next.
    """

    ticket: Ticket
    entry: Entry
    told: tuple[str, ...]
    tries: int = 0
    error: str = ""
    again: str = ""

    @property
    def name(self) -> str:
        """The file of the outbox in which its failures are remembered."""
        return f"{self.ticket.id}-{self.entry.id}.json"


def pending_notifications(
    workspace: Workspace,
    broken: list[Finding],
    given: Counter[str] | None = None,
    progress: Progress = no_progress,
) -> Iterator[PendingNotification]:
    """Everything that is owed, ticket by ticket.

    Args:
        broken: takes the tickets that cannot be read.
        given: takes how many notices each address was given in the last 24 hours.
    """
    since, horizon = (
        dates.format_instant(workspace.now - _DAY),
        dates.horizon(workspace.now),
    )
    given = Counter() if given is None else given
    owing = Query((Term("owes", "is", (1,)),))
    recent = Query((Term("updated", "between", (since, "", "", "")),))
    for loaded, _ in look(workspace, broken, [owing, recent], progress):
        for entry in loaded.ticket.history:
            if entry.event == "notified" and since < entry.at <= horizon:
                given.update(who.lower() for who in entry.told)
        yield from (
            _pending(workspace, loaded.ticket, one)
            for one in due_notifications(loaded.ticket)
        )


def _pending(
    workspace: Workspace, ticket: Ticket, one: DueNotification
) -> PendingNotification:
    debt = PendingNotification(ticket, one.entry, one.told)
    with suppress(OSError, ValueError, TypeError, KeyError, DiskError):
        held = json.loads(
            files.read_in(workspace.state.outbox, debt.name, files.MAX_BYTES)
        )
        again = dates.format_instant(dates.parse_instant(held["again"]))
        return PendingNotification(
            ticket, one.entry, one.told, int(held["tries"]), str(held["error"]), again
        )
    return debt
