"""``mail in``: what becomes of an email. Each is on a ticket afterwards, or in
``dead-letters/`` with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ticketctl.app.change import first_allowed, make_follow_up, not_by_hand, writes_of
from ticketctl.app.email import duplicates, rate_limit, threads
from ticketctl.app.email.content import (
    Content,
    as_note,
    attached_at,
    is_held,
    must_quarantine,
    prepare,
    shortened,
    title_of,
    without_attachments,
)
from ticketctl.app.email.quarantine import (
    put_in_quarantine,
    quarantine_and_notify,
    quarantine_large,
    raise_failed,
)
from ticketctl.app.email.quota import FOR_ALL, FOR_PEOPLE, excess
from ticketctl.app.email.senders import actors_by_mail, is_vouched, staff_roles, vouched
from ticketctl.app.index.find import newest_of
from ticketctl.app.input import values
from ticketctl.app.outcome import Outcome
from ticketctl.app.retry import retry
from ticketctl.app.transaction import commit, write, writing
from ticketctl.app.unfinished_commits import waiting
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Change, Create, Decision, Refusal
from ticketctl.core.profile import Profile
from ticketctl.errors import MissingError, RefusedError, SettingsError, UsageError
from ticketctl.record import Record, replace
from ticketctl.store.email import quarantine
from ticketctl.store.email.mime import UnreadableError
from ticketctl.store.email.parse import Email, parse_email
from ticketctl.store.email.quarantine import Source
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.paths import short
from ticketctl.store.writing import journal
from ticketctl.store.yaml.loader import LoadedTicket

MAX_LETTER = 40 << 20
"""The largest email that is read, in bytes."""
_FULL_TEXT = 7 / 8
"""The part of somebody's share in which their texts stand whole; what is left is for
short entries."""


class Receipt(Record):
    """What became of a letter.

    Args:
        fate: ``opened`` a ticket, ``added`` to one, ``kept`` there as a note, ``known``
            already, or ``dead``.
        id: the ticket's; empty for a dead letter.
        words: the line that says so.
        mail_id: under which Message-ID it stands there.
    """

    fate: str
    id: str
    words: str
    mail_id: str = ""


def receive_from(
    workspace: Workspace, source: Source, to: str | None = None
) -> Receipt:
    """Put an email where it belongs, not knowing how large it is: what cannot be read
    for its size never is in the memory.

    It is kept, as everything is that is its sender's fault: to leave it with the mail
    server would have it come again for days, and then go back to its sender, with
    nobody here knowing.

    Args:
        source: where its bytes come from.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        BusyError: it is larger than what is kept at all; else as of :func:`receive`.
    """
    data = source.read(MAX_LETTER + 1)
    if len(data) <= MAX_LETTER:
        return receive(workspace, data, to)
    _settings(workspace)
    reason = _too_large()
    return _dead(reason, quarantine_large(workspace, data, source, reason))


def receive(workspace: Workspace, data: bytes, to: str | None = None) -> Receipt:
    """Put an email where it belongs.

    Args:
        data: the email as it came.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        SettingsError: the store has no mail settings, or a profile is unusable.
        BrokenError: its ticket cannot be read.
        BusyError, DiskError: try again.
    """
    mail = _settings(workspace)
    try:
        if len(data) > MAX_LETTER:
            return _dead(_too_large(), put_in_quarantine(workspace, data, _too_large()))
        letter = parse_email(data)
        if to is not None:
            letter = replace(letter, recipients=(to.lower(), *letter.recipients))
        if letter.sender in (mail.sender, *mail.addresses):
            letter = replace(letter, machine=letter.machine or "our own address")
        return retry(partial(_put, workspace, mail, letter, data))
    except UnreadableError as error:
        reason = f"it cannot be read: {error}"
    except (RefusedError, UsageError) as error:
        reason = error.message
    return _dead(reason, put_in_quarantine(workspace, data, reason))


def _too_large() -> str:
    return f"it cannot be read: larger than {MAX_LETTER >> 20} MiB"


def _dead(reason: str, place: str) -> Receipt:
    return Receipt("dead", "", f"dead letter: {reason} ({place})")


def _settings(workspace: Workspace) -> MailSettings:
    if workspace.settings.mail is None:
        raise SettingsError(
            "this store gets no mail",
            "mail: {from: ADDRESS, addresses: {ADDRESS: PROFILE}} in ticketctl.yaml",
        )
    return workspace.settings.mail


def _put(
    workspace: Workspace, mail: MailSettings, letter: Email, data: bytes
) -> Receipt:
    """Put an email on its ticket, or make one."""
    with writing(workspace):
        found = threads.ticket_of(workspace, mail, letter)
        if found is not None:
            found = duplicates.home(workspace, found)
        if held := threads.held_before(workspace, letter):
            return _known(held, letter.former_id)
        for name in threads.names(letter, mail):
            known = threads.holder(workspace, [name])
            if known is None:
                letter = replace(letter, message_id=name)
                break
            id_, entry = known
            there = entry.event == "created" or threads.leads_to(workspace, found, id_)
            if name != letter.message_id or (
                there and is_held(workspace, id_, entry, letter, data)
            ):
                if must_quarantine(workspace, entry, letter, data):
                    write(
                        workspace,
                        _not_kept(
                            workspace, data, id_, "it was left out in another clone"
                        ),
                    )
                if left := waiting(workspace):
                    raise left  # only what is committed is safe from what git does
                return _known(id_, name)
        if rate_limit.number(workspace, _counted_as(mail, letter)) >= mail.per_hour:
            return _too_many(workspace, mail, letter, data, found)
        if found is not None:
            found = duplicates.home(
                workspace, threads.continued(workspace, found, letter)
            )
            receipt = _add(workspace, mail, found, letter, data)
        elif letter.machine:
            raise RefusedError(
                f"written by a machine ({letter.machine}), and it answers no ticket"
            )
        else:
            receipt = _open(workspace, mail, letter, data)
        rate_limit.count(workspace, _counted_as(mail, letter))
        return receipt


def _known(id_: str, name: str) -> Receipt:
    return Receipt("known", id_, f"{short(id_)}: had this letter already", name)


def _counted_as(mail: MailSettings, letter: Email) -> str:
    """For whom an email counts: what anybody can have written under somebody's address
    uses up nothing of theirs."""
    return letter.sender if is_vouched(mail, letter) else f"unvouched {letter.sender}"


def _too_many(
    workspace: Workspace,
    mail: MailSettings,
    letter: Email,
    data: bytes,
    found: LoadedTicket | None,
) -> Receipt:
    """Keep an email of somebody who sends too many, and tell staff once an hour: on the
    ticket that it answers, else on the sender's newest."""
    counted = _counted_as(mail, letter)
    sender = letter.sender or "unknown senders"
    if not is_vouched(mail, letter):
        sender += f", for whom {mail.trust} does not vouch,"
    reason = f"more than {mail.per_hour} emails of {sender} within an hour"
    told = rate_limit.was_told(workspace, counted)
    was = None if told else found or newest_of(workspace, letter.sender)
    since = f"{workspace.now:%Y-%m-%d %H:%M} UTC"
    note = f"Since {since} there are {reason} (mail: per_hour). Those above are kept in {quarantine.DEAD}/."
    place = quarantine_and_notify(
        workspace, data, reason, was, note, partial(rate_limit.tell, workspace, counted)
    )
    return _dead(reason, place)


