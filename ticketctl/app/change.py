"""Changing tickets: read, decide and write inside the store's lock, then commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from ticketctl.app.email.quota import require_room
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import (
    CommitLog,
    commit_outcomes,
    write_files,
    write_together,
    writing,
)
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import (
    Change,
    Create,
    Decision,
    Refusal,
)
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import (
    BrokenError,
    ChangedError,
    RefusedError,
    TicketctlError,
    UncommittedError,
)
from ticketctl.record import replace
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket

Ask = Callable[[LoadedTicket, Profile], Sequence[Change]]
"""What to ask of a ticket: one request per role that the user has, the first that is
allowed being made."""


def change_tickets(
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
            write_files(
                workspace,
                [one for outcome in outcomes for one in writes_of(workspace, outcome)],
            )
        return outcomes

    with writing(workspace):
        from ticketctl.app.retry import retry_if_changed

        outcomes = retry_if_changed(made)
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            outcomes += commit_outcomes(workspace, outcomes, subject)
    return outcomes


def adopt_by_hand(workspace: Workspace, text: str) -> list[Outcome]:
    """Take what was changed in a ticket's file by hand as an event of its author, if
    the rules allow it."""
    from ticketctl.app.input.edit import adopt_head

    def decide_on(id_: str) -> Outcome:
        return _one(
            workspace,
            id_,
            lambda was, profile: adopt_head(workspace, was, profile),
            by_hand=True,
        )

    with writing(workspace):
        outcome = decide_on(text)
        if not outcome.changed:
            return [outcome]
        done = list(_written(workspace, [outcome], decide_on))
        return [*done, *commit_outcomes(workspace, done)]


def _one(workspace: Workspace, text: str, ask: Ask, by_hand: bool = False) -> Outcome:
    try:
        was = workspace.find(text)
        profile = workspace.profile_of(was.ticket)
        if not by_hand:
            require_unchanged_head(was)
        result = decide_first_allowed(workspace, profile, was, ask(was, profile))
        if isinstance(result, Decision):
            require_room(profile, result.ticket, result.entries)
    except TicketctlError as error:
        return Outcome(text, None, error)
    also: tuple[Ticket, ...] = ()
    if isinstance(result, Decision):
        also = tuple(
            make_follow_up(workspace, profile, request) for request in result.follow_ups
        )
    return Outcome(was.ticket.id, was, result, profile, also)


def require_unchanged_head(was: LoadedTicket) -> None:
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


def decide_first_allowed(
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

    from ticketctl.app.retry import retry_if_changed

    try:
        return retry_if_changed(act, changed=True)
    except TicketctlError as error:
        return Outcome(id_, None, error)
