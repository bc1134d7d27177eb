"""Changing tickets: read, decide and write inside the store's lock, then commit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ticketctl.app.email.quota import FOR_PEOPLE, check
from ticketctl.app.outcome import Outcome
from ticketctl.app.transaction import CommitLog, commit, write, write_together, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import (
    Change,
    Create,
    Decision,
    Notification,
    Refusal,
)
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    BrokenError,
    ChangedError,
    DiskError,
    RefusedError,
    TicketctlError,
    UncommittedError,
)
from ticketctl.record import Record, replace
from ticketctl.store import files
from ticketctl.store.paths import path_of, short
from ticketctl.store.yaml.loader import LoadedTicket

if TYPE_CHECKING:  # loaded where something is written
    from ticketctl.store.writing import journal

Ask = Callable[[LoadedTicket, Profile], Sequence[Change]]
"""What to ask of a ticket: one request per role that the user has, the first that is
allowed being made."""


def change(
    workspace: Workspace, ids: Iterable[str], ask: Ask, dry: bool = False
) -> Iterator[Outcome]:
    """Ask the same of tickets, each on its own: one refused or broken stops no other.
    One commit comes last.

    There may be very many: they are written a hundred at a time, and told as they are.

    Args:
        ids: as people write them.
        ask: makes the requests, given a ticket as it then is.
        dry: decide, but write nothing.
    """
    if dry:
        yield from (_one(workspace, id_, ask) for id_ in ids)
        return
    log = CommitLog(workspace)
    left = iter(ids)
    failed: UncommittedError | None = None
    try:
        while some := list(islice(left, TOGETHER)):
            with writing(workspace):
                done = []
                for outcome in _asked(workspace, some, ask):
                    log.note(
                        [outcome]
                    )  # one by one: what is written is committed, whatever happens to the next
                    done.append(outcome)
                if (
                    len(some) < TOGETHER
                ):  # the last: nobody comes between writing and committing
                    failed = log.commit(locked=True)
            yield from done
    finally:
        failed = failed or log.commit()
    if failed:
        yield Outcome("git", None, failed)


TOGETHER = 100
"""How many tickets are written while the lock is held: more cost less, and others wait
longer."""


def _asked(workspace: Workspace, ids: Iterable[str], ask: Ask) -> Iterator[Outcome]:
    """Decide and write; a ticket that is named twice is decided upon again as it then
    is."""
    pending: dict[str, Outcome] = {}

    def decide_on(id_: str) -> Outcome:
        return _one(workspace, id_, ask)

    for id_ in ids:
        outcome = decide_on(id_)
        if outcome.id in pending:
            yield from _written(workspace, list(pending.values()), decide_on)
            pending, outcome = {}, decide_on(id_)
        pending[outcome.id] = outcome
    yield from _written(workspace, list(pending.values()), decide_on)


def change_all(
    workspace: Workspace, ids: Iterable[str], ask: Ask, subject: str
) -> list[Outcome]:
    """Ask the same of several tickets, all or nothing, in one commit (A26)."""
    ids = list(ids)

    def made() -> list[Outcome]:
        outcomes = [_one(workspace, id_, ask) for id_ in ids]
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            write(
                workspace,
                [one for outcome in outcomes for one in writes_of(workspace, outcome)],
            )
        return outcomes

    with writing(workspace):
        from ticketctl.app.retry import retry

        outcomes = retry(made)
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            outcomes += commit(workspace, outcomes, subject)
    return outcomes


def adopt_by_hand(workspace: Workspace, text: str) -> list[Outcome]:
    """Take what was changed in a ticket's file by hand as an event of its author, if
    the rules allow it."""
    from ticketctl.app.input.edit import adopt

    def decide_on(id_: str) -> Outcome:
        return _one(
            workspace,
            id_,
            lambda was, profile: adopt(workspace, was, profile),
            by_hand=True,
        )

    with writing(workspace):
        outcome = decide_on(text)
        if not outcome.changed:
            return [outcome]
        done = list(_written(workspace, [outcome], decide_on))
        return [*done, *commit(workspace, done)]


class CreateResult(Record):
    """What became of requests for new tickets.

    Args:
        ids: of those made, in their order; none, if any was refused.
        warnings: (id, words).
        refused: the first of those that were, ``refusals`` being how many there are.
        total: how many requests there were.
        failed: that git would not commit them.
    """

    ids: Sequence[str]
    warnings: Sequence[tuple[str, str]]
    refused: Sequence[Outcome]
    refusals: int
    total: int
    failed: UncommittedError | None = None


_SHOWN = 20
"""How many refusals are kept to be shown."""


class _CancelledError(Exception):
    """Nothing is to be written."""


def create(
    workspace: Workspace,
    requests: Callable[[set[str]], Iterable[tuple[Profile, Sequence[Create]]]],
) -> CreateResult:
    """Make new tickets, all or nothing: one refusal and none is made. They are taken
    one at a time and not kept.

    Args:
        requests: given the ids of those before, which grow: for each ticket its profile
            and one request per role that the user has.
    """
    log, total, refusals, taken = CommitLog(workspace), 0, 0, set[str]()
    refused: list[Outcome] = []
    warnings: list[tuple[str, str]] = []

    def writes() -> Iterator[journal.Write]:
        nonlocal total, refusals
        for profile, candidates in requests(taken):
            total += 1
            taken.add(candidates[0].id)
            outcome = _made(workspace, profile, candidates)
            if outcome.refused:
                refusals += 1
                refused.extend([outcome] if len(refused) < _SHOWN else [])
            elif not refusals:
                assert isinstance(outcome.result, Decision)
                log.note([outcome])
                warnings.extend(
                    (outcome.id, words) for words in outcome.result.warnings
                )
                yield from writes_of(workspace, outcome)
        if refusals:
            raise _CancelledError

    with writing(workspace):
        try:
            write(workspace, writes())
        except _CancelledError:
            return CreateResult((), (), refused, refusals, total)
        return CreateResult(log.ids, warnings, (), 0, total, log.commit(locked=True))


def _one(workspace: Workspace, text: str, ask: Ask, by_hand: bool = False) -> Outcome:
    try:
        was = workspace.find(text)
        profile = workspace.profile_of(was.ticket)
        if not by_hand:
            not_by_hand(was)
        result = first_allowed(workspace, profile, was, ask(was, profile))
        if isinstance(result, Decision):
            check(profile, result.ticket, result.entries)
    except TicketctlError as error:
        return Outcome(text, None, error)
    also: tuple[Ticket, ...] = ()
    if isinstance(result, Decision):
        also = tuple(
            make_follow_up(workspace, profile, request) for request in result.follow_ups
        )
    return Outcome(was.ticket.id, was, result, profile, also)


def not_by_hand(was: LoadedTicket) -> None:
    """Refuse to write over a head that somebody has changed by hand.

    Raises:
        BrokenError: with the place, and how to adopt the change.
    """
    if was.differences:
        first = was.differences[0]
        hint = f"ticketctl edit --adopt {short(was.ticket.id)}"
        raise BrokenError(
            f"{first.key} does not agree with the history (set by hand?)",
            hint,
            first.place,
        )


def first_allowed(
    workspace: Workspace,
    profile: Profile,
    was: LoadedTicket | None,
    requests: Sequence[Create | Change],
) -> Decision | Refusal:
    """The answer to the first request that is allowed, else to the first."""
    situation, ticket = workspace.situation_of(profile), was.ticket if was else None
    answers: list[Decision | Refusal] = []
    for request in requests:
        if isinstance(request, Change):
            request = replace(
                request, follow_id=workspace.store.fresh_id(workspace.now)
            )
        answers.append(decide(situation, ticket, request))
        if isinstance(answers[-1], Decision):
            return answers[-1]
    return answers[0]


def make_follow_up(workspace: Workspace, profile: Profile, request: Create) -> Ticket:
    """The ticket in which one that stays closed goes on.

    Raises:
        RefusedError: the rules do not let it be made.
    """
    made = decide(workspace.situation_of(profile), None, request)
    if isinstance(made, Refusal):
        raise RefusedError(
            f"the follow-up ticket cannot be made: {'; '.join(made.reasons)}"
        )
    return made.ticket


def _made(
    workspace: Workspace, profile: Profile, candidates: Sequence[Create]
) -> Outcome:
    result: Decision | Refusal | TicketctlError = first_allowed(
        workspace, profile, None, candidates
    )
    if os.path.lexists(f"{workspace.root}/{path_of(candidates[0].id)}"):
        result = RefusedError(f"there is a ticket {candidates[0].id} already")
    if isinstance(result, Decision):
        try:
            check(profile, result.ticket, result.entries)
        except RefusedError as error:
            result = error
    return Outcome(candidates[0].id, None, result, profile)


def _written(
    workspace: Workspace,
    outcomes: Sequence[Outcome],
    decide_on: Callable[[str], Outcome],
) -> Iterator[Outcome]:
    """The outcomes once they are written, or what stopped them.

    Args:
        decide_on: decides anew on a ticket that was changed by another program before
            it could be written.
    """
    for outcome, error in write_together(
        workspace, outcomes, lambda one: writes_of(workspace, one)
    ):
        if isinstance(error, ChangedError):
            yield _anew(workspace, outcome.id, decide_on)
        else:
            yield replace(outcome, result=error) if error else outcome


def _anew(
    workspace: Workspace, id_: str, decide_on: Callable[[str], Outcome]
) -> Outcome:
    """What becomes of a ticket that is just being changed by another program, once that
    has ended."""

    def act() -> Outcome:
        outcome = decide_on(id_)
        if isinstance(outcome.result, BrokenError):
            raise outcome.result  # half-written, perhaps
        if outcome.changed:
            for _, error in write_together(
                workspace, [outcome], lambda one: writes_of(workspace, one)
            ):
                if error is not None:
                    raise error
        return outcome

    from ticketctl.app.retry import retry

    try:
        return retry(act, changed=True)
    except TicketctlError as error:
        return Outcome(id_, None, error)


def writes_of(
    workspace: Workspace, outcome: Outcome, limit: int = FOR_PEOPLE
) -> list[journal.Write]:
    """The files of one decision: the ticket, its follow-ups, the notices in the outbox."""
    if not isinstance(outcome.result, Decision) or not outcome.result.entries:
        return []
    writes = [workspace.store.writes(outcome.result.ticket, outcome.was, limit)]
    writes += [workspace.store.writes(ticket, None, limit) for ticket in outcome.also]
    return writes + outbox(workspace, outcome.result.notices)


def outbox(
    workspace: Workspace, notices: Iterable[Notification]
) -> list[journal.Write]:
    """Notices as small JSON files for scripts; none where mail is sent, which is owed
    by the history alone."""
    if workspace.by_mail or not (notices := list(notices)):
        return []
    from ticketctl.store.writing.journal import Write
    from ticketctl.store.writing.temporary import OUTBOX

    found = []
    for notice in notices:
        content = {
            "schema": "ticketctl/1",
            "ticket": notice.ticket,
            "event": notice.event,
            "at": notice.at,
            "message": notice.message,
            "told": list(notice.told),
            "subject": notice.subject,
            "body": notice.body,
        }
        data = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        name = f"{notice.ticket}-{notice.event}.json"
        try:  # of an event that was undone (git reset), and comes about again
            left: bytes | None = files.read_in(
                workspace.state.outbox, name, files.MAX_BYTES
            )
        except (FileNotFoundError, DiskError):
            left = None
        found.append(Write(name, data.encode(), left, OUTBOX))
    return found
