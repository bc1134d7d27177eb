"""``mail in``: what becomes of a letter. Each is on a ticket afterwards, or in ``dead-letters/`` with its reason."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from ticketctl.app import values
from ticketctl.app.change import FOR_PEOPLE, FOR_STRANGERS, first_allowed, make_follow_up, not_by_hand, writes_of
from ticketctl.app.desk import Desk
from ticketctl.app.outcome import Outcome
from ticketctl.app.recording import commit, writing
from ticketctl.app.refresh import everything
from ticketctl.core.entry import Entry
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.requests import Actor, Change, Create, Decision, Keep, Refusal
from ticketctl.core.ticket import LINK, Ticket
from ticketctl.core.workflow import decide
from ticketctl.errors import MissingError, RefusedError, SettingsError, UsageError
from ticketctl.record import Record, replace
from ticketctl.store import journal
from ticketctl.store.letters import Attachment, Letter, UnreadableError, read_letter
from ticketctl.store.mailsettings import Mail
from ticketctl.store.paths import ID, new_id, short
from ticketctl.store.reading import Loaded
from ticketctl.store.selection import holding

DEAD = "dead-letters"
MAX_LETTER = 40 << 20
MAX_ATTACHMENT = 10 << 20
MAX_ATTACHMENTS = 25 << 20
MAX_TEXT = 100_000
_CUT = "[cut here; the whole is attached as message.txt]"
_TAG = re.compile(r"\[([0-9]{6}-[0-9a-hjkmnp-tv-z]{5})\]")


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
    """A letter being put somewhere: what is attached under which names, and what had to be left out."""

    letter: Letter
    text: str
    kept: tuple[tuple[str, bytes], ...]
    left_out: str

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is attached."""
        return tuple(name for name, _ in self.kept)


def receive(desk: Desk, data: bytes, to: str | None = None) -> Receipt:
    """Put a letter where it belongs.

    Args:
        data: the letter as it came.
        to: the address that it was delivered to, if the caller knows.

    Raises:
        SettingsError: the store has no mail settings, or a profile is unusable.
        BrokenError: its ticket cannot be read.
        BusyError, DiskError: try again.
    """
    mail = desk.settings.mail
    if mail is None:
        raise SettingsError(
            "this store gets no mail", "mail: {from: ADDRESS, addresses: {ADDRESS: PROFILE}} in ticketctl.yaml"
        )
    try:
        if len(data) > MAX_LETTER:
            raise UnreadableError(f"larger than {MAX_LETTER >> 20} MiB")
        letter = read_letter(data)
        if to is not None:
            letter = replace(letter, recipients=(to.lower(), *letter.recipients))
        if letter.sender in (mail.sender, *mail.addresses):
            letter = replace(letter, machine=letter.machine or "our own address")
        return _put(desk, mail, letter, data)
    except UnreadableError as error:
        return _bury(desk, data, f"it cannot be read: {error}")
    except (RefusedError, UsageError) as error:
        return _bury(desk, data, error.message)


def _put(desk: Desk, mail: Mail, letter: Letter, data: bytes) -> Receipt:
    """Put a letter on its ticket, or make one."""
    with writing(desk):
        for name in (letter.message_id, _fingerprint(letter, mail)):
            known = _holder(desk, [name])
            if known is None:
                letter = replace(letter, message_id=name)
                break
            if name != letter.message_id or _is_that(known[1], letter):
                return Receipt("known", known[0], f"{short(known[0])}: had this letter already", name)
        found = _ticket_of(desk, mail, letter)
        if found is not None:
            return _add(desk, mail, _continued(desk, found, letter), letter, data)
        if letter.machine:
            raise RefusedError(f"written by a machine ({letter.machine}), and it answers no ticket")
        return _open(desk, mail, letter)


def _fingerprint(letter: Letter, mail: Mail) -> str:
    """The Message-ID of a letter, should another be known by that which it bears: made of what is the same at every
    delivery, which the traces of its way are not."""
    parts = (letter.message_id, letter.sender, letter.subject, letter.text)
    return f"<{hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:32]}@{mail.domain}.invalid>"


def _is_that(entry: Entry, letter: Letter) -> bool:
    """Whether an entry was made by a letter: devices and web forms send many under one Message-ID."""
    held = " ".join(f"{entry.text or ''} {entry.note or ''}".split())
    said = [" ".join(text.split())[:200] for text in (letter.text, letter.reply)]
    return entry.by.lower() in (letter.sender, "mail") and any(text in held for text in said)


# --- finding the ticket ---------------------------------------------------------------------------------------------


