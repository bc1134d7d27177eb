"""Make new tickets, all or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

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
from ticketctl.store.paths import path_of

if TYPE_CHECKING:  # loaded where something is written
    from ticketctl.store.writing import journal


class CreateResult(NamedTuple):
    """The result of requests for new tickets.

    Args:
        ids: of the new tickets, in order; none if any request was refused.
        warnings: the id of a ticket and the warning, each.
        refused: the first of the refused requests.
        refusals: how many requests were refused.
        total: how many requests there were.
        failed: the error, if git did not commit.
    """

    ids: Sequence[str]
    warnings: Sequence[tuple[str, str]]
    refused: Sequence[Outcome]
    refusals: int
    total: int
    failed: UncommittedError | None = None


_SHOWN = 20
"""How many refusals are reported."""


class _CancelledError(Exception):
    """A request was refused: nothing is to be written."""


def create_tickets(
    workspace: Workspace,
    requests: Callable[[set[str]], Iterable[tuple[Profile, Sequence[Create]]]],
) -> CreateResult:
    """Make new tickets, all or none: if one is refused, none is made.

    They are decided on one by one and not kept in memory.

    Args:
        requests: is called with the set of ids that are taken, which grows meanwhile;
            yields the profile of each ticket and one request for each role of the user.
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
