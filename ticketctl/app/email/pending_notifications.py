"""The notifications that tickets still have to send, and the failed attempts so far."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from ticketctl.app.index.find import read_matches
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.notifications import DueNotification, due_notifications
from ticketctl.core.entry import Entry
from ticketctl.core.query import BetweenTerm, OneOfTerm, Query
from ticketctl.core.ticket import Ticket
from ticketctl.errors import DiskError, Finding
from ticketctl.store import files

_DAY = timedelta(days=1)


class PendingNotification(NamedTuple):
    """A notification that is not sent to all of its recipients yet.

    Args:
        entry: the entry of the ticket that made it.
        recipients: those who have not got it yet.
        tries: how many attempts have failed.
        error: what the server said to the last one.
        again: when it is tried next; empty for at once.
    """

    ticket: Ticket
    entry: Entry
    recipients: tuple[str, ...]
    tries: int = 0
    error: str = ""
    again: str = ""

    @property
    def name(self) -> str:
        """The file of the outbox that records its failed attempts."""
        return f"{self.ticket.id}-{self.entry.id}.json"


def pending_notifications(
    workspace: Workspace,
    broken: list[Finding],
    sent_today: Counter[str] | None = None,
    progress: Progress = no_progress,
) -> Iterator[PendingNotification]:
    """Yield all pending notifications, ticket by ticket.

    Args:
        broken: is extended by the tickets that cannot be read.
        sent_today: is increased by the number of notifications that each address got in
            the last 24 hours.
    """
    since = dates.format_instant(workspace.now - _DAY)
    horizon = dates.horizon(workspace.now)
    sent_today = Counter() if sent_today is None else sent_today
    pending = Query((OneOfTerm("owes", (1,)),))
    recent = Query((BetweenTerm("updated", since),))
    for loaded, _ in read_matches(workspace, broken, [pending, recent], progress):
        for entry in loaded.ticket.history:
            if entry.event == "notified" and since < entry.at <= horizon:
                sent_today.update(address.lower() for address in entry.recipients)
        for due in due_notifications(loaded.ticket):
            yield _with_attempts(workspace, loaded.ticket, due)


def _with_attempts(
    workspace: Workspace, ticket: Ticket, due: DueNotification
) -> PendingNotification:
    """Return a pending notification with its failed attempts.

    A damaged file of the outbox counts as none.
    """
    pending = PendingNotification(ticket, due.entry, due.recipients)
    with suppress(OSError, ValueError, TypeError, KeyError, DiskError):
        outbox = workspace.state.outbox
        content = json.loads(files.read_in(outbox, pending.name, files.MAX_BYTES))
        return PendingNotification(
            ticket,
            due.entry,
            due.recipients,
            int(content["tries"]),
            str(content["error"]),
            dates.format_instant(dates.parse_instant(content["again"])),
        )
    return pending
