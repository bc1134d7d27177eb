"""``mail in``: what becomes of an email. Each is on a ticket afterwards, or in ``dead-letters/`` with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ticketctl.app import intake, threads, values
from ticketctl.app.change import first_allowed, make_follow_up, not_by_hand, writes_of
from ticketctl.app.desk import Desk
from ticketctl.app.find import newest_of
from ticketctl.app.outcome import Outcome
from ticketctl.app.quarantine import bury, bury_and_tell, bury_large, raise_failed
from ticketctl.app.recording import commit, writing
from ticketctl.app.senders import actors_by_mail, staff_roles, vouched
from ticketctl.app.shares import FOR_ALL, FOR_PEOPLE, excess
from ticketctl.core.profile import Profile
from ticketctl.core.requests import Actor, Change, Create, Decision, Keep, Refusal
from ticketctl.core.ticket import Ticket
from ticketctl.core.workflow import decide
from ticketctl.errors import MissingError, RefusedError, SettingsError, UsageError
from ticketctl.record import Record, replace
from ticketctl.store import deadletters, journal
from ticketctl.store.deadletters import Source
from ticketctl.store.letters import Attachment, Letter, UnreadableError, read_letter
from ticketctl.store.mailsettings import Mail
from ticketctl.store.paths import short
from ticketctl.store.reading import Loaded

MAX_LETTER = 40 << 20
"""The largest email that is read, in bytes."""
MAX_ATTACHMENT = 10 << 20
MAX_ATTACHMENTS = 25 << 20
MAX_TEXT = 20_000
"""How many characters of an email's text stand on a ticket; a longer text is attached."""
_FULL_TEXT = 7 / 8
"""The part of somebody's share in which their texts stand whole; what is left is for short entries."""
_MAX_LEFT_OUT = 500


class Receipt(Record):
    """What became of a letter.

    Args:
        fate: ``opened`` a ticket, ``added`` to one, ``kept`` there as a note, ``known`` already, or ``dead``.
        id: the ticket's; empty for a dead letter.
        words: the line that says so.
        mail_id: under which Message-ID it stands there.
    """

    fate: str
    id: str
    words: str
    mail_id: str = ""


