"""Check that the folders of the store and its state can be used."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from ticketctl.app.doctor.findings import problem, warning
from ticketctl.app.workspace import Workspace
from ticketctl.errors import (
    Finding,
)
from ticketctl.store import files
from ticketctl.store.state_folder import OLD, VARIABLE
from ticketctl.store.writing.recovery import is_interrupted as interrupted_writes

CROWDED = 2000
"""How many tickets a day's folder holds before git's trees grow slow
(docs/ticket-file.md)."""


def check_interrupted_writes(workspace: Workspace) -> Iterator[Finding]:
    """Check that no command was interrupted while it wrote."""
    state = workspace.state
    if interrupted_writes(state):
        yield warning(
            state.folder or workspace.root,
            "a command was interrupted while it wrote",
            "the next command that writes finishes it",
        )
    for name in files.list_names(state.folder, "rescued") if state.folder else ():
        yield problem(
            f"{state.folder}/rescued/{name}",
            "this version of a ticket was not written, since the ticket had changed",
            "compare it with the ticket, then remove it",
        )


def check_state_folder(workspace: Workspace) -> Iterator[Finding]:
    """Check that index, caches and journal can be written."""
    folder = workspace.state.folder
    above = folder
    while above and not os.path.isdir(above):
        above = os.path.dirname(above) if not os.path.lexists(above) else ""
    if not above or not os.access(above, os.W_OK | os.X_OK):
        # Outside git the journal is in the store: tickets can still be changed.
        consequence = (
            "nothing is cached, and notifications cannot be stored"
            if workspace.state.beside
            else "no ticket can be changed"
        )
        finding = warning if workspace.state.beside else problem
        yield finding(
            folder or "state folder",
            f"it cannot be written: {consequence}",
            f"to use another folder, set {VARIABLE}",
        )


def check_tickets_folder(workspace: Workspace) -> Iterator[Finding]:
    """Check that tickets can be written."""
    for place in (f"{workspace.root}/tickets", workspace.root):
        if os.path.isdir(place):
            if not os.access(place, os.W_OK | os.X_OK):
                why = (
                    "read-only file system"
                    if os.statvfs(place).f_flag & os.ST_RDONLY
                    else "permission denied"
                )
                yield problem(
                    place,
                    f"it cannot be written ({why}): tickets can be read, not changed",
                    "mount it for writing, or give yourself access (chmod, chown)",
                )
            return


def check_old_state(workspace: Workspace) -> Iterator[Finding]:
    """Check for files of older versions in the store; these are no longer read."""
    if not os.path.lexists(f"{workspace.root}/{OLD}"):
        return
    if os.path.lexists(f"{workspace.root}/{OLD}/journal.jsonl"):
        yield problem(
            f"{OLD}/journal.jsonl",
            "a command of an older version was interrupted while it wrote several files",
            f"git status and ticketctl check show what it did: repeat what is missing, then remove {OLD}",
        )
    else:
        yield warning(OLD, "caches of an older version, no longer used", f"rm -r {OLD}")


def check_crowded_days(workspace: Workspace) -> Iterator[Finding]:
    """Check that no day has so many tickets that git becomes slow."""
    for folder, number in Counter(
        path.rpartition("/")[0] for path in workspace.store.paths()
    ).items():
        if number > CROWDED:
            yield warning(
                folder,
                f"{number:,} tickets of one day make every commit larger",
                "import tickets with the dates at which they were opened",
            )
