"""Quarantine an email in ``dead-letters/``, and notify staff by a note on a ticket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from ticketctl.app.email.quota import FOR_ONE, bytes_used
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import commit_outcomes, write_files, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Decision, Keep, Refusal
from ticketctl.errors import (
    BrokenError,
    BusyError,
    MissingError,
    RefusedError,
    SettingsError,
)
from ticketctl.store import files
from ticketctl.store.email import quarantine
from ticketctl.store.email.quarantine import Source
from ticketctl.store.writing import journal
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

MAX_QUARANTINED = 1 << 30
"""The largest email that is quarantined, in bytes; a larger one is left with the mail
server."""


def path_in_quarantine(workspace: Workspace, data: bytes) -> str:
    """Return the path that a quarantined email has or would have, in the store."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{quarantine.quarantine_path(workspace.root, digest, workspace.now)}.eml"


def put_in_quarantine(workspace: Workspace, data: bytes, reason: str) -> str:
    """Quarantine an email. The store's lock is not held.

    Returns:
        Its path in the store.
    """
    with writing(workspace):
        if writes := quarantine.quarantine_writes(
            workspace.root, data, reason, workspace.now
        ):
            write_files(workspace, writes)
    return path_in_quarantine(workspace, data)


def quarantine_large(
    workspace: Workspace, head: bytes, rest: Source, reason: str
) -> str:
    """Quarantine an email that does not fit into memory.

    The store's lock is not held.

    Args:
        head: its first bytes.
        rest: where the other bytes come from.

    Raises:
        BusyError: it is larger than MAX_QUARANTINED.
        DiskError: it cannot be written.
    """
    with quarantine.spool_email(
        workspace.root, head, rest, MAX_QUARANTINED, workspace.state.access
    ) as spool:
        if spool is None:
            raise BusyError(
                f"an email larger than {MAX_QUARANTINED >> 30} GiB is not received",
                "set a limit for messages in the mail server",
            )
        with writing(workspace):
            if writes := spool.writes(reason, workspace.now):
                write_files(workspace, writes)
            return f"{spool.keep(workspace.now)}.eml"


def quarantine_and_notify(
    workspace: Workspace,
    data: bytes,
    reason: str,
    loaded: LoadedTicket | None,
    note: str,
    after_note: Callable[[], None] | None = None,
) -> str:
    """Quarantine an email, and notify staff by an internal note on a ticket.

    The note is written once: not on a ticket that has it already. The store's lock is
    held.

    Args:
        loaded: the ticket for the note; ``None`` for no note.
        note: the text of the note.
        after_note: called once the note is written, and only then.

    Returns:
        The path of the email in the store.
    """
    outcome = None if loaded is None else _add_note(workspace, loaded, note)
    writes: list[journal.Write] = quarantine.quarantine_writes(
        workspace.root, data, reason, workspace.now
    )
    if outcome is not None:
        writes += writes_of(workspace, outcome, files.MAX_BYTES)
    place = path_in_quarantine(workspace, data)
    if writes:
        write_files(workspace, writes)
    if outcome is not None:
        if after_note is not None:
            after_note()
        raise_failed(commit_outcomes(workspace, [outcome]))
    return place


def raise_failed(outcomes: Sequence[Outcome]) -> None:
    """Raise what kept git from committing.

    Raises:
        UncommittedError: the files are written, but git does not commit them.
    """
    for outcome in outcomes:
        assert not isinstance(outcome.result, Decision | Refusal)
        raise outcome.result


def _add_note(workspace: Workspace, loaded: LoadedTicket, note: str) -> Outcome | None:
    """Decide on a note for staff.

    Returns:
        ``None`` where the ticket has the note already, or no room for it; the email is
        quarantined all the same.
    """
    ticket = loaded.ticket
    if loaded.differences or any(entry.note == note for entry in ticket.history):
        return None
    try:
        profile = workspace.profile_of(ticket)
        request = Keep("mail", note, "mail")
        decision = decide(workspace.situation_of(profile), ticket, request)
        if isinstance(decision, Refusal):
            return None
        writer = decision.entries[0].by
        if bytes_used(profile, decision.ticket, writer) > FOR_ONE:
            return None
        outcome = Outcome(ticket.id, loaded, decision, profile)
        writes_of(workspace, outcome, files.MAX_BYTES)
    except (BrokenError, MissingError, RefusedError, SettingsError):
        return None
    return outcome
