"""Add an email to the ticket that it answers."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.app.attachments import attachment_path
from ticketctl.app.change import (
    decide_first_allowed,
    make_follow_up,
    require_unchanged_head,
)
from ticketctl.app.email.content import (
    Content,
    as_note,
    content_of,
    short_form,
    without_attachments,
)
from ticketctl.app.email.incoming import Delivery
from ticketctl.app.email.quarantine import quarantine_and_notify, raise_failed
from ticketctl.app.email.quota import FOR_ALL, FOR_PEOPLE, excess
from ticketctl.app.email.receipt import Receipt, quarantined
from ticketctl.app.email.senders import actors_by_email
from ticketctl.app.input import values
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import commit_outcomes, write_files
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Change, Decision
from ticketctl.core.profile import Profile
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import RefusedError
from ticketctl.record import Record
from ticketctl.store.email import quarantine
from ticketctl.store.writing import journal
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

_FULL_TEXT = 7 / 8
"""The part of a sender's share in which texts are recorded in full; the rest of the
share is for short entries."""


def add_to_ticket(
    workspace: Workspace, loaded: LoadedTicket, delivery: Delivery
) -> Receipt:
    """Add an email to a ticket.

    Its text is recorded in full if the sender's share of the ticket has room for it,
    else in a short entry with the text attached. An email for which there is no room at
    all is quarantined.
    """
    require_unchanged_head(loaded)
    profile = workspace.profile_of(loaded.ticket)
    content = content_of(delivery.email, answers=True)
    reason = ""
    for form, part in ((content, _FULL_TEXT), (short_form(content), 1.0)):
        addition = _decide(workspace, profile, loaded, delivery, form)
        decision = addition.decision
        reason = excess(profile, decision.ticket, decision.entries, part)
        if not reason:
            try:
                return _write_addition(workspace, profile, loaded, delivery, addition)
            except RefusedError as error:  # the ticket as a whole has no room
                reason = error.message
    note = f"Email is kept in {quarantine.DEAD}/ and not on this ticket: {reason}."
    reason = f"no room on {loaded.ticket.id}: {reason}"
    place = quarantine_and_notify(workspace, delivery.data, reason, loaded, note)
    return quarantined(reason, place)


class _Addition(Record):
    """What an email does on a ticket.

    Args:
        only_note: why it is only kept as an internal note; empty if it is a message.
    """

    content: Content
    decision: Decision
    only_note: str = ""


def _decide(
    workspace: Workspace,
    profile: Profile,
    loaded: LoadedTicket,
    delivery: Delivery,
    content: Content,
) -> _Addition:
    """Decide what an email does on a ticket.

    It becomes a message if its sender may write one, else an internal note.
    """
    email, people = delivery.email, workspace.people_of(profile)
    actors = (
        []
        if email.machine
        else actors_by_email(profile, loaded.ticket, people, email.sender)
    )
    requests = [
        Change(
            actor,
            None,
            values.clean_text(content.body, "the message"),
            content.left_out or None,
            via="mail",
            subject=email.subject,
            mail_id=email.message_id,
            files=content.files,
            mail_digest=email.digest,
        )
        for actor in actors
        if delivery.may_act_as(profile, actor.role)
    ]
    answer = (
        decide_first_allowed(workspace, profile, loaded, requests) if requests else None
    )
    if isinstance(answer, Decision):
        return _Addition(content, answer)
    if email.machine:
        why = f"an automatic email ({email.machine})"
    elif answer is not None:
        why = f"refused: {'; '.join(answer.reasons)}"
    elif actors:
        trust = delivery.settings.trust
        why = f"{trust} does not confirm the sender"
    else:
        why = "the sender is neither customer nor watcher"
    content = without_attachments(content)
    note = as_note(content, why)
    decision = decide(workspace.situation_of(profile), loaded.ticket, note)
    assert isinstance(decision, Decision)
    return _Addition(content, decision, why)


def _write_addition(
    workspace: Workspace,
    profile: Profile,
    loaded: LoadedTicket,
    delivery: Delivery,
    addition: _Addition,
) -> Receipt:
    """Write what was decided.

    Raises:
        RefusedError: the ticket has no room for it; nothing was written.
    """
    decision, content, why = addition.decision, addition.content, addition.only_note
    before, after = loaded.ticket, decision.ticket
    follow_ups = tuple(
        make_follow_up(workspace, profile, request) for request in decision.follow_ups
    )
    remainder: list[journal.Write] = []
    if content.left_out:
        reason = why or "attachments that are too large or too many"
        remainder = keep_remainder(workspace, delivery.data, before.id, reason)
    outcome = Outcome(before.id, loaded, decision, profile, follow_ups)
    limit = FOR_ALL if why else FOR_PEOPLE
    write_email(workspace, outcome, content, limit, remainder)
    name, message_id = short_id(before.id), delivery.email.message_id
    if why:
        words = f"{name}: kept as a note ({why})"
        return Receipt("kept", before.id, words, message_id)
    move = (
        f", {before.status} -> {after.status}" if before.status != after.status else ""
    )
    further = "".join(f", continued in {ticket.id}" for ticket in follow_ups)
    words = f"{name}: message of {delivery.email.sender}{move}{further}"
    return Receipt("added", before.id, words, message_id)


def keep_remainder(
    workspace: Workspace, data: bytes, id_: str, reason: str
) -> list[journal.Write]:
    """Return what quarantines an email of which a ticket holds only a part.

    Args:
        data: the email as it came.
        id_: the ticket.
        reason: why the ticket does not hold all of it.
    """
    reason = f"the ticket {id_} does not have all of it: {reason}"
    return quarantine.quarantine_writes(workspace.root, data, reason, workspace.now)


def write_email(
    workspace: Workspace,
    outcome: Outcome,
    content: Content,
    limit: int,
    remainder: Sequence[journal.Write] = (),
) -> None:
    """Write a ticket with an email and all that belongs to it, and commit it.

    Args:
        limit: how large the ticket may become, in bytes.
        remainder: what quarantines the email, where the ticket holds only a part of it.
    """
    assert isinstance(outcome.result, Decision)
    entries = outcome.result.entries
    event = next(
        entry.id for entry in entries if entry.mail_id == content.email.message_id
    )
    attachments = [
        journal.Write(attachment_path(outcome.id, event, name), data, by=entries[0].by)
        for name, data in content.attachments
    ]
    write_files(
        workspace, [*writes_of(workspace, outcome, limit), *attachments, *remainder]
    )
    raise_failed(commit_outcomes(workspace, [outcome]))
