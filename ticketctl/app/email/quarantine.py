"""Quarantined email: in ``dead-letters/`` with its reason, and staff told of it on a
ticket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from ticketctl.app.email.quota import FOR_ONE, used
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import commit, write, writing
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
from ticketctl.store.yaml.loader import LoadedTicket

MAX_KEPT = 1 << 30
"""The largest email that is kept at all, in bytes; a larger one is left with the mail
server."""


def place_of(workspace: Workspace, data: bytes) -> str:
    """Where an email lies, or would lie."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{quarantine.name_of(workspace.root, digest, workspace.now)}.eml"


def put_in_quarantine(workspace: Workspace, data: bytes, reason: str) -> str:
    """Keep an email, the store's lock not being held; where it is."""
    with writing(workspace):
        if writes := quarantine.writes(workspace.root, data, reason, workspace.now):
            write(workspace, writes)
    return place_of(workspace, data)


def quarantine_large(
    workspace: Workspace, head: bytes, rest: Source, reason: str
) -> str:
    """The same for one that does not fit into the memory.

    Args:
        head: its first bytes.
        rest: where the others come from.

    Raises:
        BusyError: it is larger than MAX_KEPT.
        DiskError: it cannot be written.
    """
    with quarantine.spooled(
        workspace.root, head, rest, MAX_KEPT, workspace.state.access
    ) as spool:
        if spool is None:
            hint = "set a limit for messages in the mail server"
            raise BusyError(
                f"an email larger than {MAX_KEPT >> 30} GiB is not taken", hint
            )
        with writing(workspace):
            if writes := spool.writes(reason, workspace.now):
                write(workspace, writes)
            return f"{spool.keep(workspace.now)}.eml"


def quarantine_and_notify(
    workspace: Workspace,
    data: bytes,
    reason: str,
    was: LoadedTicket | None,
    note: str,
    told: Callable[[], None] | None = None,
) -> str:
    """Keep an email and tell staff by an internal note, once: not where the ticket has
    that note already. The store's lock is held.

    Args:
        was: the ticket for the note; none, if there is none of that sender.
        note: what staff are told; empty if they have been.
        told: called once the note is written, and only then.
    """
    outcome = _told(workspace, was, note) if was is not None and note else None
    writes: list[journal.Write] = quarantine.writes(
        workspace.root, data, reason, workspace.now
    )
    if outcome is not None:
        writes += writes_of(workspace, outcome, files.MAX_BYTES)
    place = place_of(workspace, data)
    if writes:
        write(workspace, writes)
    if outcome is not None:
        if told is not None:
            told()
        raise_failed(commit(workspace, [outcome]))
    return place


def raise_failed(outcomes: Sequence[Outcome]) -> None:
    """Raise what kept git from committing.

    Raises:
        UncommittedError: what was written is not committed.
    """
    for failed in outcomes:
        assert not isinstance(failed.result, Decision | Refusal)
        raise failed.result


def _told(workspace: Workspace, was: LoadedTicket, note: str) -> Outcome | None:
    """The note on a ticket; nothing where it is already, or where there is no room for
    it: the email is kept."""
    if was.differences or any(entry.note == note for entry in was.ticket.history):
        return None
    try:
        profile = workspace.profile_of(was.ticket)
        made = decide(
            workspace.situation_of(profile), was.ticket, Keep("mail", note, "mail")
        )
        if (
            isinstance(made, Refusal)
            or used(profile, made.ticket, made.entries[0].by) > FOR_ONE
        ):
            return None
        outcome = Outcome(was.ticket.id, was, made, profile)
        writes_of(workspace, outcome, files.MAX_BYTES)
    except (BrokenError, MissingError, RefusedError, SettingsError):
        return None
    return outcome