def _holder(desk: Desk, message_ids: Sequence[str]) -> tuple[str, Entry] | None:
    """The ticket that holds one of some letters, and where, those named first before the others."""
    found: dict[str, tuple[str, Entry]] = {}
    for path in everything(desk, lambda index: holding(index, message_ids)):
        id_ = path.rpartition("/")[2].removesuffix(".yaml")
        for entry in desk.store.read(id_).ticket.history:
            if entry.mail_id in message_ids:
                found.setdefault(entry.mail_id or "", (id_, entry))
    return next((found[name] for name in message_ids if name in found), None)


def _ticket_of(desk: Desk, mail: Mail, letter: Letter) -> Loaded | None:
    """By the Message-IDs that it answers, ours or a letter's that we have; then by the tag in its subject; never by
    sender and subject alone."""
    ours = re.compile(
        rf"<([0-9]{{6}}-[0-9a-z]{{5}})(?:\.e[0-9a-f]{{12}}(?:\.[0-9]+)?)?@{re.escape(mail.domain)}>\Z", re.I
    )
    for reference in letter.references:
        if (match := ours.match(reference)) and (found := _read(desk, match[1].lower())):
            return found
    theirs = [reference for reference in letter.references if not ours.match(reference)][:20]
    if (held := _holder(desk, theirs)) is not None:
        return desk.store.read(held[0])
    for tag in _TAG.findall(letter.subject.lower()):
        if found := _read(desk, tag):
            return found
    return None


def _read(desk: Desk, id_: str) -> Loaded | None:
    try:
        return desk.store.read(id_) if ID.match(id_) else None
    except MissingError:
        return None


def _continued(desk: Desk, was: Loaded, letter: Letter) -> Loaded:
    """The ticket in which a closed one goes on, if it is still open and the letter is its customer's: their next letter
    belongs there, not in yet another."""
    for _ in range(20):
        ticket = was.ticket
        links = [str(entry.sets[LINK]) for entry in ticket.acts if LINK in entry.sets]
        following = _read(desk, links[-1]) if links and letter.sender == (ticket.customer or "").lower() else None
        if following is None or desk.profile_of(ticket).state(ticket.status) != "closed":
            break
        was = following
    return was


# --- adding to a ticket ---------------------------------------------------------------------------------------------


def _add(desk: Desk, settings: Mail, was: Loaded, letter: Letter, data: bytes) -> Receipt:
    not_by_hand(was)
    profile = desk.profile_of(was.ticket)
    mail = _prepare(letter, was.ticket)
    people = desk.people_of(profile)
    asked: Decision | Refusal | None = None
    why = f"written by a machine ({letter.machine})" if letter.machine else ""
    if not why:
        actors = actors_by_mail(profile, was.ticket, people, letter.sender)
        why = "" if actors else "its writer is not a person of this ticket"
        vouched = [actor for actor in actors if _vouched(settings, profile, actor.role, letter)]
        if actors and not vouched:
            why = f"{settings.trust} does not say that it is from whom it says"
        actors = vouched
        requests = [
            Change(actor, None, mail.text, mail.left_out or None, via="mail", subject=letter.subject,
                   mail_id=letter.message_id, files=mail.files)
            for actor in actors
        ]  # fmt: skip
        asked = first_allowed(desk, profile, was, requests) if requests else None
        if isinstance(asked, Refusal):
            why = "refused: " + "; ".join(asked.reasons)
    buried: list[journal.Write] = []
    if why or asked is None:
        if mail.kept:
            mail = _without_attachments(mail)
            buried = _grave(desk, data, f"what came with it is not kept on {was.ticket.id}: {why}")
        asked = decide(profile, was.ticket, _as_note(mail, why), desk.now, people, desk.by_mail)
    assert isinstance(asked, Decision)
    also = tuple(make_follow_up(desk, profile, request) for request in asked.follow_ups)
    _write(desk, Outcome(was.ticket.id, was, asked, profile, also), mail, FOR_STRANGERS if why else FOR_PEOPLE, buried)
    name, before, after = short(was.ticket.id), was.ticket.status, asked.ticket.status
    if why:
        return Receipt("kept", was.ticket.id, f"{name}: kept as a note ({why})", letter.message_id)
    move = f", {before} -> {after}" if before != after else ""
    further = "".join(f", continued in {ticket.id}" for ticket in also)
    words = f"{name}: message of {letter.sender}{move}{further}"
    return Receipt("added", was.ticket.id, words, letter.message_id)


def actors_by_mail(profile: Profile, ticket: Ticket, people: People, who: str) -> list[Actor]:
    """Whom a letter's writer can be towards a ticket: its customer, or staff; nobody else may act on it by mail."""
    customer = profile.role_of_kind("customer")
    own = ticket.customer is not None and who == ticket.customer.lower()
    watches = who in map(str.lower, ticket.watchers)
    if people.roles is None:
        staff = [profile.role_of_kind("agent")] if who == (ticket.assignee or "").lower() else []
    else:
        staff = _staff(profile, people, who)
    as_customer = [customer] if own or watches else []
    # Who asked answers as who asked, unless they also work on it.
    roles = [*as_customer, *staff] if own and who != (ticket.assignee or "").lower() else [*staff, *as_customer]
    name = ticket.customer if own and ticket.customer else who
    listed = next((known for known in people.roles or {} if known.lower() == who), who)
    return [Actor(name if role == customer else listed, role) for role in roles]


