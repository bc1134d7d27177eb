"""``check --changed``: check only what no earlier check has passed.

A ticket is skipped if it is the same, byte for byte, and so are the rules.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.check import CheckResult, check_tickets
from ticketctl.app.email.duplicates import duplicates_among
from ticketctl.app.index.parallel import map_parallel, read_ticket_at
from ticketctl.app.index.refresh import ask_index
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.ticket_checks import check_at_path
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.conditions import depends_on_time
from ticketctl.core.hashing import object_id
from ticketctl.errors import DiskError, Finding
from ticketctl.store.index import verified
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.sql import paths_with_shared_emails
from ticketctl.store.index.stamps import stamp_of
from ticketctl.store.index.verified import VerifiedTicket
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

ListedFile = tuple[str, bytes]
"""A file as the index lists it: its path, and the id that git gives to its bytes."""
_AT_ONCE = 5000
"""How many tickets are recorded in one transaction: the index is not locked while files
are read."""


def check_changed_tickets(
    workspace: Workspace, progress: Progress = no_progress
) -> CheckResult:
    """Check the tickets that no earlier check has passed as they are now.

    Tickets that pass now are recorded.

    Raises:
        SettingsError: the settings have mistakes.
    """
    rules = _stamps(workspace)
    paths = list(workspace.store.paths())
    try:
        index, remaining = ask_index(
            workspace, lambda index: _doubtful(workspace, index, paths), progress
        )
    except DiskError:  # no index can be made, but every ticket can be checked
        return check_tickets(workspace, (), progress)
    result = CheckResult(
        passed=len(set(paths).difference(path for path, _ in remaining))
    )
    checked = map_parallel(
        workspace, read_listed, check_again, remaining, "checking", progress
    )
    while batch := list(islice(checked, _AT_ONCE)):
        result.checked += len(batch)
        for findings, _ in batch:
            result.findings += findings
        if _stamps(workspace) == rules:  # else it is unknown which rules they passed
            passed = [ticket for _, ticket in batch if ticket is not None]
            with suppress(UnusableError):  # they are checked again next time
                verified.add_verified(index, passed)
    result.findings += duplicates_among(workspace, paths_with_shared_emails(index))
    result.add_strays(workspace, paths)
    return result


def _stamps(workspace: Workspace) -> list[tuple[str, str]]:
    """Return the path of each profile, and the stat of its file."""
    return [(path, stamp_of(path)[0]) for path in workspace.registry.files()]


def _doubtful(
    workspace: Workspace, index: Index, paths: list[str]
) -> tuple[Index, list[ListedFile]]:
    """Return the files to check, and the index that lists them.

    If the index cannot be written, that is a copy in memory.

    Args:
        paths: of everything in the store; git does not list for the index what is not a
            file.
    """
    try:
        doubtful = verified.unverified_tickets(index)
    except UnusableError:
        index = index.in_memory()
        doubtful = verified.unverified_tickets(index)
    for path, blob, files in verified.verified_with_files(index):
        if not all(is_attached(workspace, file) for file in files.split("\0")):
            doubtful.append((path, blob))
    # What passed while the clock was ahead is checked again once the clock is right.
    doubtful += verified.updated_after(index, dates.horizon(workspace.present))
    doubtful += [(path, b"") for path in set(paths).difference(index.paths())]
    return index, sorted(set(doubtful))


def read_listed(
    workspace: Workspace, listed: ListedFile
) -> tuple[bytes, LoadedTicket | Finding | None]:
    """Return the id of a listed file, and what is at its path now."""
    path, blob = listed
    return blob, read_ticket_at(workspace, path)


def check_again(
    workspace: Workspace, read: tuple[bytes, LoadedTicket | Finding | None]
) -> tuple[list[Finding], VerifiedTicket | None]:
    """Return everything that is wrong with a ticket, and whether it passes for good.

    Args:
        read: as :func:`read_listed` returns it.

    Returns:
        The findings; and the record that the ticket passes with these bytes and rules,
        as long as its attachments are there, or ``None`` if it may fail later.
    """
    blob, loaded = read
    findings = check_at_path(workspace, loaded)
    if (
        findings
        or not isinstance(loaded, LoadedTicket)
        or object_id(b"blob", loaded.data, 2 * len(blob)) != blob
    ):
        return findings, None
    ticket = loaded.ticket
    invariants = (
        workspace.registry.get(ticket.profile).statuses[ticket.status].invariants
    )
    if any(map(depends_on_time, invariants)):
        return findings, None
    files = [
        path for entry in ticket.history for path in attachment_paths(ticket, entry)
    ]
    return findings, VerifiedTicket(loaded.path, blob, "\0".join(files))
