"""``doctor``: check the setup around the tickets.

The single checks are in the other modules of this folder. Findings of severity *warning*
are worth knowing; findings of severity *error* need fixing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ticketctl.app.doctor.email import (
    check_outgoing_email,
    check_quarantine,
    check_servers,
)
from ticketctl.app.doctor.folders import (
    check_crowded_days,
    check_interrupted_writes,
    check_old_state,
    check_state_folder,
    check_tickets_folder,
)
from ticketctl.app.doctor.git import check_git_state, check_repository
from ticketctl.app.doctor.people import (
    check_profiles,
    check_recipients,
    check_roles,
)
from ticketctl.app.doctor.sweep import check_future_events, check_last_sweep
from ticketctl.app.workspace import Workspace
from ticketctl.errors import Finding

CHECKS: tuple[Callable[[Workspace], Iterator[Finding]], ...] = (
    check_profiles,
    check_roles,
    check_recipients,
    check_interrupted_writes,
    check_state_folder,
    check_tickets_folder,
    check_old_state,
    check_repository,
    check_git_state,
    check_crowded_days,
    check_last_sweep,
    check_future_events,
    check_outgoing_email,
    check_servers,
    check_quarantine,
)
"""All checks, in the order of their findings."""


def examine(workspace: Workspace) -> list[Finding]:
    """Return everything that ``doctor`` finds in a store."""
    return [finding for check in CHECKS for finding in check(workspace)]