class _Mail(Record):
    """An email being put somewhere.

    Args:
        text: what of its text stands on the ticket; if that is cut, ``whole`` is the attachment that has all of it.
        kept: what is attached, under which names; ``left_out`` says what could not be.
    """

    letter: Letter
    text: str
    kept: tuple[tuple[str, bytes], ...]
    left_out: str
    cut: bool = False
    whole: str = ""

    @property
    def body(self) -> str:
        """The text, and that it is cut."""
        if not self.cut:
            return self.text
        return f"{self.text}\n\n[cut here{f'; the whole is attached as {self.whole}' if self.whole else ''}]"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is attached."""
        return tuple(name for name, _ in self.kept)


def receive_from(desk: Desk, source: Source, to: str | None = None) -> Receipt:
    """Put an email where it belongs, not knowing how large it is: what cannot be read for its size never is in the memory.

    It is kept, as everything is that is its sender's fault: to leave it with the mail server would have it come again for
    days, and then go back to its sender, with nobody here knowing.

    Args:
        source: where its bytes come from.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        BusyError: it is larger than what is kept at all; else as of :func:`receive`.
    """
    data = source.read(MAX_LETTER + 1)
    if len(data) <= MAX_LETTER:
        return receive(desk, data, to)
    _settings(desk)
    reason = _too_large()
    return _dead(reason, bury_large(desk, data, source, reason))


def receive(desk: Desk, data: bytes, to: str | None = None) -> Receipt:
    """Put an email where it belongs.

    Args:
        data: the email as it came.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        SettingsError: the store has no mail settings, or a profile is unusable.
        BrokenError: its ticket cannot be read.
        BusyError, DiskError: try again.
    """
    mail = _settings(desk)
    try:
        if len(data) > MAX_LETTER:
            return _dead(_too_large(), bury(desk, data, _too_large()))
        letter = read_letter(data)
        if to is not None:
            letter = replace(letter, recipients=(to.lower(), *letter.recipients))
        if letter.sender in (mail.sender, *mail.addresses):
            letter = replace(letter, machine=letter.machine or "our own address")
        return _put(desk, mail, letter, data)
    except UnreadableError as error:
        reason = f"it cannot be read: {error}"
    except (RefusedError, UsageError) as error:
        reason = error.message
    return _dead(reason, bury(desk, data, reason))


def _too_large() -> str:
    return f"it cannot be read: larger than {MAX_LETTER >> 20} MiB"


def _dead(reason: str, place: str) -> Receipt:
    return Receipt("dead", "", f"dead letter: {reason} ({place})")


def _settings(desk: Desk) -> Mail:
    if desk.settings.mail is None:
        raise SettingsError(
            "this store gets no mail", "mail: {from: ADDRESS, addresses: {ADDRESS: PROFILE}} in ticketctl.yaml"
        )
    return desk.settings.mail


def _put(desk: Desk, mail: Mail, letter: Letter, data: bytes) -> Receipt:
    """Put an email on its ticket, or make one."""
    with writing(desk):
        for name in (letter.message_id, threads.fingerprint(letter, mail)):
            known = threads.holder(desk, [name])
            if known is None:
                letter = replace(letter, message_id=name)
                break
            if name != letter.message_id or threads.is_that(known[1], letter):
                return Receipt("known", known[0], f"{short(known[0])}: had this letter already", name)
        found = threads.ticket_of(desk, mail, letter)
        if intake.number(desk, letter.sender) >= mail.per_hour:
            return _too_many(desk, mail, letter, data, found)
        if found is not None:
            receipt = _add(desk, mail, threads.continued(desk, found, letter), letter, data)
        elif letter.machine:
            raise RefusedError(f"written by a machine ({letter.machine}), and it answers no ticket")
        else:
            receipt = _open(desk, mail, letter, data)
        intake.count(desk, letter.sender)
        return receipt


def _too_many(desk: Desk, mail: Mail, letter: Letter, data: bytes, found: Loaded | None) -> Receipt:
    """Keep an email of somebody who sends too many, and tell staff once an hour: on the ticket that it answers, else on
    the sender's newest."""
    sender = letter.sender or "unknown senders"
    reason = f"more than {mail.per_hour} emails of {sender} within an hour"
    told = intake.was_told(desk, letter.sender)
    was = None if told else found or newest_of(desk, letter.sender)
    since = f"{desk.now:%Y-%m-%d %H:%M} UTC"
    note = f"Since {since} there are {reason} (mail: per_hour). Those above are kept in {deadletters.DEAD}/."
    place = bury_and_tell(desk, data, reason, was, note)
    if was is not None:
        intake.tell(desk, letter.sender)
    return _dead(reason, place)


# --- adding to a ticket ---------------------------------------------------------------------------------------------


def _add(desk: Desk, settings: Mail, was: Loaded, letter: Letter, data: bytes) -> Receipt:
    """Add an email to a ticket: its text, where the writer's share has room for it; else a short entry, the text being
    attached; else it is quarantined."""
    not_by_hand(was)
    profile = desk.profile_of(was.ticket)
    mail = _prepare(letter, was.ticket)
    reason = ""
    for form, part in ((mail, _FULL_TEXT), (_shortened(mail), 1.0)):
        added = _ask(desk, settings, profile, was, form)
        reason = excess(profile, added.decision.ticket, added.decision.entries, part)
        if not reason:
            try:
                return _added(desk, profile, was, added, data)
            except RefusedError as error:  # the ticket as a whole has no room
                reason = error.message
    note = f"Email is kept in {deadletters.DEAD}/ and not on this ticket: {reason}."
    reason = f"no room on {was.ticket.id}: {reason}"
    return _dead(reason, bury_and_tell(desk, data, reason, was, note))


class _Added(Record):
    """What an email would do on a ticket; ``why`` it is only kept as a note, if it is."""

    mail: _Mail
    decision: Decision
    why: str = ""


