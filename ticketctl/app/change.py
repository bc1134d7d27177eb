"""Changing tickets: read, decide and write inside the store's lock, then commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ticketctl.app.desk import Desk
from ticketctl.core.profile import Profile
from ticketctl.core.requests import Change, Create, Decision, Notice, Refusal
from ticketctl.core.ticket import Ticket
from ticketctl.core.workflow import decide
from ticketctl.errors import BrokenError, BusyError, DiskError, RefusedError, TicketctlError, UncommittedError
from ticketctl.record import Record, replace
from ticketctl.store import files
from ticketctl.store.paths import new_id, path_of, short
from ticketctl.store.reading import Loaded

FOR_PEOPLE = files.MAX_BYTES * 7 // 8
"""How large people may make a ticket: the rest is left to rules, which must still be able to close it."""
FOR_STRANGERS = files.MAX_BYTES // 2
"""How large those may make it who are not of it: machines, strangers."""


class Outcome(Record):
    """What became of one ticket.

    Args:
        id: the ticket's, or what the user wrote where there is none.
        was: the ticket as it was read; ``None`` if it is new, or could not be read.
        result: the decision, the refusal, or the error that stopped it.
        also: follow-up tickets that were made.
        paths: further files that belong to it.
    """

    id: str
    was: Loaded | None
    result: Decision | Refusal | TicketctlError
    profile: Profile | None = None
    also: tuple[Ticket, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def before(self) -> Ticket | None:
        """The ticket as it was."""
        return self.was.ticket if self.was else None

    @property
    def refused(self) -> bool:
        """Whether nothing was written for it, by the rules or for an error."""
        return not isinstance(self.result, Decision | UncommittedError)

    @property
    def changed(self) -> bool:
        """Whether something is to be written."""
        return isinstance(self.result, Decision) and bool(self.result.entries)


Ask = Callable[[Loaded, Profile], Sequence[Change]]
"""What to ask of a ticket: one request per role that the user has, the first that is allowed being made."""


def change(desk: Desk, ids: Iterable[str], ask: Ask, dry: bool = False) -> list[Outcome]:
    """Ask the same of several tickets, each on its own: one refused or broken stops no other.

    Args:
        ids: as people write them.
        ask: makes the requests, given a ticket as it then is.
        dry: decide, but write nothing.
    """
    if dry:
        return [_one(desk, id_, ask) for id_ in ids]
    with writing(desk):
        outcomes = []
        for id_ in ids:
            outcome = _one(desk, id_, ask)
            outcomes.append(_written(desk, outcome) if outcome.changed else outcome)
        outcomes += commit(desk, outcomes)
    return outcomes


def change_all(desk: Desk, ids: Iterable[str], ask: Ask, subject: str) -> list[Outcome]:
    """Ask the same of several tickets, all or nothing, in one commit (A26)."""
    with writing(desk):
        outcomes = [_one(desk, id_, ask) for id_ in ids]
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            files.write_all(desk.root, [write for outcome in outcomes for write in writes_of(desk, outcome)])
            outcomes += commit(desk, outcomes, subject)
    return outcomes


def adopt_by_hand(desk: Desk, text: str) -> list[Outcome]:
    """Take what was changed in a ticket's file by hand as an event of its author, if the rules allow it."""
    from ticketctl.app.editing import adopt

    with writing(desk):
        outcome = _one(desk, text, lambda was, profile: adopt(desk, was, profile), by_hand=True)
        if not outcome.changed:
            return [outcome]
        outcome = _written(desk, outcome)
        return [outcome, *commit(desk, [outcome])]


def create(desk: Desk, requests: Sequence[tuple[Profile, Sequence[Create]]]) -> list[Outcome]:
    """Make new tickets, all or nothing: one refusal and none is made.

    Args:
        requests: for each ticket its profile and one request per role that the user has.
    """
    with writing(desk):
        outcomes = [_made(desk, profile, candidates) for profile, candidates in requests]
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            files.write_all(desk.root, [write for outcome in outcomes for write in writes_of(desk, outcome)])
            outcomes += commit(desk, outcomes)
    return outcomes


