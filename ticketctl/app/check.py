"""``check``: replay every ticket against its profile, and list what is wrong.

The single checks are in :mod:`ticketctl.app.findings`. Findings of severity *warning*
do not make ``check`` fail.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ticketctl.app.email.duplicates import (
    NO_EMAILS,
    DuplicateFinder,
    Emails,
    duplicates_among,
    duplicates_of,
    emails_of,
)
from ticketctl.app.findings import check_found
from ticketctl.app.index.parallel import read_ticket_at, spread
from ticketctl.app.progress import Progress, no_progress
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
from ticketctl.store.state import OLD
from ticketctl.store.yaml.loader import LoadedTicket


@dataclass
class CheckResult:
    """What a check found.

    Args:
        checked: how many tickets it looked at.
        passed: how many it passed over, since they had been found right before.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: int = 0
    passed: int = 0

    @property
    def broken(self) -> list[Finding]:
        """The files that could not be understood at all, or not even read."""
        return [
            finding for finding in self.findings if finding.code in ("broken", UNREAD)
        ]

    @property
    def errors(self) -> list[Finding]:
        """The findings that make the check fail."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def add_strays(self, workspace: Workspace, known: Collection[str]) -> None:
        """Add the files that are not where a ticket could be (``known``: the paths of
        tickets)."""
        for path in workspace.store.strays(known):
            self.checked += 1
            self.findings.append(
                Finding(
                    Place(path),
                    "path",
                    "not where a ticket could be",
                    "tickets/YYYY/MM/DD/ID.yaml",
                )
            )


def check_tickets(
    workspace: Workspace, ids: Sequence[str] = (), progress: Progress = no_progress
) -> CheckResult:
    """Check all tickets of a store, or some.

    Args:
        ids: whole ids; all, if empty.
    """
    result = CheckResult()
    paths = list(map(path_of, ids) if ids else workspace.store.paths())
    shared = DuplicateFinder()
    for place, (found, emails) in enumerate(
        spread(
            workspace, read_ticket_at, _check_with_emails, paths, "checking", progress
        )
    ):
        result.checked += 1
        result.findings += found
        if emails != NO_EMAILS:
            shared.add(place, emails)
    if ids:
        result.findings += [
            finding for id_ in ids for finding in _duplicate(workspace, id_)
        ]
    else:
        result.findings += duplicates_among(
            workspace, [paths[place] for place in shared.places()]
        )
        result.add_strays(workspace, paths)
        result.findings += _tracked_state(workspace)
    return result


def _check_with_emails(
    workspace: Workspace, found: LoadedTicket | Finding | None
) -> tuple[list[Finding], Emails]:
    """Everything that is wrong with what lies at the path of a ticket, and the emails
    that it holds."""
    return check_found(workspace, found), emails_of(found.ticket) if isinstance(
        found, LoadedTicket
    ) else NO_EMAILS


def _duplicate(workspace: Workspace, id_: str) -> Iterator[Finding]:
    """Whether the email that opened a ticket has opened another, too."""
    with suppress(BrokenError, MissingError):  # which was told
        yield from duplicates_of(workspace, workspace.store.read(id_))


def _tracked_state(workspace: Workspace) -> Iterator[Finding]:
    """No commit holds what older versions kept in the store: it is one clone's alone."""
    if not os.path.lexists(f"{workspace.root}/{OLD}"):
        return
    with suppress(DiskError):
        for path in tracked_files(workspace.root, OLD)[:1]:
            yield Finding(
                Place(path),
                "state",
                f"{OLD} is tracked by git; it is one clone's alone",
                f"git rm -r --cached {OLD}",
            )
