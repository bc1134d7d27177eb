"""``check --range`` and ``check --staged``: the tickets that commits change, each replayed, and no
event of them lost."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.app.check import Audit, check_ticket
from ticketctl.app.workspace import Desk
from ticketctl.errors import BrokenError, Finding, Place
from ticketctl.store.git import process as git
from ticketctl.store.yaml.loader import Loaded


def audit_changes(desk: Desk, old: str | None, new: str | None) -> Audit:
    """Check the tickets that a commit would change, or that a range of commits did: no event may be lost.

    Args:
        old, new: revisions; ``None`` for ``new`` is what is staged, against HEAD.

    Raises:
        UsageError: git does not know a revision.
        DiskError: git failed.
    """
    result = Audit()
    changed = git.changed(desk.root, old, new)
    before = git.blobs(desk.root, [blob for _, blob, _ in changed])
    after = git.blobs(desk.root, [blob for _, _, blob in changed])
    for (path, _, _), was, now in zip(changed, before, after, strict=True):
        result.checked += 1
        try:
            loaded = None if now is None else desk.store.parse(path, now)
        except BrokenError as error:
            result.findings.append(error.finding)
            continue
        if loaded is not None:
            result.findings += check_ticket(desk, loaded)
        result.findings += _kept(desk, path, was, loaded)
    return result


def _kept(desk: Desk, path: str, was: bytes | None, now: Loaded | None) -> Iterator[Finding]:
    """Every event that was there is still there."""
    try:
        old = None if was is None else desk.store.parse(path, was)
    except BrokenError:
        return  # it could not be read before either; what is there now has been checked
    if old is None:
        return
    if now is None:
        yield Finding(Place(path), "history", "the ticket is taken away; its history would be lost")
        return
    left = {entry.id for entry in now.ticket.history}
    for entry in old.ticket.history:
        if entry.id not in left:
            yield Finding(Place(path), "history", f"the event {entry.id} of {entry.at} is taken away")