@contextmanager
def writing(desk: Desk) -> Iterator[None]:
    """Hold the store's lock, first finishing what a crash interrupted."""
    tickets = desk.root / "tickets"
    if not tickets.is_dir():
        tickets.mkdir()  # git keeps no empty folder, so a clone of an empty store has none
    with files.lock(tickets):
        files.recover(desk.root)
        yield


def catch_up(desk: Desk) -> None:
    """Commit what a command that was killed after writing left uncommitted: whole tickets in our own form."""
    if not desk.settings.commit:
        return
    from ticketctl.store import committing, git

    with suppress(DiskError), writing(desk):
        left = sorted(git.uncommitted(desk.root))
        whole = [path for path in left if path.startswith("attachments/") or desk.store.is_whole(path)]
        if whole:
            committing.commit(desk.root, whole, "What an interrupted command had written", "ticketctl@localhost")


def _one(desk: Desk, text: str, ask: Ask, by_hand: bool = False) -> Outcome:
    try:
        was = desk.find(text)
        profile = desk.profile_of(was.ticket)
        if not by_hand:
            not_by_hand(was)
        result = first_allowed(desk, profile, was, ask(was, profile))
    except TicketctlError as error:
        return Outcome(text, None, error)
    also: tuple[Ticket, ...] = ()
    if isinstance(result, Decision):
        also = tuple(make_follow_up(desk, profile, request) for request in result.follow_ups)
    return Outcome(was.ticket.id, was, result, profile, also)


def not_by_hand(was: Loaded) -> None:
    """Refuse to write over a head that somebody has changed by hand.

    Raises:
        BrokenError: with the place, and how to adopt the change.
    """
    if was.differences:
        first = was.differences[0]
        hint = f"ticketctl edit --adopt {short(was.ticket.id)}"
        raise BrokenError(f"{first.key} does not agree with the history (set by hand?)", hint, first.place)


def first_allowed(
    desk: Desk, profile: Profile, was: Loaded | None, requests: Sequence[Create | Change]
) -> Decision | Refusal:
    """The answer to the first request that is allowed, else to the first."""
    people, ticket = desk.people_of(profile), was.ticket if was else None
    answers: list[Decision | Refusal] = []
    for request in requests:
        if isinstance(request, Change):
            request = replace(request, follow_id=new_id(desk.now))
        answers.append(decide(profile, ticket, request, desk.now, people, desk.by_mail))
        if isinstance(answers[-1], Decision):
            return answers[-1]
    return answers[0]


def make_follow_up(desk: Desk, profile: Profile, request: Create) -> Ticket:
    """The ticket in which one that stays closed goes on.

    Raises:
        RefusedError: the rules do not let it be made.
    """
    made = decide(profile, None, request, desk.now, desk.people_of(profile), desk.by_mail)
    if isinstance(made, Refusal):
        raise RefusedError(f"the follow-up ticket cannot be made: {'; '.join(made.reasons)}")
    return made.ticket


def _made(desk: Desk, profile: Profile, candidates: Sequence[Create]) -> Outcome:
    result: Decision | Refusal | TicketctlError = first_allowed(desk, profile, None, candidates)
    if (desk.root / path_of(candidates[0].id)).exists():
        result = RefusedError(f"there is a ticket {candidates[0].id} already")
    return Outcome(candidates[0].id, None, result, profile)


def _written(desk: Desk, outcome: Outcome) -> Outcome:
    try:
        files.write_all(desk.root, writes_of(desk, outcome))
    except TicketctlError as error:
        return replace(outcome, result=error)
    return outcome


