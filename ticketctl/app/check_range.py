"""``check --range`` and ``check --staged``: check the tickets that commits change."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.app.check import CheckResult
from ticketctl.app.ticket_checks import check_ticket
from ticketctl.app.workspace import Workspace
from ticketctl.errors import BrokenError, Finding, Place
from ticketctl.store.git.queries import changed_blobs, read_blobs
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def check_changes(
    workspace: Workspace, old: str | None, new: str | None
) -> CheckResult:
    """Check the tickets that a commit would change, or that a range of commits changed.

    Also checked is that they lose no event.

    Args:
        old: the revision before; ``None`` for HEAD.
        new: the revision after; ``None`` for what is staged.

    Raises:
        UsageError: git does not know a revision.
        DiskError: git failed.
    """
    result = CheckResult()
    changed = changed_blobs(workspace.root, old, new)
    before = read_blobs(workspace.root, [blob for _, blob, _ in changed])
    after = read_blobs(workspace.root, [blob for _, _, blob in changed])
    for (path, _, _), was, now in zip(changed, before, after, strict=True):
        result.checked += 1
        try:
            loaded = None if now is None else workspace.store.parse(path, now)
        except BrokenError as error:
            result.findings.append(error.finding)
            continue
        if loaded is not None:
            result.findings += check_ticket(workspace, loaded)
        result.findings += _check_lost_events(workspace, path, was, loaded)
    return result


def _check_lost_events(
    workspace: Workspace, path: str, was: bytes | None, now: LoadedTicket | None
) -> Iterator[Finding]:
    """Check that every event that was in a ticket is still there."""
    try:
        old = None if was is None else workspace.store.parse(path, was)
    except BrokenError:
        return  # it could not be read before; what is there now has been checked
    if old is None:
        return
    if now is None:
        yield Finding(
            Place(path),
            "history",
            "the ticket is removed, and its history is lost",
        )
        return
    ids = {entry.id for entry in now.ticket.history}
    for entry in old.ticket.history:
        if entry.id not in ids:
            yield Finding(
                Place(path),
                "history",
                f"the event {entry.id} of {entry.at} is removed",
            )
