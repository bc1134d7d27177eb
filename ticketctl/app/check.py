"""``check``: replay every ticket against its profile, and list what is wrong.

The single checks are in :mod:`ticketctl.app.ticket_checks`. Findings of severity *warning*
do not make ``check`` fail.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from ticketctl.app.email.duplicates import (
    NO_EMAILS,
    DuplicateFinder,
    Emails,
    duplicates_among,
    duplicates_of,
    emails_of,
)
from ticketctl.app.index.parallel import map_parallel, read_ticket_at
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.ticket_checks import check_at_path
from ticketctl.app.workspace import Workspace
from ticketctl.errors import (
    UNREAD,
    BrokenError,
    DiskError,
    Finding,
    MissingError,
    Place,
)
from ticketctl.store.git.queries import tracked_files
from ticketctl.store.paths import path_of
from ticketctl.store.state_folder import OLD
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


class CheckResult:
    """The result of a check.

    Args:
        checked: how many tickets were checked.
        passed: how many were skipped, since an earlier check passed them as they are.
    """

    def __init__(self, passed: int = 0) -> None:
        self.findings: list[Finding] = []
        self.checked = 0
        self.passed = passed

    @property
    def broken(self) -> list[Finding]:
        """The files that cannot be parsed, or not even read."""
        return [
            finding for finding in self.findings if finding.code in ("broken", UNREAD)
        ]

    @property
    def errors(self) -> list[Finding]:
        """The findings that make the check fail."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def add_strays(self, workspace: Workspace, paths: Collection[str]) -> None:
        """Add the files that are not where a ticket could be.

        Args:
            paths: of all tickets.
        """
        for path in workspace.store.strays(paths):
            self.checked += 1
            self.findings.append(
                Finding(
                    Place(path),
                    "path",
                    "not at the path of a ticket",
                    "move it to tickets/YYYY/MM/DD/ID.yaml, or remove it",
                )
            )


def check_tickets(
    workspace: Workspace, ids: Sequence[str] = (), progress: Progress = no_progress
) -> CheckResult:
    """Check tickets.

    Args:
        ids: whole ids; empty for all tickets.
    """
    result = CheckResult()
    paths = list(map(path_of, ids) if ids else workspace.store.paths())
    emails_seen = DuplicateFinder()
    for place, (findings, emails) in enumerate(
        map_parallel(
            workspace, read_ticket_at, _check_with_emails, paths, "checking", progress
        )
    ):
        result.checked += 1
        result.findings += findings
        if emails != NO_EMAILS:
            emails_seen.add(place, emails)
    if ids:
        result.findings += [
            finding for id_ in ids for finding in _duplicate(workspace, id_)
        ]
    else:
        result.findings += duplicates_among(
            workspace, [paths[place] for place in emails_seen.places()]
        )
        result.add_strays(workspace, paths)
        result.findings += _tracked_state(workspace)
    return result


def _check_with_emails(
    workspace: Workspace, read: LoadedTicket | Finding | None
) -> tuple[list[Finding], Emails]:
    """Return everything that is wrong at the path of a ticket, and its emails."""
    emails = emails_of(read.ticket) if isinstance(read, LoadedTicket) else NO_EMAILS
    return check_at_path(workspace, read), emails


def _duplicate(workspace: Workspace, id_: str) -> Iterator[Finding]:
    """Check that the email that opened a ticket has not opened another one, too."""
    with suppress(BrokenError, MissingError):  # reported by other checks
        yield from duplicates_of(workspace, workspace.store.read(id_))


def _tracked_state(workspace: Workspace) -> Iterator[Finding]:
    """Check that git does not track the caches of older versions in the store.

    They belong to one clone.
    """
    if not os.path.lexists(f"{workspace.root}/{OLD}"):
        return
    with suppress(DiskError):
        for path in tracked_files(workspace.root, OLD)[:1]:
            yield Finding(
                Place(path),
                "state",
                f"git tracks {OLD}, which belongs to one clone only",
                f"git rm -r --cached {OLD}",
            )