# --- adding to a ticket ---


def _add(
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
    return _dead(reason, quarantine_and_notify(workspace, data, reason, was, note))


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
        buried = _not_kept(workspace, data, was.ticket.id, reason)
    _write(
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


def _not_kept(
    workspace: Workspace, data: bytes, id_: str, reason: str
) -> list[journal.Write]:
    """What keeps an email of which the ticket does not hold all that came."""
    return quarantine.writes(
        workspace.root,
        data,
        f"what came with it is not kept on {id_}: {reason}",
        workspace.now,
    )


# --- a new ticket ---


def _open(
    workspace: Workspace, mail: MailSettings, letter: Email, data: bytes
) -> Receipt:
    if not letter.sender:
        raise RefusedError(
            "it has not one sender whom we could answer (an address in plain ASCII)"
        )
    name = next(
        (mail.addresses[to] for to in letter.recipients if to in mail.addresses), None
    )
    if name is None and mail.addresses:
        raise RefusedError(
            f"it was sent to none of our addresses ({', '.join(mail.addresses)})"
        )
    if not (name or workspace.settings.profile):
        raise SettingsError(
            "the settings do not say which profile new mail is for",
            "mail: {addresses: {ADDRESS: PROFILE}}",
        )
    try:
        profile = workspace.registry.get(name or workspace.settings.profile)
    except MissingError as error:
        raise SettingsError(
            error.message, "mail: {addresses: {ADDRESS: PROFILE}}"
        ) from None
    id_ = workspace.store.fresh_id(workspace.now)
    prepared = prepare(letter, answers=False)
    people = workspace.people_of(profile)
    roles = [profile.role_of_kind("customer")]
    roles += [
        role
        for role in staff_roles(profile, people, letter.sender)
        if vouched(mail, profile, role, letter)
    ]
    title = title_of(letter, prepared)
    requests = [
        Create(
            id_,
            Actor(letter.sender, role),
            title,
            values.body(prepared.body, "the message"),
            prepared.left_out or None,
            sets={"customer": letter.sender},
            via="mail",
            subject=letter.subject,
            mail_id=letter.message_id,
            files=prepared.files,
            mail_digest=letter.digest,
        )
        for role in roles
    ]
    made = first_allowed(workspace, profile, None, requests)
    if isinstance(made, Refusal):
        raise RefusedError(
            f"a new ticket of {profile.name} was refused: {'; '.join(made.reasons)}"
        )
    buried = (
        _not_kept(workspace, data, id_, "too large or too many attachments")
        if prepared.left_out
        else []
    )
    _write(workspace, Outcome(id_, None, made, profile), prepared, FOR_PEOPLE, buried)
    return Receipt(
        "opened", id_, f"{id_}: new, from {letter.sender}", letter.message_id
    )


# --- writing ---


def _write(
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
        journal.Write(attached_at(outcome.id, event, name), data, by=by)
        for name, data in mail.kept
    ]
    write(workspace, [*writes_of(workspace, outcome, limit), *attached, *buried])
    raise_failed(commit(workspace, [outcome]))