def _ask(desk: Desk, settings: Mail, profile: Profile, was: Loaded, mail: _Mail) -> _Added:
    """Decide what an email does on a ticket; it is kept as a note where its writer may do nothing else."""
    letter, people = mail.letter, desk.people_of(profile)
    actors = [] if letter.machine else actors_by_mail(profile, was.ticket, people, letter.sender)
    believed = [actor for actor in actors if vouched(settings, profile, actor.role, letter)]
    requests = [
        Change(actor, None, values.body(mail.body, "the message"), mail.left_out or None, via="mail",
               subject=letter.subject, mail_id=letter.message_id, files=mail.files)
        for actor in believed
    ]  # fmt: skip
    asked = first_allowed(desk, profile, was, requests) if requests else None
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
    mail = _without_attachments(mail)
    kept = decide(profile, was.ticket, _as_note(mail, why), desk.now, people, desk.by_mail)
    assert isinstance(kept, Decision)
    return _Added(mail, kept, why)


def _added(desk: Desk, profile: Profile, was: Loaded, added: _Added, data: bytes) -> Receipt:
    """Write what was decided.

    Raises:
        RefusedError: there is no room on the ticket; nothing was written.
    """
    made, mail, why = added.decision, added.mail, added.why
    also = tuple(make_follow_up(desk, profile, request) for request in made.follow_ups)
    buried: list[journal.Write] = []
    if mail.left_out:
        reason = why or "too large or too many attachments"
        buried = _not_kept(desk, data, was.ticket.id, reason)
    _write(desk, Outcome(was.ticket.id, was, made, profile, also), mail, FOR_ALL if why else FOR_PEOPLE, buried)
    name, before, after = short(was.ticket.id), was.ticket.status, made.ticket.status
    if why:
        return Receipt("kept", was.ticket.id, f"{name}: kept as a note ({why})", mail.letter.message_id)
    move = f", {before} -> {after}" if before != after else ""
    further = "".join(f", continued in {ticket.id}" for ticket in also)
    words = f"{name}: message of {mail.letter.sender}{move}{further}"
    return Receipt("added", was.ticket.id, words, mail.letter.message_id)


def _not_kept(desk: Desk, data: bytes, id_: str, reason: str) -> list[journal.Write]:
    """What keeps an email of which the ticket does not hold all that came."""
    return deadletters.writes(desk.root, data, f"what came with it is not kept on {id_}: {reason}", desk.now)


def _without_attachments(mail: _Mail) -> _Mail:
    """What is not of the ticket's people goes into no commit: the whole email lies among the dead ones then."""
    names = ", ".join(mail.files)[:_MAX_LEFT_OUT]
    words = "\n".join(
        part for part in (mail.left_out, f"Attached, and not kept here: {names}" if names else "") if part
    )
    return replace(mail, kept=(), left_out=words, whole="")


def _shortened(mail: _Mail) -> _Mail:
    """A short entry for an email, whose text is attached; it shows enough to be known again."""
    text = " ".join(mail.text.split())[: threads.SHOWN].rstrip()
    left_out = mail.left_out[:_MAX_LEFT_OUT]
    if mail.cut or len(mail.text) <= threads.SHOWN:
        return replace(mail, text=text, left_out=left_out)
    name = _safe_name("message.txt", mail.files)
    kept = (*mail.kept, (name, mail.letter.text.encode(errors="replace")))
    return replace(mail, text=text, left_out=left_out, kept=kept, cut=True, whole=name)


def _as_note(mail: _Mail, why: str) -> Keep:
    letter = mail.letter
    head = f"Mail from {letter.sender or 'nobody'}, {why}.\nSubject: {letter.subject or '(none)'}"
    note = "\n\n".join(part for part in (head, mail.body, mail.left_out) if part)
    return Keep(letter.sender or "mail", values.body(note, "the note"), "mail", letter.message_id, mail.files)


# --- a new ticket ---------------------------------------------------------------------------------------------------