def writes_of(desk: Desk, outcome: Outcome, limit: int = FOR_PEOPLE) -> list[files.Write]:
    """The files of one decision: the ticket, its follow-ups, the notices in the outbox."""
    if not isinstance(outcome.result, Decision) or not outcome.result.entries:
        return []
    writes = [desk.store.writes(outcome.result.ticket, outcome.was, limit)]
    writes += [desk.store.writes(ticket, None, limit) for ticket in outcome.also]
    return writes + outbox(desk, outcome.result.notices)


def outbox(desk: Desk, notices: Iterable[Notice]) -> list[files.Write]:
    """Notices as small JSON files for scripts; none where mail is sent, which is owed by the history alone."""
    found = []
    for notice in () if desk.by_mail else notices:
        content = {
            "schema": "ticketctl/1", "ticket": notice.ticket, "event": notice.event, "at": notice.at,
            "message": notice.message, "told": list(notice.told), "subject": notice.subject, "body": notice.body,
        }  # fmt: skip
        data = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        found.append(files.Write(f"{files.STATE}/outbox/{notice.ticket}-{notice.event}.json", data.encode()))
    return found


def commit(desk: Desk, outcomes: Sequence[Outcome], subject: str = "") -> list[Outcome]:
    """Commit what was changed; if git would not, say so as one more outcome: the tickets are written all the same."""
    done = [outcome for outcome in outcomes if outcome.changed]
    if not done or not desk.settings.commit:
        return []
    paths = [path_of(ticket.id) for outcome in done for ticket in (*_tickets(outcome), *outcome.also)]
    paths += [path for outcome in done for path in outcome.paths]
    lines = [describe(outcome) for outcome in done]
    who = next(o.result.entries[0].by for o in done if isinstance(o.result, Decision))
    if len(lines) == 1 and not subject:
        message = lines[0]
    else:
        deeds = {what(outcome) for outcome in done}
        same = f": {deeds.pop()}" if len(deeds) == 1 else ""
        message = "\n".join([subject or f"{len(lines)} tickets{same} ({who})", "", *lines])
    failed = record(desk, paths, message, who)
    return [Outcome("git", None, failed)] if failed else []


def record(desk: Desk, paths: Sequence[str], message: str, who: str) -> UncommittedError | None:
    """Commit what was written, where the store does so; if git would not, that: it is written all the same."""
    if not desk.settings.commit:
        return None
    from ticketctl.store import committing

    try:
        committing.commit(desk.root, paths, message, who)
    except DiskError as error:
        return UncommittedError(f"written, but not committed: {error.message}", error.hint)
    return None


def record_run(desk: Desk, paths: Sequence[str], message: str, who: str) -> UncommittedError | None:
    """The same for a run over many tickets, each of which held the store's lock for itself alone."""
    if not (paths and desk.settings.commit):
        return None
    try:
        with writing(desk):
            return record(desk, paths, message, who)
    except (BusyError, DiskError) as error:
        return UncommittedError(f"written, but not committed: {error.message}", error.hint)


def _tickets(outcome: Outcome) -> list[Ticket]:
    return [outcome.result.ticket] if isinstance(outcome.result, Decision) else []


def describe(outcome: Outcome) -> str:
    """One line for a commit message: ``k3qx9: Pending -> Solved (amy@support.example)``."""
    assert isinstance(outcome.result, Decision)
    entry = outcome.result.entries[0]
    who = f"{entry.by} for {entry.for_}" if entry.for_ else entry.by
    return f"{short(outcome.id)}: {what(outcome)} ({who})"


def what(outcome: Outcome) -> str:
    """What happened to a ticket, in few words: ``Open -> Solved``, ``reply``, ``assignee, due``."""
    assert isinstance(outcome.result, Decision)
    entry, after = outcome.result.entries[0], outcome.result.ticket
    if outcome.before is None:
        return f"new, {after.status}"
    if outcome.before.status != after.status:
        return f"{outcome.before.status} -> {after.status}"
    said = [word for word, text in (("reply", entry.text), ("note", entry.note)) if text]
    names = [name.removeprefix("fields.") for name in (*entry.sets, *entry.unset)]
    return ", ".join([*names, *said]) or entry.event
