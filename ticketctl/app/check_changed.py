"""``check --changed``: what was found right, byte for byte and by the same rules, is
not looked at again."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from ticketctl.app.attachments import attachment_paths, is_attached
from ticketctl.app.check import CheckResult, check_tickets
from ticketctl.app.email.duplicates import duplicates_among
from ticketctl.app.findings import check_found
from ticketctl.app.index.parallel import read_ticket_at, spread
from ticketctl.app.index.refresh import ask_index
from ticketctl.app.progress import Progress, no_progress
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
from ticketctl.store.yaml.loader import LoadedTicket

Held = tuple[str, bytes]
"""A file as the index has it: its path, and the id that git gives to its bytes."""
_AT_ONCE = 5000
"""So many are noted in one transaction: nobody waits for the index while files are
read."""


def check_changed_tickets(
    workspace: Workspace, progress: Progress = no_progress
) -> CheckResult:
    """Check the tickets that were not found right as they are now; those that are found
    right now, are noted.

    Raises:
        SettingsError: the settings have mistakes.
    """
    rules = _stamps(workspace)
    paths = list(workspace.store.paths())
    try:
        index, left = ask_index(
            workspace, lambda index: _doubtful(workspace, index, paths), progress
        )
    except DiskError:  # no index can be made, but each ticket may be looked at
        return check_tickets(workspace, (), progress)
    result = CheckResult(passed=len(set(paths).difference(path for path, _ in left)))
    looked = spread(workspace, read_listed, check_again, left, "checking", progress)
    while some := list(islice(looked, _AT_ONCE)):
        result.checked += len(some)
        for findings, _ in some:
            result.findings += findings
        if (
            _stamps(workspace) == rules
        ):  # else who knows by which of them they were judged
            with suppress(UnusableError):  # then they are looked at next time
                verified.add_verified(
                    index, [noted for _, noted in some if noted is not None]
                )
    result.findings += duplicates_among(workspace, paths_with_shared_emails(index))
    result.add_strays(workspace, paths)
    return result


def _stamps(workspace: Workspace) -> list[tuple[str, str]]:
    """The files of all profiles, and the stat of each."""
    return [(path, stamp_of(path)[0]) for path in workspace.registry.files()]


def _doubtful(
    workspace: Workspace, index: Index, paths: list[str]
) -> tuple[Index, list[Held]]:
    """What is to be looked at, and the index that says so: where it cannot be written,
    a copy in memory.

    Args:
        paths: of everything that is there; git does not tell the index of what is no
            file.
    """
    try:
        left = verified.unverified_tickets(index)
    except UnusableError:
        index = index.in_memory()
        left = verified.unverified_tickets(index)
    for path, blob, files in verified.verified_with_files(index):
        if not all(is_attached(workspace, file) for file in files.split("\0")):
            left.append((path, blob))
    # What was found right by a clock that was ahead is looked at again, once the clock
    # is right.
    left += verified.updated_after(index, dates.horizon(workspace.present))
    left += [(path, b"") for path in set(paths).difference(index.paths())]
    return index, sorted(set(left))


def read_listed(
    workspace: Workspace, held: Held
) -> tuple[bytes, LoadedTicket | Finding | None]:
    """What lies at the path of a ticket, and the blob that it is said to be."""
    path, blob = held
    return blob, read_ticket_at(workspace, path)


def check_again(
    workspace: Workspace, read: tuple[bytes, LoadedTicket | Finding | None]
) -> tuple[list[Finding], VerifiedTicket | None]:
    """Everything that is wrong with a ticket; and what is to be noted, if with these
    bytes, by these rules, and while its attachments are there, nothing ever will be."""
    blob, found = read
    findings = check_found(workspace, found)
    if (
        findings
        or not isinstance(found, LoadedTicket)
        or object_id(b"blob", found.data, 2 * len(blob)) != blob
    ):
        return findings, None
    ticket = found.ticket
    keeps = workspace.registry.get(ticket.profile).statuses[ticket.status].keeps
    if any(map(depends_on_time, keeps)):
        return findings, None
    files = [
        path for entry in ticket.history for path in attachment_paths(ticket, entry)
    ]
    return findings, VerifiedTicket(found.path, blob, "\0".join(files))
