"""Add an email to the ticket that it answers."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.app.attachments import attachment_path
from ticketctl.app.change import first_allowed, make_follow_up, not_by_hand
from ticketctl.app.email.content import (
    Content,
    as_note,
    prepare,
    shortened,
    without_attachments,
)
from ticketctl.app.email.quarantine import (
    quarantine_and_notify,
    raise_failed,
)
from ticketctl.app.email.quota import FOR_ALL, FOR_PEOPLE, excess
from ticketctl.app.email.receipt import Receipt, quarantined
from ticketctl.app.email.senders import actors_by_mail, vouched
from ticketctl.app.input import values
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import commit, write
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Change, Decision
from ticketctl.core.profile import Profile
from ticketctl.errors import RefusedError
from ticketctl.record import Record
from ticketctl.store.email import quarantine
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.paths import short
from ticketctl.store.writing import journal
from ticketctl.store.yaml.loader import LoadedTicket

_FULL_TEXT = 7 / 8
"""The part of somebody's share in which their texts stand whole; what is left is for
short entries."""


# --- adding to a ticket ---


def add_to_ticket(
    workspace: Workspace,
    settings: MailSettings,
    was: LoadedTicket,
    letter: Email,
    data: bytes,
) -> Receipt:
    """Add an email to a ticket: its text, where the writer's share has room for it;
    else a short entry, the text being attached; else it is quarantined."""
    not_by_hand(was)
    profile = workspace.profile_of(was.ticket)
    mail = prepare(letter, answers=True)
    reason = ""
    for form, part in ((mail, _FULL_TEXT), (shortened(mail), 1.0)):
        added = _ask(workspace, settings, profile, was, form)
        reason = excess(profile, added.decision.ticket, added.decision.entries, part)
        if not reason:
            try:
                return _added(workspace, profile, was, added, data)
            except RefusedError as error:  # the ticket as a whole has no room
                reason = error.message
    note = f"Email is kept in {quarantine.DEAD}/ and not on this ticket: {reason}."
    reason = f"no room on {was.ticket.id}: {reason}"
    return quarantined(
        reason, quarantine_and_notify(workspace, data, reason, was, note)
    )


class _Added(Record):
    """What an email would do on a ticket; ``why`` it is only kept as a note, if it is."""

    mail: Content
    decision: Decision
    why: str = ""


def _ask(
    workspace: Workspace,
    settings: MailSettings,
    profile: Profile,
    was: LoadedTicket,
    mail: Content,
) -> _Added:
    """Decide what an email does on a ticket; it is kept as a note where its writer may
    do nothing else."""
    letter, people = mail.letter, workspace.people_of(profile)
    actors = (
        []
        if letter.machine
        else actors_by_mail(profile, was.ticket, people, letter.sender)
    )
    believed = [
        actor for actor in actors if vouched(settings, profile, actor.role, letter)
    ]
    requests = [
        Change(
            actor,
            None,
            values.body(mail.body, "the message"),
            mail.left_out or None,
            via="mail",
            subject=letter.subject,
            mail_id=letter.message_id,
            files=mail.files,
            mail_digest=letter.digest,
        )
        for actor in believed
    ]
    asked = first_allowed(workspace, profile, was, requests) if requests else None
    if isinstance(asked, Decision):
        return _Added(mail, asked)
    if letter.machine:
        why = f"written by a machine ({letter.machine})"
    elif asked is not None:
        why = f"refused: {'; '.join(asked.reasons)}"
    elif actors:
        why = f"{settings.trust} does not say that it is from whom it says"
    else:
        why = "its writer is not a person of this ticket"
    mail = without_attachments(mail)
    kept = decide(workspace.situation_of(profile), was.ticket, as_note(mail, why))
    assert isinstance(kept, Decision)
    return _Added(mail, kept, why)


def _added(
    workspace: Workspace,
    profile: Profile,
    was: LoadedTicket,
    added: _Added,
    data: bytes,
) -> Receipt:
    """Write what was decided.

    Raises:
        RefusedError: there is no room on the ticket; nothing was written.
    """
    made, mail, why = added.decision, added.mail, added.why
    also = tuple(
        make_follow_up(workspace, profile, request) for request in made.follow_ups
    )
    buried: list[journal.Write] = []
    if mail.left_out:
        reason = why or "too large or too many attachments"
        buried = keep_remainder(workspace, data, was.ticket.id, reason)
    write_email(
        workspace,
        Outcome(was.ticket.id, was, made, profile, also),
        mail,
        FOR_ALL if why else FOR_PEOPLE,
        buried,
    )
    name, before, after = short(was.ticket.id), was.ticket.status, made.ticket.status
    if why:
        return Receipt(
            "kept",
            was.ticket.id,
            f"{name}: kept as a note ({why})",
            mail.letter.message_id,
        )
    move = f", {before} -> {after}" if before != after else ""
    further = "".join(f", continued in {ticket.id}" for ticket in also)
    words = f"{name}: message of {mail.letter.sender}{move}{further}"
    return Receipt("added", was.ticket.id, words, mail.letter.message_id)


def keep_remainder(
    workspace: Workspace, data: bytes, id_: str, reason: str
) -> list[journal.Write]:
    """What keeps an email of which the ticket does not hold all that came."""
    return quarantine.writes(
        workspace.root,
        data,
        f"what came with it is not kept on {id_}: {reason}",
        workspace.now,
    )


# --- writing ---


def write_email(
    workspace: Workspace,
    outcome: Outcome,
    mail: Content,
    limit: int,
    buried: Sequence[journal.Write] = (),
) -> None:
    """The ticket, its attachments, what follows and what is buried of it, in one write
    and one commit."""
    assert isinstance(outcome.result, Decision)
    event = next(
        entry.id
        for entry in outcome.result.entries
        if entry.mail_id == mail.letter.message_id
    )
    by = outcome.result.entries[0].by
    attached = [
        journal.Write(attachment_path(outcome.id, event, name), data, by=by)
        for name, data in mail.kept
    ]
    write(workspace, [*writes_of(workspace, outcome, limit), *attached, *buried])
    raise_failed(commit(workspace, [outcome]))