def _staff(profile: Profile, people: People, who: str) -> list[str]:
    """The roles of staff that somebody has, however the settings write their address; none where nobody is listed."""
    held = {role for name, roles in (people.roles or {}).items() if name.lower() == who for role in roles}
    return [role.name for role in profile.roles.values() if role.name in held and role.kind in ("agent", "integration")]


def _vouched(mail: Mail, profile: Profile, role: str, letter: Letter) -> bool:
    """Whether a role can be taken by this letter: staff's only if our server vouches for its sender, where one does."""
    return profile.kind(role) == "customer" or mail.trust in ("", *letter.authentic)


def _without_attachments(mail: _Mail) -> _Mail:
    """What is not of the ticket's people goes into no commit: the whole letter lies among the dead ones then."""
    names = ", ".join(mail.files)
    words = "\n".join(
        part for part in (mail.left_out, f"Attached, and not kept here: {names}" if names else "") if part
    )
    return replace(mail, kept=(), left_out=words, text=mail.text.replace(_CUT, "[cut here]"))


def _as_note(mail: _Mail, why: str) -> Keep:
    letter = mail.letter
    head = f"Mail from {letter.sender or 'nobody'}, {why}.\nSubject: {letter.subject or '(none)'}"
    note = "\n\n".join(part for part in (head, mail.text, mail.left_out) if part)
    return Keep(letter.sender or "mail", values.body(note, "the note"), "mail", letter.message_id, mail.files)


# --- a new ticket ---------------------------------------------------------------------------------------------------


def _open(desk: Desk, mail: Mail, letter: Letter) -> Receipt:
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
    id_ = new_id(desk.now)
    prepared = _prepare(letter, None)
    people = desk.people_of(profile)
    roles = [profile.role_of_kind("customer")]
    roles += [role for role in _staff(profile, people, letter.sender) if _vouched(mail, profile, role, letter)]
    title = values.line(letter.subject[:200] or prepared.text.split("\n")[0][:200], "the subject")
    requests = [
        Create(id_, Actor(letter.sender, role), title, prepared.text, prepared.left_out or None,
               sets={"customer": letter.sender}, via="mail", subject=letter.subject, mail_id=letter.message_id,
               files=prepared.files)
        for role in roles
    ]  # fmt: skip
    made = first_allowed(desk, profile, None, requests)
    if isinstance(made, Refusal):
        raise RefusedError(f"a new ticket of {profile.name} was refused: {'; '.join(made.reasons)}")
    _write(desk, Outcome(id_, None, made, profile), prepared, FOR_PEOPLE)
    return Receipt("opened", id_, f"{id_}: new, from {letter.sender}", letter.message_id)


# --- writing --------------------------------------------------------------------------------------------------------


def _prepare(letter: Letter, ticket: Ticket | None) -> _Mail:
    """What of a letter goes into the history, and what beside it."""
    text = letter.reply if ticket is not None else letter.text
    attached = list(letter.attachments)
    if len(text) > MAX_TEXT:
        attached.append(Attachment("message.txt", text.encode()))
        text = f"{text[:MAX_TEXT].rstrip()}\n\n{_CUT}"
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
    body = text if text.strip() else "(no text)"
    return _Mail(letter, values.body(body, "the message"), tuple(kept), words)


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
    for failed in commit(desk, [done]):
        assert not isinstance(failed.result, Decision | Refusal)
        raise failed.result


def _bury(desk: Desk, data: bytes, reason: str) -> Receipt:
    """Keep a letter that belongs nowhere, with the reason beside it."""
    with writing(desk):
        if writes := _grave(desk, data, reason):
            journal.write_all(desk.state, writes)
    return Receipt("dead", "", f"dead letter: {reason} ({_name_of(desk, data)}.eml)")


def _grave(desk: Desk, data: bytes, reason: str) -> list[journal.Write]:
    """What keeps a letter among the dead ones; nothing, if it lies there already."""
    name = _name_of(desk, data)
    if os.path.exists(f"{desk.root}/{name}.eml"):
        return []
    return [journal.Write(f"{name}.eml", data), journal.Write(f"{name}.txt", f"{reason}\n".encode(errors="replace"))]


def _name_of(desk: Desk, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()[:16]
    known = next(Path(desk.root, DEAD).glob(f"*-{digest}.eml"), None)
    return f"{DEAD}/{known.stem if known else f'{desk.now:%y%m%d-%H%M%S}-{digest}'}"
