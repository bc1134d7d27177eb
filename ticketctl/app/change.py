"""Change tickets: read, decide and write inside the store's lock, then commit."""

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
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import (
    BrokenError,
    ChangedError,
    RefusedError,
    TicketctlError,
    UncommittedError,
)
from ticketctl.record import replace
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

Ask = Callable[[LoadedTicket, Profile], Sequence[Change]]
"""Returns the requests for a ticket: one for each role of the user, of which the first
that is allowed is carried out."""


def change_tickets(
    workspace: Workspace, ids: Iterable[str], ask: Ask, dry: bool = False
) -> Iterator[Outcome]:
    """Make the same request of several tickets, and commit once.

    Each ticket is on its own: a refused or broken one stops no other. There may be very
    many: they are written a hundred at a time.

    Args:
        ids: as the user types them.
        ask: makes the requests for a ticket as it then is.
        dry: whether to decide, and write nothing.

    Yields:
        The outcome for each ticket; one more, if git does not commit.
    """
    if dry:
        yield from (_decide(workspace, id_, ask) for id_ in ids)
        return
    log = CommitLog(workspace)
    remaining = iter(ids)
    failed: UncommittedError | None = None
    try:
        while batch := list(islice(remaining, TOGETHER)):
            with writing(workspace):
                outcomes = []
                for outcome in _decide_and_write(workspace, batch, ask):
                    # One by one: it is committed, whatever happens to the next.
                    log.note([outcome])
                    outcomes.append(outcome)
                if len(batch) < TOGETHER:  # the last one: commit in the same lock
                    failed = log.commit(locked=True)
            yield from outcomes
    finally:
        failed = failed or log.commit()
    if failed:
        yield Outcome("git", None, failed)


TOGETHER = 100
"""How many tickets are written while the lock is held: more are cheaper, but others
wait longer."""


def _decide_and_write(
    workspace: Workspace, ids: Iterable[str], ask: Ask
) -> Iterator[Outcome]:
    """Decide on tickets and write them.

    For a ticket that is named twice, the second decision comes after the first is
    written.
    """
    pending: dict[str, Outcome] = {}

    def decide_on(id_: str) -> Outcome:
        return _decide(workspace, id_, ask)

    for id_ in ids:
        outcome = decide_on(id_)
        if outcome.id in pending:
            yield from _write(workspace, list(pending.values()), decide_on)
            pending, outcome = {}, decide_on(id_)
        pending[outcome.id] = outcome
    yield from _write(workspace, list(pending.values()), decide_on)


def change_all(
    workspace: Workspace, ids: Iterable[str], ask: Ask, subject: str
) -> list[Outcome]:
    """Make the same request of several tickets, all or none, in one commit (A26).

    Args:
        ids: as the user types them.
        ask: makes the requests for a ticket as it then is.
        subject: the first line of the message of the commit.
    """
    ids = list(ids)

    def attempt() -> list[Outcome]:
        outcomes = [_decide(workspace, id_, ask) for id_ in ids]
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            write_files(
                workspace,
                [
                    file
                    for outcome in outcomes
                    for file in writes_of(workspace, outcome)
                ],
            )
        return outcomes

    with writing(workspace):
        from ticketctl.app.retry import retry_if_changed

        outcomes = retry_if_changed(attempt)
        if all(isinstance(outcome.result, Decision) for outcome in outcomes):
            outcomes += commit_outcomes(workspace, outcomes, subject)
    return outcomes


def adopt_by_hand(workspace: Workspace, text: str) -> list[Outcome]:
    """Record what was changed by hand in a ticket's file as an event.

    The rules must allow the change.

    Args:
        text: the id of the ticket, as the user types it.
    """
    from ticketctl.app.input.edit import adopt_head

    def decide_on(id_: str) -> Outcome:
        return _decide(
            workspace,
            id_,
            lambda loaded, profile: adopt_head(workspace, loaded, profile),
            by_hand=True,
        )

    with writing(workspace):
        outcome = decide_on(text)
        if not outcome.changed:
            return [outcome]
        outcomes = list(_write(workspace, [outcome], decide_on))
        return [*outcomes, *commit_outcomes(workspace, outcomes)]


def _decide(
    workspace: Workspace, text: str, ask: Ask, by_hand: bool = False
) -> Outcome:
    try:
        loaded = workspace.find(text)
        profile = workspace.profile_of(loaded.ticket)
        if not by_hand:
            require_unchanged_head(loaded)
        requests = ask(loaded, profile)
        result = decide_first_allowed(workspace, profile, loaded, requests)
        if isinstance(result, Decision):
            require_room(profile, result.ticket, result.entries)
    except TicketctlError as error:
        return Outcome(text, None, error)
    follow_ups: tuple[Ticket, ...] = ()
    if isinstance(result, Decision):
        follow_ups = tuple(
            make_follow_up(workspace, profile, request) for request in result.follow_ups
        )
    return Outcome(loaded.ticket.id, loaded, result, profile, follow_ups)


def require_unchanged_head(loaded: LoadedTicket) -> None:
    """Check that nobody has changed the head of a ticket by hand.

    Raises:
        BrokenError: somebody has; the hint says how to record the change.
    """
    if loaded.differences:
        first = loaded.differences[0]
        hint = f"if it was set by hand: ticketctl edit --adopt {short_id(loaded.ticket.id)}"
        raise BrokenError(
            f"{first.key} does not agree with the history",
            hint,
            first.place,
        )


def decide_first_allowed(
    workspace: Workspace,
    profile: Profile,
    loaded: LoadedTicket | None,
    requests: Sequence[Create | Change],
) -> Decision | Refusal:
    """Return the decision on the first request that is allowed, else the first refusal.

    Args:
        loaded: the ticket; ``None`` for requests for a new one.
        requests: at least one.
    """
    situation, ticket = (
        workspace.situation_of(profile),
        loaded.ticket if loaded else None,
    )
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
    """Return the follow-up of a ticket that stays closed.

    Raises:
        RefusedError: the rules do not allow it.
    """
    answer = decide(workspace.situation_of(profile), None, request)
    if isinstance(answer, Refusal):
        raise RefusedError(
            f"the follow-up ticket cannot be made: {'; '.join(answer.reasons)}"
        )
    return answer.ticket


def _write(
    workspace: Workspace,
    outcomes: Sequence[Outcome],
    decide_on: Callable[[str], Outcome],
) -> Iterator[Outcome]:
    """Write outcomes, and yield each of them, or the error that stopped it.

    Args:
        decide_on: decides anew on a ticket that another program changed before it could
            be written.
    """
    for outcome, error in write_together(
        workspace, outcomes, lambda outcome: writes_of(workspace, outcome)
    ):
        if isinstance(error, ChangedError):
            yield _write_anew(workspace, outcome.id, decide_on)
        else:
            yield replace(outcome, result=error) if error else outcome


def _write_anew(
    workspace: Workspace, id_: str, decide_on: Callable[[str], Outcome]
) -> Outcome:
    """Decide on a ticket that another program is changing, and write it."""

    def act() -> Outcome:
        outcome = decide_on(id_)
        if isinstance(outcome.result, BrokenError):
            raise outcome.result  # half-written, perhaps
        if outcome.changed:
            for _, error in write_together(
                workspace, [outcome], lambda outcome: writes_of(workspace, outcome)
            ):
                if error is not None:
                    raise error
        return outcome

    from ticketctl.app.retry import retry_if_changed

    try:
        return retry_if_changed(act, changed=True)
    except TicketctlError as error:
        return Outcome(id_, None, error)