def _open(desk: Desk, mail: Mail, letter: Letter, data: bytes) -> Receipt:
    if not letter.sender:
        raise RefusedError("it has not one sender whom we could answer (an address in plain ASCII)")
    name = next((mail.addresses[to] for to in letter.recipients if to in mail.addresses), None)
    if name is None and mail.addresses:
        raise RefusedError(f"it was sent to none of our addresses ({', '.join(mail.addresses)})")
    if not (name or desk.settings.profile):
        raise SettingsError(
            "the settings do not say which profile new mail is for", "mail: {addresses: {ADDRESS: PROFILE}}"
        )
    try:
        profile = desk.shelf.get(name or desk.settings.profile)
    except MissingError as error:
        raise SettingsError(error.message, "mail: {addresses: {ADDRESS: PROFILE}}") from None
    id_ = desk.store.fresh_id(desk.now)
    prepared = _prepare(letter, None)
    people = desk.people_of(profile)
    roles = [profile.role_of_kind("customer")]
    roles += [role for role in staff_roles(profile, people, letter.sender) if vouched(mail, profile, role, letter)]
    title = values.line(letter.subject[:200] or prepared.text.split("\n")[0][:200], "the subject")
    requests = [
        Create(id_, Actor(letter.sender, role), title, values.body(prepared.body, "the message"), prepared.left_out or None,
               sets={"customer": letter.sender}, via="mail", subject=letter.subject, mail_id=letter.message_id,
               files=prepared.files)
        for role in roles
    ]  # fmt: skip
    made = first_allowed(desk, profile, None, requests)
    if isinstance(made, Refusal):
        raise RefusedError(f"a new ticket of {profile.name} was refused: {'; '.join(made.reasons)}")
    buried = _not_kept(desk, data, id_, "too large or too many attachments") if prepared.left_out else []
    _write(desk, Outcome(id_, None, made, profile), prepared, FOR_PEOPLE, buried)
    return Receipt("opened", id_, f"{id_}: new, from {letter.sender}", letter.message_id)


# --- writing --------------------------------------------------------------------------------------------------------


def _prepare(letter: Letter, ticket: Ticket | None) -> _Mail:
    """What of an email goes into the history, and what beside it."""
    text = letter.reply if ticket is not None else letter.text
    attached = list(letter.attachments)
    whole = letter.whole
    if len(text) > MAX_TEXT and not whole:
        whole = "message.txt"
        attached.insert(0, Attachment(whole, letter.text.encode(errors="replace")))
    text = text[:MAX_TEXT].strip() or "(no text)"
    kept: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    size = 0
    for item in attached:
        name = _safe_name(item.name, [name for name, _ in kept])
        if len(item.data) > MAX_ATTACHMENT or size + len(item.data) > MAX_ATTACHMENTS or len(kept) >= 100:
            left_out.append(f"{name} ({len(item.data) / (1 << 20):.1f} MiB)")
            continue
        size += len(item.data)
        kept.append((name, item.data))
    words = f"Attachments left out, too large or too many: {', '.join(left_out)}" if left_out else ""
    name = next((name for name, _ in kept if whole), "")  # it is the first, unless it is too large
    name = name if name == whole else ""
    return _Mail(letter, text, tuple(kept), words, bool(whole), name)


def _safe_name(name: str, taken: Sequence[str]) -> str:
    """A name for a file that is nothing but a name: letters, digits, dot, hyphen, underscore; short; not taken."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")[-80:].lstrip(".-")
    clean = clean or "attachment"
    stem, dot, ending = clean.rpartition(".")
    number, found = 2, clean
    while found.casefold() in map(str.casefold, taken):
        found = f"{stem}-{number}.{ending}" if dot and stem else f"{clean}-{number}"
        number += 1
    return found


def _write(desk: Desk, outcome: Outcome, mail: _Mail, limit: int, buried: Sequence[journal.Write] = ()) -> None:
    """The ticket, its attachments, what follows and what is buried of it, in one write and one commit."""
    assert isinstance(outcome.result, Decision)
    event = next(entry.id for entry in outcome.result.entries if entry.mail_id == mail.letter.message_id)
    attached = [journal.Write(f"attachments/{outcome.id}/{event}-{name}", data) for name, data in mail.kept]
    journal.write_all(desk.state, [*writes_of(desk, outcome, limit), *attached, *buried])
    done = replace(outcome, paths=tuple(write.path for write in attached))
    raise_failed(commit(desk, [done]))
