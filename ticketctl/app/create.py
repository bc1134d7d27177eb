"""Make new tickets, all or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ticketctl.app.change import decide_first_allowed
from ticketctl.app.email.quota import require_room
from ticketctl.app.outcome import Outcome, writes_of
from ticketctl.app.transaction import CommitLog, write_files, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import (
    Create,
    Decision,
    Refusal,
)
from ticketctl.core.profile import Profile
from ticketctl.errors import (
    RefusedError,
    TicketctlError,
    UncommittedError,
)
from ticketctl.record import Record
from ticketctl.store.paths import path_of

if TYPE_CHECKING:  # loaded where something is written
    from ticketctl.store.writing import journal


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


def create_tickets(
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
            outcome = _decide(workspace, profile, candidates)
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
            write_files(workspace, writes())
        except _CancelledError:
            return CreateResult((), (), refused, refusals, total)
        return CreateResult(log.ids, warnings, (), 0, total, log.commit(locked=True))


def _decide(
    workspace: Workspace, profile: Profile, candidates: Sequence[Create]
) -> Outcome:
    result: Decision | Refusal | TicketctlError = decide_first_allowed(
        workspace, profile, None, candidates
    )
    if os.path.lexists(f"{workspace.root}/{path_of(candidates[0].id)}"):
        result = RefusedError(f"there is a ticket {candidates[0].id} already")
    if isinstance(result, Decision):
        try:
            require_room(profile, result.ticket, result.entries)
        except RefusedError as error:
            result = error
    return Outcome(candidates[0].id, None, result, profile)
